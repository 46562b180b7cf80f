"""The format of judgments there and back, what is wrong in it by line, and kappa against another library."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from recommender.errors import RecommenderError
from recommender.evaluation.judgments import Label, agreement, format_judgments, kappa, parse_label, read_judgments

LABELS = st.one_of(st.just("D"), st.builds("".join, st.tuples(st.sampled_from("0123"), st.sampled_from(["", *"abz"]))))
URLS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("text", "label"),
    [("3", Label(3)), ("2a", Label(2, "a")), ("0z", Label(0, "z")), ("1", Label(1)), ("D", Label(0, same=True))],
)
def test_a_label_is_a_grade_and_perhaps_a_letter(text: str, label: Label) -> None:
    assert parse_label(text) == label


@pytest.mark.parametrize("text", ["", "4", "-1", "a", "Da", "d", "2A", "2ab", "2 ", " 2", "22", "3é", "٣", "2\n"])
def test_what_else_is_written_is_no_label(text: str) -> None:
    with pytest.raises(ValueError, match="is not a label: write 3, 2, 1 or 0"):
        parse_label(text)


@given(st.dictionaries(URLS, st.dictionaries(URLS, LABELS, min_size=1)))
def test_what_is_written_is_read_and_is_json_by_line(judgments: dict[str, dict[str, str]]) -> None:
    data = format_judgments(judgments)
    rows = [json.loads(line) for line in data.decode().split("\n")[:-1]]
    assert {row["url"]: row["labels"] for row in rows} == judgments
    assert [row["url"] for row in rows] == list(judgments)
    assert all(list(row) == ["url", "labels"] and list(row["labels"]) == sorted(row["labels"]) for row in rows)


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "j.jsonl"
    wanted = {"/ä": {"/c": "2a", "/b": "D"}, "/a": {"/b": "0"}}
    file.write_bytes(b"\r\n" + format_judgments(wanted).replace(b"\n", b"\r\n") + b"  \n")
    assert read_judgments(file) == wanted
    assert format_judgments({"/0": {}, **wanted}) == format_judgments(wanted)
    file.write_bytes(b"")
    assert read_judgments(file) == {}


def test_what_was_there_before_stays_where_it_says_the_same() -> None:
    before = (
        '{"labels":{"/z":"3", "/b": "2a"},"url":"/b", "note": "by Ann"}\n'
        "\n"
        '{"url": "/a",  "labels": {"/x": "1", "/b": "0"}, "note": 1}\n'
        '{"url": "/none", "labels": {}}\n'
    )
    judgments = {"/b": {"/b": "2a", "/z": "3"}, "/a": {"/x": "1", "/b": "0"}}
    assert format_judgments(judgments, before) == before.encode()
    assert format_judgments(judgments, before.removesuffix("\n")) == before.encode()
    changed = {"/a": {"/x": "D", "/b": "0"}, "/none": {"/a": "3"}, "/c": {"/a": "1"}}
    later = format_judgments({**judgments, **changed}, before)
    lines = before.split("\n")
    assert later.decode().split("\n") == [
        *lines[:2],
        '{"url": "/a", "labels": {"/b": "0", "/x": "D"}, "note": 1}',
        '{"url": "/none", "labels": {"/a": "3"}}',
        '{"url": "/c", "labels": {"/a": "1"}}',
        "",
    ]


FORM = r'not \{"url": "...", "labels": \{"url": "3", ...\}\}; name a file that `judge` wrote'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", FORM),
        ("[]", FORM),
        ("null", FORM),
        ('{"url": "/a"}', FORM),
        ('{"url": 5, "labels": {}}', FORM),
        ('{"url": "/a", "labels": ["3"]}', FORM),
        ('{"url": "/a", "labels": {"/b": 3}}', FORM),
        ("[" * 100_000, FORM),
        ('{"url": "/a", "labels": {"/b": "5"}}', "/b: '5' is not a label: write 3, 2, 1 or 0"),
        ('{"url": "/first", "labels": {}}', "/first stands in line 1 too; keep one of them"),
        ('{"url": "/a", "labels": {"/b": "3", "/b": "2"}}', "'/b' stands twice in it; keep one of them"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "j.jsonl"
    file.write_text('{"url": "/first", "labels": {"/b": "3"}}\n\n' + line)
    with pytest.raises(RecommenderError, match=f"j.jsonl, line 3: {words}") as caught:
        read_judgments(file)
    assert caught.value.exit_code == 2


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b'{"url": "\xff"}')
    for file in (tmp_path / "none", tmp_path, tmp_path / "bad"):
        with pytest.raises(RecommenderError, match=r"cannot be read .*; name a file that `judge` wrote"):
            read_judgments(file)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=60))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    left, right = zip(*pairs, strict=True)
    if len({*left, *right}) == 1:
        assert math.isnan(kappa(pairs))
        return
    assert kappa(pairs) == pytest.approx(cohen_kappa_score(left, right), abs=1e-9)
    # scikit-learn weighs places in its list of labels, so all of them are named.
    theirs = cohen_kappa_score(left, right, weights="quadratic", labels=list(range(5)))
    assert kappa(pairs, power=2) == pytest.approx(theirs, abs=1e-9)


def test_agreement_is_on_what_both_graded() -> None:
    draw = random.Random(2)
    texts = ["3", "2", "1", "0", "D", "2a", "3b"]
    one = {f"/{n}": {f"/c{c}": draw.choice(texts) for c in draw.sample(range(9), 6)} for n in range(12)}
    near = {"3": "2", "2": "2", "1": "0", "0": "0", "D": "D", "2a": "1b", "3b": "3"}
    other = {url: {c: near[t] if draw.random() < 0.7 else t for c, t in found.items()} for url, found in one.items()}
    other["/0"] = {"/elsewhere": "3"}
    del other["/1"], other["/2"]["/c0" if "/c0" in other["/2"] else min(other["/2"])]
    other["/new"] = {"/c1": "3"}
    pairs = [(one[u][c], other[u][c]) for u in one for c in one[u] if c in other.get(u, {})]
    found = agreement(one, other)
    assert (found.articles, found.candidates) == (10, len(pairs)) == (10, 59)
    sides = [[text[0] for text in side] for side in zip(*pairs, strict=True)]
    grades = [[0 if text == "D" else int(text) for text in side] for side in sides]
    assert found.same == sum(a == b for a, b in zip(*sides, strict=True)) / 59
    assert found.plain == pytest.approx(cohen_kappa_score(*sides), abs=1e-12)
    assert found.useful == pytest.approx(cohen_kappa_score(*([g >= 2 for g in side] for side in grades)), abs=1e-12)
    assert found.weighted == pytest.approx(cohen_kappa_score(*grades, weights="quadratic"), abs=1e-12)
    assert agreement(one, one) == agreement(dict(reversed(one.items())), one)
    assert agreement(one, one).plain == 1.0


def test_no_candidate_in_common_is_said() -> None:
    with pytest.raises(RecommenderError, match="no graded candidate in common; name judgments of the same articles"):
        agreement({"/a": {"/b": "3"}}, {"/a": {"/c": "3"}, "/b": {"/a": "1"}})
    assert math.isnan(agreement({"/a": {"/b": "3"}}, {"/a": {"/b": "3"}}).plain)
