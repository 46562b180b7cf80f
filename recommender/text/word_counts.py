"""Articles to words, and counted words field by field: several processes say the words, one counts them.

A chunk has its own vocabulary: merging them gives the same counts however the articles were cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.compiling import compiles
from recommender.arrays.sparse_rows import Ints, Terms, entries_of
from recommender.article import Article
from recommender.settings import TEXT, Settings
from recommender.system import parallel
from recommender.text.tokenizer import spaced, spaced_article

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
    forms = [(settings.sources.index(name), form) for name, form in forms_of(settings).items()]
    lines = [form(own[place]) for own in texts for place, form in forms]
    return b"\n".join([*lines, b""])


def forms_of(settings: Settings) -> dict[str, Callable[[str], bytes]]:
    """Give what takes the words out of the text of each source, in the order of ``lines_of``."""
    names, long = lines_of(settings)
    article = partial(spaced_article, code_times=settings.code_times)
    return {name: article if line in long else spaced for line, name in enumerate(names)}


@dataclass(frozen=True)
class _TokenEncoding:
    articles: tuple[Article, ...]
    settings: Settings

    def __call__(self, numbers: Sequence[int]) -> list[bytes]:
        return [say([self.articles[number].texts for number in numbers], self.settings)]


def count_articles(
    articles: Sequence[Article], settings: Settings, progress: parallel.Progress = parallel.silent
) -> Counted:
    """Count the words of articles that hold their texts."""
    said = parallel.run(
        _TokenEncoding(tuple(articles), settings), range(len(articles)), progress, label="counting words"
    )
    return Counted((counting(len(articles))(said, settings),), np.arange(len(articles)))


def counting(articles: int) -> Callable[[Iterable[bytes], Settings], Counts]:
    """Give what counts the words of so many articles: ``count_words`` or its compiled twin."""
    if compiles(articles):
        from recommender.text import word_counts_compiled  # noqa: PLC0415  (numba)

        return word_counts_compiled.count_words
    return count_words


def count_words(said: Iterable[bytes], settings: Settings) -> Counts:
    """Count the words of chunks of articles, as ``say`` gives them, one chunk behind the other as they come."""
    columns = columns_of_lines(settings)
    # The empty chunk has all columns, so that a site without words has them too.
    return join(_counted(words, columns) for words in chain([b""], said))


def _counted(words: bytes, columns: Columns) -> Counts:
    lines = [line.split() for line in words.decode().split("\n")[:-1]]
    sizes, width = np.array([len(line) for line in lines], np.int64), len(columns.long)
    articles, number = len(lines) // width, _Numbers()
    numbers = np.fromiter(map(number.__getitem__, chain.from_iterable(lines)), np.int64, int(sizes.sum()))
    owners = np.repeat(np.arange(len(lines)) // width, sizes)
    of_line = np.repeat(np.arange(len(lines)) % width, sizes)
    # The place of a word among those of the long lines of its article, from 1 on.
    long = columns.long[of_line]
    places = np.cumsum(long)
    before = np.concatenate([[0], places])[np.searchsorted(owners, np.arange(articles))]
    leads = long & (places - before[owners] <= columns.lead_words)
    keys, first, entries = np.unique(owners * max(1, len(number)) + numbers, return_index=True, return_inverse=True)
    order = np.argsort(first)  # entries of an article are in the order of first use
    data = np.zeros((len(keys), len(columns.leads)), np.uint16)
    for column, lead in enumerate(columns.leads.tolist()):
        times = columns.times[of_line, column] + lead * leads
        data[:, column] = np.minimum(np.bincount(entries, weights=times, minlength=len(keys)), MOST)[order]
    indptr = np.searchsorted(owners[first[order]], np.arange(articles + 1))
    return Counts(list(number), indptr, numbers[first[order]].astype(np.int32), data)


class Columns(NamedTuple):
    """How often a word of each line of an article counts in each column."""

    times: Ints  # (lines, columns)
    leads: Ints  # (columns,): how often besides, where it is one of the first words of the long lines
    long: NDArray[np.bool_]  # (lines,)
    lead_words: int


def columns_of_lines(settings: Settings) -> Columns:
    """Tell how the words of a text count as ``article_words`` composes them."""
    lines, long = lines_of(settings)
    composed = np.array([name == TEXT for name in settings.weighted] + [True, False])
    times = np.zeros((len(lines), len(composed)), np.int64)
    for line, name in enumerate(lines):
        times[line, composed] = settings.text.get(name, 0)
        times[line, ~composed] = [name == own for own in (*settings.weighted, settings.keys.title) if own != TEXT]
    head = len(composed) - 2
    times[list(long), head] = 0
    leads = np.where(composed, settings.lead_times, 0)
    leads[head] = 1
    return Columns(times, leads, np.isin(np.arange(len(lines)), long), settings.lead_words)


class Words(NamedTuple):
    """The words of one article: those of each weighted field, of its head, and of its title, in order."""

    fields: list[list[str]]
    head: list[str]
    title: list[str]


def article_words(texts: Mapping[str, str], settings: Settings) -> Words:
    """Give the words of an article whose texts are given by source.

    The head is what names an article: of the composed text all but the answer and body, of those the first words.
    """
    words = {name: form(texts.get(name, "")).decode().split() for name, form in forms_of(settings).items()}
    long = words.get(settings.keys.answer, []) + words.get("body", [])
    lead, head, text = long[: settings.lead_words], list[str](), list[str]()
    for name, times in settings.text.items():
        repeated = words.get(name, []) * times
        text += repeated
        head += [] if name in (settings.keys.answer, "body") else repeated
    composed = lead * settings.lead_times + text
    fields = [composed if name == TEXT else words[name] for name in settings.weighted]
    return Words(fields, lead + head, words[settings.keys.title])
