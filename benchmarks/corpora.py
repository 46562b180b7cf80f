"""Made-up corpora of any size that are shaped like a given site.

A word is a rank by frequency; its letters are made of the rank. An article stands at a leaf of a binary tree of
subjects, themes, topics and questions, and every node has a list of words. Each of the article's words comes from the
list of a node above it, from a list of its own, or from the words that all articles share. So near articles share a
deep node, and the more articles there are, the nearer they come: on the real site the cosine of the r-th neighbour
among n articles depends on n / r alone (0.11 at 200, 0.18 at 560, 0.30 at 2,200 to 3,600, 0.39 at 9,000).

Everything follows from a seed and an article's number by hashing: any part can be made alone, in any order.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from shapes import FIELDS, Shape

from recommender.settings import Settings
from recommender.system.parallel import cores
from recommender.text.tokens import Tokenized, Tokens, join, lines_of

FOLDER = 1000  # articles of one folder
DEPTH = 24  # levels of the tree: 16 million leaves
SUBJECT_LEVEL = 10  # its nodes are dealt to the subjects
GUIDE = 1 << 16
GROUND = 11  # level of a neighbourhood
TITLE, ANSWER, KEYWORDS = 0, 1, 2
PART = 1 << 13  # articles counted at once
PAGE = """---
id: {id}
title: >-
    {title}
seo:
  page_description: >-
    {description}
  page_keywords: >-
    {keywords}
question: >-
    {title}
answer: >-
    {answer}
subject: {subject}
url: {url}
{links}---

&nbsp;
"""
LINK = """related_article{slot}:
  id: {id}
  title: >-
    {title}
  subject: {subject}
  url: {url}
"""
VOWELS, CONSONANTS = "aeiou", "bdfgklmnprtvz"  # no s: it would be taken for a plural's
SYLLABLES = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]


class Tables(NamedTuple):
    """What the compiled loops read."""

    seed: int
    cumulated: NDArray[np.float64]  # (2, ranks): general and other words
    guide: NDArray[np.int64]  # (2, GUIDE + 1)
    unseen: NDArray[np.float64]  # (2,) share of words that the site does not have
    tail: float  # exponent of their ranks
    general: float  # share of general words
    spread: float
    own: float
    levels: NDArray[np.float64]  # (DEPTH,) cumulated
    listed: float
    repeated: float
    uneven: float
    twins: float
    slant: float
    lengths: NDArray[np.int64]  # (3, 101)


def tables_of(shape: Shape, seed: int) -> Tables:
    """Prepare the making of articles; a rank's uses are split so that general and other words add up to them."""
    counts = np.array(shape.counts, np.float64)
    free = shape.free
    ranks = np.arange(len(counts))
    others = counts * ranks / (ranks + free.general)
    parts = np.stack([counts - others, others])
    cumulated = np.cumsum(parts, axis=1) / parts.sum(axis=1, keepdims=True)
    steps = np.arange(GUIDE + 1) / GUIDE
    guide = np.stack([np.searchsorted(own, steps) for own in cumulated])
    levels = free.deeper ** np.arange(DEPTH) * np.arange(1, DEPTH + 1) ** free.peak
    # Good and Turing: what is new has the probability of what came once.
    unseen = (counts == 1).sum() / parts.sum(axis=1)
    share = float(parts[0].sum() / counts.sum())
    return Tables(
        seed=seed,
        cumulated=cumulated,
        guide=guide,
        unseen=unseen,
        tail=shape.heaps / (1 - shape.heaps),
        general=share,
        spread=free.spread,
        own=free.own,
        levels=np.cumsum(levels) / levels.sum(),
        listed=free.listed,
        repeated=free.repeated,
        uneven=free.uneven,
        twins=free.twins,
        slant=free.slant,
        lengths=np.array(shape.lengths, np.int64),
    )


@njit(cache=True)
def _mixed(a: int, b: int) -> Any:
    """Hash two numbers to 64 bits (splitmix64's last steps, Steele et al. 2014)."""
    z = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b) * np.uint64(0xD1B54A32D192ED03)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def _share(bits: Any) -> float:
    """Give a number from 0 to 1 of 64 bits."""
    return np.float64(bits >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True)
