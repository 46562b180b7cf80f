"""The parts of a score against plain Python; drafts against articles of the same words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from score_by_hand import ByHand, Site, site_of, sites
from small_sites import article, write_files

from recommender.build.pipeline import fit_model
from recommender.model.model import Model
from recommender.ranking.score import (
    NAMES,
    WORD_PARTS,
    Near,
    Query,
    query_draft,
    returned,
    returns,
    subject_lift,
    total,
    weights_of,
)
from recommender.settings import PARTS, Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.text.tokens import article_words, tokenize_texts

COMPARED = slice(0, len(WORD_PARTS))
BACK, SAME = NAMES.index("near_in_return"), NAMES.index("same_subject")


def draft_of(model: Model, texts: dict[str, str]) -> Query:
    tokens = model.spellings.put_into(tokenize_texts(texts, model.settings))
    return query_draft(model.vectors, model.coverage, article_words(tokens, model.settings))


def all_parts(model: Model, query: Query) -> np.ndarray:
    return model.part_values(query, np.arange(len(model)))


def check_parts(model: Model, hand: ByHand, rows: Sequence[int]) -> None:
    assert model.lift == pytest.approx(hand.lift, abs=1e-12)
    for asking in rows:
        values = all_parts(model, model.query(asking))
        assert values.shape == (len(model), len(NAMES))
        for target in range(len(model)):
            wanted = hand.parts(asking, target)
            known = hand.strangers(asking, target) and hand.share_a_word(asking, target)
            names = [name for name in NAMES if known or name != "near_in_return"]
            found = dict(zip(NAMES, values[target].tolist(), strict=True))
            assert {name: found[name] for name in names} == pytest.approx(
                {name: wanted[name] for name in names}, abs=1e-12
            )


@hypothesis_settings(deadline=None, max_examples=50)
@given(sites())
def test_every_part_of_every_pair_is_the_one_by_hand(site: Site) -> None:
    built = site.build()
    check_parts(built, ByHand(site), range(len(built)))


def test_the_parts_of_the_sample_site_are_those_by_hand(corpus: Corpus, model: Model) -> None:
    hand = ByHand(Site(tuple(corpus.articles), tuple(corpus.families), model.settings))
    assert 0.05 < model.lift < 1
    check_parts(model, hand, [0, 50, 141])


def test_the_names_are_those_of_the_settings() -> None:
    assert tuple(PARTS) == NAMES
    assert WORD_PARTS == ("cosine", "head_covered", "text_covered", "title_covered")


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites())
def test_who_shares_no_word_would_not_be_kept_and_is_not_near_in_return(site: Site) -> None:
    built, hand = site.build(), ByHand(site)
    for asking in range(len(built)):
        values = all_parts(built, built.query(asking))
        for target in range(len(built)):
            if not hand.share_a_word(asking, target):
                assert values[target, :SAME].tolist() == [0.0] * SAME


def test_a_draft_that_shares_no_word_has_no_score() -> None:
    built = site_of([{"answer": "moon tide"}, {"answer": "moon sun"}, {"answer": "gas"}], Settings()).build()
    assert built.scores(draft_of(built, {"answer": "virus"}), [0, 1, 2]).tolist() == [0, 0, 0]
    assert built.score(draft_of(built, {"answer": "gas"}), 0) == 0


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites(), st.data())
def test_a_draft_with_the_words_of_an_article_has_its_parts(site: Site, data: st.DataObject) -> None:
    built, hand = site.build(), ByHand(site)
    row = data.draw(st.integers(0, len(built) - 1))
    query = draft_of(built, site.texts(row))
    draft, own = all_parts(built, query), all_parts(built, built.query(row))
    assert (query.row, query.subject) == (-1, "")
    assert draft[:, COMPARED] == pytest.approx(own[:, COMPARED], abs=1e-12)
    assert not draft[:, SAME].any()
    for target in range(len(built)):
        if not hand.share_a_word(row, target):
            continue
        # The article stands in the target's list too, as near as the draft: the draft comes before it, and before
        # all others that are as near.
        nearer = [o for o in hand.near[target] if round(hand.cosine(target, o) - hand.cosine(row, target), 9) > 0]
        kept = site.settings.candidates
        wanted = 1 - math.log(len(nearer) + 1) / math.log(kept + 1) if len(nearer) < kept else 0.0
        assert draft[target, BACK] == pytest.approx(wanted, abs=1e-12)
        if row in hand.near[target]:
            assert draft[target, BACK] >= own[target, BACK] - 1e-12


def test_the_articles_of_the_sample_site_as_drafts_have_their_own_parts(corpus: Corpus, model: Model) -> None:
    for row in range(0, len(model), 9):
        texts = dict(zip(model.settings.sources, corpus.articles[row].texts, strict=True))
        draft, own = all_parts(model, draft_of(model, texts)), all_parts(model, model.query(row))
        assert draft[:, COMPARED] == pytest.approx(own[:, COMPARED], abs=1e-12)
        assert (draft[:, BACK] >= own[:, BACK]).all()
        # Ties are few: nearly everywhere the draft takes the very place of the article.
        assert (draft[:, BACK] == own[:, BACK]).mean() > 0.95


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites(), st.data())
def test_those_that_may_link_to_a_draft_score_it_as_if_it_were_published(site: Site, data: st.DataObject) -> None:
    built = site.build()
    row = data.draw(st.integers(0, len(built) - 1))
    # The draft finds the same articles as the published one, but for itself and its copies.
    askers = [candidate.row for candidate in built.candidates(row)]
    found = built.scores_of_askers(draft_of(built, site.texts(row)), askers)
    for asker, score in zip(askers, found.tolist(), strict=True):
        values = built.part_values(built.query(asker), np.array([row]))
        values[:, SAME] = 0  # a draft has no subject
        assert score == pytest.approx(float(total(values, weights_of(site.settings.parts, built.lift))[0]), abs=1e-9)


def test_nobody_may_link_where_nobody_is_named(model: Model) -> None:
    assert model.scores_of_askers(draft_of(model, {"title": "moon"}), []).shape == (0,)
    assert model.scores(model.query(0), []).shape == (0,)


@pytest.mark.parametrize("kept", [1, 2, 64])
def test_near_in_return_falls_with_the_logarithm_of_the_rank(kept: int) -> None:
    wanted = [1 - math.log(rank) / math.log(kept + 1) for rank in range(1, kept + 1)]
    assert returns(kept).tolist() == pytest.approx([*wanted, 0], abs=1e-15)
    assert returns(kept)[0] == 1
    assert returns(kept)[kept] == 0
    assert min(wanted) > 0


@pytest.mark.parametrize(
    ("row", "cosine", "place"),
    [
        (0, 0.9, 0),
        (9, 0.8, 1),
        (-1, 0.8, 0),
        (5, 0.5, 2),
        (3, 0.5, 1),
        (-1, 0.5, 1),
        # To nine decimals it is as near.
        (3, 0.5 - 1e-11, 1),
        (-1, 0.5 - 1e-11, 1),
        (0, 0.1, 3),
        (-1, 0.1, 3),
    ],
)
def test_a_rank_follows_from_the_cosines(row: int, cosine: float, place: int) -> None:
    # The candidates of article 1, in no order: 4 by 0.5, 8 by 0.8, 6 by 0.2; 3 are kept at most.
    near = Near(np.array([0, 0, 3]), np.array([4, 8, 6], np.int32), np.array([0.5, 0.8, 0.2]), 3)
    nothing = np.zeros(0, np.int32), np.zeros(0)
    own = site_of([{"answer": "moon"}], Settings()).build().query(0)
    query = Query(row, "", nothing, own.asked)
    # Below all three it would be kept no more; article 0 has room.
    wanted = [1 - math.log(place + 1) / math.log(4) if place < 3 else 0.0, 1.0]
    found = returned(near, query, np.array([cosine, cosine]), np.array([1, 0]))
    assert found.tolist() == pytest.approx(wanted, abs=1e-15)


@st.composite
def near_subjects(draw: st.DrawFn) -> tuple[list[int], list[list[int]], int]:
    """Draw the subject of each article, its nearest ones, and how many are kept at most."""
    subjects = draw(st.lists(st.integers(0, 3), min_size=1, max_size=12))
    kept, rows = draw(st.integers(1, 12)), st.integers(0, len(subjects) - 1)
    return subjects, [draw(st.lists(rows, max_size=kept)) for _ in subjects], kept


@given(near_subjects())
def test_the_lift_is_the_share_of_near_pairs_of_one_subject_above_chance(
    drawn: tuple[list[int], list[list[int]], int],
) -> None:
    subjects, near, kept = drawn
    indptr = np.cumsum([0, *map(len, near)]).astype(np.int64)
    rows = np.array([other for own in near for other in own], np.int32)
    numbers = np.unique(subjects, return_inverse=True)[1]
    near_rows, alone = Near(indptr, rows, np.zeros(len(rows)), kept), np.zeros(len(subjects), np.int32)
    lift = subject_lift(near_rows, numbers, alone)
    n = len(subjects)
    chance = sum(one == other for one in subjects for other in subjects) / n**2
    # Not more nearest than an article has fellows on average, rounded up: what is left must be of other subjects.
    most = max(1, math.ceil(Fraction(sum(one == other for one in subjects for other in subjects), n)) - 1)
    same = [subjects[one] == subjects[other] for one, own in enumerate(near) for other in own[:most]]
    if not same or len(set(subjects)) == 1:
        assert lift == 0
    else:
        exact = max(0.0, (sum(same) / len(same) - chance) / (1 - chance))
        assert lift == round(lift, 2)
        assert abs(lift - exact) <= 0.005 + 1e-9
    assert 0 <= lift <= 1


def test_subjects_count_on_a_small_site_too() -> None:
    """Of 12 articles in 4 subjects whose 11 others are all kept, the nearest two are of the own subject."""
    subjects = np.arange(12) // 3
    near = [sorted(set(range(12)) - {row}, key=lambda other, row=row: (subjects[other] != subjects[row], other))
            for row in range(12)]  # fmt: skip
    rows = np.array(near, np.int32).ravel()
    indptr = np.arange(13) * 11
    assert subject_lift(Near(indptr, rows, np.zeros(len(rows)), 64), subjects, np.zeros(12, np.int32)) == 1.0


def test_subjects_count_among_the_articles_of_a_group() -> None:
    """Where all of a language have one subject, that the nearest have it tells nothing: they are of the language."""
    subjects = np.arange(12) // 6
    near = Near(np.arange(13), np.array([1, 2, 3, 4, 5, 0, 7, 8, 9, 10, 11, 6], np.int32), np.zeros(12), 1)
    assert subject_lift(near, subjects, np.zeros(12, np.int32)) == 1.0
    assert subject_lift(near, subjects, subjects.astype(np.int32)) == 0.0


@pytest.mark.parametrize(
    ("subjects", "lift"),
    [
        (["A", "A", "B", "B"], 1.0),
        (["A", "B", "A", "B"], 0.0),
        (["A", "A", "A", "A"], 0.0),
        (["", "", "", ""], 0.0),
        # 1 of 2 pairs each way: 2 of 4; chance 10/16.
        (["A", "A", "A", "B"], 0.0),
        # 2 of 4; chance 6/16.
        (["A", "A", "B", "C"], 0.2),
    ],
)
def test_one_subject_or_none_tells_nothing(subjects: list[str], lift: float) -> None:
    texts = [{"answer": "moon tide"}, {"answer": "moon sun"}, {"answer": "gas cell"}, {"answer": "gas virus"}]
    built = site_of(texts, Settings(), subjects=subjects).build()
    assert built.lift == pytest.approx(lift, abs=1e-12)
    values = [all_parts(built, built.query(row))[:, SAME].tolist() for row in range(4)]
    assert values == [[float(one == other != "") for other in subjects] for one in subjects]


def test_parts_are_weighted_and_added_first_to_last() -> None:
    weights = weights_of({name: number + 0.1 for number, name in enumerate(NAMES)}, 0.25)
    assert weights.tolist() == pytest.approx([0.1, 1.1, 2.1, 3.1, 4.1, 5.1 * 0.25])
    assert weights_of(dict(reversed(PARTS.items())), 1.0).tolist() == list(PARTS.values())
    values = np.random.default_rng(5).random((50, 6)) * 10.0 ** np.arange(-12, 12, 4)
    for row, found in zip(values.tolist(), total(values, weights).tolist(), strict=True):
        wanted = 0.0
        for weight, value in zip(weights.tolist(), row, strict=True):
            wanted += weight * value
        assert found == wanted
    assert total(np.zeros((0, 6)), weights).shape == (0,)


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites())
def test_an_explanation_names_every_term_and_adds_up_to_the_score(site: Site) -> None:
    built, hand = site.build(), ByHand(site)
    weight = {**site.settings.parts}
    weight["same_subject"] *= built.lift
    for asking in range(len(built)):
        query = built.query(asking)
        for target in range(len(built)):
            parts = built.explain(query, target)
            score = built.score(query, target)
            assert math.fsum(part.value for part in parts) == pytest.approx(score, abs=1e-12)
            assert [part.value for part in parts] == sorted((part.value for part in parts), reverse=True)
            wanted = {key: weight["cosine"] * value for key, value in hand.cosine_terms(asking, target).items()}
            for name, terms in hand.covered_terms(asking, target).items():
                wanted |= {(name, term): weight[name] * value for term, value in terms.items()}
            back = float(all_parts(built, query)[target, BACK])
            wanted["near_in_return", ""] = weight["near_in_return"] * back
            wanted["same_subject", ""] = weight["same_subject"] * hand.same_subject(asking, target)
            found = {(part.field, part.term): part.value for part in parts}
            assert len(found) == len(parts) and all(found.values())
            assert found == pytest.approx({key: value for key, value in wanted.items() if value}, abs=1e-12)
            if hand.strangers(asking, target) and hand.share_a_word(asking, target):
                assert score == pytest.approx(hand.score(asking, target), abs=1e-9)


def test_a_draft_s_title_may_have_the_plural_of_a_word_of_its_text(tmp_path: Path) -> None:
    settings = Settings(fields={"text": 1.0}, text={"answer": 1})
    write_files(tmp_path, {f"{n}.md": article(n, title="Moons", answer=f"moon {n}") for n in ("one", "two", "six")})
    built = fit_model(read_corpus(tmp_path, settings), settings, "now")
    draft, own = (
        draft_of(built, {"title": "Moons", "answer": "moon one"}),
        built.query(built.catalogue.urls.find("/one")),
    )
    for one, other in zip(draft.asked.title, own.asked.title, strict=True):
        assert len(one) == 1 and one.tolist() == other.tolist()
