"""Counted words to weighted TF-IDF rows; the only owner of scikit-learn, which learns how rare each term is.

Each field f has its own columns and its own vector v_f, L2-normalised. A row is the fields beside each other,
each times the square root of its weight w_f, L2-normalised again, so that the dot product of two rows is
sum_f w_f cos_f / sqrt(W_a W_b) with W_x the sum of the weights of x's non-empty fields.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.counts import HEADS, TITLES, Counted, Words
from recommender.coverage import Coverage
from recommender.merging import Merged, merge, titles_alone
from recommender.settings import TEXT, Settings
from recommender.sparse import Floats, Ints, Rows, Terms, Texts, pack

# Terms in more than half of the articles say nothing of any one (stop words of every language); below 100 articles
# a half is too few to tell.
MAX_SHARE, ENOUGH = 0.5, 100
# The idf goes in steps of a quarter, so that an edit moves that of few words, and few articles' vectors with it.
# Halves, quarters, eighths and none rank alike: nDCG@10 0.512, 0.511, 0.512 and 0.512 over seven sites, nDCG@5
# 0.763, 0.761, 0.761 and 0.764 over 160 judged articles.
STEPS = 4
STEM = 5
PART = 1 << 14  # articles weighted at once: what is made on the way is three times what stays


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

    @property
    def text_numbers(self) -> tuple[int, ...]:
        """Give the number of the composed field, or nothing where it has no weight."""
        return tuple(number for number, name in enumerate(self.fields) if name == TEXT)


@dataclass(frozen=True)
class Vectors:
    """The space of a site and the rows of its articles in it, in their order."""

    space: Space
    rows: Rows


@dataclass(frozen=True)
class Fitted:
    """The rows that are ranked, the counts beside them, and the rows of the titles that tell same questions."""

    main: Vectors
    coverage: Coverage
    titles: Vectors


def fit_vectors(counted: Counted, settings: Settings) -> Fitted:
    """Weigh the counted words of all articles; independent of how the work was cut.

    In the rows of the titles words are cut to 5 letters.
    """
    present = set(counted.counts.vocabulary)

    def folded(word: str) -> str:
        return fold(word, present.__contains__)

    fields = settings.weighted
    merged = merge(counted, folded)
    blocks = [_weigh(merged, number, weight) for number, weight in enumerate(fields.values())]
    main, places = _join(blocks, list(fields))
    titles, _ = _join([_weigh(merge(titles_alone(counted), stem), 0, 1.0)], ["title"])
    coverage = _no_coverage(main.rows)
    if TEXT in fields:
        number = list(fields).index(TEXT)
        coverage = _cover(merged, blocks[number], (places[number], len(main.rows.indices)))
    return Fitted(main, coverage, titles)


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
    """Learn ln((1 + n) / (1 + df)) + 1 to a quarter for each column, 0 for terms that too many articles share."""
    # Imported here: only fitting needs it, and it costs 1.2 s and 100 MB a process.
    from scipy.sparse import csr_array  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfTransformer  # noqa: PLC0415

    articles = len(counts)
    frequency = np.bincount(counts.indices, minlength=counts.columns)
    if not articles or not counts.columns:
        return np.zeros(counts.columns)
    matrix = csr_array((counts.data, counts.indices, counts.indptr), shape=(articles, counts.columns))
    inverse: Floats = np.round(STEPS * TfidfTransformer(smooth_idf=True).fit(matrix).idf_) / STEPS
    if articles >= ENOUGH:
        inverse[frequency > MAX_SHARE * articles] = 0.0
    return inverse


def columns_of(space: Space, field: int, words: Sequence[str]) -> dict[str, int]:
    """Give the columns of a draft's words in the field of a number; unknown words are left out."""
    low, high = int(space.starts[field]), int(space.starts[field + 1])
    once = list(set(words))
    columns = dict(zip(once, space.terms.find_all(once, low, high), strict=True))
    # A folded vocabulary holds the word or its singular, not both.
    plurals = [word for word, column in columns.items() if column < 0 and fold(word, bool) != word]
    singulars = space.terms.find_all([fold(word, bool) for word in plurals], low, high)
    columns.update(zip(plurals, singulars, strict=True))
    return {word: column for word, column in columns.items() if column >= 0}


def transform(
    space: Space, words: Sequence[Sequence[str]], known: Sequence[Mapping[str, int]] | None = None
) -> tuple[Terms, Floats]:
    """Give the row of one draft in a fitted space, by the words of each field; unknown words play no part.

    ``known`` has the columns of each field's words where they were found before.
    """
    known = known or [columns_of(space, number, words[number]) for number in range(len(space.weights))]
    columns: list[Terms] = []
    values: list[Floats] = []
    total = 0.0
    for number, weight in enumerate(space.weights):
        counts = _counts(words[number], known[number])
        present = _weighing(space, counts)
        if len(present):
            vector = weigh(np.array([counts[column] for column in present.tolist()], np.float64)) * space.idf[present]
            columns.append(present)
            values.append(vector * np.sqrt(weight) / np.sqrt(vector @ vector))
            total += weight
    if not columns:
        return np.zeros(0, np.int32), np.zeros(0)
    return np.concatenate(columns), np.concatenate(values) / np.sqrt(total)


def text_counts(space: Space, words: Words, known: Sequence[Mapping[str, int]]) -> tuple[Terms, Floats, Floats, Floats]:
    """Count a draft's words in text, head and title: columns of the composed field, ascending, and three counts."""
    columns, counts = np.zeros(0, np.int32), [Counter[int]()] * 3
    for number in space.text_numbers:
        counts = [_counts(own, known[number]) for own in (words.fields[number], words.head, words.title)]
        columns = _weighing(space, counts[0])
    text, head, title = (np.array([own[column] for column in columns.tolist()], np.float64) for own in counts)
    return columns, text, head, title


