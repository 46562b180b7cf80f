"""The review in the terminal: what each key decides, which rules that asks for, and where it goes on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from recommender.editing.changes import LinkChange, ListChange, Reviewed, reviewed
from recommender.editing.review_session import BULK, KEYS, Session, page, press, rules_for, start
from recommender.rules.editor_rules import PairRule, rules_in_text
from recommender.rules.rules_text import with_rules


def added(*links: tuple[str, float]) -> tuple[LinkChange, ...]:
    return tuple(
        LinkChange("added", n, url, url, f"About {url}", score=score) for n, (url, score) in enumerate(links, 1)
    )


LISTS = (
    ListChange("one.md", "/one", "One", "Seas", added(("/x", 0.5), ("/y", 0.3))),
    ListChange("two.md", "/two", "Two", "Hills", added(("/x", 0.4))),
    ListChange(
        "three.md", "/three", "Three", "Seas",
        (
            LinkChange("kept", 1, "/k", "/k", "Kept"),
            LinkChange("kept", 2, "/l", "/l", "Kept too"),
            LinkChange("dropped", 3, "/gone", "", "Gone", "dead"),
        ),
    ),
    ListChange("four.md", "/four", "Four", "Seas", added(("/x", 0.6))),
)  # fmt: skip


def typed(keys: str, decided: Mapping[tuple[str, str], str] | None = None) -> tuple[Session, str]:
    """Press keys; give the session, and the text of the rules that it wrote."""
    session, text = start(LISTS, Reviewed(dict(decided or {}))), ""
    for key in keys:
        session = press(session, key)
        text = with_rules(text, session.added, session.removed)
    return session, text


@pytest.mark.parametrize(
    ("keys", "rules"),
    [
        ("a", "decided:\n  /one: [/x]\n"),
        ("r", "block:\n  - {from: /one, to: /x}\n"),
        ("p", "pin:\n  /one: [/x]\n"),
        ("sr", "block:\n  - {from: /one, to: /y}\n"),
        ("aba", "decided:\n  /one: [/x]\n"),
        ("abr", "block:\n  - {from: /one, to: /x}\n"),
        ("rbp", "pin:\n  /one: [/x]\n"),
        ("A", "decided:\n  /one: [/x, /y]\n"),
        ("rA", "block:\n  - {from: /one, to: /x}\n\ndecided:\n  /one: [/y]\n"),
        ("S", "decided:\n  /four: [/x]\n  /one: [/x, /y]\n  /three: [/k, /l]\n"),
        ("s+", "decided:\n  /four: [/x]\n  /one: [/x, /y]\n  /two: [/x]\n"),
        ("ss+", "decided:\n  /four: [/x]\n  /one: [/x]\n  /two: [/x]\n"),
        ("sssa", "decided:\n  /three: [/k, /l]\n"),
        ("z", ""),
    ],
)
def test_what_a_key_decides_is_a_rule(keys: str, rules: str) -> None:
    assert typed(keys)[1] == rules


def test_it_goes_on_with_what_nobody_decided() -> None:
    session, _ = typed("a", {("/one", "/y"): "rejected"})
    assert session.pairs[session.place] == (1, "/x")
    session, _ = typed("aaaaa")
    assert session.place == len(session.pairs)
    assert session.left == 0
    assert page(session, [])[0] == "the end of the list; every link is decided; b back, q quit"
    assert press(session, "a").added == ()


def test_what_is_decided_is_found_again_in_the_rules() -> None:
    _, text = typed("arp")
    found = reviewed(rules_in_text(text))
    assert [found.link("/one", "/x"), found.link("/one", "/y"), found.link("/two", "/x")] == [
        "accepted", "rejected", "pinned",
    ]  # fmt: skip


def test_a_block_both_ways_stays() -> None:
    text = "block:\n  - [/one, /x]\n"
    added, removed = rules_for("accepted", [("/one", "/x")])
    assert with_rules(text, added, removed) == f"{text}\ndecided:\n  /one: [/x]\n"
    assert rules_for("", [("/one", "/x")])[0] == ()
    assert PairRule("block", "/one", "/x", one_way=True) in rules_for("", [("/one", "/x")])[1]


def test_open_quit_and_back_write_nothing() -> None:
    session = press(start(LISTS, Reviewed({})), "o")
    assert (session.opened, session.added) == ("one.md", ())
    assert press(session, "s").opened == ""
    assert press(session, "b").message == "this is the first link"
    assert press(session, "q").ended


def test_the_page_shows_the_list_as_it_would_be() -> None:
    session, _ = typed("ss", {("/two", "/x"): "accepted"})
    assert page(session, ["", "", ""])[5:] == [
        ">  1 kept      Kept",
        ">  2 kept      Kept too",
        "   3 dropped   Gone",
        "       dead",
        "",
        KEYS,
        BULK,
    ]
    lines = page(start(LISTS, Reviewed({})), ["both are about tides", ""])
    assert lines[:4] == ["1 of 4 articles, 5 links to decide", "", "One  (Seas)", "  one.md"]
    assert lines[5:8] == [
        ">  1 added     About /x  0.500",
        "       both are about tides",
        "   2 added     About /y  0.300",
    ]
