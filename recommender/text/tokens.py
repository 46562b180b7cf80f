"""Articles to words in order: several processes say the words, one numbers them.

A chunk has its own vocabulary: however the articles were cut, the same words come out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, pairwise
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.compiling import compiles
from recommender.arrays.sparse_rows import Ints, Terms, entries_of
from recommender.article import Article
from recommender.settings import TEXT, Settings
from recommender.system import parallel
from recommender.text.tokenizer import BREAK, at_most, spaced, spaced_article

# Columns of counts, from their end.
HEADS, TITLES = -2, -1
MOST = 65_535


@dataclass(frozen=True)
class Tokens:
    """The words of a chunk of articles in order, by number: its own vocabulary, in order of first use.

    Each article has ``lines`` lines, of which some may be empty: line l of article a has
    ``numbers[starts[a * lines + l] : starts[a * lines + l + 1]]``, int32, with -1 where a passage ends and another
    begins. ``starts`` is int64.
    """

    vocabulary: list[str]
    starts: Ints
    numbers: Terms
    lines: int

    @property
    def articles(self) -> int:
        """Number of articles."""
        return (len(self.starts) - 1) // self.lines


@dataclass(frozen=True)
class Tokenized:
    """The words of a site in parts, each with a vocabulary of its own.

    ``order`` gives each article's row among those of all parts, one behind the other; not all need be an article's.
    """

    parts: tuple[Tokens, ...]
    order: Ints

    def placed(self) -> list[tuple[Tokens, Ints]]:
        """Give each part with the row in it of every article, -1 for the articles of other parts."""
        found, first = [], 0
        for part in self.parts:
            last = first + part.articles
            own = np.where((self.order >= first) & (self.order < last), self.order - first, -1)
            found.append((part, own))
            first = last
        return found


class Numbers(dict[str, int]):
    """The numbers of words; a new one has the next.

    A defaultdict that counts itself would be a cycle, and hold its words until a collection.
    """

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number

    def all(self, words: Sequence[str]) -> Terms:
        """Give the numbers of some words."""
        return np.fromiter(map(self.__getitem__, words), np.int32, len(words))


def join(chunks: Iterable[Tokens]) -> Tokens:
    """Put chunks, of which there is one at least, behind each other under one vocabulary, as they come."""
    rows, first, number = list[Tokens](), None, Numbers()
    for chunk in chunks:
        first = first or chunk
        if len(chunk.starts) > 1:
            renumber = np.append(number.all(chunk.vocabulary), np.int32(-1))
            rows.append(replace(chunk, vocabulary=[], numbers=renumber[chunk.numbers]))
    if not rows:
        return cast("Tokens", first)
    lengths = np.concatenate([np.diff(chunk.starts) for chunk in rows])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Tokens(list(number), starts, np.concatenate([chunk.numbers for chunk in rows]), rows[0].lines)


def arrange(tokens: Tokens, rows: Ints) -> Tokenized:
    """Order articles: ``rows`` gives the place of each, or -1 for one to leave out."""
    stays = np.flatnonzero(rows >= 0)
    return Tokenized((tokens,), stays[np.argsort(rows[stays])])


def title_words(site: Tokenized) -> Terms:
    """Give the number of words in each article's title, which is its first line."""
    words = np.zeros(len(site.order), np.int32)
    for tokens, rows in site.placed():
        here = np.flatnonzero(rows >= 0)
        lengths = np.diff(tokens.starts)[:: tokens.lines]
        words[here] = lengths[rows[here]]
    return words


def lines_of_rows(tokens: Tokens, rows: Ints) -> tuple[Ints, Ints]:
    """Find the words of some articles, line by line: where each line begins there, and the places of its words."""
    lines = rows[:, None] * tokens.lines + np.arange(tokens.lines)
    return entries_of(tokens.starts, lines.ravel())


def take(tokens: Tokens, rows: Ints) -> Tokens:
    """Give some articles in the order of their numbers, without the words that none of them has."""
    starts, places = lines_of_rows(tokens, rows)
    numbers = tokens.numbers[places]
    used = np.bincount(numbers[numbers >= 0], minlength=len(tokens.vocabulary)) > 0
    vocabulary = [tokens.vocabulary[number] for number in np.flatnonzero(used).tolist()]
    renumber = np.append(np.cumsum(used) - 1, -1).astype(np.int32)
    return Tokens(vocabulary, starts, renumber[numbers], tokens.lines)


class Lines(NamedTuple):
    """The lines of an article: the source of each, and which are of long texts, and which of those of their code."""

    sources: tuple[str, ...]
    long: NDArray[np.bool_]
    code: NDArray[np.bool_]


def lines_of(settings: Settings) -> Lines:
    """Give the lines of which ``say`` makes an article; that of its title is the first.

    The answer and the body come last, each with its code behind it: the first words of both together are the lead.
    """
    long = [name for name in (settings.keys.answer, "body") if name in settings.sources]
    others = [name for name in settings.sources if name not in long]
    number = np.arange(len(others) + 2 * len(long)) - len(others)
    return Lines((*others, *(name for name in long for _ in range(2))), number >= 0, (number >= 0) & (number % 2 == 1))


def say(texts: Iterable[Sequence[str]], settings: Settings) -> bytes:
    """Give the words of a chunk of articles to be numbered, line by line, with BREAK between passages.

    Each article is given by its texts in the order of ``Settings.sources``.
    """
    forms = [(settings.sources.index(name), form) for name, form in _forms_of(settings).items()]
    lines = [form(own[place]) for own in texts for place, form in forms]
    return b"\n".join([*lines, b""])


