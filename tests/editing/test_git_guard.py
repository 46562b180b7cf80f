"""The git guard: files that git could not give back are not edited."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from small_sites import commit, git, write_files

from recommender.editing.git_guard import GitGuard, check_guard, top_level
from recommender.editing.plan import Edit

NAMES = ["a.md", "sub/b.md"]


def edits(root: Path, *paths: str, after: bytes = b"planned") -> list[Edit]:
    return [
        Edit(
            path,
            f"/{path}",
            hashlib.sha256((root / path).read_bytes() if (root / path).is_file() else b"").hexdigest(),
            hashlib.sha256(after).hexdigest(),
            0,
            0,
            b"",
        )
        for path in paths
    ]


def guard(root: Path, *paths: str, allow_dirty: bool = False, allow_no_vcs: bool = False) -> None:
    check_guard(root, edits(root, *(paths or NAMES)), allow_dirty=allow_dirty, allow_no_vcs=allow_no_vcs)


def init(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Content below the top of a work tree, committed."""
    top = init(tmp_path / "top")
    write_files(top / "content", dict.fromkeys(NAMES, "committed\n"))
    write_files(top, {"a.md": "the same name at the top\n"})
    commit(top)
    return top / "content"


def test_clean_files_pass(root: Path):
    guard(root)


def test_content_at_the_top(root: Path):
    guard(root.parent, "a.md", "content/a.md", "content/sub/b.md")


def modified(root: Path) -> None:
    (root / "a.md").write_text("work\n")


def staged(root: Path) -> None:
    modified(root)
    git(root, "add", "a.md")


def staged_and_modified(root: Path) -> None:
    staged(root)
    (root / "a.md").write_text("more work\n")


def untracked(root: Path) -> None:
    git(root, "rm", "-q", "--cached", "a.md")
    commit_index(root)


def commit_index(root: Path) -> None:
    git(root, "commit", "-q", "-m", "less")


def ignored(root: Path) -> None:
    (root / ".gitignore").write_text("a.md\n")
    untracked(root)


def removed_from_index(root: Path) -> None:
    git(root, "rm", "-q", "--cached", "a.md")


def intended(root: Path) -> None:
    untracked(root)
    git(root, "add", "-N", "a.md")


def newly_added(root: Path) -> None:
    untracked(root)
    git(root, "add", "a.md")


def deleted(root: Path) -> None:
    (root / "a.md").unlink()


def swapped_for_a_link(root: Path) -> None:
    (root / "a.md").unlink()
    (root / "a.md").symlink_to("sub/b.md")


def moved(root: Path) -> None:
    git(root, "mv", "sub/b.md", "b.md")
    git(root, "mv", "a.md", "sub/b.md")
    git(root, "mv", "b.md", "a.md")
    (root / "a.md").write_text("moved here\n")


def conflicted(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "one")
    (root / "a.md").write_text("one\n")
    commit(root)
    git(root, "checkout", "-q", "-b", "two", "HEAD~1")
    (root / "a.md").write_text("two\n")
    commit(root)
    subprocess.run(["git", "-C", str(root), "merge", "-q", "one"], check=False, capture_output=True)


def assumed_unchanged(root: Path) -> None:
    git(root, "update-index", "--assume-unchanged", "a.md")
    modified(root)


def skipped(root: Path) -> None:
    git(root, "update-index", "--skip-worktree", "a.md")
    modified(root)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (modified, "modified"),
        (staged, "staged"),
        (staged_and_modified, "modified"),
        (untracked, "untracked or ignored"),
        (ignored, "untracked or ignored"),
        (removed_from_index, "staged"),
        (intended, "modified"),
        (newly_added, "staged"),
        (deleted, "modified"),
        (swapped_for_a_link, "modified"),
        (moved, "modified"),
        (conflicted, "modified"),
        (assumed_unchanged, "assume-unchanged or skip-worktree"),
        (skipped, "assume-unchanged or skip-worktree"),
    ],
)
def test_what_git_does_not_have_is_refused(root: Path, change, why: str):
    change(root)
    with pytest.raises(GitGuard, match=rf"1 of the 1 files to change .*: a\.md \({why}\); .*--allow-dirty") as caught:
        guard(root, "a.md")
    assert caught.value.exit_code == 2
    guard(root, "a.md", allow_dirty=True)
    # Only the files of the plan count.
    if change is not moved:
        guard(root, "sub/b.md")


