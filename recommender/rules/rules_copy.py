"""A parsed copy of a large rules file in the user's cache folder, kept by the digest of its text and of this code.

Rules that stand one a line are read as fast without: this is for those of any other form, where YAML takes seconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from recommender.problems import KINDS, Problem
from recommender.rules.editor_rules import SECTIONS, EditorRules, PageRule, PairRule, read_rules
from recommender.system.disk import make_folders, replace_file
from recommender.system.user_files import cache_folder

# Characters from which on a copy is worth its file.
LARGE = 256 * 1024


def rules_by_copy(text: str, file: Path) -> EditorRules:
    """Read the rules of a file's text, from the copy where there is one of this text; a large text may leave one.

    Raises:
        SettingsError: as ``rules_in_text``.
    """
    if len(text) < LARGE:
        return read_rules(text, str(file))[0]
    from recommender.system.code_version import edition  # noqa: PLC0415  (only here is numpy needed)

    key = hashlib.sha256(f"{edition(__name__)}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
    copy = cache_folder(file.parent) / f"rules-{key[:32]}.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, RecursionError):  # whatever stands there
        if not copy.is_symlink():
            return _rules(json.loads(copy.read_bytes()))
    rules, by_yaml = read_rules(text, str(file))
    if by_yaml:
        with contextlib.suppress(OSError):  # a disk that is full or read-only costs time alone
            _write(copy, rules)
    return rules


def _write(copy: Path, rules: EditorRules) -> None:
    problems = [[one.code, one.path, one.line, one.value, one.reason] for one in rules.problems]
    values = {"pairs": rules.pairs, "pages": rules.pages, "problems": problems}
    make_folders(copy.parent, mode=0o700)
    for other in copy.parent.glob("rules-*.json"):
        other.unlink(missing_ok=True)
    replace_file(copy, json.dumps(values).encode(), durable=False)


def _rules(values: dict[str, Any]) -> EditorRules:
    """Make rules of a copy.

    Raises:
        ValueError, TypeError, KeyError: it is not of the form in which it was written.
    """
    pairs = tuple(PairRule(*row) for row in values["pairs"])
    pages = tuple(PageRule(*row) for row in values["pages"])
    problems = tuple(
        Problem(code, path, line, value=value, reason=reason) for code, path, line, value, reason in values["problems"]
    )
    kinds = {rule.kind for rule in pairs} | {rule.kind for rule in pages}
    if not kinds <= set(SECTIONS) or any(one.code not in KINDS for one in problems):
        raise ValueError("of another form")
    return EditorRules(pairs, pages, problems)
