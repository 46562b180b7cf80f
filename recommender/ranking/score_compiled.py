"""The score of every candidate of a site: what ``score`` computes for a few, bit for bit, in compiled loops."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import Span, compiled, part
from recommender.arrays.sparse_rows import Floats, Ints, Terms, by_falling_frequency
from recommender.ranking.coverage import head_weights, saturation, text_weights
from recommender.ranking.score import Near, returns
from recommender.system.parallel import cores
from recommender.system.threads import in_threads, spans
from recommender.text.tfidf import Coverage, Vectors

BLOCK = 64  # rows of one task
# The same formulas, one word at a time.
_saturation: Any = part(saturation)
_head_weight: Any = part(head_weights)
_text_weight: Any = part(text_weights)


class _Counts(NamedTuple):
    indptr: Ints
    columns: Terms
    texts: NDArray[np.uint16]
    heads: NDArray[np.uint16]
    titles: NDArray[np.uint8]


class Words(NamedTuple):
    """Every article's words, of the text alone, and how it speaks of each.

    Words are in the order of their columns, but have numbers by falling frequency, so that what is looked up for an
    asking article lies close together. ``ends`` and ``titles`` are those of the titles: numbers, and shares of each
    title. ``counts`` and ``idf``, by number, give the shares of an asking one's head and text: kept for all, those
    would take 2 GB for a million articles.
    """

    indptr: Ints
    numbers: Terms
    saturations: Floats
    ends: Ints
    titles: Terms
    shares: Floats
    counts: _Counts
    idf: Floats


class Pairs(NamedTuple):
    """Candidates by falling cosine, padded to one number a row with -1: (n, kept) int32 and float64."""

    rows: Terms
    cosines: Floats
    subjects: Ints  # number of every article's subject, -1 for none
    returns: Floats  # by the number of candidates that come before
    known: Floats  # scores, NaN for those to be computed


def rescore(vectors: Vectors, coverage: Coverage, pairs: Pairs, weights: Floats, threads: int) -> Floats:
    """Score all candidates: (n, kept) float64, 0.0 where there is none."""
    words = _words(vectors, coverage, threads)
    scores = np.zeros(pairs.rows.shape)

    parts = spans(len(vectors.rows), BLOCK)
    in_threads(threads, lambda span: _rescore(words, pairs, weights, span, scores), parts)
    return scores


def _words(vectors: Vectors, coverage: Coverage, threads: int) -> Words:
    """Gather the words."""
    rows = vectors.rows
    counts = _Counts(rows.indptr, rows.indices, coverage.texts, coverage.heads, coverage.titles)
    indptr, ends = np.zeros((2, len(rows) + 1), np.int64)
    _count(counts, indptr, ends)
    numbers, titles = np.empty(indptr[-1], np.int32), np.empty(ends[-1], np.int32)
    saturations, shares = np.empty(len(numbers)), np.empty(len(titles))
    _, order, number = by_falling_frequency(rows)
    words = Words(indptr, numbers, saturations, ends, titles, shares, counts, vectors.space.idf[order])
    in_threads(threads, lambda span: _share(words, number, coverage.slack, span), spans(len(rows)))
    return words


@compiled
def _count(counts: _Counts, indptr: Ints, ends: Ints) -> None:
    """Find where each article's words, and those of its title, begin."""
    for row in range(indptr.size - 1):
        words, titles = 0, 0
        for p in range(counts.indptr[row], counts.indptr[row + 1]):
            words += counts.texts[p] > 0
            titles += (counts.texts[p] > 0) & (counts.titles[p] > 0)
        indptr[row + 1], ends[row + 1] = indptr[row] + words, ends[row] + titles


@compiled
def _share(words: Words, number: Terms, slack: Floats, span: Span) -> None:
    """Write some articles' words as ``coverage`` weighs them."""
    counts = words.counts
    for row in range(span[0], span[1]):
        at, title = words.indptr[row], words.ends[row]
        for p in range(counts.indptr[row], counts.indptr[row + 1]):
            times = np.float64(counts.texts[p])
            if times == 0:
                continue
            own = number[counts.columns[p]]
            words.numbers[at], words.saturations[at] = own, _saturation(times, slack[row])
            at += 1
            if counts.titles[p]:
                words.titles[title], words.shares[title] = own, words.idf[own]
                title += 1
        _sum_to_one(words.shares, words.ends[row], title)


@part
def _sum_to_one(weights: Floats, first: int, end: int) -> None:
    """Divide the weights from first to end by their sum."""
    total = 0.0
    for place in range(first, end):
        total += weights[place]
    for place in range(first, end):
        weights[place] /= total if total > 0 else 1.0


def padded(near: Near, subjects: Ints) -> Pairs:
    """Put the candidates of every article into one table."""
    rows, cosines = (table(near.indptr, values, near.kept) for values in (near.rows, near.cosines))
    return Pairs(rows, cosines, subjects, returns(near.kept), np.full(rows.shape, np.nan))


def table(indptr: Ints, values: NDArray[Any], kept: int) -> NDArray[Any]:
    """Put lists of at most ``kept`` into one table: (n, kept), whole numbers padded with -1, others with 0.0."""
    found = np.full((len(indptr) - 1, kept), -1 if values.dtype.kind == "i" else 0, values.dtype)
    found[np.arange(kept) < np.diff(indptr)[:, None]] = values
    return found


