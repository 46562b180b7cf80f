"""The score of every candidate of a site: what ``score`` computes for a few, bit for bit, in compiled loops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.coverage import Coverage, head_weights, saturation, shares_of, text_weights
from recommender.kernels import compiled, part
from recommender.score import Near, returns
from recommender.sparse import Floats, Ints, Terms
from recommender.vectors import Vectors

BLOCK = 64  # rows of one task
PART = 1 << 14  # articles whose words are gathered, and whose scores are sorted, at once


class Words(NamedTuple):
    """Every article's words, of the text alone, and how it speaks of each.

    ``ends`` and ``titles`` are those of the titles: columns, and shares of each title.
    """

    indptr: Ints
    columns: Terms
    spoken: Floats
    ends: Ints
    titles: Terms
    shares: Floats
    size: int  # columns of the space


class Asking(NamedTuple):
    """The words of some articles, the first of which stands at ``start`` among all: shares of their heads and texts.

    ``weights`` are those of the parts of a score.
    """

    start: int
    heads: Floats
    texts: Floats
    weights: Floats


class Pairs(NamedTuple):
    """Candidates by falling cosine, padded to one number a row with -1: (n, kept) int32 and float64."""

    rows: Terms
    cosines: Floats
    subjects: Ints  # number of every article's subject, -1 for none
    returns: Floats  # by the number of candidates that come before


def rescore(vectors: Vectors, coverage: Coverage, pairs: Pairs, weights: Floats, threads: int) -> Floats:
    """Score all candidates: (n, kept) float64, 0.0 where there is none."""
    n, of_text = len(vectors.rows), coverage.texts > 0
    words = _words(vectors, coverage, of_text)
    scores = np.zeros(pairs.rows.shape)
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for part in range(0, n, PART):
            stop = min(part + PART, n)
            heads, texts = _shares(vectors, coverage, of_text, (part, stop))
            asking = Asking(int(words.indptr[part]), heads, texts, weights)

            def task(start: int, asking: Asking = asking, stop: int = stop) -> None:
                _rescore(words, asking, pairs, (start, min(start + BLOCK, stop)), scores)

            list(pool.map(task, range(part, stop, BLOCK)))  # a list, so that a task's exception is raised
    return scores


def _words(vectors: Vectors, coverage: Coverage, of_text: NDArray[np.bool_]) -> Words:
    """Gather the words, some articles at a time: what is made on the way is twice what stays."""
    rows = vectors.rows
    indptr = _counted(of_text)[rows.indptr]
    titled = _counted((coverage.titles > 0) & of_text)[rows.indptr]
    columns, titles = np.empty(indptr[-1], np.int32), np.empty(titled[-1], np.int32)
    spoken, shares = np.empty(len(columns)), np.empty(len(titles))
    for first in range(0, len(rows), PART):
        last = min(first + PART, len(rows))
        span, ends = slice(indptr[first], indptr[last]), slice(titled[first], titled[last])
        own = _places(vectors, of_text, first, last)
        owners = np.repeat(np.arange(last - first), np.diff(indptr[first : last + 1]))
        idf, has = vectors.space.idf[rows.indices[own]], coverage.titles[own] > 0
        columns[span], titles[ends] = rows.indices[own], rows.indices[own][has]
        spoken[span] = saturation(coverage.texts[own].astype(np.float64), coverage.slack[first:last][owners])
        shares[ends] = shares_of(owners[has], idf[has], last - first)
    return Words(indptr, columns, spoken, titled, titles, shares, rows.columns)


def _shares(
    vectors: Vectors, coverage: Coverage, of_text: NDArray[np.bool_], span: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Give the shares of the words of some articles in their heads and texts."""
    first, last = span
    own = _places(vectors, of_text, first, last)
    owners = np.searchsorted(vectors.rows.indptr[first : last + 1], own, "right") - 1
    in_text, in_head = (counts[own].astype(np.float64) for counts in (coverage.texts, coverage.heads))
    idf = vectors.space.idf[vectors.rows.indices[own]]
    heads = shares_of(owners, head_weights(idf, in_head), last - first)
    return heads, shares_of(owners, text_weights(idf, in_text), last - first)


