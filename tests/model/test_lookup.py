"""Every way to name an article, and what is said where none is meant."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from small_sites import BUILT_AT, answer_of, article, write_files

from recommender.arrays.sparse_rows import pack
from recommender.build.pipeline import fit_model
from recommender.errors import LookupProblem
from recommender.model.lookup import Found, _titles_with, closest, look_up, prefix_range, rows_of_id, search
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.text.tfidf import Space
from recommender.text.tokenizer import analyze

KEPLER = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"
KEPLER_COPY = "/learn/physics/questions/explain-keplers-three-laws-of-planetary-motion"
ROME = "/learn/history/questions/what-caused-the-fall-of-the-western-roman-empire"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Ids that are negative, zero, shared and missing; urls of several forms."""
    folder = tmp_path_factory.mktemp("odd")
    files = {
        "a/negative.md": article("negative", id="-17", url="/a/negative"),
        "a/zero.md": article("zero", id="0", url="/a/zero"),
        "b/negative.md": article("other", id="17", url="/b/other/"),
        "copies/one.md": article("one", id="40", url="/copies/one", answer=answer_of("copies")),
        "copies/two.md": article("two", id="40", url="/copies/two", answer=answer_of("copies")),
        "copies/three.md": article("three", id="41", url="/copies/three", answer=answer_of("copies")),
        "differ/one.markdown": article("d1", id="50", url="/differ/one"),
        "differ/two.mdx": article("d2", id="50", url="/differ/two"),
        "none.md": article("none", id="", url="/none"),
        "whole.md": article("whole", id="60", url="https://example.org/whole"),
        "digits.md": article("digits", id="61", url="62"),
    }
    corpus = read_corpus(write_files(folder, files), Settings())
    return fit_model(corpus, Settings(), BUILT_AT)


def url_of(model: Model, text: str) -> str:
    return model.catalogue.urls[look_up(model, text).row]


def problem_of(model: Model, text: str) -> LookupProblem:
    with pytest.raises(LookupProblem) as caught:
        look_up(model, text)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        KEPLER,
        KEPLER + "/",
        KEPLER + "//",
        KEPLER + "?from=mail",
        KEPLER + "#laws",
        KEPLER + "/?a=1&b=2#laws",
        f"  {KEPLER} \n",
        "https://example.org" + KEPLER,
        "http://example.org:8080" + KEPLER + "/?utm_source=x#top",
        "//example.org" + KEPLER,
    ],
)
def test_an_address_of_a_page_is_its_article(model: Model, text: str) -> None:
    assert url_of(model, text) == KEPLER
    assert look_up(model, text).copies == ()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("/b/other/", "/b/other/"),
        ("/b/other", "/b/other/"),
        ("https://example.org/b/other/", "/b/other/"),
        ("https://example.org/b/other?x=1", "/b/other/"),
        ("https://example.org/whole", "https://example.org/whole"),
        ("62", "62"),
        ("61", "62"),
    ],
)
def test_urls_of_other_forms_are_found_too(odd: Model, text: str, url: str) -> None:
    assert url_of(odd, text) == url


def test_every_url_id_and_path_of_the_sample_site_finds_its_article(corpus: Corpus, model: Model) -> None:
    for row, one in enumerate(corpus.articles):
        assert look_up(model, one.url) == Found(row)
        assert look_up(model, one.path) == Found(row)
        family = [other for other, same in enumerate(corpus.families) if same == corpus.families[row]]
        same_id = [other for other in family if corpus.articles[other].id == one.id]
        assert look_up(model, one.id) == Found(same_id[0], tuple(same_id[1:]))


@pytest.mark.parametrize(
    ("text", "url"),
    [("-17", "/a/negative"), ("17", "/b/other/"), ("0", "/a/zero"), (" 60 ", "https://example.org/whole")],
)
def test_an_id_is_text_and_may_be_negative(odd: Model, text: str, url: str) -> None:
    assert url_of(odd, text) == url


@pytest.mark.parametrize("text", ["-0", "017", "+17", "17.0", "1e1", "１７", "1234567890123456", "--17"])
def test_what_is_no_id_is_none(odd: Model, text: str) -> None:
    assert problem_of(odd, text).args[0].startswith("no article ")


