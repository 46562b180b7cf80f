"""Addresses of pages, as a browser and the site take them: which of them mean one page, and which article one means."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol
from urllib.parse import unquote_to_bytes, urljoin

# RFC 3986, appendix B, with a scheme of the form that section 3.1 gives.
_URL = re.compile(r"(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_ESCAPES = re.compile(r"(?:%[0-9a-fA-F]{2})+|%")
_INDEX = re.compile(r"/index\.html?$|\.html?$")
# Its own key, but for a slash at the end: no escape, no dot. To take a url apart takes 5 to 20 times as long.
_PLAIN = re.compile(r"(?:/[a-zA-Z0-9_~-]+)+/?")
_HOST = re.compile(r"[^\s/?#@:\[\]\\]+|\[[0-9a-fA-F:.]+\]")
# Stay encoded: what would part a path (RFC 3986, section 2.2) or begin an escape, controls, bytes that are no UTF-8.
_KEPT = re.compile("[/?#%\x00-\x1f\x7f-\x9f\udc80-\udcff]")
WEB = ("", "http", "https")


class Address(NamedTuple):
    """A url in its parts; ``host`` is None where the url names none."""

    scheme: str
    host: str | None
    path: str
    query: str
    fragment: str

    @property
    def decoration(self) -> str:
        """Query and fragment as they are written, with their signs."""
        return (f"?{self.query}" if self.query else "") + (f"#{self.fragment}" if self.fragment else "")


class Resolved(NamedTuple):
    """What an address means: the row of an article or -1, and how that was found.

    ``url``, ``alias`` and ``id`` name an article, ``ambiguous`` several (``rows``), ``external`` is of another host,
    ``unknown`` of ours, but of no article.
    """

    kind: Literal["url", "alias", "id", "ambiguous", "external", "unknown"]
    row: int = -1
    rows: tuple[int, ...] = ()


class AddressIndex(Protocol):
    """Where a site's articles are found; a Corpus and a Model have one each."""

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts of the site itself; none where none is known."""

    @property
    def ignore_case(self) -> bool:
        """Whether the site's host takes capitals for small letters."""

    def row(self, url: str) -> int:
        """Give the row of the article with exactly this url, -1 for none, -2 where several files have it."""

    def at(self, key: str) -> tuple[Sequence[int], Sequence[int]]:
        """Give the rows whose url has a key, and those with an alias that has it."""

    def url(self, row: int) -> str:
        """Give the url of a row."""


def parse(url: str) -> Address:
    """Take a url apart; any text is one. A backslash is a slash, as browsers have it."""
    scheme, host, path, query, fragment = _URL.fullmatch(url.strip()).groups()  # type: ignore[union-attr]
    if "\\" in path and (scheme or "").lower() in WEB:
        found = parse(
            f"{f'{scheme}:' if scheme else ''}{'' if host is None else f'//{host}'}{path.replace(chr(92), '/')}"
        )
        scheme, host, path = found.scheme, found.host, found.path
    return Address((scheme or "").lower(), host, path, query or "", fragment or "")


def host_name(host: str) -> str:
    """Give a host without user, port, ``www.`` and a dot at the end, in the letters that name servers know (IDNA)."""
    name = host.rpartition("@")[2].lower()
    name = name if name.endswith("]") else re.sub(r":\d*$", "", name)
    name = name.rstrip(".").removeprefix("www.")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return name
    return name


def is_host(text: str) -> bool:
    """Tell whether a text can be a host: no space, no path."""
    return bool(_HOST.fullmatch(re.sub(r":\d*$", "", text))) and bool(host_name(text).strip("."))


def is_page_url(url: str) -> bool:
    """Tell whether a url can be that of an article: a path, or http(s) with a host. No script, no other's host."""
    if _PLAIN.fullmatch(url):
        return True
    if not url.isprintable() or " " in url:
        return False
    scheme, host, *_ = parse(url)
    if scheme in ("http", "https"):
        return host is not None and is_host(host)
    return not scheme and host is None


def page_key(url: str, hosts: frozenset[str] = frozenset(), *, ignore_case: bool = False) -> str:
    """Give what all spellings of a page's address have in common, as text; it begins with a slash, or with a host.

    Escapes are decoded (RFC 3986, section 6.2.2), letters composed (NFC); our own host, ``index.html``, ``.html`` and
    a slash at the end are dropped.
    """
    if not ignore_case and _PLAIN.fullmatch(url):
        return url.removesuffix("/")
    address = parse(url)
    host = None if address.host is None else host_name(address.host)
    key = _key(address.path, address.decoration, ignore_case=ignore_case)
    return key if host is None or host in hosts else f"{host}{key}"


