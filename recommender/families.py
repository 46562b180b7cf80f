"""Families: copies of one answer, and pairs of articles that ask the same question in other words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.sparse import Floats, Ints, Rows, Terms, ordered_sum, shared

# A title of fewer words names a thing and asks nothing: its likeness counts less (without this ramp, sites of short
# reference titles lose 0.06 nDCG@10).
FULL_TITLE = 8
# Share of the titles in a likeness; the rest is the score of the two articles. From 0.3 to 0.5 all the same.
TITLE_SHARE = 0.4


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


def likeness(score: Floats, title_cosine: Floats, words: Floats) -> Floats:
    """Blend the score of two articles with the cosine of their titles, less for short titles.

    ``words`` is the length of the shorter title; title words are cut to 5 letters, so that "enzymes" meets
    "enzymatic" (whole words let half as many same questions again pass).
    """
    blend: Floats = np.minimum(1.0, words / FULL_TITLE) * (TITLE_SHARE * title_cosine + (1 - TITLE_SHARE) * score)
    return blend


def find_likeness(nearest: Rows, titles: Rows, words: Floats, threshold: float) -> Likeness:
    """Find the pairs that ask the same question among an article's nearest; none for threshold 0, which means off.

    ``nearest`` has the rows and scores of each article's nearest, ``words`` the lengths of the titles.
    """
    count = len(titles)
    left = np.repeat(np.arange(count), np.diff(nearest.indptr))
    right, scores = nearest.indices.astype(np.int64), nearest.data
    # The blend cannot reach the threshold with less, even where the titles are equal.
    possible = (scores >= (threshold - TITLE_SHARE) / (1 - TITLE_SHARE)) & (threshold > 0)
    left, right, scores = left[possible], right[possible], scores[possible]
    # A pair once, then mirrored: it is like or not, whoever asks.
    pairs, first = np.unique(np.minimum(left, right) * count + np.maximum(left, right), return_index=True)
    left, right = np.divmod(pairs, max(1, count))
    blend = likeness(scores[first], _cosines(titles, left, right), np.minimum(words[left], words[right]))
    like = blend >= threshold
    left, right, blend = left[like], right[like], np.tile(blend[like], 2)
    left, right = np.concatenate([left, right]), np.concatenate([right, left])
    order = np.lexsort((right, left))
    left, right, blend = left[order], right[order], blend[order]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(left, minlength=count))]).astype(np.int64)
    return Likeness(indptr, right.astype(np.int32), blend)


def like_draft(
    titles: Rows, own: tuple[Terms, Floats], own_words: int, among: Sequence[tuple[int, float, int]]
) -> dict[int, float]:
    """Give the likeness of a draft with some articles: each a row, its score with the draft, and its title's words."""
    if not among:
        return {}
    rows, scores, words = (np.array(column, np.float64) for column in zip(*among, strict=True))
    cosines = np.array([ordered_sum(shared(own, titles.row(int(row)))[1]) for row in rows])
    blend = likeness(scores, cosines, np.minimum(words, own_words))
    return dict(zip(rows.astype(int).tolist(), blend.tolist(), strict=True))


def _cosines(rows: Rows, left: Ints, right: Ints) -> Floats:
    from scipy.sparse import csr_array  # noqa: PLC0415  (0.2 s; only a build compares all pairs)

    matrix = csr_array((rows.data, rows.indices, rows.indptr), shape=(len(rows), rows.columns))
    products = matrix[left].multiply(matrix[right]).sum(axis=1)
    return np.asarray(products, np.float64).ravel()


def members_of(families: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """Give the rows of every family that has more than one, in order."""
    found: dict[int, list[int]] = {}
    for row, family in enumerate(families):
        if family != row:
            found.setdefault(family, [family]).append(row)
    return {family: tuple(rows) for family, rows in found.items()}
