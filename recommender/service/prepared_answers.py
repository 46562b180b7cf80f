"""The commonest answer, put together from the bytes of a model's texts: those of ``documents.related``.

Look-ups reach 0.93 of the throughput of a route that looks nothing up; with ``documents.related`` in place of these
bytes 0.84, and without ``Finder`` as well 0.73, where 0.85 is wanted. Nearly all texts stand in JSON as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache, partial

import numpy as np
import orjson

from recommender.arrays.sparse_rows import Finder, Ints, Texts
from recommender.model.model import Model

# So many lists that are short, or longer than a build keeps, are kept: one takes 0.3 ms, some 10 to choose.
SHORT = 256


class PreparedAnswers:
    """What look-ups need of one model, at hand: views of its texts, and what of them JSON would write otherwise."""

    def __init__(self, model: Model, version: str) -> None:
        catalogue, chosen = model.catalogue, model.chosen
        self._model = model
        # Views, because numpy makes an object of its own for each number and slice: thrice the time.
        self._texts = {name: getattr(catalogue, f"{name}s") for name in catalogue.named}
        self._columns = [
            (b'%b"%b":"' % (b"," if place else b"{", name.encode()), texts.blob.data, texts.offsets.data)
            for place, (name, texts) in enumerate(self._texts.items())
        ]
        self._further = catalogue.further if model.settings.answers else None
        self._odd = odd_rows(self._texts.values())
        self._lists = chosen.indptr.data, chosen.rows.data, chosen.scores.data
        # The row of a url as the model has it.
        self._find, self._shared = Finder(catalogue.urls).find, catalogue.shared
        # A function of the model alone: a method would hold this object, and a replaced model would stay for a while.
        self._short = lru_cache(SHORT)(partial(short_list, model))
        self._facts = b'"model":%b}' % orjson.dumps({"version": version, "built_at": model.built_at})

    def find(self, url: bytes) -> int:
        """Give the row of a url as the model has it; -1 where none has it, or where other pages state it too."""
        row = self._find(url)
        return row if row not in self._shared else -1

    def related(self, row: int, limit: int, curated: Collection[int]) -> bytes:
        """Answer for one article, without filters and terms."""
        starts, chosen, values = self._lists
        start, stop, reason = starts[row], starts[row] + limit, ""
        scores: Sequence[float]
        if stop <= starts[row + 1]:  # the build chose up to 20 links: the commonest question is a look-up
            rows, scores = chosen[start:stop].tolist(), values[start:stop].tolist()
        else:
            rows, scores, reason = self._short(row, limit)
        pieces: list[bytes | memoryview] = [b'{"article":']
        self._add(pieces, row)
        pieces.append(b'},"related":[')
        for rank, (other, score) in enumerate(zip(rows, scores, strict=True), 1):
            source = b"curated" if other in curated else b"ranking"
            self._add(pieces, other)
            pieces.append(b',"score":%b,"rank":%d,"source":"%b"},' % (rounded(score), rank, source))
        if rows:
            pieces[-1] = bytes(pieces[-1][:-1])
        pieces += b"],", self._last(row, reason)
        return b"".join(pieces)

    def _add(self, pieces: list[bytes | memoryview], row: int) -> None:
        """Add the keys of an article without the closing brace, behind which others may stand."""
        if row in self._odd:
            pieces.append(orjson.dumps({name: texts[row] for name, texts in self._texts.items()})[:-1])
        else:
            for key, blob, offsets in self._columns:
                pieces += key, blob[offsets[row] : offsets[row + 1]], b'"'
        if self._further is not None and (further := self._further[row]):
            pieces.append(b",%b" % further[1:-1].encode())

    def _last(self, row: int, reason: str) -> bytes:
        """Give the keys behind the links."""
        rules, urls = self._model.rules, self._model.catalogue.urls
        out = b'"reason":%b,' % orjson.dumps(reason) if reason else b""
        family = rules.members.get(rules.families[row])
        if family:
            out += b'"copies":%b,' % orjson.dumps(urls.some([other for other in family if other != row]))
        return out + self._facts


def odd_rows(columns: Iterable[Texts]) -> frozenset[int]:
    """Give the rows of which a text is no UTF-8, or holds what JSON escapes: controls, quotes and backslashes."""
    odd: list[Ints] = []
    for texts in columns:
        blob, offsets = texts.blob, texts.offsets
        places = np.flatnonzero((blob < 0x20) | (blob == 0x22) | (blob == 0x5C))
        odd.append(np.searchsorted(offsets, places, "right") - 1)
        if not is_utf8(texts):
            odd.append(np.arange(len(texts)))
    return frozenset(np.concatenate(odd).tolist())


def is_utf8(texts: Texts) -> bool:
    """Tell whether each of many texts is UTF-8: all of them together are, and none begins within a character."""
    first = texts.blob[texts.offsets[:-1][np.diff(texts.offsets) > 0]]
    try:
        str(texts.blob.data, "utf-8")
    except UnicodeDecodeError:
        return False
    return not bool(np.any(first & 0xC0 == 0x80))


def rounded(score: float) -> bytes:
    """Write what ``round(score, 9)`` is in JSON, in half of its time where no nought ends it."""
    text = b"%.9f" % score
    return text if text[-1:] != b"0" and score > 0.001 else orjson.dumps(round(score, 9))


def short_list(model: Model, row: int, limit: int) -> tuple[list[int], list[float], str]:
    """Choose links for an article that may have fewer than are wanted; with their scores, and why there are no more."""
    choice = model.choose_for(row, limit=limit)
    return [one.row for one in choice.shown], [one.score for one in choice.shown], choice.reason(limit)
