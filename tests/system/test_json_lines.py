"""Files of JSON lines by url: which lines are refused, in which words, for each kind of file alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recommender.errors import RecommenderError
from recommender.evaluation.judgments import read_judgments
from recommender.evaluation.rankers import read_rankings
from recommender.site.generated_links import read_generated

Reader = Callable[[Path], dict[str, Any]]
LINES: list[tuple[Reader, str]] = [
    (read_rankings, '{"url": "%s", "related": ["/x"]}'),
    (read_judgments, '{"url": "%s", "labels": {"/x": "3"}}'),
    (read_generated, '{"url": "%s", "generated": ["/x"]}'),
]
READERS = pytest.mark.parametrize(("read", "line"), LINES, ids=["rankings", "judgments", "links"])


@READERS
def test_one_url_in_two_lines_is_refused_with_both(tmp_path: Path, read: Reader, line: str) -> None:
    file = tmp_path / "f.jsonl"
    file.write_text("\n".join([line % "/a", "", line % "/b", line % "/a"]))
    words = f"{file}, line 4: /a stands in line 1 too; keep one of them"
    with pytest.raises(RecommenderError, match=f"^{re.escape(words)}$") as caught:
        read(file)
    assert caught.value.exit_code == 2


@READERS
def test_one_key_twice_in_a_line_is_refused(tmp_path: Path, read: Reader, line: str) -> None:
    file = tmp_path / "f.jsonl"
    file.write_text((line % "/a").replace('{"url": "/a"', '{"url": "/a", "url": "/b"'))
    with pytest.raises(RecommenderError, match=r"f.jsonl, line 1: 'url' stands twice in it; keep one of them$"):
        read(file)


@READERS
def test_marks_and_line_ends_of_other_systems_are_read(tmp_path: Path, read: Reader, line: str) -> None:
    file = tmp_path / "f.jsonl"
    file.write_bytes(f"\ufeff{line % '/a'}\r\n\r\n{line % '/b'}".encode())
    assert list(read(file)) == ["/a", "/b"]


@READERS
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: file.mkdir(), "Is a directory"),
        (lambda file: file.write_bytes(b'{"url": "\xff"}'), "byte 9 is not UTF-8"),
        (lambda file: file.symlink_to(file), "Too many levels of symbolic links"),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, read: Reader, line: str, make: Callable[[Path], object], words: str
) -> None:
    file = tmp_path / "f.jsonl"
    make(file)
    with pytest.raises(RecommenderError, match=rf"f.jsonl: cannot be read \({words}\); (name a file|restore)"):
        read(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert read_generated(tmp_path / "none") == {}
    for read in (read_rankings, read_judgments):
        with pytest.raises(RecommenderError, match=r"none: cannot be read \(No such file or directory\); name a file"):
            read(tmp_path / "none")
