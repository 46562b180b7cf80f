"""Families: copies of one answer, and pairs of articles that ask the same question in other words or answer alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Floats, Ints, Rows, Terms, Texts, meet
from recommender.ranking.near_copies import ENOUGH, NEAR, Bodies, overlaps, shares_with
from recommender.ranking.series import of_series
from recommender.system import parallel
from recommender.text.tfidf import Space, Vectors, stem, transform

# A title of fewer words names a thing and asks nothing: its likeness counts less (without this ramp, sites of short
# reference titles lose 0.06 nDCG@10).
FULL_TITLE = 8
# Where fewer titles than this share ask, a title that does not names a thing: a setting, a release, a command. Of the
# judged site 96 % ask, of a site of user questions 39 %, of a dozen manuals and blogs 0 to 17 %. A small site's titles
# are too few to tell.
ASKING, ENOUGH_TITLES = 0.25, 100
# Question marks, also the full-width, Arabic, Greek and Armenian ones.
_MARK = re.compile("|".join(map(re.escape, "?\uff1f\u061f\u037e\u055e")).encode())
# Shares in a likeness: of the cosine of the articles, of that of the titles, and of the words that both texts have.
COSINE_SHARE, TITLE_SHARE, OVERLAP_SHARE = 0.6, 0.15, 0.2
# What equal titles add, less by the rarest word that only one has, and by all such words.
EQUAL_TITLES, RAREST_SHARE, ALONE_SHARE = 0.168, 0.15, 0.01


@dataclass(frozen=True)
class Likeness:
    """How far two articles ask the same question: a symmetric, sparse relation with a score from 0 to 1.

    Row i is like ``rows[indptr[i]:indptr[i + 1]]`` (int32) by ``scores`` (float64). Only pairs are held of which one
    is among the nearest of the other, and whose likeness reaches the lower threshold of the settings.
    """

    indptr: Ints
    rows: Terms
    scores: Floats

    @cached_property
    def _starts(self) -> list[int]:
        # Choosing asks a million times, and a list answers ten times as fast as an array.
        starts: list[int] = self.indptr.tolist()
        return starts

    def of(self, row: int) -> dict[int, float]:
        """Give the rows that ask the same question as one row, with their scores."""
        start, stop = self._starts[row], self._starts[row + 1]
        if start == stop:  # most rows, so nothing is made for them
            return {}
        return dict(zip(self.rows[start:stop].tolist(), self.scores[start:stop].tolist(), strict=True))


@dataclass(frozen=True)
class Titles:
    """The rows of all titles, words cut to 5 letters so that "enzymes" meets "enzymatic"; how rare each such word is.

    ``idf`` goes in quarters, so that its sums are exact; ``highest`` is for each title that of a word which no article
    of its group has.
    ``lengths`` count words, 0 for a title that names a thing. ``asking`` tells whether the site's titles ask.
    ``texts`` are the titles as they are written.
    """

    rows: Rows
    idf: Floats
    highest: Floats
    lengths: Floats
    asking: bool
    texts: Texts


def titles_of(vectors: Vectors, groups: Terms, lengths: Terms, texts: Texts) -> Titles:
    """Make the titles of a site of their vectors; ``groups`` numbers the group in which each article counts."""
    rows, idf, starts = vectors.rows, vectors.space.idf, vectors.space.starts
    highest = np.log(1 + np.bincount(groups, minlength=len(starts) - 1)) + 1
    marks = np.array([found.start() for found in _MARK.finditer(texts.blob.tobytes())], np.int64)
    asks = np.diff(np.searchsorted(marks, texts.offsets)) > 0
    asking = len(asks) < ENOUGH_TITLES or bool(asks.sum() >= ASKING * len(asks))
    counted = lengths.astype(np.float64)
    counted = counted if asking else counted * asks
    return Titles(rows, idf, highest[groups], counted, asking, texts)


def likeness(cosine: Floats, overlap: Floats, titles: tuple[Floats, Floats, Floats], words: Floats) -> Floats:
    """Blend how far two texts are alike and their titles, from 0 to 1.

    ``overlap`` is the share of the words of both texts that both have, by their idf. ``titles`` are the cosine, the
    rarest word that only one title has, from 0 to 1, and the sum of all such. ``words`` is the length of the shorter
    title: a short one counts less.
    """
    title_cosine, rarest, alone = titles
    apart = RAREST_SHARE * rarest + ALONE_SHARE * alone
    blend = COSINE_SHARE * cosine + TITLE_SHARE * title_cosine + OVERLAP_SHARE * overlap + (EQUAL_TITLES - apart)
    ramped: Floats = np.minimum(1.0, words / FULL_TITLE) * np.minimum(1.0, np.maximum(0.0, blend))
    return ramped


@dataclass(frozen=True)
class DraftTitle:
    """A draft's title, its row among the titles, how many words it has (0: it names a thing), and how many are new."""

    text: str
    vector: tuple[Terms, Floats]
    words: int
    unknown: int


