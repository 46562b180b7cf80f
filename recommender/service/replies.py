"""Plain values to responses: JSON, problem documents, and answers that caches may keep."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from flask import Response, request

from recommender.service.refusals import Refusal

# Made once: json.dumps makes one for every call whose options are not its own.
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
CACHED = "public, max-age=300, stale-while-revalidate=600"


def json_reply(document: Any, status: int = 200, content_type: str = "application/json") -> Response:
    """Give a JSON response."""
    return Response(encode(document), status, content_type=content_type)


def encode(document: Any) -> bytes:
    """Write JSON in UTF-8; what no UTF-8 can hold is written as an escape."""
    return _ENCODER.encode(document).encode("utf-8", "backslashreplace")


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
    reply = Response(status=304) if held else json_reply(make())
    reply.headers["ETag"] = f'"{etag}"'
    reply.headers["Cache-Control"] = CACHED
    return reply
