"""Lists in a data file: read by the url of their page, written in place, sorted; a person's lines stay."""

from __future__ import annotations

import json

import pytest
import yaml

from recommender.errors import FileProblem
from recommender.markdown.data_file import DataFile, read_data_file, with_lists
from recommender.markdown.link_blocks import Wanted
from recommender.markdown.link_lists import items_of
from recommender.site_settings import ListSettings

OWN = ListSettings("", "mappings", "url", {"url": "url", "title": "title"}, "data/related.yml")
TEXTS = ListSettings("", "texts", "url", {}, "data/related.yml")


def change(
    file: DataFile, lists: dict[str, list[str]], own: ListSettings = OWN, dropped: frozenset[str] = frozenset()
) -> str:
    """Want some links of some pages: those that are there keep their items."""
    wanted = {}
    for key, urls in lists.items():
        entry = next((entry for entry in file.entries if entry.key == key), None)
        items = (items_of(entry.value, own) if entry else None) or []
        held = {item.reference: (item.title, slot) for slot, item in enumerate(items, 1)}
        sources = [(url, *held.get(url, (f"On {url}", 0))) for url in urls]
        wanted[key] = [Wanted(n, "", title, "", url, slot) for n, (url, title, slot) in enumerate(sources, 1)]
    return with_lists(file, wanted, own, dropped).decode()


def test_a_new_file_is_sorted_and_reads_back_in_both_forms() -> None:
    lists = {"/b.html": ["/a/"], "/a/": ["/b.html", "no"], "/c/": []}
    for form, load in (("yaml", yaml.safe_load), ("json", json.loads)):
        text = change(DataFile(form), lists)
        assert list(load(text)) == ["/a/", "/b.html"]
        assert load(text)["/a/"] == [{"title": "On /b.html", "url": "/b.html"}, {"title": "On no", "url": "no"}]
        again = read_data_file(text.encode(), form)
        assert change(again, lists) == text, "a second run writes the same bytes"
    assert change(DataFile("yaml"), {"/a/": ["/b/"]}, TEXTS) == "/a/:\n- /b/\n"
    assert json.loads(change(DataFile("json"), {"/a/": ["/b/"]}, TEXTS)) == {"/a/": ["/b/"]}


YAML = """\
# Links by hand and by recommender.
/a/:
  - url: '/b/'  # the best
    title: B
    why: kept
  # what follows is old
  - {url: /c/, title: C}

# Of the other page
"/d.html":
- title: E
  url: /e/
"""


def test_what_stands_in_yaml_keeps_its_bytes() -> None:
    file = read_data_file(YAML.encode(), "yaml")
    assert [(entry.key, entry.line) for entry in file.entries] == [("/a/", 2), ("/d.html", 10)]
    added = YAML.replace("  - {url: /c/, title: C}\n", "  - {url: /c/, title: C}\n  - title: On /x/\n    url: /x/\n")
    added = added.replace("title: On", 'title: "On').replace("/x/\n    url", '/x/"\n    url')
    assert change(file, {"/a/": ["/b/", "/c/", "/x/"]}) == added
    assert change(file, {"/d.html": []}) == YAML[: YAML.index('"/d.html"')]
    between = YAML.replace('"/d.html":', '/b/:\n- title: "On /z/"\n  url: /z/\n"/d.html":')
    assert change(file, {"/b/": ["/z/"]}) == between
    assert change(file, {}, dropped=frozenset(["/a/"])).endswith(YAML[YAML.index('"/d.html"') :])


def test_carriage_returns_and_a_missing_last_line_break() -> None:
    text = YAML.replace("\n", "\r\n").removesuffix("\r\n")
    after = change(read_data_file(text.encode(), "yaml"), {"/e/": ["/f/"]})
    assert after == text + '\r\n/e/:\r\n- title: "On /f/"\r\n  url: /f/\r\n'


def test_in_no_order_new_pages_come_last() -> None:
    file = read_data_file(b"/z/: [{url: /y/}]\n/b/: [{url: /y/}]\n", "yaml")
    assert list(yaml.safe_load(change(file, {"/c/": ["/d/"], "/a/": ["/d/"]}))) == ["/z/", "/b/", "/a/", "/c/"]


def test_values_in_json_stay_whole() -> None:
    held = {"/a/": [{"url": "/b/", "score": 1.5, "title": "B"}], "x": "ü"}
    after = json.loads(change(read_data_file(json.dumps(held).encode(), "json"), {"/a/": ["/c/", "/b/"]}))
    assert after["/a/"] == [{"title": "On /c/", "url": "/c/"}, held["/a/"][0]]
    assert after["x"] == "ü"
    file = read_data_file(b'{"/a/": [{"note": "no link"}]}', "json")
    with pytest.raises(FileProblem, match="/a/: its list is no list of mappings"):
        change(file, {"/a/": ["/c/"]})


@pytest.mark.parametrize(
    ("data", "form", "line", "words"),
    [
        (b"- a\n- b\n", "yaml", 1, "no mapping of urls"),
        (b"# x\n/a/: [\n/b/: x\n", "yaml", 2, "expected"),
        (b"/a/: []\n/a/: []\n", "yaml", 2, "stands twice"),
        (b"{/a/: []}\n", "yaml", 1, "a url in a line of its own"),
        (b"/a/: []\n\xff", "yaml", 2, "not UTF-8"),
        (b'{"/a/": [],\n', "json", 2, "property name"),
        (b'{"/a/": [], "/a/": []}', "json", 1, "stands twice"),
        (b"[]", "json", 1, "no mapping of urls"),
        (b"[" * 100_000, "json", 0, "nested too deep"),
    ],
)
def test_a_broken_file_is_told_with_its_line(data: bytes, form: str, line: int, words: str) -> None:
    with pytest.raises(FileProblem, match=words) as caught:
        read_data_file(data, form)
    assert caught.value.line == line


def test_a_list_that_cannot_be_edited_is_told_with_its_line() -> None:
    file = read_data_file(b"/a/: []\n/b/:\n- url: &x /c/\n", "yaml")
    with pytest.raises(FileProblem, match="/b/: anchors") as caught:
        change(file, {"/b/": ["/d/"]})
    assert caught.value.line == 2
