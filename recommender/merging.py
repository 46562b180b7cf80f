"""The counted words of a site under one sorted vocabulary, each in the form that is its term, in compiled loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.counts import MOST, Counted
from recommender.kernels import compiled
from recommender.sparse import Ints, Terms


@dataclass(frozen=True)
class Merged:
    """All counts of a site under one sorted vocabulary, rows in the order of its articles.

    ``data`` is (entries, columns) uint16, 65,535 at most. A term need not have any entry.
    """

    vocabulary: list[str]
    indptr: Ints
    indices: Terms
    data: NDArray[np.uint16]


class _Source(NamedTuple):
    indptr: Ints
    indices: Terms
    data: NDArray[np.uint16]  # (columns, entries)
    order: Ints
    terms: Terms  # of each word


def words_in_use(counted: Counted) -> list[str]:
    """Give the words that some article has: a row of the counts need not be an article's."""
    counts = counted.counts
    used = np.zeros(len(counts.vocabulary), np.bool_)
    _mark(counts.indptr, counts.indices, counted.order, used)
    return [counts.vocabulary[number] for number in np.flatnonzero(used).tolist()]


def merge(counted: Counted, form: Callable[[str], str]) -> Merged:
    """Sort the words of a site, each in the form that is its term, and the rows by their articles.

    Counts of words of one form are added up; what counts nothing in any column is left out.
    """
    counts = counted.counts
    forms = [form(word) for word in counts.vocabulary]
    vocabulary = sorted(set(forms))
    number = {term: place for place, term in enumerate(vocabulary)}
    terms = np.fromiter(map(number.__getitem__, forms), np.int32, len(forms))
    source = _Source(counts.indptr.astype(np.int64), counts.indices, counts.data, counted.order.astype(np.int64), terms)
    return Merged(vocabulary, *_sort(source, len(vocabulary)))


@compiled
def _mark(indptr: Ints, indices: Terms, order: Ints, used: NDArray[np.bool_]) -> None:
    for row in order:
        for p in range(indptr[row], indptr[row + 1]):
            used[indices[p]] = True


@compiled
def _sort(source: _Source, size: int) -> tuple[Ints, Terms, NDArray[np.uint16]]:
    """Sort the entries by term and, once more, by row: what is sorted first stays so within the rows."""
    indptr, indices, counts, order, terms = source
    ends, starts = np.zeros(size + 1, np.int64), np.zeros(order.size + 1, np.int64)
    for i in range(order.size):
        starts[i + 1] = starts[i]
        for p in range(indptr[order[i]], indptr[order[i] + 1]):
            if counts[:, p].any():
                ends[terms[indices[p]] + 1] += 1
                starts[i + 1] += 1
    for t in range(size):
        ends[t + 1] += ends[t]
    owners, places = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.int64)
    for i in range(order.size):
        for p in range(indptr[order[i]], indptr[order[i] + 1]):
            if counts[:, p].any():
                t = terms[indices[p]]
                owners[ends[t]], places[ends[t]] = i, p
                ends[t] += 1
    return _by_row((owners, places), ends, starts, counts)


@compiled
def _by_row(
    entries: tuple[Terms, Ints], ends: Ints, starts: Ints, counts: NDArray[np.uint16]
) -> tuple[Ints, Terms, NDArray[np.uint16]]:
    """Give every row its entries, which come by term; those of one term become one."""
    owners, places = entries
    indices, data = np.empty(owners.size, np.int32), np.zeros((owners.size, counts.shape[0]), np.uint16)
    filled = starts[:-1].copy()
    q = 0
    for t in range(ends.size - 1):
        for q in range(q, ends[t]):  # noqa: B020  (it goes on where the last term ended)
            i, at = owners[q], filled[owners[q]]
            if at > starts[i] and indices[at - 1] == t:
                at -= 1
            else:
                indices[at] = t
                filled[i] += 1
            for column in range(counts.shape[0]):
                data[at, column] = min(np.int64(data[at, column]) + counts[column, places[q]], MOST)
        q = ends[t]
    end = 0
    indptr = np.zeros(starts.size, np.int64)
    for i in range(filled.size):
        for at in range(starts[i], filled[i]):
            indices[end], data[end] = indices[at], data[at]
            end += 1
        indptr[i + 1] = end
    return indptr, indices[:end], data[:end]
