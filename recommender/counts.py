"""Articles to counted words, field by field; chunks of articles are counted apart, so in several processes.

A chunk has its own vocabulary: merging them gives the same counts however the articles were cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender import parallel
from recommender.article import Article
from recommender.settings import TEXT, Settings
from recommender.sparse import Floats, Ints, Terms, entries_of
from recommender.text import analyze

# Columns of counts, from their end.
HEADS, TITLES = -2, -1
MOST = 65_535


@dataclass(frozen=True)
class Counts:
    """The counted words of a chunk of articles: its own vocabulary, in order of first use, and compressed rows.

    ``data`` is (entries, columns) uint16: how often the word stands in each weighted field, in the head and in the
    title, 65,535 times at most. One table for all: a word is looked up once, however many columns it is in.
    """

    vocabulary: list[str]
    indptr: Ints
    indices: Terms
    data: NDArray[np.uint16]


@dataclass(frozen=True)
class Counted:
    """The counted words of a site in parts, each with a vocabulary of its own.

    ``order`` gives each article's row among those of all parts, one behind the other; not all need be an article's.
    """

    parts: tuple[Counts, ...]
    order: Ints

    @property
    def counts(self) -> Counts:
        """Give all rows under one vocabulary."""
        return join(self.parts)

    def placed(self) -> list[tuple[Counts, Ints]]:
        """Give each part with the row in it of every article, -1 for the articles of other parts."""
        found, first = [], 0
        for part in self.parts:
            last = first + len(part.indptr) - 1
            own = np.where((self.order >= first) & (self.order < last), self.order - first, -1)
            found.append((part, own))
            first = last
        return found


def count_articles(
    articles: Sequence[Article], settings: Settings, progress: parallel.Progress = parallel.silent
) -> Counted:
    """Count the words of articles that hold their texts."""
    work = _Counting(tuple(articles), settings)
    chunks = list(parallel.run(work, range(len(articles)), progress, label="counting words"))
    return Counted((join([count_texts([], settings), *chunks]),), np.arange(len(articles)))


class _Numbers(dict[str, int]):
    """The numbers of words; a new one has the next.

    A defaultdict that counts itself would be a cycle, and hold its words until a collection.
    """

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def join(chunks: Sequence[Counts]) -> Counts:
    """Put chunks, of which there is one at least, behind each other under one vocabulary."""
    chunks = [chunk for chunk in chunks if len(chunk.indptr) > 1] or chunks[:1]
    if len(chunks) == 1:
        return chunks[0]
    # The first keeps its numbers: after an edit it is all of the site but what was edited.
    first = chunks[0].vocabulary
    number = _Numbers(zip(first, range(len(first)), strict=True))
    indices = [chunks[0].indices]
    for chunk in chunks[1:]:
        renumber = np.fromiter(map(number.__getitem__, chunk.vocabulary), np.int32, len(chunk.vocabulary))
        indices.append(renumber[chunk.indices])
    lengths = np.concatenate([np.diff(chunk.indptr) for chunk in chunks])
    data = np.concatenate([chunk.data for chunk in chunks])
    return Counts(list(number), np.concatenate([[0], np.cumsum(lengths)]), np.concatenate(indices), data)


def arrange(counts: Counts, rows: Ints) -> Counted:
    """Order counted rows by their articles: ``rows`` gives the article of each, or -1 for one to leave out."""
    stays = np.flatnonzero(rows >= 0)
    return Counted((counts,), stays[np.argsort(rows[stays])])


def title_words(counted: Counted) -> Terms:
    """Give the number of words in each article's title."""
    words = np.zeros(len(counted.order), np.int32)
    for counts, rows in counted.placed():
        here = np.flatnonzero(rows >= 0)
        if len(here):
            titles = np.append(counts.data[:, TITLES], np.uint16(0))  # the last rows may have no entries
            own = np.add.reduceat(titles, counts.indptr[:-1], dtype=np.int32)
            own[np.diff(counts.indptr) == 0] = 0
            words[here] = own[rows[here]]
    return words


def take(counts: Counts, rows: Ints) -> Counts:
    """Give some rows in the order of their numbers, without the words that none of them has."""
    indptr, places = entries_of(counts.indptr, rows)
    numbers = counts.indices[places]
    used = np.bincount(numbers, minlength=len(counts.vocabulary)) > 0
    vocabulary = [counts.vocabulary[number] for number in np.flatnonzero(used).tolist()]
    indices = (np.cumsum(used) - 1)[numbers].astype(np.int32)
    return Counts(vocabulary, indptr, indices, counts.data[places])


def count_texts(texts: Sequence[Sequence[str]], settings: Settings) -> Counts:
    """Count a chunk of articles, each given by its texts in the order of ``Settings.sources``."""
    number = _Numbers()
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
    data = np.ascontiguousarray(np.minimum(columns, MOST).T, np.uint16)
    return Counts(list(number), indptr, indices.astype(np.int32), data)


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
