"""Ids, digests and the addresses of pages."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.article import Link, digest, is_id, site_path


@pytest.mark.parametrize("text", ["0", "-0", "1", "-13", "20308", "9" * 15, "-" + "9" * 15])
def test_an_id(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "--1", "+1", "01", "00", "-01", " 1", "1 ", "1\n", "1.0", "1_0", "1e3", "0x1", "9" * 16, "x", "٣", "１"],
)
def test_no_id(text: str) -> None:
    assert not is_id(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("ab", "c"), ("a", "bc"), id="border-between-parts"),
        pytest.param(("ab",), ("ab", ""), id="empty-part"),
        pytest.param((), ("",), id="no-part"),
        pytest.param(("a", "b"), ("b", "a"), id="order"),
        pytest.param(("é",), ("e\u0301",), id="normalisation"),
        pytest.param(("\ud800",), ("\ud801",), id="lone-surrogates"),
    ],
)
def test_digests_differ(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert digest(*one) != digest(*other)


def test_the_digest_stays_the_same_between_versions() -> None:
    # Saved models hold digests: another one here means that every model is rebuilt.
    assert digest("url", "Tïtle", "") == "861de5ede07a60762dc8d1c88047c5c0"


@given(st.lists(st.text()), st.lists(st.text()))
def test_digests_are_equal_only_for_equal_parts(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) is (one == other)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/learn/x", "/learn/x"),
        ("/learn/x/", "/learn/x"),
        ("/learn/x//", "/learn/x"),
        ("https://site.org/learn/x", "/learn/x"),
        ("https://site.org:8080/learn/x?q=1#top", "/learn/x"),
        ("//site.org/learn/x", "/learn/x"),
        ("/learn/x?q=/y#z", "/learn/x"),
        ("  /learn/x \n", "/learn/x"),
        ("learn/x", "learn/x"),
        ("/", "/"),
        ("", ""),
        ("https://site.org", ""),
        ("https://site.org/", "/"),
        ("/a b/ü", "/a b/ü"),
        ("http://[bad/x", "http://[bad/x"),
    ],
)
def test_site_path(url: str, path: str) -> None:
    assert site_path(url) == path


@given(st.text())
def test_site_path_takes_any_text(text: str) -> None:
    path = site_path(text)
    assert path == "/" or not path.endswith("/") or path == text.strip()


def test_links_are_frozen() -> None:
    link = Link(1, 2, "3", "T", "S", "/u")
    with pytest.raises(dataclasses.FrozenInstanceError):
        link.slot = 2  # type: ignore[misc]
