"""What git says of a folder since a commit, and the sentences where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from small_sites import commit, git, write_files

from recommender.editing.git_changes import BaseProblem, Change, changes_since, old_bytes

LONG = "".join(f"line {number}\n" for number in range(40))


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A repository with a branch `topic` that left `main`, which went on; the content is a folder of it."""
    top = tmp_path / "repository"
    write_files(top, {"content/kept.md": "kept", "content/old.md": LONG, "content/gone.md": "gone", "other.md": "x"})
    git(top, "init", "-q", "-b", "main")
    commit(top)
    git(top, "switch", "-q", "-c", "topic")
    git(top, "switch", "-q", "main")
    write_files(top, {"content/kept.md": "changed on main"})
    commit(top)
    git(top, "switch", "-q", "topic")
    return top


def kinds(root: Path, ref: str = "main") -> list[tuple[str, str, str]]:
    return [(change.kind, change.before, change.path) for change in changes_since(root, ref).files]


def test_files_are_compared_with_where_the_branch_began(top: Path) -> None:
    content = top / "content"
    assert kinds(content) == [], "what changed on main is no part of it"
    git(top, "mv", "content/old.md", "content/new.md")
    git(top, "rm", "-q", "content/gone.md")
    write_files(top, {"content/sub/added.md": "added", "content/kept.md": "kept and more", "other.md": "y"})
    expected = [
        ("deleted", "gone.md", ""),
        ("changed", "kept.md", "kept.md"),
        ("renamed", "old.md", "new.md"),
        ("added", "", "sub/added.md"),
    ]
    assert sorted(kinds(content)) == sorted(expected)
    commit(top)
    assert sorted(kinds(content)) == sorted(expected), "committed or not"
    changes = changes_since(content, "main").files
    assert old_bytes(content, changes) == {"gone.md": b"gone", "kept.md": b"kept", "old.md": LONG.encode()}
    git(top, "merge", "-q", "main", "-X", "ours", "-m", "merge")
    assert ("renamed", "old.md", "new.md") in kinds(content), "a merge commit is compared too"


def test_a_file_that_comes_from_elsewhere_is_added_and_one_that_leaves_deleted(top: Path) -> None:
    git(top, "mv", "other.md", "content/came.md")
    git(top, "mv", "content/old.md", "left.md")
    assert sorted(kinds(top / "content")) == [("added", "", "came.md"), ("deleted", "old.md", "")]


def test_links_are_no_files(top: Path) -> None:
    (top / "content" / "kept.md").unlink()
    (top / "content" / "kept.md").symlink_to("gone.md")
    (top / "content" / "link.md").symlink_to("gone.md")
    git(top, "add", "-A")
    assert kinds(top / "content") == [("deleted", "kept.md", "")]


def test_names_may_hold_anything(top: Path) -> None:
    names = ["a\nb.md", ":(top)x.md", "-n.md", "ü\t.md", os.fsdecode(b"caf\xe9.md")]
    write_files(top / "content", dict.fromkeys(names, "odd"))
    commit(top)
    base = git(top, "rev-parse", "HEAD").decode().strip()
    for name in names:
        (top / "content" / name).write_text("odd and changed")
    changes = changes_since(top / "content", base).files
    assert sorted(change.path for change in changes) == sorted(names)
    assert old_bytes(top / "content", changes) == dict.fromkeys(names, b"odd")
    assert old_bytes(top / "content", [Change("added", "a.md", "", "")]) == {}


def shallow(top: Path, depth: int) -> Path:
    clone = top.parent / "clone"
    subprocess.run(
        ["git", "clone", "-q", "--depth", str(depth), "--no-single-branch", f"file://{top}", str(clone)], check=True
    )
    return clone


def test_a_base_that_cannot_be_compared_with_is_a_sentence(top: Path, tmp_path: Path) -> None:
    content = top / "content"
    for ref in ("nowhere", "--output=x", "", "main:other.md", "a\x1b[2J", "HEAD^{tree}", "x\0y"):
        with pytest.raises(BaseProblem, match="names no commit here; fetch it first, or name another commit") as error:
            changes_since(content, ref)
        assert "\x1b" not in str(error.value)
    assert not (top / "x").exists()
    git(top, "switch", "-q", "--orphan", "other")
    write_files(top, {"content/a.md": "a"})
    commit(top)
    with pytest.raises(BaseProblem, match="main and the present commit have none in common; name a branch that"):
        changes_since(content, "main")
    (tmp_path / "bare").mkdir()
    with pytest.raises(BaseProblem, match=r"is in no git work tree, so nothing could .*nothing to compare with"):
        changes_since(tmp_path / "bare", "main")
    git(tmp_path / "bare", "init", "-q")
    with pytest.raises(BaseProblem, match="names no commit here"):
        changes_since(tmp_path / "bare", "main")


def test_a_shallow_clone_says_how_to_fetch_more(top: Path) -> None:
    write_files(top, {"content/added.md": "added"})
    commit(top)
    clone = shallow(top, 1)
    deeper = "the clone is shallow: fetch the whole history .in actions/checkout: `fetch-depth: 0`."
    for ref, said in (("origin/main", "have none in common"), ("nowhere", "names no commit here")):
        with pytest.raises(BaseProblem, match=f"{said}; {deeper}"):
            changes_since(clone / "content", ref)
    shutil.rmtree(clone)
    assert kinds(shallow(top, 5) / "content", "origin/main") == [("added", "", "added.md")]
