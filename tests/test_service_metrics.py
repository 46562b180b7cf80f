"""Counters: several threads at once, and what is counted of each answer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from prometheus_client.mmap_dict import MmapedDict, mmap_key

from recommender.service.current import Current
from recommender.service.metrics import Metrics, _AllProcesses


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
    text = metrics.text(Current(tmp_path), None).decode()
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
