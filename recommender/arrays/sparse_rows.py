"""Plain arrays of a model: sparse rows, and texts as one blob with offsets. No scipy, so that asking loads fast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Terms = NDArray[np.int32]
Floats = NDArray[np.float64]
# Rows whose products are made at once: about 1 MB of them on a site of long articles, which the processor keeps near.
CHUNK = 1024
# How far ``near_dots`` may be off, and two scores that rank alike apart; and more.
SLACK = 2e-9
STRETCH = 256  # texts that are encoded or decoded at once


@dataclass(frozen=True)
class Rows:
    """Sparse rows: row i has ``indices[indptr[i]:indptr[i + 1]]``, ascending, and ``data`` beside them.

    ``indptr`` is int64 of rows + 1, ``indices`` int32 below ``columns``, ``data`` float64.
    """

    indptr: Ints
    indices: Terms
    data: Floats
    columns: int

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def some(self, numbers: Ints) -> Rows:
        """Give some rows, in their order."""
        bounds, places = entries_of(self.indptr, numbers)
        return Rows(bounds, self.indices[places], self.data[places], self.columns)

    def row(self, number: int) -> tuple[Terms, Floats]:
        """Give the column numbers and values of one row, as views."""
        start, stop = int(self.indptr[number]), int(self.indptr[number + 1])
        return self.indices[start:stop], self.data[start:stop]


def ascends(indptr: Ints, indices: Terms) -> bool:
    """Tell whether the numbers ascend within each row, each once; ``indptr`` fits them."""
    falls = np.flatnonzero(indices[1:] <= indices[:-1]) + 1
    return bool(np.all(indptr[np.searchsorted(indptr, falls)] == falls))


def shared(one: tuple[Terms, Floats], other: tuple[Terms, Floats]) -> tuple[Terms, Floats]:
    """Give the columns that two rows share, ascending, and the product of their values in each."""
    columns, left, right = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    return columns, one[1][left] * other[1][right]


@dataclass(frozen=True)
class Meeting:
    """Where some rows meet one: their entries in its columns, ascending, one row behind the other.

    ``owners`` number the rows from 0 to ``count``, ``places`` are the entries' among those of all rows, ``own`` their
    columns' among those of the one; ``held`` has owners and places of all entries of the rows.
    """

    owners: Ints
    places: Ints
    own: Ints
    held: tuple[Ints, Ints]
    count: int

    def sums(self, values: Floats) -> Floats:
        """Add up the values of the entries of each, first to last as all scores are added: so bincount goes."""
        sums: Floats = np.bincount(self.owners, weights=values, minlength=self.count).astype(np.float64)
        return sums


def meet(rows: Rows, columns: Terms, numbers: Ints) -> Meeting:
    """Find the entries of some rows that are in some columns, ascending."""
    starts, places = entries_of(rows.indptr, numbers)
    owners = np.repeat(np.arange(len(numbers)), np.diff(starts))
    place_of = np.full(rows.columns, -1, np.int32)
    place_of[columns] = np.arange(len(columns), dtype=np.int32)
    own = place_of[rows.indices[places]]
    met = np.flatnonzero(own >= 0)
    return Meeting(owners[met], places[met], own[met].astype(np.int64), (owners, places), len(numbers))


def by_falling_frequency(rows: Rows) -> tuple[Ints, Ints, Terms]:
    """Count the rows that each column stands in; give the columns by that, highest first, and each one's place there.

    What is looked up by such places lies close together: most entries are of few columns.
    """
    frequency = np.bincount(rows.indices, minlength=rows.columns)
    order = np.argsort(-frequency, kind="stable")
    number = np.empty(order.size, np.int32)
    number[order] = np.arange(order.size, dtype=np.int32)
    return frequency, order, number


def near_dots(rows: Rows, row: tuple[Terms, Floats]) -> Floats:
    """Give the dot product of one row with every row to within 1e-12: enough to find who is near.

    A chunk's products stay in the processor's cache; the sums are numpy's own (pairwise), not in the order of columns.
    """
    dense, dots = np.zeros(rows.columns), np.zeros(len(rows))
    dense[row[0]] = row[1]
    for first in range(0, len(rows), CHUNK):
        last = min(first + CHUNK, len(rows))
        start, stop = int(rows.indptr[first]), int(rows.indptr[last])
        if start == stop:
            continue
        # Indices are within bounds since the model was opened; "clip" does not look again.
        products = np.take(dense, rows.indices[start:stop], mode="clip")
        products *= rows.data[start:stop]
        filled = np.flatnonzero(np.diff(rows.indptr[first : last + 1]))
        dots[first + filled] = np.add.reduceat(products, rows.indptr[first + filled] - start)
    return dots


def highest(near: Floats, rows: Ints, count: int) -> Ints:
    """Give those of some rows that are nearest by ``near_dots``: as many as are wanted, and all as near as the last."""
    if len(rows) <= count:
        return rows
    last = np.partition(near[rows], len(rows) - count)[len(rows) - count]
    found: Ints = rows[near[rows] >= last - SLACK]
    return found


def dots_of(rows: Rows, row: tuple[Terms, Floats], numbers: Ints) -> Floats:
    """Give the dot products of one row with some rows, summed from the first shared column to the last."""
    met = meet(rows, row[0], numbers)
    return met.sums(row[1][met.own] * rows.data[met.places])


def entries_of(indptr: Ints, numbers: Ints) -> tuple[Ints, Ints]:
    """Find the entries of some rows, one row behind the other: where each begins there, and their places of old."""
    lengths = indptr[numbers + 1] - indptr[numbers]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return starts, np.arange(starts[-1]) + np.repeat(indptr[numbers] - starts[:-1], lengths)


@dataclass(frozen=True)
class Texts:
    """Many texts in one byte blob: text i is ``blob[offsets[i]:offsets[i + 1]]``, UTF-8; uint8 and int64."""

    blob: NDArray[np.uint8]
    offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> str:
        blob, offsets = self._views
        return str(blob[offsets[number] : offsets[number + 1]], "utf-8", "replace")

    def some(self, numbers: Sequence[int]) -> list[str]:
        """Decode some texts, in less than half of the time that one after the other takes."""
        blob, offsets = self._views
        return [str(blob[offsets[number] : offsets[number + 1]], "utf-8", "replace") for number in numbers]

    def __getstate__(self) -> dict[str, object]:
        return {"blob": self.blob, "offsets": self.offsets}

    @cached_property
    def _views(self) -> tuple[memoryview, memoryview]:
        """The same bytes and numbers without numpy's scalars between: a third of the time for each text."""
        return self.blob.data, self.offsets.data

    @cached_property
    def _heads(self) -> NDArray[np.uint64]:
        """The first 8 bytes of each text as a number: of sorted texts they ascend, and most words end before."""
        lengths, heads = np.diff(self.offsets), np.zeros(len(self), np.uint64)
        for place in range(8):
            held = np.flatnonzero(lengths > place)
            heads[held] |= self.blob[self.offsets[held] + place].astype(np.uint64) << np.uint64(56 - 8 * place)
        return heads

    def _bytes(self, number: int) -> bytes:
        blob, offsets = self._views
        return bytes(blob[offsets[number] : offsets[number + 1]])

    def all(self) -> list[str]:
        """Decode every text."""
        return decoded(self.blob.tobytes(), self.offsets.tolist(), "replace")

    def find(self, text: str, low: int = 0, high: int | None = None) -> int:
        """Give the number of a text among sorted ones between two bounds, -1 where it is not there."""
        wanted = text.encode("utf-8", "surrogatepass")
        end = len(self) if high is None else high
        low = self.place(wanted, low, end)
        return low if low < end and self._bytes(low) == wanted else -1

    def find_all(self, texts: Sequence[str], low: int, high: int) -> list[int]:
        """Give what ``find`` gives for each of many texts, in a sixth of its time for a draft's 800 words."""
        wanted = [text.encode("utf-8", "surrogatepass") for text in texts]
        heads = np.frombuffer(b"".join(one[:8].ljust(8, b"\0") for one in wanted), ">u8")
        own = self._heads[low:high]
        bounds = zip(*((low + np.searchsorted(own, heads, side)).tolist() for side in ("left", "right")), strict=True)
        found = []
        for one, (first, last) in zip(wanted, bounds, strict=True):
            at = first if last - first < 2 else self.place(one, first, last)
            found.append(at if at < last and self._bytes(at) == one else -1)
        return found

    def place(self, wanted: bytes, low: int = 0, high: int | None = None) -> int:
        """Give the number of the first of sorted texts between two bounds that is not before some bytes."""
        high = len(self) if high is None else high
        blob, offsets = self._views
        while low < high:
            middle = (low + high) // 2
            if bytes(blob[offsets[middle] : offsets[middle + 1]]) < wanted:
                low = middle + 1
            else:
                high = middle
        return low


