"""The ranking cut into shares for several machines, and their lists merged: what one machine finds, bit for bit.

A share is every so many rows asking, 32 at a time, about all rows before them. A pair's score does not depend on who
computes it. What a machine leaves out of its lists has lower scores than the k that stand there, and those come to be
merged too, so the k best of all lists are the k best of all pairs.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from recommender.kernels import LANES, compiled
from recommender.neighbors import Neighbors, Search
from recommender.parallel import Executor
from recommender.sparse import Floats, Rows, Terms

# Shares a thread: a lost machine costs what it had in hand, a slow one is helped out; each moves 12 k bytes a row.
SHARES = 3
# Shares for few threads, so that machines that join later find some left.
LEAST = 8


def nearest_elsewhere(matrix: Rows, k: int, families: Terms, there: Executor) -> Neighbors:
    """Find what ``neighbors.nearest`` finds with a floor of 0, on other machines."""
    n = len(matrix)
    count = max(LEAST, SHARES * there.threads)
    shares = [range(number * LANES, n, count * LANES) for number in range(count) if number * LANES < n]
    found = Neighbors(np.full((n, k), -1, np.int32), np.zeros((n, k)))
    for parts in there.map(Ranking(matrix, k, families), shares, "ranking"):
        for part in parts:
            merge(found.rows, found.scores, part.rows, part.scores)
    return found


@dataclass(frozen=True)
class Ranking:
    """The work of ranking a site; ``name`` tells one from another."""

    matrix: Rows
    k: int
    families: Terms
    name: str = field(default_factory=secrets.token_hex)

    def __call__(self, starts: Sequence[int]) -> list[Neighbors]:
        """Give the lists of all rows as far as this process has filled them, this share's pairs among them."""
        search = _search(self)
        search.ask(starts)
        with search.lock:
            return [Neighbors(search.found.rows.copy(), search.found.scores.copy())]


# The index of a site takes long to make, and lists that shares before have filled rule more pairs out.
_made: dict[str, Search] = {}
_making = Lock()


def _search(work: Ranking) -> Search:
    with _making:
        if work.name not in _made:
            _made.clear()
            _made[work.name] = Search(work.matrix, work.k, work.families, 0.0)
        return _made[work.name]


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
