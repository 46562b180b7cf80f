"""Where ``serve`` listens: names with several addresses, and hosts and ports that cannot be had."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_sites import command

from recommender.errors import RecommenderError
from recommender.service import listen_addresses
from recommender.service.listen_addresses import is_loopback, listen, url_of

pytestmark = pytest.mark.slow  # starts servers

HERE = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))
HERE6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0))
ELSEWHERE = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))


@contextlib.contextmanager
def listening(host: str, port: int = 0) -> Iterator[list[socket.socket]]:
    found = listen(host, port)
    try:
        yield found
    finally:
        for one in found:
            one.close()


def resolve(monkeypatch: pytest.MonkeyPatch, *found: Any) -> None:
    """Have every name resolve to these addresses."""
    monkeypatch.setattr(listen_addresses.socket, "getaddrinfo", lambda *_, **__: list(found))


def test_a_name_with_two_addresses_is_listened_for_on_both(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, HERE6, HERE, HERE)
    with listening("localhost") as found:
        ports = {one.getsockname()[1] for one in found}
        assert len(ports) == 1
        assert [url_of(one) for one in found] == [f"http://[::1]:{min(ports)}/", f"http://127.0.0.1:{min(ports)}/"]
        for one in found:
            with socket.socket(one.family) as client:
                client.connect(one.getsockname())


def test_an_address_that_this_machine_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, ELSEWHERE, HERE)
    with listening("localhost") as found:
        assert [one.getsockname()[0] for one in found] == ["127.0.0.1"]


def test_no_port_is_taken_where_a_second_address_has_it_already(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, HERE, HERE6)
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RecommenderError, match=f"--port {port}: something listens there already"):
            listen("localhost", port)
    with listening("localhost", port) as found:  # nothing of the first try is left
        assert len(found) == 2


def test_a_free_port_is_free_on_all_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The port that the first address gets may be taken on the second: then another one is tried."""
    resolve(monkeypatch, HERE, HERE6)
    made, refused = socket.create_server, []

    def create(address: Any, **options: Any) -> socket.socket:
        if options["family"] == socket.AF_INET6 and len(refused) < 3:
            refused.append(address[1])
            raise OSError(errno.EADDRINUSE, "taken")
        return made(address, **options)

    monkeypatch.setattr(listen_addresses.socket, "create_server", create)
    with listening("localhost") as found:
        assert (len(found), len(refused)) == (2, 3)


@pytest.mark.parametrize(
    ("host", "url", "loopback"),
    [("127.0.0.1", "http://127.0.0.1:", True), ("::1", "http://[::1]:", True), ("[::1]", "http://[::1]:", True),
     ("127.8.9.1", "http://127.8.9.1:", True), ("0.0.0.0", "http://0.0.0.0:", False), ("::", "http://[::]:", False)],
)  # fmt: skip
def test_an_address_is_listened_on(host: str, url: str, loopback: bool) -> None:
    with listening(host) as (one,):
        assert url_of(one).startswith(url)
        assert is_loopback(one) is loopback


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("nosuch.invalid", "--host 'nosuch.invalid': no such host"),
        ("192.0.2.1", "--host '192.0.2.1': this machine does not have that address"),
        ("2001:db8::1", "--host '2001:db8::1': this machine does not have that address"),
        ("localhost:8080", "the port with --port"),
        ("http://localhost", "no such host"),
        ("[::1", "no such host"),
        ("[]", "it is empty"),
        ("", "it is empty"),
        ("a" * 70, "it is no host name"),
        ("a..b", "no such host"),
        ("lo\ncal", "--host 'lo"),
    ],
)
def test_a_host_that_cannot_be_had_is_one_sentence(host: str, said: str) -> None:
    with pytest.raises(RecommenderError) as raised:
        listen(host, 0)
    assert said in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "--port 80: you are not permitted to listen there; give a --port from 1024 on"),
        (errno.EADDRINUSE, "--port 80: something listens there already; give another --port"),
        (errno.EADDRNOTAVAIL, "this machine does not have that address"),
        (errno.EMFILE, "cannot be listened on (Too many open files)"),
    ],
)
def test_a_port_that_cannot_be_had_is_one_sentence(monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    def refuse(*_: Any, **__: Any) -> socket.socket:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(listen_addresses.socket, "create_server", refuse)
    with pytest.raises(RecommenderError) as raised:
        listen("127.0.0.1", 80)
    assert said in str(raised.value)


def test_wrong_hosts_end_with_a_sentence_and_leave_nothing(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "temporary"
    left.mkdir()
    monkeypatch.setenv("TMPDIR", str(left))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments in (["--host", "nosuch.invalid"], ["--host", "192.0.2.1"], ["--port", str(port)]):
            done = command(site, "serve", "--port", "0", *arguments)
            assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    for model in ("nowhere", "content"):
        done = command(site, "serve", "--port", "0", "--model", model)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert list(left.iterdir()) == []


TWO = """
import socket, sys
from recommender.cli.main import main
real = socket.getaddrinfo
def both(host, port, *rest, **more):
    return [one for name in (["127.0.0.1", "::1"] if host == "localhost" else [host])
            for one in real(name, port, *rest, **more)]
socket.getaddrinfo = both
sys.exit(main(["serve", "--host", "localhost", "--port", "0"]))
"""


def test_localhost_with_two_addresses_is_served_on_both_and_stops(site: Path) -> None:
    """So it is on most desktops; on the machine of the tests the name may have one alone."""
    with subprocess.Popen([sys.executable, "-c", TWO], cwd=site, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.fullmatch(r"serving http://127\.0\.0\.1:(\d+)/ and http://\[::1\]:\1/ \(Ctrl-C stops it\)\n", said)
        assert found, said
        for address in ("127.0.0.1", "::1"):
            connection = http.client.HTTPConnection(address, int(found[1]), timeout=20)
            connection.request("GET", "/", headers={"Host": f"localhost:{found[1]}"})
            assert connection.getresponse().status == 200
            connection.close()
        process.terminate()
        process.stderr.read()
        assert process.wait(20) == 0