def _key(path: str, decoration: str, *, ignore_case: bool) -> str:
    key = _path_key(path) + unescaped(decoration)
    return key.casefold() if ignore_case else key


def same_page(one: str, other: str) -> bool:
    """Tell whether two paths are the same to a browser: equal once their escapes are decoded."""
    return one == other or unescaped(one) == unescaped(other)


def with_page(url: str, page: str) -> str:
    """Give a url that leads to another page; the host that is written in it, query and fragment stay."""
    written, own = parse(url), parse(page)
    scheme = f"{written.scheme}:" if written.scheme else ""
    before = f"{scheme}//{written.host}" if written.host and own.host is None else ""
    query = "" if own.query or not written.query else f"?{written.query}"
    fragment = "" if own.fragment or not written.fragment else f"#{written.fragment}"
    return f"{before}{page}{query}{fragment}"


# To compose many marks of one letter takes quadratic time; no server takes an address as long as that.
LONGEST = 10_000


def unescaped(text: str) -> str:
    """Decode percent-encoding where that is safe, and compose letters; what stays encoded has capital digits."""
    if "%" in text:
        text = _ESCAPES.sub(_decoded, text)
    return text if text.isascii() or len(text) > LONGEST else unicodedata.normalize("NFC", text)


def _decoded(found: re.Match[str]) -> str:
    text = unquote_to_bytes(found[0]).decode("utf-8", "surrogateescape") if len(found[0]) > 1 else "%"
    return _KEPT.sub(_encoded, text)


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogateescape"))


def _path_key(path: str) -> str:
    path = unescaped(path if path.startswith("/") else f"/{path}")
    if "/." in path:
        path = _without_dots(path)
    return _INDEX.sub("", path).rstrip("/") or "/"


def _without_dots(path: str) -> str:
    """Take ``.`` and ``..`` out of a path (RFC 3986, section 5.2.4)."""
    out: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            out = out[:-1]
        elif segment != ".":
            out.append(segment)
    ends = path.endswith(("/.", "/.."))
    return "/" + "/".join([*out, ""] if ends and out else out)


def resolve(
    address_index: AddressIndex,
    text: str,
    base: str = "",
    *,
    any_host: bool = False,
    own: Callable[[int], bool] | None = None,
) -> Resolved:
    """Find the article that an address means.

    ``base`` is the url of the page that holds the link, for addresses relative to it. With ``any_host``, which look-ups
    ask for, every host counts as ours where none is known. Of several articles those that are ``own`` are meant.
    """
    text = text.strip()
    row = address_index.row(text)
    if row != -1 and (row < 0 or own is None or own(row)):
        return Resolved("url", row) if row >= 0 else Resolved("ambiguous")
    address = parse(text)
    if address.scheme not in WEB:
        return Resolved("external")
    host = None if address.host is None else host_name(address.host)
    ours = host is None or host in address_index.hosts or (any_host and not address_index.hosts)
    for path in _paths(address, base):
        for decoration in _decorations(address):
            key = _key(path, decoration, ignore_case=address_index.ignore_case)
            rows, aliases = address_index.at(key if ours else f"{host}{key}")
            if own is not None:
                rows, aliases = _narrowed(rows, aliases, own)
            if rows or aliases:
                return _chosen(address_index, path + decoration, rows, aliases)
    return Resolved("unknown" if ours else "external")


def _narrowed(
    rows: Sequence[int], aliases: Sequence[int], own: Callable[[int], bool]
) -> tuple[Sequence[int], Sequence[int]]:
    """Give the rows that are own, else the aliases that are, else all as they are."""
    ours = [row for row in rows if row >= 0 and own(row)]
    old = [] if ours else [row for row in aliases if own(row)]
    return (ours, old) if ours or old else (rows, aliases)


def _paths(address: Address, base: str) -> Iterable[str]:
    if address.path.startswith("/") or address.host is not None:
        return (address.path or "/",)
    near = parse(urljoin(parse(base).path, address.path)).path if base else ""
    return dict.fromkeys(path for path in (near, f"/{address.path}" if address.path else "") if path)


def _decorations(address: Address) -> Iterable[str]:
    """Give what may belong to an article's url besides its path: all, the query alone, nothing."""
    query = f"?{address.query}" if address.query else ""
    return dict.fromkeys((address.decoration, query, ""))


