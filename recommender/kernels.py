"""The compiled loops of the exact search: an inverted file, two bounds, and the scores themselves; owns numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recommender.sparse import Floats, Ints, Terms

LANE = 32  # rows looked at together, a multiple of every vector width
TINY = 2e-10  # rounds to 0 at nine decimals, and is no score
OPTIONS: Any = {"nogil": True, "no_cfunc_wrapper": True}  # half the wrappers, and 5 s to compile all instead of 8

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Span = tuple[int, int]
Singles = NDArray[np.float32]
Numbers = NDArray[np.uint32]


class Matrix(NamedTuple):
    """Rows without the terms of one row only; term 0 is the most frequent, a row keeps the caller's order."""

    ptr: Ints
    terms: Numbers
    weights: Floats
    frequency: Ints


class Index(NamedTuple):
    """An inverted file of the rare terms, and a sketch of every row's common ones."""

    starts: Ints  # (terms + 1,); a common term has no postings
    rows: Numbers
    weights: Singles
    before: Numbers  # for every entry of the matrix: its term's postings before its row
    norms: Singles  # (4, n filled up to LANE): L2 norms of a row's common terms, in four groups
    common: NDArray[np.uint8]  # (n, common terms filled up to LANE): weight / scale, rounded up
    scales: Singles


class Goal(NamedTuple):
    """What may stand in a list: scores above the floor; of no row of the same family."""

    floor: float
    rounding: float  # relative error of a float32 score
    lowest: float  # bound that every pair needs
    least: Singles  # bound that a pair needs to enter a row's list as it is; filled up to LANE rows
    families: Ints  # label of a row, from 0 on
    members: Ints  # rows by family
    bounds: Ints  # (families + 1,): where the members of a family begin


class Desk(NamedTuple):
    """One task's working arrays, for one row x at a time, and the pairs it found."""

    partial: Singles  # score with every row before x over the rare terms
    excess: Singles  # by how much a row's first bound exceeds what it needs
    peaks: Singles  # highest of every LANE partial scores
    hits: Ints
    upper: Singles  # second bound of every hit
    row: Floats  # x's weight for every term
    best: Floats  # x's k best scores with rows before it
    tops: Singles
    first: Terms
    second: Terms
    scores: Floats


def _compiled(function: Kernel) -> Kernel:
    """Compile for Python; kept in __pycache__, else in the user's cache folder, else compiled in every process."""
    try:
        return cast("Kernel", njit(cache=True, **OPTIONS)(function))
    except RuntimeError:  # numba: "no locator available for file"
        return cast("Kernel", njit(**OPTIONS)(function))


def _part(function: Kernel) -> Kernel:
    """Compile as a part of other kernels only, which keep it with their own code."""
    return cast("Kernel", njit(**(OPTIONS | {"no_cpython_wrapper": True}))(function))


@_compiled
def fill(terms: Matrix, common: int, index: Index) -> None:
    """Write the postings."""
    place = index.starts[:-1].copy()
    for x in range(terms.ptr.size - 1):
        for p in range(terms.ptr[x], terms.ptr[x + 1]):
            term = terms.terms[p]
            if term >= common:
                at = place[term]
                index.before[p] = at - index.starts[term]
                index.rows[at], index.weights[at] = x, terms.weights[p]
                place[term] += 1


@_part
def _push(best: NDArray[Any], value: float) -> None:
    if value > best[-1]:
        at = best.size - 1
        while at > 0 and best[at - 1] < value:
            best[at] = best[at - 1]
            at -= 1
        best[at] = value


@_part
def _last_of_best(values: Singles, best: Singles) -> Any:
    """Fill best with the highest values and give its last, 0 for too few; np.partition compiles for 12 s."""
    best[:] = 0
    for value in values:
        _push(best, value)
    return best[-1]


@_part
def _spread(terms: Matrix, x: int, row: Floats, factor: float) -> None:
    for p in range(terms.ptr[x], terms.ptr[x + 1]):
        row[terms.terms[p]] = terms.weights[p] * factor


@_part
def _dot(terms: Matrix, y: int, row: Floats) -> float:
    """Sum in ascending term number; a term of y alone adds 0.0 and changes nothing."""
    total = 0.0
    for p in range(terms.ptr[y], terms.ptr[y + 1]):
        total += terms.weights[p] * row[terms.terms[p]]
    return total


@_part
def _scatter(terms: Matrix, index: Index, x: int, partial: Singles) -> None:
    """Add up x's score with every row before it over the rare terms: a third of the time.

    Four postings read before any sum is written take 1.1 ns each; one at a time, ended by a comparison, 1.6 ns.
    """
    partial[:] = 0
    for p in range(terms.ptr[x], terms.ptr[x + 1]):
        factor, start = np.float32(terms.weights[p]), index.starts[terms.terms[p]]
        stop = start + index.before[p]
        rows, weights = index.rows[start:stop], index.weights[start:stop]
        whole = rows.size // 4 * 4
        for q in range(0, whole, 4):
            y0, y1, y2, y3 = rows[q], rows[q + 1], rows[q + 2], rows[q + 3]
            w0, w1, w2, w3 = weights[q], weights[q + 1], weights[q + 2], weights[q + 3]
            partial[y0] += factor * w0
            partial[y1] += factor * w1
            partial[y2] += factor * w2
            partial[y3] += factor * w3
        for q in range(whole, rows.size):
            partial[rows[q]] += factor * weights[q]


