"""The model end to end: small sites on disk against all pairs by the formula, and the sample site."""

from __future__ import annotations

import math
import shutil
import statistics
import tempfile
from collections import Counter
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from score_by_hand import ByHand, Site, site_of, sites
from small_sites import ARTICLES, BUILT_AT, article, link, write_files

from recommender.arrays.sparse_rows import pack
from recommender.build.pipeline import fit_model
from recommender.model.ask import ask_row, ask_texts
from recommender.model.catalogue import NEVER, NO_LIST
from recommender.model.model import SHOWN, Model, Ranking
from recommender.ranking.score import query_draft
from recommender.ranking.selection import Candidate
from recommender.rules.editor_rules import EditorRules, PageRule, PairRule
from recommender.settings import Keys, Settings, ranking_settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.text.tokenizer import analyze
from recommender.text.tokens import article_words, tokenize_texts

DEFAULT = Settings()


def build(files: dict[str, str], settings: Settings = DEFAULT) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        return fit_model(read_corpus(write_files(Path(folder), files), settings), settings, BUILT_AT)


def test_no_list_of_the_sample_site_breaks_a_promise(corpus: Corpus, model: Model) -> None:
    for row, own in enumerate(corpus.articles):
        shown = model.chosen.of(row)
        assert list(model.choose_for(row, limit=SHOWN, enough=DEFAULT.slots).shown) == shown
        assert list(model.choose_for(row).shown) == shown[: DEFAULT.slots]
        families = [corpus.families[c.row] for c in shown]
        assert corpus.families[row] not in families
        assert len(set(families)) == len(families) <= SHOWN
        assert not any(corpus.articles[c.row].hidden for c in shown)
        assert all(c.score >= model.floor for c in shown)
        for candidate in shown:
            subjects = [
                a.subject for a in corpus.articles if a.answer_digest == corpus.articles[candidate.row].answer_digest
            ]
            assert corpus.articles[candidate.row].subject == own.subject or own.subject not in subjects


def test_a_hidden_article_gets_links_and_is_never_linked_and_one_without_id_is_as_any_other() -> None:
    text = "The tide follows the moon around the earth every day"
    files = {
        "a.md": article("a", answer=f"{text} indeed"),
        "b.md": article("b", answer=f"{text} again", extra="no_index: true\n"),
        "c.md": article("c", answer=f"{text} anew", id=""),
        "d.md": article("d", answer=f"{text} later"),
    }
    built = build(files)
    shown = [[c.row for c in built.chosen.of(row)] for row in range(4)]
    assert shown == [[2, 3], [0, 2, 3], [0, 3], [0, 2]]
    rejected = {r.row: r.rule for r in built.choose_for(0).rejected}
    assert rejected == {1: "hidden"}


def test_where_the_kept_candidates_run_out_the_whole_site_is_ranked() -> None:
    answers = {"a": "moon tide wave", "b": "moon tide wave gas", "c": "moon tide gas", "d": "moon virus gas cell"}
    files = {f"{n}.md": article(n, answer=text) for n, text in answers.items()}
    files["b.md"] = article("b", answer=answers["b"], extra="no_index: yes\n")
    built = build(files, replace(DEFAULT, candidates=1, slots=2))
    assert [c.row for c in built.candidates(0)] == [1]
    assert [c.row for c in built.choose_for(0).shown] == [2, 3]
    assert [c.row for c in built.choose_for(0, kept=[2]).shown] == [3]
    assert built.choose_for(0, kept=[2, 3]).shown == ()
    # The build is content where the slots are full, whoever asks for more gets all there are.
    assert [c.row for c in built.choose_for(1, limit=9, enough=1).shown] == [0]
    assert [c.row for c in built.choose_for(1, limit=9).shown] == [0, 2, 3]
    # Not on a site of so many that not every pair is compared.
    large = build(files, replace(DEFAULT, candidates=1, slots=2, exact_up_to=3))
    assert large.choose_for(0).shown == ()
    assert large.chosen.of(0) == []


def further(model: Model, row: int, count: int, among: Any = None) -> list[int]:
    """Give the candidates of candidates with the highest sums of products of scores, one by one."""
    own, sums = {c.row for c in model.candidates(row)}, dict[int, float]()
    for one in model.candidates(row):
        for other in model.candidates(one.row):
            if other.row not in own and other.row != row and (among is None or among[other.row]):
                sums[other.row] = sums.get(other.row, 0.0) + one.score * other.score
    return sorted(sorted(sums, key=lambda other: -sums[other])[:count])


