"""Front matter of every form, and lists of links of every shape, as values."""

from __future__ import annotations

import pytest

from recommender.errors import FileProblem
from recommender.markdown.formats import other_front, with_small_letters
from recommender.markdown.link_lists import Item, items_of, read_lists
from recommender.site_settings import ListSettings


def test_toml_is_read_as_texts() -> None:
    front = other_front(
        b'+++\ntitle = "A"\ndate = 2024-01-02T03:04:05Z\nweight = 3\ndraft = true\ntags = ["x", "y"]\n[extra]\n'
        b'see = [{url = "/b/", text = "B"}]\n+++\n\nText.\n'
    )
    assert (front.form, front.body) == ("toml", "\nText.\n")
    assert front.values == {
        "title": "A",
        "date": "2024-01-02 03:04:05+00:00",
        "weight": "3",
        "draft": "true",
        "tags": ("x", "y"),
        "extra": {"see": ({"url": "/b/", "text": "B"},)},
    }
    assert [front.line(key) for key in ("title", "TAGS", "extra.see", "none")] == [2, 6, 7, 0]


def test_json_and_none() -> None:
    front = other_front(b'{\n "title": "A",\n "n": null, "list": [1]\n}\n\n# Text\n')
    assert (front.form, front.values, front.body) == ("json", {"title": "A", "n": None, "list": ("1",)}, "# Text\n")
    assert front.line("title") == 2
    for text in (b"# Only text\n", b"{{< shortcode >}}\n", b"+++ no fence\n", b""):
        assert other_front(text).form == "none"
        assert other_front(text).body == text.decode()


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"+++\na = \n+++\n", "bad-toml", 2),
        (b"+++\na = 1\na = 2\n+++\n", "bad-toml", 3),
        (b"+++\na = 1\n", "broken-fence", 1),
        (b"# \xff\n", "not-utf8", 1),
        (b"+++\na = " + b"[" * 30 + b"]" * 30 + b"\n+++\n", "unsafe-yaml", 0),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, code: str, line: int) -> None:
    with pytest.raises(FileProblem) as error:
        other_front(data)
    assert (error.value.code, error.value.line) == (code, line)


def test_keys_with_capitals_are_found_in_small_letters_too() -> None:
    assert with_small_letters({"Title": "A", "url": "/a", "URL": "/b"}) == {
        "Title": "A",
        "title": "A",
        "url": "/a",
        "URL": "/b",
    }


TEXTS, MAPPINGS = ListSettings("k"), ListSettings("k", "mappings", "url", {"url": "link", "title": "text"})
GROUPED = ListSettings("k", "grouped", "slug", {"url": "slug"})
PAIRS = ListSettings("k", "url-to-title")


@pytest.mark.parametrize(
    ("own", "value", "items"),
    [
        (TEXTS, ("/a", " b ", ""), [Item("/a"), Item("b")]),
        (
            TEXTS,
            ("/a/, The title", "[The title](/b/)", "[[c|The title]]"),
            [
                Item("/a/", "The title"),
                Item("/b/", "The title"),
                Item("[[c|The title]]", "The title"),
            ],
        ),
        (TEXTS, ("a, b",), [Item("a, b")]),
        (TEXTS, ('[B](/b/ "more")', "[C](/c_(d)/)"), [Item("/b/", "B"), Item("/c_(d)/", "C")]),
        (TEXTS, None, []),
        (TEXTS, (), []),
        (TEXTS, "true", []),
        (TEXTS, "a", None),
        (TEXTS, {"a": "b"}, None),
        (TEXTS, ("a", {"b": "c"}), None),
        (MAPPINGS, ({"link": "/a", "text": "A", "score": "3"}, {"link": "/b"}), [Item("/a", "A"), Item("/b")]),
        (MAPPINGS, ({"other": "/a"},), None),
        (MAPPINGS, ("/a",), None),
        (GROUPED, {"title": "Next", "links": ("a", "b")}, [Item("a"), Item("b")]),
        (GROUPED, {"one": ({"slug": "a"},), "two": ({"slug": "b"},)}, [Item("a"), Item("b")]),
        (GROUPED, ("a",), None),
        (PAIRS, {"/a": "A", "/b": None}, [Item("/a", "A"), Item("/b")]),
        (PAIRS, ({"/a": "A"}, {"/b": "B"}), [Item("/a", "A"), Item("/b", "B")]),
        (PAIRS, ("/a",), None),
    ],
)
def test_items(own: ListSettings, value: object, items: list[Item] | None) -> None:
    assert items_of(value, own) == items


def test_several_lists_are_numbered_through_and_odd_ones_named() -> None:
    lists = (ListSettings("see"), ListSettings("more.links"), ListSettings("odd"))
    values = {"see": ("/a", "/b"), "more": {"links": ("/c",)}, "odd": {"x": "y"}}
    links, odd = read_lists(values, lists, {"see": 2, "more.links": 5})
    assert [(link.slot, link.line, link.url, link.place) for link in links] == [
        (1, 2, "/a", 0),
        (2, 2, "/b", 0),
        (3, 5, "/c", 1),
    ]
    assert odd == ["odd"]
