"""Measure the service as it is deployed: gunicorn's start, and look-ups through nginx and its cache while models come.

RECOMMENDER_CORPORA names the folder of the unpacked corpora, RECOMMENDER_BENCH_MODEL a model that is ready. nginx and
wrk must be installed. All run on one machine, whose other work is in every figure: the load average is printed first.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
from service import ROOT, publish, running, two_models

REQUESTS, SLICE, CONNECTIONS, STARTS = 100_000, 4, 4, 5
WITHIN = 60  # seconds to wait for a server
CONFIGURATION = ("nginx.conf", "nginx-http.conf", "nginx-api.conf")
# Each request is for the next of the paths in a file; at the end: requests, 99th percentile in us, failures.
SCRIPT = """
local paths, at = {}, 0
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
request = function() at = at % #paths + 1; return wrk.format("GET", paths[at]) end
done = function(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  print(string.format("FOUND %d %d %d", summary.requests, latency:percentile(99), failed))
end
"""


def main() -> None:
    """Start gunicorn several times, then ask 100,000 times through nginx while two models are published."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        model = two_models(place)
        load = " ".join(f"{average:.1f}" for average in os.getloadavg())
        print(f"{len(model):,} articles; load average {load}")
        port = _free_port()
        starts = [_start(place, port) for _ in range(STARTS)]
        waited, work = (statistics.median(times) for times in zip(*starts, strict=True))
        print(f"gunicorn: ready {waited:.2f} s after its start (at most 3), {work:.2f} s of a processor; medians of "
              f"{STARTS}")  # fmt: skip
        urls = random.Random(1).sample(model.catalogue.urls.all(), min(5000, len(model)))
        (place / "paths").write_text("".join(f"/v1/related?url={quote(url)}\n" for url in urls))
        (place / "ask.lua").write_text(SCRIPT)
        with _gunicorn(place, port), _nginx(place, port) as front:
            _look_ups(place, front)


def _look_ups(place: Path, port: int) -> None:
    """Ask in slices of some seconds, and publish a model in the middle of the second and of the third."""
    timers = [
        threading.Timer((number + 1.5) * SLICE, publish, (place, name))
        for number, name in enumerate(("other", "first"))
    ]
    for timer in timers:
        timer.start()
    count, failed, slow = 0, 0, list[float]()
    while count < REQUESTS or len(slow) < len(timers) + 2:
        requests, percentile, wrong = _slice(place, port)
        count, failed, slow = count + requests, failed + wrong, [*slow, percentile / 1000]
    print(
        f"{count:,} look-ups through nginx with its cache, {failed} failed (none may), two models published meanwhile"
    )
    said = ", ".join(f"{milliseconds:.2f}" for milliseconds in slow)
    print(f"p99 of each {SLICE} s: {said} ms (at most 10)")


def _slice(place: Path, port: int) -> tuple[int, int, int]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SLICE}s", "-s", "ask.lua", f"http://127.0.0.1:{port}"]
    environment = {**os.environ, "PATHS": str(place / "paths")}
    said = subprocess.run(command, cwd=place, env=environment, text=True, capture_output=True, check=True).stdout
    requests, percentile, failed = next(line for line in said.splitlines() if line.startswith("FOUND")).split()[1:]
    return int(requests), int(percentile), int(failed)


def _start(place: Path, port: int) -> tuple[float, float]:
    """Give the seconds until the service is ready, and those of a processor that it took for that."""
    begun = time.perf_counter()
    with _gunicorn(place, port) as process:
        waited, whole = time.perf_counter() - begun, psutil.Process(process.pid)
        times = [one.cpu_times() for one in (whole, *whole.children(recursive=True))]
        return waited, sum(one.user + one.system for one in times)


@contextmanager
def _gunicorn(place: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run the service until the block ends; it is ready when that begins."""
    arguments = ["-m", "gunicorn", "--config", "python:recommender.service.workers"]
    with running(arguments, place, RECOMMENDER_BIND=f"127.0.0.1:{port}") as process:
        _wait(f"http://127.0.0.1:{port}/readyz")
        yield process


@contextmanager
def _nginx(place: Path, behind: int) -> Iterator[int]:
    """Run nginx with the configuration that is shipped, but for ports and folders, until the block ends; its port."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None or shutil.which("wrk") is None:
        sys.exit("nginx and wrk are needed: apt-get install nginx-light wrk")
    port = _free_port()
    for name in CONFIGURATION:
        text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
        for old, new in {
            "listen 80;": f"listen 127.0.0.1:{port};",
            "listen 127.0.0.1:8081": f"listen 127.0.0.1:{_free_port()}",
            "127.0.0.1:8080": f"127.0.0.1:{behind}",
            "/run/recommender-nginx.pid": f"{place}/nginx.pid",
            "/var/cache/recommender-nginx": f"{place}/cache",
        }.items():
            text = text.replace(old, new)
        (place / name).write_text(text, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    with subprocess.Popen([nginx, "-c", str(place / "nginx.conf"), "-g", f"daemon off; {user}"]) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/readyz")
            yield port
        finally:
            process.terminate()


def _wait(url: str) -> None:
    """Wait for an answer that is 200."""
    until = time.perf_counter() + WITHIN
    while time.perf_counter() < until:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    sys.exit(f"{url} is not ready after {WITHIN} s")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    main()
