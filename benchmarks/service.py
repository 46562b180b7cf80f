"""Measure the HTTP service: throughput beside routes that do nothing, memory of worker processes, swaps, drafts.

RECOMMENDER_CORPORA names the folder of the unpacked corpora; without it the sample site is measured, whose figures say
little. The load generator runs on the same machine, so only ratios of one run mean anything.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psutil

from recommender.build.pipeline import fit_model
from recommender.model.model import Model, Ranking
from recommender.model.store import let_go, load_model, save_model
from recommender.settings import Settings
from recommender.site.corpus import read_corpus

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS, SECONDS, ROUNDS, SWAPS = 4, 0.5, 30, 100

# Three servers under the same waitress: ours; a constant of the same size through our hooks; a bare Flask route.
SERVER = """
import sys, logging
from pathlib import Path
from flask import Flask, Response
from waitress.server import create_server
from recommender.service import create_app
from recommender.service.waitress_server import log_as_json
from recommender.settings import Settings
which, folder, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
log_as_json()
body = b"x" * size
app = Flask("bare") if which == "bare" else create_app(folder, Settings())
if which != "related":
    app.add_url_rule("/constant", view_func=lambda: Response(body, content_type="application/json"))
server = create_server(app, host="127.0.0.1", port=0, threads=8)
print(server.effective_port, flush=True)
server.run()
"""


def main() -> None:
    """Measure one thing after another, and print a line for each."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        model = two_models(place)
        urls = random.Random(1).sample(model.catalogue.urls.all(), min(5000, len(model)))
        print(f"{len(model):,} articles, {CONNECTIONS} connections")
        parts = {"hostile": hostile, "throughput": throughput, "drafts": drafts, "memory": memory, "swaps": swaps}
        for name in sys.argv[1:] or parts:
            parts[name](place, model, urls)


def two_models(place: Path) -> Model:
    """Build a model and a second that differs in a digit; the first is published, ``place/other`` holds the second."""
    corpora = os.environ.get("RECOMMENDER_CORPORA")
    ready = os.environ.get("RECOMMENDER_BENCH_MODEL")
    content = Path(corpora) / "quicktakes" / "content" / "learn" if corpora else ROOT / "data" / "articles"
    model = load_model(Path(ready)) if ready else fit_model(read_corpus(content, Settings()), Settings(), "2026-01-01")
    chosen = Ranking(model.chosen.indptr, model.chosen.rows, model.chosen.scores * (1 - 1e-12))
    folder = place / "models" / "default"
    save_model(replace(model, chosen=chosen, built_at="2026-01-02"), folder)
    (place / "other.json").write_bytes((folder / "manifest.json").read_bytes())
    save_model(model, folder)
    (place / "first.json").write_bytes((folder / "manifest.json").read_bytes())
    (place / "recommender.yml").write_text("model: models/default\n")
    return load_model(folder)


def publish(place: Path, name: str) -> None:
    """Put a manifest in its place as a build does."""
    temporary = place / "models" / "default" / "next.json"
    temporary.write_bytes((place / f"{name}.json").read_bytes())
    temporary.replace(place / "models" / "default" / "manifest.json")


@contextmanager
def running(arguments: list[str], place: Path, **extra: str) -> Iterator[subprocess.Popen[str]]:
    """Run a server until the block ends; its log goes nowhere."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **extra}
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=place, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def load(port: int, paths: list[str], stopped: Callable[[], bool]) -> tuple[list[float], int]:
    """Ask over kept connections, once at least, until stopped; seconds of each answer, and how many were not 200."""
    times: list[float] = []
    wrong = [0]

    def ask(number: int) -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = connection.makefile("rb")
        place = number * 997
        while place == number * 997 or not stopped():
            place += 1
            start = time.perf_counter()
            connection.sendall(f"GET {paths[place % len(paths)]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            status, length = reader.readline(), 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                if line[:15].lower() == b"content-length:":
                    length = int(line[15:])
            reader.read(length)
            times.append(time.perf_counter() - start)
            wrong[0] += b" 200 " not in status
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, wrong[0]


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Give a test that becomes true after so many seconds."""
    until = time.perf_counter() + seconds
    return lambda: time.perf_counter() >= until


