"""Nearly exact nearest rows by cosine, for sites whose every pair is too many.

Who is near is told by what tells most for its cost: of a row's terms those with the least rows for their squared
weight, until their rows together use up a budget. Their products are summed for every row by inverted file, and the
rows of the highest sums are compared exactly. A pair that one of its rows finds enters both lists; what the budget
did not find is found among the neighbours of neighbours (``refining``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from recommender.arrays.jit import Matrix, Numbers, Shorts, compiled, part
from recommender.arrays.sparse_rows import Floats, Ints, Rows, Terms
from recommender.ranking.nearest.exact_scores import compare
from recommender.ranking.nearest.refinement import BLOCK, FULL, Keys, Lists, agree, offer, refine, row_of, sort_key
from recommender.ranking.nearest.search import Neighbors, by_frequency
from recommender.system.threads import share_out, spans

TILE = 1 << 17  # rows whose sums are added up before the next: 256 KB
GROUP = 32  # rows of a tile, evenly spaced, of which only the highest sum is looked at first
BUDGET = 120  # postings of a row, times the square root of the rows
CANDIDATES = 6  # compared exactly, times the length of a list
ROUNDS, LOOKS = 2, 1  # looks at the neighbours of neighbours, and rows compared in each, times the length of a list


class Postings(NamedTuple):
    """Rows and weights by term, ascending; a term of more rows than the budget has none."""

    starts: Ints
    rows: Numbers
    shares: Shorts


class Scout(NamedTuple):
    """One thread's working arrays."""

    sums: Shorts  # (TILE,)
    ends: Ints  # next posting of a chosen term
    chosen: Ints  # terms
    shares: Ints  # their weights
    keys: Keys  # candidates
    rows: Terms
    peaks: Shorts  # highest sum of every group
    counts: Ints  # groups by their highest sum
    row: Floats  # the asking row's weight for every term
    scores: Floats


def nearest_pruned(matrix: Rows, k: int, families: Terms, floor: float, threads: int) -> Neighbors:
    """Find nearly all of the k rows of highest cosine for every row, in O(n**1.5) time and O(n) memory.

    As ``nearest`` does it, but a row may miss near ones that share with it none of the terms that the budget is for
    and are near to none of its neighbours. Nothing depends on the number of threads. The share that is found is
    printed by ``make scale``.
    """
    n, terms = len(matrix), by_frequency(matrix)
    lists = Lists(np.full((n, k), -1, np.int32), np.zeros((n, k)), families.astype(np.int64), max(floor, 0.0))
    if k < 1 or not len(terms.terms):
        return Neighbors(lists.rows, lists.scores)
    _search(terms, lists, threads)
    agree(lists, threads)
    for _ in range(ROUNDS):
        refine(terms, lists, LOOKS * k, threads)
    return Neighbors(lists.rows, lists.scores)


def _search(terms: Matrix, lists: Lists, threads: int) -> None:
    """Fill the lists with what the budget finds; the postings are let go then."""
    n, k = lists.rows.shape
    budget, most = int(BUDGET * np.sqrt(n)), CANDIDATES * k
    index = postings_of(terms, budget)

    def work(shared: Any) -> None:
        desk = _desk(terms, most)
        for first, last in shared:
            rank(terms, index, desk, lists, (first, last, budget, most))

    share_out(threads, work, spans(n, BLOCK))


