"""An index of the letters of names: which articles share most triples of letters with a name that is misspelt.

To compare a name with all of 36,000 urls takes 0.2 to 5 s of a processor, with the hundred that share most 1 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Floats, Ints, Terms, entries_of, pack

# A triple that more articles have than this, and than a sixteenth of the site, tells nothing and is left out.
COMMON, SHARE = 1024, 16
# Entries that one question looks at, of the rarest triples first: they take half a millisecond.
BUDGET = 50_000
BUCKETS = 1 << 16
SPACE = 32
# All of ASCII that is neither letter nor digit as space; what is beyond stays as it is.
_FOLDED = np.array([c if c > 127 or chr(c).isalnum() else SPACE for c in range(256)], np.uint8)


@dataclass(frozen=True)
class NameIndex:
    """The articles that have the triples of bucket ``buckets[i]``: ``rows[starts[i]:starts[i + 1]]``, ascending.

    ``buckets`` are uint16, ascending, those of common triples left out; ``starts`` int64, ``rows`` int32.
    """

    buckets: NDArray[np.uint16]
    starts: Ints
    rows: Terms
    articles: int

    def near(self, name: str, most: int) -> tuple[Ints, Floats]:
        """Give up to ``most`` articles that share triples with a name, ascending, and the share of them that each has.

        Rare triples weigh more: by the logarithm of how few articles have them.
        """
        letters = np.frombuffer(f" {name.lower()} ".encode("utf-8", "replace"), np.uint8)
        known = np.flatnonzero(np.isin(self.buckets, _buckets(letters)))
        counts = self.starts[known + 1] - self.starts[known]
        order = np.argsort(counts, kind="stable")
        order = order[np.cumsum(counts[order]) <= BUDGET]
        known, counts = known[order], counts[order]
        rarity = np.log(1 + self.articles / counts)
        _, places = entries_of(self.starts, known)
        shared = np.bincount(self.rows[places], np.repeat(rarity, counts), self.articles)
        held = np.flatnonzero(shared)
        if len(held) > most:
            held = np.sort(held[np.argpartition(shared[held], len(held) - most)[len(held) - most :]])
        return held, shared[held] / max(1e-9, float(rarity.sum()))


def index_names(names: Iterable[str]) -> NameIndex:
    """Index all triples of letters of the names of every article, which are one text."""
    texts = pack(map(str.lower, names))
    articles = len(texts)
    owners = np.repeat(np.arange(articles, dtype=np.int32), np.diff(texts.offsets) + 1)
    buckets = _buckets(np.insert(texts.blob, texts.offsets, SPACE))  # a space is at both ends of each text
    within = owners[1:] == owners[:-1]  # else the space in the middle ends one text and begins the next
    buckets, owners = buckets[within], owners[1:][within]
    order = np.argsort(buckets, kind="stable")  # of 16 bits: by their digits
    buckets, owners = buckets[order], owners[order]
    first = np.append(True, (buckets[1:] != buckets[:-1]) | (owners[1:] != owners[:-1]))[: len(owners)]
    buckets, owners = buckets[first], owners[first]
    counts = np.bincount(buckets, minlength=BUCKETS)
    counts[counts > max(COMMON, articles // SHARE)] = 0
    owners, known = owners[counts[buckets] > 0], np.flatnonzero(counts)
    return NameIndex(known.astype(np.uint16), np.concatenate([[0], np.cumsum(counts[known])]), owners, articles)


def _buckets(letters: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Give the bucket of each triple of letters."""
    folded = np.take(_FOLDED, letters).astype(np.uint32)
    triples = folded[:-2] << 16 | folded[1:-1] << 8 | folded[2:]
    # Knuth's multiplicative hash: the upper half of a product with 2^32 over the golden ratio.
    return (triples * np.uint32(2654435761) >> 16).astype(np.uint16)
