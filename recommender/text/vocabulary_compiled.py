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
from recommender.system.threads import SPAN, in_threads, spans
from recommender.text.tokens import MOST, Columns, Tokenized
from recommender.text.vocabulary import Merged, add_up, counting_lines, numbered_terms


class _Source(NamedTuple):
    starts: Ints
    numbers: Terms
    rows: Ints  # of each article, -1 for those of other parts
    terms: Terms  # of each word


class _Counting(NamedTuple):
    """``Columns`` for compiled loops, and which lines count in any of them."""

    times: Ints
    leads: Ints
    long: NDArray[np.bool_]
    code: NDArray[np.bool_]
    code_times: int
    lead_words: int
    lines: NDArray[np.bool_]


_Rows = tuple[Ints, Terms, NDArray[np.uint16]]


def words_in_use(site: Tokenized) -> Counter[str]:
    """Count the articles that have each word: a row of the tokens need not be an article's."""
    words = Counter[str]()
    for tokens, rows in site.placed():
        used, latest = np.zeros(len(tokens.vocabulary), np.int64), np.full(len(tokens.vocabulary), -1)
        _add(tokens.starts[:: tokens.lines].copy(), tokens.numbers, rows, (used, latest))
        add_up(words, tokens.vocabulary, used)
    return words


def merge(site: Tokenized, form: Callable[[str], str], columns: Columns) -> Merged:
    """Count the words of a site under one sorted vocabulary, each in the form that is its term.

    Of the code of an article each word counts so many times at most, whatever its form.
    """
    vocabulary, numbers = numbered_terms(site, form)
    counting = _Counting(*columns, counting_lines(columns))
    articles, indptr = len(site.order), np.zeros(len(site.order) + 1, np.int64)
    placed = zip(site.placed(), numbers, strict=True)
    sources = [_Source(tokens.starts, tokens.numbers, rows, terms) for (tokens, rows), terms in placed]
    # Large parts: each has a table of all terms.
    parts = spans(articles, max(SPAN, articles // (4 * parallel.cores())))
    for source in sources:
        measure = partial(_measure, source, counting, indptr, len(vocabulary))
        in_threads(parallel.cores(), measure, parts)
    indptr = np.cumsum(indptr)
    # Made by numpy, which asks for huge pages: the first touch of 160 MB in small ones takes as long as the rest.
    indices, data = np.empty(indptr[-1], np.int32), np.zeros((indptr[-1], len(columns.leads)), np.uint16)
    for source in sources:
        count = partial(_count_words, source, counting, (indptr, indices, data), len(vocabulary))
        in_threads(parallel.cores(), count, parts)
    return Merged(vocabulary, indptr, indices, data)


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
def _add(starts: Ints, numbers: Terms, rows: Ints, into: tuple[Ints, Ints]) -> None:
    """Count the wanted rows that have each word; row -1 is none."""
    used, latest = into
    for row in rows:
        if row >= 0:
            for p in range(starts[row], starts[row + 1]):
                if numbers[p] >= 0 and latest[numbers[p]] != row:
                    latest[numbers[p]] = row
                    used[numbers[p]] += 1


@compiled
def _measure(source: _Source, counting: _Counting, lengths: Ints, terms: int, span: Span) -> None:
    """Count the terms of some articles, each behind its own place."""
    latest, lines = np.full(terms, -1), counting.lines.size
    for i in range(span[0], span[1]):
        row = source.rows[i]
        if row < 0:
            continue
        length = 0
        for line in range(lines):
            if counting.lines[line]:
                for p in range(source.starts[row * lines + line], source.starts[row * lines + line + 1]):
                    number = source.numbers[p]
                    if number >= 0 and latest[source.terms[number]] != i:
                        latest[source.terms[number]] = i
                        length += 1
        lengths[i + 1] = length


@compiled
def _count_words(source: _Source, counting: _Counting, into: _Rows, terms: int, span: Span) -> None:
    """Fill the rows of some articles: their terms, ascending, and how often each counts in each column."""
    latest, coded = np.full(terms, -1), np.zeros(source.terms.size, np.int64)
    lines = counting.lines.size
    for i in range(span[0], span[1]):
        row, leading = source.rows[i], 0
        if row < 0:
            continue
        _sort(source, counting, into, latest, i)
        for line in range(lines):
            if counting.lines[line]:
                words = source.numbers[source.starts[row * lines + line] : source.starts[row * lines + line + 1]]
                leading = _count_line(words, line, (source.terms, latest, coded), counting, (into[2], leading))


@part
def _count_line(
    words: Terms, line: int, known: tuple[Terms, Ints, Ints], counting: _Counting, into: tuple[NDArray[np.uint16], int]
) -> int:
    """Add the words of a line to the counts of their terms; give how many words of long lines there were till then."""
    (terms, latest, coded), (data, leading) = known, into
    for number in words:
        if number < 0:
            continue
        if counting.code[line]:
            coded[number] += 1
            if coded[number] > counting.code_times:
                continue
        leading += counting.long[line]
        leads = counting.long[line] and leading <= counting.lead_words
        for column in range(counting.leads.size):
            more = counting.times[line, column] + leads * counting.leads[column]
            data[latest[terms[number]], column] = min(MOST, data[latest[terms[number]], column] + more)
    if counting.code[line]:
        for number in words:
            coded[number] = 0
    return leading


@part
def _sort(source: _Source, counting: _Counting, into: _Rows, latest: Ints, i: int) -> None:
    """Write the terms of an article, ascending, and of each in ``latest`` where it stands."""
    indptr, indices, row, lines = into[0], into[1], source.rows[i], counting.lines.size
    end = indptr[i]
    for line in range(lines):
        if counting.lines[line]:
            for p in range(source.starts[row * lines + line], source.starts[row * lines + line + 1]):
                number = source.numbers[p]
                if number >= 0 and latest[source.terms[number]] < indptr[i]:
                    latest[source.terms[number]] = indptr[i]
                    indices[end] = source.terms[number]
                    end += 1
    indices[indptr[i] : end].sort()
    for q in range(indptr[i], end):
        latest[indices[q]] = q
