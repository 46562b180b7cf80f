"""Lists of links are written in the form that stands in the file; every other byte stays."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.link_blocks import Wanted
from recommender.markdown.link_editing import splice_links, style_of_links
from recommender.markdown.link_lists import item_of_text, read_lists
from recommender.markdown.list_editing import ListStyle, splice_list, style_of_list
from recommender.site_settings import ListSettings

TEXTS = ListSettings("related", "texts", "url")
ITEMS = ListSettings("related", "mappings", "url", {"url": "link", "title": "title"})
GROUPS = ListSettings("related", "grouped", "url", {"url": "link", "title": "title"})
PAIRS = ListSettings("related", "url-to-title")
NESTED = ListSettings("details.related", "mappings", "key _uuid", {"url": "item"})


def edit(text: str, urls: list[str], own: ListSettings = TEXTS, style: ListStyle | None = None) -> str:
    """Want some links: those that stand in the list already keep their item."""
    document = front_matter.split(text.encode())
    assert document is not None
    values = {entry.key: entry.value for entry in front_matter.parse(document.front)}
    held = {link.url: (link.title, link.slot) for link in reversed(read_lists(values, [own], {})[0])}
    sources = [(url, *held.get(url, (f"About {url}", 0))) for url in urls]
    wanted = [Wanted(n, "", title, "", url, slot) for n, (url, title, slot) in enumerate(sources, 1)]
    return splice_links(document, wanted, own, style or ListStyle())


def front(*lines: str, newline: str = "\n") -> str:
    return newline.join(["---", *lines, "---", "", "Text.", ""])


CASES = {
    "an item is added": (
        front("title: A", "related:", "  - /b/", "date: 2024-01-01"),
        ["/b/", "/c/"],
        front("title: A", "related:", "  - /b/", "  - /c/", "date: 2024-01-01"),
    ),
    "the first is dropped": (
        front("related:", "- /b/", "- /c/"),
        ["/c/"],
        front("related:", "- /c/"),
    ),
    "quotes are those of the list": (
        front("related:", '    - "/b/"', "after: 1"),
        ["/b/", "/c/"],
        front("related:", '    - "/b/"', '    - "/c/"', "after: 1"),
    ),
    "single quotes too": (front("related: ['/b/']"), ["/b/", "/c/"], front("related: ['/b/', '/c/']")),
    "a list in brackets": (front("related: [b, c]  # mine"), ["c", "d"], front("related: [c, d]  # mine")),
    "spaces in the brackets": (front("related: [ b, c ]"), ["c"], front("related: [ c ]")),
    "brackets over several lines": (
        front("related: [", '    "/b/",', '    "/c/",', "  ]", "z: 1"),
        ["/c/", "/d/"],
        front("related: [", '    "/c/",', '    "/d/",', "  ]", "z: 1"),
    ),
    "brackets in the lines of items": (
        front("related: [/b/,", "          /c/]"),
        ["/b/", "/c/", "/d/"],
        front("related: [/b/,", "  /c/,", "  /d/]"),
    ),
    "all of brackets go": (front("related: [/b/, /c/]"), [], front("related: []")),
    "an empty list": (front("related: []", "z: 1"), ["/b/"], front("related:", "  - /b/", "z: 1")),
    "a null": (front("related:", "z: 1"), ["/b/"], front("related:", "  - /b/", "z: 1")),
    "no list yet": (front("title: A"), ["/b/", "/c/"], front("title: A", "related:", "  - /b/", "  - /c/")),
    "none is wanted where none is": (front("title: A"), [], front("title: A")),
    "all go": (front("title: A", "related:", "  - /b/", "z: 1"), [], front("title: A", "z: 1")),
    "comments between items stay": (
        front("related:", "  - /b/  # good", "  # the next ones are old", "  - /c/", "  - /d/"),
        ["/b/", "/d/"],
        front("related:", "  # the next ones are old", "  - /b/  # good", "  - /d/"),
    ),
    "a text with a title keeps it": (
        front("related:", "  - /b/, The other page"),
        ["/b/", "/c/"],
        front("related:", "  - /b/, The other page", "  - /c/"),
    ),
    "what YAML would read otherwise is quoted": (
        front("related:", "  - b"),
        ["b", "no", "1.5", "a: b"],
        front("related:", "  - b", '  - "no"', '  - "1.5"', '  - "a: b"'),
    ),
    "carriage returns": (
        front("related:", "  - /b/", newline="\r\n"),
        ["/b/", "/c/"],
        front("related:", "  - /b/", "  - /c/", newline="\r\n"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_list_of_texts(name: str) -> None:
    before, urls, after = CASES[name]
    assert edit(before, urls) == after
    assert edit(after, urls) == after


def test_mappings_get_the_keys_that_all_items_have_with_one_value() -> None:
    before = front("related:", "- kind: page", "  title: B", "  link: /b/", "- kind: page", "  title: C", "  link: /c/")
    added = ["- kind: page", '  title: "About /d/"', "  link: /d/"]
    after = front("related:", "- kind: page", "  title: C", "  link: /c/", *added)
    assert edit(before, ["/c/", "/d/"], ITEMS) == after


def test_brackets_below_another_key_stay_deeper_than_the_key() -> None:
    own = ListSettings("details.related")
    before = front("details:", "  related: [a,", "    b]")
    assert edit(before, ["a", "b", "c"], own) == front("details:", "  related: [a,", "    b,", "    c]")


def test_mappings_in_brackets() -> None:
    before = front("related: [{link: /b/, title: B, score: 3}, {link: /c/, title: C}] # mine")
    added = '{title: "About /d/", link: /d/}] # mine'
    assert edit(before, ["/b/", "/d/"], ITEMS) == front("related: [{link: /b/, title: B, score: 3}, " + added)
    wanted = [Wanted(1, "", "B", "", "/new/", 1), Wanted(2, "", "C", "", "/c/", 2)]
    document = front_matter.split(before.encode())
    assert document is not None
    assert splice_links(document, wanted, ITEMS, ListStyle()) == before.replace("/b/", "/new/")


def test_an_item_with_a_key_of_its_own_is_kept_whole() -> None:
    before = front("related:", "- title: B", "  link: /b/", "  score: 3", "- title: C", "  link: /c/", "  score: 1")
    after = front("related:", "- title: C", "  link: /c/", "  score: 1", '- title: "About /d/"', "  link: /d/")
    assert edit(before, ["/c/", "/d/"], ITEMS) == after


def test_a_score_or_a_reason_is_not_copied_to_another_link() -> None:
    one = front("related:", "- title: B", "  link: /b/", "  reason: similar", "  _type: page")
    added = ["- _type: page", '  title: "About /c/"', "  link: /c/"]
    assert edit(one, ["/b/", "/c/"], ITEMS) == one.replace("  _type: page\n", "\n".join(["  _type: page", *added, ""]))
    two = front("related:", "- link: /b/", "  score: 1", "  kind: page", "- link: /c/", "  score: 1", "  kind: page")
    assert edit(two, ["/b/", "/c/", "/d/"], ITEMS).endswith(
        '- kind: page\n  title: "About /d/"\n  link: /d/\n---\n\nText.\n'
    )


def test_a_moved_page_is_named_anew_and_all_else_of_the_item_stays() -> None:
    before = front("related:", "- link: '/b/' # old", "  score: 3", "  title: B")
    wanted = [Wanted(1, "", "B", "", "/new/", 1)]
    document = front_matter.split(before.encode())
    assert document is not None
    assert splice_list(document, wanted, ITEMS, ListStyle()) == before.replace("'/b/'", "'/new/'")
    retitled = splice_list(document, [Wanted(1, "", "New: B", "", "/b/", 1)], ITEMS, ListStyle())
    assert retitled == before.replace("title: B", 'title: "New: B"')


@pytest.mark.parametrize(
    ("other", "lines"),
    [
        (["related:", "- '/x/'"], ["related:", "- '/b/'", "- '/c/'"]),
        (["related:", "    - /x/"], ["related:", "    - /b/", "    - /c/"]),
        (['related: ["/x/"]'], ['related: ["/b/", "/c/"]']),
    ],
)
def test_a_new_list_is_written_as_other_files_write_theirs(other: list[str], lines: list[str]) -> None:
    document = front_matter.split(front("title: A", *other).encode())
    assert document is not None
    assert edit(front("title: A"), ["/b/", "/c/"], style=style_of_list(document, TEXTS)) == front("title: A", *lines)


def test_lists_by_group_keep_their_groups_and_new_links_join_the_last() -> None:
    lines = ["related:", "  title: Next", "  guides:", "    - /b/  # good", "    - /c/", "  news: ['/d/']", "z: 1"]
    before = front(*lines)
    after = front(*[*lines[:3], "    - /b/  # good", "  news: ['/d/', '/x/']", "z: 1"])
    assert edit(before, ["/b/", "/d/", "/x/"], GROUPS) == after
    assert edit(after, ["/b/", "/d/", "/x/"], GROUPS) == after
    document = front_matter.split(before.encode())
    assert document is not None
    style = style_of_links(document, GROUPS)
    assert style == ListStyle("'", 2, flow=True, group="news")
    assert edit(front("a: 1"), ["/x/"], GROUPS, style) == front("a: 1", "related:", "  news: ['/x/']")
    mapped = front("related:", "  guides:", "  - link: /b/", "    title: B", "    score: 2")
    added = ["related:", "  guides:", "  - link: /b/", "    title: B", "    score: 2"]
    assert edit(mapped, ["/b/", "/x/"], GROUPS) == front(*added, '  - title: "About /x/"', "    link: /x/")


def test_a_mapping_of_urls_to_titles_in_each_of_its_forms() -> None:
    block = front("related:", "  /b/: The second  # good", "  '/c/': >-", "    The third", "z: 1")
    added = ["related:", "  /b/: The second  # good", "  '/c/': >-", "    The third", '  /x/: "About /x/"', "z: 1"]
    assert edit(block, ["/b/", "/c/", "/x/"], PAIRS) == front(*added)
    assert edit(block, ["/c/"], PAIRS) == front("related:", "  '/c/': >-", "    The third", "z: 1")
    assert edit(block, [], PAIRS) == front("z: 1")
    flow = front("related: {/b/: The second, /c/: C}  # mine")
    assert edit(flow, ["/c/", "/x/"], PAIRS) == front('related: {/c/: C, /x/: "About /x/"}  # mine')
    listed = front("related:", "- /b/: B", "- /c/: C")
    assert edit(listed, ["/c/", "/x/"], PAIRS) == front("related:", "- /c/: C", '- /x/: "About /x/"')
    assert edit(front("a: 1"), ["/x/"], PAIRS) == front("a: 1", "related:", '  /x/: "About /x/"')


def test_a_list_below_another_key() -> None:
    before = front("details:", "  title: A", "  related:", "    - _type: page", "      item: u1", "  image: x", "z: 1")
    after = before.replace("      item: u1\n", "      item: u1\n    - _type: page\n      item: u2\n")
    assert edit(before, ["u1", "u2"], NESTED) == after
    none = front("title: A")
    assert edit(none, ["u1"], NESTED) == front("title: A", "details:", "  related:", "    - item: u1")
    empty = front("details:", "  title: A", "z: 1")
    assert edit(empty, ["u1"], NESTED) == front("details:", "  title: A", "  related:", "    - item: u1", "z: 1")


@pytest.mark.parametrize(
    ("text", "own", "words"),
    [
        (front("title: A", "title: B"), TEXTS, "key 'title' stands twice"),
        (front("related:", "  a: b"), TEXTS, "is no list of texts"),
        (front("related: [a, # one", "  b]"), TEXTS, "with comments"),
        (front("related: [/a/: A, /b/: B]"), PAIRS, "or of pairs"),
        (front("details: x"), NESTED, "has no details to write into"),
        (front("related: {x: [a, {b: c}]}"), GROUPS, "other things than links of one shape"),
        (front("title: A"), GROUPS, "no group of links to write into"),
        (front("related: {/b/: B,", "  /c/: C}"), PAIRS, "a pair in a line each"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, own: ListSettings, words: str) -> None:
    with pytest.raises(FileProblem, match=words):
        edit(text, ["new"], own)


# A text with a title behind it is another reference.
NAMES = st.text("abcdé /.-_:#'\"[]{}0123,!&*", min_size=1, max_size=12).filter(
    lambda text: item_of_text(text).reference == text
)


@given(
    st.lists(NAMES, unique=True, max_size=5), st.lists(NAMES, unique=True, max_size=5), st.sampled_from(["", "'", '"'])
)
def test_any_list_reads_back_and_nothing_else_changes(held: list[str], wanted: list[str], sign: str) -> None:
    start = edit(front("title: A", "z: [1, 2]"), held, style=ListStyle(sign))
    after = edit(start, wanted, style=ListStyle(sign))
    read = yaml.safe_load(after.split("---\n")[1])
    assert [str(one) for one in read.pop("related", [])] == wanted
    assert read == {"title": "A", "z": [1, 2]}
    assert after.endswith("---\n\nText.\n")
