"""What happens around every request: its id, headers, log line, counters, and errors as problem documents."""

from __future__ import annotations

import logging
import re
import secrets
import time

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

from recommender.service.pages import error_page
from recommender.service.refusals import Refusal
from recommender.service.replies import problem_reply
from recommender.service.state import State

ACCESS = logging.getLogger("recommender.access")
LOG = logging.getLogger("recommender.service")
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
# Pages: our own files and answers, nothing inline, nothing from elsewhere.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STATUS_KINDS = {404: "unknown-route", 405: "wrong-method", 413: "too-large", 414: "too-long", 415: "wrong-type"}
_PUBLIC = ("/v1/", "/openapi.json")


def add_hooks(app: Flask, state: State, origins: tuple[str, ...]) -> None:
    """Register the hooks of an application."""
    hooks = _Hooks(state, frozenset(origins))
    app.before_request(hooks.before)
    app.after_request(hooks.after)
    app.register_error_handler(Refusal, hooks.refused)
    app.register_error_handler(HTTPException, hooks.failed)
    app.register_error_handler(Exception, hooks.crashed)


class _Hooks:
    def __init__(self, state: State, origins: frozenset[str]) -> None:
        self.state = state
        self.origins = origins

    def before(self) -> Response | None:
        environ = request.environ
        environ["recommender.start"] = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "")
        environ["recommender.id"] = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        self.state.watch()
        if self.origins and request.method == "OPTIONS" and "HTTP_ORIGIN" in environ:
            return Response(status=204)
        return None

    def after(self, response: Response) -> Response:
        environ, headers = request.environ, response.headers
        for name, value in HEADERS.items():
            headers[name] = value
        if response.mimetype == "text/html":
            headers["Content-Security-Policy"] = PAGE_POLICY
        headers["X-Request-ID"] = environ.get("recommender.id", "")
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        if self.origins:
            self._allow_origin(response)
        self._note(response)
        return response

    def _allow_origin(self, response: Response) -> None:
        """Let the scripts of listed origins read the API; the answer depends on who asks, which caches must know."""
        if not request.path.startswith(_PUBLIC):
            return
        response.headers.add("Vary", "Origin")
        origin = request.environ.get("HTTP_ORIGIN", "")
        if origin not in self.origins:
            return
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "ETag, X-Request-ID"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type, If-None-Match, X-Request-ID"
            response.headers["Access-Control-Max-Age"] = "600"

    def _note(self, response: Response) -> None:
        environ = request.environ
        seconds = time.perf_counter() - environ.get("recommender.start", time.perf_counter())
        route = request.url_rule.rule if request.url_rule else "unmatched"
        method = request.method if request.method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
        self.state.metrics.observe(route, method, response.status_code, seconds)
        if ACCESS.isEnabledFor(logging.INFO):
            served = self.state.current.served
            ACCESS.info(
                '{"time":"%s","id":"%s","method":"%s","route":"%s","status":%d,"ms":%.3f,"bytes":%d,"model":"%s"}',
                time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                environ.get("recommender.id", ""),
                method,
                route,
                response.status_code,
                seconds * 1000,
                response.content_length or 0,
                served.version[:12] if served else "",
            )

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
        identity = request.environ.get("recommender.id", "")
        if wants_page(request):
            return error_page(self.state, refusal, identity)
        return problem_reply(refusal, identity)


_DETAILS = {
    "unknown-route": "there is no such route; /openapi.json lists all",
    "wrong-method": "this route takes the methods of the Allow header",
    "too-large": "the body is larger than 256 KiB",
    "wrong-type": "send the body as application/json",
}


def wants_page(asked: Request) -> bool:
    """Tell whether a person's browser asks for a page: then an error is one too, else a problem document."""
    path = asked.path
    return "text/html" in asked.environ.get("HTTP_ACCEPT", "") and not path.startswith(("/v1/", "/static/"))
