"""Merged counts to weighted rows, in compiled loops: what ``tfidf.weigh_rows`` computes for small sites."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import Span, compiled
from recommender.arrays.sparse_rows import Ints, Terms
from recommender.system.parallel import cores
from recommender.system.threads import in_threads, spans
from recommender.text.tfidf import Scales, Weighed
from recommender.text.tokens import HEADS, TITLES
from recommender.text.vocabulary import Merged


def weigh_rows(merged: Merged, scales: Scales) -> Weighed:
    """Weigh every article's words, field by field."""
    counts = _Counts(merged.indptr, merged.indices, merged.data)
    indptr = np.zeros(len(merged.indptr), np.int64)
    _count(counts, scales, indptr)
    size, articles = int(indptr[-1]), len(indptr) - 1
    rows = Weighed(
        indptr,
        np.empty(size, np.int32),
        np.empty(size),
        np.zeros(size, np.uint16),
        np.zeros(size, np.uint16),
        np.zeros(size, np.uint8),
        np.ones(articles) if scales.text < 0 else np.zeros(articles),
    )
    in_threads(cores(), lambda span: _weigh(counts, scales, rows, span), spans(articles))
    return rows


class _Counts(NamedTuple):
    indptr: Ints
    indices: Terms
    data: NDArray[np.uint16]


@compiled
def _count(counts: _Counts, scales: Scales, indptr: Ints) -> None:
    """Count the entries of every row."""
    for row in range(indptr.size - 1):
        indptr[row + 1] = indptr[row]
        for p in range(counts.indptr[row], counts.indptr[row + 1]):
            for field in range(scales.weights.size):
                if counts.data[p, field] and scales.idf[field, counts.indices[p]] > 0:
                    indptr[row + 1] += 1


@compiled
def _weigh(counts: _Counts, scales: Scales, rows: Weighed, span: Span) -> None:
    """Write some rows: sqrt(tf) idf for every term of every field, each field normalised and times sqrt(its weight).

    The row is normalised again by the sum of the weights of its non-empty fields.
    """
    for row in range(span[0], span[1]):
        at, total = rows.indptr[row], 0.0
        for field in range(scales.weights.size):
            start, squares = at, 0.0
            for p in range(counts.indptr[row], counts.indptr[row + 1]):
                count, term = counts.data[p, field], counts.indices[p]
                if field == scales.text:
                    rows.lengths[row] += count
                if count == 0 or not scales.idf[field, term] > 0:
                    continue
                value = np.sqrt(np.float64(count)) * scales.idf[field, term]
                squares += value * value
                rows.indices[at], rows.data[at] = scales.columns[field, term], value
                if field == scales.text:
                    rows.texts[at], rows.heads[at] = count, counts.data[p, HEADS]
                    rows.titles[at] = min(counts.data[p, TITLES], 255)
                at += 1
            if at > start:
                total += scales.weights[field]
            # One by one: to compile a product of a slice takes 2 s.
            for place in range(start, at):
                rows.data[place] *= np.sqrt(scales.weights[field] / squares)
        for place in range(rows.indptr[row], at):
            rows.data[place] /= np.sqrt(total)
