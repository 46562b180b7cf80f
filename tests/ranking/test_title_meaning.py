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
from recommender.ranking.same_question import DraftTitle, Likeness, Titles
from recommender.ranking.title_meaning import (
    cosines,
    duplicate,
    duplicates_of_draft,
    find_duplicates,
    pair_cosines,
    weight_of,
)

RARITY = np.array([0.0, 0.1, 0.2, 0.3, 0.6, 1.0])
WORDS, LONG = len(RARITY), 12


def probability(cosine: float, rarest: float, meaning: float, words: float) -> float:
    """Compute it as the page says it."""
    odds = math.log(3) - 14.4 + 13 * cosine - 3.3 * rarest + 10.6 * meaning
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
        self.texts = [f"Title of {'abcdefghij'[row]}?" for row in range(count)]

    @property
    def titles(self) -> Titles:
        row, column = np.nonzero(self.words)
        indptr = np.searchsorted(row, np.arange(len(self.words) + 1)).astype(np.int64)
        rows = Rows(indptr, column.astype(np.int32), np.ones(len(row)), WORDS)
        return Titles(rows, RARITY, np.ones(len(rows)), RARITY, self.lengths, asking=True, texts=pack(self.texts))

    def nearest(self, kept: int) -> Rows:
        """Give the nearest of each by cosine, itself left out."""
        own = self.cosines - 2 * np.eye(len(self.cosines))
        rows = np.argsort(-own, axis=1)[:, : min(kept, len(own) - 1)]
        indptr = np.arange(len(own) + 1) * rows.shape[1]
        values = np.take_along_axis(own, rows, axis=1)
        return Rows(indptr, rows.ravel().astype(np.int32), values.ravel(), len(own))

    def wanted(self, one: int, other: int) -> float:
        alone = RARITY[self.words[one] != self.words[other]]
        meaning = cosines(self.vectors[one], self.vectors[other])
        words = min(self.lengths[one], self.lengths[other])
        return probability(self.cosines[one, other], alone.max(initial=0.0), float(meaning), words)


NONE = Likeness(np.zeros(99, np.int64), np.zeros(0, np.int32), np.zeros(0))


def none(count: int) -> Likeness:
    return Likeness(NONE.indptr[: count + 1], NONE.rows, NONE.scores)


@given(st.integers(2, 9), st.integers(0, 2**32), st.integers(1, 9), st.sampled_from([0.05, 0.3, 0.5]))
def test_the_pairs_are_those_of_the_formula(count: int, seed: int, kept: int, threshold: float) -> None:
    site = Site(count, seed)
    near = site.nearest(kept)
    found = find_duplicates(near, site.titles, site.vectors, none(count), threshold)
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
    found = duplicates_of_draft(titles, own, like, site.cosines[0, rows], meaning)
    assert found == pytest.approx({row: site.wanted(0, row) for row in rows.tolist()})


def test_near_copies_stay_whatever_their_titles_are() -> None:
    site = Site(3, 1)
    copies = Likeness(np.array([0, 1, 2, 2]), np.array([1, 0], np.int32), np.array([0.95, 0.95]))
    site.lengths[:] = 1
    found = find_duplicates(site.nearest(2), site.titles, site.vectors, copies, 0.5)
    assert (found.of(0), found.of(1), found.of(2)) == ({1: 0.95}, {0: 0.95}, {})
    assert find_duplicates(site.nearest(2), site.titles, site.vectors, none(3), 0.0).of(0) == {}


def test_parts_of_a_series_are_no_duplicates() -> None:
    site = Site(4, 2)
    site.vectors[:], site.words[:], site.lengths[:], site.cosines[:] = site.vectors[0], 1, LONG, 0.9
    site.texts = ["Cells and what they do, part 1", "Cells and what they do, part 2", "Cells?", "Cells!"]
    found = find_duplicates(site.nearest(3), site.titles, site.vectors, none(4), 0.5)
    assert sorted(found.of(0)) == [2, 3]
    assert sorted(found.of(2)) == [0, 1, 3]


def test_a_short_title_tells_less_and_a_rare_word_apart() -> None:
    def told(rarest: float, words: float) -> float:
        return float(duplicate(np.array(0.8), np.array(rarest), np.array(0.9), np.array(words)))

    assert told(0, 8) > 0.5 > told(0, 4)
    assert told(0.2, 8) > told(0.9, 8)
    assert told(0, 8) == told(0, 30)


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
