"""Counters: several threads at once, and what is counted of each answer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from recommender.service.live_model import LiveModel
from recommender.service.metrics import Metrics, _AllProcesses

pytestmark = pytest.mark.slow  # starts servers


def test_two_threads_may_count_the_first_answer_of_a_route(tmp_path: Path, monkeypatch: Any) -> None:
    """The second thread comes while the first one makes the counters, as under load it did: the answer was a 500."""
    metrics, failed = Metrics(), []
    found = metrics._seconds.labels

    def second() -> None:
        try:
            metrics.observe("/v1/related", "GET", 200, 0.001)
        except Exception as error:  # a thread's own error would only be printed
            failed.append(error)

    def slow(route: str) -> Any:
        monkeypatch.setattr(metrics._seconds, "labels", found)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        return found(route)

    monkeypatch.setattr(metrics._seconds, "labels", slow)
    metrics.observe("/v1/related", "GET", 200, 0.001)
    assert failed == []
    text = metrics.text(LiveModel(tmp_path), None).decode()
    assert 'recommender_requests_total{method="GET",route="/v1/related",status="200"} 2.0' in text
    assert 'recommender_request_seconds_count{route="/v1/related"} 2.0' in text


def test_a_process_that_has_only_just_begun_to_count_spoils_no_scrape(tmp_path: Path) -> None:
    """Its file is there before anything is in it: a scrape at that moment was a 500."""
    for number in (1, 2):
        counted = MmapedDict(str(tmp_path / f"counter_{number}.db"))
        counted.write_value(mmap_key("asked", "asked_total", ["route"], ["/"], "Requests."), 20.0 + number, 0.0)
        counted.close()
    (tmp_path / "counter_3.db").touch()
    (tmp_path / "histogram_3.db").touch()
    (metric,) = _AllProcesses(tmp_path).collect()
    assert [(one.name, one.labels, one.value) for one in metric.samples] == [("asked_total", {"route": "/"}, 43.0)]


SWAPS = """
import os, sys
from pathlib import Path
from recommender.service.live_model import LiveModel
from recommender.service.metrics import Metrics
metrics = Metrics()
for tag in sys.argv[1:]:
    metrics.swapped(tag)
text = metrics.text(LiveModel(Path("nowhere")), None).decode()
print(next(line for line in text.splitlines() if line.startswith("recommender_model_swaps_total")))
"""


def test_a_new_model_is_counted_once_however_many_processes_take_it_up(tmp_path: Path) -> None:
    """Eight workers made eight of one: the number told of workers, not of models."""

    def count(*tags: str, folder: Path | None) -> str:
        surroundings = {**os.environ, **({"PROMETHEUS_MULTIPROC_DIR": str(folder)} if folder else {})}
        arguments = [sys.executable, "-c", SWAPS, *tags]
        done = subprocess.run(arguments, env=surroundings, capture_output=True, text=True, check=True)
        return done.stdout.strip().removeprefix("recommender_model_swaps_total ")

    folder = tmp_path / "counters"
    folder.mkdir()
    assert [count("one", folder=folder) for _ in range(3)] == ["1.0"] * 3
    assert count("one", "two", folder=folder) == "2.0"
    assert count("two", "three", folder=folder) == "3.0"
    assert count("one", "two", folder=None) == "2.0"  # one process
    assert count("four", folder=folder) == "4.0"
