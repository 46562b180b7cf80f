"""Findings as programs of a CI read them: annotations of GitHub, SARIF 2.1.0, JUnit."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from recommender import __version__
from recommender.cli.printing import print_json
from recommender.errors import FileProblem
from recommender.problems import KINDS, Kind, Problem, printable, worst_reached
from recommender.settings import FILE_NAME, Settings
from recommender.site.baseline import entry_of
from recommender.site.files import read_bytes

if TYPE_CHECKING:
    from recommender.editing.plan import Edit

# What a fill would change: no problem of a file, but a finding of a check.
UNFILLED = Kind(
    "error", "edit", "a fill would change the links", "run `recommender fill --write` and commit the result"
)
_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True)
class Finding:
    """One finding: where it is, as seen from the top of the repository (line 0: no line), and whether it fails a run.

    ``identity`` stays the same as long as the finding does, wherever its line moves.
    """

    code: str
    kind: Kind
    path: str
    line: int
    message: str
    fails: bool
    identity: tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """Where the files of a site are, as seen from the top of its repository, or from here where it is in none."""

    content: Path
    settings: Settings

    def __call__(self, path: str) -> str:
        """Give the place of a file by the path that a problem has: from the content, or of a file of the settings."""
        home = self.settings.home or Path.cwd()
        own = {FILE_NAME: home / FILE_NAME, self.settings.rules_file.name: self.settings.rules_file}
        place = os.path.realpath(own.get(path, self.content / path).parent)
        return Path(os.path.relpath(place, self._top), os.path.basename(path)).as_posix()

    @cached_property
    def _top(self) -> str:
        from recommender.editing.git_guard import top_level

        return os.path.realpath(top_level(self.content) or Path.cwd())


def findings_of(problems: Iterable[Problem], places: Places, fail_on: str | None) -> list[Finding]:
    """Take problems for findings; those of the severity ``fail_on`` or worse fail, none where it is None.

    Notes are left out unless they are what fails: a site has thousands.
    """
    found = []
    for problem in problems:
        if problem.severity == "note" and fail_on != "note":
            continue
        row = problem.as_dict()
        value = f": {row['value']}" if problem.value else ""
        message = f"{row['reason']}{value} ({row['remedy']})"
        fails = fail_on is not None and worst_reached([problem], fail_on)
        place = printable(places(problem.path))
        found.append(Finding(problem.code, problem.kind, place, problem.line, message, fails, entry_of(problem)))
    return found


def unfilled(edit: Edit, root: Path, places: Places) -> Finding:
    """Take a file that a fill would change for a finding, at the first line that differs."""
    try:
        line = read_bytes(os.path.join(root, edit.path))[0].count(b"\n", 0, edit.start) + 1
    except FileProblem:  # a new data file
        line = 0
    counts = ", ".join(f"{count:,} {name}" for name, count in sorted(edit.why.items()) if name != "kept")
    message = f"{UNFILLED.summary}{f': {counts}' if counts else ''} ({UNFILLED.remedy})"
    return Finding(
        "fill", UNFILLED, printable(places(edit.path)), line, message, True, ("fill", printable(edit.path), "")
    )


def print_findings(findings: Sequence[Finding], form: str, name: str) -> None:
    """Print the findings of a command in one of the formats."""
    if form == "sarif":
        print_json(sarif(findings))
        return
    for line in github(findings) if form == "github" else junit(findings, name):
        click.echo(line.encode("utf-8", "backslashreplace"))


def github(findings: Iterable[Finding]) -> Iterable[str]:
    """Give findings as workflow commands, which GitHub shows beside the lines of the files."""
    for one in findings:
        line = f",line={one.line}" if one.line else ""
        title = _property(f"recommender: {one.code}")
        yield f"::{_LEVELS[one.kind.severity]} file={_property(one.path)}{line},title={title}::{_data(one.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """Give findings as a log of the Static Analysis Results Interchange Format, 2.1.0."""
    codes = sorted({one.code for one in findings})
    kinds = {one.code: KINDS.get(one.code, one.kind) for one in findings}
    rules = [
        {
            "id": code,
            "shortDescription": {"text": kinds[code].summary},
            "help": {"text": kinds[code].remedy},
            "defaultConfiguration": {"level": kinds[code].severity},
        }
        for code in codes
    ]
    numbers = {code: number for number, code in enumerate(codes)}
    driver = {"name": "recommender", "version": __version__, "rules": rules}
    seen = Counter[tuple[str, ...]]()
    results = [_result(one, numbers, seen) for one in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(one: Finding, numbers: Mapping[str, int], seen: Counter[tuple[str, ...]]) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(one.path), "uriBaseId": "%SRCROOT%"}}
    if one.line:
        place["region"] = {"startLine": one.line}
    seen[one.identity] += 1
    identity = "\0".join((*one.identity, str(seen[one.identity])))
    return {
        "ruleId": one.code,
        "ruleIndex": numbers[one.code],
        "level": one.kind.severity,
        "message": {"text": one.message},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"recommender/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }


def junit(findings: Sequence[Finding], name: str) -> Iterable[str]:
    """Give findings as a report of JUnit: a test case each, which failed where the finding fails the run."""
    failed = sum(one.fails for one in findings)
    counts = f'tests="{max(1, len(findings))}" failures="{failed}" errors="0" skipped="0"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites {counts}>"
    yield f'<testsuite name="{escape(name)}" {counts}>'
    if not findings:
        yield f'<testcase classname="{escape(name)}" name="no finding"/>'
    for one in findings:
        yield from _testcase(one)
    yield "</testsuite>"
    yield "</testsuites>"


def _testcase(one: Finding) -> Iterable[str]:
    target = f" {one.identity[-1]}" if one.identity[-1] else ""
    place = f"{one.path}:{one.line}" if one.line else one.path
    text = escape(f"{place}: {one.message}")
    yield f'<testcase classname="{escape(one.path)}" name="{escape(one.code + target)}">'
    if one.fails:
        yield f'<failure type="{escape(one.code)}" message="{escape(one.message)}">{text}</failure>'
    else:
        yield f"<system-out>{text}</system-out>"
    yield "</testcase>"
