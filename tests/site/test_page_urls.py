"""Urls by patterns and paths, titles by keys, headings and names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recommender.errors import FileProblem
from recommender.presets import PRESETS
from recommender.site.page_urls import name_as_title, slugified, stated_url, title_of, url_of
from recommender.site_settings import PageSettings

PLAIN = PageSettings()


@pytest.mark.parametrize(
    ("path", "pattern", "values", "url"),
    [
        ("a.md", "/{path}/", {}, "/a/"),
        ("docs/Deep/a b.md", "/{path}/", {}, "/docs/Deep/a%20b/"),
        ("docs/index.md", "/{path}/", {}, "/docs/"),
        ("docs/README.md", "/{path}/", {}, "/docs/"),
        ("index.md", "/{path}/", {}, "/"),
        ("index.md", "/{path}.html", {}, "/"),
        ("docs/index.md", "/{path}.html", {}, "/docs/"),
        ("docs/a.md", "/{folder}/x/{section}", {}, "/docs/x/docs"),
        ("a.md", "/{folder}/{path}", {}, "/a"),
        ("2024-05-06-a-b.md", "/{year}/{month}/{day}/{slug}.html", {}, "/2024/05/06/a-b.html"),
        ("2024-5-6-a.md", "/{year}/{month}/{day}/{slug}/", {}, "/2024/05/06/a/"),
        ("a.md", "/{year}/{slug}/", {"date": "2023-01-02T23:30:00-08:00", "slug": "b"}, "/2023/b/"),
        ("2024-05-06-a.md", "/{year}/{slug}/", {"date": "2023-01-02"}, "/2023/a/"),
        ("x/index.md", "/{slug}/", {}, "/x/"),
        ("a.md", "/{year}/{month}/{day}/", {"date": "20240501"}, "/2024/05/01/"),
        ("a.md", "/{year}/{month}/", {"date": "2024"}, "/2024/01/"),
        ("a.md", "/{year}/{month}/{day}/", {"date": "May 1, 2024 10:00"}, "/2024/05/01/"),
        ("a.md", "/{title}/", {}, "/a-title-with-umlauts-u/"),
        ("a.md", "/{key area.name}/{slug}", {"area": {"name": "/sea/"}}, "/sea/a"),
        ("ü/ß.md", "/{path}/", {}, "/ü/ß/"),
    ],
)
def test_a_url_follows_from_the_path(path: str, pattern: str, values: dict, url: str) -> None:
    pages = replace(PLAIN, patterns={"": pattern})
    assert url_of(pages, values, path, "A title, with umlauts: ü!") == url


def test_the_longest_folder_of_the_patterns_wins_and_paths_are_below_it() -> None:
    pages = replace(PLAIN, patterns={"": "/all/{path}", "posts/": "/p/{path}", "posts/old/": "/o/{path}"})
    assert [url_of(pages, {}, path, "") for path in ("a.md", "posts/b/c.md", "posts/old/d.md")] == [
        "/all/a",
        "/p/b/c",
        "/o/d",
    ]


@pytest.mark.parametrize("pattern", ["/{year}/{slug}", "/{key area}/{slug}"])
def test_what_a_pattern_needs_and_a_page_lacks_is_a_problem(pattern: str) -> None:
    with pytest.raises(FileProblem, match="the pattern of its url needs"):
        url_of(replace(PLAIN, patterns={"": pattern}), {"date": "soon"}, "a.md", "A")


@pytest.mark.parametrize(
    ("preset", "path", "values", "url"),
    [
        ("docusaurus", "docs/01-intro/02-first step.md", {}, "/docs/intro/first%20step"),
        ("docusaurus", "docs/01-intro/a.md", {"slug": "/top"}, "/docs/top"),
        ("docusaurus", "blog/2024-05-06-hello.md", {}, "/blog/2024/05/06/hello"),
        ("hugo", "Posts/Some Page.md", {}, "/posts/some-page/"),
        ("hugo", "posts/a.md", {"slug": "b"}, "/posts/b/"),
        ("hugo", "posts/_index.md", {"slug": "b"}, "/posts/"),
        ("jekyll", "_posts/2024-05-06-a.md", {}, "/2024/05/06/a.html"),
        ("jekyll", "about.md", {}, "/about.html"),
        ("vitepress", "guide/index.md", {}, "/guide/"),
    ],
)
def test_presets(preset: str, path: str, values: dict, url: str) -> None:
    known = PRESETS[preset]
    pages = PageSettings(
        patterns=known.patterns,
        index=known.index,
        number_prefixes=known.number_prefixes,
        lower_case=known.lower_case,
        slug_keys=known.slug_keys,
    )
    assert url_of(pages, values, path, "T") == url


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"url": "/a"}, "/a"),
        ({"url": "a b"}, "a b"),  # named as no address later
        ({"permalink": "the/page/"}, "/the/page/"),
        ({"permalink": "false"}, ""),
        ({"permalink": "https://example.org/x"}, "https://example.org/x"),
        ({"permalink": "{{ page.title }} x"}, ""),
        ({"path": "2024/01/a", "url": ""}, "/2024/01/a"),
        ({}, ""),
    ],
)
def test_a_stated_url(values: dict[str, str], url: str) -> None:
    assert stated_url(("url", "permalink", "path"), values, filled_in=True) == url


def test_where_no_url_is_filled_in_braces_are_a_part_of_it() -> None:
    assert stated_url(("url",), {"url": "/a/{{b}}"}) == "/a/{{b}}"


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("a/some-page_name.md", "some page name"),
        ("a b/index.md", "a b"),
        ("2024-01-02-x.md", "x"),
        ("index.md", "index"),
    ],
)
def test_a_title_from_the_name_of_the_file(path: str, title: str) -> None:
    assert name_as_title(path) == title


def test_the_first_place_that_has_a_title_counts() -> None:
    values = {"title": " ", "seo": {"title": "From a\n key"}}
    assert title_of(("title", "seo.title", "heading"), values, "# Heading", "a.md") == "From a key"
    assert title_of(("title", "heading", "file"), values, "# Heading", "a.md") == "Heading"
    assert title_of(("title", "heading", "file"), values, "no heading", "a.md") == "a"
    assert title_of(("title",), values, "# Heading", "a.md") == ""


def test_a_title_of_endless_marks_becomes_a_url_in_linear_time() -> None:
    """To put them in order took minutes: a regression shows as a hanging test."""
    assert slugified("Caf\u00e9 " + "e\u0301\u0316" + "\u0301\u0316" * 100_000) == "cafe-e"
