"""The span that changed, and diffs that git applies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.editing.diff import changed_bytes, unified_diff

# Few different lines, so that they repeat; odd separators are no line breaks here.
LINES = st.lists(st.sampled_from(["a", "b", "", "é\u2028", "c\r", "-x", "+y", "\x85", "@@ -1 +1 @@"]), max_size=30)
FILES = st.builds(lambda lines, end: ("\n".join(lines) + end).encode(), LINES, st.sampled_from(["", "\n"]))


def lines_of(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def apply(before: bytes, diff: str) -> bytes:
    """Apply a diff by its line numbers alone, checking every line that it names."""
    old, out, place = lines_of(before.decode()), [], 0
    for hunk in re.split(r"^(?=@@ )", diff, flags=re.MULTILINE)[1:]:
        head, _, body = hunk.partition("\n")
        numbers = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", head)
        assert numbers is not None
        start, length, new_start, new_length = (int(number or 1) for number in numbers.groups())
        rows: list[str] = []
        for row in lines_of(body):
            if row.startswith("\\"):
                rows[-1] = rows[-1].removesuffix("\n")
            else:
                rows.append(row)
        first = start - (length > 0)
        out += old[place:first]
        assert len(out) == new_start - (new_length > 0)
        assert [row[1:] for row in rows if row[0] in " -"] == old[first : first + length]
        added = [row[1:] for row in rows if row[0] in " +"]
        assert len(added) == new_length
        out += added
        place = first + length
    return "".join([*out, *old[place:]]).encode()


@pytest.mark.parametrize(
    ("before", "after", "span"),
    [
        (b"", b"", (0, 0, b"")),
        (b"abc", b"abc", (3, 3, b"")),
        (b"", b"abc", (0, 0, b"abc")),
        (b"abc", b"", (0, 3, b"")),
        (b"abc", b"aXc", (1, 2, b"X")),
        (b"aa", b"aaa", (2, 2, b"a")),
        (b"aaa", b"aa", (2, 3, b"")),
        (b"abab", b"abXab", (2, 2, b"X")),
        ("é".encode(), "è".encode(), (1, 2, b"\xa8")),
    ],
)
def test_changed_bytes(before: bytes, after: bytes, span: tuple[int, int, bytes]) -> None:
    assert changed_bytes(before, after) == span


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_the_span_makes_one_version_of_the_other(before: bytes, after: bytes) -> None:
    start, end, middle = changed_bytes(before, after)
    assert before[:start] + middle + before[end:] == after
    assert 0 <= start <= end <= len(before)


def test_unified_diff() -> None:
    before = "".join(f"{n}\n" for n in range(1, 13)).encode()
    after = before.replace(b"6\n", b"six\n") + b"13"
    assert unified_diff("x/a.md", before, after) == (
        "--- a/x/a.md\n+++ b/x/a.md\n"
        "@@ -3,10 +3,11 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n 10\n 11\n 12\n+13\n\\ No newline at end of file\n"
    )


@pytest.mark.parametrize(
    ("before", "after", "body"),
    [
        pytest.param(b"a", b"b", "@@ -1 +1 @@\n-a\n{0}+b\n{0}", id="no-final-newline"),
        pytest.param(b"a\n", b"a", "@@ -1 +1 @@\n-a\n+a\n{0}", id="final-newline-lost"),
        pytest.param(b"", b"a\n", "@@ -0,0 +1 @@\n+a\n", id="from-nothing"),
        pytest.param(b"a\n", b"", "@@ -1 +0,0 @@\n-a\n", id="to-nothing"),
        pytest.param(b"a\r\nb\r\n", b"a\r\nc\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n", id="crlf"),
        pytest.param(
            "x\u2028y\x85\n".encode(), "x\u2028z\x85\n".encode(), "@@ -1 +1 @@\n-x\u2028y\x85\n+x\u2028z\x85\n", id="ls"
        ),
    ],
)
def test_unified_diff_of_ends(before: bytes, after: bytes, body: str) -> None:
    note = "\\ No newline at end of file\n"
    assert unified_diff("f", before, after) == "--- a/f\n+++ b/f\n" + body.replace("{0}", note)


@given(FILES, FILES)
def test_a_diff_applies(before: bytes, after: bytes) -> None:
    assert apply(before, unified_diff("f", before, after)) == after


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize(
    "name",
    [
        "a.md",
        "x/a b.md",
        "é 中.md",
        'q"uote.md',
        "back\\slash.md",
        "tab\tx.md",
        'new\nline "q" \\.md',
        "\x7f\x01.md",
        "-.md",
    ],
    ids=ascii,
)
def test_git_applies_it(tmp_path: Path, name: str) -> None:
    before, after = b"\xef\xbb\xbfone\r\ntwo\nthree", "\ufeffone\r\n2\nthree\nfour\u2028".encode()
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(before)
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    diff = unified_diff(name, before, after).encode()
    subprocess.run(["git", "apply", "-"], input=diff, cwd=tmp_path, env=environment, check=True)
    assert file.read_bytes() == after
