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
    norms: Singles  # L2 norm of a row's common part; filled up to LANE rows
    common: NDArray[np.uint8]  # (n, common terms filled up to LANE): weight / scale, rounded up
    scales: Singles


class Goal(NamedTuple):
    """What may stand in a list: scores above the floor; of no row of the same family."""

    floor: float
    rounding: float  # relative error of a float32 score
    families: Ints  # label of a row, from 0 on
    members: Ints  # rows by family
    bounds: Ints  # (families + 1,): where the members of a family begin


class _Desk(NamedTuple):
    """One task's working arrays, for one row at a time."""

    partial: Singles  # score with every row over the rare terms
    peaks: Singles  # highest of every LANE partial scores
    hits: Ints
    upper: Singles  # bound of every hit
    row: Floats  # the row's weight for every term


def _compiled(function: Kernel) -> Kernel:
    """Compile to code that runs without the interpreter lock.

    It is kept in __pycache__, else in the user's cache folder, else compiled anew in every process (8 s).
    """
    try:
        return cast("Kernel", njit(nogil=True, cache=True)(function))
    except RuntimeError:  # numba: "no locator available for file"
        return cast("Kernel", njit(nogil=True)(function))


@_compiled
def fill(terms: Matrix, common: int, index: Index) -> None:
    """Write postings, norms and sketches; 254 steps leave room for the scale's own rounding."""
    place = index.starts[:-1].copy()
    for x in range(terms.ptr.size - 1):
        highest = square = 0.0
        for p in range(terms.ptr[x], terms.ptr[x + 1]):
            term, weight = terms.terms[p], terms.weights[p]
            if term < common:
                square += weight * weight
                highest = max(highest, weight)
            else:
                index.rows[place[term]] = x
                index.weights[place[term]] = weight
                place[term] += 1
        if highest > 0:
            index.norms[x] = np.sqrt(square)
            index.scales[x] = max(highest / 254, 1e-30)
            for p in range(terms.ptr[x], terms.ptr[x + 1]):
                if terms.terms[p] < common:
                    index.common[x, terms.terms[p]] = np.uint8(np.ceil(terms.weights[p] / index.scales[x]))


