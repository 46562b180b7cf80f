"""Addresses: what is one page to a browser, and which article a url means."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.addresses import (
    host_name,
    is_host,
    is_page_url,
    make_addresses,
    own_hosts,
    page_key,
    parse,
    resolve,
    unescaped,
    with_page,
)

OWN = frozenset({"example.org"})


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("/a", "/a"),
        ("/a/", "/a"),
        ("/a//", "/a"),
        ("/", "/"),
        ("", "/"),
        ("a", "/a"),
        ("/a.html", "/a"),
        ("/a.htm", "/a"),
        ("/a/index.html", "/a"),
        ("/index.html", "/"),
        ("/a.html/", "/a.html"),
        ("/indexes.html", "/indexes"),
        ("/a.b", "/a.b"),
        ("/a/./b/../c", "/a/c"),
        ("/../../a", "/a"),
        ("/a/..", "/"),
        ("/a?b=1", "/a?b=1"),
        ("/a?b=%41#c", "/a?b=A#c"),
        ("/%61%2fb", "/a%2Fb"),
        ("/caf%c3%a9", "/café"),
        ("/caf%C3%A9", "/café"),
        ("/cafe\u0301", "/café"),
        ("/100%", "/100%25"),
        ("/100%25", "/100%25"),
        ("/%ff", "/%FF"),
        ("/a%00b%0a", "/a%00b%0A"),
        ("/a%20b", "/a b"),
        ("/A", "/A"),
        ("https://example.org/a/", "/a"),
        ("HTTP://WWW.Example.ORG.:8080/a", "/a"),
        ("//example.org", "/"),
        ("https://me:secret@example.org/a", "/a"),
        ("https://other.org/a", "other.org/a"),
        ("https://other.org", "other.org/"),
        ("/\\example.org/a", "/a"),
    ],
)
def test_the_key_of_a_page_is_that_of_all_its_spellings(url: str, key: str) -> None:
    assert page_key(url, OWN) == key


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/?#%\\."), min_size=1, max_size=20))
def test_a_browser_and_the_front_matter_name_one_page(segment: str) -> None:
    written, asked = f"/x/{segment}", f"/x/{quote(segment, safe='')}"
    small = re.sub("%..", lambda escape: escape[0].lower(), asked)
    assert page_key(asked) == page_key(small) == page_key(f"{asked}/") == page_key(f"{asked}/index.html")
    if segment == segment.strip():
        assert page_key(written) == page_key(asked) == page_key(page_key(asked))


@given(st.text(max_size=60))
def test_any_text_is_taken(text: str) -> None:
    address_index = make_addresses([("/a", ["/b"]), ("/c", [])])
    assert resolve(address_index, text, "/a").kind in ("url", "alias", "ambiguous", "external", "unknown")
    assert isinstance(is_page_url(text), bool)
    parse(with_page(text, "/a"))


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("/a", True),
        ("a", True),
        ("/a?b#c", True),
        ("/a:b", True),
        ("https://example.org/a", True),
        ("https://xn--bcher-kva.example/a", True),
        ("http://[::1]:8000/a", True),
        ("javascript:alert(1)", False),
        ("JavaScript://example.org/%0aalert(1)", False),
        ("data:text/html,x", False),
        ("mailto:a@example.org", False),
        ("//evil.example/x", False),
        ("/\\evil.example/x", False),
        ("\\\\evil.example/x", False),
        ("https:", False),
        ("https://", False),
        ("https:///a", False),
        ("https://a b/", False),
        ("/a b", False),
        ("/a\tb", False),
        ("/a\u202eb", False),
    ],
)
def test_what_can_be_the_url_of_an_article(url: str, good: bool) -> None:
    assert is_page_url(url) is good


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Example.org", "example.org"),
        ("www.example.org:443", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("[::1]:80", "[::1]"),
        ("user@example.org.", "example.org"),
    ],
)
def test_a_host_is_known_however_it_is_written(host: str, name: str) -> None:
    assert host_name(host) == name


def test_a_host_that_is_none() -> None:
    assert [is_host(host) for host in ("", " ", "a b", "a/b", "[x]", "a]", "example.org", "[::1]", ".")] == [
        *[False] * 6,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("named", "urls", "hosts"),
    [
        ((), ["/a"], set()),
        ((), ["https://www.example.org/a", "http://example.org/b", "https://other.org/c", "/d"], {"example.org"}),
        ((), ["https://a.org/a", "https://b.org/b"], {"a.org", "b.org"}),
        (("example.org", "www.example.net"), ["https://other.org/c"], {"example.org", "example.net"}),
    ],
)
def test_the_sites_own_hosts(named: tuple[str, ...], urls: list[str], hosts: set[str]) -> None:
    assert own_hosts(named, urls) == hosts


# Rows: 0 and 1 are spelt alike, 2 has old addresses, 3 a query, 4 a host of another site, 5 letters beyond ASCII.
PAGES: list[tuple[str, list[str]]] = [
    ("/a", []),
    ("/a/", []),
    ("/blog/new/", ["/old", "older", "https://example.org/oldest.html"]),
    ("/faq?id=3", ["/old-faq"]),
    ("https://other.org/a", []),
    ("/sauerteig-für", ["/old-faq"]),
    ("/page.html", ["/a"]),
]


@pytest.mark.parametrize(
    ("text", "kind", "row"),
    [
        ("/a", "url", 0),
        ("/a/", "url", 1),
        ("/a?x=1", "url", 0),
        ("/a/#top", "url", 1),
        ("/a.html", "ambiguous", -1),
        ("https://example.org/a", "url", 0),
        ("https://example.org/a/", "url", 1),
        ("https://other.org/a", "url", 4),
        ("https://other.org/a/", "url", 4),
        ("https://other.org/b", "external", -1),
        ("https://elsewhere.org/a", "external", -1),
        ("tel:123", "external", -1),
        ("/blog/new", "url", 2),
        ("/old", "alias", 2),
        ("/old/index.html#part", "alias", 2),
        ("/blog/older", "alias", 2),
        ("/oldest", "alias", 2),
        ("https://www.example.org/oldest", "alias", 2),
        ("/older", "unknown", -1),
        ("/faq?id=3", "url", 3),
        ("/faq?id=3#x", "url", 3),
        ("/faq?id=4", "unknown", -1),
        ("/faq", "unknown", -1),
        ("/old-faq", "ambiguous", -1),
        ("/sauerteig-f%C3%BCr", "url", 5),
        ("/sauerteig-f%c3%bcr/", "url", 5),
        ("/sauerteig-fu\u0308r", "url", 5),
        ("/page", "url", 6),
        ("/twin", "ambiguous", -1),
        ("/twin.html", "ambiguous", -1),
        ("new", "unknown", -1),
        ("", "unknown", -1),
    ],
)
def test_an_address_means_an_article(text: str, kind: str, row: int) -> None:
    found = resolve(make_addresses(PAGES, ["/twin"], OWN), text)
    assert (found.kind, found.row) == (kind, row)


@pytest.mark.parametrize(
    ("base", "text", "row"),
    [
        ("/blog/x", "new", 2),
        ("/blog/x", "./new/", 2),
        ("/blog/x/", "../new", 2),
        ("/blog/x/", "new", -1),
        ("/blog/x", "page", 6),
        ("https://example.org/blog/x", "new", 2),
        ("/blog/new/", "#part", 2),
        ("/blog/new/", "?print=1", 2),
    ],
)
def test_a_relative_address_is_that_of_the_page_or_of_the_top(base: str, text: str, row: int) -> None:
    assert resolve(make_addresses(PAGES, (), OWN), text, base).row == row


@pytest.mark.parametrize(
    ("hosts", "any_host", "kind"),
    [(OWN, True, "external"), (frozenset[str](), True, "url"), (frozenset[str](), False, "external")],
)
def test_look_ups_take_any_host_where_none_is_known(hosts: frozenset[str], any_host: bool, kind: str) -> None:
    address_index = make_addresses([("/a", [])], (), hosts)
    assert resolve(address_index, "https://somewhere.org/a", any_host=any_host).kind == kind


def test_capitals_are_small_letters_where_a_setting_says_so() -> None:
    strict, loose = (make_addresses([("/Ab", ["/Old"])], ignore_case=flag) for flag in (False, True))
    assert [resolve(strict, text).kind for text in ("/Ab", "/ab", "/OLD")] == ["url", "unknown", "unknown"]
    assert [resolve(loose, text).kind for text in ("/Ab", "/ab", "/AB/", "/OLD")] == ["url", "url", "url", "alias"]


@pytest.mark.parametrize(
    ("url", "page", "right"),
    [
        ("/b", "/a", "/a"),
        ("/b#x", "/a", "/a#x"),
        ("/b?q=1#x", "/a", "/a?q=1#x"),
        ("/b?q=1#x", "/a?p=2", "/a?p=2#x"),
        ("https://example.org/b/#x", "/a", "https://example.org/a#x"),
        ("//example.org/b", "/a", "//example.org/a"),
        ("https://example.org/b#x", "https://www.example.org/a", "https://www.example.org/a#x"),
        ("b", "/a", "/a"),
    ],
)
def test_only_the_path_of_a_url_is_corrected(url: str, page: str, right: str) -> None:
    assert with_page(url, page) == right


def test_an_address_of_endless_marks_takes_linear_time() -> None:
    """To compose it took minutes: a regression shows as a hanging test."""
    text = "/a" + "\u0301\u0316" * 100_000
    assert unescaped(text) == text
    assert unescaped("/cafe\u0301") == "/caf\u00e9"