def draft_title(titles: Titles, space: Space, text: str, words: Sequence[str]) -> DraftTitle:
    """Make the title of a draft of its text and words; ``space`` is that of the titles of its group."""
    stems = [stem(word) for word in words]
    unknown = sum(space.terms.find(one, *space.starts.tolist()) < 0 for one in set(stems))
    asks = titles.asking or _MARK.search(text.encode()) is not None
    return DraftTitle(text, transform(space, [stems]), len(stems) * asks, unknown)


class Alike(NamedTuple):
    """How far the text of one article is alike those of some others.

    ``cosines`` of the articles, ``overlaps`` of their words by idf, and ``shares`` of equal words of near copies.
    """

    cosines: Floats
    overlaps: Floats
    shares: Floats


def like_draft(titles: Titles, own: DraftTitle, numbers: Ints, texts: Alike) -> dict[int, float]:
    """Give the likeness of a draft with some articles, by their rows and how far their texts are alike."""
    met = meet(titles.rows, own.vector[0], numbers)
    title_cosines = met.sums(own.vector[1][met.own] * titles.rows.data[met.places])
    alone = np.ones((len(numbers), len(own.vector[0])), np.bool_)
    alone[met.owners, met.own] = False
    mine = alone * titles.idf[own.vector[0]]
    highest = titles.highest[numbers]
    rarest = np.maximum(mine.max(axis=1, initial=0.0), highest * bool(own.unknown))
    owners, places = met.held
    only = ~np.isin(places, met.places)
    owners, theirs = owners[only], titles.idf[titles.rows.indices[places[only]]]
    np.maximum.at(rarest, owners, theirs)
    alone = mine.sum(axis=1) + own.unknown * highest + np.bincount(owners, theirs, len(numbers))
    compared = title_cosines, rarest / highest, alone / highest
    blend = likeness(texts.cosines, texts.overlaps, compared, np.minimum(titles.lengths[numbers], own.words))
    blend = np.maximum(blend, texts.shares)
    names = titles.texts.some(numbers.tolist())
    blend[
        [share < 1 and of_series(own.text, name) for share, name in zip(texts.shares.tolist(), names, strict=True)]
    ] = 0
    return dict(zip(numbers.tolist(), blend.tolist(), strict=True))


def find_likeness(
    nearest: Rows, titles: Titles, bodies: Bodies, answered: NDArray[np.bool_], threshold: float
) -> Likeness:
    """Find the pairs that ask the same question among an article's nearest; none for threshold 0, which means off.

    ``nearest`` has the rows and cosines of each article's nearest; ``answered`` tells which have words of their own.
    """
    count, pairs = len(titles.rows), dict[tuple[int, int], float]()
    if threshold > 0:
        work = _Likening(nearest, titles, bodies, np.where(answered, bodies.sizes, 0), threshold)
        for row, like in enumerate(parallel.run(work, range(count))):
            pairs |= {pair: score for other, score in like.items() for pair in ((row, other), (other, row))}
    ordered = sorted(pairs)
    left, right = np.array(ordered, np.int64).reshape(-1, 2).T
    indptr = np.searchsorted(left, np.arange(count + 1))
    return Likeness(indptr, right.astype(np.int32), np.array([pairs[pair] for pair in ordered], np.float64))


@dataclass(frozen=True)
class _Likening:
    nearest: Rows
    titles: Titles
    bodies: Bodies
    sizes: Ints
    threshold: float

    def __call__(self, rows: Sequence[int]) -> list[dict[int, float]]:
        return [self._like(row) for row in rows]

    def _like(self, row: int) -> dict[int, float]:
        """Give those of an article's nearest that ask its question, with their likeness."""
        titles, sizes, near = self.titles, self.sizes, self.nearest.row(row)
        numbers, cosines = near[0].astype(np.int64), near[1]
        words = np.minimum(titles.lengths[row], titles.lengths[numbers])
        # The blend cannot reach the threshold with less, even where titles and words are equal.
        equal, none = np.ones(len(numbers)), np.zeros(len(numbers))
        most = likeness(cosines, equal, (equal, none, none), words)
        smaller, larger = np.minimum(sizes[row], sizes[numbers]), np.maximum(sizes[row], sizes[numbers])
        alike, shares = np.flatnonzero(smaller >= np.maximum(ENOUGH, NEAR * larger)), none
        if len(alike):
            shares[alike] = shares_with(self.bodies, self.bodies.of(row), numbers[alike])
        asked = np.flatnonzero((most >= self.threshold) | (shares >= self.threshold))
        if not len(asked):
            return {}
        own = DraftTitle(titles.texts[row], titles.rows.row(row), int(titles.lengths[row]), unknown=0)
        numbers = numbers[asked]
        texts = Alike(cosines[asked], overlaps(self.bodies, self.bodies.words_of(row), numbers), shares[asked])
        found = like_draft(titles, own, numbers, texts)
        return {other: score for other, score in found.items() if score >= self.threshold}