def _rank(tables: Tables, kind: int, share: float) -> int:
    """Give the rank of a word by its place in a distribution; ranks that the site does not have follow Zipf's law."""
    cumulated = tables.cumulated[kind]
    size = cumulated.size
    unseen = tables.unseen[kind]
    if share < unseen:
        # No end: the smaller the share, the rarer the word.
        return int(min(size * (unseen / max(share, 1e-12)) ** tables.tail, 1e9))
    share = (share - unseen) / (1 - unseen)
    low = tables.guide[kind, int(share * GUIDE)]
    while low < size - 1 and cumulated[low] < share:
        low += 1
    return low


@njit(cache=True)
def path_of(seed: int, article: int, uneven: float) -> int:
    """Give an article's leaf; some nodes hold up to four times as many articles as others of their level."""
    path = 1
    for level in range(DEPTH):
        node = _mixed(path, seed)
        left = 0.5 + uneven * (_share(node) - 0.5)
        path = 2 * path + (1 if _share(_mixed(article, seed + 1 + level)) >= left else 0)
    return path


@njit(cache=True)
def _twin(tables: Tables, article: int) -> Any:
    """Give the article that one varies, itself for most, and the share of words that they have in common."""
    bits = _mixed(article, tables.seed + 97)
    if article == 0 or _share(bits) >= tables.twins:
        return article, 0.0
    return int(_share(_mixed(bits, 1)) * article), 0.8 * _share(_mixed(bits, 2))


@njit(cache=True)
def _words(tables: Tables, article: int, field: int, title: Any, out: Any) -> int:
    """Write the ranks of the words of one field; give how many."""
    seed, key = tables.seed, _mixed(article, tables.seed + 100 + field)
    length = tables.lengths[field, int(_share(key) * 100.999)]
    twin, alike = _twin(tables, article)
    other = _mixed(twin, seed + 100 + field)
    path, own = path_of(seed, twin, tables.uneven), _mixed(twin, seed + 99)
    # What is general or deep goes by neighbourhood: a near pair is alike in that too.
    ground = _mixed(path >> (DEPTH - GROUND), seed + 98)
    tilt = 1 + tables.spread * (2 * _share(ground) - 1)
    # Keywords hold no general words.
    general = min(tables.general * tilt, 0.95) * (1.0, 1.0, 0.0)[field]
    power = np.exp(tables.slant * (2 * _share(_mixed(ground, 1)) - 1))
    for i in range(length):
        bits = _mixed(other if _share(_mixed(key, -1 - i)) < alike else key, i)
        choice, place = _share(bits), _share(_mixed(bits, 7))
        if field == 1:
            if choice < tables.repeated:
                held = title.size + i
                at = int(place * held)
                out[i] = title[at] if at < title.size else out[at - title.size]
                continue
            choice = (choice - tables.repeated) / (1 - tables.repeated)
        if choice < general:
            out[i] = _rank(tables, 0, place)
            continue
        choice = (choice - general) / (1 - general)
        # Zipf's law within a list.
        slot = int(tables.listed**place)
        if choice < tables.own:
            node = own
        else:
            choice = ((choice - tables.own) / (1 - tables.own)) ** power
            level = 0
            while tables.levels[level] < choice:
                level += 1
            node = _mixed(path >> (DEPTH - 1 - level), seed + 50)
        out[i] = _rank(tables, 1, _share(_mixed(node, slot)))
    return length


@njit(cache=True)
def words_of(tables: Tables, first: int, last: int, field: int) -> Any:
    """Give the words of one field of some articles, one article behind the other, and where each begins."""
    starts = np.zeros(last - first + 1, np.int64)
    out = np.empty((last - first) * tables.lengths[field, -1], np.int64)
    title, none = np.empty(tables.lengths[0, -1], np.int64), np.empty(0, np.int64)
    for article in range(first, last):
        start = starts[article - first]
        count = _words(tables, article, 0, none, title) if field == 1 else 0
        starts[article - first + 1] = start + _words(tables, article, field, title[:count], out[start:])
    return starts, out[: starts[-1]]


def counted(tables: Tables, articles: int, settings: Settings) -> Tokenized:
    """Number the words of articles without writing them: what reading their files would give."""
    chunks = [_part(tables, first, min(first + PART, articles), settings) for first in range(0, articles, PART)]
    return Tokenized((join(chunks),), np.arange(articles))


