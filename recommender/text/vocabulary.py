"""The counted words of a site under one sorted vocabulary, each in the form that is its term."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Ints, Terms, entries_of
from recommender.text.word_counts import MOST, Counted


@dataclass(frozen=True)
class Merged:
    """All counts of a site under one sorted vocabulary, rows in the order of its articles.

    ``data`` is (entries, columns) uint16, 65,535 at most. A term need not have any entry.
    """

    vocabulary: list[str]
    indptr: Ints
    indices: Terms
    data: NDArray[np.uint16]


def words_in_use(counted: Counted) -> Counter[str]:
    """Count the articles that have each word: a row of the counts need not be an article's."""
    words = Counter[str]()
    for counts, rows in counted.placed():
        _, places = entries_of(counts.indptr, rows[rows >= 0])
        add_up(words, counts.vocabulary, np.bincount(counts.indices[places], minlength=len(counts.vocabulary)))
    return words


def add_up(words: Counter[str], vocabulary: Sequence[str], used: Ints) -> None:
    """Add how many articles of a part have each of its words."""
    for number in np.flatnonzero(used).tolist():
        words[vocabulary[number]] += int(used[number])


def numbered_terms(counted: Counted, form: Callable[[str], str]) -> tuple[list[str], list[Terms]]:
    """Give the terms of a site, sorted, and of each part the number of every word's term."""
    forms = [[form(word) for word in part.vocabulary] for part in counted.parts]
    vocabulary = sorted(set().union(*forms))
    number = {term: place for place, term in enumerate(vocabulary)}
    return vocabulary, [np.fromiter(map(number.__getitem__, own), np.int32, len(own)) for own in forms]


def merge(counted: Counted, form: Callable[[str], str]) -> Merged:
    """Sort the words of a site, each in the form that is its term, and the rows by their articles.

    Counts of words of one form are added up; what counts nothing in any column is left out.
    """
    vocabulary, numbers = numbered_terms(counted, form)
    keys, tables = [np.zeros(0, np.int64)], [counted.parts[0].data[:0]]
    for (counts, rows), own in zip(counted.placed(), numbers, strict=True):
        here = np.flatnonzero(rows >= 0)
        starts, places = entries_of(counts.indptr, rows[here])
        terms = own[counts.indices[places]]
        counting = counts.data[places].any(axis=1)
        keys.append((np.repeat(here, np.diff(starts)) * max(1, len(vocabulary)) + terms)[counting])
        tables.append(counts.data[places[counting]])
    articles_terms, entries = np.unique(np.concatenate(keys), return_inverse=True)
    owners, indices = np.divmod(articles_terms, max(1, len(vocabulary)))
    data = np.empty((len(indices), tables[0].shape[1]), np.uint16)
    for column, times in enumerate(np.concatenate(tables).T):
        data[:, column] = np.minimum(np.bincount(entries, weights=times, minlength=len(indices)), MOST)
    indptr = np.searchsorted(owners, np.arange(len(counted.order) + 1))
    return Merged(vocabulary, indptr, indices.astype(np.int32), data)


def frequencies(merged: Merged, fields: int) -> Ints:
    """Count the articles that have each term in each of the first columns: (fields, terms) int64."""
    words = len(merged.vocabulary)
    held = (merged.indices[merged.data[:, field] > 0] for field in range(fields))
    return np.array([np.bincount(terms, minlength=words) for terms in held], np.int64).reshape(fields, words)
