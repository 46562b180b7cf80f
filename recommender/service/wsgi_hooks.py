"""What happens around every request: its id, headers, log line and counters, as WSGI: a third of the cost in Flask."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from recommender.service.access import ANY, Access
from recommender.service.app_state import State
from recommender.service.problem_documents import Refusal, shown

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ACCESS = logging.getLogger("recommender.access")
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]
POLICY = "default-src 'none'; frame-ancestors 'none'"
# Pages: our own files and answers, nothing inline, nothing from elsewhere.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LINE = (
    '{"time":"%s","level":"info","pid":%d,"id":"%s","method":"%s","route":"%s","status":%d,"ms":%.3f,"bytes":%d,'
    '"model":"%s"}'
)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_PUBLIC = ("/v1/", "/openapi.json", "/recommender.js")
# Bytes of a body that are read though nobody wants them: what deploy/nginx.conf lets through.
UNWANTED = 1024 * 1024


def add_hooks(app: Flask, state: State, access: Access) -> None:
    """Put the hooks around an application."""
    app.wsgi_app = Hooks(app.wsgi_app, state)  # type: ignore[method-assign]
    if access.hosts is not None:
        app.before_request(_Hosts(access).before)
    if access.origins:
        door = _Origins(frozenset(access.origins))
        app.before_request(door.before)
        app.after_request(door.after)


class Hooks:
    """An application with an id, our headers, a log line and a count for each of its answers."""

    def __init__(self, inner: WSGIApplication, state: State) -> None:
        self.inner = inner
        self.state = state
        self._second, self._time = 0, ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        begun = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "")
        identity = given if given and REQUEST_ID.fullmatch(given) else os.urandom(8).hex()
        environ["recommender.id"] = identity
        self.state.watch()

        def answer(status: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], object]:
            found = dict(headers)
            policy = PAGE_POLICY if found.get("Content-Type", "").startswith("text/html") else POLICY
            headers += [pair for pair in HEADERS if pair[0] not in found]
            headers += [("Content-Security-Policy", policy), ("X-Request-ID", identity)]
            if "Cache-Control" not in found:
                headers.append(("Cache-Control", "no-store"))
            size = int(found.get("Content-Length", 0))
            self._note(environ, (int(status[:3]), size), time.perf_counter() - begun)
            return start_response(status, headers, error)

        answered = self.inner(environ, answer)
        _read_rest(environ)
        return answered

    def _note(self, environ: WSGIEnvironment, sent: tuple[int, int], seconds: float) -> None:
        """Count and log one answer by its status and size; the address itself is never written down."""
        asked = environ.get("werkzeug.request")  # where Flask notes what it matched
        rule = asked.url_rule if asked else None
        route = rule.rule if rule else "unmatched"
        method = environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in METHODS else "other"
        self.state.metrics.observe(route, method, sent[0], seconds)
        if ACCESS.isEnabledFor(logging.INFO):
            served = self.state.current.served
            version = served.version[:12] if served else ""
            asked_for = (os.getpid(), environ["recommender.id"], method, route)
            values = (self._now(), *asked_for, sent[0], seconds * 1000, sent[1], version)
            # Logger.info would look for its caller: a tenth of the time of a look-up.
            ACCESS.handle(ACCESS.makeRecord(ACCESS.name, logging.INFO, "", 0, LINE, values, None))

    def _now(self) -> str:
        """Give the time, written anew once a second."""
        second = int(time.time())
        if second != self._second:
            self._time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
            self._second = second
        return self._time


def _read_rest(environ: WSGIEnvironment) -> None:
    """Read what the application left of a body.

    gunicorn closes on all but 64 KiB of it, and nginx, still sending, answers 502 instead of what we said: 65 of 312
    answers to 300,000 bytes, four clients at a time.
    """
    if not environ.get("wsgi.input_terminated"):  # the rest of the connection could be waited for
        return
    if int(environ.get("CONTENT_LENGTH") or 0) > UNWANTED:
        return
    left = UNWANTED
    while left > 0 and (data := environ["wsgi.input"].read(min(left, 65536))):
        left -= len(data)


class _Hosts:
    """Refuses requests for other hosts: a web page may have its own name point at a loopback address, and read us."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def before(self) -> None:
        """Look at every host that a request names: the header, and the address where it is absolute.

        Raises:
            Refusal: one of them is not ours.
        """
        environ = request.environ
        named = [environ.get("HTTP_HOST", "")]
        asked = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""  # gunicorn's name for it, waitress's
        if not asked.startswith("/"):
            named += re.findall(r"^[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]*)", asked)
        for host in named:
            if not self.access.answers_to(host):
                said = f"this service is not {shown(host)}" if host else "the request names no host"
                remedy = "where it should be answered, start the service with --allow-host (or RECOMMENDER_HOSTS)"
                raise Refusal("other-host", f"{said}; {remedy}")


class _Origins:
    """Lets the scripts of listed web origins read the API."""

    def __init__(self, origins: frozenset[str]) -> None:
        self.origins = origins

    def before(self) -> Response | None:
        if request.method == "OPTIONS" and "HTTP_ORIGIN" in request.environ:
            return Response(status=204)
        return None

    def after(self, response: Response) -> Response:
        """Say who may read the answer; it depends on who asks, which caches must know."""
        if not request.path.startswith(_PUBLIC):
            return response
        origin = ANY
        if ANY not in self.origins:
            response.headers.add("Vary", "Origin")
            origin = request.environ.get("HTTP_ORIGIN", "")
            if origin not in self.origins:
                return response
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After, X-Request-ID"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type, If-None-Match, X-Request-ID"
            response.headers["Access-Control-Max-Age"] = "600"
        return response