def _chosen(address_index: AddressIndex, path: str, rows: Sequence[int], aliases: Sequence[int]) -> Resolved:
    if not rows:
        found = sorted(set(aliases))
        return Resolved("alias", found[0]) if len(found) == 1 else Resolved("ambiguous", rows=tuple(found))
    # /a, /a/ and /a.html may be three pages of one site: the one that is spelt most alike is meant.
    for alike in _SPELLINGS:
        near = [row for row in rows if row >= 0 and alike(parse(address_index.url(row)).path) == alike(path)]
        if len(near) == 1:
            return Resolved("url", near[0])
    return Resolved("url", rows[0]) if len(rows) == 1 and rows[0] >= 0 else Resolved("ambiguous", rows=tuple(rows))


_SPELLINGS: tuple[Callable[[str], str], ...] = (unescaped, lambda path: unescaped(path).rstrip("/"))


@dataclass(frozen=True)
class Addresses:
    """The book of articles in memory, sorted by url.

    ``row_of`` finds a url as it is written; ``spelt`` the rows of a key that no url equals; ``aliases`` those of an
    old address. Keys of urls that several files have are in ``ambiguous``.
    """

    urls: Sequence[str]
    row_of: Mapping[str, int]
    spelt: Mapping[str, tuple[int, ...]]
    aliases: Mapping[str, tuple[int, ...]]
    ambiguous: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    ignore_case: bool = False

    def row(self, url: str) -> int:
        """Give the row of the article with exactly this url, -1 for none, -2 where several files have it."""
        return -2 if url in self.ambiguous else self.row_of.get(url, -1)

    def at(self, key: str) -> tuple[Sequence[int], Sequence[int]]:
        """Give the rows whose url has a key, and those with an alias that has it."""
        if key in self.ambiguous:
            return (-2,), ()
        own = self.row_of.get(key)
        rows = self.spelt.get(key, ())
        # The url that equals a key has it, unless it is written otherwise still (capitals that do not count).
        if own is not None and page_key(key, self.hosts, ignore_case=self.ignore_case) == key:
            rows = (own, *rows)
        return rows, self.aliases.get(key, ())

    def url(self, row: int) -> str:
        """Give the url of a row."""
        return self.urls[row]


def make_addresses(
    pages: Sequence[tuple[str, Sequence[str]]],
    twins: Iterable[str] = (),
    hosts: frozenset[str] = frozenset(),
    *,
    ignore_case: bool = False,
    stated: Mapping[int, str] = MappingProxyType({}),
) -> Addresses:
    """Make the book of a site: of each article's url and old addresses, and of the urls that several files have.

    ``stated`` are the urls that rows are found by as well, for their files state them.
    """
    spelt: dict[str, list[int]] = {}
    old: dict[str, list[int]] = {}
    for row, (url, aliases) in enumerate(pages):
        key = page_key(url, hosts, ignore_case=ignore_case)
        if key != url:
            spelt.setdefault(key, []).append(row)
        if row in stated:
            spelt.setdefault(page_key(stated[row], hosts, ignore_case=ignore_case), []).append(row)
        for alias in aliases:
            old.setdefault(_alias_key(url, alias, hosts, ignore_case=ignore_case), []).append(row)
    urls = [url for url, _ in pages]
    return Addresses(
        urls,
        {url: row for row, url in enumerate(urls)},
        {key: tuple(rows) for key, rows in spelt.items()},
        {key: tuple(dict.fromkeys(rows)) for key, rows in old.items()},
        frozenset(form for url in twins for form in (url, page_key(url, hosts, ignore_case=ignore_case))),
        hosts,
        ignore_case,
    )


def alias_key(address_index: AddressIndex, url: str, alias: str) -> str:
    """Give the key of an old address of the page with a url."""
    return _alias_key(url, alias, address_index.hosts, ignore_case=address_index.ignore_case)


def _alias_key(url: str, alias: str, hosts: frozenset[str], *, ignore_case: bool) -> str:
    # A name without a slash stands beside the page (Hugo).
    path = alias if parse(alias).host is not None else urljoin(parse(url).path.rstrip("/"), alias)
    return page_key(path, hosts, ignore_case=ignore_case)


def own_hosts(named: Sequence[str], urls: Iterable[str]) -> frozenset[str]:
    """Give the hosts of the site: those that a setting names, else the commonest one of the articles' own urls."""
    if named:
        return frozenset(map(host_name, named))
    hosts = (parse(url).host for url in urls if not url.startswith("/"))
    found = Counter(host_name(host) for host in hosts if host)
    most = max(found.values(), default=0)
    return frozenset(host for host, count in found.items() if count == most)
