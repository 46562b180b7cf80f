"""Who may ask for what: web origins, host names, and whether the editors' pages are there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from recommender.errors import SettingsError
from recommender.problems import printable, shorten

ANY = "*"
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_PORTS = {"http": 80, "https": 443}
# RFC 6761: no resolver asks the network for these, so nobody can point them elsewhere.
_LOOPBACK = re.compile(r"(.+\.)?localhost")
_HOST_HEADER = re.compile(r"(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::[0-9]{0,5})?")


@dataclass(frozen=True)
class Access:
    """What an application lets in.

    ``origins`` are the web origins whose scripts may read the API ("https://example.org"; "*": all). ``hosts`` are the
    names that a request may be for, beside loopback names and addresses; None: any. ``pages`` tells whether the
    editors' pages are there, with their diffs and hidden articles. With ``edit`` their review is there, which decides
    and writes; ``token`` is the password that it asks for, "" for none, and then it answers this machine alone.

    Raises:
        SettingsError: an origin that no browser sends, or a host that is no name.
    """

    origins: Collection[str] = ()
    hosts: Collection[str] | None = None
    pages: bool = True
    edit: bool = False
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse what could never match; a host is kept as browsers send it."""
        for origin in self.origins:
            _check_origin(origin)
        if self.hosts is not None:
            object.__setattr__(self, "hosts", frozenset(map(_host_name, self.hosts)))

    def answers_to(self, named: str) -> bool:
        """Tell whether a request that names this host, with a port or without, is for us."""
        if self.hosts is None:
            return True
        found = _HOST_HEADER.fullmatch(named)
        if found is None:
            return False
        if found[1] is not None:
            return _version(found[1]) == 6
        name = found[2].lower().removesuffix(".")
        return name in self.hosts or bool(_LOOPBACK.fullmatch(name)) or _version(name) == 4


def _check_origin(text: str) -> None:
    """Refuse what a browser never sends as ``Origin``, and say what it sends instead."""
    if text == ANY:
        return
    said = f"origin {shorten(printable(text), 100)!r}"
    if ANY in text:
        raise SettingsError(f"{said}: wildcards match nothing; name each origin, or give * for all")
    try:
        sent = _origin_of(urlsplit(text))
    except ValueError:
        sent = ""
    if not sent:
        raise SettingsError(f"{said}: no web origin; write scheme and host as in https://example.org, or * for all")
    if sent != text:
        raise SettingsError(f"{said}: browsers send {sent}; write that")


def _origin_of(parts: SplitResult) -> str:
    """Give the origin of an address as browsers write it, "" where it has none."""
    name = _ascii(parts.hostname or "")
    host = f"[{ipaddress.IPv6Address(name)}]" if ":" in name else name
    if not parts.scheme or not (":" in name or _NAME.fullmatch(name)):
        return ""
    if name.rpartition(".")[2].isdigit() and not _version(name):  # browsers write 127.1 as 127.0.0.1
        return ""
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _host_name(text: str) -> str:
    """Give a host as browsers send it: lower case, ASCII, without brackets and the dot at the end.

    Raises:
        SettingsError: it is no name and no address.
    """
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text.removesuffix(".")
    try:
        name = _ascii(bare.lower())
    except ValueError:
        name = ""
    if not _NAME.fullmatch(name) and not _version(name):
        raise SettingsError(
            f"host {shorten(printable(text), 100)!r}: no host name; "
            "write it without scheme, port and path, as in example.org"
        )
    return name


def _ascii(name: str) -> str:
    return name if name.isascii() else name.encode("idna").decode("ascii")


def _version(text: str) -> int:
    """Give 4 or 6 for an IP address in its usual notation, 0 for all else."""
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0
