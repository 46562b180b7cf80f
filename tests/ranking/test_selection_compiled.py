"""Choosing for a whole site in compiled loops: the very lists that ``choose`` takes one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from recommender.build.pipeline import _with_chosen
from recommender.model.catalogue import within
from recommender.model.model import SHOWN, Model
from recommender.ranking.same_question import Likeness
from recommender.ranking.selection import VERSIONS, Asking, Candidate, Rules, choose
from recommender.ranking.selection_compiled import Facts, Lists, choose_all
from recommender.site.corpus import members_of

SIZE = 9


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Lists, Likeness, Facts]:
    """Draw a site of nine articles: candidates in any order, likenesses both ways, families by their first row."""
    seeds = [draw(st.integers(0, row)) for row in range(SIZE)]
    families: list[int] = []
    for row, seed in enumerate(seeds):
        families.append(families[seed] if seed < row and draw(st.booleans()) else row)
    ranked = [draw(st.lists(st.integers(0, SIZE - 1).filter(row.__ne__), unique=True)) for row in range(SIZE)]
    score = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7])
    scores = [sorted((draw(score) for _ in own), reverse=True) for own in ranked]
    likes = draw(st.dictionaries(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)), score, max_size=12))
    pairs = {pair: value for (a, b), value in likes.items() if a != b for pair in ((a, b), (b, a))}
    # Copies are of one language and version: two languages, each with pages of no version and of two.
    partitions = draw(st.lists(st.sampled_from([0, 1, 2, VERSIONS, VERSIONS + 1]), min_size=SIZE, max_size=SIZE))
    linked = draw(st.lists(st.lists(st.integers(0, SIZE - 1), max_size=2), min_size=SIZE, max_size=SIZE))
    facts = Facts(
        families=np.array(families, np.int32),
        partitions=np.array([partitions[family] for family in families], np.int32),
        excluded=np.array(draw(st.lists(st.booleans(), min_size=SIZE, max_size=SIZE))),
        subjects=np.array(draw(st.lists(st.integers(0, 2), min_size=SIZE, max_size=SIZE)), np.int64),
        linked_starts=np.cumsum([0, *map(len, linked)]).astype(np.int64),
        linked_rows=np.array([row for own in linked for row in own], np.int32),
        floor=draw(score),
        same_question_article=draw(score),
        same_question_list=draw(score),
    )
    by_row = [sorted((b, value) for (a, b), value in pairs.items() if a == row) for row in range(SIZE)]
    like = packed([[b for b, _ in own] for own in by_row], [[value for _, value in own] for own in by_row])
    return packed(ranked, scores), Likeness(*like), facts


def packed(rows: list[list[int]], scores: list[list[float]]) -> Lists:
    indptr = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    flat = [number for own in rows for number in own]
    return Lists(indptr, np.array(flat, np.int32), np.array([value for own in scores for value in own], np.float64))


def one_by_one(pools: Lists, likeness: Likeness, facts: Facts, limit: int) -> list[list[tuple[int, float]]]:
    families = facts.families.tolist()
    rules = Rules(
        families=families,
        excluded=["hidden" if excluded else "" for excluded in facts.excluded.tolist()],
        subject=lambda row: f"subject {facts.subjects[row]}",
        members=members_of(families),
        like=likeness.of,
        floor=facts.floor,
        same_question_article=facts.same_question_article,
        same_question_list=facts.same_question_list,
        apart=lambda row, other: not within(facts.partitions, int(facts.partitions[row]))[other],
    )
    found = []
    for row in range(SIZE):
        span = slice(pools.indptr[row], pools.indptr[row + 1])
        pool = [Candidate(*pair) for pair in zip(pools.rows[span].tolist(), pools.scores[span].tolist(), strict=True)]
        linked = facts.linked_rows[facts.linked_starts[row] : facts.linked_starts[row + 1]].tolist()
        asking = Asking(
            families[row], rules.subject(row), likeness.of(row), row=row, linked=frozenset(families[o] for o in linked)
        )
        found.append([tuple(one) for one in choose(asking, pool, (), limit, rules).shown])
    return found


@pytest.mark.slow  # generated sites
@hypothesis_settings(deadline=None, max_examples=400)
@given(drawn(), st.integers(1, 5))
def test_any_site_is_chosen_as_one_by_one(site: tuple[Lists, Likeness, Facts], limit: int) -> None:
    lists = choose_all(*site, limit)
    ends = lists.indptr.tolist()
    pairs = list(zip(lists.rows.tolist(), lists.scores.tolist(), strict=True))
    assert [pairs[a:b] for a, b in itertools.pairwise(ends)] == one_by_one(*site, limit)


def test_the_build_chooses_as_a_look_up_does(model: Model) -> None:
    chosen = _with_chosen(model).chosen
    slots = model.settings.slots
    for row in range(len(model)):
        assert chosen.of(row) == list(model.choose_for(row, limit=SHOWN, enough=slots).shown)
