"""The ranking in shares: whoever works on them, and whatever is lost and done again, one machine's lists."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.arrays.sparse_rows import Rows
from recommender.build.cluster_search import merge, nearest_elsewhere
from recommender.ranking.nearest.search import nearest
from tests.ranking.nearest.test_search import matrices


@dataclass(frozen=True)
class There:
    """Machines in one process: ``owners`` says which works on each share; each knows only what it did itself."""

    threads: int
    owners: Sequence[int]

    def map(self, work: Callable[[Any], list[Any]], chunks: Sequence[Any], label: str) -> Iterator[list[Any]]:
        received = [pickle.loads(pickle.dumps(work)) for _ in range(max(self.owners) + 1)]
        for number, chunk in enumerate(chunks):
            machine = received[self.owners[number % len(self.owners)]]
            if number % 3 == 0:  # an answer that was lost on its way
                machine(chunk)
            yield pickle.loads(pickle.dumps(machine(chunk)))
            if number % 4 == 3:  # another machine fetches the work from one that has found something
                received[0] = pickle.loads(pickle.dumps(machine))


@settings(max_examples=60, deadline=None)
@given(
    matrix=matrices(),
    k=st.integers(1, 8),
    groups=st.integers(1, 90),
    threads=st.integers(1, 3),
    owners=st.lists(st.integers(0, 3), min_size=1, max_size=9),
)
def test_any_machines_find_what_one_finds(matrix: Rows, k: int, groups: int, threads: int, owners: list[int]) -> None:
    families = (np.arange(len(matrix)) % groups).astype(np.int32)
    alone = nearest(matrix, k, families, 0.0, 1)
    found = nearest_elsewhere(matrix, k, families, There(threads, owners))
    assert found.rows.tobytes() == alone.rows.tobytes()
    assert found.scores.tobytes() == alone.scores.tobytes()


LISTS = [
    ([(3, 0.5)], [(4, 0.6)], [(4, 0.6), (3, 0.5)]),
    ([(3, 0.5)], [(3, 0.5)], [(3, 0.5)]),
    ([(5, 0.5)], [(3, 0.5)], [(3, 0.5), (5, 0.5)]),
    ([(5, 0.5)], [(3, 0.5 - 1e-12)], [(3, 0.5 - 1e-12), (5, 0.5)]),
    ([], [(1, 0.1)], [(1, 0.1)]),
    ([(1, 0.1)], [], [(1, 0.1)]),
    ([], [], []),
    ([(1, 0.9), (2, 0.8), (3, 0.7)], [(1, 0.9), (4, 0.75), (3, 0.7)], [(1, 0.9), (2, 0.8), (4, 0.75)]),
]


@pytest.mark.parametrize(("one", "other", "both"), LISTS)
def test_lists_are_merged(one: list, other: list, both: list) -> None:
    def arrays(pairs: list) -> tuple[Any, Any]:
        padded = [*pairs, *[(-1, 0.0)] * 3][:3]
        return np.array([[row for row, _ in padded]], np.int32), np.array([[score for _, score in padded]])

    rows, scores = arrays(one)
    merge(rows, scores, *arrays(other))
    assert [pair for pair in zip(rows[0].tolist(), scores[0].tolist(), strict=True) if pair[0] >= 0] == both
