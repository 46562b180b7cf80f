"""Counted words to weighted TF-IDF rows; the only owner of scikit-learn, which learns how rare each term is.

Each field f has its own columns and its own vector v_f, L2-normalised. A row is the fields beside each other,
each times the square root of its weight w_f, L2-normalised again, so that the dot product of two rows is
sum_f w_f cos_f / sqrt(W_a W_b) with W_x the sum of the weights of x's non-empty fields.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.compiling import compiles
from recommender.arrays.sparse_rows import Floats, Ints, Rows, Terms, Texts, pack
from recommender.settings import TEXT, Settings
from recommender.text import vocabulary
from recommender.text.foreign_terms import foreign_terms, of_articles_without_topic
from recommender.text.spellings import fold, plainer
from recommender.text.tokens import HEADS, TITLES, Columns, Tokenized, Words, columns_of_lines
from recommender.text.vocabulary import Merged

# Terms in more than half of the articles say nothing of any one (stop words of its language); below 100 articles
# a half is too few to tell.
MAX_SHARE, ENOUGH = 0.5, 100
# The idf goes in steps of a quarter, so that an edit moves that of few words, and few articles' vectors with it.
# Halves, quarters, eighths and none rank alike: nDCG@10 0.512, 0.511, 0.512 and 0.512 over seven sites, nDCG@5
# 0.763, 0.761, 0.761 and 0.764 over 160 judged articles.
STEPS = 4
STEM = 5
# Of BM25, the usual ones; from 0.75 to 6 and from 0.4 to 1 all the same.
K1, B = 1.5, 0.75


@dataclass(frozen=True)
class Space:
    """The learned columns: which term of which field each is, and how rare it is.

    The columns of field f are ``starts[f]`` to ``starts[f + 1]``, their terms sorted by code points. Where the articles
    count in groups, those of each group stand behind each other: ``starts`` has an entry for each field of each group,
    and one more. ``idf`` is float64, one for each column, 0 where a term counts nothing.
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

    @property
    def groups(self) -> int:
        """Number of groups that the articles count in."""
        return (len(self.starts) - 1) // len(self.fields)

    def of_group(self, number: int) -> Space:
        """Give the columns of one group, under the numbers that they have among all."""
        first = number * len(self.fields)
        return replace(self, starts=self.starts[first : first + len(self.fields) + 1])


@dataclass(frozen=True)
class Vectors:
    """The space of a site and the rows of its articles in it, in their order."""

    space: Space
    rows: Rows


@dataclass(frozen=True)
class Coverage:
    """Counts beside the entries of the ranked rows: of the word in the text, in the head, and in the title.

    ``texts`` and ``heads`` are uint16, ``titles`` uint8, 0 for entries of other fields than the composed text;
    ``lengths`` are the words of each text, float64. ``groups`` numbers the group in which each article counts, None
    where all are one.
    """

    texts: NDArray[np.uint16]
    heads: NDArray[np.uint16]
    titles: NDArray[np.uint8]
    lengths: Floats
    groups: Terms | None = None

    @cached_property
    def slack(self) -> Floats:
        """Give k1 (1 - b + b length / mean) of every article."""
        return self.slack_of(self.lengths, 0 if self.groups is None else self.groups)

    def slack_of(self, lengths: Floats, groups: Terms | int = 0) -> Floats:
        """Give the same for texts of any length, a draft's too, by the groups that they count in."""
        slack: Floats = K1 * (1 - B + B * lengths / np.maximum(self.means[groups], 1e-9))
        return slack

    @cached_property
    def means(self) -> Floats:
        """Give the mean length of each group to two digits: with all of them an edit would move every score."""
        if not len(self.lengths):
            return np.zeros(1)
        groups = np.zeros(len(self.lengths), np.int32) if self.groups is None else self.groups
        own = (self.lengths[groups == number] for number in range(int(groups.max()) + 1))
        return np.array([float(f"{lengths.mean():.1e}") for lengths in own])


@dataclass(frozen=True)
class Fitted:
    """The rows that are ranked, the counts beside them, and the rows of the titles that tell same questions."""

    main: Vectors
    coverage: Coverage
    titles: Vectors


