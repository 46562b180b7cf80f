"""Near copies: bodies that are equal nearly word for word, and so one answer whatever their titles are.

The counts are those of the composed text without its heads: what stands in the body, the first words of it twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from recommender.arrays.sparse_rows import Floats, Ints, Terms, entries_of, meet
from recommender.text.copies import SENTENCE
from recommender.text.tfidf import Coverage, Space, Vectors, columns_of, text_counts
from recommender.text.tokenizer import own_words
from recommender.text.tokens import Words

# Shared words of all words of both from which bodies are near copies: one of sixty differs at 0.96, one of twenty at
# 0.9. Fewer counted words than these tell nothing; the first words count twice.
NEAR, ENOUGH = 0.9, 2 * SENTENCE


@dataclass(frozen=True)
class Bodies:
    """The bodies of all articles: the entries of the ranked rows, and the counts beside them."""

    vectors: Vectors
    coverage: Coverage

    @property
    def sizes(self) -> Ints:
        """Count the words of each."""
        counts, rows = in_body(self.coverage.texts, self.coverage.heads), self.vectors.rows
        ends = np.concatenate([[0], np.cumsum(counts)])
        sizes: Ints = ends[rows.indptr[1:]] - ends[rows.indptr[:-1]]
        return sizes

    @cached_property
    def masses(self) -> Floats:
        """Add up the idf of the words of each text."""
        rows, values = self.vectors.rows, self.vectors.space.idf
        owners = np.repeat(np.arange(len(rows)), np.diff(rows.indptr))
        weights: Floats = values[rows.indices] * (self.coverage.texts > 0)
        found: Floats = np.bincount(owners, weights, len(rows)).astype(np.float64)
        return found

    def words_of(self, row: int) -> Terms:
        """Give the words of one article's text by their columns, ascending."""
        rows = self.vectors.rows
        own = slice(int(rows.indptr[row]), int(rows.indptr[row + 1]))
        return rows.indices[own][self.coverage.texts[own] > 0]

    def of(self, row: int) -> DraftBody:
        """Give that of one article, as if a draft had it."""
        rows, coverage = self.vectors.rows, self.coverage
        own = slice(int(rows.indptr[row]), int(rows.indptr[row + 1]))
        return DraftBody(rows.indices[own], in_body(coverage.texts[own], coverage.heads[own]), 0)


@dataclass(frozen=True)
class DraftBody:
    """A draft's body: its words by their columns, ascending, their counts, and that of words which no article has."""

    columns: Terms
    counts: Ints
    unknown: int


def in_body(texts: Any, heads: Any) -> Any:
    """Count words in bodies, by their counts in texts and heads: numbers of at most 16 bits, or arrays of them."""
    return np.maximum(np.int64(0), np.int64(texts) - np.int64(heads))


def draft_body(space: Space, words: Words) -> DraftBody:
    """Count the words of a draft's body."""
    known = [columns_of(space, n, [*own, *words.head, *words.title]) for n, own in enumerate(words.fields)]
    columns, texts, heads, _ = text_counts(space, words, known)
    unknown = sum(_unknown(words.fields[n], known[n]) - _unknown(words.head, known[n]) for n in space.text_numbers)
    return DraftBody(columns, np.maximum(0, texts - heads).astype(np.int64), max(0, unknown))


def _unknown(words: Sequence[str], known: Mapping[str, int]) -> int:
    return sum(word not in known for word in words)


def draft_shares(bodies: Bodies, written: str, words: Words, numbers: Ints) -> Floats:
    """Give the share of words that the body of a draft, as it is written, shares with those of some articles.

    It is 0 where they are no near copies; words of its own tell whether the draft has a body at all.
    """
    if own_words(written, SENTENCE) < SENTENCE:
        return np.zeros(len(numbers))
    return shares_with(bodies, draft_body(bodies.vectors.space, words), numbers)


def shares_with(bodies: Bodies, own: DraftBody, numbers: Ints) -> Floats:
    """Give the share of words that a draft's body shares with those of some articles, 0 below that of near copies."""
    coverage, rows = bodies.coverage, bodies.vectors.rows
    owners, places = meet(rows, own.columns, numbers).held
    counts = np.zeros(rows.columns, np.int64)
    counts[own.columns] = own.counts
    mine, theirs = counts[rows.indices[places]], in_body(coverage.texts[places], coverage.heads[places])

    def total(values: Ints) -> Ints:
        return np.bincount(owners, weights=values, minlength=len(numbers)).astype(np.int64)

    size, sizes = int(own.counts.sum()) + own.unknown, total(theirs)
    shares = share_of(size, sizes, total(abs(mine - theirs)) + size - total(mine))
    return np.where((shares >= NEAR) & (np.minimum(size, sizes) >= ENOUGH), shares, 0.0)


def overlaps(bodies: Bodies, columns: Terms, numbers: Ints) -> Floats:
    """Give the share of a text's words and those of some articles that both have, each by its idf.

    ``columns`` are the words of the text, ascending. The idf goes in quarters, so sums are exact in any order.
    """
    idf, rows = bodies.vectors.space.idf, bodies.vectors.rows
    met = meet(rows, columns, numbers)
    owners, places = met.held

    def values(entries: Ints) -> Floats:
        weights: Floats = idf[rows.indices[entries]] * (bodies.coverage.texts[entries] > 0)
        return weights

    theirs = np.bincount(owners, values(places), len(numbers))
    both = met.sums(values(met.places))
    shared: Floats = overlap_of(both, theirs + idf[columns].sum())
    return shared


def pair_overlaps(bodies: Bodies, ones: Ints, others: Ints) -> Floats:
    """Give the same for the texts of articles in pairs."""
    rows = bodies.vectors.rows

    def words(numbers: Ints) -> Ints:
        starts, places = entries_of(rows.indptr, numbers)
        owners, of_text = np.repeat(np.arange(len(numbers)), np.diff(starts)), bodies.coverage.texts[places] > 0
        found: Ints = owners[of_text] * rows.columns + rows.indices[places[of_text]]
        return found

    shared_words = np.intersect1d(words(ones), words(others), assume_unique=True)
    owners, columns = np.divmod(shared_words, rows.columns)
    both = np.bincount(owners, bodies.vectors.space.idf[columns], len(ones))
    shared: Floats = overlap_of(both, bodies.masses[ones] + bodies.masses[others])
    return shared


def most_overlaps(bodies: Bodies, ones: Ints, others: Ints) -> Floats:
    """Give the most that it can be: no more words can be shared than the shorter text has."""
    one, other = bodies.masses[ones], bodies.masses[others]
    most: Floats = overlap_of(np.minimum(one, other), one + other)
    return most


def overlap_of(both: Any, masses: Any) -> Any:
    """Give the share of what two texts have together that both have; ``masses`` is the sum of the two."""
    return both / np.maximum(1.0, masses - both)


def share_of(size: Any, other: Any, differ: Any) -> Any:
    """Give the share of words that two bodies share, by their sizes and the number of words that differ."""
    shared = (size + other - differ) / 2
    return shared / np.maximum(1, shared + differ)
