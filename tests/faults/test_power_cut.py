"""The power fails at every system call of a run: what fsync promised is there, all else may be lost or half there.

Whatever is found then, each article is its old or its new self, what was begun is finished or taken back, and what a
run said it did is done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import powercut
import pytest
from ledger import check_whole
from small_sites import contents, write_files
from strace import DONE, traced

from recommender.editing import fill as filling
from recommender.editing.plan_file import plan_file, read_plan, record_file, write_plan
from recommender.editing.undo import plan_undo
from recommender.editing.writer import apply_edits
from recommender.errors import ModelError
from recommender.model.model import Model
from recommender.model.store import MANIFEST, load_model, save_model
from recommender.system.disk import TEMPORARY, locked, replace_file
from recommender.system.parallel import silent
from tests.editing.test_fill import AFTER, FILES, GENERATED, fill, order_for, plan
from tests.editing.test_undo import undo
from tests.export.test_static_files import Site, export, site_of
from tests.faults.test_faults import models, without_leftovers

__all__ = ["models"]  # a fixture
pytestmark = [
    pytest.mark.slow,  # injects faults
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

OLD = {path: text.encode() for path, text in FILES.items()}
NEW = {path: text.encode() for path, text in AFTER.items()}


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a site and the state folder, without git, whose guard has its own tests."""
    folder = (tmp_path / "disk").resolve()
    folder.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setattr(filling.git_guard, "check_guard", lambda *arguments, **options: None)
    return folder


def found_after(disk: Path, work: Callable[[], object]) -> list[tuple[bool, powercut.State]]:
    """Record a run; give what may be found after a loss of power, and whether the run had ended by then.

    Each state is given once, with the most leftovers it may have: the bytes of temporary files are of no account.
    """
    before = powercut.Disk.of(disk, passing)
    code, log = traced(work, ["-y", "-xx", "-s", "100000000", "-e", f"trace={powercut.CALLS}"])
    assert code == DONE
    found: dict[object, powercut.State] = {}
    for ended, state in powercut.crash_states(disk, before, log):
        kept = frozenset((path, data) for path, data in state.files.items() if not passing(path))
        key = (ended, kept, frozenset(path for path in state.folders if not passing(path)))
        if key not in found or len(found[key].files) < len(state.files):
            found[key] = state
    return [(key[0], state) for key, state in found.items()]  # type: ignore[index]


def passing(path: str) -> bool:
    return "/.tmp-" in path or bool(TEMPORARY.fullmatch(os.path.basename(path)))


# --- one file


def careless(file: Path) -> None:
    file.with_name("new").write_bytes(b"new!")
    file.with_name("new").replace(file)


def half_careful(file: Path) -> None:
    with file.with_name("new").open("wb") as stream:
        stream.write(b"new!")
        stream.flush()
        os.fsync(stream.fileno())
    file.with_name("new").replace(file)


def careful(file: Path) -> None:
    replace_file(file, b"new!")


@pytest.mark.parametrize(
    ("write", "during", "after"),
    [
        (careless, {b"old", b"new!", b"ne", b"", b"\0\0\0\0"}, {b"old", b"new!", b"ne", b"", b"\0\0\0\0"}),
        (half_careful, {b"old", b"new!"}, {b"old", b"new!"}),
        (careful, {b"old", b"new!"}, {b"new!"}),
    ],
)
def test_what_a_power_cut_leaves_of_one_file(
    disk: Path, write: Callable[[Path], None], during: set[bytes], after: set[bytes]
) -> None:
    (disk / "file").write_bytes(b"old")
    found = found_after(disk, lambda: write(disk / "file"))
    assert {state.files["file"] for ended, state in found if not ended} == during
    assert {state.files["file"] for ended, state in found if ended} == after


# --- writing articles


def first_run(top: Path) -> Callable[[], object]:
    order = order_for(top)
    made = plan(order)
    return lambda: filling.write_plan(order, made, silent)


def run_after_another(top: Path) -> Callable[[], object]:
    fill(order_for(top, max_files=1))
    return first_run(top)


def resumed_run(top: Path) -> Callable[[], object]:
    order = order_for(top)
    edits = plan(order).edits
    write_plan(plan_file(order.root), edits)
    (top / "recommender.links.jsonl").write_text(GENERATED)
    apply_edits(order.root, edits[:1])
    return lambda: filling.resume(order, silent)


def undone_run(top: Path) -> Callable[[], object]:
    fill(order_for(top))
    return turning(top, redo=False)


def redone_run(top: Path) -> Callable[[], object]:
    fill(order_for(top))
    undo(top)
    return turning(top, redo=True)