def _desk(terms: Matrix, most: int) -> Scout:
    longest, room = int(np.diff(terms.ptr).max()), 4 * most + GROUP
    return Scout(
        sums=np.zeros(TILE, np.uint16),
        ends=np.zeros(longest, np.int64),
        chosen=np.zeros(longest, np.int64),
        shares=np.zeros(longest, np.int64),
        keys=np.zeros(room, np.uint64),
        rows=np.zeros(most, np.int32),
        peaks=np.zeros(TILE // GROUP, np.uint16),
        counts=np.zeros(1 << 10, np.int64),
        row=np.zeros(terms.frequency.size),
        scores=np.zeros(most),
    )


def postings_of(terms: Matrix, budget: int) -> Postings:
    """Turn the rows around."""
    held = np.where(terms.frequency <= budget, terms.frequency, 0)
    starts = np.concatenate([[0], np.cumsum(held)]).astype(np.int64)
    index = Postings(starts, np.empty(starts[-1], np.uint32), np.empty(starts[-1], np.uint16))
    _fill(terms, index)
    return index


@compiled
def _fill(terms: Matrix, index: Postings) -> None:
    place = index.starts[:-1].copy()
    for x in range(terms.ptr.size - 1):
        for p in range(terms.ptr[x], terms.ptr[x + 1]):
            term = terms.terms[p]
            if index.starts[term] < index.starts[term + 1]:
                # Rounded down, so that no sum is too high for 16 bits.
                index.rows[place[term]], index.shares[place[term]] = x, np.uint16(terms.weights[p] * FULL)
                place[term] += 1


@part
def _choose(terms: Matrix, index: Postings, desk: Scout, x: int, budget: int) -> int:
    """Choose the terms that tell most for their cost; give how many."""
    start, stop = terms.ptr[x], terms.ptr[x + 1]
    keys = np.empty(stop - start)
    for p in range(start, stop):
        term, weight = terms.terms[p], terms.weights[p]
        rows = index.starts[term + 1] - index.starts[term]
        keys[p - start] = rows / (weight * weight + 1e-30) if rows else np.inf
    count = 0
    for i in np.argsort(keys):
        term = terms.terms[start + i]
        rows = index.starts[term + 1] - index.starts[term]
        if keys[i] == np.inf or rows > budget:
            break
        budget -= rows
        desk.chosen[count], desk.ends[count] = term, index.starts[term]
        desk.shares[count] = np.int64(terms.weights[start + i] * FULL)
        count += 1
    return count


@part
def _end(rows: Numbers, first: int, last: int, stop: int) -> int:
    """Give the place of the first of ascending rows that is not before row stop."""
    if first == last or rows[last - 1] < stop:
        return last
    while first < last:
        middle = (first + last) // 2
        if rows[middle] < stop:
            first = middle + 1
        else:
            last = middle
    return first


@part
def _add_up(index: Postings, desk: Scout, count: int, start: int, stop: int) -> None:
    sums, rows, shares = desk.sums, index.rows, index.shares
    sums[: stop - start] = 0
    for i in range(count):
        share, first = np.uint32(desk.shares[i]), desk.ends[i]
        last = _end(rows, first, index.starts[desk.chosen[i] + 1], stop)
        for p in range(first, last):
            sums[rows[p] - start] += np.uint16((share * np.uint32(shares[p])) >> np.uint32(16))
        desk.ends[i] = last


@part
def _keep_best(desk: Scout, count: int, most: int) -> tuple[int, Any]:
    """Keep the highest candidates; give how many and the least sum that may enter."""
    if count <= most:
        return count, 1
    desk.keys[:count] = np.partition(desk.keys[:count], count - most)[::-1]
    return most, np.int64(desk.keys[:most].min() >> np.uint64(32))


@part
def _raise(desk: Scout, groups: int, bar: int, most: int) -> int:
    """Raise the bar to what as many groups reach as candidates are wanted, in steps of 64."""
    counts = desk.counts
    counts[:] = 0
    for group in range(groups):
        counts[desk.peaks[group] >> 6] += 1
    above = 0
    for step in range(counts.size - 1, -1, -1):
        above += counts[step]
        if above >= most:
            return max(bar, step << 6)
    return bar


@part
def _collect(desk: Scout, span: tuple[int, int], state: tuple[int, int], most: int) -> tuple[int, int]:
    """Note the rows of the highest sums so far: (how many, the sum that a row must reach)."""
    start, stop = span
    count, bar = state
    groups = (stop - start + GROUP - 1) // GROUP
    sums, peaks = desk.sums, desk.peaks[:groups]
    sums[stop - start : groups * GROUP] = 0
    peaks[:] = 0
    for first in range(0, groups * GROUP, groups):
        own = sums[first : first + groups]
        # Evenly spaced rows, so that the compiler takes 16 groups at once: a tenth of the time.
        for group in range(groups):
            peaks[group] = max(peaks[group], own[group])
    bar = _raise(desk, groups, bar, most)
    for group in range(groups):
        if peaks[group] < bar:
            continue
        for i in range(group, groups * GROUP, groups):
            if sums[i] >= bar:
                desk.keys[count] = sort_key(sums[i], start + i)
                count += 1
        if count + GROUP > desk.keys.size:
            count, bar = _keep_best(desk, count, most)
    return count, bar


@compiled
def rank(terms: Matrix, index: Postings, desk: Scout, lists: Lists, task: tuple[int, int, int, int]) -> None:
    """Rank the candidates of some rows: (first row, row after the last, budget, candidates)."""
    first, last, budget, most = task
    n = terms.ptr.size - 1
    for x in range(first, last):
        chosen = _choose(terms, index, desk, x, budget)
        count, bar = 0, 1
        for start in range(0, n, TILE):
            stop = min(start + TILE, n)
            _add_up(index, desk, chosen, start, stop)
            count, bar = _collect(desk, (start, stop), (count, bar), most)
        count, _ = _keep_best(desk, count, most)
        for i in range(count):
            desk.rows[i] = row_of(desk.keys[i])
        compare(terms, x, desk.row, desk.rows[:count], desk.scores[:count])
        for i in range(count):
            offer(lists, x, desk.rows[i], desk.scores[i])