@pytest.mark.parametrize("subject", ["", "Physics", "nobody's"])
def test_on_a_large_site_more_is_looked_for_among_the_candidates_of_the_candidates(
    model: Model, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    few = 6
    kept = np.add.outer(model.nearest.indptr[:-1], np.arange(few)).ravel()
    nearest = Ranking(np.arange(len(model) + 1) * few, model.nearest.rows[kept], model.nearest.scores[kept])
    large = replace(model, nearest=nearest, cosines=model.cosines[kept])
    among = large.catalogue.of_subject(subject) if subject else None
    monkeypatch.setattr("recommender.model.model.BEYOND", 5)
    for row in range(0, len(model), 3):
        first, second = large.pools(row, among)
        assert first == large.candidates(row)
        assert second[:few] == first
        behind = second[few:]
        assert sorted(c.row for c in behind) == further(large, row, 5, among)
        assert [c.score for c in behind] == [large.score(large.query(row), c.row) for c in behind]
        assert behind == sorted(behind, key=lambda c: (-round(c.score, 9), c.row))


def test_of_a_subject_with_few_articles_all_are_looked_at(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far they are from who asks, if only they share a word."""
    monkeypatch.setattr("recommender.model.model.BEYOND", 20)
    music = model.catalogue.of_subject("Music")
    assert 5 < np.count_nonzero(music) <= 20
    for row in range(0, len(model), 5):
        _, pool = model.pools(row, music)
        everybody = {c.row for c in model.ranked(model.query(row)) if music[c.row]}
        assert {c.row for c in pool if music[c.row]} == everybody


def test_permits_follows_the_rules_and_not_the_rank(model: Model) -> None:
    row = max(range(len(model)), key=lambda row: len(model.chosen.of(row)))
    shown = [c.row for c in model.chosen.of(row)]
    assert len(shown) > DEFAULT.slots
    assert model.permits(row, shown[-1], [])
    assert not model.permits(row, shown[-1], [shown[-1]])
    assert not model.permits(row, row, [])
    hidden = int(np.flatnonzero(model.catalogue.hidden)[0])
    assert not model.permits(row, hidden, [])


def test_a_draft_with_the_text_of_an_article_finds_it_as_the_same_question(corpus: Corpus, model: Model) -> None:
    for row, one in enumerate(corpus.articles):
        texts = dict(zip(DEFAULT.sources, one.texts, strict=True))
        query, asking, candidates = model.ask_draft(texts)
        # Nothing of the site is as near as the article itself and its copies.
        best = model.part_values(query, np.array([row]))[0]
        assert (best[0], best[4], best[5]) == (pytest.approx(1.0, abs=1e-12), 1.0, 0.0)
        assert corpus.families[candidates[0].row] == corpus.families[row]
        assert max(c.score for c in candidates) == candidates[0].score
        assert asking.family == -1
        # However short its title is: the text is the same.
        assert asking.like[row] == pytest.approx(1.0, abs=1e-12)
        # And what asks the same question as the article does so of the draft, by the same likeness.
        near = {c.row for c in candidates[: 4 * SHOWN]}
        for other, likeness in model.likeness.of(row).items():
            assert other not in near or asking.like[other] == pytest.approx(likeness, abs=1e-12)


FOOTER = "The newsletter brings bread and travel news every Sunday to all readers. Subscribe with one click."
TOPICS = {
    "rye": "Rye bread rises overnight with a sour starter of flour",
    "wheat": "Wheat flour makes bread that rises in two hours",
    "oven": "An oven with steam gives bread a crust of its own",
    "moon": "The moon pulls the tide twice a day around the earth",
    "tide": "A spring tide comes when sun and moon stand in line",
    "comet": "A comet passes the sun and the moon on a long way",
    # What the footer is about.
    "news": "A newsletter that readers subscribe to with one click brings travel news every Sunday",
}
OTHERS = {
    "brot": "Brot aus Roggen geht mit Sauerteig und Mehl in zwei Tagen auf",
    "mehl": f"Mehl aus Weizen und Roggen macht Brot. {FOOTER}",
    "post": f"Post kommt mit Brot am Morgen, und in zwei Tagen mehr. {FOOTER}",
}


@pytest.fixture(scope="module")
def footers() -> Model:
    """A model of articles that all have a footer, and of three in another language of which two have it."""
    texts = {name: (f"{text}. {FOOTER}", "lang: en\n") for name, text in TOPICS.items()}
    texts |= {name: (text, "lang: de\n") for name, text in OTHERS.items()}
    files = {f"{name}.md": article(name, answer=text, extra=lang) for name, (text, lang) in texts.items()}
    return build(files, replace(DEFAULT, floor=0.01))


@pytest.mark.parametrize("name", [*TOPICS, *OTHERS])
def test_a_draft_with_the_text_of_an_article_meets_its_links_where_all_have_a_footer(footers: Model, name: str) -> None:
    row = footers.catalogue.urls.find(f"/{name}")
    texts = {"title": f"About {name}", "answer": OTHERS.get(name) or f"{TOPICS[name]}. {FOOTER}"}
    wanted = [(c.row, pytest.approx(c.score, abs=1e-12)) for c in ask_row(footers, row, 5).choice.shown]
    revised = ask_texts(footers, texts, 5, "Things", own=row)
    assert wanted and [(c.row, c.score) for c in revised.choice.shown] == wanted
    if name in TOPICS:
        # Where nobody says of which language a draft is, what is repeated in any is left out.
        found = ask_texts(footers, texts, 6, "Things").choice.shown
        assert [(c.row, c.score) for c in found if c.row != row][:5] == wanted


def test_the_title_of_a_draft_meets_inflected_words_of_published_titles() -> None:
    title = "How do digestive enzymes break down large molecules quickly"
    files = {
        "a.md": article("a", title=title, answer="Proteases cut."),
        "b.md": article("b", title="Volcanoes", answer="Magma rises and cut stones fall."),
    }
    built = build(files)
    draft = {"title": "How does a digestive enzyme break down large molecule quickly", "answer": "Proteases cut."}
    query, asking, _ = built.ask_draft(draft)
    # All but "does", "a" and "do" meet by their first five letters: 7 of 9 words, and the two are no words of the site.
    own = [word[:5] for word in analyze(title)]
    cosine = math.sqrt(len(set(own) - {"do"}) / len(own))
    articles = float(built.part_values(query, np.array([0]))[0, 0])
    # The texts have the same words but for those of titles; two words that no title has are as rare as can be, and do,
    # which only the article has, is in one title of two.
    apart = 0.15 + 0.01 * (2 + float(built.titles.space.idf.max()) / (math.log(3) + 1))
    rest = asking.like[0] - (0.15 * cosine + 0.6 * articles + 0.168 - apart)
    assert 0 < rest < 0.2


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"title": "Another moon"}, False),
        ({"answer": "Another answer."}, False),
        ({"url": "/other"}, False),
        ({"subject": "Other"}, False),
        ({"id": "5"}, False),
        ({"extra": "no_index: true\n"}, False),
        ({"extra": "author: somebody\n"}, True),
        ({"extra": link(1, "b")}, True),
    ],
)
def test_a_model_fits_until_something_changes_that_ranking_reads(
    tmp_path: Path, change: dict[str, str], fits: bool
) -> None:
    files = {"a.md": article("a"), "b.md": article("b")}
    built = fit_model(read_corpus(write_files(tmp_path, files), DEFAULT), DEFAULT, BUILT_AT)
    write_files(tmp_path, {"a.md": article("a", **change)})
    assert built.fits(read_corpus(tmp_path, DEFAULT), DEFAULT) is fits


def test_a_model_does_not_fit_one_article_more_or_less(tmp_path: Path) -> None:
    built = fit_model(read_corpus(write_files(tmp_path, {"a.md": article("a")}), DEFAULT), DEFAULT, BUILT_AT)
    write_files(tmp_path, {"b.md": article("b")})
    assert not built.fits(read_corpus(tmp_path, DEFAULT), DEFAULT)
    shutil.move(tmp_path / "b.md", tmp_path / "b.txt")
    assert built.fits(read_corpus(tmp_path, DEFAULT), DEFAULT)


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({"slots": 4}, False),
        ({"floor": 0.2}, False),
        ({"candidates": 65}, False),
        ({"lead_words": 41}, False),
        ({"lead_times": 3}, False),
        ({"floor": 0.0}, False),
        ({"same_question_article": 0.55}, False),
        ({"same_question_list": 0.55}, False),
        ({"parts": {**DEFAULT.parts, "cosine": 0.5}}, False),
        ({"parts": dict(DEFAULT.parts)}, True),
        ({"fields": {"title": 0.15, "text": 0.7, "seo.page_keywords": 0.16}}, False),
        ({"fields": {"text": 0.7, "title": 0.15, "seo.page_keywords": 0.15}}, False),
        ({"fields": {**DEFAULT.fields, "date": 0.0}}, True),
        ({"text": {**DEFAULT.text, "title": 2}}, False),
        ({"keys": Keys(hidden="draft")}, False),
        ({"hidden": DEFAULT.hidden[1:]}, False),
        ({"never_suggest": ("/about",)}, False),
        ({"no_list": ("/",)}, False),
        ({"editor_rules": EditorRules(pages=(PageRule("no_list", "/"),))}, False),
        ({"editor_rules": EditorRules(pairs=(PairRule("block", "/a", "/b"),))}, True),
        ({"content": Path("/elsewhere"), "model": Path("/m"), "home": Path("/h")}, True),
    ],
)
def test_a_model_fits_settings_that_rank_alike(
    corpus: Corpus, model: Model, changed: dict[str, object], fits: bool
) -> None:
    assert model.fits(corpus, replace(DEFAULT, **changed)) is fits


def test_every_setting_but_the_places_decides_whether_a_model_fits() -> None:
    # What pages and links are is in the digest of the content; the editors' rules on pages count as those of settings.
    places = {"content", "model", "home", "pages", "links", "editor_rules", "page_link", "file_link", "max_age"}
    places |= {"replace_margin", "balance", "max_in_links", "embeddings"}
    assert ranking_settings(DEFAULT).keys() == {one.name for one in fields(DEFAULT)} - places


def test_the_catalogue_holds_every_article_by_url(corpus: Corpus, model: Model) -> None:
    catalogue = model.catalogue
    assert len(model) == len(catalogue) == len(corpus.articles)
    for name in ("url", "id", "title", "subject", "path"):
        assert getattr(catalogue, f"{name}s").all() == [getattr(one, name) for one in corpus.articles]
    assert catalogue.hidden.tolist() == [1 if one.hidden else 0 for one in corpus.articles]
    ids = [(catalogue.ids[row], row) for row in catalogue.order_by_id.tolist()]
    assert ids == sorted(ids)
    assert catalogue.families.tolist() == list(corpus.families)
    assert (model.corpus_digest, model.built_at, model.settings) == (corpus.digest, BUILT_AT, DEFAULT)


@pytest.mark.parametrize("count", [1, 2, 130])
def test_a_site_without_a_common_word_has_empty_lists(count: int) -> None:
    built = build({f"{n}.md": article(f"x{n:03}", title='"…"', answer="") for n in range(count)})
    assert [built.candidates(row) for row in range(count)] == [[]] * count
    assert built.choose_for(0).reason(5) == "no other article shares a word that counts with this one"
    assert built.ask_draft({"title": "moon"})[2] == []


def test_a_ranking_gives_plain_candidates(model: Model) -> None:
    first = model.candidates(0)[0]
    assert type(first) is Candidate
    assert (type(first.row), type(first.score)) == (int, float)


def test_the_rules_are_those_of_the_settings_and_the_catalogue(corpus: Corpus, model: Model) -> None:
    rules = replace(model, settings=replace(DEFAULT, floor=0.5, same_question_list=0.0)).rules
    assert (rules.floor, rules.same_question_article, rules.same_question_list) == (0.5, 0.5, 0.0)
    few = replace(
        model.catalogue,
        ids=pack(["1", "", "2", "", "3", ""]),
        hidden=np.array([0, 0, 1, 2, 0, 0], np.uint8),
        bars=np.array([NO_LIST, 0, NEVER, NEVER, NEVER, NEVER | NO_LIST], np.uint8),
        families=np.array([0, 1, 0, 3, 4, 5], np.int32),
    )
    small = replace(model, catalogue=few).rules
    assert list(small.excluded) == ["", "", "hidden", "hidden", "never-suggested", "never-suggested"]
    assert small.members == {0: (0, 2)}


def test_the_copies_of_the_sample_site_are_one_family_each(corpus: Corpus, model: Model) -> None:
    assert len(model.rules.members) == 10
    for rows in model.rules.members.values():
        assert len({" ".join(corpus.articles[row].texts[DEFAULT.sources.index("answer")].split()) for row in rows}) == 1


def test_the_sample_site_is_the_one_of_these_tests() -> None:
    assert len(list(ARTICLES.rglob("*.md"))) == 142


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites())
def test_the_whole_site_is_ranked_by_score_among_all_that_share_a_word(site: Site) -> None:
    built, hand = site.build(), ByHand(site)
    for row in range(len(built)):
        query = built.query(row)
        others = [o for o in range(len(built)) if o != row and hand.share_a_word(row, o)]
        found = built.ranked(query)
        assert sorted(c.row for c in found) == others
        assert [c.score for c in found] == [built.score(query, c.row) for c in found]
        for one, other in pairwise(found):
            assert (-round(one.score, 9), one.row) < (-round(other.score, 9), other.row)


@hypothesis_settings(deadline=None, max_examples=20)
@given(sites())
def test_a_draft_ranks_the_nearest_by_cosine_and_all_that_are_as_near_as_the_last(site: Site) -> None:
    built, hand = site.build(), ByHand(site)
    for row in range(len(built)):
        query = query_draft(
            built.vectors, built.coverage, article_words(tokenize_texts(site.texts(row), site.settings), site.settings)
        )
        everything = built.ranked(query)
        near = sorted((hand.cosine(row, c.row) for c in everything), reverse=True)
        for count in (1, 2, 5):
            few = built.ranked(query, count)
            last = near[min(count, len(near)) - 1] if near else 0.0
            assert {c.row for c in few} == {c.row for c in everything if hand.cosine(row, c.row) >= last - 1e-9}
            assert few == [c for c in everything if c in few]


def test_as_many_are_ranked_for_an_article_as_are_wanted(model: Model) -> None:
    query = model.query(0)
    assert [len(model.ranked(query, count)) for count in (1, 2, 10, 64)] == [1, 2, 10, 64]


@pytest.mark.parametrize("floor", [0.0, 0.125, 1.0])
def test_a_floor_that_is_set_is_the_floor(model: Model, floor: float) -> None:
    assert replace(model, settings=replace(DEFAULT, floor=floor)).floor == floor


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites(most=9))
def test_the_floor_is_half_of_what_fifth_best_candidates_usually_score(site: Site) -> None:
    built = replace(site, settings=replace(site.settings, candidates=64)).build()
    fifth = [built.candidates(row)[4].score for row in range(len(built)) if len(built.candidates(row)) >= 5]
    assert built.floor == (round(statistics.median(fifth) / 2, 3) if fifth else 0.0)
    assert built.rules.floor == built.floor


def test_the_floor_of_the_sample_site(model: Model) -> None:
    assert len(model) == 142
    best, second = (statistics.median(model.candidates(row)[n].score for row in range(len(model))) for n in (0, 1))
    assert model.floor == pytest.approx((0.58 * best + 0.42 * second) / 2, abs=0.0005)
    assert 0.1 < model.floor < 0.15


def test_where_no_article_has_a_fifth_candidate_the_floor_is_0() -> None:
    built = site_of([{"answer": f"moon {word}"} for word in ("sun", "gas", "tide", "wave", "cell")], DEFAULT).build()
    assert {len(built.candidates(row)) for row in range(5)} == {4}
    assert (built.floor, len(built.chosen.of(0))) == (0.0, 4)


def test_the_digests_of_the_sources_are_kept(corpus: Corpus, model: Model) -> None:
    kept = [digest.tobytes().hex() for digest in model.catalogue.sources]
    assert kept == [article.source_digest for article in corpus.articles]


def test_lists_are_counted_as_by_hand(model: Model) -> None:
    for slots in (1, 3, 20):
        by_hand = Counter(one.row for row in range(len(model)) for one in model.chosen.of(row, slots))
        counted = replace(model, settings=replace(model.settings, slots=slots)).in_lists
        assert np.array_equal(counted, [by_hand[row] for row in range(len(model))])