def _forms_of(settings: Settings) -> dict[str, Callable[[str], bytes]]:
    """Give what makes the one or two lines of the text of each source, in their order."""
    lines = lines_of(settings)
    article = partial(spaced_article, code=settings.code_times > 0)
    return {name: article if long else spaced for name, long in zip(lines.sources, lines.long, strict=True)}


@dataclass(frozen=True)
class _TokenEncoding:
    articles: tuple[Article, ...]
    settings: Settings

    def __call__(self, numbers: Sequence[int]) -> list[bytes]:
        return [say([self.articles[number].texts for number in numbers], self.settings)]


def tokenize_articles(
    articles: Sequence[Article], settings: Settings, progress: parallel.Progress = parallel.silent
) -> Tokenized:
    """Give the words of articles that hold their texts."""
    said = parallel.run(
        _TokenEncoding(tuple(articles), settings), range(len(articles)), progress, label="counting words"
    )
    return Tokenized((numbering(len(articles))(said, settings),), np.arange(len(articles)))


def numbering(articles: int) -> Callable[[Iterable[bytes], Settings], Tokens]:
    """Give what numbers the words of so many articles: ``number_words`` or its compiled twin."""
    if compiles(articles):
        from recommender.text import tokens_compiled  # noqa: PLC0415  (numba)

        return tokens_compiled.number_words
    return number_words


def number_words(said: Iterable[bytes], settings: Settings) -> Tokens:
    """Number the words of chunks of articles, as ``say`` gives them, one chunk behind the other as they come."""
    lines = len(lines_of(settings).sources)
    # The empty chunk, so that a site without articles has lines too.
    return join(_numbered(words, lines) for words in chain([b""], said))


def _numbered(words: bytes, lines: int) -> Tokens:
    mark = chr(BREAK)
    split = [line.replace(mark, f" {mark} ").split() for line in words.decode().split("\n")[:-1]]
    sizes, number = np.array([len(line) for line in split], np.int64), Numbers({mark: 0})
    numbers = number.all(list(chain.from_iterable(split))) - np.int32(1)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    # Passages have words: of breaks side by side or at the end of a line one or none counts.
    first = np.zeros(len(numbers) + 1, np.bool_)
    first[starts[:-1]] = True
    before = np.concatenate([[-1], numbers])[:-1]
    kept = (numbers >= 0) | ((before >= 0) & ~first[:-1])
    starts = np.concatenate([[0], np.cumsum(kept)])[starts]
    return Tokens(list(number)[1:], starts, numbers[kept], lines)


class Columns(NamedTuple):
    """How often a word of each line of an article counts in each column."""

    times: Ints  # (lines, columns)
    leads: Ints  # (columns,): how often besides, where it is one of the first words of the long lines
    long: NDArray[np.bool_]  # (lines,)
    code: NDArray[np.bool_]  # (lines,): whether a word counts in it so many times at most
    code_times: int
    lead_words: int

    @property
    def titles(self) -> Columns:
        """The last column alone."""
        return self._replace(times=np.ascontiguousarray(self.times[:, TITLES:]), leads=self.leads[TITLES:])


def columns_of_lines(settings: Settings) -> Columns:
    """Tell how the words of a text count as ``article_words`` composes them."""
    lines = lines_of(settings)
    composed = np.array([name == TEXT for name in settings.weighted] + [True, False])
    times = np.zeros((len(lines.sources), len(composed)), np.int64)
    for line, name in enumerate(lines.sources):
        times[line, composed] = settings.text.get(name, 0)
        times[line, ~composed] = [name == own for own in (*settings.weighted, settings.keys.title) if own != TEXT]
    head = len(composed) - 2
    times[lines.long, head] = 0
    leads = np.where(composed, settings.lead_times, 0)
    leads[head] = 1
    return Columns(times, leads, lines.long, lines.code, settings.code_times, settings.lead_words)


class Words(NamedTuple):
    """The words of one article: those of each weighted field, of its head, and of its title, in order."""

    fields: list[list[str]]
    head: list[str]
    title: list[str]


def tokenize_texts(texts: Mapping[str, str], settings: Settings) -> Tokens:
    """Give the words of one article, a draft maybe, whose texts are given by source."""
    return number_words([say([[texts.get(name, "") for name in settings.sources]], settings)], settings)


def words_by_source(tokens: Tokens, settings: Settings) -> dict[str, list[str]]:
    """Give the words of the one article of ``tokens`` by source, those of its code as often as they count."""
    words, lines = dict[str, list[str]](), lines_of(settings)
    for name, code, (start, stop) in zip(lines.sources, lines.code, pairwise(tokens.starts.tolist()), strict=True):
        own = [tokens.vocabulary[number] for number in tokens.numbers[start:stop].tolist() if number >= 0]
        words[name] = words.get(name, []) + (at_most(own, settings.code_times) if code else own)
    return words


def article_words(tokens: Tokens, settings: Settings) -> Words:
    """Give the words of the one article of ``tokens``.

    The head is what names an article: of the composed text all but the answer and body, of those the first words.
    """
    words = words_by_source(tokens, settings)
    long = words.get(settings.keys.answer, []) + words.get("body", [])
    lead, head, text = long[: settings.lead_words], list[str](), list[str]()
    for name, times in settings.text.items():
        repeated = words.get(name, []) * times
        text += repeated
        head += [] if name in (settings.keys.answer, "body") else repeated
    composed = lead * settings.lead_times + text
    fields = [composed if name == TEXT else words[name] for name in settings.weighted]
    return Words(fields, lead + head, words[settings.keys.title])
