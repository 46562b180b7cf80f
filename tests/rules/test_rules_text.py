"""Rules written: exact texts, comments that stay, and any set of rules added and taken out again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import SettingsError
from recommender.rules.editor_rules import PageRule, PairRule, rules_in_text
from recommender.rules.rules_text import Rule, with_rules

BY_HAND = """\
# Ours.
pin:
  # the front page
  /b: [/x]   # agreed in May
  /d:
    - /y

block:
  - [/m, /n]
# the end
"""


@pytest.mark.parametrize(
    ("text", "added", "removed", "wanted"),
    [
        ("", [PairRule("pin", "/a", "/b")], [], "pin:\n  /a: [/b]\n"),
        ("pin:\n  /a: [/b]\n", [PairRule("pin", "/a", "/c")], [], "pin:\n  /a: [/b, /c]\n"),
        ("pin:\n  /a: [/b]\n", [PairRule("pin", "/a", "/b")], [], "pin:\n  /a: [/b]\n"),
        ("pin:\n  /a: [/b]", [PairRule("block", "/c", "/b")], [], "pin:\n  /a: [/b]\n\nblock:\n  - [/c, /b]\n"),
        ("block:\n  - [/a, /z]\n  - [/c, /d]\n", [PairRule("block", "/b", "/z", True)], [],
         "block:\n  - [/a, /z]\n  - [/c, /d]\n  - {from: /b, to: /z}\n"),
        ("block:\n  - [/b, /a]\n", [PairRule("block", "/a", "/b")], [], "block:\n  - [/b, /a]\n"),
        ("", [PageRule("never_suggest", "/legal/*"), PageRule("never_suggest", "{subject: News}")], [],
         "never_suggest:\n  - '/legal/*'\n  - {subject: News}\n"),
        ("", [PairRule("pin", "/a'b: c", "/#x")], [], "pin:\n  '/a''b: c': ['/#x']\n"),
        ("pin:\n  /a: [/b]\n\nblock:\n  - [/a, /c]\n", [], [PairRule("block", "/c", "/a")], "pin:\n  /a: [/b]\n"),
        ("pin:\n  /a: [/b, /c]\n", [], [PairRule("pin", "/a", "/b")], "pin:\n  /a: [/c]\n"),
        (BY_HAND, [PairRule("pin", "/b", "/z"), PairRule("pin", "/c", "/q")], [],
         "# Ours.\npin:\n  # the front page\n  /b: [/x, /z]   # agreed in May\n  /c: [/q]\n  /d: [/y]\n\n"
         "block:\n  - [/m, /n]\n# the end\n"),
    ],
)  # fmt: skip
def test_a_rule_is_a_line_in_its_place(text: str, added: list[Rule], removed: list[Rule], wanted: str) -> None:
    assert with_rules(text, added, removed) == wanted


def test_a_file_with_a_mistake_is_not_changed() -> None:
    with pytest.raises(SettingsError, match="line 2: no rule; mend it first"):
        with_rules("block:\n  - [/a]\n", [PairRule("block", "/b", "/c")])


def test_a_form_that_cannot_be_changed_is_refused() -> None:
    with pytest.raises(SettingsError, match="write the rule by hand"):
        with_rules("{pin: {/a: [/b]}}\n", [PairRule("pin", "/a", "/c")])


URL = st.text(alphabet="/abc é'\"#:{}[]&*!,%-", min_size=1, max_size=8).map("/{}".format).map(str.strip)
RULE = st.one_of(
    st.tuples(st.sampled_from(["pin", "block", "decided"]), URL, URL).map(lambda one: PairRule(*one)),
    st.tuples(st.just("block"), URL, URL, st.just(True)).map(lambda one: PairRule(*one)),
    st.tuples(st.sampled_from(["never_suggest", "no_list"]), st.sampled_from(["/a/*", "{title: x*}", "/b"])).map(
        lambda one: PageRule(*one)
    ),
)


@given(st.lists(RULE, max_size=8), st.lists(RULE, max_size=4))
def test_any_rules_are_read_back_and_go_again(first: list[Rule], second: list[Rule]) -> None:
    text = with_rules("", first)
    more = with_rules(text, second)
    again = with_rules(more, second)
    assert again == more
    found = rules_in_text(more)
    assert found.problems == ()
    keys = {tuple(rule[:3]) for rule in [*found.pairs, *found.pages]}
    assert keys >= {tuple(rule[:3]) for rule in first if isinstance(rule, PairRule) and rule.kind == "pin"}
    everything: list[Rule] = [*found.pairs, *found.pages]
    assert with_rules(more, [], everything).strip() == ""


def test_many_rules_come_each_to_its_place() -> None:
    """It took 23 s to add one rule to ten thousand: each line was compared with each."""
    urls = [f"/{number:05d}" for number in range(0, 4000, 2)]
    text = "decided:\n" + "".join(f"  {url}: [/x]\n" for url in urls)
    fresh = [PairRule("decided", f"/{number:05d}", "/y") for number in range(1, 4000, 2)]
    lines = with_rules(text, reversed(fresh)).splitlines()[1:]
    assert lines == sorted(lines)
    assert len(lines) == 4000


def test_no_blank_line_is_left_where_the_first_section_went() -> None:
    text = "pin:\n  /a: [/b]\n\nblock:\n  - [/a, /c]\n"
    assert with_rules(text, (), [PairRule("pin", "/a", "/b")]) == "block:\n  - [/a, /c]\n"
