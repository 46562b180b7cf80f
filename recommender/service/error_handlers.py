"""Errors to answers: problem documents for programs, a page for a person's browser; nothing of a traceback."""

from __future__ import annotations

import logging

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from recommender.model.documents import public_urls
from recommender.service.access import Access
from recommender.service.app_state import State
from recommender.service.pages import error_page
from recommender.service.problem_documents import Refusal
from recommender.service.requests import wants_html
from recommender.service.responses import problem_reply

LOG = logging.getLogger("recommender.service")
STATUS_KINDS = {404: "unknown-route", 405: "wrong-method", 413: "too-large", 414: "too-long", 415: "wrong-type"}
# What only programs ask for, so its errors are problem documents whatever is accepted.
MACHINES = ("/v1/", "/static/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/recommender.js")
_DETAILS = {
    "unknown-route": "there is no such route; /openapi.json lists all",
    "wrong-method": "this route takes the methods of the Allow header",
    "too-large": "the body is larger than 256 KiB",
    "wrong-type": "send the body as application/json",
}


def add_failures(app: Flask, state: State, access: Access) -> None:
    """Register what is answered where a request is refused or fails."""
    failures = _Failures(state, access)
    app.register_error_handler(Refusal, failures.refused)
    app.register_error_handler(HTTPException, failures.failed)
    app.register_error_handler(Exception, failures.crashed)


class _Failures:
    def __init__(self, state: State, access: Access) -> None:
        self.state = state
        self.access = access

    def refused(self, refusal: Refusal) -> Response:
        return self._problem(refusal)

    def failed(self, error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:  # a redirect of the router
            return Response(status=status, headers=[(k, v) for k, v in error.get_headers() if k == "Location"])
        kind = STATUS_KINDS.get(status, "bug" if status >= 500 else "refused")
        refusal = Refusal(kind, _DETAILS.get(kind, error.name))
        refusal.status = status
        response = self._problem(refusal)
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    def crashed(self, error: Exception) -> Response:
        LOG.error("request %s failed", request.environ.get("recommender.id"), exc_info=error)
        return self._problem(Refusal("bug", "the request failed through no fault of yours; the log has its id"))

    def _problem(self, refusal: Refusal) -> Response:
        identity, served = request.environ.get("recommender.id", ""), self.state.current.served
        if not self.access.pages and served and "matches" in refusal.more:
            refusal.more["matches"] = public_urls(served.model, refusal.more["matches"])
        # Nothing of the site is on the answer to a request for another host.
        if not self.access.pages or refusal.kind == "other-host" or request.path.startswith(MACHINES):
            return problem_reply(refusal, identity)
        page = wants_html(request)
        reply = error_page(self.state, refusal, identity) if page else problem_reply(refusal, identity)
        reply.headers["Vary"] = "Accept"
        return reply