def fit_vectors(site: Tokenized, settings: Settings, *, enough: int = ENOUGH, again: bool = False) -> Fitted:
    """Count and weigh the words of all articles; independent of how the work was cut.

    In the rows of the titles words are cut to 5 letters. Terms in more than half of the articles count nothing where
    there are ``enough``. ``again`` tells that a model of the site was built before.
    """
    way, columns = _way(len(site.order)), columns_of_lines(settings)
    present = way.words_in_use(site)
    # A call for each word of a site would take a tenth of all that is done here.
    forms = {word: fold(word, present) for word in present if word[-1] in "sx" or not word.isascii()}
    merged = way.merge(site, lambda word: forms.get(word, word), columns)
    main, coverage = _weighed(merged, settings.weighted, way, enough=enough, again=again)
    titles, _ = _weighed(way.merge(site, stem, columns.titles), {"title": 1.0}, way, enough=enough, again=again)
    return Fitted(main, coverage, titles)


def words_in_use(site: Tokenized) -> Counter[str]:
    """Count the articles that have each word."""
    return _way(len(site.order)).words_in_use(site)


class _Way(NamedTuple):
    """The loops that weigh a site's words, plain or compiled."""

    words_in_use: Callable[[Tokenized], Counter[str]]
    merge: Callable[[Tokenized, Callable[[str], str], Columns], Merged]
    frequencies: Callable[[Merged, int], Ints]
    weigh_rows: Callable[[Merged, Scales], Weighed]


def _way(articles: int) -> _Way:
    if compiles(articles):
        from recommender.text import tfidf_compiled, vocabulary_compiled  # noqa: PLC0415  (numba)

        loops = vocabulary_compiled
        return _Way(loops.words_in_use, loops.merge, loops.frequencies, tfidf_compiled.weigh_rows)
    return _Way(vocabulary.words_in_use, vocabulary.merge, vocabulary.frequencies, weigh_rows)


def _weighed(
    merged: Merged, fields: Mapping[str, float], way: _Way, *, enough: int, again: bool
) -> tuple[Vectors, Coverage]:
    """Make the space of some fields, and the rows of all articles in it."""
    shape, articles = (len(fields), len(merged.vocabulary)), len(merged.indptr) - 1
    columns, idf = np.full(shape, -1, np.int32), np.zeros(shape)
    starts, terms = np.zeros(len(fields) + 1, np.int64), list[str]()
    foreign = np.zeros(len(merged.vocabulary), np.bool_)
    for field, (name, frequency) in enumerate(zip(fields, way.frequencies(merged, len(fields)), strict=True)):
        used = np.flatnonzero(frequency)
        columns[field, used] = np.arange(len(terms), len(terms) + len(used))
        if again:
            idf[field] = idf_by_formula(frequency, articles, enough)
        else:
            idf[field] = inverse_document_frequency(_rows_of(merged, field, frequency), frequency, enough)
        if name == TEXT:
            foreign = foreign_terms(merged, field, frequency > MAX_SHARE * articles, frequency)
            merged.data[of_articles_without_topic(merged, field, frequency)] = 0
        terms += [merged.vocabulary[term] for term in used.tolist()]
        starts[field + 1] = len(terms)
    idf[:, foreign] = 0.0
    text = list(fields).index(TEXT) if TEXT in fields else -1
    rows = way.weigh_rows(merged, Scales(columns, idf, np.array(list(fields.values())), text))
    space = Space(tuple(fields), tuple(fields.values()), starts, pack(terms), idf[columns >= 0])
    coverage = Coverage(rows.texts, rows.heads, rows.titles, rows.lengths)
    return Vectors(space, Rows(rows.indptr, rows.indices, rows.data, len(terms))), coverage


class Scales(NamedTuple):
    """What weighs each term in each field: (fields, terms) columns, -1 for none, and idf; the weight of each field.

    ``text`` is the number of the composed field, -1 where it has no weight.
    """

    columns: Terms
    idf: Floats
    weights: Floats
    text: int


class Weighed(NamedTuple):
    """Rows, and beside their entries the counts that covering needs; ``lengths`` are the words of each text."""

    indptr: Ints
    indices: Terms
    data: Floats
    texts: NDArray[np.uint16]
    heads: NDArray[np.uint16]
    titles: NDArray[np.uint8]
    lengths: Floats


