"""Nearly exact nearest rows by cosine, for sites whose every pair is too many.

Who is near is told by what tells most for its cost: of a row's terms those with the least rows for their squared
weight, until their postings together use up a budget. Their products are summed for every row by inverted file, and
the rows of the highest sums are compared exactly. A pair that one of its rows finds enters both lists.

What the budget did not find is found among the neighbours of neighbours, for who is near the near is often near too:
every row looks at them by the sum of the products of the two scores that lead there, and is compared exactly with the
highest of them (Dong, Moses and Li 2011, "Efficient k-nearest neighbor graph construction for generic similarity
measures").
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import compiled, holds, part
from recommender.arrays.sparse_rows import Floats, Ints, Rows, Terms
from recommender.ranking.nearest.exact_scores import compare, insert
from recommender.ranking.nearest.matrix import Matrix, Numbers, Shorts, by_frequency
from recommender.ranking.nearest.search import Neighbors
from recommender.system.threads import share_out, spans

Keys = NDArray[np.uint64]

TILE = 1 << 17  # rows whose sums are added up before the next: 256 KB
GROUP = 32  # rows of a tile, evenly spaced, of which only the highest sum is looked at first
BUDGET = 120  # postings of a row, times the square root of the rows
CANDIDATES = 6  # compared exactly, times the length of a list
ROUNDS, COMPARED = 2, 1  # looks at the neighbours of neighbours, and rows compared in each, times the length of a list
BLOCK = 256  # rows of one task
FOLLOWED = 64  # neighbours of a row that are followed
SLOTS = 2 * FOLLOWED * FOLLOWED  # places of the rows met, half of which stay free: 64 KB
FULL = 65535.0
LAST = 0xFFFFFFFF
HASH = 2654435761  # 2**32 / golden ratio: Knuth's multiplicative hashing


class Lists(NamedTuple):
    """What is found, and what may stand in it."""

    rows: Terms
    scores: Floats
    families: Ints
    floor: float


class NeighborWorkspace(NamedTuple):
    """One thread's working arrays."""

    slots: Terms  # (SLOTS,) a row that was met, or -1
    sums: Numbers  # of the products that lead to it
    used: Ints  # slots in use
    keys: Keys
    rows: Terms  # compared exactly, and their scores
    scores: Floats
    row: Floats  # the asking row's weight for every term


class TermPostings(NamedTuple):
    """Rows and weights by term, ascending; a term of more rows than the budget has none."""

    starts: Ints
    rows: Numbers
    shares: Shorts


class CandidateWorkspace(NamedTuple):
    """One thread's working arrays."""

    sums: Shorts  # (TILE,)
    ends: Ints  # next posting of a chosen term
    chosen: Ints  # terms
    shares: Ints  # their weights
    keys: Keys  # candidates
    rows: Terms
    maxima: Shorts  # highest sum of every group
    counts: Ints  # groups by their highest sum
    row: Floats  # the asking row's weight for every term
    scores: Floats


def nearest_approximate(matrix: Rows, k: int, families: Terms, floor: float, threads: int) -> Neighbors:
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
    symmetrize(lists, threads)
    for _ in range(ROUNDS):
        refine(terms, lists, COMPARED * k, threads)
    return Neighbors(lists.rows, lists.scores)


def _search(terms: Matrix, lists: Lists, threads: int) -> None:
    """Fill the lists with what the budget finds; the postings are let go then."""
    n, k = lists.rows.shape
    budget, most = int(BUDGET * np.sqrt(n)), CANDIDATES * k
    index = postings_of(terms, budget)

    def work(shared: Any) -> None:
        workspace = _workspace(terms, most)
        for first, last in shared:
            rank_candidates(terms, index, workspace, lists, (first, last, budget, most))

    share_out(threads, work, spans(n, BLOCK))


