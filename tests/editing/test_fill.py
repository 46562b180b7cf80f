"""A whole run of ``fill``: guards, provenance, and faults at every single call that touches the disk."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

import pytest
from small_sites import Ranker, article, command, commit, contents, git, in_process, link, write_files

from recommender.editing import fill as filling
from recommender.editing.fill import Order, Written, diff_prefix
from recommender.editing.git_guard import GitGuard
from recommender.editing.plan import Plan
from recommender.editing.plan_file import plan_file
from recommender.errors import RecommenderError
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.system.parallel import silent

pytestmark = [
    pytest.mark.slow,  # strikes every call of a run in turn
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

FILES = {
    "a.md": article("a", link(1, "gone", identity="1234567"), link(2, "b")),
    "b.md": article("b", link(1, "c", title="Old")),
    "sub/c.md": article("c"),
    "d.md": article("d", link(1, "a"), link(2, "b"), link(3, "c")),
}
LISTS = {"/a": ["/c", "/b"], "/b": ["/a"], "/c": ["/d", "/a"], "/d": ["/c", "/b", "/a"]}
AFTER = {
    "a.md": article("a", link(1, "b"), link(2, "c")),
    "b.md": article("b", link(1, "c"), link(2, "a")),
    "sub/c.md": article("c", link(1, "d"), link(2, "a")),
    "d.md": FILES["d.md"],
}
GENERATED = (
    '{"url": "/a", "generated": ["/c"]}\n{"url": "/b", "generated": ["/a"]}\n{"url": "/c", "generated": ["/a", "/d"]}\n'
)


def final() -> dict[str, bytes]:
    return {**{f"content/{p}": t.encode() for p, t in AFTER.items()}, "recommender.links.jsonl": GENERATED.encode()}


def order_for(top: Path, **changed: object) -> Order:
    order = Order(top / "content", "repair", (), None, False, True, top / "recommender.links.jsonl")
    return dataclasses.replace(order, **changed)


def plan(order: Order, lists: Mapping[str, list[str]] = LISTS) -> Plan:
    corpus = read_corpus(order.root, Settings())
    return filling.plan_fill(order, corpus, Ranker(corpus, lists), Settings(), silent)  # type: ignore[arg-type]


def fill(order: Order) -> Written:
    return filling.write_plan(order, plan(order), silent)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    write_files(tmp_path / "site" / "content", FILES)
    return tmp_path / "site"


def test_a_run_from_start_to_end(top: Path):
    done = fill(order_for(top))
    assert (done.files, done.already, done.problems) == (3, 0, ())
    assert done.tally == {"kept": 4, "corrected": 1, "added": 4, "dropped dead": 1, "slots left empty": 11}
    assert contents(top) == final()
    assert not plan_file(top / "content").exists()
    again = fill(order_for(top))
    assert again.files == 0
    assert contents(top) == final()


def test_only_and_max_files(top: Path):
    assert [e.path for e in plan(order_for(top, only=("b.md", "sub/*"))).edits] == ["b.md", "sub/c.md"]
    made = plan(order_for(top, max_files=1))
    assert [e.path for e in made.edits] == ["a.md"]
    assert made.generated == {"/a": {"/c"}}
    fill(order_for(top, max_files=1))
    fill(order_for(top, max_files=1))
    assert (top / "recommender.links.jsonl").read_text() == "".join(GENERATED.splitlines(keepends=True)[:2])
    fill(order_for(top))
    assert contents(top) == final()


def test_provenance_of_files_left_out_stays(top: Path):
    fill(order_for(top))
    (top / "content" / "b.md").write_text(FILES["b.md"])
    fill(order_for(top, only=("b.md",)))
    assert contents(top) == final()


def test_a_generated_link_removed_by_hand_is_no_longer_noted(top: Path):
    fill(order_for(top))
    (top / "content" / "b.md").write_text(article("b", link(1, "c")))
    made = plan(order_for(top), {**LISTS, "/b": []})
    assert made.edits == ()
    filling.write_plan(order_for(top), made, silent)
    assert "/b" not in [json.loads(line)["url"] for line in (top / "recommender.links.jsonl").read_text().splitlines()]


def test_the_guard_comes_before_anything_is_written(top: Path):
    before = contents(top)
    with pytest.raises(GitGuard, match="--allow-no-vcs"):
        fill(order_for(top, allow_no_vcs=False))
    assert contents(top) == before
    assert not plan_file(top / "content").exists()


def test_diff_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "top" / "in" / "content").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(tmp_path / "top")], check=True)
    assert diff_prefix(tmp_path / "top" / "in" / "content") == "in/content/"
    assert diff_prefix(tmp_path / "top") == ""
    (tmp_path / "free" / "content").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "free")
    assert diff_prefix(tmp_path / "free" / "content") == "content/"
    assert diff_prefix(Path("content")) == "content/"


# --- faults at every call

CALLS = ("open", "write", "fsync", "replace", "unlink", "fchmod")


def armed(number: int, fault: Callable[[], None]) -> None:
    """Let the n-th of all the calls that touch the disk meet a fault, in this process."""
    count = [0]
    for name in CALLS:
        real = getattr(os, name)

        def wrapped(*arguments: object, real: Callable[..., object] = real, **named: object) -> object:
            count[0] += 1
            if count[0] == number:
                fault()
            return real(*arguments, **named)

        setattr(os, name, wrapped)


def in_child(work: Callable[[], object]) -> int:
    """Run in a child; 0: done, 1: refused in a sentence, 2: an error of the system, -9: killed, 3: a bug."""
    child = os.fork()
    if not child:
        code = 3
        try:
            work()
            code = 0
        except RecommenderError:
            code = 1
        except OSError:
            code = 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def finish(top: Path) -> None:
    """Do what a user does after a run that did not end: resume where there is a plan, else run again."""
    order = order_for(top)
    if plan_file(order.root).exists():
        filling.resume(order, silent)
    else:
        fill(order)


def check_whole(top: Path, when: str) -> None:
    for path, data in contents(top / "content").items():
        if not re.fullmatch(r"(.*/)?\.[0-9a-f]{16}\.reltmp", path):
            assert data in (FILES[path].encode(), AFTER[path].encode()), f"{path} {when}"
    noted = top / "recommender.links.jsonl"
    if noted.exists():
        assert noted.read_text() == GENERATED, when


def sweep(tmp_path: Path, fault: Callable[[], None], expected: set[int]) -> int:
    number = 0
    while True:
        number += 1
        top = tmp_path / f"at-{number}"
        write_files(top / "content", FILES)
        order = order_for(top)
        made = plan(order)

        def work(order: Order = order, made: Plan = made, number: int = number) -> None:
            armed(number, fault)
            with filling.writing(order.root, write=True):
                filling.write_plan(order, made, silent)

        code = in_child(work)
        assert code in expected, f"exit {code} at call {number}"
        check_whole(top, f"at call {number}")
        if code != -signal.SIGKILL:
            assert [p for p in contents(top) if p.endswith(".reltmp")] == [], f"at call {number}"
        with mock.patch.object(os, "fsync"):  # waiting for the disk, to no end here
            finish(top)
        left = contents(top / "content")
        assert left == {p: t.encode() for p, t in AFTER.items()}, f"resumed after call {number}"
        assert (top / "recommender.links.jsonl").read_text() == GENERATED, f"resumed after call {number}"
        if code == 0 and number > 25:
            return number


def test_a_kill_before_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    assert sweep(tmp_path, kill, {0, -signal.SIGKILL}) > 25


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_an_error_of_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    assert sweep(tmp_path, fail, {0, 1, 2}) > 25


def test_provenance_is_noted_by_a_resumed_run_that_was_stopped_before_it(top: Path, monkeypatch: pytest.MonkeyPatch):
    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(filling, "_write_generated", stopped)
        fill(order_for(top))
    assert not (top / "recommender.links.jsonl").exists()
    done = filling.resume(order_for(top), silent)
    assert (done.files, done.tally) == (3, {})
    assert contents(top) == final()


def test_resume_leaves_what_changed_since_and_notes_it(top: Path):
    order = order_for(top)
    made = plan(order)
    from recommender.editing.plan_file import write_plan

    write_plan(plan_file(order.root), made.edits)
    (top / "content" / "b.md").write_text("mine")
    done = filling.resume(order, silent)
    assert (done.files, [(p.path, p.code) for p in done.problems]) == (2, [("b.md", "conflict")])
    assert (top / "content" / "b.md").read_text() == "mine"


def test_the_command_line_fills_the_sample_site_once(site: Path):
    run = command(site, "fill", "--write", "--json")
    assert run.returncode == 0
    assert {k: v for k, v in json.loads(run.stdout).items() if k != "summary"} == {
        "written": 113,
        "already": 0,
        "problems": [],
    }
    assert git(site, "status", "--porcelain", "--untracked-files=all").count(b"\n") == 114  # with the links file
    changed = git(site, "diff", "--unified=0").decode().splitlines()
    assert sum(line.startswith("+++") for line in changed) == 113
    second = in_process(site, "fill", "--write")
    assert (second.returncode, second.stdout.split(";")[0]) == (0, "0 files changed")
    commit(site)
    assert in_process(site, "fill", "--check").returncode == 0


TREE = {
    "top.md": article("top"),
    "astronomy/stars.md": article("stars"),
    "astronomy/moon.md": article("moon"),
    "biology/cell/wall.md": article("wall"),
    "biology/bad.md": "---\nurl: [\n---\n",
}


@pytest.mark.parametrize(
    ("only", "words"),
    [
        (("astronmy/*",), "'astronmy/*' matches no article; the closest is 'astronomy/*'"),
        (("astronomy/*", "biolgy/cell/*"), "'biolgy/cell/*' matches no article; the closest is 'biology/cell/*'"),
        (("astronomy",), "'astronomy' matches no article; the closest is 'astronomy/*'"),
        (("content/astronomy/*",), "the closest is 'astronomy/*'"),
        (("Astronomy/*",), "the closest is 'astronomy/*'"),
        (("astronomy/star.md",), "the closest is 'astronomy/stars.md'"),
        (("tap.md",), "the closest is 'top.md'"),
        (("biology/b*.md",), "matches no article; biology/bad.md:3: error bad-yaml: "),
        (("\udcff*",), r"--only '\\xff*' matches no article"),
        (("",), "--only '' matches no article"),
    ],
)
def test_a_pattern_that_matches_nothing_is_refused_with_the_closest(tmp_path: Path, only: tuple[str, ...], words: str):
    write_files(tmp_path / "content", TREE)
    with pytest.raises(RecommenderError) as refused:
        plan(order_for(tmp_path, only=only), {})
    assert words in str(refused.value)
    assert refused.value.exit_code == 2


def test_patterns_that_match_together(tmp_path: Path):
    write_files(tmp_path / "content", TREE)
    lists = {f"/{name}": ["/top"] for name in ("stars", "moon", "wall")}
    made = plan(order_for(tmp_path, only=("astronomy/m*", "*wall.md", "top.md")), lists)
    assert [edit.path for edit in made.edits] == ["astronomy/moon.md", "biology/cell/wall.md"]


def test_the_counts_are_of_the_edits_that_are_kept(top: Path):
    made = plan(order_for(top, max_files=1))
    # d.md is as it should be; b.md and sub/c.md are held back.
    assert made.tally == {"kept": 1 + 3, "added": 1, "dropped dead": 1, "slots left empty": 3 + 2}
    assert fill(order_for(top, max_files=1)).tally == made.tally
    assert plan(order_for(top, max_files=3)).tally == plan(order_for(top)).tally
    only = plan(order_for(top, only=("sub/*",)))
    assert only.tally == {"added": 2, "slots left empty": 3}


def test_the_counts_leave_out_what_was_refused_or_changed_meanwhile(top: Path):
    made = plan(order_for(top))
    (top / "content" / "b.md").write_text("mine")
    done = filling.write_plan(order_for(top), made, silent)
    assert [(p.path, p.code) for p in done.problems] == [("b.md", "conflict")]
    assert done.tally == {"kept": 4, "added": 3, "dropped dead": 1, "slots left empty": 8}
    assert made.tally["added"] == 4
    (top / "content" / "b.md").write_text(FILES["b.md"])
    (top / "content" / "b.md").chmod(0o444)
    again = plan(order_for(top))
    assert [p.path for p in again.problems] == ["b.md"]
    assert again.tally == {"kept": 2 + 2 + 3, "slots left empty": 3 + 3 + 2}


def test_files_that_are_no_articles_are_part_of_the_result(top: Path):
    write_files(
        top / "content", {"bad.md": "---\nurl: [\n---\n", "page.md": "A page.\n", "nameless.md": "---\nid: 1\n---\n"}
    )
    made = plan(order_for(top))
    assert [(p.path, p.code) for p in made.unread] == [("bad.md", "bad-yaml"), ("nameless.md", "missing-url")]
    assert made.problems == ()
    done = fill(order_for(top))
    assert (done.unread, done.problems, done.files) == (made.unread, (), 3)
