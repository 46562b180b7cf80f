"""The service as it really runs: recommender serve and gunicorn, on ports that the system chooses, over sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from small_sites import ROOT, command

from recommender.model.model import Model
from recommender.model.store import save_model

pytestmark = pytest.mark.slow  # starts servers

KEPLER = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"
POSTED = "Host: localhost\r\nContent-Type: application/json\r\n"
MODULE = [sys.executable, "-m"]
GUNICORN = [*MODULE, "gunicorn", "--config", "python:recommender.service.workers"]
ASK = f"/v1/related?url={quote(KEPLER)}"


@dataclass
class Running:
    process: subprocess.Popen[str]
    port: int
    site: Path
    log: Path

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        return self.ask("GET", path, None, headers)

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            return reply.status, dict(reply.headers), reply.read()
        finally:
            connection.close()

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(site: Path, command: list[str], find_port: Callable[[str], int | None], **extra: str) -> Iterator[Running]:
    log = site / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            command,
            cwd=site,
            stdout=stream,
            stderr=stream,
            text=True,
            env={**os.environ, **extra},
        )
    try:
        running = Running(process, 0, site, log)
        wait_until(lambda: (process.poll() is not None) or find_port(running.text()) is not None)
        assert process.poll() is None, running.text()
        running.port = find_port(running.text()) or 0
        wait_until(lambda: answers(running))
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(running: Running) -> bool:
    try:
        return running.get("/readyz")[0] == 200
    except OSError:
        return False


def wait_until(true: Callable[[], object], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def printed_port(text: str) -> int | None:
    found = re.search(r"serving http://127\.0\.0\.1:(\d+)/(?:v1/)? ", text)
    return int(found.group(1)) if found else None


@contextmanager
def serve(site: Path, *arguments: str) -> Iterator[Running]:
    with started(site, [*MODULE, "recommender", "serve", "--port", "0", *arguments], printed_port) as running:
        yield running


@contextmanager
def gunicorn(site: Path, workers: int = 2, **extra: str) -> Iterator[Running]:
    """Run gunicorn as it is shipped, but with the pages, which most tests ask for too."""
    port = free_port()
    extra = {"RECOMMENDER_PAGES": "1", **extra}
    extra |= {"RECOMMENDER_BIND": f"127.0.0.1:{port}", "RECOMMENDER_WORKERS": str(workers)}
    with started(site, GUNICORN, lambda text: port if "Booting worker" in text else None, **extra) as running:
        yield running


@dataclass
class Proxied(Running):
    """What nginx answers for everybody, and where it shows the pages; ``behind`` is gunicorn."""

    pages: Running
    behind: Running


@contextmanager
def proxied(site: Path, changes: dict[str, str] | None = None, **extra: str) -> Iterator[Proxied]:
    """Run gunicorn behind nginx, with the configuration that is shipped but for its ports, files and ``changes``."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    with gunicorn(site, **extra) as behind:
        ports = free_port(), free_port()
        names = ("nginx.conf", "nginx-http.conf", "nginx-api.conf")
        texts = {name: (ROOT / "deploy" / name).read_text(encoding="utf-8") for name in names}
        for old, new in {
            "listen 80;": f"listen 127.0.0.1:{ports[0]};",
            "listen 127.0.0.1:8081": f"listen 127.0.0.1:{ports[1]}",
            "127.0.0.1:8080": f"127.0.0.1:{behind.port}",
            "/run/recommender-nginx.pid": f"{site}/nginx.pid",
            "/var/cache/recommender-nginx": f"{site}/cache",
            **(changes or {}),
        }.items():
            assert any(old in text for text in texts.values()), old
            texts = {name: text.replace(old, new) for name, text in texts.items()}
        for name, text in texts.items():
            (site / name).write_text(text, encoding="utf-8")
        process = subprocess.Popen([nginx, "-c", str(site / "nginx.conf"), "-g", "daemon off; user root;"])
        try:
            pages = replace(behind, port=ports[1])
            wait_until(lambda: answers(pages))
            yield Proxied(behind.process, ports[0], site, behind.log, pages, behind)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(params=[serve, gunicorn], ids=["serve", "gunicorn"])
