"""The pairs of a site that ask the same question, found among the nearest of each article, in compiled loops."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from recommender.families import Likeness, Titles, likeness
from recommender.kernels import Span, compiled, holds, part
from recommender.parallel import cores
from recommender.sparse import Floats, Ints, Rows, Terms
from recommender.threads import in_threads, spans

# The same formula, one pair at a time.
_likeness: Any = part(likeness)


class _Rows(NamedTuple):
    indptr: Ints
    indices: Terms
    data: Floats


class _Titles(NamedTuple):
    rows: _Rows
    rarity: Floats
    lengths: Floats


def find_likeness(nearest: Rows, titles: Titles, threshold: float) -> Likeness:
    """Find the pairs that ask the same question among an article's nearest; none for threshold 0, which means off.

    ``nearest`` has the rows and cosines of each article's nearest.
    """
    count = len(titles.rows)
    near = _Rows(nearest.indptr, nearest.indices, nearest.data)
    own = _Titles(_Rows(titles.rows.indptr, titles.rows.indices, titles.rows.data), titles.rarity, titles.lengths)
    parts = spans(count if threshold > 0 else 0)
    found = in_threads(cores(), lambda span: _find(near, own, threshold, span), parts)
    one, other, blend = (
        np.concatenate([np.zeros(0, kind), *parts])
        for kind, *parts in zip((np.int64, np.int64, np.float64), *found, strict=True)
    )
    left, right, blend = np.concatenate([one, other]), np.concatenate([other, one]), np.tile(blend, 2)
    order = np.lexsort((right, left))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(left, minlength=count))]).astype(np.int64)
    return Likeness(indptr, right[order].astype(np.int32), blend[order])


@part
def _compare(titles: _Titles, one: int, other: int) -> tuple[float, float]:
    """Give the cosine of two titles, and the rarity of the rarest word that only one of them has."""
    rows, rarity, same, rarest = titles.rows, titles.rarity, 0.0, 0.0
    p, left = rows.indptr[one], rows.indptr[one + 1]
    q, right = rows.indptr[other], rows.indptr[other + 1]
    while p < left or q < right:
        if p < left and q < right and rows.indices[p] == rows.indices[q]:
            same += rows.data[p] * rows.data[q]
            p += 1
            q += 1
        elif q == right or (p < left and rows.indices[p] < rows.indices[q]):
            rarest = max(rarest, rarity[rows.indices[p]])
            p += 1
        else:
            rarest = max(rarest, rarity[rows.indices[q]])
            q += 1
    return same, rarest


@compiled
def _find(near: _Rows, titles: _Titles, threshold: float, span: Span) -> Any:
    """Give the pairs of some articles, each pair from one of its sides only, and their likeness."""
    most = near.indptr[span[1]] - near.indptr[span[0]]
    left, right, blends, count = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most), 0
    for row in range(span[0], span[1]):
        for p in range(near.indptr[row], near.indptr[row + 1]):
            other, cosine = near.indices[p], near.data[p]
            words = min(titles.lengths[row], titles.lengths[other])
            # The blend cannot reach the threshold with less, even where the titles are equal.
            if _likeness(cosine, 1.0, 0.0, words) < threshold or (
                other < row and holds(near.indices[near.indptr[other] : near.indptr[other + 1]], row)
            ):
                continue
            same, rarest = _compare(titles, row, other)
            blend = _likeness(cosine, same, rarest, words)
            if blend >= threshold:
                left[count], right[count], blends[count] = row, other, blend
                count += 1
    return left[:count].copy(), right[:count].copy(), blends[:count].copy()
