"""The model end to end: small sites on disk against all pairs by the formula, and the sample site."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import ARTICLES, BUILT_AT, article, link, write_files
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from recommender import parallel
from recommender.choose import Candidate
from recommender.corpus import Corpus, read_corpus
from recommender.layout import to_arrays
from recommender.model import SHOWN, Model, fit_model, ranking_settings
from recommender.settings import Keys, Settings
from recommender.sparse import pack
from recommender.text import analyze

DEFAULT = Settings()
# No two differ by an s alone, so that nothing is folded.
WORDS = ["moon", "sun", "tide", "wave", "gas", "cell", "virus"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


def build(files: dict[str, str], settings: Settings = DEFAULT) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        return fit_model(read_corpus(write_files(Path(folder), files), settings), settings, BUILT_AT)


def field_counts(title: str, answer: str, keywords: str, body: str) -> dict[str, Counter[str]]:
    """Count the words of each field by the default settings."""
    words = [analyze(text) for text in (title, answer, keywords, body)]
    text = (words[1] + words[3])[:40] * 2 + words[1] + words[3] + words[0] * 3 + words[2] * 2
    return {"title": Counter(words[0]), "text": Counter(text), "seo.page_keywords": Counter(words[2])}


def score_of(one: dict[str, Counter[str]], other: dict[str, Counter[str]], site: Sequence[dict[str, Counter[str]]]):
    """Score a pair by the contract: the weighted cosines of the fields over the root of the weights that count."""
    total = 0.0
    for name, weight in DEFAULT.fields.items():
        seen = Counter(term for fields in site for term in fields[name])

        def inner(a: Counter[str], b: Counter[str], seen: Counter[str] = seen) -> float:
            idf = {term: math.log((1 + len(site)) / (1 + seen[term])) + 1 for term in a.keys() & b.keys()}
            return math.fsum(math.sqrt(a[term] * b[term]) * idf[term] ** 2 for term in idf)

        if one[name] and other[name]:
            norms = inner(one[name], one[name]) * inner(other[name], other[name])
            total += weight * inner(one[name], other[name]) / math.sqrt(norms)
    weights = [sum(w for name, w in DEFAULT.fields.items() if fields[name]) for fields in (one, other)]
    return total / math.sqrt(weights[0] * weights[1]) if all(weights) else 0.0


@st.composite
def sites(draw: st.DrawFn) -> dict[str, tuple[str, str, str, str]]:
    """Draw title, answer, keywords and body by name; answers repeat, so there are copies and many ties."""
    names = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=7, unique=True))
    return {name: (draw(TEXTS) or "-", draw(TEXTS), draw(TEXTS), draw(TEXTS)) for name in names}


def files_of(texts: dict[str, tuple[str, str, str, str]]) -> dict[str, str]:
    return {
        f"{name}.md": article(
            name, title=f'"{title}"', answer=answer, extra=f"seo:\n  page_keywords: {keywords}\n", body=body
        )
        for name, (title, answer, keywords, body) in texts.items()
    }


@hypothesis_settings(deadline=None, max_examples=40)
@given(sites())
def test_rankings_are_those_of_all_pairs(texts: dict[str, tuple[str, str, str, str]]) -> None:
    built = build(files_of(texts))
    names = sorted(texts)
    counts = [field_counts(*texts[name][:3], texts[name][3] or "&nbsp;") for name in names]
    answers = [" ".join((texts[name][1] or texts[name][3]).split()) for name in names]
    assert built.catalogue.urls.all() == [f"/{name}" for name in names]
    for row in range(len(names)):
        scores = [score_of(counts[row], other, counts) for other in counts]
        strangers = [o for o in range(len(names)) if o != row and (not answers[o] or answers[o] != answers[row])]
        wanted = sorted((o for o in strangers if scores[o] > 1e-9), key=lambda o: (-round(scores[o], 9), o))
        found = built.candidates(row)
        assert [c.score for c in found] == pytest.approx([scores[o] for o in wanted], abs=1e-9)
        # Where two scores round to neighbours of the ninth digit, either order is exact.
        assert sorted(c.row for c in found) == sorted(wanted)
        for one, other in pairwise(found):
            assert (-round(one.score, 9), one.row) < (-round(other.score, 9), other.row)
        everything = built.every_candidate(built.vectors.rows.row(row))
        assert [c for c in everything if c.row in strangers] == found


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites())
def test_contributions_add_up_to_the_score_and_name_their_field(texts: dict[str, tuple[str, str, str, str]]) -> None:
    built = build(files_of(texts))
    names = sorted(texts)
    for row, name in enumerate(names):
        for candidate in built.candidates(row):
            parts = built.explain(built.vectors.rows.row(row), candidate.row)
            assert math.fsum(part.value for part in parts) == pytest.approx(candidate.score, abs=1e-12)
            assert built.score(built.vectors.rows.row(row), candidate.row) == candidate.score
            assert [part.value for part in parts] == sorted((part.value for part in parts), reverse=True)
            both = [field_counts(*texts[n]) for n in (name, names[candidate.row])]
            shared = {(field, term) for field in DEFAULT.fields for term in both[0][field] & both[1][field]}
            assert {(part.field, part.term) for part in parts} == shared
            assert len(parts) == len(shared)


@hypothesis_settings(deadline=None, max_examples=20)
@given(sites(), st.randoms(use_true_random=False))
def test_names_and_order_of_the_files_change_nothing(texts: dict[str, tuple[str, str, str, str]], random) -> None:
    files = files_of(texts)
    names = list(files)
    random.shuffle(names)
    # The paths differ, so that files are found in another order; all else must not.
    moved = {f"{place}/{name}": files[name] for place, name in enumerate(names)}
    one, other = (to_arrays(build(some)) for some in (files, moved))
    for name in one.keys() - {"paths_blob", "paths_offsets"}:
        assert one[name].tobytes() == other[name].tobytes(), name


def test_two_builds_of_the_sample_site_are_equal_whatever_the_processes(
    corpus: Corpus, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "CHUNK", 11)
    monkeypatch.setattr(parallel, "FEW", 1)
    monkeypatch.setattr(parallel, "cores", lambda: 2)
    one, other = to_arrays(model), to_arrays(fit_model(corpus, DEFAULT, "later"))
    assert [name for name in one if one[name].tobytes() != other[name].tobytes()] == []


def test_the_sample_site_is_ranked_like_all_pairs(corpus: Corpus, model: Model) -> None:
    rows = model.vectors.rows
    dense = np.zeros((len(rows), rows.columns))
    for row in range(len(rows)):
        columns, values = rows.row(row)
        dense[row, columns] = values
    scores = dense @ dense.T
    for row in range(len(rows)):
        others = [other for other in range(len(rows)) if corpus.families[other] != corpus.families[row]]
        wanted = sorted(others, key=lambda other: (-round(scores[row, other], 9), other))[: DEFAULT.candidates]
        found = model.candidates(row)
        assert [c.row for c in found] == [other for other in wanted if scores[row, other] > 1e-9]
        assert [c.score for c in found] == pytest.approx(scores[row, [c.row for c in found]].tolist(), abs=1e-12)


def test_no_list_of_the_sample_site_breaks_a_promise(corpus: Corpus, model: Model) -> None:
    for row, own in enumerate(corpus.articles):
        shown = model.chosen.of(row)
        assert list(model.choose_for(row, limit=SHOWN, enough=DEFAULT.slots).shown) == shown
        assert list(model.choose_for(row).shown) == shown[: DEFAULT.slots]
        families = [corpus.families[c.row] for c in shown]
        assert corpus.families[row] not in families
        assert len(set(families)) == len(families) <= SHOWN
        assert not any(corpus.articles[c.row].hidden for c in shown)
        assert all(c.score >= DEFAULT.floor for c in shown)
        for candidate in shown:
            subjects = [
                a.subject for a in corpus.articles if a.answer_digest == corpus.articles[candidate.row].answer_digest
            ]
            assert corpus.articles[candidate.row].subject == own.subject or own.subject not in subjects


def test_a_hidden_article_and_one_without_id_get_links_and_are_never_linked() -> None:
    text = "The tide follows the moon around the earth every day"
    files = {
        "a.md": article("a", answer=f"{text} indeed"),
        "b.md": article("b", answer=f"{text} again", extra="no_index: true\n"),
        "c.md": article("c", answer=f"{text} anew", id=""),
        "d.md": article("d", answer=f"{text} later"),
    }
    built = build(files)
    shown = [[c.row for c in built.chosen.of(row)] for row in range(4)]
    assert shown == [[3], [0, 3], [0, 3], [0]]
    rejected = {r.row: r.rule for r in built.choose_for(0).rejected}
    assert rejected == {1: "hidden", 2: "no-id"}


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
        vector, asking, candidates = model.ask_draft(texts)
        assert candidates[0].score == pytest.approx(1.0, abs=1e-12)
        assert row in [c.row for c in candidates if c.score > 1 - 1e-9]
        assert asking.family == -1
        if len(analyze(one.title)) > 4:
            assert asking.like[row] >= DEFAULT.same_question_article
        # And what asks the same question as the article does so of the draft, by the same likeness.
        near = {c.row for c in candidates[: 4 * SHOWN]}
        for other, likeness in model.likeness.of(row).items():
            assert other not in near or asking.like[other] == pytest.approx(likeness, abs=1e-12)
        assert model.score(vector, row) == pytest.approx(1.0, abs=1e-12)


def test_the_title_of_a_draft_meets_inflected_words_of_published_titles() -> None:
    title = "How do digestive enzymes break down large molecules quickly"
    files = {
        "a.md": article("a", title=title, answer="Proteases cut."),
        "b.md": article("b", title="Volcanoes", answer="Magma rises and cut stones fall."),
    }
    built = build(files)
    draft = {"title": "How does a digestive enzyme break down large molecule quickly", "answer": "Proteases cut."}
    _, asking, candidates = built.ask_draft(draft)
    # All but "does", "a" and "do" meet by their first five letters: 7 of 9 words, and the two are no words of the site.
    own = [word[:5] for word in analyze(title)]
    cosine = math.sqrt(len(set(own) - {"do"}) / len(own))
    score = next(c.score for c in candidates if c.row == 0)
    assert asking.like[0] == pytest.approx(0.4 * cosine + 0.6 * score, abs=1e-12)


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
        ({"same_question_article": 0.5}, False),
        ({"same_question_list": 0.5}, False),
        ({"fields": {"title": 0.15, "text": 0.7, "seo.page_keywords": 0.16}}, False),
        ({"fields": {"text": 0.7, "title": 0.15, "seo.page_keywords": 0.15}}, False),
        ({"fields": {**DEFAULT.fields, "date": 0.0}}, True),
        ({"text": {**DEFAULT.text, "title": 2}}, False),
        ({"keys": Keys(hidden="draft")}, False),
        ({"content": Path("/elsewhere"), "model": Path("/m"), "home": Path("/h")}, True),
    ],
)
def test_a_model_fits_settings_that_rank_alike(
    corpus: Corpus, model: Model, changed: dict[str, object], fits: bool
) -> None:
    assert model.fits(corpus, replace(DEFAULT, **changed)) is fits


def test_every_setting_but_the_places_decides_whether_a_model_fits() -> None:
    assert ranking_settings(DEFAULT).keys() == vars(DEFAULT).keys() - {"content", "model", "home"}


def test_the_catalogue_holds_every_article_by_url(corpus: Corpus, model: Model) -> None:
    catalogue = model.catalogue
    assert len(model) == len(catalogue) == len(corpus.articles)
    for name in ("url", "id", "title", "subject", "path"):
        assert getattr(catalogue, f"{name}s").all() == [getattr(one, name) for one in corpus.articles]
    assert catalogue.hidden.tolist() == [one.hidden for one in corpus.articles]
    ids = [(catalogue.ids[row], row) for row in catalogue.order_by_id.tolist()]
    assert ids == sorted(ids)
    assert catalogue.families.tolist() == list(corpus.families)
    assert (model.corpus_digest, model.built_at, model.settings) == (corpus.digest, BUILT_AT, DEFAULT)


@pytest.mark.parametrize("count", [1, 2, 130])
def test_a_site_without_a_common_word_has_empty_lists(count: int) -> None:
    built = build({f"{n}.md": article(f"x{n:03}", title='"…"', answer="") for n in range(count)})
    assert [built.candidates(row) for row in range(count)] == [[]] * count
    assert built.choose_for(0).reason(5) == "no other article shares a word with this one"
    assert built.ask_draft({"title": "moon"})[2] == []


def test_a_ranking_gives_plain_candidates(model: Model) -> None:
    first = model.candidates(0)[0]
    assert type(first) is Candidate
    assert (type(first.row), type(first.score)) == (int, float)


def test_the_rules_are_those_of_the_settings_and_the_catalogue(corpus: Corpus, model: Model) -> None:
    rules = replace(model, settings=replace(DEFAULT, floor=0.5, same_question_list=0.0)).rules
    assert (rules.floor, rules.same_question_article, rules.same_question_list) == (0.5, 0.55, 0.0)
    ids = pack(["1", "", "2"])
    few = replace(
        model.catalogue, ids=ids, hidden=np.array([0, 0, 1], np.uint8), families=np.array([0, 1, 0], np.int32)
    )
    small = replace(model, catalogue=few).rules
    assert list(small.barred) == ["", "no-id", "hidden"]
    assert small.members == {0: (0, 2)}


def test_the_copies_of_the_sample_site_are_one_family_each(corpus: Corpus, model: Model) -> None:
    assert len(model.rules.members) == 10
    for rows in model.rules.members.values():
        assert len({" ".join(corpus.articles[row].texts[DEFAULT.sources.index("answer")].split()) for row in rows}) == 1


def test_the_sample_site_is_the_one_of_these_tests() -> None:
    assert len(list(ARTICLES.rglob("*.md"))) == 142


def test_the_best_candidates_are_the_first_of_all(model: Model) -> None:
    for row in range(0, len(model), 7):
        vector = model.vectors.rows.row(row)
        everything = model.every_candidate(vector)
        for count, least in ((1, 0.0), (20, 0.0), (len(model), 0.0), (len(model), 0.1), (5, 0.1)):
            expected = [candidate for candidate in everything if candidate.score >= least][:count]
            assert model.best_candidates(vector, count, least) == expected


def test_the_digests_of_the_sources_are_kept(corpus: Corpus, model: Model) -> None:
    kept = [digest.tobytes().hex() for digest in model.catalogue.sources]
    assert kept == [article.source_digest for article in corpus.articles]