def test_a_change_of_the_same_size_and_time_is_seen(root: Path):
    before = (root / "a.md").stat()
    (root / "a.md").write_text("Committed\n")
    os.utime(root / "a.md", ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(GitGuard, match="modified"):
        guard(root)


def test_the_first_three_files_are_named_and_all_are_counted(root: Path):
    names = [f"n{n}.md" for n in range(1200)]
    write_files(root, dict.fromkeys(names, "x"))
    with pytest.raises(GitGuard) as caught:
        guard(root, *NAMES, *names)
    assert str(caught.value).startswith("1,200 of the 1,202 files to change hold work that git does not have: n0.md (")
    assert "n2.md" in str(caught.value)
    assert "n3.md" not in str(caught.value)


def test_results_of_an_interrupted_run_are_no_obstacle(root: Path):
    planned = edits(root, *NAMES, after=b"result\n")
    (root / "a.md").write_bytes(b"result\n")
    check_guard(root, planned, allow_dirty=False, allow_no_vcs=False)
    git(root, "add", "a.md")
    check_guard(root, planned, allow_dirty=False, allow_no_vcs=False)
    (root / "a.md").write_bytes(b"result, and an edit\n")
    with pytest.raises(GitGuard, match=r"a\.md \(modified\)"):
        check_guard(root, planned, allow_dirty=False, allow_no_vcs=False)


def test_no_work_tree(tmp_path: Path):
    write_files(tmp_path / "content", dict.fromkeys(NAMES, "x"))
    root = tmp_path / "content"
    assert top_level(root) is None
    with pytest.raises(GitGuard, match=r"in no git work tree.*--allow-no-vcs"):
        guard(root)
    with pytest.raises(GitGuard, match="in no git work tree"):
        guard(root, allow_dirty=True)
    guard(root, allow_no_vcs=True)


def test_allow_no_vcs_does_not_allow_dirty_files(root: Path):
    modified(root)
    with pytest.raises(GitGuard, match="modified"):
        guard(root, allow_no_vcs=True)


def test_without_git_there_is_no_work_tree(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    assert top_level(root) is None
    words = "git cannot be run (No such file or directory), so nothing could bring the files back; install it, or"
    with pytest.raises(GitGuard, match="^" + re.escape(words)):
        guard(root)


def test_a_repository_of_another_owner_is_not_called_none(root: Path):
    if os.geteuid():
        pytest.skip("giving files to another user needs root")
    for path in (root, *root.rglob("*"), *root.parents[:1], *root.parents[0].rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    with pytest.raises(GitGuard, match=r"^git cannot say what is safe in .* \(fatal: detected dubious ownership"):
        guard(root)


def test_nothing_to_change_needs_no_git(tmp_path: Path):
    check_guard(tmp_path / "not there", [], allow_dirty=False, allow_no_vcs=False)


def test_a_repository_without_a_commit(tmp_path: Path):
    root = init(tmp_path / "top")
    write_files(root, dict.fromkeys(NAMES, "x"))
    with pytest.raises(GitGuard, match="untracked"):
        guard(root)
    git(root, "add", "a.md")
    with pytest.raises(GitGuard, match=r"a\.md \(staged\)"):
        guard(root)


def test_a_detached_head(root: Path):
    git(root, "checkout", "-q", "--detach")
    guard(root)
    modified(root)
    with pytest.raises(GitGuard, match="modified"):
        guard(root)


def test_a_submodule_is_refused_from_outside_and_guarded_from_inside(root: Path, tmp_path: Path):
    other = init(tmp_path / "other")
    write_files(other, {"c.md": "x"})
    commit(other)
    git(root, "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(other), "module")
    commit(root)
    with pytest.raises(GitGuard, match=r"module/c\.md \(untracked or ignored\)"):
        guard(root, "a.md", "module/c.md")
    guard(root / "module", "c.md")
    assert top_level(root / "module") == root / "module"


def test_a_nested_repository_is_refused_from_outside_and_guarded_from_inside(root: Path):
    inner = init(root / "inner")
    write_files(inner, {"c.md": "x"})
    commit(inner)
    with pytest.raises(GitGuard, match=r"inner/c\.md \(untracked or ignored\)"):
        guard(root, "inner/c.md")
    guard(inner, "c.md")


@pytest.mark.parametrize(
    "name",
    [
        "with space.md",
        "übung.md",
        "u\u0308bung.md",
        "new\nline.md",
        'quo"te.md',
        "日本/語.md",
        " .md",
        "M  a.md",
        "-n.md",
    ],
)
def test_names_of_every_kind(root: Path, name: str):
    write_files(root, {name: "x\n"})
    with pytest.raises(GitGuard, match="untracked"):
        guard(root, name)
    commit(root)
    guard(root, name)
    (root / name).write_text("work\n")
    with pytest.raises(GitGuard, match="modified"):
        guard(root, name)


def test_a_folder_whose_name_has_a_line_break(tmp_path: Path):
    root = init(tmp_path / "to\np") / "con\ntent "
    write_files(root, {"a.md": "x\n"})
    commit(root)
    guard(root, "a.md")
    assert top_level(root) == root.parent
    modified(root)
    with pytest.raises(GitGuard, match="modified"):
        guard(root, "a.md")


def test_settings_of_the_user_do_not_matter(root: Path):
    for key, value in (
        ("core.quotePath", "true"),
        ("color.ui", "always"),
        ("status.relativePaths", "true"),
        ("status.showUntrackedFiles", "no"),
        ("status.short", "true"),
        ("status.branch", "true"),
        ("diff.renames", "copies"),
    ):
        git(root, "config", key, value)
    guard(root)
    modified(root)
    with pytest.raises(GitGuard, match=r"a\.md \(modified\)"):
        guard(root)


def test_content_through_a_linked_folder(root: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(root)
    guard(tmp_path / "link")
    modified(root)
    with pytest.raises(GitGuard, match="modified"):
        guard(tmp_path / "link")


def test_the_index_is_left_alone(root: Path):
    index = root.parent / ".git" / "index"
    os.utime(root / "a.md")
    before = index.read_bytes()
    guard(root)
    assert index.read_bytes() == before
    assert not (root.parent / ".git" / "index.lock").exists()


def test_a_held_index_lock_does_not_stop_the_guard(root: Path):
    (root.parent / ".git" / "index.lock").write_bytes(b"")
    os.utime(root / "a.md")
    guard(root)


def test_a_damaged_index_is_said(root: Path):
    (root.parent / ".git" / "index").write_bytes(b"no index")
    with pytest.raises(GitGuard, match=r"git cannot say what is safe in .* \(fatal: .*\); mend the repository, or run"):
        guard(root, allow_no_vcs=True)
    guard(root, allow_dirty=True)