def _part(tables: Tables, first: int, last: int, settings: Settings) -> Tokens:
    lines, size = lines_of(settings), last - first
    texts = {name: words_of(tables, first, last, field) for field, name in enumerate(FIELDS)}
    none = np.zeros(size + 1, np.int64), np.zeros(0, np.int64)
    own = [none if code else texts.get(name, none) for name, code in zip(lines.sources, lines.code, strict=True)]
    ranks, numbers = np.unique(np.concatenate([words for _, words in own]), return_inverse=True)
    lengths = np.stack([np.diff(starts) for starts, _ in own], axis=1)
    line = np.concatenate([np.repeat(np.arange(size) * len(own) + n, lengths[:, n]) for n in range(len(own))])
    starts = np.concatenate([[0], np.cumsum(lengths.ravel())]).astype(np.int64)
    order = np.argsort(line, kind="stable")
    return Tokens([word(rank) for rank in ranks.tolist()], starts, numbers[order].astype(np.int32), len(own))


def write(shape: Shape, articles: int, folder: Path, seed: int = 1) -> None:
    """Write articles as Markdown files with front matter, a thousand a folder, in bounded memory, on all cores."""
    work = partial(_write_folder, shape, articles, folder, seed)
    with ProcessPoolExecutor(cores()) as pool:
        list(pool.map(work, range(0, articles, FOLDER)))  # a list, so that an exception is raised


@lru_cache(maxsize=1)
def _prepared(shape: Shape, seed: int) -> tuple[Tables, Subjects]:
    return tables_of(shape, seed), Subjects(shape)


def _write_folder(shape: Shape, articles: int, folder: Path, seed: int, first: int) -> None:
    tables, names = _prepared(shape, seed)
    last = min(first + FOLDER, articles)
    place = folder / f"{first // FOLDER:04d}"
    place.mkdir(parents=True, exist_ok=True)
    parts = [words_of(tables, first, last, field) for field in range(len(FIELDS))]
    for number in range(first, last):
        own = [spelled(words[starts[number - first] : starts[number - first + 1]]) for starts, words in parts]
        text = PAGE.format(
            id=number + 1,
            title=" ".join(own[TITLE]).capitalize(),
            description=" ".join(own[ANSWER][:30]),
            keywords=", ".join(own[KEYWORDS]),
            answer=sentences(own[ANSWER]),
            subject=names.of(tables, number),
            url=f"/learn/{number}",
            links=_links(tables, shape, number, articles, names),
        )
        (place / f"{number}.md").write_text(text, encoding="utf-8")


@lru_cache(maxsize=1 << 18)
def word(rank: int) -> str:
    """Make a word of a rank, each another one; frequent ones are short."""
    letters = ""
    number = rank + len(SYLLABLES)
    while number:
        number, last = divmod(number, len(SYLLABLES))
        letters += SYLLABLES[last]
    return letters


def spelled(ranks: NDArray[np.int64]) -> list[str]:
    """Give the words of some ranks."""
    return list(map(word, ranks.tolist()))


def sentences(words: list[str]) -> str:
    """Set words in sentences of twelve and paragraphs of six."""
    made = [" ".join(words[start : start + 12]).capitalize() + "." for start in range(0, len(words), 12)]
    return r"\n\n".join(" ".join(made[start : start + 6]) for start in range(0, len(made), 6))


class Subjects:
    """The site's subjects, dealt to the nodes of one level from left to right by their shares."""

    def __init__(self, shape: Shape) -> None:
        self.ends = np.cumsum(shape.subjects)

    def of(self, tables: Tables, article: int) -> str:
        """Name an article's subject."""
        node = path_of(tables.seed, int(_twin(tables, article)[0]), tables.uneven) >> (DEPTH - SUBJECT_LEVEL)
        place = (node - (1 << SUBJECT_LEVEL) + 0.5) / (1 << SUBJECT_LEVEL)
        return f"Subject {min(int(np.searchsorted(self.ends, place)), len(self.ends) - 1) + 1}"


def _links(tables: Tables, shape: Shape, article: int, articles: int, names: Subjects) -> str:
    random = np.random.default_rng([tables.seed, article])
    count = shape.links[int(random.random() * 100.999)]
    blocks = []
    for slot, other in enumerate(random.integers(0, articles, count).tolist(), 1):
        title = " ".join(spelled(words_of(tables, other, other + 1, TITLE)[1])).capitalize()
        blocks.append(
            LINK.format(slot=slot, id=other + 1, title=title, subject=names.of(tables, other), url=f"/learn/{other}")
        )
    return "".join(blocks)
