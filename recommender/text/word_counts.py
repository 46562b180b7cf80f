"""Articles to words, and counted words field by field: several processes say the words, one counts them.

A chunk has its own vocabulary: merging them gives the same counts however the articles were cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Ints, Terms, entries_of
from recommender.settings import TEXT, Settings
from recommender.text.tokenizer import analyze, spaced

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


class _Numbers(dict[str, int]):
    """The numbers of words; a new one has the next.

    A defaultdict that counts itself would be a cycle, and hold its words until a collection.
    """

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def join(chunks: Iterable[Counts]) -> Counts:
    """Put chunks, of which there is one at least, behind each other under one vocabulary, as they come."""
    rows, first, number = list[Counts](), None, _Numbers()
    for chunk in chunks:
        first = first or chunk
        if len(chunk.indptr) > 1:
            renumber = np.fromiter(map(number.__getitem__, chunk.vocabulary), np.int32, len(chunk.vocabulary))
            rows.append(replace(chunk, vocabulary=[], indices=renumber[chunk.indices]))
    if not rows:
        return cast("Counts", first)
    lengths = np.concatenate([np.diff(chunk.indptr) for chunk in rows])
    return Counts(
        list(number),
        np.concatenate([[0], np.cumsum(lengths)]),
        np.concatenate([chunk.indices for chunk in rows]),
        np.concatenate([chunk.data for chunk in rows]),
    )


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


def lines_of(settings: Settings) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Give the sources in the order in which ``say`` has a line for each, and which lines are the long ones.

    The answer and the body come last: the first words of both together are the lead.
    """
    long = [name for name in (settings.keys.answer, "body") if name in settings.sources]
    others = [name for name in settings.sources if name not in long]
    return (*others, *dict.fromkeys(long)), tuple(range(len(others), len(settings.sources)))


def say(texts: Iterable[Sequence[str]], settings: Settings) -> bytes:
    """Give the words of a chunk of articles to be counted: a line for each text, as ``spaced``.

    Each article is given by its texts in the order of ``Settings.sources``.
    """
    places = [settings.sources.index(name) for name in lines_of(settings)[0]]
    lines = [spaced(own[place]) for own in texts for place in places]
    return b"\n".join([*lines, b""])


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