def test_an_id_of_copies_answers_with_the_smallest_url_and_names_the_others(odd: Model) -> None:
    found = look_up(odd, "40")
    urls = odd.catalogue.urls
    assert (urls[found.row], [urls[row] for row in found.copies]) == ("/copies/one", ["/copies/two"])
    assert look_up(odd, "/copies/two").copies == ()


def test_an_id_of_different_articles_is_ambiguous(odd: Model) -> None:
    problem = problem_of(odd, "50")
    assert problem.ambiguous
    assert problem.matches == ("/differ/one", "/differ/two")
    wanted = "the id 50 belongs to different articles; name one by its url: /differ/one, /differ/two"
    assert str(problem) == wanted


def test_an_unknown_id_names_the_closest_ids(odd: Model) -> None:
    problem = problem_of(odd, "400")
    assert not problem.ambiguous
    assert str(problem).startswith("no article has the id 400; closest: 40 (/copies/one), 40 (/copies/two), ")
    assert len(problem.matches) == 3


@pytest.mark.parametrize("identity", ["", "16", "40", "41", "50", "9", "-17", "-18", "999"])
def test_the_rows_of_an_id_are_those_of_the_catalogue(odd: Model, identity: str) -> None:
    ids = odd.catalogue.ids.all()
    assert rows_of_id(odd, identity) == [row for row, text in enumerate(ids) if text == identity]


@pytest.mark.parametrize(
    "text",
    [
        "a/negative.md",
        "./a/negative.md",
        "content/a/negative.md",
        "/home/somebody/site/content/a/negative.md",
        r"a\negative.md",
        r".\a\negative.md",
        r"C:\site\content\a\negative.md",
    ],
)
def test_a_path_may_come_from_anywhere_above_the_folder(odd: Model, text: str) -> None:
    assert url_of(odd, text) == "/a/negative"


def test_the_longest_path_that_fits_is_meant(tmp_path) -> None:
    files = {"x.md": article("top"), "deep/x.md": article("deep")}
    built = fit_model(read_corpus(write_files(tmp_path, files), Settings()), Settings(), BUILT_AT)
    assert url_of(built, "content/deep/x.md") == "/deep"
    assert url_of(built, "content/other/x.md") == "/top"


@pytest.mark.parametrize("text", ["differ/one.markdown", "content/differ/two.mdx"])
def test_other_suffixes_are_paths_too(odd: Model, text: str) -> None:
    assert url_of(odd, text) == "/differ/" + re.findall("one|two", text)[0]


@pytest.mark.parametrize("text", ["negative.md", "xa/negative.md", "a/negative.txt", "a/negative.md/x"])
def test_a_part_of_a_path_is_no_path(odd: Model, text: str) -> None:
    assert not problem_of(odd, text).ambiguous


def test_a_url_with_one_wrong_letter_has_its_article_as_the_closest(corpus: Corpus, model: Model) -> None:
    for number, one in enumerate(corpus.articles):
        place = 8 + 7 * number % (len(one.url) - 12)
        for wrong in (one.url[:place] + one.url[place + 1 :], one.url[:place] + "x" + one.url[place:]):
            assert closest(model, "https://example.org" + wrong)[0] == one.url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("kepler", KEPLER),
        ("Keplers Three Laws", KEPLER),
        ("photosynthesis", "/learn/biology/questions/explain-how-photosynthesis-turns-light-into-sugar"),
        ("fotosynthesis", "/learn/biology/questions/explain-how-photosynthesis-turns-light-into-sugar"),
        ("big-o", "/learn/computer-science/questions/what-is-big-o-notation-and-why-do-we-use-it"),
        ("quicksort", "/learn/computer-science/questions/compare-merge-sort-and-quicksort"),
        ("dijkstra", "/learn/computer-science/questions/how-does-dijkstra-s-algorithm-find-the-shortest-path"),
        ("entropy", "/learn/physics/questions/what-is-entropy-and-why-does-it-tend-to-increase"),
        ("learn" + KEPLER.removeprefix("/learn").replace("three", "thre"), KEPLER),
        ("astronomy/explain-keplers-three-laws.md", KEPLER),
        (ROME.replace("caused", "causd"), ROME),
    ],
)
def test_plain_words_and_misspellings_find_the_closest(model: Model, text: str, url: str) -> None:
    problem = problem_of(model, text)
    assert problem.matches[0] == url
    assert len(problem.matches) == 3
    assert str(problem) == f"no article is known as {text!r}; closest: {', '.join(problem.matches)}"


