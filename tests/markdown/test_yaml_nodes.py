"""Nodes from libyaml and from pure Python: alike, guarded against bombs, and with the right lines."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from recommender.errors import FileProblem
from recommender.markdown import front_matter, yaml_nodes
from recommender.markdown.yaml_nodes import (
    compose,
    compose_strictly,
    find_property,
    last_leaf_end,
    line_of,
    plain,
    same_node,
)

ARTICLES = sorted((Path(__file__).parents[2] / "data" / "articles").rglob("*.md"))


@pytest.fixture(params=["libyaml", "pure"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with libyaml and with the fallback."""
    if request.param == "pure":
        monkeypatch.setattr(yaml_nodes, "Loader", yaml_nodes._StrictLoader)
    return str(request.param)


def values(front: str) -> dict[str, yaml_nodes.Value]:
    return {entry.key: entry.value for entry in front_matter.parse(front)}


def marks(node: yaml.Node) -> Iterator[tuple[int, int]]:
    yield node.start_mark.index, last_leaf_end(node)
    if isinstance(node, yaml.CollectionNode):
        for item in node.value:
            for part in item if isinstance(item, tuple) else (item,):
                yield from marks(part)


def test_libyaml_is_in_use() -> None:
    # Without it every time below is that of the fallback, and the comparisons compare it with itself.
    assert issubclass(yaml_nodes.Loader, yaml_nodes.CParser)


def test_both_loaders_agree_on_every_sample_article() -> None:
    assert len(ARTICLES) > 100
    for path in ARTICLES:
        document = front_matter.split(path.read_bytes())
        assert document is not None, path
        one, other = compose(document.front), compose_strictly(document.front)
        assert one is not None and other is not None and same_node(one, other), path
        assert list(marks(one)) == list(marks(other)), path


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("No", "No"),
        ("yes", "yes"),
        ("True", "True"),
        ("012", "012"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1.10", "1.10"),
        ("1:30", "1:30"),
        ("1e3", "1e3"),
        (".nan", ".nan"),
        ("2020-01-01", "2020-01-01"),
        ("2020-13-45", "2020-13-45"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("=", "="),
        ("<<", "<<"),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("none", "none"),
        ("", None),
        ("# comment", None),
        ('""', ""),
        ("''", ""),
        ("'null'", "null"),
        ('"~"', "~"),
        ("!foo null", "null"),
        ("!!int x", "x"),
        ("!!null ''", ""),
        ("[]", ()),
        ("{}", {}),
        ("[a, ~, [b, 012]]", ("a", None, ("b", "012"))),
        ("{a: {b: No}, c: }", {"a": {"b": "No"}, "c": None}),
        ("{1: a, true: b, 1.0: c}", {"1": "a", "true": "b", "1.0": "c"}),
        ("{[a]: b, c: d}", {"c": "d"}),
        (">-\n  a\n  b\n\n  c", "a b\nc"),
        ("|\n  a\n  b", "a\nb\n"),
        ("|+\n  a\n", "a\n\n"),
        ("|2\n    a", "  a\n"),
        ("a\n  b", "a b"),
        ('"\\x41\\u00e9\\U0001F600\\n"', "Aé😀\n"),
        ("'it''s'", "it's"),
        ("x # y", "x"),
        ("x#y", "x#y"),
        ("http://a.b/c", "http://a.b/c"),
    ],
)
def test_values_are_the_texts_as_written(loader: str, written: str, value: yaml_nodes.Value) -> None:
    assert values(f"k: {written}\n") == {"k": value}


def test_aliases_are_resolved_and_merge_keys_are_not() -> None:
    assert values("a: &x [b]\nc: *x\nd:\n  <<: {e: f}\n") == {"a": ("b",), "c": ("b",), "d": {"<<": {"e": "f"}}}


OPENERS = ["[", "{", "- ", "? ", "{a: ", "[[{", "a: [", "-\t", "? - "]
BOMBS = [
    *(pytest.param(opener * 25_000, id=f"{opener!r}-25000") for opener in OPENERS),
    pytest.param("[" * 250_000, id="brackets-to-the-limit"),
    pytest.param("? " * 130_000, id="question-marks-to-the-limit"),
    pytest.param("[" * 25_000 + "]" * 25_000, id="closed"),
    pytest.param("k: " + "{a: " * 25_000 + "}" * 25_000, id="closed-value"),
    pytest.param("".join(" " * n + "a:\n" for n in range(700)), id="staircase"),
    pytest.param("k: " + "[" * 900 + "]" * 900, id="below-the-count-of-openers"),
    pytest.param("k: &a [*a]\n", id="cycle"),
    pytest.param("k: &a {x: *a}\n", id="cycle-of-keys"),
    pytest.param(
        "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)),
        id="laughs",
    ),
    pytest.param(
        "m0: &m0 {x: y}\n" + "".join(f"m{n}: &m{n} [{','.join([f'*m{n - 1}'] * 99)}]\n" for n in (1, 2, 3)),
        id="wide-laughs",
    ),
    pytest.param("k: [" + "a," * 30_000 + "]", id="many-values"),
    pytest.param("a: \n" * 20_001, id="many-keys"),
]


