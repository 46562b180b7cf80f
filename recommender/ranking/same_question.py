"""Families: copies of one answer, and pairs of articles that ask the same question in other words or answer alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Floats, Ints, Rows, Terms, Texts, meet
from recommender.ranking.near_copies import ENOUGH, NEAR, Bodies, shares_with
from recommender.ranking.series import of_series
from recommender.system import parallel
from recommender.text.tfidf import Space, stem, transform

# A title of fewer words names a thing and asks nothing: its likeness counts less (without this ramp, sites of short
# reference titles lose 0.06 nDCG@10).
FULL_TITLE = 8
# Shares in a likeness of the titles' cosine and of the rarest word that only one of the titles has; the rest is the
# cosine of the two articles. The rarest word is worth 0.012 nDCG@5 on 160 judged articles.
TITLE_SHARE, RAREST_SHARE = 0.15, 0.2


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

    ``rarity`` is from 0 to 1, the idf as a share of that of a word which no article has; ``lengths`` count words.
    ``texts`` are the titles as they are written.
    """

    rows: Rows
    rarity: Floats
    lengths: Floats
    texts: Texts


def titles_of(rows: Rows, idf: Floats, lengths: Terms, texts: Texts) -> Titles:
    """Make the titles of a site of their vectors."""
    return Titles(rows, idf / (np.log(1 + len(rows)) + 1), lengths.astype(np.float64), texts)


def likeness(cosine: Floats, title_cosine: Floats, rarest: Floats, words: Floats) -> Floats:
    """Blend the cosine of two articles with that of their titles and the rarest word that only one title has.

    ``words`` is the length of the shorter title: a short one counts less.
    """
    rest = 1 - TITLE_SHARE - RAREST_SHARE
    blend: Floats = np.minimum(1.0, words / FULL_TITLE) * (
        TITLE_SHARE * title_cosine + rest * cosine + RAREST_SHARE * (1 - rarest)
    )
    return blend


@dataclass(frozen=True)
class DraftTitle:
    """A draft's title, its row among the titles, how many words it has, and whether one is in no title of the site."""

    text: str
    vector: tuple[Terms, Floats]
    words: int
    unknown: bool


def draft_title(space: Space, text: str, words: Sequence[str]) -> DraftTitle:
    """Make the title of a draft of its text and words; ``space`` is that of the titles."""
    stems = [stem(word) for word in words]
    unknown = any(space.terms.find(one) < 0 for one in stems)
    return DraftTitle(text, transform(space, [stems]), len(stems), unknown)


def like_draft(titles: Titles, own: DraftTitle, numbers: Ints, cosines: Floats, shares: Floats) -> dict[int, float]:
    """Give the likeness of a draft with some articles, by their rows, their cosines and the shares of equal words."""
    met = meet(titles.rows, own.vector[0], numbers)
    title_cosines = met.sums(own.vector[1][met.own] * titles.rows.data[met.places])
    # The rarest word that one title alone has: the draft's own, then theirs.
    rarest = np.full(len(numbers), 1.0 if own.unknown else 0.0)
    alone = np.ones((len(numbers), len(own.vector[0])), np.bool_)
    alone[met.owners, met.own] = False
    rarest = np.maximum(rarest, (alone * titles.rarity[own.vector[0]]).max(axis=1, initial=0.0))
    owners, places = met.held
    theirs = ~np.isin(places, met.places)
    np.maximum.at(rarest, owners[theirs], titles.rarity[titles.rows.indices[places[theirs]]])
    blend = likeness(cosines, title_cosines, rarest, np.minimum(titles.lengths[numbers], own.words))
    blend = np.maximum(blend, shares)
    texts = titles.texts.some(numbers.tolist())
    blend[[share < 1 and of_series(own.text, text) for share, text in zip(shares.tolist(), texts, strict=True)]] = 0.0
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
        # The blend cannot reach the threshold with less, even where the titles are equal.
        most = likeness(cosines, np.ones(len(numbers)), np.zeros(len(numbers)), words)
        smaller, larger = np.minimum(sizes[row], sizes[numbers]), np.maximum(sizes[row], sizes[numbers])
        alike, shares = np.flatnonzero(smaller >= np.maximum(ENOUGH, NEAR * larger)), np.zeros(len(numbers))
        if len(alike):
            shares[alike] = shares_with(self.bodies, self.bodies.of(row), numbers[alike])
        asked = np.flatnonzero((most >= self.threshold) | (shares >= self.threshold))
        if not len(asked):
            return {}
        own = DraftTitle(titles.texts[row], titles.rows.row(row), int(titles.lengths[row]), unknown=False)
        found = like_draft(titles, own, numbers[asked], cosines[asked], shares[asked])
        return {other: score for other, score in found.items() if score >= self.threshold}