def interrupted_run_taken_back(top: Path) -> Callable[[], object]:
    order = order_for(top)
    edits = plan(order).edits
    fill(order_for(top, max_files=1))
    write_plan(plan_file(order.root), edits)
    (top / "recommender.links.jsonl").write_text(GENERATED)
    return turning(top, redo=False)


def turning(top: Path, *, redo: bool) -> Callable[[], object]:
    order = order_for(top)
    made = plan_undo(order, redo=redo)
    return lambda: filling.write_plan(order, made, silent)


def carry_on(top: Path, aim: Mapping[str, bytes]) -> None:
    """Do what a user does who finds the site after the power is back."""
    root = top / "content"
    if plan_file(root).exists():
        if read_plan(plan_file(root)).undo == (aim == OLD):
            filling.resume(order_for(top), silent)
        else:
            undo(top)
    elif aim == NEW:
        fill(order_for(top))
    elif contents(root) != aim:
        undo(top)


@pytest.mark.parametrize(
    "begin", [first_run, run_after_another, resumed_run, undone_run, redone_run, interrupted_run_taken_back]
)
def test_a_power_cut_at_any_point_of_a_run(
    disk: Path, monkeypatch: pytest.MonkeyPatch, begin: Callable[[Path], Callable[[], object]]
) -> None:
    top = disk / "site"
    root = write_files(top / "content", FILES)
    work = begin(top)
    before = contents(root)
    aim = OLD if begin in (undone_run, interrupted_run_taken_back) else NEW
    back = OLD if begin is resumed_run else before

    def locked_work() -> None:
        with locked(root):
            work()

    found = found_after(disk, locked_work)
    assert len(found) > 5
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    for ended, state in found:
        powercut.put(state, disk)
        there = without_leftovers(contents(root))
        check_whole(f"fill, a power cut: {begin.__name__}", there, before, aim)
        if ended:
            assert there == aim, "what was said to be done is lost"
            assert read_plan(record_file(root)).edits, "the run that ended has no record"
            assert not plan_file(root).exists(), "the run that ended is an interrupted one"
        elif there != before:
            file = plan_file(root) if plan_file(root).exists() else record_file(root)
            written = {edit.path for edit in read_plan(file).edits}
            assert {path for path in there if there[path] != before[path]} <= written, "begun, and not in the plan"
        noted = (top / "recommender.links.jsonl").read_text() if there != OLD else ""
        for path, line in zip(sorted(OLD.keys() - {"d.md"}), GENERATED.splitlines(), strict=True):
            assert there[path] == OLD[path] or line in noted, "links are written and not known as generated"
        carry_on(top, aim)
        assert contents(root) == aim
        if aim == NEW:
            undo(top)
        else:
            filling.write_plan(order_for(top), plan_undo(order_for(top), redo=True), silent)
        assert contents(root) == back, "the run is not taken back"


# --- publishing a model


def in_use(folder: Path) -> dict[str, bytes]:
    """Give the files of the model that the manifest names, which loading proves to be whole."""
    files = contents(folder)
    version = json.loads(files[MANIFEST])["version"]
    return {path: data for path, data in files.items() if path == MANIFEST or path.startswith(version)}


@pytest.mark.parametrize("first", [True, False], ids=["the-first", "the-next"])
def test_a_power_cut_at_any_point_of_publishing_a_model(
    disk: Path, monkeypatch: pytest.MonkeyPatch, models: list[Model], first: bool
) -> None:
    folder = disk / "models" / "default"
    for one in [] if first else models[:2]:
        save_model(one, folder)
    before = [] if first else [in_use(folder)]
    found = found_after(disk, lambda: save_model(models[2], folder))
    after = in_use(folder)
    assert len(found) > 4
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    for ended, state in found:
        powercut.put(state, disk)
        if first and not ended and not (folder / MANIFEST).exists():
            with pytest.raises(ModelError, match="holds no model"):
                load_model(folder)
        else:
            load_model(folder)
            check_whole("build, a power cut", in_use(folder), after, *([] if ended else before))
        save_model(models[2], folder)
        load_model(folder)
        assert in_use(folder) == after
        assert [path for path in contents(disk) if passing(path)] == []


# --- static files of links


def test_a_power_cut_while_links_are_exported_is_mended_by_the_next_export(
    disk: Path, monkeypatch: pytest.MonkeyPatch, small: Site
) -> None:
    """These files are not waited for one by one: some may be torn then, and the next run finds them."""
    before = site_of(["/a", "/b/c"], small)
    after = site_of(["/a", "/d/e"], small, "Sun.")
    folder = disk / "related"
    export(before, folder)
    found = found_after(disk, lambda: export(after, folder))
    aim = contents(folder)
    assert len(found) > 5
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    for _, state in found:
        powercut.put(state, disk)
        export(after, folder)
        check_whole("export, a power cut", contents(folder), aim)
