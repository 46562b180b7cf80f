"""The pairs of a site that ask the same question, found among the nearest of each article, in compiled loops."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import Span, compiled, holds, part
from recommender.arrays.sparse_rows import Floats, Ints, Rows, Terms
from recommender.ranking.near_copies import ENOUGH, NEAR, Bodies, in_body, share_of
from recommender.ranking.same_question import Likeness, Titles, likeness
from recommender.ranking.series import of_series
from recommender.system.parallel import cores
from recommender.system.threads import in_threads, spans

# The same formulas, one pair at a time.
_likeness: Any = part(likeness)
_in_body: Any = part(in_body)
_share_of: Any = part(share_of)


class _Rows(NamedTuple):
    indptr: Ints
    indices: Terms
    data: Floats


class _Titles(NamedTuple):
    rows: _Rows
    rarity: Floats
    lengths: Floats


class _Bodies(NamedTuple):
    indptr: Ints
    indices: Terms
    texts: NDArray[np.uint16]
    heads: NDArray[np.uint16]
    sizes: Ints


def find_likeness(
    nearest: Rows, titles: Titles, bodies: Bodies, answered: NDArray[np.bool_], threshold: float
) -> Likeness:
    """Find the pairs that ask the same question among an article's nearest; none for threshold 0, which means off.

    ``nearest`` has the rows and cosines of each article's nearest; ``answered`` tells which have words of their own.
    """
    count = len(titles.rows)
    near = _Rows(nearest.indptr, nearest.indices, nearest.data)
    own = _Titles(_Rows(titles.rows.indptr, titles.rows.indices, titles.rows.data), titles.rarity, titles.lengths)
    of, rows = bodies.coverage, bodies.vectors.rows
    told = _Bodies(rows.indptr, rows.indices, of.texts, of.heads, np.zeros(count, np.int64))
    parts = spans(count if threshold > 0 else 0)
    in_threads(cores(), lambda span: _measure(told, answered, span), parts)
    found = in_threads(cores(), lambda span: _find(near, (own, told), threshold, span), parts)
    one, other, blend, share = (
        np.concatenate([np.zeros(0, kind), *parts])
        for kind, *parts in zip((np.int64, np.int64, np.float64, np.float64), *found, strict=True)
    )
    kept = ~_of_series(titles, one, other) | (share == 1)
    one, other, blend = one[kept], other[kept], blend[kept]
    left, right, blend = np.concatenate([one, other]), np.concatenate([other, one]), np.tile(blend, 2)
    order = np.lexsort((right, left))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(left, minlength=count))]).astype(np.int64)
    return Likeness(indptr, right[order].astype(np.int32), blend[order])


def _of_series(titles: Titles, one: Ints, other: Ints) -> NDArray[np.bool_]:
    pairs = zip(titles.texts.some(one.tolist()), titles.texts.some(other.tolist()), strict=True)
    return np.array([of_series(*pair) for pair in pairs], np.bool_)


@compiled
def _measure(bodies: _Bodies, answered: NDArray[np.bool_], span: Span) -> None:
    """Count the words of each body, 0 where it has none of its own."""
    for row in range(span[0], span[1]):
        if answered[row]:
            for p in range(bodies.indptr[row], bodies.indptr[row + 1]):
                bodies.sizes[row] += _in_body(bodies.texts[p], bodies.heads[p])


@part
def _share(bodies: _Bodies, one: int, other: int) -> float:
    """Give the share of words that two bodies share, 0 where they are no near copies: as ``shares_with``."""
    size, others = bodies.sizes[one], bodies.sizes[other]
    if min(size, others) < max(ENOUGH, NEAR * max(size, others)):
        return 0.0
    p, left = bodies.indptr[one], bodies.indptr[one + 1]
    q, right = bodies.indptr[other], bodies.indptr[other + 1]
    most, differ = (size + others) * (1 - NEAR), 0
    while (p < left or q < right) and differ <= most:
        here = p < left and (q == right or bodies.indices[p] <= bodies.indices[q])
        there = q < right and (p == left or bodies.indices[q] <= bodies.indices[p])
        mine = _in_body(bodies.texts[p], bodies.heads[p]) if here else 0
        theirs = _in_body(bodies.texts[q], bodies.heads[q]) if there else 0
        differ += abs(mine - theirs)
        p += here
        q += there
    share = _share_of(size, others, differ)
    return share if share >= NEAR else 0.0


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
def _find(near: _Rows, site: tuple[_Titles, _Bodies], threshold: float, span: Span) -> Any:
    """Give the pairs of some articles, each pair from one of its sides only, their likeness, and equal words' share."""
    titles, bodies = site
    most = near.indptr[span[1]] - near.indptr[span[0]]
    left, right, count = np.empty(most, np.int64), np.empty(most, np.int64), 0
    blends, shares = np.empty(most), np.empty(most)
    for row in range(span[0], span[1]):
        for p in range(near.indptr[row], near.indptr[row + 1]):
            other, cosine = near.indices[p], near.data[p]
            words = min(titles.lengths[row], titles.lengths[other])
            # The blend cannot reach the threshold with less, even where the titles are equal.
            likely, share = _likeness(cosine, 1.0, 0.0, words) >= threshold, _share(bodies, row, other)
            if (not likely and share < threshold) or (
                other < row and holds(near.indices[near.indptr[other] : near.indptr[other + 1]], row)
            ):
                continue
            same, rarest = _compare(titles, row, other)
            blend = max(share, _likeness(cosine, same, rarest, words))
            if blend >= threshold:
                left[count], right[count], blends[count], shares[count] = row, other, blend, share
                count += 1
    return left[:count].copy(), right[:count].copy(), blends[:count].copy(), shares[:count].copy()
