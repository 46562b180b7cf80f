"""The pairs of a site that ask the same question, found among the nearest of each article."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recommender.families import Likeness, Titles, likeness
from recommender.kernels import compiled
from recommender.sparse import Floats, Ints, Rows, Terms

PART = 1 << 14  # articles whose pairs are looked at at once


def find_likeness(nearest: Rows, titles: Titles, threshold: float) -> Likeness:
    """Find the pairs that ask the same question among an article's nearest; none for threshold 0, which means off.

    ``nearest`` has the rows and cosines of each article's nearest.
    """
    count = len(titles.rows)
    left, right, cosines = _possible(nearest, titles, threshold)
    # A pair once, then mirrored: it is like or not, whoever asks.
    pairs, first = np.unique(np.minimum(left, right) * count + np.maximum(left, right), return_index=True)
    left, right = np.divmod(pairs, max(1, count))
    same, rarest = np.zeros(len(pairs)), np.zeros(len(pairs))
    rows = _Rows(titles.rows.indptr, titles.rows.indices, titles.rows.data, titles.rarity)
    _compare(rows, (left, right), same, rarest)
    blend = likeness(cosines[first], same, rarest, np.minimum(titles.lengths[left], titles.lengths[right]))
    like = blend >= threshold
    left, right, blend = left[like], right[like], np.tile(blend[like], 2)
    left, right = np.concatenate([left, right]), np.concatenate([right, left])
    order = np.lexsort((right, left))
    left, right, blend = left[order], right[order], blend[order]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(left, minlength=count))]).astype(np.int64)
    return Likeness(indptr, right.astype(np.int32), blend)


def _possible(nearest: Rows, titles: Titles, threshold: float) -> tuple[Ints, Ints, Floats]:
    """Give the pairs that may reach the threshold; some articles at a time, for a million have 64 million."""
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for first in range(0, len(titles.rows) if threshold > 0 else 0, PART):
        indptr = nearest.indptr[first : first + PART + 1]
        span = slice(indptr[0], indptr[-1])
        left = np.repeat(np.arange(first, first + len(indptr) - 1), np.diff(indptr))
        right, cosines = nearest.indices[span].astype(np.int64), nearest.data[span]
        words = np.minimum(titles.lengths[left], titles.lengths[right])
        # The blend cannot reach the threshold with less, even where the titles are equal.
        possible = likeness(cosines, np.ones(1), np.zeros(1), words) >= threshold
        found.append((left[possible], right[possible], cosines[possible]))
    left, right, cosines = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return left, right, cosines


class _Rows(NamedTuple):
    indptr: Ints
    indices: Terms
    data: Floats
    rarity: Floats


@compiled
def _compare(titles: _Rows, pairs: tuple[Ints, Ints], same: Floats, rarest: Floats) -> None:
    """Give the cosine of each two titles, and the rarity of the rarest word that only one of them has."""
    for i in range(same.size):
        p, left = titles.indptr[pairs[0][i]], titles.indptr[pairs[0][i] + 1]
        q, right = titles.indptr[pairs[1][i]], titles.indptr[pairs[1][i] + 1]
        while p < left or q < right:
            if p < left and q < right and titles.indices[p] == titles.indices[q]:
                same[i] += titles.data[p] * titles.data[q]
                p += 1
                q += 1
            elif q == right or (p < left and titles.indices[p] < titles.indices[q]):
                rarest[i] = max(rarest[i], titles.rarity[titles.indices[p]])
                p += 1
            else:
                rarest[i] = max(rarest[i], titles.rarity[titles.indices[q]])
                q += 1
