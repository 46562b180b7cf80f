"""Strict reading of queries and bodies: ASCII numbers, no unknown, repeated or malformed parameter."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Request

from recommender.model.ask import CandidateFilter
from recommender.model.documents import RelatedRequest
from recommender.service.problem_documents import Refusal, shown

MAX_QUERY, MAX_TEXT, MAX_SUBJECT, MAX_LIMIT, MAX_BODY = 4096, 2000, 500, 50, 256 * 1024
_LIMIT = re.compile(r"[1-9][0-9]?", re.ASCII)
# A number as JSON has it, so as programs write theirs: 0.30000000000000004, 1e-7.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def read_query(raw: bytes, known: Collection[str], repeatable: Collection[str] = ()) -> dict[str, str]:
    """Read a query string, percent-encoded UTF-8: each known parameter at most once, of repeatable ones the first.

    Raises:
        Refusal: anything else.
    """
    if len(raw) > MAX_QUERY:
        raise Refusal("too-long", f"the query has {len(raw):,} bytes, more than {MAX_QUERY:,}")
    try:
        text = raw.decode("ascii")
        if _BROKEN_ESCAPE.search(text):
            raise ValueError
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=40)
    except ValueError:
        raise Refusal("bad-parameter", "the query is not percent-encoded UTF-8, or has over 40 parameters") from None
    values: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            names = ", ".join(known) or "none"
            raise Refusal("bad-parameter", f"unknown parameter {shown(name)}; known: {names}", name[:50])
        if name in values and name not in repeatable:
            raise Refusal("bad-parameter", f"{name} stands twice; give it once", name)
        values.setdefault(name, value)
    return values


def read_related_request(query: Mapping[str, str]) -> RelatedRequest:
    """Read limit, subject, min_score and explain.

    Raises:
        Refusal: one of them is malformed.
    """
    if len(query) == 1:  # the commonest question: only who is meant
        return RelatedRequest()
    subject, least = text_of(query, "subject", ""), score_of(query.get("min_score"))
    only = CandidateFilter(subject, least) if subject or least else None
    return RelatedRequest(limit_of(query.get("limit")), only, flag_of(query, "explain"))


def limit_of(text: str | None) -> int:
    """Read a limit: a whole number from 1 to 50 in ASCII digits, 0 where none is given."""
    if text is None:
        return 0
    if not _LIMIT.fullmatch(text) or int(text) > MAX_LIMIT:
        raise Refusal(
            "bad-parameter", f"limit must be a whole number from 1 to {MAX_LIMIT}, got {shown(text)}", "limit"
        )
    return int(text)


def score_of(text: str | None) -> float:
    """Read a score: a number from 0 to 1 as JSON has it, 0 where none is given."""
    if text is None:
        return 0.0
    if not _NUMBER.fullmatch(text) or not 0 <= float(text) <= 1:
        raise Refusal("bad-parameter", f"min_score must be a number from 0 to 1, got {shown(text)}", "min_score")
    return float(text)


def flag_of(query: Mapping[str, str], name: str, default: str = "false") -> bool:
    """Read true or false."""
    text = query.get(name, default)
    if text not in ("true", "false"):
        raise Refusal("bad-parameter", f"{name} must be true or false, got {shown(text)}", name)
    return text == "true"


def text_of(query: Mapping[str, str], name: str, default: str | None = None, most: int = MAX_TEXT) -> str:
    """Read a text of 1 to ``most`` characters; required where there is no default."""
    if name not in query:
        if default is None:
            raise Refusal("bad-parameter", f"{name} is missing", name)
        return default
    text = query[name]
    if not 1 <= len(text) <= most:
        raise Refusal("bad-parameter", f"{name} must have 1 to {most:,} characters", name)
    return text


def subject_of(query: Mapping[str, str]) -> str:
    """Read the subject that a form filters by, which it sends empty where any will do."""
    return text_of(query, "subject", most=MAX_SUBJECT) if query.get("subject") else ""


def read_body(data: bytes) -> dict[str, Any]:
    """Read a JSON object: UTF-8, no key twice, no NaN or infinity, no lone surrogate, nested within reason.

    Raises:
        Refusal: anything else.
    """
    try:
        document = json.loads(
            data.decode("utf-8"), object_pairs_hook=_no_twins, parse_constant=_no_constant, parse_float=_finite
        )
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except _TwinKey as twin:
        raise Refusal("bad-body", f"the key {shown(str(twin))} stands twice; keep one") from None
    except RecursionError:
        raise Refusal("bad-body", "the body is nested too deeply") from None
    except ValueError:
        raise Refusal("bad-body", "the body is not JSON in UTF-8 (no NaN, infinity or lone surrogate)") from None
    if not isinstance(document, dict):
        raise Refusal("bad-body", "the body must be an object {…}")
    return document


def check_keys(document: Mapping[str, Any], known: Collection[str], where: str = "") -> None:
    """Refuse unknown keys of an object."""
    for key in document:
        if key not in known:
            raise Refusal("bad-body", f"unknown key {shown(key)}; known: {', '.join(known)}", where + key[:50])


def limit_in(document: Mapping[str, Any], where: str = "") -> int:
    """Read ``limit`` of a body: a whole number from 1 to 50, 0 where none is given."""
    if "limit" not in document:
        return 0
    value = document["limit"]
    # 5.0 is a whole number for JSON; true is none.
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 1 <= value <= MAX_LIMIT
        or value != int(value)
    ):
        raise Refusal("bad-body", f"limit must be a whole number from 1 to {MAX_LIMIT}", f"{where}limit")
    return int(value)


def wants_html(asked: Request) -> bool:
    """Tell whether HTML is accepted rather than JSON: by a browser, and by nobody who did not ask."""
    accepted = asked.accept_mimetypes
    return accepted["text/html"] > max(accepted["application/problem+json"], accepted["application/json"])


class _TwinKey(Exception):
    pass


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwinKey(key)
        found[key] = value
    return found


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
