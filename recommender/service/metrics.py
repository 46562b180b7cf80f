"""Counters for Prometheus, also right with several worker processes (PROMETHEUS_MULTIPROC_DIR names their folder)."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from recommender.service.live_model import LiveModel

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The counters of one process; a scrape adds up all processes of the service."""

    def __init__(self) -> None:
        # In a folder of their own the counts of processes are merged at a scrape: no registry may count them again.
        self._registry = None if os.environ.get(FOLDER) else CollectorRegistry()
        self._requests = Counter(
            "recommender_requests",
            "Requests answered, by route, method and status.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "recommender_request_seconds",
            "Seconds from request to answer, by route.",
            ("route",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._swaps = Counter(
            "recommender_model_swaps",
            "New models taken up while serving, each counted once, however many processes take it up.",
            registry=self._registry,
        )
        self._found: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer; ``route`` is the rule that matched, never the address itself."""
        key = (route, method, status)
        found = self._found.get(key)
        if found is None:  # kept as a pair: another thread must never see one without the other
            found = self._requests.labels(route, method, str(status)), self._seconds.labels(route)
            self._found[key] = found
        requests, times = found
        requests.inc()
        times.observe(seconds)

    def swapped(self, tag: str) -> None:
        """Count a model that was taken up while serving, in the first process that takes it up."""
        folder = os.environ.get(FOLDER)
        if folder:
            try:
                (Path(folder) / f"swap-{tag}").touch(exist_ok=False)
            except OSError:  # another process was first, or the disk is full, where the counters are lost too
                return
        self._swaps.inc()

    def text(self, current: LiveModel, changed: int | None) -> bytes:
        """Give all counters, and what is true of the service at this moment."""
        registry = self._registry
        if registry is None:
            registry = CollectorRegistry()
            registry.register(_AllProcesses(Path(os.environ[FOLDER])))
        now = CollectorRegistry()
        now.register(_Now(current, changed))
        now.register(_Processes(_service_processes() if self._registry is None else [os.getpid()]))
        return generate_latest(registry) + generate_latest(now)


class _AllProcesses(Collector):
    """What all processes counted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Give the sums; a file is empty for a moment after its process has made it, which the library takes ill."""
        files = [str(file) for file in self._folder.glob("*.db") if file.stat().st_size]
        found: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return found


class _Now(Collector):
    """What is true at the moment of a scrape: worked out by whichever process answers, so never merged."""

    def __init__(self, current: LiveModel, changed: int | None) -> None:
        self._current = current
        self._changed = changed

    def collect(self) -> Iterable[Metric]:
        """Give the gauges."""
        served = self._current.served
        values = {
            "ready": ("1 where a model is loaded.", float(served is not None)),
            "model_refused": ("1 where a newer model is broken.", float(bool(self._current.refused))),
        }
        if served:
            age = max(0.0, time.time() - seconds_of(served.model.built_at))
            values["articles"] = ("Articles in the model.", float(len(served.model)))
            values["model_age_seconds"] = ("Seconds since the model was built.", age)
        if self._changed is not None:
            values["changed_files"] = ("Files that changed since the model was built.", float(self._changed))
        for name, (text, value) in values.items():
            yield GaugeMetricFamily(f"recommender_{name}", text, value=value)


class _Processes(Collector):
    """What the processes of the service take from the system, under the usual names, added up.

    A page of memory that two processes share counts in both.
    """

    def __init__(self, processes: Sequence[int]) -> None:
        self._processes = processes

    def collect(self) -> Iterable[Metric]:
        """Give the sums, of starts and limits the least; nothing where there is no /proc."""
        yield GaugeMetricFamily("recommender_processes", "Processes of the service.", value=float(len(self._processes)))
        families: dict[str, Metric] = {}
        for pid in self._processes:
            for family in ProcessCollector(pid=partial(int, pid), registry=None).collect():
                known = families.setdefault(family.name, family)
                if known is not family:
                    known.samples = [
                        sample._replace(value=_together(sample.name, sample.value, other.value))
                        for sample, other in zip(known.samples, family.samples, strict=True)
                    ]
        yield from families.values()


def _together(name: str, one: float, other: float) -> float:
    return min(one, other) if "start_time" in name or "max_fds" in name else one + other


def _service_processes() -> list[int]:
    """Give the ids of the process that started this worker and of its children."""
    parent = os.getppid()
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    except OSError:  # no Linux
        return [os.getpid()]
    return [parent, *map(int, children)]


def seconds_of(built_at: str) -> float:
    """Give a model's time in seconds since 1970."""
    try:
        return datetime.datetime.fromisoformat(built_at).timestamp()
    except ValueError:
        return time.time()
