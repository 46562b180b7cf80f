"""The commonest answer, put together from a model's packed texts: the bytes of ``documents.related`` as JSON.

Decoding thirty texts to write them as JSON again was half of what a look-up cost beside a route that looks nothing up,
the binary search for its url an eighth.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from zlib import crc32

import numpy as np
import orjson
from numpy.typing import NDArray

from recommender.model import Model
from recommender.sparse import Texts

# So many lists that are short, or longer than a build keeps, are kept: one takes 0.3 ms, some a second to choose.
SHORT = 1024
FOUR = ("id", "title", "subject", "url")
# What stands in JSON before each of the four texts, and behind the last.
ID, TITLE, SUBJECT, URL, END = b'{"id":"', b'","title":"', b'","subject":"', b'","url":"', b'"'


class Finder:
    """Finds unique texts by their bytes: those of bucket b are ``numbers[starts[b]:starts[b + 1]]``, one in most."""

    def __init__(self, texts: Texts) -> None:
        self._blob, self._offsets = texts.blob.data, texts.offsets.data
        pairs = pairwise(texts.offsets.tolist())
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


class Quick:
    """What look-ups need of one model, at hand: 9 bytes an article beside the model itself."""

    def __init__(self, model: Model, version: str) -> None:
        catalogue, chosen = model.catalogue, model.chosen
        texts = (catalogue.ids, catalogue.titles, catalogue.subjects, catalogue.urls)
        self._model = model
        # Views, because numpy makes an object of its own for each number and slice: thrice the time.
        self._texts = [(one.blob.data, one.offsets.data) for one in texts]
        self._lists = chosen.indptr.data, chosen.rows.data, chosen.scores.data
        # The row of a url as the model has it.
        self.find = Finder(catalogue.urls).find
        # A function of the model alone: a method would hold this object, and a replaced model would stay for a while.
        self._short = lru_cache(SHORT)(partial(short_list, model))
        self._odd = odd_articles(texts).tobytes()
        self._facts = b'"model":%b}' % orjson.dumps({"version": version, "built_at": model.built_at})

    def related(self, row: int, limit: int, curated: Collection[int]) -> bytes:
        """Answer for one article, without filters and terms."""
        starts, chosen, values = self._lists
        start, stop, reason = starts[row], starts[row] + limit, ""
        scores: Sequence[float]
        if stop <= starts[row + 1]:  # the build chose up to 20 links: the commonest question is a look-up
            rows, scores = chosen[start:stop].tolist(), values[start:stop].tolist()
        else:
            rows, scores, reason = self._short(row, limit)
        rounded = orjson.dumps([round(score, 9) for score in scores])[1:-1].split(b",")
        pieces: list[bytes | memoryview] = [b'{"article":', *self._article(row), b'},"related":[']
        for rank, (other, score) in enumerate(zip(rows, rounded, strict=False), 1):
            pieces += self._article(other)
            source = b"curated" if other in curated else b"ranking"
            pieces.append(b',"score":%b,"rank":%d,"source":"%b"},' % (score, rank, source))
        if rows:
            pieces[-1] = bytes(pieces[-1][:-1])
        pieces += b"],", self._last(row, reason)
        return b"".join(pieces)

    def _article(self, row: int) -> Sequence[bytes | memoryview]:
        """Give the four keys of an article in pieces, without the closing brace."""
        if self._odd[row]:
            values = [str(blob[offsets[row] : offsets[row + 1]], "utf-8", "replace") for blob, offsets in self._texts]
            return (orjson.dumps(dict(zip(FOUR, values, strict=True)))[:-1],)
        (ids, i), (titles, t), (subjects, s), (urls, u) = self._texts
        own = ids[i[row] : i[row + 1]], titles[t[row] : t[row + 1]]
        more = subjects[s[row] : s[row + 1]], urls[u[row] : u[row + 1]]
        return ID, own[0], TITLE, own[1], SUBJECT, more[0], URL, more[1], END

    def _last(self, row: int, reason: str) -> bytes:
        """Give the keys behind the links."""
        rules, urls = self._model.rules, self._model.catalogue.urls
        out = b'"reason":%b,' % orjson.dumps(reason) if reason else b""
        family = rules.members.get(rules.families[row])
        if family:
            out += b'"copies":%b,' % orjson.dumps(urls.some([other for other in family if other != row]))
        return out + self._facts


def short_list(model: Model, row: int, limit: int) -> tuple[list[int], list[float], str]:
    """Choose links for an article that may have fewer than are wanted; with their scores, and why there are no more."""
    choice = model.choose_for(row, limit=limit)
    return [one.row for one in choice.shown], [one.score for one in choice.shown], choice.reason(limit)


def odd_articles(columns: Sequence[Texts]) -> NDArray[np.uint8]:
    """Mark with 1 the articles with a text that JSON writes otherwise: quotes, backslashes, control characters.

    Where a column is no list of UTF-8 texts, which no build writes, all are marked.
    """
    odd = np.zeros(len(columns[0]), np.uint8)
    for texts in columns:
        blob, starts = texts.blob, texts.offsets
        places = np.flatnonzero((blob < ord(" ")) | (blob == ord('"')) | (blob == ord("\\")))
        odd[np.searchsorted(starts, places, side="right") - 1] = 1
        within = blob[starts[:-1][np.diff(starts) > 0]] & 0xC0 == 0x80  # begins within a character
        try:
            str(blob.data, "utf-8")
        except UnicodeDecodeError:
            within = np.ones(1, np.bool_)
        odd |= within.any()
    return odd
