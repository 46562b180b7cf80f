"""A plan on disk: what is stored comes back, anything else is refused."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest

from recommender.editing import plan_file as planfile
from recommender.editing.plan import Edit
from recommender.editing.plan_file import Run, plan_file, read_plan, state_folder, write_plan
from recommender.errors import RecommenderError, WriteStopped

EDITS = (
    Edit(
        "a.md",
        "/a",
        "0" * 64,
        "1" * 64,
        10,
        20,
        b"related\r\n\x00\xff",
        "--- a diff",
        ("/x", "/y"),
        b"\xfe",
        ("/z",),
        {"added": 2},
    ),
    Edit('odd\n"\u2028ü.md', "/ü", "2" * 64, "3" * 64, 0, 0, b""),
)


def test_round_trip_but_for_the_diff(tmp_path: Path):
    file = tmp_path / "deep" / "er" / "a.plan.jsonl"
    write_plan(file, EDITS)
    first, second = read_plan(file).edits
    assert first == replace(EDITS[0], diff="")
    assert second == EDITS[1]
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("undo", [False, True])
def test_a_plan_says_whether_it_takes_a_run_back(tmp_path: Path, undo: bool):
    write_plan(tmp_path / "p", EDITS[1:], undo=undo)
    assert read_plan(tmp_path / "p") == Run(EDITS[1:], undo)


OLD_FORM = """\
{"path": "a.md", "url": "/a", "before": "%s", "after": "%s", "start": 3, "end": 5, "text": "bmV3", \
"generated": ["/x"], "old": "b2xk", "generated_before": [], "why": {"added": 1}}
{"edits": 1}
"""


def test_what_older_versions_stored_is_read(tmp_path: Path):
    (tmp_path / "p").write_text(OLD_FORM % ("0" * 64, "1" * 64))
    wanted = Edit("a.md", "/a", "0" * 64, "1" * 64, 3, 5, b"new", "", ("/x",), b"old", (), {"added": 1})
    assert read_plan(tmp_path / "p") == Run((wanted,))
    # Nor has what is stored of a fill changed, so that they read it too.
    write_plan(tmp_path / "q", [wanted])
    assert (tmp_path / "q").read_bytes() == (tmp_path / "p").read_bytes()


@pytest.mark.parametrize(
    "end", ['{"edits": 1, "undo": 1.5}', '{"edits": 1, "undo": false}', '{"edits": 0, "undo": true}', ""]
)
def test_another_closing_line_is_refused(tmp_path: Path, end: str):
    write_plan(tmp_path / "p", EDITS[:1])
    (tmp_path / "p").write_text((tmp_path / "p").read_text().splitlines()[0] + "\n" + end)
    with pytest.raises(RecommenderError, match="not a whole plan"):
        read_plan(tmp_path / "p")


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path):
    (tmp_path / ".0123456789abcdef.reltmp").write_bytes(b"cut")
    (tmp_path / ".other.reltmp").write_bytes(b"mine")
    write_plan(tmp_path / "p", EDITS)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.reltmp", "p"]


def test_an_empty_plan(tmp_path: Path):
    write_plan(tmp_path / "p", ())
    assert read_plan(tmp_path / "p") == Run(())


def test_the_place_depends_on_the_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "site")
    monkeypatch.chdir(tmp_path)
    assert plan_file(Path("site")) == plan_file(tmp_path / "site") == plan_file(tmp_path / "link")
    assert plan_file(tmp_path) != plan_file(tmp_path / "site")
    assert plan_file(tmp_path).parent.parent == state_folder()


def test_the_state_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "recommender"
    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("HOME", "/home/someone")
    assert state_folder() == Path("/home/someone/.local/state/recommender")


def test_no_plan_is_said(tmp_path: Path):
    with pytest.raises(RecommenderError, match="no interrupted run"):
        read_plan(tmp_path / "none")


def test_every_truncation_is_refused(tmp_path: Path):
    file = tmp_path / "p"
    write_plan(file, EDITS)
    data = file.read_bytes()
    for length in range(len(data) - 1):
        file.write_bytes(data[:length])
        with pytest.raises(RecommenderError, match="not a whole plan"):
            read_plan(file)
    # Only the last line break may miss.
    file.write_bytes(data[:-1])
    assert len(read_plan(file).edits) == 2


def test_a_line_less_or_more_is_refused(tmp_path: Path):
    file = tmp_path / "p"
    write_plan(file, EDITS)
    one, two, end = file.read_text().splitlines(keepends=True)
    for lines in ([one, end], [one, two, two, end], [end], [one, two], [one, two, end, end], [end, one, two]):
        file.write_text("".join(lines))
        with pytest.raises(RecommenderError, match="not a whole plan"):
            read_plan(file)


@pytest.mark.parametrize(
    "key", ["path", "url", "before", "after", "start", "end", "text", "generated", "old", "generated_before", "why"]
)
@pytest.mark.parametrize("wrong", ["missing", None, True, -1, 1.5, "ä", ["a", 1], {"a": 1.5}])
def test_a_wrong_value_is_refused(tmp_path: Path, key: str, wrong: object):
    file = tmp_path / "p"
    write_plan(file, EDITS[:1])
    row, end = (json.loads(line) for line in file.read_text().splitlines())
    if wrong == "missing":
        del row[key]
    else:
        row[key] = wrong
    file.write_text(json.dumps(row) + "\n" + json.dumps(end) + "\n")
    if wrong == "ä" and key in ("path", "url", "before", "after"):
        # Any text may be a path; digests are compared with the files, so an odd one fits none.
        assert getattr(read_plan(file).edits[0], key) == "ä"
        return
    with pytest.raises(RecommenderError, match="not a whole plan; remove it"):
        read_plan(file)


def test_a_full_disk_is_said_and_the_old_plan_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "p"
    write_plan(file, EDITS)

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(planfile, "replace_file", full)
    with pytest.raises(WriteStopped, match=r"No space left on device\); no article was touched; free space") as caught:
        write_plan(file, ())
    assert caught.value.exit_code == 1
    assert len(read_plan(file).edits) == 2


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteStopped, match="set XDG_STATE_HOME"):
        write_plan(tmp_path / "file" / "state" / "p", EDITS)