def running(request: pytest.FixtureRequest, site: Path) -> Iterator[Running]:
    with request.param(site) as one:
        yield one


def workers_of(running: Running) -> list[psutil.Process]:
    """Give the worker processes of gunicorn; surveys of the content are children too, for a moment."""
    found = []
    for child in psutil.Process(running.process.pid).children():
        with contextlib.suppress(psutil.Error):  # gone, or dead and not yet buried
            found += [child] if "gunicorn" in " ".join(child.cmdline()) else []
    return found


class Load:
    """Clients that ask over kept connections until they are stopped, and note every answer that is not 200."""

    def __init__(self, running: Running, clients: int = 3) -> None:
        self.running, self.wrong, self.count, self.versions = running, [], 0, set()
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=20)
        while not self._stop.is_set():
            try:
                connection.request("GET", ASK)
                reply = connection.getresponse()
                body = reply.read()
                with self._lock:
                    self.count += 1
                    if reply.status == 200:
                        self.versions.add(json.loads(body)["model"]["built_at"])
                    else:
                        self.wrong.append(str(reply.status))
            except (OSError, http.client.HTTPException) as error:
                with self._lock:
                    self.wrong.append(repr(error))
                connection.close()
                connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=20)
        connection.close()


def test_it_answers_counts_and_stops_gracefully(running: Running) -> None:
    assert json.loads(running.get(ASK)[2])["article"]["url"] == KEPLER
    for _ in range(40):
        assert running.get("/healthz")[0] == 200
    scrapes = {
        re.search(r'route="/healthz",status="200"} ([0-9.]+)', running.get("/metrics")[2].decode())[1] for _ in range(6)
    }
    assert scrapes == {"40.0"}  # the same from every worker
    lines = [json.loads(line) for line in running.text().splitlines() if line.startswith("{")]
    asked = [line for line in lines if "route" in line]
    assert set(asked[0]) == {"time", "level", "pid", "id", "method", "route", "status", "ms", "bytes", "model"}
    assert {line["level"] for line in lines} == {"info"}
    assert {line["pid"] for line in lines} <= {running.process.pid, *(worker.pid for worker in workers_of(running))}
    assert running.get("/")[0] == 200
    assert running.get("/static/page.css")[0] == 200
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(20) == 0
    assert "Traceback" not in running.text()
    said = [line for line in running.text().splitlines() if not printed_port(line)]
    assert said
    assert all({"time", "level", "pid"} <= set(json.loads(line)) for line in said)  # gunicorn's own too


def test_metrics_tell_what_its_processes_take(running: Running) -> None:
    if "gunicorn" in psutil.Process(running.process.pid).cmdline():
        wait_until(lambda: len(workers_of(running)) == 2)
    text = running.get("/metrics")[2].decode()
    processes = [psutil.Process(running.process.pid), *workers_of(running)]  # a scan of the content is gone in a moment

    def value(name: str) -> float:
        return float(re.search(rf"^{name} ([0-9.e+]+)$", text, re.MULTILINE)[1])

    assert value("recommender_processes") == len(processes)
    memory = sum(process.memory_info().rss for process in processes)
    assert memory / 2 < value("process_resident_memory_bytes") < memory * 2
    assert value("process_start_time_seconds") == pytest.approx(
        psutil.Process(running.process.pid).create_time(), abs=2
    )
    assert 0 < value("process_cpu_seconds_total") < 600
    assert value("process_open_fds") >= 3 * len(processes)


