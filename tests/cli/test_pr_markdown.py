"""The comment on a pull request: nothing in a title or a name does anything in it, and it is never too long."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from recommender.cli.pr_markdown import LONGEST, MARKER, code, markdown, text

COMMONMARK = MarkdownIt("commonmark")
EMPTY: dict[str, Any] = {"articles": [], "moved": [], "hidden": [], "deleted": [], "unread": [], "patch": ""}
HOSTILE = [
    "](javascript:alert(1))",
    "[x](https://evil.example) ![](https://evil.example/x.png)",
    "<script>alert(1)</script> <!-- x --> <img src=x onerror=alert(1)>",
    "@team and @octo-cat, #12, GH-12, owner/repo#3, https://evil.example www.evil.example 0123abcd",
    "`code` ``two`` *bold* _it_ ~~no~~ $x$ :smile: | a | b | \\ &amp; &#64;x",
    f"{MARKER} </details></summary>",
    "# heading\n- list\n```\nfence",
    "\u202etxt.exe \x1b[2J",
]
# What GitHub makes of a text once it is rendered, outside of code.
LIVE = re.compile(r"(?i)(?<!\w)@\w|#\d|\bgh-\d|https?://\w|\bwww\.\w|\b[0-9a-f]{7,40}\b")


def rendered(source: str) -> tuple[str, set[str]]:
    """Give the text that a reader sees, and the kinds of everything that is no plain text."""
    block, *others = [token for token in COMMONMARK.parse(source) if token.type == "inline"]
    assert not others
    kinds = {child.type for child in block.children or []}
    return "".join(child.content for child in block.children or []), kinds


@pytest.mark.parametrize("value", HOSTILE)
def test_a_title_is_text_and_nothing_else(value: str) -> None:
    seen, kinds = rendered(f"- {text(value)}: both about it")
    assert kinds <= {"text", "text_special"}
    assert not LIVE.search(seen.replace("[2J", "")), seen
    _, kinds = rendered(f"- {code(value)}")
    assert kinds <= {"code_inline", "text"}
    assert "\n" not in code(value)


@given(st.text())
@example("`")
@example(" ` ")
@example("a``b")
@example("\\")
def test_a_reader_sees_what_a_title_says(value: str) -> None:
    plain = " ".join("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value).split())
    seen, kinds = rendered(f"- x {text(value)} x")
    assert kinds <= {"text", "text_special"}
    assert seen.replace("\u200b", "") == " ".join(f"x {plain[:159] + '…' if len(plain) > 160 else plain} x".split(" "))


def article(number: int, **changed: Any) -> dict[str, Any]:
    page = {"title": f"Title {number}", "url": f"/{number}", "path": f"{number}.md"}
    lists: dict[str, Any] = {"links_to_add": [], "linked_from": [], "same_question": [], "problems": []}
    return {**page, "change": "changed", **lists, **changed}


def test_nothing_hostile_survives_in_a_whole_comment() -> None:
    for value in HOSTILE:
        page = {"title": value, "url": value, "path": value, "reason": value, "copy": False}
        link = {**page, "line": 3, "in": "list"}
        problem = {
            "code": "dead",
            "line": 1,
            "slot": 1,
            "value": value,
            "reason": value,
            "remedy": value,
            "path": value,
        }
        lists = {"links_to_add": [page], "linked_from": [page], "same_question": [page], "problems": [problem]}
        gone = {**page, "before": page, "linked_from": [link] * 20}
        review = {
            "articles": [article(1, **page, **lists, hidden=value)],
            "moved": [gone],
            "hidden": [gone],
            "deleted": [gone],
            "unread": [problem],
            "patch": f"--- a/{value}\n+++ b/{value}\n```\n</details>\n@team\n",
        }
        written = markdown(review, "main")
        assert written.startswith(f"{MARKER}\n")
        assert written.splitlines().count(MARKER) == 1
        html = {token.content.strip() for token in COMMONMARK.parse(written) if token.type == "html_block"}
        assert html <= {
            MARKER,
            "</details>",
            "<details><summary>20 links</summary>",
            "<details><summary>The patch</summary>",
        }
        inline = [child for token in COMMONMARK.parse(written) for child in token.children or []]
        assert {child.type for child in inline} <= {
            "text",
            "text_special",
            "code_inline",
            "strong_open",
            "strong_close",
            "softbreak",
        }
        assert not LIVE.search("\n".join(child.content for child in inline if child.type == "text").replace("[2J", ""))


def test_a_large_change_is_folded_and_then_cut() -> None:
    few = markdown({**EMPTY, "articles": [article(number) for number in range(5)]}, "main")
    assert "<details>" not in few
    some = markdown({**EMPTY, "articles": [article(number) for number in range(20)]}, "main")
    assert "<details><summary>15 more articles</summary>" in some
    assert some.count("###") == 20
    many = markdown({**EMPTY, "articles": [article(number) for number in range(500)]}, "main")
    assert "450 more articles are in `recommender pr --format json`." in many
    long = [
        article(number, links_to_add=[{**article(n), "reason": "w" * 150} for n in range(5)] * 12)
        for number in range(50)
    ]
    cut = markdown({**EMPTY, "articles": long, "patch": "-x\n" * 40_000}, "main")
    assert len(cut) < LONGEST + 500
    left = re.search(r"^(\d+) more articles are in", cut, re.MULTILINE)
    assert left
    assert int(left[1]) + cut.count("###") == 50
    assert "`recommender fill --base main --write` corrects the lists." in cut
    assert "```diff" not in cut


def test_an_empty_change_says_so() -> None:
    assert markdown(EMPTY, "main").endswith("This change adds, changes, renames and deletes no article.\n")
