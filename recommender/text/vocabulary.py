"""The counted words of a site under one sorted vocabulary, each in the form that is its term."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Ints, Terms
from recommender.text.tokens import MOST, Columns, Tokenized, Tokens, lines_of_rows


@dataclass(frozen=True)
class Merged:
    """All counts of a site under one sorted vocabulary, rows in the order of its articles.

    ``data`` is (entries, columns) uint16: how often the term counts in each weighted field, in the head and in the
    title, 65,535 times at most. One table for all: a term is looked up once, however many columns it is in. A term need
    not have any entry.
    """

    vocabulary: list[str]
    indptr: Ints
    indices: Terms
    data: NDArray[np.uint16]


def words_in_use(site: Tokenized) -> Counter[str]:
    """Count the articles that have each word: a row of the tokens need not be an article's."""
    words = Counter[str]()
    for tokens, rows in site.placed():
        placed = _placed(tokens, rows)
        size = max(1, len(tokens.vocabulary))
        once = np.unique(placed.owners * size + placed.words)
        add_up(words, tokens.vocabulary, np.bincount(once % size, minlength=len(tokens.vocabulary)))
    return words


def add_up(words: Counter[str], vocabulary: Sequence[str], used: Ints) -> None:
    """Add how many articles of a part have each of its words."""
    for number in np.flatnonzero(used).tolist():
        words[vocabulary[number]] += int(used[number])


def numbered_terms(site: Tokenized, form: Callable[[str], str]) -> tuple[list[str], list[Terms]]:
    """Give the terms of a site, sorted, and of each part the number of every word's term."""
    forms = [[form(word) for word in part.vocabulary] for part in site.parts]
    vocabulary = sorted(set().union(*forms))
    number = {term: place for place, term in enumerate(vocabulary)}
    return vocabulary, [np.fromiter(map(number.__getitem__, own), np.int32, len(own)) for own in forms]


def counting_lines(columns: Columns) -> NDArray[np.bool_]:
    """Tell in which lines words count in any column."""
    counting: NDArray[np.bool_] = columns.times.any(axis=1) | (columns.long & columns.leads.any())
    return counting & ~(columns.code & (columns.code_times == 0))


def merge(site: Tokenized, form: Callable[[str], str], columns: Columns) -> Merged:
    """Count the words of a site under one sorted vocabulary, each in the form that is its term.

    Of the code of an article each word counts so many times at most, whatever its form.
    """
    vocabulary, numbers = numbered_terms(site, form)
    keys, tables, counting = [np.zeros(0, np.int64)], [columns.times[:0]], counting_lines(columns)
    for (tokens, rows), terms in zip(site.placed(), numbers, strict=True):
        placed = _placed(tokens, rows)
        placed = _Placed(*(own[_within(placed, columns) & counting[placed.lines]] for own in placed))
        keys.append(placed.owners * max(1, len(vocabulary)) + terms[placed.words])
        tables.append(columns.times[placed.lines] + _leading(placed, columns)[:, None] * columns.leads)
    entries, places = np.unique(np.concatenate(keys), return_inverse=True)
    owners, indices = np.divmod(entries, max(1, len(vocabulary)))
    data = np.empty((len(indices), len(columns.leads)), np.uint16)
    for column, times in enumerate(np.concatenate(tables).T):
        data[:, column] = np.minimum(np.bincount(places, weights=times, minlength=len(indices)), MOST)
    indptr = np.searchsorted(owners, np.arange(len(site.order) + 1))
    return Merged(vocabulary, indptr, indices.astype(np.int32), data)


class _Placed(NamedTuple):
    """The words of articles, in order: the article of each, the line, and the number of the word."""

    owners: Ints
    lines: Ints
    words: Ints


def _placed(tokens: Tokens, rows: Ints) -> _Placed:
    here = np.flatnonzero(rows >= 0)
    starts, places = lines_of_rows(tokens, rows[here])
    words = tokens.numbers[places].astype(np.int64)
    owners, lines = np.divmod(np.repeat(np.arange(len(starts) - 1), np.diff(starts)), tokens.lines)
    kept = words >= 0
    return _Placed(here[owners[kept]], lines[kept], words[kept])


def _within(placed: _Placed, columns: Columns) -> NDArray[np.bool_]:
    """Tell which words stand in no code, or not too often before in the same code."""
    within = np.ones(len(placed.words), np.bool_)
    code = np.flatnonzero(columns.code[placed.lines])
    order = code[np.lexsort((code, placed.words[code], placed.lines[code], placed.owners[code]))]
    sorted_by = [own[order] for own in placed]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = np.any([own[1:] != own[:-1] for own in sorted_by], axis=0)
    first = np.flatnonzero(fresh)
    times = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    within[order[times >= columns.code_times]] = False
    return within


def _leading(placed: _Placed, columns: Columns) -> NDArray[np.bool_]:
    """Tell which words are among the first of the long lines of their articles."""
    long = columns.long[placed.lines]
    places = np.concatenate([[0], np.cumsum(long)])
    before = places[np.searchsorted(placed.owners, placed.owners)]
    leading: NDArray[np.bool_] = long & (places[1:] - before <= columns.lead_words)
    return leading


def frequencies(merged: Merged, fields: int) -> Ints:
    """Count the articles that have each term in each of the first columns: (fields, terms) int64."""
    words = len(merged.vocabulary)
    held = (merged.indices[merged.data[:, field] > 0] for field in range(fields))
    return np.array([np.bincount(terms, minlength=words) for terms in held], np.int64).reshape(fields, words)
