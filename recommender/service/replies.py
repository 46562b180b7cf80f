"""Plain values to responses: JSON, problem documents, and answers that caches may keep."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from flask import Response, request

from recommender.service.refusals import Refusal

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


def cached_reply(key: str, make: Callable[[], Any]) -> Response:
    """Answer 304 where the client holds what the key stands for, else the document, with a strong ETag."""
    etag = hashlib.blake2b(key.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
    held = "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(etag)
    headers = [("ETag", f'"{etag}"'), ("Cache-Control", CACHED)]
    if held:
        return Response(status=304, headers=headers)
    return Response(encode(make()), headers=headers, content_type="application/json")
