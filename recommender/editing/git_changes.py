"""What git says of a folder since a commit: files that were added, changed, renamed or deleted, and their old bytes."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recommender.editing.git_guard import git, top_level, why_no_work_tree
from recommender.errors import RecommenderError
from recommender.problems import printable
from recommender.site.corpus import check_content

_KINDS = {b"A": "added", b"C": "added", b"D": "deleted", b"M": "changed", b"R": "renamed", b"T": "changed"}
_FILE = (b"100644", b"100755")
_DEEPER = "fetch the whole history (in actions/checkout: `fetch-depth: 0`)"


class BaseProblem(RecommenderError):
    """There is nothing that the work tree could be compared with."""


@dataclass(frozen=True)
class Change:
    """One file: added, changed, renamed or deleted; its path now and before, "" where it was not there.

    Paths are as seen from the folder. ``blob`` names its old bytes in git.
    """

    kind: str
    path: str
    before: str
    blob: str


@dataclass(frozen=True)
class Changes:
    """The files of a folder that differ from a commit, sorted by path."""

    commit: str
    files: tuple[Change, ...]


def changes_since(root: Path, ref: str) -> Changes:
    """Compare the work tree with the commit at which it left another branch: the merge base.

    Files that git does not know of yet, and does not ignore, count as added.

    Raises:
        ContentError: the folder does not exist.
        BaseProblem: there is no work tree, no such commit, or none that both have in common.
    """
    check_content(root)
    if top_level(root) is None:
        raise BaseProblem(f"{why_no_work_tree(root).partition(';')[0]}; there is nothing to compare with")
    commit = _merge_base(root, ref)
    try:
        raw = git(root, "diff", "--raw", "-z", "-M", "--no-abbrev", "--no-ext-diff", "--relative", commit, "--", ".")
        others = git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", ".")
    except subprocess.CalledProcessError as error:
        raise BaseProblem(f"git cannot compare {root} with {printable(ref)}: {_said(error)}; mend that") from None
    found = [*_differing(raw), *(Change("added", os.fsdecode(path), "", "") for path in others.split(b"\0") if path)]
    return Changes(commit, tuple(sorted(found, key=lambda change: (change.path or change.before, change.before))))


def _merge_base(root: Path, ref: str) -> str:
    name = printable(ref) or "the empty text"
    shallow = _asked(root, "rev-parse", "--is-shallow-repository") == "true"
    commit = _asked(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if not commit:
        remedy = f"the clone is shallow: {_DEEPER}" if shallow else "fetch it first, or name another commit or branch"
        raise BaseProblem(f"{name} names no commit here; {remedy}")
    if not _asked(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
        raise BaseProblem("the repository has no commit yet; commit the site first")
    base = _asked(root, "merge-base", commit, "HEAD").partition("\n")[0]
    if not base:
        remedy = f"the clone is shallow: {_DEEPER}" if shallow else "name a branch that this one comes from"
        raise BaseProblem(f"{name} and the present commit have none in common; {remedy}")
    return base


def _asked(root: Path, *arguments: str) -> str:
    """Give what git answers, "" where it does not."""
    try:
        return os.fsdecode(git(root, *arguments)).strip()
    except (subprocess.CalledProcessError, ValueError):  # ValueError: a NUL in the name of a branch
        return ""


def _said(error: subprocess.CalledProcessError) -> str:
    return printable(os.fsdecode(error.stderr).strip().partition("\n")[0])


def _differing(raw: bytes) -> Iterator[Change]:
    """Read the raw format of a diff: each file is a line of modes, blobs and a kind, then one path or two."""
    fields = iter(raw.split(b"\0"))
    for line in fields:
        if not line:
            continue
        mode, mode_now, blob, _, kind = line.removeprefix(b":").split(b" ")
        first = os.fsdecode(next(fields))
        second = os.fsdecode(next(fields)) if kind[:1] in b"RC" else first
        was, there = mode in _FILE and kind[:1] not in b"AC", mode_now in _FILE and kind[:1] != b"D"
        if not was and not there:  # a link or a submodule
            continue
        name = _KINDS.get(kind[:1], "changed") if was and there else "deleted" if was else "added"
        yield Change(name, second if there else "", first if was else "", blob.decode("ascii") if was else "")


def old_bytes(root: Path, changes: Sequence[Change]) -> dict[str, bytes]:
    """Give the bytes that files had, by their paths of before."""
    known = [change for change in changes if re.fullmatch("[0-9a-f]{40,64}", change.blob)]
    asked = "".join(f"{change.blob}\n" for change in known).encode()
    answer = git(root, "cat-file", "--batch", stdin=asked) if known else b""
    found, place = dict[str, bytes](), 0
    for change in known:
        end = answer.index(b"\n", place)
        size = answer[place:end].rpartition(b" ")[2]
        if not size.isdigit():  # "missing": a clone that fetches blobs when they are asked for, and could not
            raise BaseProblem(f"git does not have {change.before} as it was; {_DEEPER}")
        place = end + 1 + int(size)
        found[change.before] = answer[end + 1 : place]
        place += 1
    return found
