"""Compiled inner loops of the cosine search: the only owner of numba."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit  # type: ignore[import-untyped]
from numpy.typing import NDArray

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Span = tuple[int, int]

LANE = 32  # rows looked at together, a multiple of every vector width


class Terms(NamedTuple):
    """The matrix without terms of one row only; term 0 is the most frequent one.

    A row keeps its terms in the caller's order, so that sums run in that order.
    """

    ptr: NDArray[np.int64]
    terms: NDArray[np.uint32]
    weights: NDArray[np.float64]
    frequency: NDArray[np.int64]


class Index(NamedTuple):
    """An inverted file of the rare terms, and a sketch of every row's common ones."""

    starts: NDArray[np.int64]  # (terms + 1,); a common term has no postings
    rows: NDArray[np.uint32]
    weights: NDArray[np.float32]
    norms: NDArray[np.float32]  # L2 norm of the common part; as many as rows, filled up to LANE
    common: NDArray[np.uint8]  # (n, common terms filled up to LANE): weight / scale, rounded up
    scales: NDArray[np.float32]


class Goal(NamedTuple):
    """What a search may answer with."""

    floor: float
    rounding: float  # relative error of a float32 score
    families: NDArray[np.int64]  # label of a row, from 0 on
    members: NDArray[np.int64]  # rows by family
    bounds: NDArray[np.int64]  # (families + 1,): where a family's members begin


class _Desk(NamedTuple):
    """One task's working arrays, for one row at a time."""

    partial: NDArray[np.float32]  # score over the rare terms, per row
    peaks: NDArray[np.float32]  # highest of every LANE partial scores
    hits: NDArray[np.int64]
    upper: NDArray[np.float32]  # bound per hit
    row: NDArray[np.float64]  # the row's weights per term


def _compiled(function: Kernel) -> Kernel:
    """Compile to machine code that runs without the interpreter lock.

    The code is kept in __pycache__, else in the user's cache folder; where neither can be
    written it is compiled anew in every process.
    """
    try:
        return cast("Kernel", njit(nogil=True, cache=True)(function))
    except RuntimeError:  # numba: "no locator available for file"
        return cast("Kernel", njit(nogil=True)(function))


@_compiled
def fill(terms: Terms, common: int, index: Index) -> None:
    """Write postings, norms and sketches; 254 steps leave room for the scale's rounding."""
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
            index.scales[x] = highest / 254
            for p in range(terms.ptr[x], terms.ptr[x + 1]):
                if terms.terms[p] < common:
                    steps = np.ceil(terms.weights[p] / index.scales[x])
                    index.common[x, terms.terms[p]] = np.uint8(steps)


