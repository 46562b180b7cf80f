"""The commonest answer, put together from pieces that are JSON already: the bytes of ``documents.related``.

Decoding thirty texts to write them as JSON again was half of what a look-up cost beside a route that looks nothing up,
the binary search for its url an eighth.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache, partial

import numpy as np
import orjson

from recommender.model import Model
from recommender.sparse import Finder, Texts

# So many lists that are short, or longer than a build keeps, are kept: one takes 0.3 ms, some 10 to choose.
SHORT = 1024
CHUNK = 256
FOUR = ("id", "title", "subject", "url")


class Quick:
    """What look-ups need of one model, at hand; the four keys of all articles as JSON take 240 bytes for each."""

    def __init__(self, model: Model, version: str) -> None:
        catalogue, chosen = model.catalogue, model.chosen
        articles = as_json(model)
        self._model = model
        # Views, because numpy makes an object of its own for each number and slice: thrice the time.
        self._articles, self._places = articles.blob.data, articles.offsets.data
        self._lists = chosen.indptr.data, chosen.rows.data, chosen.scores.data
        # The row of a url as the model has it.
        self.find = Finder(catalogue.urls).find
        # A function of the model alone: a method would hold this object, and a replaced model would stay for a while.
        self._short = lru_cache(SHORT)(partial(short_list, model))
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
        articles, places = self._articles, self._places
        own = articles[places[row] : places[row + 1]]
        pieces: list[bytes | memoryview] = [b'{"article":', own, b',"related":[']
        for rank, (other, score) in enumerate(zip(rows, scores, strict=True), 1):
            source = b"curated" if other in curated else b"ranking"
            # Without its closing brace, behind which these keys stand.
            pieces.append(articles[places[other] : places[other + 1] - 1])
            pieces.append(b',"score":%b,"rank":%d,"source":"%b"},' % (rounded(score), rank, source))
        if rows:
            pieces[-1] = bytes(pieces[-1][:-1])
        pieces += b"],", self._last(row, reason)
        return b"".join(pieces)

    def _last(self, row: int, reason: str) -> bytes:
        """Give the keys behind the links."""
        rules, urls = self._model.rules, self._model.catalogue.urls
        out = b'"reason":%b,' % orjson.dumps(reason) if reason else b""
        family = rules.members.get(rules.families[row])
        if family:
            out += b'"copies":%b,' % orjson.dumps(urls.some([other for other in family if other != row]))
        return out + self._facts


def as_json(model: Model) -> Texts:
    """Write the four keys of every article as JSON.

    Some at a time: thousands of short-lived objects would leave holes of 150 MB in the memory of each worker.
    """
    catalogue, blob, ends = model.catalogue, bytearray(), np.zeros(len(model) + 1, np.int64)
    for first in range(0, len(model), CHUNK):
        rows = range(first, min(first + CHUNK, len(model)))
        columns = [one.some(rows) for one in (catalogue.ids, catalogue.titles, catalogue.subjects, catalogue.urls)]
        for row, *own in zip(rows, *columns, strict=True):
            blob += orjson.dumps(dict(zip(FOUR, own, strict=True)))
            ends[row + 1] = len(blob)
    return Texts(np.frombuffer(bytes(blob), np.uint8), ends)


def rounded(score: float) -> bytes:
    """Write what ``round(score, 9)`` is in JSON, in half of its time where no nought ends it."""
    text = b"%.9f" % score
    return text if text[-1:] != b"0" and score > 0.001 else orjson.dumps(round(score, 9))


def short_list(model: Model, row: int, limit: int) -> tuple[list[int], list[float], str]:
    """Choose links for an article that may have fewer than are wanted; with their scores, and why there are no more."""
    choice = model.choose_for(row, limit=limit)
    return [one.row for one in choice.shown], [one.score for one in choice.shown], choice.reason(limit)