class Finder:
    """Finds unique texts by their bytes: those of bucket b are ``numbers[starts[b]:starts[b + 1]]``, one in most."""

    def __init__(self, texts: Texts) -> None:
        self._blob, self._offsets = texts.blob.data, texts.offsets.data
        pairs = pairwise(self._offsets)  # one number at a time: a million at once would leave holes
        hashes = np.fromiter((crc32(self._blob[start:stop]) for start, stop in pairs), np.int64, len(texts))
        self._buckets = max(1, len(texts))
        own = hashes % self._buckets
        starts = np.concatenate([[0], np.cumsum(np.bincount(own, minlength=self._buckets))])
        self._starts = starts.astype(np.int32).data
        self._numbers = np.argsort(own, kind="stable").astype(np.int32).data

    def find(self, wanted: bytes) -> int:
        """Give the number of a text, -1 where it is not there, in a fifth of the time of a binary search."""
        bucket = crc32(wanted) % self._buckets
        for number in self._numbers[self._starts[bucket] : self._starts[bucket + 1]]:
            if self._blob[self._offsets[number] : self._offsets[number + 1]] == wanted:
                return int(number)
        return -1


def numbered(texts: Iterable[str]) -> tuple[dict[str, int], Ints]:
    """Number texts as they come, equal ones alike: the number of each that there is, and those of all."""
    known: dict[str, int] = {}
    return known, np.array([known.setdefault(text, len(known)) for text in texts], np.int64)


