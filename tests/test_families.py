"""Copies, and the relation that tells same questions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.families import FULL_TITLE, TITLE_SHARE, find_likeness, like_draft, likeness, members_of
from recommender.sparse import Rows

Dense = NDArray[np.float64]


def rows_of(dense: Dense) -> Rows:
    row, column = np.nonzero(dense)
    indptr = np.searchsorted(row, np.arange(len(dense) + 1)).astype(np.int64)
    return Rows(indptr, column.astype(np.int32), dense[row, column], dense.shape[1])


def normalised(dense: Dense) -> Dense:
    norms = np.sqrt((dense**2).sum(axis=1, keepdims=True))
    return dense / np.where(norms > 0, norms, 1)


@st.composite
def sites(draw: st.DrawFn) -> tuple[Dense, Dense, list[int], int]:
    """Draw scores of all pairs, title vectors, lengths of titles, and how many nearest each article keeps."""
    n = draw(st.integers(1, 7))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    articles = normalised(random.integers(0, 3, (n, 4)).astype(float))
    titles = normalised(random.integers(0, 2, (n, 4)).astype(float))
    lengths = draw(st.lists(st.integers(0, 12), min_size=n, max_size=n))
    return articles @ articles.T, titles, lengths, draw(st.integers(0, n))


def nearest_of(scores: Dense, kept: int) -> list[list[int]]:
    n = len(scores)
    ranked = [sorted(range(n), key=lambda other: (-scores[row, other], other)) for row in range(n)]
    return [[other for other in ranked[row] if other != row and scores[row, other] > 0][:kept] for row in range(n)]


def as_rows(scores: Dense, nearest: list[list[int]]) -> Rows:
    indptr = np.cumsum([0, *map(len, nearest)]).astype(np.int64)
    flat = np.array([other for others in nearest for other in others], np.int32)
    values = np.array([scores[row, other] for row, others in enumerate(nearest) for other in others], np.float64)
    return Rows(indptr, flat, values, len(scores))


def blend(score: float, cosine: float, words: int) -> float:
    return min(1.0, words / 8) * (0.4 * cosine + 0.6 * score)


@hypothesis_settings(deadline=None, max_examples=150)
@given(sites(), st.sampled_from([0.05, 0.31, 0.55, 0.999]))
def test_it_holds_the_pairs_of_which_one_is_near_the_other_and_that_reach_the_threshold(
    site: tuple[Dense, Dense, list[int], int], threshold: float
) -> None:
    scores, titles, lengths, kept = site
    nearest = nearest_of(scores, kept)
    found = find_likeness(as_rows(scores, nearest), rows_of(titles), np.array(lengths, np.float64), threshold)
    cosines = titles @ titles.T
    for one in range(len(scores)):
        wanted = {}
        for other in range(len(scores)):
            like = blend(scores[one, other], cosines[one, other], min(lengths[one], lengths[other]))
            near = other in nearest[one] or one in nearest[other]
            # Within a rounding of the threshold either answer is right.
            if near and like >= threshold - 1e-12:
                wanted[other] = like
        held = found.of(one)
        assert {row for row, like in wanted.items() if like >= threshold + 1e-12} <= held.keys() <= wanted.keys()
        assert list(held) == sorted(held)
        for other, like in held.items():
            assert like == pytest.approx(wanted[other], abs=1e-12)
            assert threshold <= like <= 1 + 1e-12
            assert found.of(other)[one] == like


@given(sites())
def test_threshold_0_is_off(site: tuple[Dense, Dense, list[int], int]) -> None:
    scores, titles, lengths, kept = site
    rows = as_rows(scores, nearest_of(scores, kept))
    found = find_likeness(rows, rows_of(titles), np.array(lengths, np.float64), 0.0)
    assert [found.of(row) for row in range(len(scores))] == [{}] * len(scores)


@pytest.mark.parametrize(
    ("words", "share"), [(0, 0.0), (1, 0.125), (4, 0.5), (7, 0.875), (8, 1.0), (9, 1.0), (100, 1.0)]
)
def test_a_short_title_counts_less(words: int, share: float) -> None:
    one = np.array([1.0])
    assert likeness(one, one, np.array([float(words)])).tolist() == [share]
    assert (FULL_TITLE, TITLE_SHARE) == (8, 0.4)


@pytest.mark.parametrize(
    ("score", "cosine", "like"), [(1.0, 0.0, 0.6), (0.0, 1.0, 0.4), (0.5, 0.5, 0.5), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)]
)
def test_the_titles_have_two_fifths(score: float, cosine: float, like: float) -> None:
    found = likeness(np.array([score]), np.array([cosine]), np.array([8.0]))
    assert found == pytest.approx([like], abs=1e-15)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 40))
def test_a_likeness_is_between_0_and_1_and_never_above_its_parts(score: float, cosine: float, words: float) -> None:
    found = float(likeness(np.array([score]), np.array([cosine]), np.array([words]))[0])
    assert 0 <= found <= max(score, cosine) + 1e-15


@hypothesis_settings(deadline=None)
@given(sites(), st.integers(0, 12))
def test_a_draft_is_judged_by_the_same_rule(site: tuple[Dense, Dense, list[int], int], own_words: int) -> None:
    scores, titles, lengths, _ = site
    rows = rows_of(titles)
    among = [(row, float(scores[0, row]), lengths[row]) for row in range(len(scores))]
    found = like_draft(rows, rows.row(0), own_words, among)
    assert found.keys() == set(range(len(scores)))
    for row, like in found.items():
        wanted = blend(scores[0, row], titles[0] @ titles[row], min(lengths[row], own_words))
        assert like == pytest.approx(wanted, abs=1e-12)


def test_a_draft_without_neighbours_is_like_none() -> None:
    titles = rows_of(np.ones((2, 2)))
    assert like_draft(titles, titles.row(0), 8, []) == {}


@pytest.mark.parametrize(
    ("families", "members"),
    [
        ([], {}),
        ([0, 1, 2], {}),
        ([0, 0, 2, 0], {0: (0, 1, 3)}),
        ([0, 1, 1, 0, 4], {0: (0, 3), 1: (1, 2)}),
    ],
)
def test_members_are_listed_for_families_of_several(families: list[int], members: dict[int, tuple[int, ...]]) -> None:
    assert members_of(families) == members