def weigh_rows(merged: Merged, scales: Scales) -> Weighed:
    """Weigh every article's words, field by field; sums go in the order of the terms and fields."""
    articles = len(merged.indptr) - 1
    owners = np.repeat(np.arange(articles), np.diff(merged.indptr))
    totals, parts = np.zeros(articles), [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    fields = np.zeros(0, np.int64)
    for field, weight in enumerate(scales.weights.tolist()):
        counts, idf = merged.data[:, field], scales.idf[field, merged.indices]
        held = np.flatnonzero((counts > 0) & (idf > 0))
        values, own = weigh(counts[held].astype(np.float64)) * idf[held], owners[held]
        squares = np.bincount(own, weights=values * values, minlength=articles)
        totals += np.where(squares > 0, weight, 0.0)
        parts.append((own, held, values * np.sqrt(weight / squares[own])))
        fields = np.concatenate([fields, np.full(len(held), field)])
    own, held, values = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.argsort(own, kind="stable")
    own, held = own[order], held[order]
    lengths, told = np.ones(articles), np.zeros((len(own), 3), np.uint16)
    if scales.text >= 0:
        lengths = np.bincount(owners, weights=merged.data[:, scales.text], minlength=articles).astype(np.float64)
        told = merged.data[held][:, [scales.text, HEADS, TITLES]]
        told[fields[order] != scales.text] = 0
    return Weighed(
        np.searchsorted(own, np.arange(articles + 1)),
        scales.columns[fields[order], merged.indices[held]],
        values[order] / np.sqrt(totals)[own],
        told[:, 0].copy(),
        told[:, 1].copy(),
        np.minimum(told[:, 2], 255).astype(np.uint8),
        lengths,
    )


def _rows_of(merged: Merged, field: int, frequency: Ints) -> Rows:
    """Give the words of one field alone, each once: how rare they are does not hang on their counts."""
    indptr, indices = merged.indptr, merged.indices
    if frequency.sum() < len(indices):  # the composed text has all words
        held = np.flatnonzero(merged.data[:, field])
        indptr, indices = np.searchsorted(held, indptr), indices[held]
    return Rows(indptr, indices, np.ones(len(indices)), len(merged.vocabulary))


def stem(word: str) -> str:
    """Cut a word of a title to what inflected forms share."""
    return word[:STEM]


def weigh(counts: Floats) -> Floats:
    """Dampen term frequency to its square root: on 160 judged articles as good as 1 + ln tf, on seven sites better."""
    damped: Floats = np.sqrt(counts)
    return damped


def inverse_document_frequency(counts: Rows, frequency: Ints, enough: int = ENOUGH) -> Floats:
    """Learn ln((1 + n) / (1 + df)) + 1 to a quarter for each column, 0 for terms that too many articles share.

    ``frequency`` is df, the number of rows that have each.
    """
    # Imported here: only a build from scratch needs it, and it costs 1.2 s and 100 MB a process.
    from scipy.sparse import csr_array  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfTransformer  # noqa: PLC0415

    if not len(counts) or not counts.columns:
        return np.zeros(counts.columns)
    matrix = csr_array((counts.data, counts.indices, counts.indptr), shape=(len(counts), counts.columns))
    inverse = TfidfTransformer(smooth_idf=True).fit(matrix).idf_
    return _stepped(inverse, frequency, len(counts), enough)


def idf_by_formula(frequency: Ints, articles: int, enough: int = ENOUGH) -> Floats:
    """Give what ``inverse_document_frequency`` learns, to the bit, without a second for the import of scikit-learn."""
    return _stepped(np.log((1 + articles) / (1 + frequency)) + 1, frequency, articles, enough)


def _stepped(inverse: Floats, frequency: Ints, articles: int, enough: int) -> Floats:
    steps: Floats = np.round(STEPS * inverse) / STEPS
    if articles >= enough:
        steps[frequency > MAX_SHARE * articles] = 0.0
    return steps


def columns_of(space: Space, field: int, words: Sequence[str]) -> dict[str, int]:
    """Give the columns of a draft's words in the field of a number; unknown words are left out."""
    low, high = int(space.starts[field]), int(space.starts[field + 1])
    once = list(set(words))
    columns = dict(zip(once, space.terms.find_all(once, low, high), strict=True))
    # A folded vocabulary holds the word or a plainer form, not both.
    unknown = [
        (word, form)
        for word, column in columns.items()
        if column < 0
        for one in plainer(word)
        for form in (one, *plainer(one))
    ]
    found = space.terms.find_all([form for _, form in unknown], low, high)
    # The first form that is there stays.
    columns |= {word: column for (word, _), column in reversed(list(zip(unknown, found, strict=True))) if column >= 0}
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
