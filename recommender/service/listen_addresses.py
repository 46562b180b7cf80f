"""The sockets that ``serve`` listens on: one for each address of its host, all on the same port."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
from collections.abc import Sequence
from typing import Any

from recommender.errors import RecommenderError
from recommender.problems import printable

# An address that this machine does not have (IPv6 switched off, as in many containers) is no use, and no harm
# while another one of the host is here.
_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
# Port 0: the one that the first address gets may be taken on the second.
_TRIES = 20

Address = tuple[socket.AddressFamily, tuple[Any, ...]]


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on every address that a host has on this machine; port 0: any one that is free on all of them.

    Raises:
        RecommenderError: there is no such host, it is another machine, or the port is taken or not permitted.
    """
    addresses = _addresses(host)
    for left in reversed(range(_TRIES if port == 0 else 1)):
        try:
            return _listen_on(addresses, port)
        except OSError as error:
            if not left or error.errno != errno.EADDRINUSE:
                raise RecommenderError(_sentence(host, port, error)) from None
    raise AssertionError("the last try returns or raises")


def url_of(listening: socket.socket) -> str:
    """Give the url of what a socket listens on."""
    host, port = socket.getnameinfo(listening.getsockname(), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_loopback(listening: socket.socket) -> bool:
    """Tell whether a socket is reached from this machine alone."""
    return ipaddress.ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def _addresses(host: str) -> list[Address]:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        if not bare:
            raise socket.gaierror(0, "it is empty")
        found = socket.getaddrinfo(bare, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError) as error:  # a name that is too long is a ValueError of the idna codec
        reason = error.strerror if isinstance(error, OSError) else "it is no host name"
        raise RecommenderError(
            f"--host {printable(host)!r}: no such host ({reason}); "
            "give a name or an address of this machine, the port with --port"
        ) from None
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _listen_on(addresses: Sequence[Address], port: int) -> list[socket.socket]:
    found: list[socket.socket] = []
    absent: OSError | None = None
    with contextlib.ExitStack() as opened:
        for family, (name, _, *rest) in addresses:
            try:
                one = opened.enter_context(socket.create_server((name, port, *rest), family=family, backlog=1024))
            except OSError as error:
                if error.errno not in _ABSENT:
                    raise
                absent = error
                continue
            port = one.getsockname()[1]
            found.append(one)
        if absent and not found:
            raise absent
        opened.pop_all()
    return found


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"--port {port}: something listens there already; give another --port, or 0 for any free one"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"--port {port}: you are not permitted to listen there; give a --port from 1024 on"
    if error.errno in _ABSENT:
        return (
            f"--host {host!r}: this machine does not have that address; "
            "give 127.0.0.1 to be reached from here alone, or 0.0.0.0 from everywhere"
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"--host {host!r}, --port {port}: cannot be listened on ({reason}); give another --host or --port"
