"""The last run taken back: every byte as before, nothing that changed since, resumable like any other run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from small_sites import contents, git, in_process
from strace import KILLED, struck

from recommender.editing import fill as filling
from recommender.editing.plan_file import plan_file
from recommender.editing.undo import plan_undo
from recommender.errors import RecommenderError
from recommender.site.generated_links import read_generated
from recommender.system.parallel import silent
from tests.editing.test_fill import AFTER, FILES, GENERATED, fill, final, order_for, plan, top

__all__ = ["top"]  # a fixture
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


OLD = {path: text.encode() for path, text in FILES.items()}


def undo(top: Path, *, redo: bool = False) -> filling.Written:
    order = order_for(top, allow_dirty=True)
    return filling.write_plan(order, plan_undo(order, redo=redo), silent)


def test_a_run_taken_back_and_done_again(top: Path) -> None:
    fill(order_for(top))
    done = undo(top)
    assert (done.files, done.problems) == (3, ())
    assert contents(top / "content") == OLD
    assert (top / "recommender.links.jsonl").read_bytes() == b""
    with pytest.raises(RecommenderError, match=r"nothing to undo: .* taken back already; do it again: .* --redo"):
        undo(top)
    assert contents(top / "content") == OLD
    assert undo(top, redo=True).files == 3
    assert contents(top) == final()
    with pytest.raises(RecommenderError, match="nothing to redo: the last run was not taken back"):
        undo(top, redo=True)
    assert contents(top) == final()
    assert undo(top).files == 3
    assert contents(top / "content") == OLD


def test_the_record_says_which_files_which_links_and_why(top: Path) -> None:
    fill(order_for(top))
    first, second, third = plan_undo(order_for(top)).edits
    assert [edit.path for edit in (first, second, third)] == ["a.md", "b.md", "sub/c.md"]
    assert (first.generated_before, first.why) == (("/c",), {"dropped dead": 1, "kept": 1, "added": 1})
    assert second.why == {"corrected": 1, "added": 1}
    assert re.search(r"^-related_article2:$", third.diff, re.MULTILINE)


def test_what_changed_since_stays(top: Path) -> None:
    fill(order_for(top))
    mine = (top / "content" / "a.md").read_bytes().replace(b"All of a", b"All of A")
    (top / "content" / "a.md").write_bytes(mine)
    (top / "content" / "b.md").unlink()
    (top / "content" / "sub" / "c.md").write_text(FILES["sub/c.md"])
    before = contents(top)
    done = undo(top)
    assert (done.files, [(p.path, p.code) for p in done.problems]) == (0, [("a.md", "conflict"), ("b.md", "conflict")])
    # The third holds no generated link any more.
    noted = "".join(GENERATED.splitlines(keepends=True)[:2])
    assert contents(top) == {**before, "recommender.links.jsonl": noted.encode()}


def test_no_run_and_a_damaged_record_are_said(top: Path) -> None:
    with pytest.raises(RecommenderError, match="no run of this CONTENT is recorded"):
        plan_undo(order_for(top))
    fill(order_for(top))
    record = plan_file(top / "content").with_name("last.jsonl")
    record.write_bytes(record.read_bytes()[:-5])
    with pytest.raises(RecommenderError, match="not a whole plan"):
        plan_undo(order_for(top))


def test_a_run_without_edits_keeps_the_record(top: Path) -> None:
    fill(order_for(top))
    assert fill(order_for(top)).files == 0
    assert undo(top).files == 3


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_killed_undo_is_resumed(top: Path, number: int) -> None:
    fill(order_for(top))
    order = order_for(top, allow_dirty=True)
    made = plan_undo(order)
    code, _ = struck(lambda: filling.write_plan(order, made, silent), "rename", "signal=SIGKILL", number)
    assert code == KILLED
    for path, data in contents(top / "content").items():
        assert path.endswith(".reltmp") or data in (FILES[path].encode(), AFTER[path].encode())
    noted = (top / "recommender.links.jsonl").read_text()
    files = {path: data for path, data in contents(top / "content").items() if not path.endswith(".reltmp")}
    back = files == OLD
    assert noted == GENERATED or (back and noted == ""), "links that stand in a file are not known as generated"
    if plan_file(order.root).exists():
        filling.resume(order, silent)
    else:
        undo(top)
    assert contents(top / "content") == OLD


def test_what_could_not_be_written_keeps_its_note(top: Path) -> None:
    fill(order_for(top))
    order = order_for(top, allow_dirty=True)
    made = plan_undo(order)
    mine = (top / "content" / "a.md").read_bytes() + b"more"
    (top / "content" / "a.md").write_bytes(mine)
    done = filling.write_plan(order, made, silent)
    assert (done.files, [(p.path, p.code) for p in done.problems]) == (2, [("a.md", "conflict")])
    assert (top / "recommender.links.jsonl").read_text() == GENERATED.split("\n", 1)[0] + "\n"


URLS = {"a.md": "/a", "b.md": "/b", "sub/c.md": "/c"}


def noted_in(top: Path) -> list[str]:
    return list(read_generated(top / "recommender.links.jsonl"))


def interrupted(top: Path, renames: int) -> filling.Order:
    """Leave a run that was killed before the n-th rename: the first stores the plan, the second the notes."""
    order = order_for(top, allow_dirty=True)
    made = plan(order)
    assert struck(lambda: filling.write_plan(order, made, silent), "rename", "signal=SIGKILL", renames)[0] == KILLED
    return order


def test_an_interrupted_run_is_finished_or_taken_back_before_another_begins(top: Path) -> None:
    fill(order_for(top, max_files=1))
    order = interrupted(top, 4)
    before = contents(top)
    words = (
        "a run of this CONTENT was interrupted; finish it: recommender fill --resume, or take it back: recommender undo"
    )
    with pytest.raises(RecommenderError, match=words):
        fill(order)
    with pytest.raises(RecommenderError, match=words):
        undo(top, redo=True)
    assert contents(top) == before
    filling.resume(order, silent)
    assert contents(top) == final()
    assert undo(top).files == 2
    assert (top / "content" / "a.md").read_text() == AFTER["a.md"]


@pytest.mark.parametrize("renames", [2, 3, 4, 5])
def test_an_interrupted_run_is_taken_back(top: Path, renames: int) -> None:
    interrupted(top, renames)
    written = {path: data for path, data in contents(top / "content").items() if data == AFTER.get(path, "").encode()}
    done = undo(top)
    assert (done.files, done.problems) == (len(written.keys() - {"d.md"}), ())
    assert contents(top / "content") == OLD
    assert noted_in(top) == []
    assert not plan_file(top / "content").exists()
    if done.files:
        undo(top, redo=True)
        assert contents(top / "content") == {**OLD, **written}
        assert noted_in(top) == [url for path, url in URLS.items() if path in written]
    assert fill(order_for(top)).files > 0
    assert contents(top) == final()


def test_an_interrupted_run_that_wrote_nothing_leaves_the_record_of_the_one_before(top: Path) -> None:
    fill(order_for(top, max_files=1))
    interrupted(top, 2)
    assert undo(top).files == 0
    assert not plan_file(top / "content").exists()
    assert undo(top).files == 1
    assert contents(top / "content") == OLD


@pytest.mark.parametrize("redo", [False, True])
@pytest.mark.parametrize("renames", [2, 3, 4, 5])
def test_an_interrupted_undo_or_redo_is_taken_back(top: Path, renames: int, redo: bool) -> None:
    fill(order_for(top))
    if redo:
        undo(top)
    before = contents(top)
    order = order_for(top, allow_dirty=True)
    made = plan_undo(order, redo=redo)
    assert struck(lambda: filling.write_plan(order, made, silent), "rename", "signal=SIGKILL", renames)[0] == KILLED
    undo(top)
    assert contents(top) == before


@pytest.mark.slow  # runs in processes
def test_the_command_line(site: Path) -> None:
    before = contents(site)
    assert in_process(site, "undo").returncode == 2
    count = json.loads(in_process(site, "fill", "--write", "--json").stdout)["written"]
    assert count > 100
    filled = contents(site)
    shown = in_process(site, "undo", "--json")
    assert (shown.returncode, len(json.loads(shown.stdout)["files"])) == (0, count)
    dry = in_process(site, "undo")
    assert dry.returncode == 0
    assert dry.stderr.startswith(f"{count} files would be as they were before the run; the run's links: ")
    assert contents(site) != before
    (site / "undo.diff").write_text(dry.stdout)
    git(site, "apply", "--check", "undo.diff")
    (site / "undo.diff").unlink()
    done = in_process(site, "undo", "--write")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{count} files changed\n"
    after = contents(site)
    assert after.pop("recommender.links.jsonl") == b""
    assert after == before
    assert git(site, "diff", "--stat") == b""
    again = in_process(site, "undo", "--write")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("recommender: there is nothing to undo: ")
    dry = in_process(site, "undo", "--redo")
    assert dry.stderr.startswith(f"{count} files would be as they were after the run; the run's links: ")
    (site / "redo.diff").write_text(dry.stdout)
    git(site, "apply", "--check", "redo.diff")
    (site / "redo.diff").unlink()
    said = json.loads(in_process(site, "undo", "--redo", "--json").stdout)
    assert said == json.loads(shown.stdout)
    done = in_process(site, "undo", "--write", "--redo")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{count} files changed\n", "")
    assert contents(site) == filled
    again = in_process(site, "undo", "--write", "--redo")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("recommender: there is nothing to redo: ")


@pytest.mark.slow  # runs in processes
def test_a_checkout_whose_line_ends_git_converts(site: Path, tmp_path: Path) -> None:
    git(site, "clone", "-q", "-c", "core.autocrlf=true", str(site), str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    before = contents(clone)
    articles = [path for path in before if path.startswith("content/")]
    assert all(before[path].count(b"\n") == before[path].count(b"\r\n") > 5 for path in articles)
    assert in_process(clone, "fill", "--write").returncode == 0
    filled = contents(clone)
    assert all(filled[path].count(b"\n") == filled[path].count(b"\r\n") for path in articles)
    assert in_process(site, "fill", "--write").returncode == 0
    assert git(clone, "diff", "--numstat").count(b"\n") > 100
    assert git(clone, "diff", "--numstat") == git(site, "diff", "--numstat")
    assert in_process(clone, "undo", "--write").returncode == 0
    assert {path: data for path, data in contents(clone).items() if path in articles} == {
        p: before[p] for p in articles
    }
