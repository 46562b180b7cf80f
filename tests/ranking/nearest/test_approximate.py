"""The search within a budget: what it finds is exact, and it finds nearly all."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.arrays.sparse_rows import Rows
from recommender.ranking.nearest import approximate
from recommender.ranking.nearest.approximate import nearest_approximate
from recommender.ranking.nearest.search import Neighbors, nearest
from tests.ranking.nearest.test_search import lists, rows_of, site


def recall(found: Neighbors, exact: Neighbors) -> float:
    pairs = zip(found.rows, exact.rows, strict=True)
    return sum(len({*own} & {*best} - {-1}) for own, best in pairs) / (exact.rows >= 0).sum()


def families_of(matrix: Rows, size: int = 2) -> np.ndarray:
    return (np.arange(len(matrix)) // size).astype(np.int32)


def test_with_budget_and_candidates_enough_it_is_the_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "BUDGET", 1e6)
    monkeypatch.setattr(approximate, "CANDIDATES", 1000)
    matrix = site(300)
    families = families_of(matrix)
    found = nearest_approximate(matrix, 12, families, 0.05, 2)
    for own, scores, best in zip(found.rows, found.scores, lists(matrix, 12, families, 0.05), strict=True):
        assert [(int(y), float(s)) for y, s in zip(own, scores, strict=True) if y >= 0] == best


@pytest.mark.parametrize(("budget", "least"), [(5, 0.3), (30, 0.7), (100, 0.85)])
def test_more_budget_finds_more_and_never_a_wrong_score(
    monkeypatch: pytest.MonkeyPatch, budget: float, least: float
) -> None:
    monkeypatch.setattr(approximate, "BUDGET", budget)
    matrix = site()
    families = families_of(matrix)
    exact = nearest(matrix, len(matrix), families, 0.0, 2)
    found = nearest_approximate(matrix, 10, families, 0.0, 2)
    assert recall(found, nearest(matrix, 10, families, 0.0, 2)) >= least
    scores = [dict(zip(*own, strict=True)) for own in zip(exact.rows.tolist(), exact.scores.tolist(), strict=True)]
    for x, (own, values) in enumerate(zip(found.rows.tolist(), found.scores.tolist(), strict=True)):
        assert all(scores[x][y] == value for y, value in zip(own, values, strict=True) if y >= 0)
        keys = [(-round(value, 9), y) for y, value in zip(own, values, strict=True) if y >= 0]
        assert keys == sorted(set(keys))


def test_how_the_work_is_cut_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = site()
    families = families_of(matrix)
    whole = nearest_approximate(matrix, 10, families, 0.0, 1)
    monkeypatch.setattr(approximate, "BLOCK", 7)
    for threads in (1, 2, 5):
        cut = nearest_approximate(matrix, 10, families, 0.0, threads)
        assert np.array_equal(cut.rows, whole.rows)
        assert np.array_equal(cut.scores, whole.scores)


def test_a_pair_stands_in_both_lists_or_one_is_full() -> None:
    matrix = site()
    found = nearest_approximate(matrix, 8, families_of(matrix), 0.0, 2)
    held = [set(own) for own in found.rows.tolist()]
    for x, (own, scores) in enumerate(zip(found.rows.tolist(), found.scores.tolist(), strict=True)):
        for y, score in zip(own, scores, strict=True):
            assert y < 0 or x in held[y] or round(score, 9) <= round(found.scores[y, -1], 9)


def test_copies_by_the_thousand_come_by_row_number() -> None:
    matrix = rows_of(np.tile(np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]), (2000, 1)))
    found = nearest_approximate(matrix, 5, np.arange(4000, dtype=np.int32), 0.0, 2)
    assert found.rows[1].tolist() == [3, 5, 7, 9, 11] or not (found.rows[1] >= 0).any()


@pytest.mark.parametrize(("n", "columns"), [(0, 0), (1, 0), (3, 0), (1, 5)])
def test_nothing_to_compare_gives_nothing(n: int, columns: int) -> None:
    found = nearest_approximate(rows_of(np.ones((n, columns))), 3, np.arange(n, dtype=np.int32), 0.0, 2)
    assert found.rows.shape == (n, 3)
    assert (found.rows == -1).all()
