"""The rules file: every form of a rule, every mistake with its line, and what rules mean for the rows of a site."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import SettingsError
from recommender.rules.editor_rules import NO_RULES, RULES_FILE, Decisions, PageRule, PairRule, decide, rules_in_text
from recommender.settings import load_rules, load_settings

EVERY = """\
pin:
  /a: [/b, /c]
  /d: /e
block:
  - [/a, /d]
  - {from: /b, to: /c}
never_suggest: ["/about", {subject: News}]
no_list:
  - {key: layout, is: landing}
decided:
  /a: [/e]
"""
URLS = ["/a", "/b", "/c", "/d", "/e"]


def test_every_form_of_a_rule_is_read_with_its_line() -> None:
    found = rules_in_text(EVERY)
    assert found.problems == ()
    assert found.pairs == (
        PairRule("pin", "/a", "/b", line=2),
        PairRule("pin", "/a", "/c", line=2),
        PairRule("pin", "/d", "/e", line=3),
        PairRule("block", "/a", "/d", line=5),
        PairRule("block", "/b", "/c", one_way=True, line=6),
        PairRule("decided", "/a", "/e", line=11),
    )
    assert found.pages == (
        PageRule("never_suggest", "/about", 7),
        PageRule("never_suggest", "{subject: News}", 7),
        PageRule("no_list", "{key: layout, is: landing}", 9),
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "pin:\nblock:\nno_list:\n", "block: []\n"])
def test_nothing_is_no_rule(text: str) -> None:
    assert rules_in_text(text) == NO_RULES


@pytest.mark.parametrize(
    ("text", "line", "code", "reason"),
    [
        ("pins:\n  /a: /b\n", 1, "bad-rule", "unknown section"),
        ("pin: /a\n", 1, "bad-rule", "write the url"),
        ("pin:\n  /a: {b: c}\n", 2, "bad-rule", "write the url"),
        ("pin:\n  /a: []\n", 2, "bad-rule", "write the url"),
        ("pin:\n  /a:\n", 2, "bad-rule", "write the url"),
        ("pin:\n  [/x]: /b\n", 2, "bad-rule", "write the url"),
        ("block:\n  - /a\n", 2, "bad-rule", "a block is"),
        ("block:\n  - [/a]\n", 2, "bad-rule", "a block is"),
        ("block:\n  - [/a, /b, /c]\n", 2, "bad-rule", "a block is"),
        ("block:\n  - {from: /a}\n", 2, "bad-rule", "a block is"),
        ("block:\n  - {from: /a, to: [/b]}\n", 2, "bad-rule", "a block is"),
        ("never_suggest:\n  - /a\n  - a b\n", 3, "bad-rule", "a rule is a pattern"),
        ("no_list: [{subject: A, title: B}]\n", 1, "bad-rule", "a rule is a pattern"),
        ("block:\n  - &a [*a]\n", 2, "bad-rule", "a block is"),
        ("block:\n  - [/a, /b]\n  - [/b, /a]\n", 3, "duplicate-rule", "line 2"),
        ("pin:\n  /a: /b\n  /c: /d\n  /a: /b\n", 4, "duplicate-rule", "line 2"),
        ("no_list: [/a]\nnever_suggest: [/a, /a]\n", 2, "duplicate-rule", "line 2"),
    ],
)
def test_what_is_no_rule_is_a_problem_with_its_line(text: str, line: int, code: str, reason: str) -> None:
    found = rules_in_text(f"{text}decided:\n  /x: /y\n")
    (problem,) = found.problems
    assert (problem.path, problem.line, problem.code) == (RULES_FILE, line, code)
    assert reason in problem.reason
    assert PairRule("decided", "/x", "/y", line=text.count("\n") + 2) in found.pairs


@pytest.mark.parametrize("text", ["pin: [\n", "- /a\n", "a\n", "pin: &a\n  /a: *b\n", "pin:\n\t/a: /b\n"])
def test_what_is_no_yaml_at_all_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / RULES_FILE).write_text(text)
    (tmp_path / "recommender.yml").write_text("content: c\n")
    with pytest.raises(SettingsError, match=RULES_FILE):
        load_settings(tmp_path / "recommender.yml")


def test_a_file_that_cannot_be_read_is_a_sentence_and_one_that_is_not_there_is_no_rule(tmp_path: Path) -> None:
    assert load_rules(tmp_path / RULES_FILE) == NO_RULES
    (tmp_path / RULES_FILE).write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="byte 0 is not UTF-8"):
        load_rules(tmp_path / RULES_FILE)


@given(st.text(alphabet="pin:block-[]{}/ab,\n *&!|>'\"#decided", max_size=80))
def test_any_text_is_rules_problems_or_one_sentence(text: str) -> None:
    try:
        found = rules_in_text(text)
    except SettingsError as error:
        assert "\n" not in str(error)
        return
    assert all(rule.article and rule.other for rule in found.pairs)
    assert all(problem.sentence().isprintable() for problem in found.problems)


def decided(text: str, barred: dict[int, str] | None = None) -> Decisions:
    rows = {url: row for row, url in enumerate(URLS)}
    return decide(rules_in_text(text), lambda url: rows.get(url, -1), lambda row: (barred or {}).get(row, ""))


def test_rules_by_rows() -> None:
    found = decided(EVERY)
    assert (found.pins, found.decided) == ({0: (1, 2), 3: (4,)}, {0: {4}})
    assert found.blocks == {0: {3}, 3: {0}, 1: {2}}
    assert found.place("block", 3, 0) == f"{RULES_FILE}, line 5"
    assert found.problems == ()


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("pin:\n  /a: /gone\n", "stale-rule", "no page has the url /gone"),
        ("block:\n  - [/x, /y]\n", "stale-rule", "no page has the url /x, /y"),
        ("pin:\n  /a: /a\n", "rule-conflict", "names one page twice"),
        ("block:\n  - [/b, /a]\npin:\n  /a: /b\n", "rule-conflict", "line 2 blocks the link"),
        ("pin:\n  /a: /e\n", "rule-conflict", "draft: true"),
    ],
)
def test_what_means_no_page_or_speaks_against_another_is_a_problem(text: str, code: str, reason: str) -> None:
    found = decided(text, {4: "draft: true"})
    (problem,) = found.problems
    assert problem.code == code
    assert reason in problem.reason
    assert found.pins in ({}, {0: (4,)})


def test_of_a_pin_and_a_block_the_block_holds() -> None:
    found = decided("pin:\n  /a: [/b, /c]\nblock:\n  - {from: /a, to: /b}\n")
    assert (found.pins, found.blocks) == ({0: (2,)}, {0: {1}})
