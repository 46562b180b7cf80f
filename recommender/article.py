"""The nouns: an article and its links to others, as its file states them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from recommender.visibility import ALWAYS, GONE, TO_COME, VISIBLE, Visibility

ID_PATTERN = re.compile(r"-?(0|[1-9][0-9]{0,14})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """One related block or item of a list of a file; every value is text, "" where it has none.

    ``place`` counts the lists of the settings that it may stand in: new links are written into the first, 0.
    ``further`` are the words that an item of a list of mappings says besides, by their keys.
    """

    slot: int
    line: int
    id: str
    title: str
    subject: str
    url: str
    place: int = 0
    further: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes its blocks: indentation of the keys, and whether titles are folded (``>-``) or plain."""

    indent: int = 4
    folded_title: bool = True


@dataclass(frozen=True, slots=True)
class Article:
    """One usable file of the site.

    ``id`` is "" where the file has none that is valid.
    ``texts`` are the values of ``Settings.sources``, in that order; ``aliases`` are its old
    addresses, ``names`` what references of other pages call it besides.
    ``mentions`` are the links of its text as they are written. Pages of
    another ``language`` or ``version`` are no candidates for it. ``stated`` is the url of its file where ``url`` has
    language or version before it, because others state it too; "" where it is the same. ``further`` are the values
    that answers give besides, as JSON, "" for none.
    ``answer_digest`` tells copies apart from others: equal for equal answers, "" for one without words of its own.
    ``source_digest`` is of everything that ranking reads, so of all but the links; ``file_digest`` is the SHA-256
    of the bytes as they were read. ``style`` is that of its own blocks, None where it has none. ``visibility`` is what
    the rules say of it; ``hidden`` is why it is not shown on the day that was decided for, "" where it is.
    """

    url: str
    id: str
    title: str
    subject: str
    date: str
    path: str
    hidden: str
    texts: tuple[str, ...]
    answer_digest: str
    source_digest: str
    file_digest: str
    links: tuple[Link, ...]
    style: Style | None
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    language: str = ""
    version: str = ""
    stated: str = ""
    further: str = ""
    visibility: Visibility = ALWAYS
    hidden_for_good: bool = False

    @property
    def state(self) -> int:
        """What ``hidden`` says, as ``Visibility`` counts it: visible, gone for good, or to come."""
        return GONE if self.hidden_for_good else TO_COME if self.hidden else VISIBLE

    @property
    def suggestible(self) -> bool:
        """Whether new links may lead to it."""
        return not self.hidden and not self.visibility.never

    def on(self, day: int) -> Article:
        """Decide whether it is hidden on a day, counted from 1970-01-01 in UTC."""
        state = self.visibility.state(day)
        if state == VISIBLE and not self.hidden:
            return self
        return replace(self, hidden=self.visibility.reason(state), hidden_for_good=state == GONE)


def digest_of(sources: Iterable[str], states: Iterable[int]) -> str:
    """Give a digest of what ranking reads of each article, and of who is hidden: of the set, not of the day."""
    return digest(*sources, bytes(states).hex())


def is_id(text: str) -> bool:
    """Tell whether a text is an id of the contract: a decimal integer of at most 15 digits, as text."""
    return ID_PATTERN.fullmatch(text) is not None


def digest(*parts: str) -> str:
    """Give 32 hexadecimal digits that differ where any part differs."""
    pieces = []
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        pieces += [len(data).to_bytes(8, "little"), data]
    return hashlib.sha256(b"".join(pieces)).hexdigest()[:32]


def site_path(url: str) -> str:
    """Drop scheme, host, query, fragment and trailing slash of a url, so that a page's address finds its article."""
    try:
        path = urlsplit(url.strip()).path
    except ValueError:
        return url.strip()
    return path.rstrip("/") or path[:1]
