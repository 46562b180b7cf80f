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
from recommender.sparse import Ints, Terms
from recommender.text import analyze

# Columns of a chunk, from its end.
HEADS, TITLES = -2, -1


@dataclass(frozen=True)
class Counts:
    """Counts of a chunk of articles in one field: its own vocabulary, in order of first use, and compressed rows."""

    vocabulary: list[str]
    indptr: Ints
    indices: Terms
    data: Terms


@dataclass(frozen=True)
class Counted:
    """The words of a site: chunks with ``Counts`` for each weighted field, then for the heads and for the titles.

    ``order`` gives for each article its row among the rows of all chunks, one chunk behind the other.
    """

    chunks: tuple[tuple[Counts, ...], ...]
    order: Ints


def count_articles(
    articles: Sequence[Article], settings: Settings, progress: parallel.Progress = parallel.silent
) -> Counted:
    """Count the words of articles that hold their texts."""
    work = _Counting(tuple(articles), settings)
    chunks = tuple(parallel.run(work, range(len(articles)), progress, label="counting words"))
    return Counted(chunks, np.arange(len(articles)))


def arrange(chunks: Sequence[tuple[Counts, ...]], rows: Sequence[Sequence[int]]) -> Counted:
    """Put counted chunks together: ``rows`` gives the article of each counted row, or -1 for one to leave out."""
    kept = []
    for chunk, places in zip(chunks, rows, strict=True):
        stays = np.array(places, np.int64) >= 0
        kept.append(chunk if stays.all() else tuple(_select(counts, stays) for counts in chunk))
    order = np.argsort(np.array([row for own in rows for row in own if row >= 0], np.int64))
    return Counted(tuple(kept), order)


def _select(counts: Counts, stays: NDArray[np.bool_]) -> Counts:
    """Leave rows out, and the words that no other row has."""
    lengths = np.diff(counts.indptr)
    entries = np.repeat(stays, lengths)
    used, indices = np.unique(counts.indices[entries], return_inverse=True)
    vocabulary = [counts.vocabulary[number] for number in used.tolist()]
    indptr = np.concatenate([[0], np.cumsum(lengths[stays])])
    return Counts(vocabulary, indptr, indices.astype(np.int32), counts.data[entries])


def count_texts(texts: Sequence[Sequence[str]], settings: Settings) -> tuple[Counts, ...]:
    """Count a chunk of articles, each given by its texts in the order of ``Settings.sources``."""
    sources = settings.sources
    words = [article_words(dict(zip(sources, own, strict=True)), settings) for own in texts]
    fields, title = list(settings.weighted), settings.keys.title
    counts = [_count([own.fields[number] for own in words]) for number in range(len(fields))]
    heads = _count([own.head for own in words])
    return (*counts, heads, counts[fields.index(title)] if title in fields else _count([own.title for own in words]))


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

    def __call__(self, numbers: Sequence[int]) -> list[tuple[Counts, ...]]:
        return [count_texts([self.articles[number].texts for number in numbers], self.settings)]


def _count(words: Sequence[list[str]]) -> Counts:
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__  # a new word has the next number
    lengths = [len(own) for own in words]
    numbers = np.fromiter(map(number.__getitem__, chain.from_iterable(words)), np.int64, sum(lengths))
    # One sort for a chunk: no Counter for each article, no CountVectorizer, which counts in Python.
    owners = np.repeat(np.arange(len(words)), lengths)
    entries, data = np.unique(owners * len(number) + numbers, return_counts=True)
    owners, indices = np.divmod(entries, max(1, len(number)))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(words)))])
    return Counts(list(number), indptr, indices.astype(np.int32), data.astype(np.int32))