@_part
def _forbid(goal: Goal, x: int, partial: Singles) -> None:
    """Put the scores of x itself, of the rows after it and of its family out of reach."""
    partial[x:] = -4
    family = goal.families[x]
    for i in range(goal.bounds[family], goal.bounds[family + 1]):
        if goal.members[i] < x:
            partial[goal.members[i]] = -4


@_part
def _find_peaks(partial: Singles, peaks: Singles) -> None:
    for i in range(peaks.size):
        peak = np.float32(0)
        for y in range(i * LANE, (i + 1) * LANE):
            peak = max(peak, partial[y])
        peaks[i] = peak


@_part
def _exceed(norms: Singles, x: int, low: float, desk: Any) -> None:
    """Bound every row's score by Cauchy and Schwarz in every group; subtract the lower need of both lists."""
    partial, excess, least = desk
    limit = np.float32(low)
    n0, n1, n2, n3 = norms[0], norms[1], norms[2], norms[3]
    f0, f1, f2, f3 = n0[x], n1[x], n2[x], n3[x]
    for y in range(excess.size):
        bound = partial[y] + f0 * n0[y] + f1 * n1[y] + f2 * n2[y] + f3 * n3[y]
        excess[y] = bound - min(limit, least[y])


@_part
def _reaching(values: Singles, low: float, hits: Ints) -> int:
    """Note the rows whose value is at least low as hits; the first loop is vectorised and mostly finds none."""
    limit = np.float32(low)
    count = 0
    for start in range(0, values.size, LANE):
        some = 0
        for y in range(start, start + LANE):
            some += values[y] >= limit
        if some:
            for y in range(start, start + LANE):
                hits[count] = y
                count += values[y] >= limit
    return count


@_part
def _bound(index: Index, x: int, desk: Desk, count: int) -> None:
    """Bound the score of every hit by the product of the sketches, in whole numbers."""
    common, width = index.common, index.common.shape[1]
    for i in range(count):
        y = desk.hits[i]
        total = np.int32(0)
        for c in range(width):
            total += np.int32(common[x, c]) * np.int32(common[y, c])
        desk.upper[i] = desk.partial[y] + index.scales[x] * index.scales[y] * np.float32(total)


@_part
def _least(goal: Goal, score: float) -> float:
    """Give the least bound with which a row may enter a list that ends with score, ties included."""
    return max((score - 2e-9) * (1 - goal.rounding), goal.lowest)


@_part
def _settle(terms: Matrix, goal: Goal, desk: Desk, state: tuple[int, int, int]) -> int:
    """Compute the hits whose bound can still enter one of the two lists, each once, and note the pairs that do."""
    x, count, found = state
    for i in range(count):
        y = desk.hits[i]
        low = min(_least(goal, desk.best[-1]), goal.least[y])
        if desk.upper[i] >= low:
            score = _dot(terms, y, desk.row)
            desk.partial[y] = -4
            if score >= low and score > goal.floor and np.rint(score * 1e9) > 0:
                _push(desk.best, score)
                desk.first[found], desk.second[found], desk.scores[found] = x, y, score
                found += 1
    return found


@_compiled
def search(terms: Matrix, index: Index, goal: Goal, desk: Desk, span: Span) -> Span:
    """Find a span's rows' pairs with rows before them, while there is room; give the next row and the count.

    First come the k best by bound of the rows with high partial scores, which brings the list's end near its
    final value; then every row whose bound reaches that, or what its own list needs.
    """
    found = 0
    for x in range(span[0], span[1]):
        if found + x > desk.first.size:
            return x, found
        size = (x // LANE + 1) * LANE
        partial, excess, peaks = desk.partial[:size], desk.excess[:size], desk.peaks[: size // LANE]
        _scatter(terms, index, x, partial)
        _forbid(goal, x, partial)
        _spread(terms, x, desk.row, 1.0)
        desk.best[:] = 0
        _find_peaks(partial, peaks)
        low = _last_of_best(peaks, desk.tops)
        if low > 0:
            count = _reaching(partial, low, desk.hits)
            _bound(index, x, desk, count)
            low = _last_of_best(desk.upper[:count], desk.tops)
            for i in range(count):
                if desk.upper[i] < low:
                    desk.upper[i] = 0
            found = _settle(terms, goal, desk, (x, count, found))
        _exceed(index.norms, x, _least(goal, desk.best[-1]), (partial, excess, goal.least))
        count = _reaching(excess, 0.0, desk.hits)
        _bound(index, x, desk, count)
        found = _settle(terms, goal, desk, (x, count, found))
        _spread(terms, x, desk.row, 0.0)
    return span[1], found


@_compiled
def enter(goal: Goal, rows: Terms, scores: Floats, desk: Desk, count: int) -> None:
    """Enter pairs into the lists of both rows; every pair comes once, in any order."""
    for i in range(count):
        x, y, score = desk.first[i], desk.second[i], desk.scores[i]
        _insert(rows[x], scores[x], y, score)
        goal.least[x] = _least(goal, scores[x, -1])
        _insert(rows[y], scores[y], x, score)
        goal.least[y] = _least(goal, scores[y, -1])


@_part
def _insert(rows: Terms, scores: Floats, row: int, score: float) -> None:
    """Enter a row into one list, by (-round(score, 9), row)."""
    key = np.rint(score * 1e9)
    at = rows.size
    while at > 0:
        other = np.rint(scores[at - 1] * 1e9)
        if other > key or (other == key and rows[at - 1] < row):
            break
        if at < rows.size:
            rows[at], scores[at] = rows[at - 1], scores[at - 1]
        at -= 1
    if at < rows.size:
        rows[at], scores[at] = row, score
