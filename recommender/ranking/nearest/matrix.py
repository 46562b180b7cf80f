"""What the loops of the search work on: the rows by term frequency, their postings, and a thread's working arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import compiled
from recommender.arrays.sparse_rows import Floats, Ints, Rows, Terms, by_falling_frequency

LANES = 32  # asking rows side by side
SCALE = 65535  # a weight of 1; a bound of 1 is 65534

Shorts = NDArray[np.uint16]
Numbers = NDArray[np.uint32]


class Matrix(NamedTuple):
    """Rows without the terms of one row only; term 0 is the most frequent, a row keeps the caller's order."""

    ptr: Ints
    terms: Numbers
    weights: Floats
    frequency: Ints


class Index(NamedTuple):
    """The weights as whole numbers, rounded up: by row for the frequent terms, by term for the others."""

    frequent: int
    ptr: Ints  # (rows + 1,): where a row's frequent terms begin
    terms: Shorts
    weights: Shorts
    starts: Ints  # (terms + 1,): where a term's postings begin; a frequent term has none
    rows: Numbers
    shares: Shorts


class Constraints(NamedTuple):
    """What may stand in a list: scores above the floor; of no row of the same family.

    Lists hold rows by their ``names``.
    """

    floor: float
    least_bounds: Shorts  # bound that a pair needs to enter a row's list as it is
    families: Ints  # label of a row, from 0 on
    members: Ints  # rows by family
    bounds: Ints  # (families + 1,): where the members of a family begin
    names: Terms


class Workspace(NamedTuple):
    """One thread's working arrays, for LANES asking rows at a time, and the pairs it found."""

    sums: Shorts  # (rows, LANES): bound without the slack
    table: Shorts  # (frequent terms + others of a block, LANES): the asking rows' weights
    slots: Terms  # (terms,): a term's place among the block's other terms, or -1
    others: NDArray[np.int64]  # (4, terms): term, next posting, lane or -1 - row of the table, weight
    maxima: Shorts  # (any, LANES): highest sum of every so many rows
    thresholds: Shorts
    slack: Shorts
    row: Floats  # an asking row's weight for every term
    hits: Ints  # (2, room): row and lane
    first: Terms
    second: Terms
    scores: Floats


def by_frequency(matrix: Rows, names: Terms | None = None) -> Matrix:
    """Number the terms by falling frequency, so that a dot product's random reads fall close together.

    ``names`` gives the rows in another order.
    """
    frequency, order, number = by_falling_frequency(matrix)
    count = int((frequency > 1).sum())
    names = np.arange(len(matrix), dtype=np.int32) if names is None else names
    size = int(frequency[order[:count]].sum())
    terms = Matrix(
        np.zeros(len(matrix) + 1, np.int64), np.empty(size, np.uint32), np.empty(size), frequency[order[:count]]
    )
    _renumber((matrix.indptr, matrix.indices, matrix.data), names, number, terms)
    return terms


@compiled
def _renumber(rows: tuple[Ints, Terms, Floats], names: Terms, number: Terms, terms: Matrix) -> None:
    """Write the rows in the order of their names, their terms by new numbers, without those that are of no other."""
    indptr, indices, data = rows
    at = 0
    for i in range(names.size):
        for p in range(indptr[names[i]], indptr[names[i] + 1]):
            term = number[indices[p]]
            if term < terms.frequency.size:
                terms.terms[at], terms.weights[at] = term, data[p]
                at += 1
        terms.ptr[i + 1] = at