def throughput(place: Path, _: Model, urls: list[str]) -> None:
    """Compare look-ups by url with routes that look nothing up, in turns of half a second.

    The urls are spread over the whole site, and the service keeps no answers: each is made anew. Turns are compared
    with their neighbours: what else runs on the machine then changes all three alike.
    """
    folder = place / "models" / "default"
    paths = {
        "related": [f"/v1/related?url={quote(url)}" for url in urls],
        "constant": ["/constant"],
        "bare": ["/constant"],
    }
    with running(["-c", SERVER, "related", str(folder), "1"], folder) as ours:
        port = int(ours.stdout.readline())
        size = statistics.median(_length(port, path) for path in paths["related"][:200])
        with (
            running(["-c", SERVER, "constant", str(folder), str(int(size))], folder) as constant,
            running(["-c", SERVER, "bare", str(folder), str(int(size))], folder) as bare,
        ):
            servers = {"related": ours, "constant": constant, "bare": bare}
            ports = {"related": port, "constant": int(constant.stdout.readline()), "bare": int(bare.stdout.readline())}
            turns = [{name: turn(servers[name], ports[name], paths[name]) for name in paths} for _ in range(ROUNDS)]
    for name in paths:
        rate = statistics.median(one[name].rate for one in turns)
        work = statistics.median(one[name].work for one in turns)
        slow = 1000 * statistics.median(one[name].slow for one in turns)
        print(f"{name:<10} {rate:8.0f} requests/s   p99 {slow:6.2f} ms   {1e6 * work:.0f} us of the server's")
    beside = {name: statistics.median(one["related"].rate / one[name].rate for one in turns) for name in paths}
    slower = statistics.median(one["related"].slow / one["constant"].slow for one in turns)
    print(f"related / constant {beside['constant']:.2f} (at least 0.85); related / bare {beside['bare']:.2f} "
          f"(at least 0.50); p99 / constant {slower:.2f} (at most 2)")  # fmt: skip


class Turn(NamedTuple):
    """Requests a second, the server's own seconds for each, and the seconds that one in a hundred exceeds."""

    rate: float
    work: float
    slow: float


def turn(server: subprocess.Popen[str], port: int, paths: list[str]) -> Turn:
    """Ask one server for a moment."""
    begun, start = _seconds_of_work(server), time.perf_counter()
    times, wrong = load(port, paths, for_seconds(SECONDS))
    rate, work = len(times) / (time.perf_counter() - start), (_seconds_of_work(server) - begun) / len(times)
    assert not wrong, f"{wrong} answers were not 200"
    return Turn(rate, work, statistics.quantiles(times, n=100)[98])


def _seconds_of_work(server: subprocess.Popen[str]) -> float:
    """Give a server's own seconds on a processor: they tell more than throughput where the machine is shared."""
    times = psutil.Process(server.pid).cpu_times()
    return times.user + times.system