@part
def _scatter_query(words: Words, a: int, shares: NDArray[np.float64], saturations: Floats) -> None:
    """Write into dense arrays how article a asks: (terms, 2) shares of head and text, and how it speaks of terms.

    A share is idf**2 count / total in the head, idf sqrt(count) / total in the text, as ``coverage`` has it.
    """
    counts, at, head, text = words.counts, words.indptr[a], 0.0, 0.0
    for p in range(counts.indptr[a], counts.indptr[a + 1]):
        times = np.float64(counts.texts[p])
        if times == 0:
            continue
        word = words.numbers[at]
        rare = words.idf[word]
        shares[word, 0] = _head_weight(rare, counts.heads[p])
        shares[word, 1] = _text_weight(rare, times)
        head += shares[word, 0]
        text += shares[word, 1]
        saturations[word] = words.saturations[at]
        at += 1
    for p in range(words.indptr[a], words.indptr[a + 1]):
        shares[words.numbers[p], 0] /= head if head > 0 else 1.0
        shares[words.numbers[p], 1] /= text if text > 0 else 1.0


@part
def _clear(words: Words, a: int, shares: NDArray[np.float64], saturations: Floats) -> None:
    """Set to zero what ``_spread`` wrote, entry by entry: the arrays have one for every term of the site."""
    for p in range(words.indptr[a], words.indptr[a + 1]):
        word = words.numbers[p]
        shares[word, 0] = 0.0
        shares[word, 1] = 0.0
        saturations[word] = 0.0


@part
def _covered(words: Words, c: int, shares: NDArray[np.float64], saturations: Floats) -> tuple[float, float, float]:
    """Give how much of the asking article's head and text article c speaks of, and how much of c's title that one does.

    Each the sum over shared terms of the share times tf / (tf + k1 (1 - b + b length / mean)).
    """
    head, text, title = 0.0, 0.0, 0.0
    for p in range(words.indptr[c], words.indptr[c + 1]):
        word, speaks = words.numbers[p], words.saturations[p]
        head += shares[word, 0] * speaks
        text += shares[word, 1] * speaks
    for p in range(words.ends[c], words.ends[c + 1]):
        title += words.shares[p] * saturations[words.titles[p]]
    return head, text, title


@part
def _returned(pairs: Pairs, a: int, c: int) -> Any:
    """Give what the place of article a among the candidates of c is worth, 0.0 where it has none."""
    for before in range(pairs.rows.shape[1]):
        if pairs.rows[c, before] == a:
            return pairs.returns[before]
        if pairs.rows[c, before] < 0:
            break
    return 0.0


@compiled
def _rescore(words: Words, pairs: Pairs, weights: Floats, span: Span, scores: Floats) -> None:
    """Score the candidates of some articles: scores[a, k] = sum of weights times parts, in the order of ``PARTS``.

    What is known already (not NaN in ``pairs.known``) is taken as it is.
    """
    shares, saturations = np.zeros((words.idf.size, 2)), np.zeros(words.idf.size)
    for a in range(span[0], span[1]):
        spread = False
        for k in range(pairs.rows.shape[1]):
            c = pairs.rows[a, k]
            if c < 0:
                break
            scores[a, k] = pairs.known[a, k]
            if not np.isnan(scores[a, k]):
                continue
            if not spread:
                _scatter_query(words, a, shares, saturations)
                spread = True
            head, text, title = _covered(words, c, shares, saturations)
            same = 1.0 if pairs.subjects[a] >= 0 and pairs.subjects[a] == pairs.subjects[c] else 0.0
            # One after the other, as score.total adds: the order decides the last bit.
            score = 0.0 + weights[0] * pairs.cosines[a, k]
            score = score + weights[1] * head
            score = score + weights[2] * text
            score = score + weights[3] * title
            score = score + weights[4] * _returned(pairs, a, c)
            scores[a, k] = score + weights[5] * same
        if spread:
            _clear(words, a, shares, saturations)


def sorted_by_score(rows: Terms, scores: Floats) -> Ints:
    """Give the order of every article's candidates by (-round(score, 9), row), missing ones last: (n, kept) int64."""
    order = np.empty(rows.shape, np.int64)
    in_threads(cores(), lambda span: _order(rows, scores, order, span), spans(len(rows)))
    return order


@compiled
def _order(rows: Terms, scores: Floats, order: Ints, span: Span) -> None:
    """Insert one after the other: lists of 64 that are nearly in order are sorted so in a third of argsort's time."""
    keys = np.empty(rows.shape[1])
    for a in range(span[0], span[1]):
        for place in range(rows.shape[1]):
            row, at = rows[a, place], place
            key = -np.rint(scores[a, place] * 1e9) if row >= 0 else np.inf
            while at and (keys[at - 1] > key or (keys[at - 1] == key and rows[a, order[a, at - 1]] > row)):
                keys[at], order[a, at] = keys[at - 1], order[a, at - 1]
                at -= 1
            keys[at], order[a, at] = key, place
