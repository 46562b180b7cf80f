"""Counted words to weighted TF-IDF rows; the only owner of scikit-learn, which learns how rare each term is.

Each field f has its own columns and its own vector v_f, L2-normalised. A row is the fields beside each other,
each times the square root of its weight w_f, L2-normalised again, so that the dot product of two rows is
sum_f w_f cos_f / sqrt(W_a W_b) with W_x the sum of the weights of x's non-empty fields.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.counts import Counted, Counts
from recommender.settings import Settings
from recommender.sparse import Floats, Ints, Rows, Terms, Texts, pack

# Terms in more than half of the articles say nothing of any one (stop words of every language); below 100 articles
# a half is too few to tell.
MAX_SHARE, ENOUGH = 0.5, 100
STEM = 5


@dataclass(frozen=True)
class Space:
    """The learned columns: which term of which field each is, and how rare it is.

    ``starts`` has one more entry than ``weights``: the columns of field f are ``starts[f]`` to ``starts[f + 1]``,
    their terms sorted by code points. ``idf`` is float64, one for each column, 0 where a term counts nothing.
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


def fit_vectors(counted: Counted, settings: Settings) -> tuple[Vectors, Vectors]:
    """Weigh the counted words of all articles; independent of how the work was cut.

    Gives the rows that are ranked, and those of the titles with words cut to 5 letters, which tell same questions.
    """
    present = set().union(*(counts.vocabulary for chunk in counted.chunks for counts in chunk))
    fields = list(settings.weighted.items())
    main = _weigh_fields(counted, 0, fields, lambda word: fold(word, present.__contains__))
    return main, _weigh_fields(counted, -1, [("title", 1.0)], stem)


def fold(word: str, known: Callable[[str], object]) -> str:
    """Take the plural's s off a word of more than 3 letters if the site has the word without it.

    What ends in ss is no plural; and so no word folds into one that folds itself ("princess", "princes", "prince").
    """
    return word[:-1] if len(word) > 3 and word[-1] == "s" != word[-2] and known(word[:-1]) else word


def stem(word: str) -> str:
    """Cut a word of a title to what inflected forms share."""
    return word[:STEM]


def weigh(counts: Floats) -> Floats:
    """Dampen term frequency to its square root: on 160 judged articles as good as 1 + ln tf, on seven sites better."""
    damped: Floats = np.sqrt(counts)
    return damped


def inverse_document_frequency(counts: Rows) -> Floats:
    """Learn ln((1 + n) / (1 + df)) + 1 for each column, 0 for terms that too many articles share."""
    # Imported here: only fitting needs it, and it costs 1.2 s and 100 MB a process.
    from scipy.sparse import csr_array  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfTransformer  # noqa: PLC0415

    articles = len(counts)
    frequency = np.bincount(counts.indices, minlength=counts.columns)
    if not articles or not counts.columns:
        return np.zeros(counts.columns)
    matrix = csr_array((counts.data, counts.indices, counts.indptr), shape=(articles, counts.columns))
    inverse: Floats = np.array(TfidfTransformer(smooth_idf=True).fit(matrix).idf_, np.float64)
    if articles >= ENOUGH:
        inverse[frequency > MAX_SHARE * articles] = 0.0
    return inverse


def transform(space: Space, words: Sequence[Sequence[str]]) -> tuple[Terms, Floats]:
    """Give the row of one draft in a fitted space, by the words of each field; unknown words play no part."""
    columns: list[Terms] = []
    values: list[Floats] = []
    total = 0.0
    for number, weight in enumerate(space.weights):
        counts: dict[int, int] = {}
        for word, times in Counter(words[number]).items():
            column = _column(space, number, word)
            if column >= 0 and space.idf[column]:
                counts[column] = counts.get(column, 0) + times
        if counts:
            known = np.array(sorted(counts), np.int32)
            vector = weigh(np.array([counts[column] for column in known.tolist()], np.float64)) * space.idf[known]
            columns.append(known)
            values.append(vector * np.sqrt(weight) / np.sqrt(vector @ vector))
            total += weight
    if not columns:
        return np.zeros(0, np.int32), np.zeros(0)
    return np.concatenate(columns), np.concatenate(values) / np.sqrt(total)


def _column(space: Space, field: int, word: str) -> int:
    low, high = int(space.starts[field]), int(space.starts[field + 1])
    column = space.terms.find(word, low, high)
    # A folded vocabulary holds the word or its singular, not both.
    return column if column >= 0 else space.terms.find(fold(word, bool), low, high)


def _weigh_fields(
    counted: Counted, first: int, fields: Sequence[tuple[str, float]], folded: Callable[[str], str]
) -> Vectors:
    vocabularies, blocks, start = [], [], 0
    for column, (_, weight) in enumerate(fields, first):
        vocabulary, counts = _merge([chunk[column] for chunk in counted.chunks], counted.order, folded)
        idf = inverse_document_frequency(counts)
        blocks.append((_kept(counts, idf), idf, weight, start))
        vocabularies.append(vocabulary)
        start += len(vocabulary)
    starts = np.cumsum([0, *map(len, vocabularies)]).astype(np.int64)
    terms = pack(term for vocabulary in vocabularies for term in vocabulary)
    names, weights = zip(*fields, strict=True)
    space = Space(names, weights, starts, terms, np.concatenate([idf for _, idf, _, _ in blocks]))
    return Vectors(space, _join(blocks, len(blocks[0][0]), start))


def _merge(chunks: Sequence[Counts], order: Ints, folded: Callable[[str], str]) -> tuple[list[str], Rows]:
    from scipy.sparse import csr_array  # noqa: PLC0415  (0.2 s; only fitting needs it)

    forms = {word: folded(word) for word in set().union(*(chunk.vocabulary for chunk in chunks))}
    vocabulary = sorted(set(forms.values()))
    column = {term: number for number, term in enumerate(vocabulary)}
    number = {word: column[form] for word, form in forms.items()}
    indices, lengths = [np.zeros(0, np.int32)], []
    for chunk in chunks:
        renumber = np.fromiter(map(number.__getitem__, chunk.vocabulary), np.int32, len(chunk.vocabulary))
        indices.append(renumber[chunk.indices] if len(renumber) else np.zeros(0, np.int32))
        lengths.append(np.diff(chunk.indptr))
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    data = np.concatenate([chunk.data for chunk in chunks]).astype(np.float64)
    shape = (len(indptr) - 1, len(vocabulary))
    counts = csr_array((data, np.concatenate(indices), indptr), shape=shape)[order]
    # Words that fold into one term meet here; counts are whole numbers, so the order of adding does not matter.
    counts.sum_duplicates()
    return vocabulary, Rows(counts.indptr.astype(np.int64), counts.indices.astype(np.int32), counts.data, shape[1])


def _kept(counts: Rows, idf: Floats) -> Rows:
    """Drop the entries of terms that count nothing."""
    kept = idf[counts.indices] > 0
    indptr = np.concatenate([[0], np.cumsum(kept)])[counts.indptr]
    return Rows(indptr.astype(np.int64), counts.indices[kept], counts.data[kept], counts.columns)


def _join(blocks: Sequence[tuple[Rows, Floats, float, int]], articles: int, columns: int) -> Rows:
    lengths = [np.diff(counts.indptr) for counts, _, _, _ in blocks]
    indptr = np.concatenate([[0], np.cumsum(np.sum(lengths, axis=0))]).astype(np.int64)
    totals = np.sum([weight * (length > 0) for (_, _, weight, _), length in zip(blocks, lengths, strict=True)], axis=0)
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
