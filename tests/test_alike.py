"""Which pairs of a site ask the same question."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_families import Dense, blend, sites, titles_with

from recommender.alike import find_likeness
from recommender.sparse import Rows


def nearest_of(scores: Dense, kept: int) -> list[list[int]]:
    n = len(scores)
    ranked = [sorted(range(n), key=lambda other: (-scores[row, other], other)) for row in range(n)]
    return [[other for other in ranked[row] if other != row and scores[row, other] > 0][:kept] for row in range(n)]


def as_rows(scores: Dense, nearest: list[list[int]]) -> Rows:
    indptr = np.cumsum([0, *map(len, nearest)]).astype(np.int64)
    flat = np.array([other for others in nearest for other in others], np.int32)
    values = np.array([scores[row, other] for row, others in enumerate(nearest) for other in others], np.float64)
    return Rows(indptr, flat, values, len(scores))


@hypothesis_settings(deadline=None, max_examples=150)
@given(sites(), st.sampled_from([0.05, 0.31, 0.5, 0.999]))
def test_it_holds_the_pairs_of_which_one_is_near_the_other_and_that_reach_the_threshold(
    site: tuple[Dense, Dense, list[int], int], threshold: float
) -> None:
    scores, titles, lengths, kept = site
    nearest = nearest_of(scores, kept)
    found = find_likeness(as_rows(scores, nearest), titles_with(titles, lengths), threshold)
    for one in range(len(scores)):
        wanted = {}
        for other in range(len(scores)):
            like = blend(scores[one, other], (titles[one], titles[other]), min(lengths[one], lengths[other]))
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
    found = find_likeness(rows, titles_with(titles, lengths), 0.0)
    assert [found.of(row) for row in range(len(scores))] == [{}] * len(scores)
