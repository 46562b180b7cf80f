"""The merging of ``vocabulary`` in compiled loops, for large sites."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import Span, compiled, part
from recommender.arrays.sparse_rows import Ints, Terms
from recommender.system import parallel
from recommender.system.threads import in_threads, spans
from recommender.text.vocabulary import Merged, add_up, numbered_terms
from recommender.text.word_counts import MOST, Counted


class _Source(NamedTuple):
    indptr: Ints
    indices: Terms
    data: NDArray[np.uint16]  # (entries, columns)
    rows: Ints  # of each article, -1 for those of other parts
    terms: Terms  # of each word


_Rows = tuple[Ints, Ints, Terms, NDArray[np.uint16]]


def words_in_use(counted: Counted) -> Counter[str]:
    """Count the articles that have each word: a row of the counts need not be an article's."""
    words = Counter[str]()
    for counts, rows in counted.placed():
        used = np.zeros(len(counts.vocabulary), np.int64)
        _add(counts.indptr, counts.indices, rows, used)
        add_up(words, counts.vocabulary, used)
    return words


def merge(counted: Counted, form: Callable[[str], str]) -> Merged:
    """Sort the words of a site, each in the form that is its term, and the rows by their articles.

    Counts of words of one form are added up; what counts nothing in any column is left out.
    """
    vocabulary, numbers = numbered_terms(counted, form)
    sources, starts = list[_Source](), np.zeros(len(counted.order) + 1, np.int64)
    for (counts, rows), own in zip(counted.placed(), numbers, strict=True):
        sources.append(_Source(counts.indptr.astype(np.int64), counts.indices, counts.data, rows, own))
        _measure(sources[-1], starts)
    starts, filled = np.cumsum(starts), np.zeros(len(counted.order), np.int64)
    # Made by numpy, which asks for huge pages: the first touch of 160 MB in small ones takes as long as the rest.
    indices, data = np.empty(starts[-1], np.int32), np.empty((starts[-1], counted.parts[0].data.shape[1]), np.uint16)
    for source in sources:
        sort = partial(_sort, source, (starts, filled, indices, data))
        in_threads(parallel.cores(), sort, spans(len(filled)))
    indptr = np.zeros(len(starts), np.int64)
    end = _close_ranks(starts, filled, indptr, (indices, data))
    return Merged(vocabulary, indptr, indices[:end], data[:end])


def frequencies(merged: Merged, fields: int) -> Ints:
    """Count the articles that have each term in each of the first columns: (fields, terms) int64."""
    found = np.zeros((fields, len(merged.vocabulary)), np.int64)
    _count(merged.indices, merged.data, found)
    return found


@compiled
def _count(indices: Terms, data: NDArray[np.uint16], frequency: Ints) -> None:
    """Add up df: frequency[f, t] is the number of entries of term t that count something in field f."""
    for p in range(indices.size):
        for field in range(frequency.shape[0]):
            frequency[field, indices[p]] += data[p, field] > 0


@compiled
def _add(indptr: Ints, indices: Terms, rows: Ints, used: Ints) -> None:
    """Count the wanted rows that have each word; row -1 is none."""
    for row in rows:
        if row >= 0:
            for p in range(indptr[row], indptr[row + 1]):
                used[indices[p]] += 1


@part
def _counts(counts: NDArray[np.uint16], p: int) -> bool:
    """Tell whether entry p counts something in any column."""
    total = 0
    for column in range(counts.shape[1]):
        total |= counts[p, column]
    return total > 0


@compiled
def _measure(source: _Source, lengths: Ints) -> None:
    """Count the entries of each row, which stand behind it."""
    for i in range(source.rows.size):
        row, length = source.rows[i], 0
        if row >= 0:
            for p in range(source.indptr[row], source.indptr[row + 1]):
                length += _counts(source.data, p)
            lengths[i + 1] = length


@compiled
def _sort(source: _Source, into: _Rows, span: Span) -> None:
    """Sort the entries of some rows by term; those of one term become one."""
    starts, filled, indices, data = into
    for i in range(span[0], span[1]):
        if source.rows[i] < 0:
            continue
        first, at = source.indptr[source.rows[i]], starts[i]
        keys = np.empty(starts[i + 1] - at, np.int64)
        count = 0
        for p in range(first, source.indptr[source.rows[i] + 1]):
            if _counts(source.data, p):
                keys[count] = (np.int64(source.terms[source.indices[p]]) << 32) | (p - first)
                count += 1
        keys.sort()
        for key in keys:
            term, place = key >> 32, first + (key & 0xFFFFFFFF)
            more = at > starts[i] and indices[at - 1] == term
            at += not more
            indices[at - 1] = term
            for column in range(data.shape[1]):
                held = np.int64(data[at - 1, column]) if more else 0
                data[at - 1, column] = min(held + source.data[place, column], MOST)
        filled[i] = at


@compiled
def _close_ranks(starts: Ints, filled: Ints, indptr: Ints, entries: tuple[Terms, NDArray[np.uint16]]) -> int:
    """Move the entries up to where those that became one leave room; give how many there are."""
    indices, data = entries
    end = 0
    for i in range(starts.size - 1):
        for at in range(starts[i], filled[i]):
            indices[end] = indices[at]
            for column in range(data.shape[1]):  # to compile the copy of a row takes 2 s
                data[end, column] = data[at, column]
            end += 1
        indptr[i + 1] = end
    return end
