"""Said words to numbers, in a compiled loop: a site has 14 million of them, at 0.3 µs each in Python."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import Span, compiled, part
from recommender.arrays.sparse_rows import Ints, Terms
from recommender.settings import Settings
from recommender.text.tokenizer import BREAK
from recommender.text.tokens import Tokens, join, lines_of

SPACE, END = 32, 10
# The key of a word of 8 bytes or less is the word itself, of others a hash. Keys are spread by an odd number that
# nobody knows, lest words be made to collide (Dietzfelbinger and others, A Reliable Randomized Algorithm for the
# Closest-Pair Problem, 1997).
SHORT, SPREAD = 8, np.uint64(int.from_bytes(os.urandom(8), "little") | 1)
# Columns of the table of words: key, where it stands first in the chunk, how long, its number.
KEY, START, SIZE, NUMBER = range(4)

TokenBytes = NDArray[np.uint8]


class _Room(NamedTuple):
    """Where the numbers of a chunk go, and its words in their order, a space behind each."""

    starts: Ints
    numbers: Terms
    names: TokenBytes


def number_words(said: Iterable[bytes], settings: Settings) -> Tokens:
    """Number the words of chunks of articles, as ``say`` gives them, one chunk behind the other as they come."""
    lines = len(lines_of(settings).sources)
    # The empty chunk, so that a site without articles has lines too.
    return join(_numbered(words, lines) for words in chain([b""], said))


def _numbered(words: bytes, lines: int) -> Tokens:
    most = len(words)  # of words and breaks, each with a byte behind it or of one byte
    size, written = 1024, -1
    while size < most // 64:  # a thousand articles have 390,000 words, 17,000 of them different
        size *= 2
    while written < 0:
        size *= 2
        starts = np.zeros(words.count(b"\n") + 1, np.int64)
        room = _Room(starts, np.empty(most, np.int32), np.empty(len(words), np.uint8))
        written = _fill(np.frombuffer(words, np.uint8), np.zeros((size, 4), np.int64), room, SPREAD)
    names, end = room.names[:written].tobytes(), room.starts[-1]
    return Tokens(names.decode().split(), room.starts, room.numbers[:end].copy(), lines)


@compiled
def _fill(said: TokenBytes, table: Ints, room: _Room, spread: np.uint64) -> int:
    """Fill the lines of a chunk; give how many bytes its words take, -1 where the table is too small for them."""
    # No array is made or cut here: to count who holds it takes longer than a word.
    starts, numbers, names = room
    known, end, at, written = 0, 0, 0, 0
    for line in range(starts.size - 1):
        first = end
        while said[at] != END:
            start, key = at, np.uint64(0)
            while said[at] > SPACE:
                key = _keyed(key, said[at], at - start, spread)
                at += 1
            if at == start:
                if said[at] == BREAK and end > first and numbers[end - 1] >= 0:
                    numbers[end] = -1
                    end += 1
                at += 1
                continue
            slot = _slot(said, (start, at - start), key, table, spread)
            if not table[slot, SIZE]:
                if 2 * known > table.shape[0]:
                    return -1
                table[slot, KEY], table[slot, START], table[slot, SIZE] = np.int64(key), start, at - start
                table[slot, NUMBER] = known
                known += 1
                written = _copy(said, (start, at), names, written)
            numbers[end] = table[slot, NUMBER]
            end += 1
        at += 1
        starts[line + 1] = end
    return written


@part
def _copy(said: TokenBytes, span: Span, names: TokenBytes, written: int) -> int:
    """Append the bytes of a word and a space to the names; give how many are written then."""
    for place in range(span[0], span[1]):
        names[written] = said[place]
        written += 1
    names[written] = SPACE
    return written + 1


@part
def _keyed(key: np.uint64, byte: np.uint8, place: int, spread: np.uint64) -> np.uint64:
    """Take one more byte of a word into its key."""
    if place < SHORT:
        return (key << np.uint64(8)) | np.uint64(byte)
    return (key ^ np.uint64(byte)) * spread


@part
def _slot(said: TokenBytes, word: tuple[int, int], key: np.uint64, table: Ints, spread: np.uint64) -> int:
    """Give the slot of a word, by its start and size, in the table, or the empty one that is to be its."""
    start, size = word
    mask = table.shape[0] - 1
    slot = int(np.int64((key * spread) >> np.uint64(32)) & mask)
    while table[slot, SIZE]:
        if table[slot, KEY] == np.int64(key) and table[slot, SIZE] == size:
            offset = 0 if size > SHORT else size
            while offset < size and said[start + offset] == said[table[slot, START] + offset]:
                offset += 1
            if offset == size:
                break
        slot = (slot + 1) & mask
    return slot
