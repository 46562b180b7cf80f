"""The ranking cut into shares for several machines, and their lists merged: what one machine finds, bit for bit.

A share is some rows asking about all rows before them. A pair's score does not depend on who computes it. What a
machine leaves out of its lists has lower scores than the k that stand there, and those come to be merged too, so the
k best of all lists are the k best of all pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from recommender.arrays.jit import compiled
from recommender.arrays.sparse_rows import Floats, Rows, Terms
from recommender.ranking.nearest.matrix import LANES
from recommender.ranking.nearest.search import Neighbors, Search
from recommender.system.parallel import Executor

# Shares a thread: a lost machine costs what it had in hand, a slow one is helped out; each moves 12 k bytes a row.
SHARES = 3
# Shares for few threads, so that machines that join later find some left.
LEAST = 8


def nearest_elsewhere(matrix: Rows, k: int, families: Terms, there: Executor) -> Neighbors:
    """Find what ``neighbors.nearest`` finds with a floor of 0, on other machines."""
    n = len(matrix)
    count = max(LEAST, SHARES * there.threads)
    # As many pairs in each. Rows side by side: a row that has asked has a full list, which rules pairs out.
    starts = [round(n / LANES * (number / count) ** 0.5) * LANES for number in range(count)]
    shares = [range(start, stop, LANES) for start, stop in pairwise([*starts, n]) if start < stop]
    found = Neighbors(np.full((n, k), -1, np.int32), np.zeros((n, k)))
    for parts in there.map(Ranking(matrix, k, families), shares, "ranking"):
        for part in parts:
            merge(found.rows, found.scores, part.rows, part.scores)
    return found


@dataclass(frozen=True)
class Ranking:
    """The work of ranking a site: what a machine received keeps the site's index and what its shares have found."""

    matrix: Rows
    k: int
    families: Terms

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel without what was found."""
        return Ranking, (self.matrix, self.k, self.families)

    def __call__(self, starts: range) -> list[Neighbors]:
        """Give the lists of all rows as far as they are filled here, by this share's pairs among others."""
        return self._found.ask(starts)

    @cached_property
    def _found(self) -> _Found:
        # Making an index takes long, and full lists rule more pairs out than empty ones.
        return _Found(Search(self.matrix, self.k, self.families, 0.0))


class _Found:
    """The lists that one machine fills; a share that is asked for again, because its answer was lost, is in them."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._begun = set[range]()

    def ask(self, starts: range) -> list[Neighbors]:
        search = self._search
        with search.lock:
            new = starts not in self._begun
            self._begun.add(starts)
        if new:
            search.ask(starts)
        with search.lock:
            return [Neighbors(search.found.rows.copy(), search.found.scores.copy())]


@compiled
def merge(rows: Terms, scores: Floats, more_rows: Terms, more_scores: Floats) -> None:
    """Merge lists into those of the same rows, by (-round(score, 9), row); what stands in both stays once."""
    k = rows.shape[1]
    own_rows, own_scores = np.empty_like(rows[0]), np.empty_like(scores[0])
    for x in range(rows.shape[0]):
        own_rows[:], own_scores[:] = rows[x], scores[x]
        i = j = 0
        for at in range(k):
            one, other = own_rows[i], more_rows[x, j]
            mine, theirs = np.rint(own_scores[i] * 1e9), np.rint(more_scores[x, j] * 1e9)
            if one >= 0 and (other < 0 or mine > theirs or (mine == theirs and one <= other)):
                rows[x, at], scores[x, at] = one, own_scores[i]
                i += 1
                j += one == other
            else:
                rows[x, at], scores[x, at] = other, more_scores[x, j]
                j += 1
