"""Better lists of near rows from good ones: who is near the near is often near too.

Every row looks at the neighbours of its neighbours, by the sum of the products of the two scores that lead there, and
is compared exactly with the highest of them (Dong, Moses and Li 2011, "Efficient k-nearest neighbor graph
construction for generic similarity measures"). A pair that one of its rows finds then enters both lists.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import Matrix, Numbers, Shorts, compiled, holds, part
from recommender.arrays.sparse_rows import Floats, Ints, Terms
from recommender.ranking.nearest.exact_scores import compare, insert
from recommender.system.threads import share_out, spans

Keys = NDArray[np.uint64]

BLOCK = 256  # rows of one task
WALK = 64  # neighbours of a row that are followed
SLOTS = 2 * WALK * WALK  # places of the rows met, half of which stay free: 64 KB
FULL = 65535.0
LAST = 0xFFFFFFFF
HASH = 2654435761  # 2**32 / golden ratio: Knuth's multiplicative hashing


class Lists(NamedTuple):
    """What is found, and what may stand in it."""

    rows: Terms
    scores: Floats
    families: Ints
    floor: float


class Walker(NamedTuple):
    """One thread's working arrays."""

    slots: Terms  # (SLOTS,) a row that was met, or -1
    sums: Numbers  # of the products that lead to it
    used: Ints  # slots in use
    keys: Keys
    rows: Terms  # compared exactly, and their scores
    scores: Floats
    row: Floats  # the asking row's weight for every term


def refine(terms: Matrix, lists: Lists, candidates: int, threads: int) -> None:
    """Look once at the neighbours of every row's neighbours, then let both rows of every pair know of each other."""
    _look(terms, lists, candidates, threads)
    agree(lists, threads)


def _look(terms: Matrix, lists: Lists, candidates: int, threads: int) -> None:
    near = lists.rows.copy(), (np.clip(lists.scores, 0, 1) * FULL).astype(np.uint16)

    def work(shared: Any) -> None:
        walker = Walker(
            slots=np.full(SLOTS, -1, np.int32),
            sums=np.zeros(SLOTS, np.uint32),
            used=np.zeros(SLOTS // 2, np.int64),
            keys=np.zeros(SLOTS // 2, np.uint64),
            rows=np.zeros(candidates, np.int32),
            scores=np.zeros(candidates),
            row=np.zeros(terms.frequency.size),
        )
        for first, last in shared:
            look_around(terms, lists, near, walker, (first, last))

    share_out(threads, work, spans(len(lists.rows), BLOCK))


def agree(lists: Lists, threads: int) -> None:
    """Enter every pair into the lists of both its rows."""
    n, rows, scores = len(lists.rows), lists.rows.copy(), lists.scores.copy()

    def work(shared: Any) -> None:
        for first, last in shared:
            mirror(lists, rows, scores, first, last)

    share_out(threads, work, spans(n, -(-n // max(threads, 1))))


@part
def sort_key(found: int, row: int) -> Any:
    """Order candidates by what was found of them, of equal ones the first row highest."""
    return (np.uint64(found) << np.uint64(32)) | np.uint64(LAST - row)


@part
def row_of(key: int) -> Any:
    """Give the row of a candidate."""
    return LAST - np.int64(key & np.uint64(LAST))


@part
def offer(lists: Lists, x: int, y: int, score: float) -> None:
    """Enter row y into the list of row x where it may stand there; it does not stand there yet."""
    if lists.families[y] == lists.families[x] or score <= lists.floor or np.rint(score * 1e9) <= 0:
        return
    if score > lists.scores[x, -1] - 2e-9:
        insert(lists.rows[x], lists.scores[x], y, score)


@part
def _slot(slots: Terms, row: int) -> int:
    """Give the place of a row, or the free one that it may take."""
    at = ((row * HASH) >> 16) & (SLOTS - 1)
    while slots[at] >= 0 and slots[at] != row:
        at = (at + 1) & (SLOTS - 1)
    return at


@part
def _meet(near: tuple[Terms, Shorts], walker: Walker, x: int) -> int:
    """Add up what leads from row x to the neighbours of its neighbours; give how many rows were met."""
    rows, shares = near
    walk, count = min(WALK, rows.shape[1]), 0
    slots, sums = walker.slots, walker.sums
    for i in range(walk):
        y = rows[x, i]
        if y < 0:
            break
        share = np.uint32(shares[x, i])
        for j in range(walk):
            z = rows[y, j]
            if z < 0:
                break
            at = _slot(slots, z)
            if slots[at] < 0:
                slots[at], sums[at], walker.used[count] = z, 0, at
                count += 1
            sums[at] += (share * np.uint32(shares[y, j])) >> np.uint32(16)
    return count


@compiled
def look_around(terms: Matrix, lists: Lists, near: tuple[Terms, Shorts], walker: Walker, span: tuple[int, int]) -> None:
    """Compare some rows with the most promising neighbours of their neighbours, as the lists were before."""
    rows, most = near[0], walker.rows.size
    for x in range(span[0], span[1]):
        met = _meet(near, walker, x)
        # Known already: the row itself and those in its list.
        walker.sums[_slot(walker.slots, x)] = 0
        for i in range(rows.shape[1]):
            if rows[x, i] >= 0:
                walker.sums[_slot(walker.slots, rows[x, i])] = 0
        count = 0
        for i in range(met):
            at = walker.used[i]
            if walker.sums[at] > 0:
                walker.keys[count] = sort_key(walker.sums[at], walker.slots[at])
                count += 1
            walker.slots[at] = -1
        best = walker.keys[:count]
        if count > most:
            best = np.partition(best, count - most)[count - most :]
        for i in range(best.size):
            walker.rows[i] = row_of(best[i])
        compare(terms, x, walker.row, walker.rows[: best.size], walker.scores[: best.size])
        for i in range(best.size):
            offer(lists, x, walker.rows[i], walker.scores[i])


@compiled
def mirror(lists: Lists, rows: Terms, scores: Floats, first: int, last: int) -> None:
    """Enter into the lists of some rows the rows in whose lists they stood; the order of entering does not matter."""
    for x in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            y, score = rows[x, i], scores[x, i]
            if first <= y < last and score > lists.scores[y, -1] - 2e-9 and not holds(lists.rows[y], x):
                offer(lists, y, x, score)