def _workspace(terms: Matrix, most: int) -> CandidateWorkspace:
    longest, capacity = int(np.diff(terms.ptr).max()), 4 * most + GROUP
    return CandidateWorkspace(
        sums=np.zeros(TILE, np.uint16),
        ends=np.zeros(longest, np.int64),
        chosen=np.zeros(longest, np.int64),
        shares=np.zeros(longest, np.int64),
        keys=np.zeros(capacity, np.uint64),
        rows=np.zeros(most, np.int32),
        maxima=np.zeros(TILE // GROUP, np.uint16),
        counts=np.zeros(1 << 10, np.int64),
        row=np.zeros(terms.frequency.size),
        scores=np.zeros(most),
    )


def postings_of(terms: Matrix, budget: int) -> TermPostings:
    """Turn the rows around."""
    held = np.where(terms.frequency <= budget, terms.frequency, 0)
    starts = np.concatenate([[0], np.cumsum(held)]).astype(np.int64)
    index = TermPostings(starts, np.empty(starts[-1], np.uint32), np.empty(starts[-1], np.uint16))
    _fill(terms, index)
    return index


@compiled
def _fill(terms: Matrix, index: TermPostings) -> None:
    """Write the postings of every term, rows ascending, with weights floor(65,535 w): no sum exceeds 16 bits."""
    place = index.starts[:-1].copy()
    for x in range(terms.ptr.size - 1):
        for p in range(terms.ptr[x], terms.ptr[x + 1]):
            term = terms.terms[p]
            if index.starts[term] < index.starts[term + 1]:
                # Rounded down, so that no sum is too high for 16 bits.
                index.rows[place[term]], index.shares[place[term]] = x, np.uint16(terms.weights[p] * FULL)
                place[term] += 1


@part
def _choose_terms(terms: Matrix, index: TermPostings, workspace: CandidateWorkspace, x: int, budget: int) -> int:
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
        workspace.chosen[count], workspace.ends[count] = term, index.starts[term]
        workspace.shares[count] = np.int64(terms.weights[start + i] * FULL)
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
def _add_up(index: TermPostings, workspace: CandidateWorkspace, count: int, start: int, stop: int) -> None:
    """Set sums[y - start] to the sum of w_x w_y >> 16 over the chosen terms, for the rows y of one tile."""
    sums, rows, shares = workspace.sums, index.rows, index.shares
    sums[: stop - start] = 0
    for i in range(count):
        share, first = np.uint32(workspace.shares[i]), workspace.ends[i]
        last = _end(rows, first, index.starts[workspace.chosen[i] + 1], stop)
        for p in range(first, last):
            sums[rows[p] - start] += np.uint16((share * np.uint32(shares[p])) >> np.uint32(16))
        workspace.ends[i] = last


@part
def _keep_best(workspace: CandidateWorkspace, count: int, most: int) -> tuple[int, Any]:
    """Keep the highest candidates; give how many and the least sum that may enter."""
    if count <= most:
        return count, 1
    workspace.keys[:count] = np.partition(workspace.keys[:count], count - most)[::-1]
    return most, np.int64(workspace.keys[:most].min() >> np.uint64(32))


@part
def _raise_threshold(workspace: CandidateWorkspace, groups: int, threshold: int, most: int) -> int:
    """Raise the threshold to what as many groups reach as candidates are wanted, in steps of 64."""
    counts = workspace.counts
    counts[:] = 0
    for group in range(groups):
        counts[workspace.maxima[group] >> 6] += 1
    above = 0
    for step in range(counts.size - 1, -1, -1):
        above += counts[step]
        if above >= most:
            return max(threshold, step << 6)
    return threshold


@part
def _collect(
    workspace: CandidateWorkspace, span: tuple[int, int], state: tuple[int, int], most: int
) -> tuple[int, int]:
    """Note the rows of the highest sums so far: (how many, the sum that a row must reach)."""
    start, stop = span
    count, threshold = state
    groups = (stop - start + GROUP - 1) // GROUP
    sums, maxima = workspace.sums, workspace.maxima[:groups]
    sums[stop - start : groups * GROUP] = 0
    maxima[:] = 0
    for first in range(0, groups * GROUP, groups):
        own = sums[first : first + groups]
        # Evenly spaced rows, so that the compiler takes 16 groups at once: a tenth of the time.
        for group in range(groups):
            maxima[group] = max(maxima[group], own[group])
    threshold = _raise_threshold(workspace, groups, threshold, most)
    for group in range(groups):
        if maxima[group] < threshold:
            continue
        for i in range(group, groups * GROUP, groups):
            if sums[i] >= threshold:
                workspace.keys[count] = sort_key(sums[i], start + i)
                count += 1
        if count + GROUP > workspace.keys.size:
            count, threshold = _keep_best(workspace, count, most)
    return count, threshold


@compiled
def rank_candidates(
    terms: Matrix, index: TermPostings, workspace: CandidateWorkspace, lists: Lists, task: tuple[int, int, int, int]
) -> None:
    """Rank the candidates of some rows: (first row, row after the last, budget, candidates)."""
    first, last, budget, most = task
    n = terms.ptr.size - 1
    for x in range(first, last):
        chosen = _choose_terms(terms, index, workspace, x, budget)
        count, threshold = 0, 1
        for start in range(0, n, TILE):
            stop = min(start + TILE, n)
            _add_up(index, workspace, chosen, start, stop)
            count, threshold = _collect(workspace, (start, stop), (count, threshold), most)
        count, _ = _keep_best(workspace, count, most)
        for i in range(count):
            workspace.rows[i] = row_of(workspace.keys[i])
        compare(terms, x, workspace.row, workspace.rows[:count], workspace.scores[:count])
        for i in range(count):
            insert_allowed(lists, x, workspace.rows[i], workspace.scores[i])


def refine(terms: Matrix, lists: Lists, candidates: int, threads: int) -> None:
    """Look once at the neighbours of every row's neighbours, then let both rows of every pair know of each other."""
    _refine_once(terms, lists, candidates, threads)
    symmetrize(lists, threads)


def _refine_once(terms: Matrix, lists: Lists, candidates: int, threads: int) -> None:
    near = lists.rows.copy(), (np.clip(lists.scores, 0, 1) * FULL).astype(np.uint16)

    def work(shared: Any) -> None:
        work_arrays = NeighborWorkspace(
            slots=np.full(SLOTS, -1, np.int32),
            sums=np.zeros(SLOTS, np.uint32),
            used=np.zeros(SLOTS // 2, np.int64),
            keys=np.zeros(SLOTS // 2, np.uint64),
            rows=np.zeros(candidates, np.int32),
            scores=np.zeros(candidates),
            row=np.zeros(terms.frequency.size),
        )
        for first, last in shared:
            refine_rows(terms, lists, near, work_arrays, (first, last))

    share_out(threads, work, spans(len(lists.rows), BLOCK))


def symmetrize(lists: Lists, threads: int) -> None:
    """Enter every pair into the lists of both its rows."""
    n, rows, scores = len(lists.rows), lists.rows.copy(), lists.scores.copy()

    def work(shared: Any) -> None:
        for first, last in shared:
            insert_reversed(lists, rows, scores, first, last)

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
def insert_allowed(lists: Lists, x: int, y: int, score: float) -> None:
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
def _sum_paths(near: tuple[Terms, Shorts], work_arrays: NeighborWorkspace, x: int) -> int:
    """Add up what leads from row x to the neighbours of its neighbours; give how many rows were met."""
    rows, shares = near
    followed, count = min(FOLLOWED, rows.shape[1]), 0
    slots, sums = work_arrays.slots, work_arrays.sums
    for i in range(followed):
        y = rows[x, i]
        if y < 0:
            break
        share = np.uint32(shares[x, i])
        for j in range(followed):
            z = rows[y, j]
            if z < 0:
                break
            at = _slot(slots, z)
            if slots[at] < 0:
                slots[at], sums[at], work_arrays.used[count] = z, 0, at
                count += 1
            sums[at] += (share * np.uint32(shares[y, j])) >> np.uint32(16)
    return count


@compiled
def refine_rows(
    terms: Matrix, lists: Lists, near: tuple[Terms, Shorts], work_arrays: NeighborWorkspace, span: tuple[int, int]
) -> None:
    """Compare some rows with the most promising neighbours of their neighbours, as the lists were before."""
    rows, most = near[0], work_arrays.rows.size
    for x in range(span[0], span[1]):
        met = _sum_paths(near, work_arrays, x)
        # Known already: the row itself and those in its list.
        work_arrays.sums[_slot(work_arrays.slots, x)] = 0
        for i in range(rows.shape[1]):
            if rows[x, i] >= 0:
                work_arrays.sums[_slot(work_arrays.slots, rows[x, i])] = 0
        count = 0
        for i in range(met):
            at = work_arrays.used[i]
            if work_arrays.sums[at] > 0:
                work_arrays.keys[count] = sort_key(work_arrays.sums[at], work_arrays.slots[at])
                count += 1
            work_arrays.slots[at] = -1
        best = work_arrays.keys[:count]
        if count > most:
            best = np.partition(best, count - most)[count - most :]
        for i in range(best.size):
            work_arrays.rows[i] = row_of(best[i])
        compare(terms, x, work_arrays.row, work_arrays.rows[: best.size], work_arrays.scores[: best.size])
        for i in range(best.size):
            insert_allowed(lists, x, work_arrays.rows[i], work_arrays.scores[i])


@compiled
def insert_reversed(lists: Lists, rows: Terms, scores: Floats, first: int, last: int) -> None:
    """Enter into the lists of some rows the rows in whose lists they stood; the order of entering does not matter."""
    for x in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            y, score = rows[x, i], scores[x, i]
            if first <= y < last and score > lists.scores[y, -1] - 2e-9 and not holds(lists.rows[y], x):
                insert_allowed(lists, y, x, score)
