"""Articles to weighted TF-IDF rows; the only owner of scikit-learn, which learns how rare each term is.

Each field f has its own columns and its own vector v_f, L2-normalised. A row is the fields beside each other,
each times the square root of its weight w_f, L2-normalised again, so that the dot product of two rows is
sum_f w_f cos_f / sqrt(W_a W_b) with W_x the sum of the weights of x's non-empty fields.
"""

from __future__ import annotations

import itertools
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender import parallel
from recommender.article import Article
from recommender.settings import TEXT, Settings
from recommender.sparse import Floats, Ints, Rows, Terms, Texts, pack
from recommender.text import analyze

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


@dataclass(frozen=True)
class _Counts:
    """Counts of a chunk of articles in one field: its own vocabulary, in order of first use, and compressed rows."""

    vocabulary: list[str]
    indptr: Ints
    indices: Terms
    data: Terms


def fit_vectors(
    articles: Sequence[Article],
    settings: Settings,
    progress: parallel.Progress = parallel.silent,
    meanwhile: Callable[[], object] = list,
) -> tuple[Vectors, Vectors]:
    """Count and weigh the words of all articles; independent of the order of work and the number of processes.

    Gives the rows that are ranked, and those of the titles with words cut to 5 letters, which tell same questions.
    ``meanwhile`` is called while other processes count and this one would wait.
    """
    work = _Counting(tuple(articles), settings)
    counting = parallel.run(work, range(len(articles)), progress, label="counting words")
    chunks = list(itertools.islice(counting, 1))
    import sklearn.feature_extraction.text  # noqa: F401, PLC0415  (a second, which costs nothing here)

    meanwhile()
    chunks += counting
    present = set().union(*(counts.vocabulary for chunk in chunks for counts in chunk))
    fields = settings.weighted
    columns = list(zip(*chunks, strict=True))
    main = _weigh_fields(columns, list(fields.items()), lambda word: fold(word, present.__contains__))
    titles = _weigh_fields(columns[-1:], [("title", 1.0)], stem)
    return main, titles


def fold(word: str, known: Callable[[str], object]) -> str:
    """Take the plural's s off a word of more than 3 letters if the site has the word without it.

    What ends in ss is no plural; and so no word folds into one that folds itself ("princess", "princes", "prince").
    """
    return word[:-1] if len(word) > 3 and word[-1] == "s" != word[-2] and known(word[:-1]) else word


def stem(word: str) -> str:
    """Cut a word of a title to what inflected forms share."""
    return word[:STEM]


def field_words(texts: Mapping[str, str], settings: Settings) -> list[list[str]]:
    """Give the words of each weighted field, in order, and those of the title; ``texts`` are given by source."""
    words = {name: analyze(texts.get(name, "")) for name in settings.sources}
    title = words[settings.keys.title]
    return [
        *(_composed(words, settings) if name == TEXT else words[name] for name in settings.weighted),
        title,
    ]


def _composed(words: Mapping[str, list[str]], settings: Settings) -> list[str]:
    long = words.get(settings.keys.answer, []) + words.get("body", [])
    out = long[: settings.lead_words] * settings.lead_times
    for name, times in settings.text.items():
        out += words.get(name, []) * times
    return out


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


@dataclass(frozen=True)
class _Counting:
    articles: tuple[Article, ...]
    settings: Settings

    def __call__(self, numbers: Sequence[int]) -> list[tuple[_Counts, ...]]:
        sources = self.settings.sources
        words = [
            field_words(dict(zip(sources, self.articles[number].texts, strict=True)), self.settings)
            for number in numbers
        ]
        *columns, titles = zip(*words, strict=True)
        counts = [_count(column) for column in columns]
        fields, title = list(self.settings.weighted), self.settings.keys.title
        return [(*counts, counts[fields.index(title)] if title in fields else _count(titles))]


def _count(words: Sequence[list[str]]) -> _Counts:
    number: dict[str, int] = {}
    indptr, indices, data = [0], array("i"), array("i")
    for own in words:
        # Counter counts in C, CountVectorizer in Python: 0.46 instead of 0.61 ms for all the words of an article.
        counts = Counter(own)
        indices.extend([number.setdefault(word, len(number)) for word in counts])
        data.extend(counts.values())
        indptr.append(len(indices))
    return _Counts(list(number), np.array(indptr), np.array(indices, np.int32), np.array(data, np.int32))


def _weigh_fields(
    columns: Sequence[Sequence[_Counts]], fields: Sequence[tuple[str, float]], folded: Callable[[str], str]
) -> Vectors:
    vocabularies, blocks, start = [], [], 0
    for chunks, (_, weight) in zip(columns, fields, strict=False):
        vocabulary, counts = _merge(chunks, folded)
        idf = inverse_document_frequency(counts)
        blocks.append((_kept(counts, idf), idf, weight, start))
        vocabularies.append(vocabulary)
        start += len(vocabulary)
    starts = np.cumsum([0, *map(len, vocabularies)]).astype(np.int64)
    terms = pack(term for vocabulary in vocabularies for term in vocabulary)
    names, weights = zip(*fields, strict=True)
    space = Space(names, weights, starts, terms, np.concatenate([idf for _, idf, _, _ in blocks]))
    return Vectors(space, _join(blocks, len(blocks[0][0]), start))


def _merge(chunks: Sequence[_Counts], folded: Callable[[str], str]) -> tuple[list[str], Rows]:
    from scipy.sparse import csr_array  # noqa: PLC0415  (0.2 s; only fitting needs it)

    forms = {word: folded(word) for word in set().union(*(chunk.vocabulary for chunk in chunks))}
    vocabulary = sorted(set(forms.values()))
    column = {term: number for number, term in enumerate(vocabulary)}
    number = {word: column[form] for word, form in forms.items()}
    indices, lengths = [np.zeros(0, np.int32)], []
    for chunk in chunks:
        renumber = np.array([number[word] for word in chunk.vocabulary], np.int32)
        indices.append(renumber[chunk.indices] if len(renumber) else np.zeros(0, np.int32))
        lengths.append(np.diff(chunk.indptr))
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    data = np.concatenate([chunk.data for chunk in chunks]).astype(np.float64)
    shape = (len(indptr) - 1, len(vocabulary))
    counts = csr_array((data, np.concatenate(indices), indptr), shape=shape)
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
