"""Lists of links in a front matter: every shape, flags of the same name, and what is another shape."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.markdown.link_lists import Item, item_of_text, items_of, read_lists, wiki_target
from recommender.site_settings import ListSettings


def of(shape: str, **fields: str) -> ListSettings:
    return ListSettings("related", shape, fields=fields)


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("/a/", Item("/a/")),
        (" a ", Item("a")),
        ("[[a]]", Item("[[a]]")),
        ("[[b/a|An A]]", Item("[[b/a|An A]]", "An A")),
        ("[An A](/a/)", Item("/a/", "An A")),
        ('[An A](</a/> "title")', Item("/a/", "An A")),
        ("/a/b, An A, and more", Item("/a/b", "An A, and more")),
        ("Moon, sun and sea", Item("Moon, sun and sea")),
        ("a/b,c", Item("a/b,c")),
    ],
)
def test_an_item_that_is_a_text(text: str, item: Item) -> None:
    assert item_of_text(text) == item


@pytest.mark.parametrize(
    ("text", "target"), [("[[a]]", "a"), ("[[b/a|T]]", "b/a"), ("[[a#part|T]]", "a"), ("![[a]]", "a"), ("a#x", "a")]
)
def test_the_page_of_a_wikilink(text: str, target: str) -> None:
    assert wiki_target(text) == target


@pytest.mark.parametrize(
    ("settings", "value", "items"),
    [
        (of("texts"), ("/a/", "/b/"), [Item("/a/"), Item("/b/")]),
        (of("texts"), (), []),
        (of("texts"), None, []),
        (of("texts"), "", []),
        (of("texts"), "true", []),
        (of("texts"), "No", []),
        (of("texts"), ("", "/a/"), [Item("/a/")]),
        (of("texts"), ("/a/", {"url": "/b/"}), None),
        (of("texts"), "/a/", None),
        (of("texts"), {"url": "/a/"}, None),
        (of("mappings", url="link", title="text"), ({"link": "/a/", "text": "A"},), [Item("/a/", "A")]),
        (of("mappings", url="page.ref"), ({"page": {"ref": "a"}},), [Item("a")]),
        (of("mappings", url="link"), ({"url": "/a/"},), None),
        (of("mappings", url="link"), ({"link": "/a/"}, "/b/"), None),
        (of("grouped", url="url"), {"title": "Next", "links": ("a", {"url": "/b/"})}, [Item("a"), Item("/b/")]),
        (of("grouped", url="url"), ("a",), None),
        (of("url-to-title"), {"/a/": "A", "/b/": None}, [Item("/a/", "A"), Item("/b/")]),
        (of("url-to-title"), ({"/a/": "A"}, {"/b/": "B"}), [Item("/a/", "A"), Item("/b/", "B")]),
        (of("url-to-title"), ("/a/",), None),
    ],
)
def test_every_shape(settings: ListSettings, value: Any, items: list[Item] | None) -> None:
    assert items_of(value, settings) == items


def test_the_links_of_several_lists_are_numbered_and_odd_keys_named() -> None:
    lists = (ListSettings("related"), ListSettings("more.see"), ListSettings("odd"))
    values: dict[str, Any] = {"related": ("/a/",), "more": {"see": ("/b/", "/c/")}, "odd": "/d/"}
    links, odd = read_lists(values, lists, {"related": 2, "more.see": 4})
    assert [(link.slot, link.line, link.url, link.place) for link in links] == [
        (1, 2, "/a/", 0),
        (2, 4, "/b/", 1),
        (3, 4, "/c/", 1),
    ]
    assert odd == ["odd"]