def test_sigterm_finishes_what_is_at_work(running: Running) -> None:
    body = json.dumps({"requests": [{"url": KEPLER, "limit": 50}] * 100}).encode()
    head = f"POST /v1/related:batch HTTP/1.1\r\n{POSTED}Content-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")  # so the connection is let in for sure
        assert b" 200 OK" in client.recv(65536)
        client.sendall(head.encode() + body)
        time.sleep(0.2)
        running.process.send_signal(signal.SIGTERM)
        data = b""
        while chunk := client.recv(65536):
            data += chunk
    header, _, rest = data.partition(b"\r\n\r\n")
    assert b" 200 OK" in header
    length = int(re.search(rb"(?i)content-length: (\d+)", header)[1])
    assert len(rest) == length
    assert running.process.wait(20) == 0
    with pytest.raises(OSError):
        running.get("/healthz")


def test_models_are_swapped_under_load_without_an_error(running: Running, model: Model) -> None:
    folder = running.site / "models" / "default"
    tree = [running.process.pid, *(worker.pid for worker in workers_of(running))]
    with Load(running) as load:
        for number in range(6):
            built_at = f"2026-11-23T00:00:0{number}Z"
            save_model(replace(model, built_at=built_at), folder)
            wait_until(lambda wanted=built_at: wanted in load.versions)
        good = (folder / "manifest.json").read_bytes()
        (folder / "manifest.json").write_bytes(b"{}")  # in its place, as no build does it
        wait_until(lambda: "model refused" in running.text())
        count = load.count
        wait_until(lambda: load.count > count + 20)
        (folder / "manifest.json").write_bytes(good)
    assert load.wrong == [], running.text()[-4000:]
    assert [pid for pid in tree if not psutil.pid_exists(pid)] == []


def test_workers_serve_the_api_alone_unless_told_otherwise(site: Path) -> None:
    with gunicorn(site, workers=1, RECOMMENDER_PAGES="") as running:
        assert running.get(ASK)[0] == 200
        for path in ("/", "/article?url=/x", "/site", "/draft", "/static/page.css"):
            status, headers, _ = running.get(path, Accept="text/html")
            assert (status, headers["Content-Type"]) == (404, "application/problem+json"), path
        assert running.get("/healthz", Host="any.example")[0] == 200


