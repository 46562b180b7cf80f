"""The problems of a site that are known already, in a file: an audit then fails on new ones alone."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from recommender.errors import RecommenderError
from recommender.problems import SEVERITIES, Problem, printable, worst_reached
from recommender.system.json_lines import read_lines
from recommender.system.user_files import write_target

VERSION = 1
_REMEDY = "write it anew with `recommender audit --write-baseline FILE`"
# What stands beside them counts or quotes: it may change while the problem stays.
_NO_TARGET = ("bad-date", "bad-id", "copies", "shared-id", "too-many", "unknown-host")


class Entry(NamedTuple):
    """One known problem: neither slot nor line, which move with every edit of a file."""

    code: str
    path: str
    target: str


@dataclass(frozen=True)
class Comparison:
    """The problems that a baseline does not hold, how many it does, and its entries that are no problem any more."""

    new: tuple[Problem, ...]
    known: int
    fixed: tuple[Entry, ...]


def entry_of(problem: Problem) -> Entry:
    """Give what a baseline holds of a problem."""
    target = problem.target or ("" if problem.code in _NO_TARGET else problem.value)
    return Entry(problem.code, printable(problem.path.replace(os.sep, "/")), printable(target))


@dataclass(frozen=True)
class Baseline:
    """The entries of a baseline, each with how often it stands there, and the mildest severity that it was made of."""

    entries: Counter[Entry]
    severity: str = "note"


def write_baseline(file: Path, problems: Iterable[Problem], severity: str = "note") -> int:
    """Write the problems of a severity or worse to a file, one a line and sorted, so that git merges it; count them.

    Raises:
        NotWritten: as ``write_target``.
    """
    entries = sorted(entry_of(problem) for problem in problems if worst_reached([problem], severity))
    header = {"baseline": VERSION, "severity": severity}
    lines = [json.dumps(header), *(json.dumps(entry, ensure_ascii=False) for entry in entries)]
    write_target(file, "".join(f"{line}\n" for line in lines).encode())
    return len(entries)


def read_baseline(file: Path) -> Baseline:
    """Read a baseline.

    Raises:
        RecommenderError: the file cannot be read, is of another version, or a line is no entry.
    """
    first, *lines = read_lines(file, _REMEDY)
    severity = _severity(file, first)
    entries = Counter[Entry]()
    for number, line in enumerate(lines, 2):
        if line.strip():
            entries[_entry(file, number, line)] += 1
    return Baseline(entries, severity)


def compare(problems: Sequence[Problem], known: Baseline, *, unsought: Iterable[str] = ()) -> Comparison:
    """Tell new problems from known ones; of equal ones, those beyond the count of the baseline are new.

    An entry is fixed where no problem is left for it, and its code is not ``unsought``: none of those was looked for.
    """
    left = Counter(known.entries)
    new = []
    # A mild one is taken for known first, so that of a mild and a grave one the grave one is new.
    for place in sorted(range(len(problems)), key=lambda place: not problems[place].mild):
        entry = entry_of(problems[place])
        if left[entry]:
            left[entry] -= 1
        else:
            new.append(place)
    fixed = sorted(entry for entry in left.elements() if entry.code not in set(unsought))
    return Comparison(tuple(problems[place] for place in sorted(new)), len(problems) - len(new), tuple(fixed))


def _severity(file: Path, line: str) -> str:
    """Give the severity that the first line names, once its version is known."""
    try:
        header = json.loads(line)
        version = header["baseline"] if isinstance(header, dict) else None
    except (ValueError, KeyError, RecursionError):
        version = None
    if version is None:
        raise RecommenderError(f"{file} is no baseline: its first line says no version; {_REMEDY}")
    if version != VERSION:
        raise RecommenderError(
            f"{file} is a baseline of version {printable(str(version))[:20]}, and this recommender reads "
            f"version {VERSION}; {_REMEDY}"
        )
    severity = header.get("severity", "note")
    if severity not in SEVERITIES:
        raise RecommenderError(f"{file}: no severity is called {printable(str(severity))[:20]}; {_REMEDY}")
    return str(severity)


def _entry(file: Path, number: int, line: str) -> Entry:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != 3 or not all(isinstance(value, str) for value in values):
        conflict = line.startswith(("<<<<<<<", "=======", ">>>>>>>"))
        what = "a conflict of a merge is left" if conflict else 'not ["code", "path", "url"]'
        raise RecommenderError(f"{file}, line {number}: {what}; {_REMEDY}")
    return Entry(*values)
