"""The pairs of a site that ask the same question, found among the nearest of each article, in compiled loops."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import Span, compiled, holds, part
from recommender.arrays.sparse_rows import Floats, Ints, Rows, Terms
from recommender.ranking.near_copies import ENOUGH, NEAR, Bodies, in_body, overlap_of, share_of
from recommender.ranking.same_question import Likeness, Titles, likeness
from recommender.ranking.series import of_series
from recommender.system.parallel import cores
from recommender.system.threads import in_threads, spans

# The same formulas, one pair at a time.
_likeness: Any = part(likeness)
_in_body: Any = part(in_body)
_share_of: Any = part(share_of)
_overlap_of: Any = part(overlap_of)


class _Rows(NamedTuple):
    indptr: Ints
    indices: Terms
    data: Floats


class _Titles(NamedTuple):
    rows: _Rows
    idf: Floats
    highest: Floats
    lengths: Floats


class _Bodies(NamedTuple):
    indptr: Ints
    indices: Terms
    texts: NDArray[np.uint16]
    heads: NDArray[np.uint16]
    sizes: Ints
    idf: Floats
    masses: Floats


def find_likeness(
    nearest: Rows, titles: Titles, bodies: Bodies, answered: NDArray[np.bool_], threshold: float
) -> Likeness:
    """Find the pairs that ask the same question among an article's nearest; none for threshold 0, which means off.

    ``nearest`` has the rows and cosines of each article's nearest; ``answered`` tells which have words of their own.
    """
    count = len(titles.rows)
    near = _Rows(nearest.indptr, nearest.indices, nearest.data)
    vectors = _Rows(titles.rows.indptr, titles.rows.indices, titles.rows.data)
    own = _Titles(vectors, titles.idf, titles.highest, titles.lengths)
    of, rows = bodies.coverage, bodies.vectors.rows
    idf = bodies.vectors.space.idf
    told = _Bodies(rows.indptr, rows.indices, of.texts, of.heads, np.zeros(count, np.int64), idf, np.zeros(count))
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
    """Count the words of each body, 0 where it has none of its own, and add up the idf of each text's words."""
    for row in range(span[0], span[1]):
        for p in range(bodies.indptr[row], bodies.indptr[row + 1]):
            if answered[row]:
                bodies.sizes[row] += _in_body(bodies.texts[p], bodies.heads[p])
            if bodies.texts[p]:
                bodies.masses[row] += bodies.idf[bodies.indices[p]]


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
def _overlap(bodies: _Bodies, one: int, other: int) -> float:
    """Give the share of words, each by its idf, that two texts share: as ``overlaps``."""
    p, left = bodies.indptr[one], bodies.indptr[one + 1]
    q, right = bodies.indptr[other], bodies.indptr[other + 1]
    both = 0.0
    while p < left and q < right:
        mine, theirs = bodies.indices[p], bodies.indices[q]
        if mine == theirs and bodies.texts[p] and bodies.texts[q]:
            both += bodies.idf[mine]
        p += mine <= theirs
        q += theirs <= mine
    return float(_overlap_of(both, bodies.masses[one] + bodies.masses[other]))


@part
def _compare(titles: _Titles, one: int, other: int) -> tuple[float, float, float]:
    """Give the cosine of two titles, the rarest word that only one of them has, and the sum of all such words."""
    rows, idf, same, rarest, alone = titles.rows, titles.idf, 0.0, 0.0, 0.0
    p, left = rows.indptr[one], rows.indptr[one + 1]
    q, right = rows.indptr[other], rows.indptr[other + 1]
    while p < left or q < right:
        if p < left and q < right and rows.indices[p] == rows.indices[q]:
            same += rows.data[p] * rows.data[q]
            p += 1
            q += 1
            continue
        if q == right or (p < left and rows.indices[p] < rows.indices[q]):
            own = idf[rows.indices[p]]
            p += 1
        else:
            own = idf[rows.indices[q]]
            q += 1
        rarest, alone = max(rarest, own), alone + own
    highest = titles.highest[one]
    return same, rarest / highest, alone / highest


@part
def _blend(site: tuple[_Titles, _Bodies], one: int, other: int, cosine: float, threshold: float) -> float:
    """Give the likeness of titles and texts, or less than the threshold where it cannot reach that."""
    titles, bodies = site
    words = min(titles.lengths[one], titles.lengths[other])
    if _likeness(cosine, 1.0, (1.0, 0.0, 0.0), words) < threshold:
        return 0.0
    compared = _compare(titles, one, other)
    # No more words can be shared than the shorter text has.
    less, more = bodies.masses[one], bodies.masses[other]
    most = _likeness(cosine, _overlap_of(min(less, more), less + more), compared, words)
    return float(_likeness(cosine, _overlap(bodies, one, other), compared, words)) if most >= threshold else 0.0


@compiled
def _find(near: _Rows, site: tuple[_Titles, _Bodies], threshold: float, span: Span) -> Any:
    """Give the pairs of some articles, each pair from one of its sides only, their likeness, and equal words' share."""
    most = near.indptr[span[1]] - near.indptr[span[0]]
    left, right, count = np.empty(most, np.int64), np.empty(most, np.int64), 0
    blends, shares = np.empty(most), np.empty(most)
    for row in range(span[0], span[1]):
        for p in range(near.indptr[row], near.indptr[row + 1]):
            other = near.indices[p]
            if other < row and holds(near.indices[near.indptr[other] : near.indptr[other + 1]], row):
                continue
            share = _share(site[1], row, other)
            blend = max(share, _blend(site, row, other, near.data[p], threshold))
            if blend >= threshold:
                left[count], right[count], blends[count], shares[count] = row, other, blend, share
                count += 1
    return left[:count].copy(), right[:count].copy(), blends[:count].copy(), shares[:count].copy()