def raw(running: Running, text: str) -> bytes:
    """Send bytes as they are, and give what comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(text.encode("latin-1"))
        data = b""
        with contextlib.suppress(ConnectionError):
            while chunk := client.recv(65536):
                data += chunk
    return data


# What a client says after GET, and whether it is for us; a browser whose name was pointed at us says evil.example.
HOSTS = [
    ("/ HTTP/1.1\r\nHost: localhost", True),
    ("/ HTTP/1.1\r\nhOST:LOCALHOST:80", True),
    ("/ HTTP/1.1\r\nHost: localhost.", True),
    ("/ HTTP/1.1\r\nHost: [::1]:8080", True),
    ("/ HTTP/1.1\r\nHost: 127.0.0.1", True),
    ("http://localhost/ HTTP/1.1\r\nHost: localhost", True),
    ("/ HTTP/1.1\r\nHost: evil.example", False),
    ("/ HTTP/1.1\r\nHost: EVIL.example:8080", False),
    ("/ HTTP/1.1\r\nHost: localhost.evil.example", False),
    ("/ HTTP/1.1\r\nHost: evil.example.", False),
    ("/ HTTP/1.1\r\nHost: [::1].evil.example", False),
    ("/ HTTP/1.1\r\nHost:", False),
    ("/ HTTP/1.1\r\nX: y", False),
    ("/ HTTP/1.0\r\nX: y", False),
    ("/ HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", False),
    ("/ HTTP/1.1\r\nHost: evil.example\r\nHost: localhost", False),
    ("http://evil.example/ HTTP/1.1\r\nHost: localhost", False),
    ("http://localhost/ HTTP/1.1\r\nHost: evil.example", False),
]


def check_hosts(running: Running) -> None:
    for said, ours in HOSTS:
        head, _, body = raw(running, f"GET {said}\r\nConnection: close\r\n\r\n").partition(b"\r\n\r\n")
        status = int(head[9:12])
        assert (status == 200) is ours, (said, head)
        if status == 421:
            assert b"application/problem+json" in head
            assert json.loads(body)["type"] == "urn:recommender:problem:other-host"
        else:  # gunicorn itself refuses what HTTP forbids
            assert status in (200, 400), (said, head)


def test_a_name_of_others_that_points_at_us_is_refused(site: Path) -> None:
    with serve(site) as running:
        check_hosts(running)
    with gunicorn(site, workers=1, RECOMMENDER_HOSTS="docs.example.org") as running:
        check_hosts(running)
        assert running.get("/", Host="docs.example.org")[0] == 200


def test_other_hosts_are_answered_where_they_are_allowed_or_no_page_is_shown(site: Path) -> None:
    with serve(site, "--api-only") as running:
        assert running.get(ASK, Host="evil.example")[0] == 200
        assert running.get("/", Host="localhost")[0] == 404
    with serve(site, "--allow-host", "docs.example.org") as running:
        assert running.get("/", Host="docs.example.org")[0] == 200
        assert running.get("/", Host="other.example.org")[0] == 421


def test_a_killed_worker_is_replaced_and_counted_on(site: Path) -> None:
    with gunicorn(site, workers=2) as running:
        for _ in range(10):
            running.get("/healthz")
        wait_until(lambda: len(workers_of(running)) == 2)
        first = workers_of(running)[0]
        with Load(running, clients=2) as load:
            first.kill()
            wait_until(lambda: len(workers_of(running)) == 2 and first not in workers_of(running))
            count = load.count
            wait_until(lambda: load.count > count + 50)
        # What was on the killed worker's own connections is lost, and no more.
        assert len(load.wrong) <= 2
        assert re.search(rb'route="/healthz",status="200"} 10.0', running.get("/metrics")[2])


@pytest.mark.parametrize("way", [serve, proxied], ids=["serve", "nginx"])
def test_large_slow_and_half_open_clients_hurt_nobody(site: Path, way: Callable[[Path], Any]) -> None:
    with way(site) as running:
        _send_much_and_slowly(running)


def _send_much_and_slowly(running: Running) -> None:
    idle = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(20)]
    for client in idle[:10]:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHo")
    for client in idle[10:]:
        client.sendall(b"POST /v1/related HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
    try:
        status, headers, body = running.ask("POST", "/v1/related", b"[" * 300_000, {"Content-Type": "application/json"})
        assert (status, headers["Content-Type"]) == (413, "application/problem+json")
        assert json.loads(body)["status"] == 413
        assert running.get(ASK)[0] == 200
    finally:
        for client in idle:
            client.close()
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        client.sendall(f"POST /v1/related HTTP/1.1\r\n{POSTED}Content-Length: 10000000\r\n\r\n".encode())
        try:
            for _ in range(160):
                client.sendall(b"x" * 65536)
            first = client.recv(100)
        except OSError:  # closed on us in mid-send, which is a refusal too
            first = b""
        assert not first or b" 413 " in first
    assert running.get(ASK)[0] == 200


@pytest.mark.parametrize("way", [serve, gunicorn, proxied], ids=["serve", "gunicorn", "nginx"])
def test_what_nobody_reads_of_a_body_does_not_cost_the_answer(site: Path, way: Callable[[Path], Any]) -> None:
    seen: list[tuple[int, str]] = []

    def send(running: Running) -> None:
        for path in ("/v1/related", "/nothing", "/healthz") * 10:
            status, headers, _ = running.ask("POST", path, b"[" * 300_000, {"Content-Type": "application/json"})
            seen.append((status, headers["Content-Type"]))

    with way(site) as running:
        clients = [threading.Thread(target=send, args=(running,)) for _ in range(4)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    problem = "application/problem+json"
    assert Counter(seen) == {(413, problem): 40, (404, problem): 40, (405, problem): 40}


def test_the_calls_of_the_page_on_serving_are_answered(site: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed: apt-get install curl")
    calls = re.findall(r"^curl .*$", (ROOT / "docs" / "how-to" / "serve.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(calls) >= 4
    with serve(site) as running:
        for call in calls:
            command = call.replace("127.0.0.1:8080", f"127.0.0.1:{running.port}")
            done = subprocess.run(["bash", "-c", f"{command} --silent --fail"], capture_output=True, check=True)
            assert "model" in json.loads(done.stdout), call


def test_no_collection_in_a_worker_writes_to_what_it_shares(site: Path) -> None:
    script = (
        "import gc; from recommender.service.workers import application; application(); print(gc.get_freeze_count())"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=site, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10_000


def test_serve_without_a_model_is_wrong_use(site: Path) -> None:
    shutil.rmtree(site / "models")
    done = command(site, "serve", "--port", "0")
    assert done.returncode == 2
    assert "recommender build" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_with_a_broken_model_or_without_the_content_is_wrong_use(site: Path) -> None:
    done = command(site, "serve", "nowhere", "--port", "0")
    assert (done.returncode, "CONTENT nowhere does not exist" in done.stderr) == (2, True)
    array = next((site / "models" / "default").glob("*/titles_blob.npy"))
    array.write_bytes(array.read_bytes()[:-1])
    done = command(site, "serve", "--port", "0")
    assert (done.returncode, "bytes instead of" in done.stderr) == (2, True)


def test_serve_on_a_taken_port_says_so(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command(site, "serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


SPY = """
import sys, json
from pathlib import Path
from recommender.service import create_app
from recommender.settings import Settings
app = create_app(Path("models/default"), Settings(home=Path.cwd()), Path("content"))
client = app.test_client()
for path in (
    "/v1/related?url=URL", "/v1/related?url=URL&subject=History", "/", "/article?url=URL", "/site", "/metrics",
    "/v1/articles?query=moon",
):
    assert client.get(path.replace("URL", sys.argv[1])).status_code == 200, path
