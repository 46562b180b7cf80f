"""The learned model of duplicates, against its formula pair by pair, and the cosines of titles."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Rows, pack
from recommender.ranking import title_meaning
from recommender.ranking.near_copies import Bodies
from recommender.ranking.same_question import Alike, DraftTitle, Likeness, Titles
from recommender.ranking.title_meaning import (
    Compared,
    cosines,
    duplicate,
    duplicates_of_draft,
    find_duplicates,
    pair_cosines,
    weight_of,
)
from recommender.text.tfidf import Coverage, Space, Vectors

IDF, HIGHEST = np.array([0.0, 0.25, 0.5, 0.75, 1.5, 2.0]), 2.5
WORDS, LONG = len(IDF), 12
TEXT_IDF = np.array([1.0, 1.25, 3.0, 0.5, 2.0])


def probability(cosine: float, overlap: float, alone: list[float], meaning: float, words: float) -> float:
    """Compute it as the page says it; ``alone`` are the shares of a new word of the words that one title alone has."""
    odds = math.log(3) - 13.85 + 9.2 * cosine + 5.33 * overlap + 10.63 * meaning
    odds -= 2.28 * max(alone, default=0) + 0.157 * sum(alone)
    return min(1, words / 8) / (1 + math.exp(-odds))


class Site:
    """A made-up site: the words of each title, cosines of all pairs, and vectors of few dimensions."""

    def __init__(self, count: int, seed: int) -> None:
        draw = np.random.default_rng(seed)
        self.words = draw.integers(0, 2, (count, WORDS)).astype(float)
        self.lengths = draw.integers(1, LONG, count).astype(float)
        self.vectors = draw.integers(-127, 128, (count, 384)).astype(np.int8)
        self.vectors[count // 2 :] = self.vectors[: count - count // 2]  # some mean the same
        found = draw.random((count, count))
        self.cosines = (found + found.T) / 2
        self.counts = draw.integers(0, 2, (count, len(TEXT_IDF)))
        self.texts = [f"Title of {'abcdefghij'[row]}?" for row in range(count)]

    @property
    def titles(self) -> Titles:
        row, column = np.nonzero(self.words)
        indptr = np.searchsorted(row, np.arange(len(self.words) + 1)).astype(np.int64)
        rows = Rows(indptr, column.astype(np.int32), np.ones(len(row)), WORDS)
        highest = np.full(len(rows), HIGHEST)
        return Titles(rows, IDF, highest, self.lengths, asking=True, texts=pack(self.texts))

    @property
    def compared(self) -> Compared:
        # An entry in six is of another field than the composed text.
        row, column = np.nonzero(np.column_stack([self.counts, np.ones(len(self.counts))]))
        indptr = np.searchsorted(row, np.arange(len(self.counts) + 1)).astype(np.int64)
        rows = Rows(indptr, column.astype(np.int32), np.ones(len(row)), len(TEXT_IDF) + 1)
        starts, terms = np.array([0, len(TEXT_IDF), len(TEXT_IDF) + 1]), pack("abcdef")
        space = Space(("text", "tags"), (0.5, 0.5), starts, terms, np.array([*TEXT_IDF, 9.0]))
        texts = (column < len(TEXT_IDF)).astype(np.uint16)
        coverage = Coverage(texts, texts, texts.astype(np.uint8), np.ones(len(self.counts)))
        return Compared(self.titles, self.vectors, Bodies(Vectors(space, rows), coverage))

    def overlap(self, one: int, other: int) -> float:
        own, its = self.counts[one] > 0, self.counts[other] > 0
        return float(TEXT_IDF[own & its].sum() / max(1, TEXT_IDF[own | its].sum()))

    def nearest(self, kept: int) -> Rows:
        """Give the nearest of each by cosine, itself left out."""
        own = self.cosines - 2 * np.eye(len(self.cosines))
        rows = np.argsort(-own, axis=1)[:, : min(kept, len(own) - 1)]
        indptr = np.arange(len(own) + 1) * rows.shape[1]
        values = np.take_along_axis(own, rows, axis=1)
        return Rows(indptr, rows.ravel().astype(np.int32), values.ravel(), len(own))

    def wanted(self, one: int, other: int) -> float:
        alone = (IDF[self.words[one] != self.words[other]] / HIGHEST).tolist()
        meaning = cosines(self.vectors[one], self.vectors[other])
        words = min(self.lengths[one], self.lengths[other])
        return probability(self.cosines[one, other], self.overlap(one, other), alone, float(meaning), words)


NONE = Likeness(np.zeros(99, np.int64), np.zeros(0, np.int32), np.zeros(0))


def none(count: int) -> Likeness:
    return Likeness(NONE.indptr[: count + 1], NONE.rows, NONE.scores)


@given(st.integers(2, 9), st.integers(0, 2**32), st.integers(1, 9), st.sampled_from([0.05, 0.3, 0.5]))
def test_the_pairs_are_those_of_the_formula(count: int, seed: int, kept: int, threshold: float) -> None:
    site = Site(count, seed)
    near = site.nearest(kept)
    found = find_duplicates(near, site.compared, none(count), threshold)
    near_pairs = {(row, other) for row in range(count) for other in near.row(row)[0].tolist()}
    for one in range(count):
        own = found.of(one)
        for other in range(count):
            known = (one, other) in near_pairs or (other, one) in near_pairs
            value = site.wanted(one, other)
            if known and value >= threshold:
                assert own[other] == pytest.approx(value)
            else:
                assert other not in own


@given(st.integers(2, 9), st.integers(0, 2**32))
def test_a_draft_is_compared_as_an_article_is(count: int, seed: int) -> None:
    site, titles = Site(count, seed), Site(count, seed).titles
    columns = np.flatnonzero(site.words[0]).astype(np.int32)
    own = DraftTitle(site.texts[0], (columns, np.ones(len(columns))), int(site.lengths[0]), unknown=0)
    like = dict.fromkeys(range(1, count), 0.2)
    rows = np.arange(1, count)
    meaning = cosines(site.vectors[0], site.vectors[rows])
    overlaps = np.array([site.overlap(0, row) for row in rows.tolist()])
    texts = Alike(site.cosines[0, rows], overlaps, np.zeros(count - 1))
    found = duplicates_of_draft(titles, own, like, texts, meaning)
    assert found == pytest.approx({row: site.wanted(0, row) for row in rows.tolist()})


def test_a_new_word_in_the_title_of_a_draft_is_the_rarest_and_every_one_counts() -> None:
    site = Site(2, 3)
    site.lengths[:] = LONG
    columns = np.flatnonzero(site.words[1]).astype(np.int32)
    texts, meaning = Alike(np.array([0.8]), np.array([0.6]), np.zeros(1)), np.array([0.9])
    for unknown in range(3):
        own = DraftTitle("A draft?", (columns, np.ones(len(columns))), LONG, unknown)
        found = duplicates_of_draft(site.titles, own, {1: 0.2}, texts, meaning)
        assert found == pytest.approx({1: probability(0.8, 0.6, [1.0] * unknown, 0.9, LONG)})


def test_near_copies_stay_whatever_their_titles_are() -> None:
    site = Site(3, 1)
    copies = Likeness(np.array([0, 1, 2, 2]), np.array([1, 0], np.int32), np.array([0.95, 0.95]))
    site.lengths[:] = 1
    found = find_duplicates(site.nearest(2), site.compared, copies, 0.5)
    assert (found.of(0), found.of(1), found.of(2)) == ({1: 0.95}, {0: 0.95}, {})
    assert find_duplicates(site.nearest(2), site.compared, none(3), 0.0).of(0) == {}


def test_parts_of_a_series_are_no_duplicates() -> None:
    site = Site(4, 2)
    site.vectors[:], site.words[:], site.lengths[:], site.cosines[:] = site.vectors[0], 1, LONG, 0.9
    site.counts[:] = 1
    site.texts = ["Cells and what they do, part 1", "Cells and what they do, part 2", "Cells?", "Cells!"]
    found = find_duplicates(site.nearest(3), site.compared, none(4), 0.5)
    assert sorted(found.of(0)) == [2, 3]
    assert sorted(found.of(2)) == [0, 1, 3]


def test_a_short_title_tells_less_and_a_rare_word_apart() -> None:
    def told(words: float, **features: float) -> float:
        known = {"cosine": 0.8, "overlap": 0.6, "meaning": 0.9} | features
        return float(duplicate({name: np.array(value) for name, value in known.items()}, np.array(words)))

    assert told(8) > 0.5 > told(4)
    assert told(8, rarest=0.2) > told(8, rarest=0.9)
    assert told(8) == told(30) == told(8, alone=0.0) > told(8, alone=0.5)
    assert told(8, overlap=0.7) > told(8)


@given(st.integers(1, 40), st.integers(0, 2**32), st.integers(1, 16))
def test_cosines_have_the_same_bits_whatever_stands_beside_them(count: int, seed: int, block: int) -> None:
    draw = np.random.default_rng(seed)
    vectors: NDArray[np.int8] = draw.integers(-127, 128, (count, 384)).astype(np.int8)
    ones, others = draw.integers(0, count, (2, 60))
    kept, title_meaning.PAIRS = title_meaning.PAIRS, block
    try:
        found = pair_cosines(vectors, ones, others)
    finally:
        title_meaning.PAIRS = kept
    alone = [float(cosines(vectors[a], vectors[b])) for a, b in zip(ones, others, strict=True)]
    assert found.tolist() == alone
    exact = vectors.astype(np.int64)
    norms = np.sqrt((exact**2).sum(axis=1).astype(float))
    assert found == pytest.approx((exact[ones] * exact[others]).sum(axis=1) / (norms[ones] * norms[others]))


def test_a_vector_of_nothing_is_near_to_nothing() -> None:
    assert cosines(np.zeros(384, np.int8), np.ones((2, 384), np.int8)).tolist() == [0.0, 0.0]


def test_the_part_counts_half_where_titles_name_things() -> None:
    titles = Site(4, 3).titles
    assert (weight_of(titles), weight_of(replace(titles, asking=False))) == (0.1, 0.05)