@pytest.mark.parametrize("front", BOMBS)
def test_a_bomb_is_refused_at_once(front: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, visits = yaml_nodes.plain, Counter[str]()
    monkeypatch.setattr(yaml_nodes, "plain", lambda *arguments: visits.update(["all"]) or plain(*arguments))
    start = time.process_time()
    with pytest.raises(FileProblem) as caught:
        front_matter.parse(front)
    # The laughs stand for 3 billion values. 0.4 s is usual; a busy machine took more than 1 s for the many keys.
    assert time.process_time() - start < 20
    assert caught.value.code in ("unsafe-yaml", "bad-yaml")
    assert visits["all"] <= yaml_nodes.MAX_NODES + 1


@pytest.mark.parametrize("front", ["[" * 900 + "]" * 900, "- " * 1900 + "x", "[" * 25_000, "k: &a [*a]\n"])
def test_a_bomb_is_refused_by_pure_python(monkeypatch: pytest.MonkeyPatch, front: str) -> None:
    monkeypatch.setattr(yaml_nodes, "Loader", yaml_nodes._StrictLoader)
    with pytest.raises(FileProblem, match="deeper than 16 levels"):
        front_matter.parse(front)


def test_no_bomb_crashes_the_process() -> None:
    # A stack overflow cannot be caught: this process must not be the one that dies of it.
    code = (
        "import sys\n"
        "from recommender.markdown import front_matter\n"
        "from recommender.errors import FileProblem\n"
        f"for opener in {OPENERS!r}:\n"
        "    for text in (opener * 25_000, 'k: ' + opener * 25_000, opener * 1_999):\n"
        "        try:\n"
        "            front_matter.parse(text)\n"
        "        except FileProblem as problem:\n"
        "            print(problem.code)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    codes = run.stdout.split()
    assert len(codes) >= 2 * len(OPENERS)
    assert set(codes) <= {"unsafe-yaml", "bad-yaml", "not-a-mapping"}


@pytest.mark.parametrize(
    ("size", "good"),
    [(yaml_nodes.MAX_FRONT_MATTER, True), (yaml_nodes.MAX_FRONT_MATTER + 1, False)],
    ids=["limit", "over"],
)
def test_size(size: int, good: bool) -> None:
    front = "a: " + "x" * (size - 4) + "\n"
    if good:
        assert values(front) == {"a": "x" * (size - 4)}
    else:
        with pytest.raises(FileProblem, match="the front matter has 262,145 characters"):
            compose(front)


@pytest.mark.parametrize(("depth", "good"), [(15, True), (16, False)])
def test_depth(loader: str, depth: int, good: bool) -> None:
    # The value of a top-level key stands on level 1; padding makes the guard look at the events as well.
    for padding in ("", "p: " + "?" * 2_100 + "\n"):
        front = padding + "k: " + "[" * depth + "x" + "]" * depth + "\n"
        if good:
            assert "k" in values(front)
        else:
            with pytest.raises(FileProblem, match="deeper than 16 levels"):
                values(front)


@pytest.mark.parametrize(
    ("front", "line"),
    [
        pytest.param("a: b: c\n", 2, id="first-line"),
        pytest.param("a: 1\nb: c: d\n", 3, id="second-line"),
        pytest.param("a: 1\r\n\r\nb: c: d\r\n", 4, id="crlf"),
        pytest.param("a: é😀中\nb: c: d\n", 3, id="wide-characters"),
        pytest.param('a: "\u2028\x85\u2029"\nb: c: d\n', 3, id="odd-breaks-are-no-lines"),
        pytest.param('a: "\r"\nb: c: d\n', 3, id="lone-cr-is-no-line"),
        pytest.param("a: 1\nb: *x\n", 3, id="alias"),
        pytest.param("a: 1\n\tb: 2\n", 3, id="tab"),
        pytest.param("a: 1\nb: é\x01\nc: 1\n", 3, id="control"),
        pytest.param("a: é\nb: \x7f\n", 3, id="delete"),
        pytest.param("a: é\nb: \ufffe\n", 3, id="no-character"),
        pytest.param("a: 1\nb: '\n\n", 5, id="unclosed-quote"),
        pytest.param("a: 1\n--- x\nb: 2\n", 3, id="second-document"),
        pytest.param("a: 1\nb: @x\n", 3, id="reserved"),
        pytest.param("a: 1\nb: %x\n", 3, id="percent"),
        pytest.param("a: 1\nb: {{ x }}: y\n", 3, id="template"),
    ],
)
def test_the_line_of_bad_yaml(loader: str, front: str, line: int) -> None:
    with pytest.raises(FileProblem) as caught:
        compose(front)
    assert (caught.value.code, caught.value.line) == ("bad-yaml", line)
    assert caught.value.reason and "\n" not in caught.value.reason


@pytest.mark.parametrize(
    ("front", "place"),
    [
        ("a: 1\nb: [x, {c: 'd'}]\n", None),
        ("a: '&x *y !z'\nb: >-\n  &x\n# *c\n", None),
        ("a: 1\nb: &x 1\n", "&x"),
        ("a: 1\nb: &x [1]\n", "&x"),
        ("a: 1\nb: &x\n  c: d\n", "&x"),
        ("a: 1\n&x b: 1\n", "&x"),
        ("a: 1\nb: !foo 1\n", "!foo"),
        ("a: 1\nb: !!str 1\n", "!!str"),
        ("a: 1\nb: !foo [1]\n", "!foo"),
        ("a: 1\nb: !foo {c: 1}\n", "!foo"),
        ("a: 1\nb: ! c\n", "! c"),
    ],
)
def test_find_property(loader: str, front: str, place: str | None) -> None:
    root = compose(front)
    assert root is not None
    assert find_property(front, root) == (None if place is None else front.index(place))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a: b", "a:   b  # c", True),
        ("a: b", 'a: "b"', False),
        ("a: b", "a: c", False),
        ("a: null", "a:", False),
        ("a: >-\n  b", "a: |-\n  b", False),
        ("a: [b]", "a:\n- b", False),
        ("a: [b]", "a: [b, c]", False),
        ("a: {b: c}", "a: {b: d}", False),
        ("a: [{b: c}]", "a: [{b: c}]", True),
        ("a: [b]", "a: b", False),
        ("a: 1", "a: !x 1", False),
    ],
)
def test_same_node(one: str, other: str, same: bool) -> None:
    for left in (compose(one), compose_strictly(one)):
        for right in (compose(other), compose_strictly(other)):
            assert left is not None and right is not None
            assert same_node(left, right) is same


