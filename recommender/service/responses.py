"""Plain values to responses: JSON, problem documents, and answers that caches may keep."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response, request

from recommender.service.problem_documents import Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CACHED = "public, max-age=300, stale-while-revalidate=600"


def json_reply(document: Any, status: int = 200, content_type: str = "application/json") -> Response:
    """Give a JSON response."""
    return Response(encode(document), status, content_type=content_type)


def encode(document: Any) -> bytes:
    """Write JSON in UTF-8."""
    return orjson.dumps(document)


def problem_reply(refusal: Refusal, identity: str) -> Response:
    """Give a problem document; a missing model may be there in a moment."""
    reply = json_reply(refusal.document(identity), refusal.status, "application/problem+json")
    if refusal.status == 503:
        reply.headers["Retry-After"] = "5"
    return reply


class _Final(Response):
    """A response that is sent as it was made: Werkzeug would copy and look through its headers twice."""

    def get_wsgi_response(self, environ: WSGIEnvironment) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Give body, status and headers."""
        body = () if environ["REQUEST_METHOD"] == "HEAD" else self.iter_encoded()
        return body, self.status, self.headers.to_wsgi_list()


def cached_reply(key: str, make: Callable[[], bytes]) -> Response:
    """Answer 304 where the client holds what the key stands for, else the JSON that is made, with a strong ETag."""
    etag = hashlib.blake2b(key.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
    headers = [("ETag", f'"{etag}"'), ("Cache-Control", CACHED)]
    if "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(etag):
        return Response(status=304, headers=headers)
    body = make()
    headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return _Final([body], headers=headers)
