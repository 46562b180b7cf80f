"""The nouns: an article and its links to others, as its file states them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

ID_PATTERN = re.compile(r"-?(0|[1-9][0-9]{0,14})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """One related block of a file; every value is text, "" where the block has none."""

    slot: int
    line: int
    id: str
    title: str
    subject: str
    url: str


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes its blocks: indentation of the keys, and whether titles are folded (``>-``) or plain."""

    indent: int = 4
    folded_title: bool = True


@dataclass(frozen=True, slots=True)
class Article:
    """One usable file of the site.

    ``id`` is "" where the file has none that is valid: such an article is a source, never a target.
    ``texts`` are the values of ``Settings.sources``, in that order; ``aliases`` are its old addresses.
    ``answer_digest`` tells copies apart from others: equal for equal answers, "" for one without words of its own.
    ``source_digest`` is of everything that ranking reads, so of all but the links; ``file_digest`` is the SHA-256
    of the bytes as they were read. ``style`` is that of its own blocks, None where it has none.
    """

    url: str
    id: str
    title: str
    subject: str
    date: str
    path: str
    hidden: bool
    texts: tuple[str, ...]
    answer_digest: str
    source_digest: str
    file_digest: str
    links: tuple[Link, ...]
    style: Style | None
    aliases: tuple[str, ...] = ()


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
