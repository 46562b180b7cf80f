"""Fences, entries with their places, dotted keys, and which front matter may be edited."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import FileProblem
from recommender.markdown.editable import check_editable
from recommender.markdown.front_matter import inner_entries, parse, split, text_at
from recommender.markdown.yaml_nodes import Value

BOM = "\ufeff"


@pytest.mark.parametrize(
    ("text", "front", "rest"),
    [
        pytest.param("---\na: 1\n---\nbody", "a: 1\n", "---\nbody", id="usual"),
        pytest.param("---\n---\n", "", "---\n", id="empty"),
        pytest.param("---\n---", "", "---", id="no-final-newline"),
        pytest.param("---\r\na: 1\r\n---\r\nb\r\n", "a: 1\r\n", "---\r\nb\r\n", id="crlf"),
        pytest.param("---\na: 1\r\n---\r\n", "a: 1\r\n", "---\r\n", id="mixed-breaks"),
        pytest.param("--- \t\na: 1\n---\t \nb", "a: 1\n", "---\t \nb", id="trailing-spaces"),
        pytest.param("--- \r\na: 1\r\n--- \r\n", "a: 1\r\n", "--- \r\n", id="trailing-spaces-crlf"),
        pytest.param("---\na: 1\n---\nb\n---\nc", "a: 1\n", "---\nb\n---\nc", id="first-close-counts"),
        pytest.param("---\n---\n---\n", "", "---\n---\n", id="three-fences"),
        pytest.param("---\na: |\n ---\n  ---\n---\n", "a: |\n ---\n  ---\n", "---\n", id="indented-fences"),
        pytest.param("---\na: 1\n---x\n----\n---\n", "a: 1\n---x\n----\n", "---\n", id="near-fences"),
        pytest.param("---\na: 1\n--- # c\n---\n", "a: 1\n--- # c\n", "---\n", id="commented-fence-is-none"),
        pytest.param("---\na: x\r---\n---\n", "a: x\r---\n", "---\n", id="lone-cr-ends-no-line"),
        pytest.param("---\na: x\u2028---\n---\n", "a: x\u2028---\n", "---\n", id="u2028-ends-no-line"),
        pytest.param("---\n\n# c\n\n---\n", "\n# c\n\n", "---\n", id="comments"),
    ],
)
@pytest.mark.parametrize("bom", ["", BOM], ids=["", "bom"])
def test_split(text: str, front: str, rest: str, bom: str) -> None:
    document = split((bom + text).encode())
    assert document is not None
    assert (document.front, document.text[document.end :], document.bom) == (front, rest, bool(bom))
    assert document.text == text and document.closed_by == "---"


def test_split_by_dots() -> None:
    document = split(b"---\na: 1\n... \n---\nb")
    assert document is not None
    assert (document.front, document.closed_by) == ("a: 1\n", "...")


@pytest.mark.parametrize(
    "text",
    ["", "\n", "body", "+++\na = 1\n+++\n", " ---\na: 1\n---\n", "\n---\na: 1\n---\n", "<!-- c -->\n---\na: 1\n---\n",
     "----\ntext", "---- \t\r\ntext", "--\n", "...\n---\n", "***\n", BOM, BOM + BOM + "---\na: 1\n---\n", '{"a": 1}\n'],
    ids=ascii,
)  # fmt: skip
def test_no_front_matter(text: str) -> None:
    assert split(text.encode()) is None


@pytest.mark.parametrize(
    ("data", "code", "reason", "line"),
    [
        pytest.param(b"---", "broken-fence", "no line --- closes the front matter", 1, id="fence-alone"),
        pytest.param(b"---\na: 1\n", "broken-fence", "no line --- closes the front matter", 1, id="unclosed"),
        pytest.param(b"---\na: 1\n ---\n---1\n", "broken-fence", "no line --- closes the front matter", 1, id="nearly"),
        pytest.param(b"---x\na: 1\n---\n", "broken-fence", "the first line is '---x', not ---", 1, id="fused"),
        pytest.param(b"---id: 1 \r\n---\n", "broken-fence", "the first line is '---id: 1', not ---", 1, id="fused-key"),
        pytest.param(b"---\\\na: 1\n---\n", "broken-fence", r"the first line is '---\\', not ---", 1, id="backslash"),
        pytest.param(b"--- # c\n---\n", "broken-fence", "the first line is '--- # c', not ---", 1, id="comment"),
        pytest.param(b"---\ra: 1\r---\r", "broken-fence", r"the first line is '---\ra: 1\r---', not ---", 1, id="cr"),
        pytest.param(b"---" + b"x" * 99, "broken-fence", f"the first line is '---{'x' * 37}', not ---", 1, id="long"),
        pytest.param(b"---\n\n\xff\n---\n", "not-utf8", "byte 5 is not UTF-8", 3, id="byte"),
        pytest.param(b"a\n\xed\xa0\x80", "not-utf8", "byte 2 is not UTF-8", 2, id="surrogate"),
        pytest.param("---\n".encode("utf-16"), "not-utf8", "byte 0 is not UTF-8", 1, id="utf-16"),
        pytest.param(b"a\xc3", "not-utf8", "byte 1 is not UTF-8", 1, id="cut-off"),
    ],
)
def test_split_refuses(data: bytes, code: str, reason: str, line: int) -> None:
    with pytest.raises(FileProblem) as caught:
        split(data)
    assert (caught.value.code, caught.value.reason, caught.value.line) == (code, reason, line)


@given(st.lists(st.sampled_from(["---", "...", "a", "", " ", "\t", "\r", "\n", "\n", "-", "é", BOM]), max_size=20))
def test_split_takes_no_byte_away(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        document = split(text.encode())
    except FileProblem as problem:
        assert problem.code == "broken-fence"
        return
    if document is not None:
        assert (BOM if document.bom else "") + document.text == text
        assert document.text[: document.start].strip() == "---"
        assert document.front in ("",) or document.front.endswith("\n")
        assert not any(line.strip(" \t\r") == "---" and line[0] == "-" for line in document.front.split("\n") if line)


FRONT = """\
# first
title: >-
    One
    two

  # indented comment