def _length(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    return len(connection.getresponse().read())


class Asked(NamedTuple):
    """One request of the hostile kind: what it is, its address, a body, and for how many items it asks."""

    kind: str
    path: str
    body: bytes | None = None
    items: int = 1


def hostile(place: Path, model: Model, _: list[str]) -> None:
    """Ask 200 mistyped, long and filtered questions, one at a time, with /healthz beside them."""
    asked, times = hostile_requests(model), dict[str, list[float]]()
    with running(["-c", SERVER, "related", str(place / "models" / "default"), "1"], place) as server:
        port = int(server.stdout.readline())
        quiet = health(port, lambda: time.sleep(3))

        def ask() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            for one in asked:
                begun = nanoseconds(server)
                headers = {"Content-Type": "application/json"} if one.body else {}
                connection.request("POST" if one.body else "GET", one.path, one.body, headers)
                reply = connection.getresponse()
                reply.read()
                assert reply.status in (200, 400, 404, 414), (one, reply.status)
                times.setdefault(one.kind, []).append((nanoseconds(server) - begun) / 1e6 / one.items)

        ask()
        for own in times.values():
            own.clear()  # the first answers of a process are not counted
        ask()
        worst = {kind: list(own) for kind, own in times.items()}  # without /healthz, whose work would count too
        beside = health(port, ask)
    for kind, own in worst.items():
        own.sort()
        print(f"{kind:<10} {len(own):4d} requests, ms of a processor: median {statistics.median(own):.2f}, "
              f"p99 {own[int(0.99 * (len(own) - 1))]:.2f}, max {own[-1]:.2f}")  # fmt: skip
    print(f"/healthz p99: {quiet:.2f} ms alone, {beside:.2f} ms beside them")


def hostile_requests(model: Model) -> list[Asked]:
    """Make questions about names that are misspelt, unknown or long, lists that are filtered or long, and batches."""
    dice, urls, titles = random.Random(3), model.catalogue.urls, model.catalogue.titles
    subjects = sorted(set(model.catalogue.subjects.all()))

    def typo(text: str) -> str:
        at = dice.randrange(max(1, len(text) - 1))
        return (
            text[:at]
            + dice.choice([text[at + 1 : at + 2] + text[at : at + 1], "", text[at : at + 1] * 2])
            + text[at + 1 :]
        )

    def junk() -> str:
        words = dice.choices(titles.some([dice.randrange(len(model)) for _ in range(4)]), k=4)
        kinds = [
            "x" * 300,
            " ".join(words)[:1900],
            "".join(dice.choices("abc-/ éж中", k=300)),
            "how why what " * 90,
            "/" * 900,
        ]
        return dice.choice(kinds)

    found = []
    for _ in range(50):
        row = dice.randrange(len(model))
        found.append(Asked("url", f"/v1/related?url={quote(dice.choice([typo(urls[row]), junk()]), safe='')}"))
        found.append(Asked("words", f"/v1/articles?query={quote(dice.choice([typo(titles[row]), junk(), 'keplxr']))}"))
        more = dice.choice(["limit=50", f"subject={quote(dice.choice(subjects) or 'x')}", "min_score=0.3&limit=50"])
        found.append(Asked("filtered", f"/v1/related?url={quote(urls[row])}&{more}"))
        wanted = [{"url": dice.choice([typo(urls[row]), urls[row], junk()[:300] or "x"])} for _ in range(100)]
        found.append(Asked("batch item", "/v1/related:batch", json.dumps({"requests": wanted}).encode(), 100))
    return found


def nanoseconds(server: subprocess.Popen[str]) -> int:
    """Give what all threads of a server have used of a processor; the ticks of cpu_times are 10 ms."""
    stats = Path(f"/proc/{server.pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in stats)


def health(port: int, work: Callable[[], None]) -> float:
    """Give the milliseconds that one in a hundred answers of /healthz exceeds while something is done."""
    done = threading.Event()
    found: list[float] = []

    def ping() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while not done.is_set() or len(found) < 2:
            begun = time.perf_counter()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            found.append(1000 * (time.perf_counter() - begun))
            time.sleep(0.02)

    thread = threading.Thread(target=ping)
    thread.start()
    work()
    done.set()
    thread.join()
    return statistics.quantiles(found, n=100)[98]


def drafts(place: Path, model: Model, _: list[str]) -> None:
    """Ask for drafts of 3,000 words made of the site's own titles."""
    dice = random.Random(2)
    words = " ".join(model.catalogue.titles.all()).split()
    with running(["-c", SERVER, "related", str(place / "models" / "default"), "1"], place) as server:
        connection = http.client.HTTPConnection("127.0.0.1", int(server.stdout.readline()))
        times, begun_work = [], _seconds_of_work(server)
        for _ in range(40):
            start = dice.randrange(max(1, len(words) - 3000))
            text = " ".join(words[start : start + 3000])
            body = json.dumps({"title": "How does it all hang together?", "answer": text})
            begun = time.perf_counter()
            connection.request("POST", "/v1/related", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            assert reply.status == 200
            times.append(time.perf_counter() - begun)
        own = (_seconds_of_work(server) - begun_work) / len(times)
    print(f"a draft of 3,000 words: {1000 * statistics.median(times):.1f} ms at the median (at most 50), "
          f"{1000 * own:.1f} ms of the server's")  # fmt: skip


def pss(process: subprocess.Popen[str]) -> float:
    """Sum the proportional set sizes of a process and its children, in MiB."""
    tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return sum(one.memory_full_info().pss for one in tree) / 2**20


def memory(place: Path, model: Model, urls: list[str]) -> None:
    """Compare four workers with one, before and after a new model, and two before and after five."""
    let_go(model)  # what this process holds of the files would not be counted in full
    one, four, two = (over_models(place, urls, workers, models) for workers, models in ((1, 1), (4, 1), (2, 5)))
    for when, own, others in zip(("before", "after"), one, four, strict=True):
        further = (others - own) / 3
        print(
            f"PSS {when} a swap: one worker {own:.0f} MiB, four {others:.0f}, a further one {further:.0f} (at most 25)"
        )
    print(f"PSS of two workers {two[0]:.0f} MiB, over five new models up to {max(two):.0f} MiB, "
          f"{max(two) / two[0]:.2f} (at most 1.5)")  # fmt: skip


def over_models(place: Path, urls: list[str], workers: int, models: int) -> list[float]:
    """Give what workers take with the first model, then with each new one, in MiB."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    publish(place, "first")
    extra = {"RECOMMENDER_BIND": f"127.0.0.1:{port}", "RECOMMENDER_WORKERS": str(workers)}
    with running(["-m", "gunicorn", "--config", "python:recommender.service.workers"], place, **extra) as server:
        _wait(port)
        found = [_settled(server, port, urls)]
        for number in range(models):
            publish(place, ("other", "first")[number % 2])
            time.sleep(6)
            found.append(_settled(server, port, urls))
    return found


def _settled(server: subprocess.Popen[str], port: int, urls: list[str]) -> float:
    for _ in range(6):  # new connections each time, so that every worker gets some
        load(port, [f"/v1/related?url={quote(url)}" for url in urls], for_seconds(0.5))
    return pss(server)


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server does not listen")


def swaps(place: Path, _: Model, urls: list[str]) -> None:
    """Replace the model again and again under load."""
    with running(["-c", SERVER, "related", str(place / "models" / "default"), "1"], place) as server:
        port = int(server.stdout.readline())
        paths = [f"/v1/related?url={quote(url)}" for url in urls]
        load(port, paths, for_seconds(3))
        sizes, done = [pss(server)], threading.Event()

        def swap() -> None:
            for number in range(SWAPS):
                name = ("other", "first")[number % 2]
                wanted = json.loads((place / f"{name}.json").read_text())["built_at"]
                publish(place, name)
                while _built_at(port) != wanted:
                    time.sleep(0.05)
                if number % 10 == 9:
                    sizes.append(pss(server))
            done.set()

        thread = threading.Thread(target=swap)
        thread.start()
        times, wrong = load(port, paths, done.is_set)
        thread.join()
    print(f"{SWAPS} swaps under load: {len(times):,} requests, {wrong} failed")
    print(
        f"PSS {sizes[0]:.0f} MiB at first, then {min(sizes[1:]):.0f} to {max(sizes[1:]):.0f}, {sizes[-1]:.0f} at last"
    )


def _built_at(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/readyz")
    return str(json.loads(connection.getresponse().read())["model"]["built_at"])


if __name__ == "__main__":
    main()
