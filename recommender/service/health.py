"""What machines ask of the service itself: alive, ready, metrics, and the description of its routes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from recommender import __version__
from recommender.service.access import Access
from recommender.service.app_state import State
from recommender.service.metrics import CONTENT_TYPE, seconds_of
from recommender.service.requests import read_query
from recommender.service.responses import CACHED, json_reply

OPENAPI = Path(__file__).with_name("openapi.json")
# The tag of the routes for people.
PAGE = "page"
NOT_AVAILABLE = "not available here: the service was started without the content"


def add_probes(app: Flask, state: State, access: Access) -> None:
    """Register the routes for machines."""
    probes = _Probes(state, access)
    app.add_url_rule("/healthz", view_func=probes.health, methods=["GET"])
    app.add_url_rule("/readyz", view_func=probes.ready, methods=["GET"])
    app.add_url_rule("/metrics", view_func=probes.metrics, methods=["GET"])
    app.add_url_rule("/openapi.json", view_func=probes.openapi, methods=["GET"])


def _is_page(item: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell whether a path of the description is for people."""
    return any(PAGE in operation["tags"] for operation in item.values())


class _Probes:
    def __init__(self, state: State, access: Access) -> None:
        self.state = state
        document = json.loads(OPENAPI.read_text(encoding="utf-8"))
        if not access.pages:
            document["paths"] = {path: item for path, item in document["paths"].items() if not _is_page(item)}
            document["tags"] = [tag for tag in document["tags"] if tag["name"] != PAGE]
        document["info"]["version"] = __version__
        self.document = document

    def health(self) -> Response:
        read_query(request.query_string, ())
        return json_reply({"status": "alive"})

    def ready(self) -> Response:
        """Say which model answers; what changed since was counted in the background."""
        read_query(request.query_string, ())
        served = self.state.current.require()
        out: dict[str, object] = {
            "status": "ready",
            "model": {"version": served.version, "built_at": served.model.built_at},
            "articles": len(served.model),
            "age_seconds": max(0, int(time.time() - seconds_of(served.model.built_at))),
            "changed_files": self.state.changed(),
        }
        if self.state.surveys is None:
            out["staleness"] = NOT_AVAILABLE
        elif self.state.trouble():
            out["staleness"] = "not counted: the content could not be surveyed; the log says why"
        elif out["changed_files"] is None:
            out["staleness"] = "not counted yet"
        else:
            out["staleness"] = "stale: build again" if out["changed_files"] else "fresh"
        if self.state.current.refused:
            out["refused"] = "a newer model is broken and was refused; the log says why"
        return json_reply(out)

    def metrics(self) -> Response:
        read_query(request.query_string, ())
        text = self.state.metrics.text(self.state.current, self.state.changed())
        return Response(text, content_type=CONTENT_TYPE)

    def openapi(self) -> Response:
        read_query(request.query_string, ())
        reply = json_reply(self.document)
        reply.headers["Cache-Control"] = CACHED
        return reply