@_compiled
def usual_score(terms: Terms, k: int) -> float:
    """Estimate the mean k-th best score from 64 rows against every 8th row."""
    n = terms.ptr.size - 1
    row = np.zeros(terms.frequency.size)
    best = np.empty(max(1, k // 8))
    scores = np.empty(n // 8 + 1)
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
    return total * step / max(n, 1)


@_compiled
def _last_of_best(values: NDArray[Any], best: NDArray[Any]) -> float:
    """Fill best with the highest values, falling, and return its last (0 for too few).

    Not np.partition: that alone takes numba 12 s to compile, this 0.1 s.
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
def _spread(terms: Terms, x: int, row: NDArray[np.float64], factor: float) -> None:
    for p in range(terms.ptr[x], terms.ptr[x + 1]):
        row[terms.terms[p]] = terms.weights[p] * factor


@_compiled
def _dot(terms: Terms, y: int, row: NDArray[np.float64]) -> float:
    """Sum in ascending term number: a term that only y has adds 0.0 and changes nothing."""
    total = 0.0
    for p in range(terms.ptr[y], terms.ptr[y + 1]):
        total += terms.weights[p] * row[terms.terms[p]]
    return total


@_compiled
def _desk(terms: Terms, index: Index) -> _Desk:
    size = index.norms.size
    return _Desk(
        np.zeros(size, np.float32),
        np.zeros(size // LANE, np.float32),
        np.empty(size + 1, np.int64),
        np.empty(size, np.float32),
        np.zeros(terms.frequency.size),
    )


@_compiled
def _scatter(terms: Terms, index: Index, x: int, partial: NDArray[np.float32]) -> None:
    """Add up x's score with every row over the rare terms, in float32."""
    partial[:] = 0
    for p in range(terms.ptr[x], terms.ptr[x + 1]):
        term = terms.terms[p]
        weight = np.float32(terms.weights[p])
        for q in range(index.starts[term], index.starts[term + 1]):
            partial[index.rows[q]] += weight * index.weights[q]


@_compiled
def _peaks(partial: NDArray[np.float32], peaks: NDArray[np.float32]) -> None:
    for i in range(peaks.size):
        peak = np.float32(0)
        for y in range(i * LANE, (i + 1) * LANE):
            peak = max(peak, partial[y])
        peaks[i] = peak


@_compiled
def _reaching(desk: _Desk, norms: NDArray[np.float32], norm: float, low: float) -> int:
    """Write the rows whose Cauchy-Schwarz bound reaches low to the hits; return how many.

    A first, branchless loop over LANE rows is vectorised and mostly finds none.
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
    """Bound the score of every hit: the common terms' product in 8 bits, rounded up."""
    common, width = index.common, index.common.shape[1]
    for i in range(count):
        y = desk.hits[i]
        total = np.int32(0)
        for c in range(width):
            total += np.int32(common[x, c]) * np.int32(common[y, c])
        scale = index.scales[x] * index.scales[y]
        desk.upper[i] = desk.partial[y] + scale * np.float32(total)


@_compiled
def _insert(rows: NDArray[np.int32], scores: NDArray[np.float64], row: int, score: float) -> None:
    """Put a row into one row's list, by (-round(score, 9), row)."""
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
def _least(goal: Goal, score: float) -> float:
    """The least bound of a row that can still enter a list that ends with score."""
    return max((max(score, goal.floor) - 2e-9) * (1 - goal.rounding), 2e-10)


@_compiled
def _settle(terms: Terms, goal: Goal, desk: _Desk, count: int, found: Any) -> None:
    """Compute the hits that can still enter the list, and enter them; each only once."""
    rows, scores = found
    for i in range(count):
        if desk.upper[i] >= _least(goal, scores[-1]):
            y = desk.hits[i]
            score = _dot(terms, y, desk.row)
            desk.partial[y] = -4
            if score > goal.floor and np.rint(score * 1e9) > 0:
                _insert(rows, scores, y, score)


@_compiled
def search(terms: Terms, index: Index, goal: Goal, span: Span, found: Any) -> None:
    """Fill the lists, rows (n, k) and scores (n, k), of a span's rows.

    First the k best by bound of the rows with high partial scores, so that the list's end
    is near its final value; then every row whose bound reaches that.
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
        _peaks(desk.partial, desk.peaks)
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


@_compiled
def join(terms: Terms, index: Index, limits: tuple[float, float], span: Span, out: Any) -> tuple[int, int]:
    """Write the pairs (y, x), y < x, of a span's rows; return the next row and the count.

    Stops before a row that might not find room.
    """
    desk = _desk(terms, index)
    count = 0
    for x in range(span[0], span[1]):
        if count + x > out[0].size:
            return x, count
        _scatter(terms, index, x, desk.partial)
        _spread(terms, x, desk.row, 1.0)
        hits = _reaching(desk, index.norms, index.norms[x], limits[1])
        _bound(index, x, desk, hits)
        for i in range(hits):
            y = desk.hits[i]
            if y < x and desk.upper[i] >= limits[1]:
                score = _dot(terms, y, desk.row)
                if score >= limits[0]:
                    out[0][count], out[1][count], out[2][count] = y, x, score
                    count += 1
        _spread(terms, x, desk.row, 0.0)
    return span[1], count
