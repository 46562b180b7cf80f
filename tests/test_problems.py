"""Every code is complete, and every finding is one printable line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import recommender
from recommender.problems import KINDS, SEVERITIES, Problem, printable, shorten, worst_reached

HOSTILE = "a\nb\r\t\x1b[31m\x00\x85\u2028\u2029\u202e\ud800\udcff é 中"


@pytest.mark.parametrize("code", KINDS)
def test_every_code_is_complete(code: str) -> None:
    kind = KINDS[code]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
    assert kind.severity in SEVERITIES
    assert kind.stage in ("read", "rule", "link", "edit")
    for text in (kind.summary, kind.remedy):
        assert text == text.strip() and text.isprintable() and text[0].islower() and not text.endswith(".")


def test_every_code_that_a_file_can_raise_is_in_the_table() -> None:
    folder = Path(recommender.__file__).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    raised = set(re.findall(r'\b(?:FileProblem|Problem)\(\s*"([^"]+)"', source))
    assert len(raised) > 10
    assert raised <= set(KINDS)


@pytest.mark.parametrize("code", KINDS)
def test_a_sentence_is_one_printable_line(code: str) -> None:
    for problem in (Problem(code, "a.md"), Problem(code, HOSTILE, 3, 2, HOSTILE * 9, HOSTILE)):
        sentence = problem.sentence()
        assert sentence.isprintable()
        assert KINDS[code].severity in sentence and code in sentence and KINDS[code].remedy in sentence


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        pytest.param(
            Problem("not-utf8", "a.md"),
            "a.md: error not-utf8: not UTF-8 text (save the file as UTF-8)",
            id="file",
        ),
        pytest.param(
            Problem("not-utf8", "a.md", 7, reason="byte 3 is not UTF-8"),
            "a.md:7: error not-utf8: byte 3 is not UTF-8 (save the file as UTF-8)",
            id="line-and-reason",
        ),
        pytest.param(
            Problem("gap", "a.md", 9, 2, "x\ny"),
            r"a.md:9: warning gap slot 2: an empty slot before a filled one: x\ny (close it: `recommender fill`)",
            id="slot-and-value",
        ),
    ],
)
def test_sentence(problem: Problem, sentence: str) -> None:
    assert problem.sentence() == sentence


def test_a_long_value_is_cut_in_the_sentence_alone() -> None:
    problem = Problem("dead", "a.md", value="x" * 500)
    assert "x" * 119 + "…" in problem.sentence() and "x" * 120 not in problem.sentence()
    assert problem.as_dict()["value"] == "x" * 500


def test_as_dict_is_what_json_prints() -> None:
    row = Problem("dead", "a\n.md", 4, 1, "/x\x1b").as_dict()
    assert json.loads(json.dumps(row)) == {
        "code": "dead",
        "severity": "error",
        "stage": "link",
        "path": r"a\n.md",
        "line": 4,
        "slot": 1,
        "value": r"/x\x1b",
        "reason": "no article has this url or id",
        "remedy": "remove the link: `recommender fill`",
    }


@pytest.mark.parametrize(
    ("codes", "severity", "reached"),
    [
        ([], "note", False),
        (["orphan"], "note", True),
        (["orphan"], "warning", False),
        (["gap"], "warning", True),
        (["gap"], "error", False),
        (["orphan", "dead"], "error", True),
        (["dead"], "note", True),
    ],
)
def test_worst_reached(codes: list[str], severity: str, reached: bool) -> None:
    assert worst_reached([Problem(code, "a.md") for code in codes], severity) is reached


@given(st.text(st.characters(codec=None)))
def test_printable_text_always_is(text: str) -> None:
    assert printable(text).isprintable()
    if text.isprintable():
        assert printable(text) == text


@pytest.mark.parametrize(("length", "width"), [(119, 119), (120, 120), (121, 120), (5000, 120)])
def test_shorten(length: int, width: int) -> None:
    short = shorten("x" * length)
    assert len(short) == width
    assert short.endswith("…") is (length > 120)
