"""Articles to counted words, field by field; chunks of articles are counted apart, so in several processes.

A chunk has its own vocabulary: merging them gives the same counts however the articles were cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender import parallel
from recommender.article import Article
from recommender.settings import TEXT, Settings
from recommender.sparse import Floats, Ints, Terms
from recommender.text import analyze

# Columns of counts, from their end.
HEADS, TITLES = -2, -1


@dataclass(frozen=True)
class Counts:
    """The counted words of a chunk of articles: its own vocabulary, in order of first use, and compressed rows.

    ``data`` is (columns, entries) int32: how often the word stands in each weighted field, in the head and in the
    title. One table for all columns: a word is looked up once, however many of them it is in.
    """

    vocabulary: list[str]
    indptr: Ints
    indices: Terms
    data: NDArray[np.int32]


@dataclass(frozen=True)
class Counted:
    """The words of a site in chunks; ``order`` gives each article's row among those of all chunks."""

    chunks: tuple[Counts, ...]
    order: Ints


def count_articles(
    articles: Sequence[Article], settings: Settings, progress: parallel.Progress = parallel.silent
) -> Counted:
    """Count the words of articles that hold their texts."""
    work = _Counting(tuple(articles), settings)
    chunks = tuple(parallel.run(work, range(len(articles)), progress, label="counting words"))
    return Counted(chunks, np.arange(len(articles)))


def arrange(chunks: Sequence[Counts], rows: Sequence[Sequence[int]]) -> Counted:
    """Put counted chunks together: ``rows`` gives the article of each counted row, or -1 for one to leave out."""
    kept = []
    for chunk, places in zip(chunks, rows, strict=True):
        stays = np.array(places, np.int64) >= 0
        kept.append(chunk if stays.all() else _select(chunk, stays))
    order = np.argsort(np.array([row for own in rows for row in own if row >= 0], np.int64))
    return Counted(tuple(kept), order)


def _select(counts: Counts, stays: NDArray[np.bool_]) -> Counts:
    """Leave rows out, and the words that no other row has."""
    lengths = np.diff(counts.indptr)
    entries = np.repeat(stays, lengths)
    used, indices = np.unique(counts.indices[entries], return_inverse=True)
    vocabulary = [counts.vocabulary[number] for number in used.tolist()]
    indptr = np.concatenate([[0], np.cumsum(lengths[stays])])
    return Counts(vocabulary, indptr, indices.astype(np.int32), counts.data[:, entries])


def count_texts(texts: Sequence[Sequence[str]], settings: Settings) -> Counts:
    """Count a chunk of articles, each given by its texts in the order of ``Settings.sources``."""
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__  # a new word has the next number
    words = [[analyze(own[place]) for own in texts] for place in range(len(settings.sources))]
    lengths = np.array([[len(own) for own in source] for source in words], np.int64)
    flat = chain.from_iterable(chain.from_iterable(words))
    numbers = np.fromiter(map(number.__getitem__, flat), np.int64, int(lengths.sum()))
    # One sort for a chunk: no Counter for each article, no CountVectorizer, which counts in Python.
    owners = np.repeat(np.tile(np.arange(len(texts)), len(words)), lengths.ravel())
    entries, place = np.unique(owners * len(number) + numbers, return_inverse=True)
    columns = [np.bincount(place, weights=times, minlength=len(entries)) for times in _times(lengths, settings)]
    owners, indices = np.divmod(entries, max(1, len(number)))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(texts)))])
    return Counts(list(number), indptr, indices.astype(np.int32), np.array(columns, np.int32))


def _times(lengths: Ints, settings: Settings) -> list[Floats]:
    """Tell how often each word of all texts counts in each column, as ``article_words`` composes them.

    ``lengths`` has the number of words of each source (rows) in each article.
    """
    sources, title = settings.sources, settings.keys.title
    sizes = lengths.sum(axis=1)

    def each(times: Mapping[str, int]) -> Floats:
        return np.repeat([float(times.get(name, 0)) for name in sources], sizes)

    lead, before = np.zeros(int(sizes.sum())), np.zeros(lengths.shape[1], np.int64)
    ends = np.cumsum(sizes)
    for name in (settings.keys.answer, "body"):
        if name in sources:
            own = lengths[sources.index(name)]
            within = np.arange(own.sum()) - np.repeat(np.cumsum(own) - own, own)
            end = ends[sources.index(name)]
            lead[end - len(within) : end] = np.repeat(before, own) + within < settings.lead_words
            before = before + own
    composed = each(settings.text) + settings.lead_times * lead
    fields = [composed if name == TEXT else each({name: 1}) for name in settings.weighted]
    head = lead + each({name: n for name, n in settings.text.items() if name not in (settings.keys.answer, "body")})
    return [*fields, head, each({title: 1})]


class Words(NamedTuple):
    """The words of one article: those of each weighted field, of its head, and of its title, in order."""

    fields: list[list[str]]
    head: list[str]
    title: list[str]


def article_words(texts: Mapping[str, str], settings: Settings) -> Words:
    """Give the words of an article whose texts are given by source.

    The head is what names an article: of the composed text all but the answer and body, of those the first words.
    """
    words = {name: analyze(texts.get(name, "")) for name in settings.sources}
    long = words.get(settings.keys.answer, []) + words.get("body", [])
    lead, head, text = long[: settings.lead_words], list[str](), list[str]()
    for name, times in settings.text.items():
        repeated = words.get(name, []) * times
        text += repeated
        head += [] if name in (settings.keys.answer, "body") else repeated
    composed = lead * settings.lead_times + text
    fields = [composed if name == TEXT else words[name] for name in settings.weighted]
    return Words(fields, lead + head, words[settings.keys.title])


@dataclass(frozen=True)
class _Counting:
    articles: tuple[Article, ...]
    settings: Settings

    def __call__(self, numbers: Sequence[int]) -> list[Counts]:
        return [count_texts([self.articles[number].texts for number in numbers], self.settings)]
