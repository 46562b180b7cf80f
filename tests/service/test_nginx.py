"""deploy/nginx.conf under the real nginx: what passes, what it answers itself, rates, caching, compression."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from small_sites import ROOT

from tests.service.test_running import ASK, KEPLER, Proxied, Running, proxied, raw, wait_until

pytestmark = pytest.mark.slow  # starts servers

CONFIGURATION = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "deploy").glob("nginx*.conf")))
ORIGIN = "https://www.example.org"
LISTED = {f'# "{ORIGIN}" $http_origin;': f'"{ORIGIN}" $http_origin;'}
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def front(committed_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    site = Path(shutil.copytree(committed_site, tmp_path_factory.mktemp("nginx") / "site"))
    with proxied(site, LISTED | {"proxy_read_timeout 30s": "proxy_read_timeout 1s"}, RECOMMENDER_ORIGINS=ORIGIN) as one:
        yield one


def check_problem(status: int, headers: dict[str, str], body: bytes, kind: str) -> None:
    """Look at a problem document and at the headers that a script of a listed origin reads."""
    document = json.loads(body)
    assert headers["Content-Type"] == PROBLEM
    assert document["type"] == f"urn:recommender:problem:{kind}"
    assert document["status"] == status
    assert document["title"] and document["detail"]
    assert document["instance"] == f"urn:recommender:request:{headers['X-Request-ID']}"
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]
    assert headers["Cache-Control"] == "no-store"


def asked(running: Running, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Any:
    given = {"Origin": ORIGIN, "Content-Type": "application/json"}
    return running.ask(method, path, body, given | {name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize("path", ["/", "/article?url=/x", "/site", "/draft", "/metrics", "/static/page.css",
                                  "/favicon.ico", "/nothing", "/v1", "/refused", "/x.html"])  # fmt: skip
def test_only_the_api_passes(front: Proxied, path: str) -> None:
    lines = front.text().count("\n{")  # those of the access log: gunicorn says late that its workers run
    status, headers, body = asked(front, path, Accept="text/html")
    assert status == 404
    check_problem(status, headers, body, "unknown-route")
    assert front.text().count("\n{") == lines, "it reached the service"


def test_the_api_passes_as_it_is(front: Proxied) -> None:
    for path in (ASK, "/v1/articles?query=moon", "/openapi.json", "/healthz", "/readyz"):
        assert asked(front, path)[0] == 200, path
    status, headers, body = asked(front, "/v1/related?url=/nowhere")
    check_problem(status, headers, body, "unknown-article")  # the service's own
    assert "matches" in json.loads(body)
    status, _, body = asked(front, "/v1/related", "POST", b'{"title": "The tides"}')
    assert (status, "related" in json.loads(body)) == (200, True)


def test_the_pages_are_for_this_machine_by_its_own_names(front: Proxied) -> None:
    for path in ("/", f"/article?url={KEPLER}", "/site", "/draft", "/metrics", "/static/page.css"):
        assert front.pages.get(path)[0] == 200, path
    for host, status in (("localhost", 200), ("127.0.0.1:1", 200), ("[::1]", 200), ("LocalHost", 200),
                         ("evil.example", 421), ("localhost.evil.example", 421)):  # fmt: skip
        assert front.pages.get("/", Host=host)[0] == status, host
    # A balancer of ours asks for somebody who is elsewhere.
    assert front.pages.get("/", **{"X-Forwarded-For": "203.0.113.1"})[0] == 403
    assert re.findall(r"listen (?!80;|127\.0\.0\.1:8081)", re.sub(r"#.*", "", CONFIGURATION)) == []


@pytest.mark.parametrize(
    ("said", "status", "kind"),
    [
        ("GET / HTTP/1.1\r\n\r\n", 400, "refused"),
        ("GARBAGE\r\n\r\n", 400, "refused"),
        ("GET /v1/%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400, "refused"),
        ("GET /v1/x HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400, "refused"),
        (f"GET /v1/x HTTP/1.1\r\nHost: a\r\nX: {'a' * 9000}\r\n\r\n", 400, "refused"),
        (f"GET /v1/{'a' * 9000} HTTP/1.1\r\nHost: a\r\n\r\n", 414, "too-long"),
        ("TRACE /v1/related HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405, "wrong-method"),
    ],
)
def test_what_is_no_request_gets_a_problem_document(front: Proxied, said: str, status: int, kind: str) -> None:
    head, _, body = raw(front, said).partition(b"\r\n\r\n")
    assert int(head[9:12]) == status
    assert f"content-type: {PROBLEM}".encode() in head.lower()
    assert (json.loads(body)["status"], json.loads(body)["type"]) == (status, f"urn:recommender:problem:{kind}")


def test_caches_are_told_that_answers_differ_by_origin(front: Proxied) -> None:
    for path in (ASK, "/nothing", "/v1/related?url=/nowhere"):
        head = raw(front, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").partition(b"\r\n\r\n")[0]
        assert b"\r\nVary: Origin\r\n" in head, path


def test_a_body_beyond_what_is_let_through_is_a_413(front: Proxied) -> None:
    for size in (300_000, 2_000_000):  # refused by the service, by nginx
        status, headers, body = asked(front, "/v1/related", "POST", b"[" * size)
        assert status == 413
        check_problem(status, headers, body, "too-large")
        assert "Retry-After" not in headers  # it will be as large then


def test_more_than_the_rate_is_a_429_by_the_client_behind_a_balancer(front: Proxied) -> None:
    """A balancer, or a server that makes pages, is many readers: 36,341 of 36,843 of its requests were refused."""

    def statuses(**headers: str) -> Counter[int]:
        return Counter(asked(front, ASK, **headers)[0] for _ in range(500))

    assert statuses() == {200: 500}  # a server of ours asks by itself
    assert statuses(X_Forwarded_For="203.0.113.7, 127.0.0.1")[429] > 50
    status, headers, body = 200, {}, b""
    while status != 429:
        status, headers, body = asked(front, ASK, X_Forwarded_For="203.0.113.7")
    check_problem(status, headers, body, "too-many")
    assert headers["Retry-After"] == "1"
    # Another client is not held up by the first; nor does who pretends to be ours get past, behind a balancer.
    assert asked(front, ASK, X_Forwarded_For="203.0.113.8")[0] == 200
    assert statuses(X_Forwarded_For="127.0.0.1, 203.0.113.9")[429] > 50


def test_answers_are_kept_as_long_as_the_service_lets_them(front: Proxied) -> None:
    def reached(path: str, **headers: str) -> int:
        before = front.text().count('"route":"/v1/related"')
        assert asked(front, path, **headers)[0] in (200, 304, 404)
        time.sleep(0.05)
        return front.text().count('"route":"/v1/related"') - before

    path = f"{ASK}&limit=6"
    assert [reached(path), reached(path), reached(path, Accept_Encoding="gzip")] == [1, 0, 0]
    status, headers, body = asked(front, path, X_Request_ID="mine-1")
    assert (status, headers["X-Request-ID"], len(json.loads(body)["related"])) == (200, "mine-1", 6)
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    for etag in (headers["ETag"], f"W/{headers['ETag']}"):
        assert asked(front, path, If_None_Match=etag)[0] == 304
    # Who may read it depends on who asks.
    assert reached(path, Origin="https://other.example") == 1
    assert "Access-Control-Allow-Origin" not in asked(front, path, Origin="https://other.example")[1]
    assert asked(front, path)[1]["Access-Control-Allow-Origin"] == ORIGIN
    assert [reached("/v1/related?url=/nowhere") for _ in range(2)] == [1, 1]  # no-store
    assert [Counter(asked(front, "/v1/related", "POST", b'{"title": "moon"}')[0] for _ in range(2))] == [{200: 2}]


def test_answers_are_compressed(front: Proxied) -> None:
    for path in (ASK, "/openapi.json"):
        _, headers, body = asked(front, path, Accept_Encoding="gzip")
        plain = asked(front, path)[2]
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(body) == plain
        assert len(body) < len(plain) / 2
        assert "Accept-Encoding" in headers["Vary"]
    status, headers, body = front.pages.get("/static/page.css", **{"Accept-Encoding": "gzip"})
    assert (status, headers["Content-Encoding"], b"body" in gzip.decompress(body)) == (200, "gzip", True)


def test_its_files_lie_outside_of_the_checkout() -> None:
    found = re.findall(r"^\s*(?:pid|proxy_cache_path)\s+(\S+?)[; ]", CONFIGURATION, re.MULTILINE)
    assert len(found) == 2
    assert all(path.startswith(("/run/", "/var/")) for path in found)


def test_a_service_that_does_not_answer_or_is_not_there_is_a_504_and_a_502(site: Path) -> None:
    with proxied(site, LISTED | {"proxy_read_timeout 30s": "proxy_read_timeout 1s"}) as front:
        workers = [*front_processes(front)]
        for process in workers:
            process.send_signal(signal.SIGSTOP)
        status, headers, body = asked(front, "/v1/articles?query=sun")
        for process in workers:
            process.send_signal(signal.SIGCONT)
        assert (status, headers["Retry-After"]) == (504, "5")
        check_problem(status, headers, body, "unavailable")
        front.process.terminate()
        front.process.wait(20)
        wait_until(lambda: not listens(front.behind.port))
        status, headers, body = asked(front, "/v1/articles?query=sun")
        assert (status, headers["Retry-After"]) == (502, "5")
        check_problem(status, headers, body, "unavailable")
        assert "Access-Control-Allow-Origin" not in asked(front, ASK, Origin="https://other.example")[1]


def front_processes(front: Proxied) -> list[Any]:
    master = psutil.Process(front.process.pid)
    return [master, *master.children(recursive=True)]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
