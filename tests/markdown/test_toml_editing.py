"""Lists of links in TOML are written in the form that stands in the file; every other byte stays."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import FileProblem
from recommender.markdown.formats import read_front, toml_document
from recommender.markdown.link_blocks import Wanted
from recommender.markdown.link_editing import splice_links
from recommender.markdown.link_lists import item_of_text, read_lists
from recommender.markdown.list_editing import ListStyle
from recommender.markdown.toml_editing import splice_toml_list, toml_style_of_list
from recommender.site_settings import ListSettings

TEXTS = ListSettings("related", "texts", "url")
ITEMS = ListSettings("related", "mappings", "url", {"url": "link", "title": "title"})
NESTED = ListSettings("extra.related", "texts", "url")
TABLES = ListSettings("extra.related", "mappings", "url", {"url": "link", "title": "title"})


def edit(
    text: str,
    urls: list[str],
    own: ListSettings = TEXTS,
    corrected: dict[str, str] | None = None,
    style: ListStyle | None = None,
) -> str:
    """Want some links: those that stand in the list already keep their item, corrected ones with another reference."""
    document = toml_document(text.encode())
    assert document is not None
    links = reversed(read_lists(read_front(text.encode()).values, [own], {})[0])
    held = {(corrected or {}).get(link.url, link.url): (link.title, link.slot) for link in links}
    sources = [(url, *held.get(url, (f"About {url}", 0))) for url in urls]
    wanted = [Wanted(n, "", title, "", url, slot) for n, (url, title, slot) in enumerate(sources, 1)]
    return splice_toml_list(document, wanted, own, style or ListStyle())


def front(*lines: str, newline: str = "\n") -> str:
    return newline.join(["+++", *lines, "+++", "", "Text.", ""])


CASES = {
    "an item is added": (
        front('title = "A"', 'related = ["/b/"]  # mine', "date = 2024-01-01"),
        ["/b/", "/c/"],
        front('title = "A"', 'related = ["/b/", "/c/"]  # mine', "date = 2024-01-01"),
    ),
    "one is dropped": (front("related = [ '/b/', '/c/' ]"), ["/c/"], front("related = [ '/c/' ]")),
    "single quotes": (front("related = ['/b/',]"), ["/b/", "/c/"], front("related = ['/b/', '/c/',]")),
    "whole numbers": (front("related = [1, 2]"), ["1", "33"], front("related = [1, 33]")),
    "several lines, a comma behind the last": (
        front("related = [", '    "/b/", # good', "    # the next are old", '    "/c/",', "]", "z = 1"),
        ["/b/", "/d/"],
        front("related = [", "    # the next are old", '    "/b/", # good', '    "/d/",', "]", "z = 1"),
    ),
    "several lines, none behind the last": (
        front("related = [", '\t"/b/",', '\t"/c/"  # "/c/", really', "] # end"),
        ["/b/", "/c/", "/d/"],
        front("related = [", '\t"/b/",', '\t"/c/",  # "/c/", really', '\t"/d/"', "] # end"),
    ),
    "the bracket in the last line": (
        front("related = [", '  "/b/",', '  "/c/"]'),
        ["/c/", "/d/"],
        front("related = [", '  "/c/",', '  "/d/"]'),
    ),
    "several in a line": (
        front("related = [", '  "/b/", "/c/",', '  "/d/"', "]"),
        ["/b/", "/d/", "/e/"],
        front("related = [", '  "/b/",', '  "/d/",', '  "/e/",', "]"),
    ),
    "an empty list": (front("related = [] # x", "z = 1"), ["/b/"], front("related = [", '  "/b/",', "] # x", "z = 1")),
    "no list yet": (
        front('title = "A"', "", "[menu]", "w = 1"),
        ["/b/", "/c/"],
        front('title = "A"', "related = [", '  "/b/",', '  "/c/",', "]", "", "[menu]", "w = 1"),
    ),
    "none is wanted where none is": (front('title = "A"'), [], front('title = "A"')),
    "all go": (front("related = [", '  "/b/",', "]"), [], front("related = [", "]")),
    "a key with capitals": (front('Related = ["/b/"]'), ["/c/"], front('Related = ["/c/"]')),
    "carriage returns": (
        front("related = [", '  "/b/",', "]", newline="\r\n"),
        ["/b/", "/c/"],
        front("related = [", '  "/b/",', '  "/c/",', "]", newline="\r\n"),
    ),
    "a text with a title keeps it": (
        front('related = ["/b/, The other page"]'),
        ["/b/", "/c/"],
        front('related = ["/b/, The other page", "/c/"]'),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_list_of_texts(name: str) -> None:
    before, urls, after = CASES[name]
    assert edit(before, urls) == after
    assert edit(after, urls) == after


def test_a_new_list_is_written_as_other_files_write_theirs() -> None:
    quoted = front("related = ['/x/']", "z = 1")
    document = toml_document(quoted.encode())
    assert document is not None
    style = toml_style_of_list(document, TEXTS)
    assert style == ListStyle("'", flow=True)
    assert edit(front("z = 1"), ["/b/", "/c/"], style=style) == front("z = 1", "related = ['/b/', '/c/']")


def test_a_list_in_a_table_that_is_there_or_not() -> None:
    before = front('title = "A"', "[extra]", "toc = true", "", "[other]", "z = 1")
    added = ["[extra]", "toc = true", "related = [", '  "/b/",', "]", "", "[other]", "z = 1"]
    assert edit(before, ["/b/"], NESTED) == front('title = "A"', *added)
    made = front('title = "A"', "", "[extra]", "related = [", '  "/b/",', "]")
    assert edit(front('title = "A"'), ["/b/"], NESTED) == made
    dotted = front('extra.related = ["/b/"]')
    assert edit(dotted, ["/b/", "/c/"], NESTED) == front('extra.related = ["/b/", "/c/"]')


def test_tables_in_an_array_get_the_keys_that_all_have_and_are_kept_whole() -> None:
    before = front("related = [", '  {kind = "p", title = "B", link = "/b/", score = 3},', "]")
    after = front(
        "related = [",
        '  {kind = "p", title = "B", link = "/b/", score = 3},',
        '  {kind = "p", title = "About /c/", link = "/c/"},',
        "]",
    )
    assert edit(before, ["/b/", "/c/"], ITEMS) == after
    moved = before.replace('"/b/"', '"/new/"')
    assert edit(before, ["/new/"], ITEMS, {"/b/": "/new/"}) == moved, "all else of it stays"


def test_lists_by_group() -> None:
    groups = ListSettings("extra.related", "grouped", "url", {"url": "link"})
    before = front("[extra.related]", 'title = "Next"', 'guides = ["/b/", "/c/"]', 'news = ["/d/"]', "[z]", "x = 1")
    document = toml_document(before.encode())
    assert document is not None
    wanted = [Wanted(1, "", "", "", "/c/", 2), Wanted(2, "", "", "", "/d/", 3), Wanted(3, "", "", "", "/x/")]
    after = before.replace('"/b/", ', "").replace('"/d/"', '"/d/", "/x/"')
    assert splice_links(document, wanted, groups, ListStyle()) == after


TABLE = ["[[extra.related]]", 'title = "B" # of old', 'link = "/b/"', "score = 3"]
OTHER = ["[[extra.related]]", 'title = "C"', 'link = "/c/"']
NEW = ["[[extra.related]]", 'title = "About /d/"', 'link = "/d/"']


def test_an_array_of_tables() -> None:
    head, tail = ['title = "A"', "", "[extra]", "toc = true", ""], ["", "# of the menu", "[menu]", "w = 1"]
    before = front(*head, *TABLE, "", *OTHER, *tail)
    assert edit(before, ["/b/", "/c/", "/d/"], TABLES) == front(*head, *TABLE, "", *OTHER, "", *NEW, *tail)
    assert edit(before, ["/c/", "/d/"], TABLES) == front(*head, *OTHER, "", *NEW, *tail)
    assert edit(before, ["/b/", "/d/"], TABLES) == front(*head, *TABLE, "", *NEW, *tail)
    assert edit(before, [], TABLES) == front(*head, *tail)
    moved = front(*head, *TABLE, "", *OTHER, *tail).replace('"/b/"', '"/new/"')
    assert edit(before, ["/new/", "/c/"], TABLES, {"/b/": "/new/"}) == moved, "all else of it stays"
    dense = front("[[extra.related]]", 'link = "/b/"', "[extra.related.more]", "x = 1", *OTHER)
    assert edit(dense, ["/c/", "/b/"], TABLES).count("[extra.related.more]") == 1


@pytest.mark.parametrize(
    ("text", "own", "words"),
    [
        (front("[related]", 'a = "b"'), TEXTS, "is no list of texts"),
        (front('related = "a"'), TEXTS, "is no list of texts"),
        (front("related = [", '  "/a/", "/b/", # both', "]"), TEXTS, "comments and several items in one line"),
        (
            front("[related]", '"/a/" = "A"'),
            ListSettings("related", "url-to-title"),
            "is read, but not written in TOML",
        ),
        (front('a = 1\r\nrelated = ["/a/"]'), TEXTS, "some lines end in CRLF"),
        (front('extra = "no table"'), NESTED, "cannot be found again"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, own: ListSettings, words: str) -> None:
    with pytest.raises(FileProblem, match=words):
        edit(text, ["new"], own)


# A text with a title behind it is another reference, and none keeps the white space at its ends.
NAMES = st.text("abcdé /.-_:#'\"[]{}\\0123,!&*=", min_size=1, max_size=12).filter(
    lambda text: item_of_text(text).reference == text
)


@given(
    st.lists(NAMES, unique=True, max_size=5),
    st.lists(NAMES, unique=True, max_size=5),
    st.sampled_from(["related = {}", "related = {}  # [[x]]"]),
    st.booleans(),
)
def test_any_list_reads_back_and_nothing_else_changes(
    held: list[str], wanted: list[str], line: str, several: bool
) -> None:
    texts = ["'" + one + "'" if "'" not in one else edit(front(), [one]).split("\n")[2].strip(" ,") for one in held]
    inner = "\n " + ",\n # note\n ".join(texts) if several else ", ".join(texts)
    before = front('title = "A"', line.format(f"[{inner}]"), "[[z]]", "x = [1, 2]")
    after = edit(before, wanted)
    read = tomllib.loads(after.split("+++\n")[1])
    assert read.pop("related", []) == wanted
    assert read == {"title": "A", "z": [{"x": [1, 2]}]}
    assert after.endswith("[[z]]\nx = [1, 2]\n+++\n\nText.\n") and edit(after, wanted) == after