def test_a_copy_comes_second(model: Model) -> None:
    assert closest(model, "kepler", limit=2) == (KEPLER, KEPLER_COPY)


@pytest.mark.parametrize("text", ["", "/", "?", "http://[", "\udcff.md", "x" * 5000, "\x1b[31m", "🙂"])
def test_any_text_gets_an_answer_that_can_be_printed(model: Model, text: str) -> None:
    message = str(problem_of(model, text))
    assert message.startswith("no article is known as ")
    assert message.isprintable()
    assert len(message) < 700


def test_a_site_of_one_article_has_one_match(small: Callable[[Mapping[str, str]], Corpus]) -> None:
    built = fit_model(small({"a.md": article("a")}), Settings(), BUILT_AT)
    assert problem_of(built, "b").matches == problem_of(built, "3").matches == ("/a",)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_the_words_of_a_title_find_its_article_first(model: Model, share: float) -> None:
    titles = model.catalogue.titles.all()
    for row in range(0, len(model), 9):
        words = analyze(titles[row])
        query = " ".join(words[: max(1, int(len(words) * share))])
        found = search(model, query, 10)
        held = [set(words[: len(query.split())]) <= set(analyze(titles[other])) for other in found]
        # None that holds fewer of the words stands before one that holds all.
        assert held[0]
        assert held == sorted(held, reverse=True)


def test_of_all_titles_those_with_most_words_are_found_then_those_where_they_weigh_most(model: Model) -> None:
    """Against each title by itself, for words that are common, rare, unknown, or begin alike."""
    dice, rows, space = random.Random(8), model.titles.rows, model.titles.space
    words = sorted({word for title in model.catalogue.titles.all() for word in analyze(title)})
    for _ in range(60):
        asked = [*dice.sample(words, dice.randint(1, 6)), *dice.sample(["what", "keplxr", "pl", "photography"], 2)]
        ranges = [prefix_range(space, word[:5], whole=word is not asked[-1] or len(word) >= 5) for word in asked]
        values = []
        for row in range(len(model)):
            own = dict(zip(*(column.tolist() for column in rows.row(row)), strict=True))
            hits = [[own[c] for c in range(*one) if c in own] for one in ranges]
            values.append((-sum(map(bool, hits)), -round(sum(map(sum, hits)), 12), row))
        wanted = [row for count, _, row in sorted(values) if count]
        found = _titles_with(model, [[one] for one in ranges], len(model))
        assert [values[row][:2] for row in found] == [values[row][:2] for row in wanted]
        few = _titles_with(model, [[one] for one in ranges], 7)
        assert [values[row][:2] for row in few] == [values[row][:2] for row in wanted[:7]]


def test_a_word_that_no_title_has_finds_nothing_without_a_look_at_any(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "take", None)
    assert search(model, "keplxr qqqqq", 5) == []


def test_the_last_word_may_be_unfinished(model: Model) -> None:
    title = "Why do stars twinkle but planets do not?"
    assert {model.catalogue.titles[search(model, title[:end], 5)[0]] for end in range(14, len(title))} == {title}


def test_what_names_an_article_finds_it_first(odd: Model, model: Model) -> None:
    for row in range(0, len(model), 13):
        for text in (model.catalogue.urls[row], model.catalogue.paths[row]):
            assert search(model, text, 3)[0] == row
    assert search(model, "zzyzx", 5) == []
    assert search(model, "", 5) == []


@pytest.mark.parametrize(
    ("prefix", "whole", "expected"),
    [
        ("ab", False, (1, 4)),
        ("ab", True, (1, 2)),
        ("b", False, (4, 5)),
        ("c", False, (5, 5)),
        ("c", True, (0, 0)),
        ("", False, (0, 5)),
    ],
)
def test_a_prefix_is_a_range_of_sorted_terms(prefix: str, whole: bool, expected: tuple[int, int]) -> None:
    own = Space(("title",), (1.0,), np.array([0, 5]), pack(["a", "ab", "abc", "abé", "b"]), np.ones(5))
    assert prefix_range(own, prefix, whole=whole) == expected
    # The terms of another group stand before them.
    after = replace(own, starts=np.array([2, 7]), terms=pack(["a", "zz", *own.terms.all()]), idf=np.ones(7))
    low, high = prefix_range(after, prefix, whole=whole)
    assert (low - 2, high - 2) == expected or (low == high and expected[0] == expected[1])
