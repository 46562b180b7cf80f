"""Passages that stand in several articles: footers, disclaimers, frames of code, copied paragraphs. They tell no topic.

A passage is a sentence or a line, alike where its words are. Told by the site's own counts over all its articles, so
that a build after edits tells the same. What was found is kept, so that a draft is read as an article is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Ints, Terms
from recommender.text.tokens import Lines, Tokenized, Tokens

# Passages behind each other that stand in so many articles each are left out where they have so many words together:
# fewer may be the same by chance.
ARTICLES, WORDS = 3, 10
_PASSAGES = 1 << 17  # whose words' hashes are added up at once, and words whose bytes' hashes are

_Hashes = NDArray[np.uint64]


class Repeated(NamedTuple):
    """The passages that stand in several articles: their hashes, ascending, and the partition in which each does."""

    hashes: _Hashes  # uint64
    partitions: Terms  # int32

    def left_out_of(self, tokens: Tokens, lines: Lines, partition: int | None) -> Tokens:
        """Leave them out of texts of a partition, or those of all partitions out of texts of which none is known."""
        own = self.hashes if partition is None else self.hashes[self.partitions == partition]
        found = _passages(tokens, lines.long)
        known = np.searchsorted(own, found.hashes, "right") > np.searchsorted(own, found.hashes)
        return _without(tokens, found, known)


class _Passages(NamedTuple):
    """The passages of a part: where each starts, the line in which, and the sum of its words' hashes, 0 for none."""

    starts: Ints
    lines: Ints
    hashes: _Hashes


def without_repeated(site: Tokenized, lines: Lines, families: Terms, partitions: Terms) -> tuple[Tokenized, Repeated]:
    """Leave out of the long lines of articles what stands in several of them, and give that.

    ``families`` numbers the articles, those that are copies alike: copies count once. A passage of each language and
    version of a site, which ``partitions`` numbers, counts for itself.
    """
    found = list[_Passages]()
    articles, hashes = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)]
    for tokens, rows in site.placed():
        found.append(_passages(tokens, lines.long))
        here, article_of = np.flatnonzero(rows >= 0), np.full(tokens.articles, -1)
        article_of[rows[here]] = here
        articles.append(article_of[found[-1].lines // tokens.lines])
        hashes.append(found[-1].hashes)
    repeated, kept = _in_several(np.concatenate(articles), np.concatenate(hashes), families, partitions)
    ends = np.cumsum([len(own.starts) for own in found])
    parts = zip(site.parts, found, np.split(repeated, ends[:-1]), strict=True)
    return replace(site, parts=tuple(_without(*part) for part in parts)), kept


def _passages(tokens: Tokens, long: NDArray[np.bool_]) -> _Passages:
    filled = np.flatnonzero(np.diff(tokens.starts))
    breaks = np.flatnonzero(tokens.numbers < 0)
    starts = np.concatenate([tokens.starts[filled], breaks])
    line = np.concatenate([filled, np.searchsorted(tokens.starts, breaks, side="right") - 1])
    order = np.argsort(starts, kind="stable")
    starts, line = starts[order], line[order]
    words, hashes = np.append(_of_words(tokens.vocabulary), np.uint64(0)), np.zeros(len(starts), np.uint64)
    for first in range(0, len(starts), _PASSAGES):
        own = starts[first : first + _PASSAGES]
        last = starts[first + len(own)] if first + len(own) < len(starts) else len(tokens.numbers)
        hashes[first : first + len(own)] = np.add.reduceat(words[tokens.numbers[own[0] : last]], own - own[0])
    hashes[~long[line % tokens.lines]] = 0
    return _Passages(starts, line, hashes)


def _of_words(vocabulary: Sequence[str]) -> _Hashes:
    """Hash words by their bytes, so that a word has the same hash in any text, process and build."""
    found = [np.zeros(0, np.uint64)]
    for first in range(0, len(vocabulary), _PASSAGES):
        data = np.frombuffer("\n".join([*vocabulary[first : first + _PASSAGES], ""]).encode(), np.uint8)
        ends = np.flatnonzero(data == ord("\n")) + 1
        starts = np.concatenate([[0], ends[:-1]])
        place = np.arange(len(data)) - np.repeat(starts, ends - starts)
        found.append(_mixed(np.add.reduceat(_mixed(place << 8 | data), starts)))
    return np.concatenate(found)


def _mixed(numbers: NDArray[np.integer]) -> _Hashes:
    """Hash numbers (splitmix64: Steele and others, Fast Splittable Pseudorandom Number Generators, 2014)."""
    mixed = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _in_several(
    articles: Ints, hashes: _Hashes, families: Terms, partitions: Terms
) -> tuple[NDArray[np.bool_], Repeated]:
    """Tell which passages stand in several families, and what these are; of no article is -1."""
    repeated = np.zeros(len(hashes), np.bool_)
    held = np.flatnonzero((hashes != 0) & (articles >= 0))
    own = hashes[held] + _mixed(partitions)[articles[held]]
    order = np.argsort(own)
    order = order[_sizes(own[order]) >= ARTICLES]
    held, own = held[order], own[order]
    order = np.lexsort((families[articles[held]], own))
    held, own = held[order], own[order]
    fresh = _begins(own)
    number = np.cumsum(fresh) - 1
    kinds = np.bincount(number[fresh | _begins(families[articles[held]])], minlength=int(fresh.sum()))
    several = kinds[number] >= ARTICLES
    repeated[held[several]] = True
    once = held[several & fresh]
    once = once[np.lexsort((partitions[articles[once]], hashes[once]))]
    return repeated, Repeated(hashes[once], partitions[articles[once]])


def _begins(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Tell which values differ from the one before."""
    begins = np.ones(len(values), np.bool_)
    begins[1:] = values[1:] != values[:-1]
    return begins


def _sizes(values: NDArray[np.generic]) -> Ints:
    """Give of each value how many equal ones stand beside it, itself among them."""
    begins = _begins(values)
    return np.bincount(np.cumsum(begins) - 1)[np.cumsum(begins) - 1] if len(values) else np.zeros(0, np.int64)


def _without(tokens: Tokens, passages: _Passages, repeated: NDArray[np.bool_]) -> Tokens:
    """Leave out the runs of repeated passages that have words enough."""
    if not repeated.any():
        return tokens
    lengths = np.diff(np.append(passages.starts, len(tokens.numbers)))
    words = lengths - (tokens.numbers[passages.starts] < 0)
    run = np.cumsum(_begins(repeated) | _begins(passages.lines)) - 1
    left_out = repeated & (np.bincount(run, weights=words)[run] >= WORDS)
    kept = np.repeat(~left_out, lengths)
    places = np.concatenate([[0], np.cumsum(kept)])
    return replace(tokens, starts=places[tokens.starts], numbers=tokens.numbers[kept])
