"""A look at the neighbours of neighbours: held against sets and a brute force."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.arrays.sparse_rows import Rows
from recommender.ranking.nearest import approximate
from recommender.ranking.nearest.approximate import Lists, refine, symmetrize
from recommender.ranking.nearest.matrix import by_frequency
from tests.ranking.nearest.test_search import cosines, lists, site


def poor_lists(matrix: Rows, k: int, families: np.ndarray) -> Lists:
    """Give every row its true neighbours 3, 6, 9 and so on, which leaves gaps to be found."""
    found = Lists(np.full((len(matrix), k), -1, np.int32), np.zeros((len(matrix), k)), families.astype(np.int64), 0.0)
    for x, own in enumerate(lists(matrix, 3 * k, families, 0.0)):
        for place, (y, score) in enumerate(own[2::3]):
            found.rows[x, place], found.scores[x, place] = y, score
    return found


def held(found: Lists, row: int) -> dict[int, float]:
    pairs = zip(found.rows[row].tolist(), found.scores[row].tolist(), strict=True)
    return {y: score for y, score in pairs if y >= 0}


@pytest.mark.parametrize("labels", [1000, 60])
def test_with_room_enough_a_look_finds_the_best_of_all_that_are_near_the_near(labels: int) -> None:
    matrix, k = site(300), 8
    families = (np.arange(len(matrix)) % labels).astype(np.int32)
    found, scores = poor_lists(matrix, k, families), cosines(matrix)
    before = [set(held(found, x)) for x in range(len(matrix))]
    refine(by_frequency(matrix), found, k * k, 2)
    seen = [before[x].union(*(before[y] for y in before[x])) - {x} for x in range(len(matrix))]
    own = []
    for x in range(len(matrix)):
        allowed = [y for y in seen[x] if families[y] != families[x]]
        own.append(sorted(allowed, key=lambda y: (-np.rint(scores[x, y] * 1e9), y))[:k])
    for x in range(len(matrix)):
        # What the others found comes back to both.
        both = set(own[x]) | {y for y in range(len(matrix)) if x in own[y]}
        best = sorted(both, key=lambda y: (-np.rint(scores[x, y] * 1e9), y))[:k]
        assert found.rows[x].tolist() == best + [-1] * (k - len(best))
        assert all(score == scores[x, y] for y, score in held(found, x).items())


def test_of_many_the_most_promising_are_compared() -> None:
    matrix, k = site(300), 8
    families = np.arange(len(matrix), dtype=np.int32)
    found, scores = poor_lists(matrix, k, families), cosines(matrix)
    start, compared = [held(found, x) for x in range(len(matrix))], 5
    approximate._refine_once(by_frequency(matrix), found, compared, 1)
    for x, near in enumerate(start):
        sums: dict[int, int] = {}
        for y, first in near.items():
            for z, second in start[y].items():
                sums[z] = sums.get(z, 0) + (int(first * 65535) * int(second * 65535) >> 16)
        for known in (x, *near):
            sums.pop(known, None)
        promising = sorted(sums, key=lambda z: (-sums[z], z))[:compared]
        new = set(held(found, x)) - set(near)
        assert new <= set(promising)
        worst = found.scores[x, -1]
        assert new >= {z for z in promising if scores[x, z] > worst + 1e-9}


@pytest.mark.slow  # many searches
def test_how_the_work_is_cut_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = site(500)
    families = np.arange(len(matrix), dtype=np.int32)
    whole = poor_lists(matrix, 8, families)
    refine(by_frequency(matrix), whole, 8, 1)
    monkeypatch.setattr(approximate, "BLOCK", 7)
    for threads in (1, 2, 5):
        cut = poor_lists(matrix, 8, families)
        refine(by_frequency(matrix), cut, 8, threads)
        assert np.array_equal(cut.rows, whole.rows)
        assert np.array_equal(cut.scores, whole.scores)


def test_a_pair_enters_both_lists_once() -> None:
    rows = np.array([[1, 2], [-1, -1], [0, -1]], np.int32)
    scores = np.array([[0.5, 0.25], [0.0, 0.0], [0.25, 0.0]])
    found = Lists(rows, scores, np.arange(3), 0.0)
    symmetrize(found, 2)
    assert found.rows.tolist() == [[1, 2], [0, -1], [0, -1]]
    assert found.scores.tolist() == [[0.5, 0.25], [0.5, 0.0], [0.25, 0.0]]
