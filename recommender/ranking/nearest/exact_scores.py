"""The exact scores of the pairs that a bound could not rule out, and the lists that they enter."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommender.arrays.jit import compiled, part
from recommender.arrays.sparse_rows import Floats, Terms
from recommender.ranking.nearest.matrix import LANES, SCALE, Constraints, Matrix, Workspace


@part
def _scatter(terms: Matrix, x: int, row: Floats, factor: float) -> None:
    """Write the weights of row x, times a factor, into a dense row of one entry a term."""
    for p in range(terms.ptr[x], terms.ptr[x + 1]):
        row[terms.terms[p]] = terms.weights[p] * factor


@part
def _row(terms: Matrix, y: int) -> Any:
    """Give the terms and weights of row y."""
    return terms.terms[terms.ptr[y] : terms.ptr[y + 1]], terms.weights[terms.ptr[y] : terms.ptr[y + 1]]


@part
def _dot_from(entries: Any, start: int, row: Floats, total: float) -> float:
    """Sum in ascending term number; a term of one row alone adds 0.0 and changes nothing."""
    terms, weights = entries
    for i in range(start, terms.size):
        total += weights[i] * row[terms[i]]
    return total


@part
def _dot_four(terms: Matrix, row: Floats, rows: Any, scores: Any) -> Any:
    """Sum four scores side by side, each in its own order, as far as all go: a sum alone waits for every addition."""
    r0, r1, r2, r3 = _row(terms, rows[0]), _row(terms, rows[1]), _row(terms, rows[2]), _row(terms, rows[3])
    (t0, w0), (t1, w1), (t2, w2), (t3, w3) = r0, r1, r2, r3
    s0 = s1 = s2 = s3 = 0.0
    length = min(t0.size, t1.size, t2.size, t3.size)
    for i in range(length):
        s0 += w0[i] * row[t0[i]]
        s1 += w1[i] * row[t1[i]]
        s2 += w2[i] * row[t2[i]]
        s3 += w3[i] * row[t3[i]]
    scores[0], scores[1], scores[2], scores[3] = s0, s1, s2, s3
    return length


@part
def compare(terms: Matrix, x: int, row: Floats, rows: Terms, scores: Floats) -> None:
    """Compute the scores of row x with some rows; ``row``, one entry a term, is all zeros before and after."""
    _scatter(terms, x, row, 1.0)
    for i in range(0, rows.size, 4):
        last, length = min(i + 4, rows.size), 0
        scores[i:last] = 0
        if last == i + 4:
            length = _dot_four(terms, row, rows[i:last], scores[i:last])
        for j in range(i, last):
            scores[j] = _dot_from(_row(terms, rows[j]), length, row, scores[j])
    _scatter(terms, x, row, 0.0)


@part
def _sort(workspace: Workspace, count: int) -> Any:
    """Order the noted pairs by lane; give where each lane's end."""
    ends = np.zeros(LANES + 1, np.int64)
    for i in range(count):
        ends[workspace.hits[1, i] + 1] += 1
    for lane in range(LANES):
        ends[lane + 1] += ends[lane]
    for i in range(count):
        lane = workspace.hits[1, i]
        workspace.second[ends[lane]] = workspace.hits[0, i]
        ends[lane] += 1
    return ends


@compiled
def score_pairs(terms: Matrix, constraints: Constraints, workspace: Workspace, x: int, count: int) -> int:
    """Compute the noted pairs' scores, for row x and those after it, and keep what may stand in a list."""
    ends, row = _sort(workspace, count), workspace.row
    found = start = 0
    for lane in range(LANES):
        stop = ends[lane]
        if start < stop:
            compare(terms, x + lane, row, workspace.second[start:stop], workspace.scores[start:stop])
        for i in range(start, stop):
            score = workspace.scores[i]
            if score > constraints.floor and np.rint(score * 1e9) > 0:
                workspace.first[found], workspace.second[found], workspace.scores[found] = (
                    x + lane,
                    workspace.second[i],
                    score,
                )
                found += 1
        start = stop
    return found


def least_bound(score: float) -> Any:
    """Give the least bound of a pair that may enter a list that ends with score, ties included."""
    return np.uint16(min(max(np.floor((score - 2e-9) * (SCALE - 1)) - 1, 0), SCALE))


_least_bound = part(least_bound)


@part
def _filled(rows: Terms) -> int:
    """Count the entries of a list, which may end with empty ones."""
    low, high = 0, rows.size
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < 0:
            high = middle
        else:
            low = middle + 1
    return low


@part
def insert(rows: Terms, scores: Floats, row: int, score: float) -> None:
    """Enter a row into one list, by (-round(score, 9), row); most go near its end, so they are sought from there."""
    key = np.rint(score * 1e9)
    at = rows.size if rows[-1] >= 0 else _filled(rows)
    while at > 0:
        other = np.rint(scores[at - 1] * 1e9)
        if other > key or (other == key and rows[at - 1] < row):
            break
        at -= 1
        if at < rows.size - 1:
            rows[at + 1], scores[at + 1] = rows[at], scores[at]
    if at < rows.size:
        rows[at], scores[at] = row, score


@compiled
def resume(constraints: Constraints, scores: Floats, first: int) -> None:
    """Have the lists need what their ends are; those before the first one take no pair at all."""
    for x in range(constraints.least_bounds.size):
        constraints.least_bounds[x] = (
            max(constraints.least_bounds[x], _least_bound(scores[x, -1])) if x >= first else np.uint16(SCALE)
        )


@compiled
def insert_pairs(constraints: Constraints, rows: Terms, scores: Floats, workspace: Workspace, count: int) -> None:
    """Enter pairs into the lists of both rows; every pair comes once, in any order."""
    for i in range(count):
        x, y, score = workspace.first[i], workspace.second[i], workspace.scores[i]
        most = _least_bound(score + 4e-9)
        for _ in range(2):
            if most >= constraints.least_bounds[x]:
                insert(rows[x], scores[x], constraints.names[y], score)
                constraints.least_bounds[x] = max(constraints.least_bounds[x], _least_bound(scores[x, -1]))
            x, y = y, x