@_compiled
def usual_score(terms: Matrix, k: int) -> float:
    """Estimate the mean k-th best score from 64 rows against every 8th row; only speed depends on it."""
    n = terms.ptr.size - 1
    row = np.zeros(terms.frequency.size)
    best, scores = np.empty(max(1, k // 8)), np.empty(n // 8 + 1)
    step = max(1, n // 64)
    total = 0.0
    for x in range(0, n, step):
        _spread(terms, x, row, 1.0)
        count = 0
        for y in range(x % 8, n, 8):
            scores[count] = 0.0 if y == x else _dot(terms, y, row)
            count += 1
        _spread(terms, x, row, 0.0)
        total += _last_of_best(scores[:count], best)
    return total * step / n


@_compiled
def _last_of_best(values: NDArray[Any], best: NDArray[Any]) -> Any:
    """Fill best with the highest values, falling, and give its last, 0 for too few.

    np.partition would do, but takes numba 12 s to compile; this takes 0.2 s.
    """
    best[:] = 0
    for value in values:
        if value > best[-1]:
            at = best.size - 1
            while at > 0 and best[at - 1] < value:
                best[at] = best[at - 1]
                at -= 1
            best[at] = value
    return best[-1]


@_compiled
def _spread(terms: Matrix, x: int, row: Floats, factor: float) -> None:
    for p in range(terms.ptr[x], terms.ptr[x + 1]):
        row[terms.terms[p]] = terms.weights[p] * factor


@_compiled
def _dot(terms: Matrix, y: int, row: Floats) -> float:
    """Sum in ascending term number; a term of y alone adds 0.0 and changes nothing."""
    total = 0.0
    for p in range(terms.ptr[y], terms.ptr[y + 1]):
        total += terms.weights[p] * row[terms.terms[p]]
    return total


@_compiled
def _desk(terms: Matrix, index: Index) -> _Desk:
    size = index.norms.size
    partial, peaks = np.zeros(size, np.float32), np.zeros(size // LANE, np.float32)
    hits, upper = np.empty(size + 1, np.int64), np.empty(size, np.float32)
    return _Desk(partial, peaks, hits, upper, np.zeros(terms.frequency.size))


@_compiled
def _scatter(terms: Matrix, index: Index, x: int, partial: Singles) -> None:
    """Add up x's score with every row over the rare terms: about 40 % of the time, 1.0 to 1.5 ns a product."""
    partial[:] = 0
    for p in range(terms.ptr[x], terms.ptr[x + 1]):
        term, weight = terms.terms[p], np.float32(terms.weights[p])
        for q in range(index.starts[term], index.starts[term + 1]):
            partial[index.rows[q]] += weight * index.weights[q]


@_compiled
def _find_peaks(partial: Singles, peaks: Singles) -> None:
    for i in range(peaks.size):
        peak = np.float32(0)
        for y in range(i * LANE, (i + 1) * LANE):
            peak = max(peak, partial[y])
        peaks[i] = peak


@_compiled
def _reaching(desk: _Desk, norms: Singles, norm: float, low: float) -> int:
    """Note the rows whose Cauchy-Schwarz bound is at least low as hits; give their count.

    The first, branchless loop over LANE rows is vectorised and mostly finds none.
    """
    partial, hits = desk.partial, desk.hits
    factor, limit = np.float32(norm), np.float32(low)
    count = 0
    for start in range(0, partial.size, LANE):
        some = 0
        for y in range(start, start + LANE):
            some += partial[y] + factor * norms[y] >= limit
        if some:
            for y in range(start, start + LANE):
                hits[count] = y
                count += partial[y] + factor * norms[y] >= limit
    return count


@_compiled
def _bound(index: Index, x: int, desk: _Desk, count: int) -> None:
    """Bound the score of every hit by the product of the sketches, in whole numbers."""
    common, width = index.common, index.common.shape[1]
    for i in range(count):
        y = desk.hits[i]
        total = np.int32(0)
        for c in range(width):
            total += np.int32(common[x, c]) * np.int32(common[y, c])
        desk.upper[i] = desk.partial[y] + index.scales[x] * index.scales[y] * np.float32(total)


@_compiled
def _least(goal: Goal, score: float) -> float:
    """Give the least bound with which a row may enter a list that ends with score, ties included."""
    return max((max(score, goal.floor) - 2e-9) * (1 - goal.rounding), TINY)


@_compiled
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


@_compiled
def _settle(terms: Matrix, goal: Goal, desk: _Desk, count: int, own: Any) -> None:
    """Compute the hits whose bound can still enter the list, each once, and enter them."""
    rows, scores = own
    for i in range(count):
        if desk.upper[i] >= _least(goal, scores[-1]):
            y = desk.hits[i]
            score = _dot(terms, y, desk.row)
            desk.partial[y] = -4
            if score > goal.floor and np.rint(score * 1e9) > 0:
                _insert(rows, scores, y, score)


@_compiled
def search(terms: Matrix, index: Index, goal: Goal, span: Span, found: Any) -> None:
    """Fill the lists of a span's rows.

    First enter the k best by bound of the rows with high partial scores, which brings the list's end near its
    final value; then every row whose bound reaches that.
    """
    desk = _desk(terms, index)
    best = np.empty(found[0].shape[1], np.float32)
    for x in range(span[0], span[1]):
        own = (found[0][x], found[1][x])
        _scatter(terms, index, x, desk.partial)
        _spread(terms, x, desk.row, 1.0)
        family = goal.families[x]
        for i in range(goal.bounds[family], goal.bounds[family + 1]):
            desk.partial[goal.members[i]] = -4
        _find_peaks(desk.partial, desk.peaks)
        low = _last_of_best(desk.peaks, best)
        if low > 0:
            count = _reaching(desk, index.norms, 0.0, low)
            _bound(index, x, desk, count)
            low = _last_of_best(desk.upper[:count], best)
            for i in range(count):
                if desk.upper[i] < low:
                    desk.upper[i] = 0
            _settle(terms, goal, desk, count, own)
        count = _reaching(desk, index.norms, index.norms[x], _least(goal, own[1][-1]))
        _bound(index, x, desk, count)
        _settle(terms, goal, desk, count, own)
        _spread(terms, x, desk.row, 0.0)
