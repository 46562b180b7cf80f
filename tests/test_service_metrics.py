"""Counters: several threads at once, and what is counted of each answer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from recommender.service.current import Current
from recommender.service.metrics import Metrics


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
