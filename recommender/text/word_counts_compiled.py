"""Said words to counts, in a compiled loop: a site has 14 million of them, at 0.3 µs each in Python."""

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
from recommender.text.word_counts import MOST, Columns, Counts, columns_of_lines, join

SPACE, END = 32, 10
# The key of a word of 8 bytes or less is the word itself, of others a hash. Keys are spread by an odd number that
# nobody knows, lest words be made to collide (Dietzfelbinger and others, A Reliable Randomized Algorithm for the
# Closest-Pair Problem, 1997).
SHORT, SPREAD = 8, np.uint64(int.from_bytes(os.urandom(8), "little") | 1)
# Columns of the table of words: key, where it stands first in the chunk, how long, its latest entry, its number.
KEY, START, SIZE, LATEST, NUMBER = range(5)

TokenBytes = NDArray[np.uint8]


class _Room(NamedTuple):
    """Where a chunk's rows go, and its words in the order of their numbers, white space behind each."""

    indptr: Ints
    indices: Terms
    data: NDArray[np.uint16]
    names: TokenBytes


def count_words(said: Iterable[bytes], settings: Settings) -> Counts:
    """Count the words of chunks of articles, as ``say`` gives them, one chunk behind the other as they come."""
    columns = columns_of_lines(settings)
    # The empty chunk has all columns, so that a site without words has them too.
    return join(_counted(words, columns) for words in chain([b""], said))


def _counted(words: bytes, columns: Columns) -> Counts:
    lines, width = columns.times.shape
    most = len(words) // 2  # of words, each with a byte behind it
    size, written = 1024, -1
    while size < most // 32:  # a thousand articles have 390,000 words, 17,000 of them different
        size *= 2
    while written < 0:
        size *= 2
        room = _Room(
            np.zeros(words.count(b"\n") // lines + 1, np.int64),
            np.empty(most, np.int32),
            np.zeros((most, width), np.uint16),
            np.empty(len(words), np.uint8),
        )
        written = _fill(np.frombuffer(words, np.uint8), columns, np.zeros((size, 5), np.int64), room, SPREAD)
    names, end = room.names[:written].tobytes(), room.indptr[-1]
    return Counts(names.decode().split(), room.indptr, room.indices[:end].copy(), room.data[:end].copy())


@compiled
def _fill(said: TokenBytes, columns: Columns, table: Ints, room: _Room, spread: np.uint64) -> int:
    """Fill the rows of a chunk; give how many bytes its words take, -1 where the table is too small for them."""
    # No array is made or cut here: to count who holds it takes longer than a word.
    times, leads, long, lead_words = columns
    indptr, indices, data, names = room
    known, end, at, written = 0, 0, 0, 0
    for article in range(indptr.size - 1):
        first, leading = end, 0
        for line in range(long.size):
            while said[at] != END:
                start, key = at, np.uint64(0)
                while said[at] > SPACE:
                    key = _keyed(key, said[at], at - start, spread)
                    at += 1
                if at == start:
                    at += 1
                    continue
                slot = _slot(said, (start, at - start), key, table, spread)
                if not table[slot, SIZE]:
                    if 2 * known > table.shape[0]:
                        return -1
                    table[slot, KEY], table[slot, START], table[slot, SIZE] = np.int64(key), start, at - start
                    table[slot, LATEST], table[slot, NUMBER] = -1, known
                    known += 1
                    written = _copy(said, (start, at + 1), names, written)
                entry = table[slot, LATEST]
                if entry < first:
                    entry = table[slot, LATEST] = end
                    indices[end] = table[slot, NUMBER]
                    end += 1
                leading += long[line]
                leads_now = long[line] and leading <= lead_words
                for column in range(leads.size):
                    more = times[line, column] + leads_now * leads[column]
                    data[entry, column] = min(MOST, data[entry, column] + more)
            at += 1
        indptr[article + 1] = end
    return written


@part
def _copy(said: TokenBytes, span: Span, names: TokenBytes, written: int) -> int:
    """Append the bytes of a word to the names; give how many are written then."""
    for place in range(span[0], span[1]):
        names[written] = said[place]
        written += 1
    return written


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