def decoded(whole: bytes, offsets: Sequence[int], errors: str = "strict") -> list[str]:
    """Decode many texts of one blob; where some are ASCII their bytes are characters, and they are decoded at once."""
    texts: list[str] = []
    for first in range(0, len(offsets) - 1, STRETCH):
        own = offsets[first : first + STRETCH + 1]
        start, some = own[0], whole[own[0] : own[-1]]
        if some.isascii():
            text = some.decode("ascii")
            texts += [text[a - start : b - start] for a, b in pairwise(own)]
        else:
            texts += [whole[a:b].decode("utf-8", errors) for a, b in pairwise(own)]
    return texts


def pack(texts: Iterable[str]) -> Texts:
    """Make one blob of many texts."""
    held, lengths, blobs = list(texts), list[int](), list[bytes]()
    for first in range(0, len(held), STRETCH):
        own = held[first : first + STRETCH]
        text = "".join(own)
        blobs.append(text.encode("utf-8"))
        lengths += map(len, own if text.isascii() else [one.encode("utf-8") for one in own])
    return _packed(blobs, lengths)


def pack_bytes(texts: Iterable[bytes]) -> Texts:
    """Make one blob of names of files, which need not be UTF-8."""
    encoded = list(texts)
    return _packed(encoded, list(map(len, encoded)))


def _packed(blobs: Sequence[bytes], lengths: Sequence[int]) -> Texts:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return Texts(np.frombuffer(b"".join(blobs), np.uint8), offsets)