def _counts(words: Sequence[str], columns: Mapping[str, int]) -> Counter[int]:
    """Count words by their columns, those that fold into one term together."""
    return Counter(columns[word] for word in words if word in columns)


def _weighing(space: Space, counts: Counter[int]) -> Terms:
    """Give the counted columns that count something, ascending."""
    columns = np.array(sorted(counts), np.int32)
    return columns[space.idf[columns] > 0]


@dataclass(frozen=True)
class _Block:
    """One field: its sorted terms, its counts without those of terms that count nothing, idf and weight.

    ``entries`` tells where its counts stand among the merged ones.
    """

    vocabulary: list[str]
    counts: Rows
    entries: NDArray[Any]
    lengths: Floats
    idf: Floats
    weight: float


def _weigh(merged: Merged, number: int, weight: float) -> _Block:
    """Make the block of one column; what is large is let go as soon as it can be."""
    data = merged.column(number)
    entries = np.flatnonzero(data).astype(merged.places.dtype)
    columns = merged.indices[entries]
    used = np.bincount(columns, minlength=len(merged.vocabulary)) > 0
    columns = (np.cumsum(used) - 1).astype(np.int32)[columns]
    indptr = np.searchsorted(entries, merged.indptr).astype(np.int64)
    values = data[entries].astype(np.float64)
    del data
    counts = Rows(indptr, columns, values, int(used.sum()))
    idf = inverse_document_frequency(counts)
    lengths = _totals(counts)
    kept = (idf > 0)[columns]
    if not kept.all():
        entries = entries[kept]
        indptr = np.searchsorted(np.flatnonzero(kept), indptr).astype(np.int64)
        del counts
        columns = columns[kept]
        counts = Rows(indptr, columns, values[kept], int(used.sum()))
    vocabulary = [merged.vocabulary[term] for term in np.flatnonzero(used).tolist()]
    return _Block(vocabulary, counts, entries, lengths, idf, weight)


def _totals(counts: Rows) -> Floats:
    """Add up the counts of every row: whole numbers, so in any order."""
    totals, filled = np.zeros(len(counts)), np.diff(counts.indptr) > 0
    if filled.any():
        totals[filled] = np.add.reduceat(counts.data, counts.indptr[:-1][filled])
    return totals


def _join(blocks: Sequence[_Block], names: Sequence[str]) -> tuple[Vectors, list[NDArray[Any]]]:
    """Put the fields beside each other; also give where each field's entries stand in the joint rows."""
    articles = len(blocks[0].counts)
    lengths = [np.diff(block.counts.indptr) for block in blocks]
    starts = np.cumsum([0, *(len(block.vocabulary) for block in blocks)]).astype(np.int64)
    indptr = np.concatenate([[0], np.cumsum(np.sum(lengths, axis=0))]).astype(np.int64)
    totals = np.sum([block.weight * (own > 0) for block, own in zip(blocks, lengths, strict=True)], axis=0)
    indices, data, places = np.empty(indptr[-1], np.int32), np.empty(indptr[-1]), []
    filled = indptr[:-1].copy()
    for block, start, length in zip(blocks, starts.tolist(), lengths, strict=False):
        place = np.empty(len(block.counts.indices), np.int32 if indptr[-1] < 2**31 else np.int64)
        for first in range(0, articles, PART):
            part = slice(first, first + PART)
            span = slice(block.counts.indptr[first], block.counts.indptr[first:][: PART + 1][-1])
            values = _normed(block, span, length[part], totals[part])
            place[span] = np.arange(span.start, span.stop) + np.repeat(
                filled[part] - block.counts.indptr[:-1][part], length[part]
            )
            indices[place[span]] = block.counts.indices[span] + start
            data[place[span]] = values
        places.append(place)
        filled += length
    terms = pack(term for block in blocks for term in block.vocabulary)
    idf, weights = np.concatenate([block.idf for block in blocks]), tuple(block.weight for block in blocks)
    space = Space(tuple(names), weights, starts, terms, idf)
    return Vectors(space, Rows(indptr, indices, data, len(terms))), places


def _normed(block: _Block, span: slice, length: Ints, totals: Floats) -> Floats:
    """Weigh some rows of a field, given by their entries, how many these are in each, and the rows' weights."""
    values = weigh(block.counts.data[span]) * block.idf[block.counts.indices[span]]
    row = np.repeat(np.arange(len(length)), length)
    norms = np.sqrt(np.bincount(row, weights=values * values, minlength=len(length)))
    values *= np.sqrt(block.weight) / (norms[row] * np.sqrt(totals[row]))
    return values


def _no_coverage(rows: Rows) -> Coverage:
    size = len(rows.indices)
    return Coverage(np.zeros(size, np.uint16), np.zeros(size, np.uint16), np.zeros(size, np.uint8), np.ones(len(rows)))


def _cover(merged: Merged, text: _Block, entries: tuple[NDArray[Any], int]) -> Coverage:
    """Put the counts of text, head and title beside the entries of the text, which stand at some places of all."""
    places, size = entries
    texts, heads = np.zeros(size, np.uint16), np.zeros(size, np.uint16)
    titles = np.zeros(size, np.uint8)
    texts[places] = np.minimum(text.counts.data, np.iinfo(np.uint16).max)
    heads[places] = np.minimum(merged.column(HEADS)[text.entries], np.iinfo(np.uint16).max)
    titles[places] = np.minimum(merged.column(TITLES)[text.entries], np.iinfo(np.uint8).max)
    return Coverage(texts, heads, titles, text.lengths)