assert client.post("/v1/related", json={"title": "The tides"}).status_code == 200
assert client.post("/draft", data={"title": "The tides"}).status_code == 200
print(json.dumps(sorted(sys.modules)))
app.extensions["recommender"].close()
"""


def test_who_serves_loads_nothing_heavy(site: Path) -> None:
    done = subprocess.run([sys.executable, "-c", SPY, KEPLER], cwd=site, capture_output=True, text=True, check=True)
    modules = {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert not modules & {"sklearn", "scipy", "numba", "pandas", "matplotlib", "joblib"}
    assert {"flask", "recommender"} <= modules


def test_nothing_happens_at_import() -> None:
    code = "import sys, recommender.service; print('flask' in sys.modules, 'prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_schemathesis_finds_nothing(site: Path) -> None:
    tool = Path(sys.executable).with_name("schemathesis")
    if not tool.exists():
        pytest.skip("schemathesis is not installed: pip install '.[test]'")
    # An address that is too long is refused by 414, which Schemathesis does not count as a refusal by itself. What no
    # schema says: a draft of spaces holds no text, and what is wrong with one request of a batch is said in its place.
    (site / "schemathesis.toml").write_text(
        "[checks]\nnegative_data_rejection.expected-statuses = [400, 404, 405, 409, 414, 415, 422]\n"
        '[[operations]]\ninclude-operation-id = "draft"\n'
        "checks.positive_data_acceptance.expected-statuses = [200, 414, 422]\n"
        '[[operations]]\ninclude-operation-id = "batch"\n'
        "checks.negative_data_rejection.expected-statuses = [200, 400, 414, 415]\n"
    )
    with serve(site) as running:
        for accept, routes, examples in (("*/*", ".*", "25"), ("text/html", "^/(article|draft|site)?$", "5")):
            done = subprocess.run(
                [str(tool), "run", f"http://127.0.0.1:{running.port}/openapi.json", "--max-examples", examples,
                 "--seed", "1", "--include-path-regex", routes, "--header", f"Accept: {accept}",
                 "--generation-database", "none"],
                cwd=site, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout[-4000:]
        assert '"status":500' not in running.text()
