"""The safety net: refuse to edit files whose present bytes git could not give back."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from recommender.editing.plan import Edit
from recommender.errors import RecommenderError

# What `ls-files -v` puts before a path: a small letter or S where git was told not to look at the file.
_OVERLOOKED = dict.fromkeys([b"h", b"S", b"s"], "assume-unchanged or skip-worktree") | {b"H": ""}


class GitGuard(RecommenderError):
    """A file that would change is not safe in git."""


def top_level(root: Path) -> Path | None:
    """Find the work tree that a folder belongs to; None outside one, or where git is not installed."""
    try:
        answer = git(root, "rev-parse", "--show-toplevel")
    except (OSError, subprocess.CalledProcessError):
        return None
    return Path(os.fsdecode(answer.removesuffix(b"\n")))


def check_guard(root: Path, edits: Sequence[Edit], *, allow_dirty: bool, allow_no_vcs: bool) -> None:
    """Refuse where a file that the plan changes is modified, staged, untracked or ignored.

    A file whose bytes are the plan's own result already (an interrupted run) is no obstacle.

    Raises:
        GitGuard: with the first files and the option that overrides.
    """
    if not edits:
        return
    top = top_level(root)
    if top is None:
        if allow_no_vcs:
            return
        raise GitGuard(f"{why_no_work_tree(root)}, or run again with --allow-no-vcs")
    if allow_dirty:
        return
    try:
        unsafe = _unsafe(root, edits)
    except subprocess.CalledProcessError as error:
        said = os.fsdecode(error.stderr).strip().rpartition("\n")[2]
        raise GitGuard(
            f"git cannot say what is safe in {root} ({said}); mend the repository, or run again with --allow-dirty"
        ) from None
    if unsafe:
        first = ", ".join(f"{path} ({why})" for path, why in unsafe[:3])
        raise GitGuard(
            f"{len(unsafe):,} of the {len(edits):,} files to change hold work that git does not have: {first}; "
            "commit or stash it, or run again with --allow-dirty"
        )


def why_no_work_tree(root: Path) -> str:
    """Say why git knows of no work tree, and what to do."""
    try:
        git(root, "rev-parse", "--show-toplevel")
    except OSError as error:
        return f"git cannot be run ({error.strerror}), so nothing could bring the files back; install it"
    except subprocess.CalledProcessError as error:
        said = os.fsdecode(error.stderr).strip()
        if "not a git repository" not in said:
            return f"git cannot say what is safe in {root} ({said.partition(chr(10))[0]}); mend that"
    return f"{root} is in no git work tree, so nothing could bring the files back; commit them to git"


def _unsafe(root: Path, edits: Sequence[Edit]) -> list[tuple[str, str]]:
    beside = [edit.path for edit in edits if edit.path.startswith("../")]  # a data file
    listing = git(root, "ls-files", "-v", "-z", "--", ".", *beside)
    tracked = {os.fsdecode(row[2:]): row[:1] for row in listing.split(b"\0")}
    changed = _changed(root, beside)
    unsafe = []
    for edit in edits:
        if not edit.before and not os.path.lexists(root / edit.path):
            continue  # a new file
        why = changed.get(edit.path) or _OVERLOOKED.get(tracked.get(edit.path, b""), "untracked or ignored")
        if why and _digest(root / edit.path) != edit.after:
            unsafe.append((edit.path, why))
    return unsafe


def _changed(root: Path, beside: Sequence[str]) -> dict[str, str]:
    """Give the tracked files in and beside a folder that differ from the last commit, by their path from there."""
    prefix = os.fsdecode(git(root, "rev-parse", "--show-prefix").removesuffix(b"\n"))
    rows = git(
        root, "status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--", ".", *beside
    ).split(b"\0")
    found = {}
    for row in rows:
        if row:
            states, path = row[:2].decode("ascii"), os.fsdecode(row[3:])
            inside = path.startswith(prefix)
            own = path.removeprefix(prefix) if inside else os.path.relpath(path, prefix)
            found[own] = "staged" if states[1] == " " else "modified"
    return found


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def git(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run git in a folder and give what it prints.

    Raises:
        OSError: git cannot be run.
        subprocess.CalledProcessError: it failed; what it said is in ``stderr``.
    """
    # core.quotePath and colours do not matter with -z; optional locks would disturb another git of the user.
    return subprocess.run(
        ["git", "--no-optional-locks", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
        input=stdin,
        env={**os.environ, "LC_ALL": "C"},  # its words are read
    ).stdout