@pytest.mark.parametrize("front", ["a:\tb", "a: b\t# c", "\ta: b", "a: *x", "[" * 900 + "]" * 900, "a: [}"])
def test_strict_refusals(front: str) -> None:
    assert compose_strictly(front) is None


@pytest.mark.parametrize(
    ("front", "leaf"),
    [
        ("a: b\n# c\n\nd: e\n", "b"),
        ("a:\n  b: c\n  # d\n\ne: f\n", "c"),
        ("a:\n- b\n- c # d\ne: f\n", "c"),
        ("a: {b: c,\n  d: e\n  }\n# f\n", "}"),
        ("a: [b]\n# c\n", "]"),
        ("a:\n- b: [c,\n   d]\n# e\n", "]"),
    ],
)
def test_last_leaf_end(loader: str, front: str, leaf: str) -> None:
    root = compose(front)
    assert isinstance(root, yaml.MappingNode)
    assert last_leaf_end(root.value[0][1]) == front.index(leaf) + 1


@pytest.mark.parametrize(
    ("front", "index", "line"),
    [("", 0, 2), ("a", 0, 2), ("a\nb", 1, 2), ("a\nb", 2, 3), ("a\r\nb", 3, 3), ("\r\x85\u2028b", 3, 2)],
)
def test_line_of(front: str, index: int, line: int) -> None:
    assert line_of(front, index) == line


def test_plain_counts_every_value() -> None:
    node = compose("[a, [b], {c: d}]")
    assert node is not None
    assert plain(node, iter(range(6)), 1) == ("a", ("b",), {"c": "d"})
    with pytest.raises(FileProblem, match="more than 20,000 values"):
        plain(node, iter(range(5)), 1)


YAML_BITS = st.sampled_from([*"abc-?:[]{},#&*!|>'\"%@` \n", "\n  ", ": ", "- ", "k: ", "~", "é", "😀", "\r\n", "\t"])


@given(st.lists(YAML_BITS, max_size=25).map("".join))
@example("a: [x\n]\n")
def test_any_text_is_composed_or_refused(front: str) -> None:
    try:
        node = compose(front)
    except FileProblem as problem:
        assert problem.code == "bad-yaml" and 2 <= problem.line <= front.count("\n") + 2
        return
    other = compose_strictly(front)
    # Pure Python refuses some tabs, colons and empty keys; what it takes it reads alike, but for a lone tag.
    if node is not None and other is not None and "!" not in front:
        assert same_node(node, other)
