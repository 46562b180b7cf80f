"""Rules added to the text of ``recommender.rules.yml`` and taken out: one line a rule, sorted, all else as it is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from recommender.errors import SettingsError
from recommender.rules.editor_rules import (
    NO_RULES,
    RULES_FILE,
    SECTIONS,
    EditorRules,
    PageRule,
    PairRule,
    rules_in_text,
)

Rule = PairRule | PageRule
_HEAD = re.compile(r"([a-z_]+):[ \t]*(#.*)?\n?")
_PLAIN = re.compile(r"[/\w][\w/.~%+=-]*", re.ASCII)
_ENTRY = re.compile(r"\s+\S")


def with_rules(text: str, added: Iterable[Rule], removed: Iterable[Rule] = ()) -> str:
    """Add rules to a text and take others out of it; comments, order and all other lines stay.

    Raises:
        SettingsError: the text is no rules file, or written in a form in which one of the rules cannot be changed.
    """
    before = rules_in_text(text)
    bad = [problem.line for problem in before.problems if problem.code == "bad-rule"]
    if bad:  # what is no rule would be taken for a line that no rule needs
        raise SettingsError(f"{RULES_FILE}, line {bad[0]}: no rule; mend it first")
    gone = {_key(rule) for rule in removed}
    kept = {key: rule for key, rule in _all(before).items() if key not in gone}
    wanted = kept | {_key(rule): rule for rule in added}
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    for section in SECTIONS:
        own = [rule for key, rule in wanted.items() if key[0] == section]
        if {_key(rule) for rule in own} != {key for key in _all(before) if key[0] == section}:
            _rewrite(lines, section, own)
    changed = "".join(lines)
    if not text.startswith("\n"):
        changed = changed.lstrip("\n")  # where the first section went
    try:
        after = rules_in_text(changed)
    except SettingsError:
        after = NO_RULES
    if set(_all(after)) != set(wanted) or any(problem.code == "bad-rule" for problem in after.problems):
        raise SettingsError(f"{RULES_FILE}: its form does not allow to change it; write the rule by hand")
    return changed


def _all(rules: EditorRules) -> dict[tuple[object, ...], Rule]:
    together: list[Rule] = [*rules.pairs, *rules.pages]
    return {_key(rule): rule for rule in together}


def _key(rule: Rule) -> tuple[object, ...]:
    if isinstance(rule, PageRule):
        return rule.kind, rule.text
    ends = sorted(rule[1:3]) if rule.kind == "block" and not rule.one_way else rule[1:3]
    return rule.kind, *ends, rule.one_way


def _rewrite(lines: list[str], section: str, rules: list[Rule]) -> None:
    """Bring the entries of a section in line with its rules: lines that still hold stay, others go, new ones come."""
    start = next((n for n, line in enumerate(lines) if (head := _HEAD.fullmatch(line)) and head[1] == section), None)
    entries = _entries(section, rules)
    if start is None:
        lines += ["\n"] if lines and lines[-1].strip() else []
        lines += [f"{section}:\n", *entries]
        return
    stop = next((n for n in range(start + 1, len(lines)) if re.match(r"[^\s#]", lines[n])), len(lines))
    while stop > start + 1 and not _ENTRY.match(lines[stop - 1]):
        stop -= 1
    old, wanted = lines[start + 1 : stop], set(entries)
    new = [line for line in old if line.lstrip().startswith("#") or not line.strip() or _plain(line) in wanted]
    held = set(map(_plain, new))
    gone = (line for line in old if _plain(line) not in held)
    behind = {_name(line): line.rstrip("\n")[len(_plain(line).rstrip("\n")) :] for line in gone}
    fresh = [entry for entry in entries if entry not in held]
    new = _merged(new, fresh, [f"{entry[:-1]}{behind.get(_name(entry), '')}\n" for entry in fresh])
    if not entries and not new:
        start -= start > 0 and not lines[start - 1].strip()  # with the blank line before it
    lines[start:stop] = [lines[start], *new] if entries or new else []


def _merged(lines: list[str], entries: list[str], written: list[str]) -> list[str]:
    """Put new entries, sorted, each before the first line that is greater, as they are to be written."""
    highest = list(accumulate((_plain(line) if _ENTRY.match(line) else "" for line in lines), max))
    out, before = list[str](), 0
    for entry, line in zip(entries, written, strict=True):
        place = bisect_right(highest, entry)
        out += [*lines[before:place], line]
        before = max(before, place)
    return [*out, *lines[before:]]


def _plain(line: str) -> str:
    """Give a line without the comment behind its rule."""
    return re.sub(r"[ \t]+#.*", "", line)


def _name(line: str) -> str:
    """Give the article that a line of pins is about."""
    return line.partition(": ")[0].strip()


def _entries(section: str, rules: list[Rule]) -> list[str]:
    """Write the rules of a section, a line each, sorted; pins of one article in their order."""
    if section in ("pin", "decided"):
        others: dict[str, list[str]] = {}
        for rule in rules:
            if isinstance(rule, PairRule):
                others.setdefault(rule.article, []).append(rule.other)
        return sorted(f"  {_quoted(url)}: [{', '.join(map(_quoted, own))}]\n" for url, own in others.items())
    return sorted(f"  - {_item(rule)}\n" for rule in rules)


def _item(rule: Rule) -> str:
    if isinstance(rule, PageRule):
        return rule.text if rule.text.startswith("{") else _quoted(rule.text)
    one, other = _quoted(rule.article), _quoted(rule.other)
    return f"{{from: {one}, to: {other}}}" if rule.one_way else f"[{one}, {other}]"


def _quoted(text: str) -> str:
    """Write a text as YAML reads it back: plain where it is an ordinary path, else in single quotes."""
    return text if _PLAIN.fullmatch(text) else "'" + text.replace("'", "''") + "'"