def _places(vectors: Vectors, of_text: NDArray[np.bool_], first: int, last: int) -> Ints:
    start, stop = vectors.rows.indptr[first], vectors.rows.indptr[last]
    return np.arange(start, stop)[of_text[start:stop]]


def _counted(held: NDArray[np.bool_]) -> Ints:
    counts = np.zeros(len(held) + 1, np.int64)
    np.cumsum(held, out=counts[1:])
    return counts


def padded(near: Near, subjects: Ints) -> Pairs:
    """Put the candidates of every article into one table."""
    n = len(near.indptr) - 1
    lengths = np.diff(near.indptr)
    rows, cosines = np.full((n, near.kept), -1, np.int32), np.zeros((n, near.kept))
    filled = np.arange(near.kept) < lengths[:, None]
    rows[filled], cosines[filled] = near.rows, near.cosines
    return Pairs(rows, cosines, subjects, returns(near.kept))


@part
def _spread(words: Words, asking: Asking, a: int, shares: NDArray[np.float64], spoken: Floats) -> None:
    for p in range(words.indptr[a], words.indptr[a + 1]):
        column = words.columns[p]
        shares[column, 0] = asking.heads[p - asking.start]
        shares[column, 1] = asking.texts[p - asking.start]
        spoken[column] = words.spoken[p]


@part
def _clear(words: Words, a: int, shares: NDArray[np.float64], spoken: Floats) -> None:
    for p in range(words.indptr[a], words.indptr[a + 1]):
        column = words.columns[p]
        shares[column, 0] = 0.0
        shares[column, 1] = 0.0
        spoken[column] = 0.0


@part
def _covered(words: Words, c: int, shares: NDArray[np.float64], spoken: Floats) -> tuple[float, float, float]:
    head, text, title = 0.0, 0.0, 0.0
    for p in range(words.indptr[c], words.indptr[c + 1]):
        column, speaks = words.columns[p], words.spoken[p]
        head += shares[column, 0] * speaks
        text += shares[column, 1] * speaks
    for p in range(words.ends[c], words.ends[c + 1]):
        title += words.shares[p] * spoken[words.titles[p]]
    return head, text, title


@part
def _returned(pairs: Pairs, a: int, c: int) -> Any:
    for before in range(pairs.rows.shape[1]):
        if pairs.rows[c, before] == a:
            return pairs.returns[before]
        if pairs.rows[c, before] < 0:
            break
    return 0.0


@compiled
def _rescore(words: Words, asking: Asking, pairs: Pairs, span: tuple[int, int], scores: Floats) -> None:
    shares, spoken, weights = np.zeros((words.size, 2)), np.zeros(words.size), asking.weights
    for a in range(span[0], span[1]):
        _spread(words, asking, a, shares, spoken)
        for k in range(pairs.rows.shape[1]):
            c = pairs.rows[a, k]
            if c < 0:
                break
            head, text, title = _covered(words, c, shares, spoken)
            same = 1.0 if pairs.subjects[a] >= 0 and pairs.subjects[a] == pairs.subjects[c] else 0.0
            # One after the other, as score.total adds: the order decides the last bit.
            score = 0.0 + weights[0] * pairs.cosines[a, k]
            score = score + weights[1] * head
            score = score + weights[2] * text
            score = score + weights[3] * title
            score = score + weights[4] * _returned(pairs, a, c)
            scores[a, k] = score + weights[5] * same
        _clear(words, a, shares, spoken)


def sorted_by_score(pairs: Pairs, scores: Floats) -> NDArray[Any]:
    """Give the order of every article's candidates by (-round(score, 9), row), missing ones last: (n, kept) int64."""
    order = np.empty(scores.shape, np.int64)
    for first in range(0, len(order), PART):
        part = slice(first, first + PART)
        rows, missing = pairs.rows[part], pairs.rows[part] < 0
        by_row = np.argsort(np.where(missing, np.iinfo(np.int32).max, rows), axis=1, kind="stable")
        keys = np.where(missing, np.inf, -np.round(scores[part], 9))
        by_score = np.argsort(np.take_along_axis(keys, by_row, axis=1), axis=1, kind="stable")
        order[part] = np.take_along_axis(by_row, by_score, axis=1)
    return order
