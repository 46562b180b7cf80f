"""Articles to weighted TF-IDF rows; the only owner of scikit-learn's text tools, which count the words.

Each field f has its own columns and its own vector v_f, L2-normalised. A row is the fields beside each other,
each times the square root of its weight w_f, L2-normalised again, so that the dot product of two rows is
sum_f w_f cos_f / sqrt(W_a W_b) with W_x the sum of the weights of x's non-empty fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender import parallel
from recommender.article import Article
from recommender.sparse import Floats, Ints, Rows, Terms, Texts, pack
from recommender.text import analyze


@dataclass(frozen=True)
class Space:
    """The learned columns: which term of which field each is, and how rare it is.

    ``starts`` has one more entry than ``weights``: the columns of field f are ``starts[f]`` to ``starts[f + 1]``,
    their terms sorted by code points. ``idf`` is float64, one for each column.
    """

    fields: tuple[str, ...]
    weights: tuple[float, ...]
    starts: Ints
    terms: Texts
    idf: Floats


@dataclass(frozen=True)
class Vectors:
    """The space of a site and the rows of its articles in it, in their order."""

    space: Space
    rows: Rows


@dataclass(frozen=True)
class _Counts:
    """Counts of a chunk of articles in one field: its own sorted vocabulary and compressed rows."""

    vocabulary: list[str]
    indptr: Any
    indices: Any
    data: Any


def fit_vectors(
    articles: Sequence[Article], fields: Mapping[str, float], progress: parallel.Progress = parallel.silent
) -> Vectors:
    """Count the words of every field and weigh them; independent of the number of processes."""
    work = _Counting(tuple(articles), len(fields))
    numbers = range(len(articles))
    chunks = list(parallel.run(work, numbers, progress, label="counting words"))
    spaces, blocks, start = [], [], 0
    for number, weight in enumerate(fields.values()):
        vocabulary, counts = _merge([chunk[number] for chunk in chunks])
        idf = inverse_document_frequency(counts, len(articles))
        blocks.append((counts, idf, weight, start))
        spaces.append((vocabulary, idf))
        start += len(vocabulary)
    starts = np.cumsum([0, *(len(vocabulary) for vocabulary, _ in spaces)])
    terms = pack(term for vocabulary, _ in spaces for term in vocabulary)
    idf = np.concatenate([idf for _, idf in spaces])
    space = Space(tuple(fields), tuple(fields.values()), starts.astype(np.int64), terms, idf)
    return Vectors(space, _join(blocks, len(articles), start))


def weigh(counts: Floats) -> Floats:
    """Dampen term frequency: 1 + ln tf (Salton and Buckley 1988; ``sublinear_tf`` of scikit-learn)."""
    damped: Floats = 1.0 + np.log(counts)
    return damped


def inverse_document_frequency(counts: Rows, articles: int) -> Floats:
    """Give ln((1 + n) / (1 + df)) + 1 for each column (scikit-learn's smoothed form), float64."""
    frequency = np.bincount(counts.indices, minlength=counts.columns)
    inverse: Floats = np.log((1.0 + articles) / (1.0 + frequency)) + 1.0
    return inverse


def transform(space: Space, texts: Mapping[str, str]) -> tuple[Terms, Floats]:
    """Give the row of one draft in a fitted space: ascending columns and values; unknown words play no part."""
    columns: list[Terms] = []
    values: list[Floats] = []
    total = 0.0
    for number, (name, weight) in enumerate(zip(space.fields, space.weights, strict=True)):
        low, high = int(space.starts[number]), int(space.starts[number + 1])
        words = analyze(texts.get(name, ""))
        counts: dict[int, int] = {}
        for word in words:
            column = space.terms.find(word, low, high)
            if column >= 0:
                counts[column] = counts.get(column, 0) + 1
        if not counts:
            continue
        known = np.array(sorted(counts), np.int32)
        vector = weigh(np.array([counts[column] for column in known.tolist()], np.float64)) * space.idf[known]
        columns.append(known)
        values.append(vector * np.sqrt(weight) / np.sqrt(vector @ vector))
        total += weight
    if not columns:
        return np.zeros(0, np.int32), np.zeros(0)
    return np.concatenate(columns), np.concatenate(values) / np.sqrt(total)


@dataclass(frozen=True)
class _Counting:
    articles: tuple[Article, ...]
    fields: int

    def __call__(self, numbers: Sequence[int]) -> list[tuple[_Counts, ...]]:
        chunk = [self.articles[number] for number in numbers]
        return [tuple(_count([article.texts[field] for article in chunk]) for field in range(self.fields))]


def _count(texts: Sequence[str]) -> _Counts:
    # Imported here: only counting a whole site needs it, and it costs 1.2 s and 100 MB a process.
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415

    vectorizer = CountVectorizer(analyzer=analyze, dtype=np.int32)
    try:
        counts = vectorizer.fit_transform(texts)
    except ValueError:
        # "empty vocabulary": no text of the chunk has a word in this field.
        return _Counts([], np.zeros(len(texts) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32))
    counts.sort_indices()
    return _Counts(sorted(vectorizer.vocabulary_), counts.indptr, counts.indices, counts.data)


def _merge(chunks: Sequence[_Counts]) -> tuple[list[str], Rows]:
    vocabulary = sorted(set().union(*(chunk.vocabulary for chunk in chunks)))
    number = {term: column for column, term in enumerate(vocabulary)}
    indices, data, lengths = [], [], []
    for chunk in chunks:
        # Both vocabularies are sorted, so columns stay ascending within a row.
        renumber = np.array([number[term] for term in chunk.vocabulary], np.int32)
        indices.append(renumber[chunk.indices] if len(renumber) else np.zeros(0, np.int32))
        data.append(chunk.data)
        lengths.append(np.diff(chunk.indptr))
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
    counts = np.concatenate(data).astype(np.float64)
    return vocabulary, Rows(indptr, np.concatenate(indices), counts, len(vocabulary))


def _join(blocks: Sequence[tuple[Rows, Floats, float, int]], articles: int, columns: int) -> Rows:
    lengths = [np.diff(counts.indptr) for counts, _, _, _ in blocks]
    indptr = np.concatenate([[0], np.cumsum(np.sum(lengths, axis=0))]).astype(np.int64)
    totals = np.sum(
        [weight * (length > 0) for (_, _, weight, _), length in zip(blocks, lengths, strict=True)], axis=0
    )
    indices = np.empty(indptr[-1], np.int32)
    data = np.empty(indptr[-1])
    filled = indptr[:-1].copy()
    for (counts, idf, weight, start), length in zip(blocks, lengths, strict=True):
        values = weigh(counts.data) * idf[counts.indices]
        row = np.repeat(np.arange(articles), length)
        norms = np.sqrt(np.bincount(row, weights=values * values, minlength=articles))
        values *= np.sqrt(weight) / (norms[row] * np.sqrt(totals[row]))
        place = filled[row] + np.arange(len(row)) - counts.indptr[row]
        indices[place] = counts.indices + start
        data[place] = values
        filled += length
    return Rows(indptr, indices, data, columns)


def field_rows(vectors: Vectors, field: str) -> Rows:
    """Give the rows of one field alone, L2-normalised, in the same columns; empty where the field has no weight."""
    if field not in vectors.space.fields:
        return Rows(np.zeros(len(vectors.rows) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0), 0)
    number = vectors.space.fields.index(field)
    low, high = int(vectors.space.starts[number]), int(vectors.space.starts[number + 1])
    rows = vectors.rows
    kept = (rows.indices >= low) & (rows.indices < high)
    row = np.repeat(np.arange(len(rows)), np.diff(rows.indptr))[kept]
    data = rows.data[kept]
    norms = np.sqrt(np.bincount(row, weights=data * data, minlength=len(rows)))
    counts = np.bincount(row, minlength=len(rows))
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Rows(indptr, (rows.indices[kept] - low).astype(np.int32), data / norms[row], high - low)
