"""The first requests of every route at once, under gunicorn as it is shipped; thirty starts of it with nightly."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from nightly import NIGHTLY

from tests.service.test_running import ASK, KEPLER, Running, gunicorn

pytestmark = pytest.mark.slow  # starts servers

FIRST = [
    ("GET", f"{ASK}&limit=50", None, 200),
    ("GET", f"{ASK}&explain=true&subject=History", None, 200),
    ("GET", "/v1/related?url=/nowhere", None, 404),
    ("GET", "/v1/articles/20106/related", None, 200),
    ("GET", "/v1/articles/20106", None, 200),
    ("GET", "/v1/articles?query=moon", None, 200),
    ("POST", "/v1/related", {"title": "The tides", "answer": "moon a\u0300"}, 200),
    ("POST", "/v1/related:batch", {"requests": [{"url": KEPLER}, {"id": "1"}]}, 200),
    *(("GET", path, None, 200) for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/static/page.css")),
    *(("GET", path, None, 200) for path in ("/", "/?query=moon", f"/article?url={quote(KEPLER)}", "/draft", "/site")),
    ("GET", "/nowhere", None, 404),
]


@pytest.mark.parametrize("_start", range(30 if NIGHTLY else 1))
def test_sixteen_first_requests_of_each_route_are_answered(site: Path, _start: int) -> None:
    """What a thread makes at its first request another may want half-made; the scrapes are among them."""
    wrong = []

    def ask(running: Running, method: str, path: str, wanted: int, body: bytes | None) -> None:
        together.wait()
        status = running.ask(method, path, body, {"Content-Type": "application/json"})[0]
        if status != wanted:
            wrong.append((method, path, status))

    with gunicorn(site, workers=2) as running:
        for method, path, body, wanted in FIRST:
            together = threading.Barrier(16)
            data = None if body is None else json.dumps(body).encode()
            threads = [threading.Thread(target=ask, args=(running, method, path, wanted, data)) for _ in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert wrong == [], running.text()[-4000:]
        assert "Traceback" not in running.text()
