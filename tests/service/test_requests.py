"""Strict reading of queries and bodies, against what the standard library and JSON Schema's words would take."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.service.problem_documents import Refusal
from recommender.service.requests import (
    MAX_QUERY,
    flag_of,
    limit_in,
    limit_of,
    read_body,
    read_query,
    read_related_request,
    score_of,
    text_of,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
PLAIN = (
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT | st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.text(max_size=6))
def test_a_limit_is_ascii_digits_from_1_to_50(text: str) -> None:
    if text in {str(number) for number in range(1, 51)}:
        assert limit_of(text) == int(text)
    else:
        with pytest.raises(Refusal) as refusal:
            limit_of(text)
        assert refusal.value.parameter == "limit"


@given(
    st.from_regex(r"[0-9.eE+\-_ n]{0,6}", fullmatch=True) | st.floats(0, 1).map(repr) | st.floats(0, 1).map(json.dumps)
)
def test_a_score_is_a_json_number_from_0_to_1(text: str) -> None:
    try:
        wanted = json.loads(text, parse_constant=lambda name: None)
    except ValueError:
        wanted = None
    good = text == text.strip() and isinstance(wanted, int | float) and 0 <= wanted <= 1
    if good:
        assert score_of(text) == wanted
    else:
        with pytest.raises(Refusal):
            score_of(text)


@given(st.dictionaries(st.sampled_from(["url", "limit", "subject"]), TEXT), st.sampled_from([quote, quote_plus]))
def test_a_query_is_read_as_it_was_written(values: dict[str, str], how: Any) -> None:
    raw = urlencode(values, quote_via=how).encode()
    if len(raw) <= MAX_QUERY:
        assert read_query(raw, ("url", "limit", "subject")) == values


@given(st.binary(max_size=60))
def test_any_bytes_are_a_query_or_a_refusal(raw: bytes) -> None:
    try:
        found = read_query(raw, ("a", "b"))
    except Refusal as refusal:
        assert refusal.status == 400
    else:
        assert set(found) <= {"a", "b"}


@pytest.mark.parametrize(
    ("raw", "parameter"),
    [
        (b"a=1&a=1", "a"),
        (b"c=1", "c"),
        (b"a=%", ""),
        (b"a=%f", ""),
        (b"a=%ff", ""),
        (b"a=\xc3\xa4", ""),
        (b"a=%c0%80", ""),
    ],
)
def test_queries_that_are_refused(raw: bytes, parameter: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_query(raw, ("a",))
    assert (refusal.value.status, refusal.value.parameter) == (400, parameter)


def test_a_long_query_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refusal) as refusal:
        read_query(b"a=" + b"b" * MAX_QUERY, ("a",))
    assert refusal.value.status == 414


def test_a_wish_says_what_is_wanted() -> None:
    assert read_related_request({"url": "/a"}).only is None
    wish = read_related_request(
        {"url": "/a", "limit": "3", "subject": "Physics", "min_score": "0.5", "explain": "true"}
    )
    assert (wish.limit, wish.explain) == (3, True)
    assert wish.only is not None
    assert (wish.only.subject, wish.only.min_score) == ("Physics", 0.5)
    for wrong in ("True", "1", "", "on"):
        with pytest.raises(Refusal):
            flag_of({"explain": wrong}, "explain")
    for missing in ({}, {"url": ""}, {"url": "x" * 2001}):
        with pytest.raises(Refusal):
            text_of(missing, "url")


@given(st.dictionaries(TEXT, st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3), max_leaves=8), max_size=5))
def test_every_json_object_is_read_as_json_reads_it(document: dict[str, Any]) -> None:
    data = json.dumps(document, ensure_ascii=False).encode()
    assert read_body(data) == json.loads(data)


@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: json.dumps(text).encode()))
def test_any_bytes_are_an_object_or_a_refusal(data: bytes) -> None:
    try:
        assert isinstance(read_body(data), dict)
    except Refusal as refusal:
        assert refusal.status == 400


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3))
def test_a_limit_in_a_body_is_a_whole_number(value: Any) -> None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and value in range(1, 51)
    if good:
        assert limit_in({"limit": value}) == value
    else:
        with pytest.raises(Refusal):
            limit_in({"limit": value})