"id":   7   # seven
list:
- a
- b

empty:
seo:
  page_keywords: [a, b]
  deep: {x: y}
last: |+
  z

"""


def test_entries_and_their_lines() -> None:
    entries = parse(FRONT)
    assert [(e.key, e.line, e.style, FRONT[e.span.start : e.span.end]) for e in entries] == [
        ("title", 3, ">", "title: >-\n    One\n    two\n"),
        ("id", 8, "", '"id":   7   # seven\n'),
        ("list", 9, "", "list:\n- a\n- b\n"),
        ("empty", 13, "", "empty:\n"),
        ("seo", 14, "", "seo:\n  page_keywords: [a, b]\n  deep: {x: y}\n"),
        ("last", 17, "|", "last: |+\n  z\n"),
    ]
    assert [e.value for e in entries[:3]] == ["One two", "7", ("a", "b")]
    assert entries[5].value == "z\n\n"


def test_inner_entries() -> None:
    by_key = {entry.key: entry for entry in parse(FRONT)}
    inner = inner_entries(by_key["seo"])
    assert [(e.key, e.line, e.column, e.style) for e in inner] == [("page_keywords", 15, 2, ""), ("deep", 16, 2, "")]
    assert [inner_entries(by_key[key]) for key in ("title", "list", "empty")] == [(), (), ()]
    assert inner_entries(inner[1]) == ()  # a flow mapping has no lines of its own


def test_spans_count_characters_and_not_bytes() -> None:
    front = "a: é😀\r\nb: 中\r\nc: 1\r\n"
    assert [front[e.span.start : e.span.end] for e in parse(front)] == ["a: é😀\r\n", "b: 中\r\n", "c: 1\r\n"]


@pytest.mark.parametrize("front", ["", "\n\n", "# comment\n", "   \n"])
def test_nothing_to_parse(front: str) -> None:
    assert parse(front) == ()


@pytest.mark.parametrize("front", ["- a\n", "text\n", "[a]\n", '"x"\n', "null\n"])
def test_not_a_mapping(front: str) -> None:
    with pytest.raises(FileProblem) as caught:
        parse(front)
    assert (caught.value.code, caught.value.line) == ("not-a-mapping", 2)


def test_duplicate_keys_are_both_read() -> None:
    assert [(e.key, e.value, e.line) for e in parse("a: 1\na: 2\n")] == [("a", "1", 2), ("a", "2", 3)]


def test_keys_that_are_no_text_are_left_out() -> None:
    assert [e.key for e in parse("? [a]\n: 1\n? {b: c}\n: 2\n~: 3\n1: 4\n")] == ["~", "1"]


@pytest.mark.parametrize(
    ("front", "dotted", "text"),
    [
        ("a: x\n", "a", "x"),
        ("a: x\n", "b", ""),
        ("a:\n", "a", ""),
        ("a: No\n", "a", "No"),
        ("a: [x, y z, 012]\n", "a", "x, y z, 012"),
        ("a:\n- x\n-\n- [y]\n- {z: 1}\n- w\n", "a", "x, w"),
        ("a: []\n", "a", ""),
        ("a: {b: x}\n", "a", ""),
        ("a: {b: x}\n", "a.b", "x"),
        ("a: {b: {c: [x, y]}}\n", "a.b.c", "x, y"),
        ("a: {b: x}\n", "a.c", ""),
        ("a: x\n", "a.b", ""),
        ("a: [x]\n", "a.b", ""),
        ("a.b: x\na: {b: y}\n", "a.b", "x"),
        ("a.b:\na: {b: y}\n", "a.b", "y"),
        ("a: {b.c: x}\n", "a.b.c", ""),
        ("a: x\n", "", ""),
        ("a: x\n", ".", ""),
    ],
)
def test_text_at(front: str, dotted: str, text: str) -> None:
    values: dict[str, Value] = {entry.key: entry.value for entry in parse(front)}
    assert text_at(values, dotted) == text


TOUCHED = "our".__eq__
READERS = "a line break that YAML readers disagree about"


@pytest.mark.parametrize(
    ("front", "reason", "line"),
    [
        pytest.param("a: 1\nb: x\u2028y\n", f"{READERS} ('\\u2028')", 3, id="ls"),
        pytest.param("a: 1\nb: x\u2029y\n", f"{READERS} ('\\u2029')", 3, id="ps"),
        pytest.param("a: 1\n# \x85\n", f"{READERS} ('\\x85')", 3, id="nel-in-a-comment"),
        pytest.param("a: 1\r\nb: x\ry\r\n", f"{READERS} ('\\r')", 3, id="cr"),
        pytest.param("a: 1\n--- # x\n", "a document marker or directive inside the front matter", 3, id="document"),
        pytest.param("a: 1\n---x: 2\n", "a document marker or directive inside the front matter", 3, id="near-fence"),
        pytest.param("a: 1\n... # x\n", "a document marker or directive inside the front matter", 3, id="dots"),
        pytest.param("%YAML 1.1\n", "a document marker or directive inside the front matter", 2, id="directive"),
        pytest.param("- a\n", "not a block of `key: value` lines", 2, id="list"),
        pytest.param("{a: 1}\n", "not a block of `key: value` lines", 2, id="flow"),
        pytest.param("text\n", "not a block of `key: value` lines", 2, id="text"),
        pytest.param("a: 1\n\nour: &x 1\n", "anchors, aliases or explicit tags in our", 4, id="anchor"),
        pytest.param("a: 1\nour: [!x 1]\n", "anchors, aliases or explicit tags in our", 3, id="tag"),
        pytest.param("a: &x 1\nour: {e: *x}\n", "anchors, aliases or explicit tags in our", 3, id="alias"),
        pytest.param("a: 1\n<<: {our: 1}\n", "a related block that a merge key brings", 3, id="merge"),
        pytest.param("a: 1\n? our\n: 2\n", "key 'our' does not start its line", 3, id="question-mark"),
        pytest.param("a: 1\n? |\n  b\n: 2\n", "a key that is not a plain or quoted text", 3, id="literal-key"),
        pytest.param(" a: 1\n b: 2\n", "key 'a' does not start its line", 2, id="indented"),
        pytest.param("a: 1\nb: 2\na: 3\n", "key 'a' stands twice", 4, id="twice"),
        pytest.param("a: 1\n'a': 2\n", "key 'a' stands twice", 3, id="twice-quoted"),
        pytest.param("a: 1\nb:\t2\n", "a tab that YAML readers read differently", 3, id="tab-after-colon"),
        pytest.param("a: 1\nb: 2\t# c\n", "a tab that YAML readers read differently", 3, id="tab-before-comment"),
    ],
)
def test_not_editable(front: str, reason: str, line: int) -> None:
    newline = "\r\n" if "\r\n" in front else "\n"
    document = split(f"---{newline}{front}---{newline}".encode())
    assert document is not None
    with pytest.raises(FileProblem) as caught:
        check_editable(document, TOUCHED)
    assert (caught.value.code, caught.value.reason, caught.value.line) == ("not-editable", reason, line)


def test_a_front_matter_closed_by_dots_is_not_editable() -> None:
    document = split(b"---\na: 1\n...\n")
    assert document is not None
    with pytest.raises(FileProblem, match="a document marker"):
        check_editable(document, TOUCHED)


@pytest.mark.parametrize(
    "front",
    [
        "",
        "# c\n",
        "a: 1\n",
        "a: 1\r\nb: 2\r\n",
        'a: "x\ty"\n',
        "a: |\n  x\ty\n",
        "a: 'x'\nb: >-\n  ---\n  ...\n  %x\n",
        "'a': 1\n\"b\": 2\n",
        "1: a\ntrue: b\n~: c\n",
        "d: 2020-13-45\ne: =\nf: 012\n",
        "<<: {a: b}\n",
        "a: '&x *y !z'\n",
        "a: {b: [c,\n  d]}\n",
        "a:\n- b\n-\n  - c\n",
        "a: &x 1\nb: !y 1\nc: {<<: &z {d: e}, f: *z}\n",
        "? b\n: 2\n",
        "a: \"x\u2028y\"\nb: ['x\ry']\n",
    ],
    ids=ascii,
)
def test_editable(front: str) -> None:
    document = split(f"---\n{front}---\nbody \u2028 \r \t".encode())
    assert document is not None
    entries = check_editable(document, TOUCHED)
    assert [(e.key, e.value) for e in entries] == [(e.key, e.value) for e in parse(front)]
