"""Rules read line by line are those that YAML gives; anything unusual is left to YAML."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import SettingsError
from recommender.rules import rule_lines
from recommender.rules.editor_rules import EditorRules, rules_in_text

PAGES = ["  - '/about'\n", "  - /legal/*\n", "  - {subject: News}\n", "  - {key: layout, is: landing}\n", '  - "/x"\n']
PAIRS = [
    "  /a: [/b]\n", "  /a: [/b, /c]  # both\n", "  '/a b': ['/ü', /d]\n", "  /c: ['/b']\n", "  /a: ['/b ']\n",
    "  - [/a, /b]\n", "  - [/b, /a]\n", "  - {from: /a, to: '/b #1'}\n", "  - ['/a', /q?x=1]\n", "  - [/a, ' ']\n",
]  # fmt: skip
ODD = [
    "\n",
    "# a comment\n",
    "  # another\n",
    "---\n",
    "...\n",
    "\tx\n",
    "  /a: /b\n",
    "  /a:\n    - /b\n",
    "  /a: [/b,\n    /c]\n",
    "  - &x [/a, /b]\n",
    "  - *x\n",
    "  - ['/a''s', /b]\n",
    "  - !!str /a\n",
    "  - {to: /a, from: /b}\n",
    "  - [/a, /b, /c]\n",
    "  /a: []\n",
    " /a: [/b]\n",
    "  null: [/b]\n",
    "  - [/a, ~]\n",
    "  - 'open\n",
    "  - {subject: [News]}\n",
    "  /a: [/b]\r\n",
    "pin: {/a: /b}\n",
    "block: [[/a, /b]]\n",
    "other:\n",
    "PIN:\n",
    "  /a\u2028: [/b]\n",
    f"  /{'k' * 1100}: [/b]\n",
    "  /a: [/b",
]
HEADS = [f"{name}:\n" for name in ("pin", "block", "decided", "never_suggest", "no_list")] + ["block: # why\n"]


def read(text: str) -> EditorRules | str:
    try:
        return rules_in_text(text)
    except SettingsError as error:
        return str(error)


def by_yaml(text: str) -> EditorRules | str:
    with mock.patch.object(rule_lines, "split", return_value=None):
        return read(text)


@given(st.lists(st.sampled_from([*HEADS, *PAGES, *PAIRS, *PAIRS, *ODD]), max_size=12).map("".join))
def test_any_text_gives_what_yaml_gives(text: str) -> None:
    assert read(text) == by_yaml(text)


@given(
    st.lists(
        st.tuples(st.sampled_from(HEADS), st.lists(st.sampled_from([*PAIRS, *PAGES, *ODD[:3]]), max_size=4)),
        max_size=5,
    ).map(lambda parts: "".join(head + "".join(lines) for head, lines in parts))
)
def test_any_text_of_sections_gives_what_yaml_gives(text: str) -> None:
    assert read(text) == by_yaml(text)


def test_what_is_written_is_read_without_yaml() -> None:
    text = (
        "# Our decisions.\npin:\n  /a: [/b, '/c d']  # first\n\nblock:\n  - [/a, /d]\n  - {from: /e, to: /a}\n"
        "\ndecided:\n  /a: [/e]\n\nnever_suggest:\n  - '/about'\n"
    )
    found = rule_lines.split(text)
    assert found is not None
    assert found[0] == [
        ("pin", "/a", "/b", False, 3),
        ("pin", "/a", "/c d", False, 3),
        ("block", "/a", "/d", False, 6),
        ("block", "/e", "/a", True, 7),
        ("decided", "/a", "/e", False, 10),
    ]
    assert found[1].split("\n")[11:13] == ["never_suggest:", "  - '/about'"]
    assert read(text) == by_yaml(text)


@pytest.mark.parametrize("text", ["pin:\n  /a: [/b]\npin:\n  /c: [/d]\n", "pin:\n  /a: [/b\n    ]\n", "x", ""])
def test_what_is_unusual_is_left_to_yaml(text: str) -> None:
    assert rule_lines.split(text) is None
