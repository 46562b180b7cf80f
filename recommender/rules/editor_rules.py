"""What editors decided of single links and pages: the text of ``recommender.rules.yml`` to rules, and to rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from typing import NamedTuple

from recommender.errors import FileProblem, SettingsError
from recommender.markdown.yaml_nodes import Mapped, Node, Scalar, compose, plain
from recommender.problems import Problem, printable, shorten
from recommender.rules import rule_lines
from recommender.rules.rule import parsed_rule

RULES_FILE = "recommender.rules.yml"
# 100,000 rules with urls of some 60 characters.
MAX_RULES = 16 * 1024 * 1024
PAIRS = rule_lines.PAIRS
PAGES = ("never_suggest", "no_list")
SECTIONS = (*PAIRS, *PAGES)
BLOCK_FORM = "a block is [/a, /b] (both ways) or {from: /a, to: /b}"
LIST_FORM = "write the url of an article and the urls it is about: `/a: [/b, /c]`"


class PairRule(NamedTuple):
    """One decision on a link, by urls: ``kind`` is one of PAIRS; a block holds both ways unless it is ``one_way``."""

    kind: str
    article: str
    other: str
    one_way: bool = False
    line: int = 0


class PageRule(NamedTuple):
    """One rule on pages, as the settings of the same name have it."""

    kind: str
    text: str
    line: int = 0


@dataclass(frozen=True)
class EditorRules:
    """All rules of a file in the order in which they stand there, and what is wrong with others."""

    pairs: tuple[PairRule, ...] = ()
    pages: tuple[PageRule, ...] = ()
    problems: tuple[Problem, ...] = ()

    def page_rules(self, kind: str) -> tuple[str, ...]:
        """Give the texts of the rules of one kind."""
        return tuple(rule.text for rule in self.pages if rule.kind == kind)


@dataclass(frozen=True)
class Decisions:
    """The same by rows of a site: ``pins`` in their order, whom each may not link to, and what counts as curated.

    ``lines`` has the line of each pair of rows by its kind.
    """

    pins: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    blocks: Mapping[int, frozenset[int]] = field(default_factory=dict)
    decided: Mapping[int, frozenset[int]] = field(default_factory=dict)
    lines: Mapping[tuple[str, int, int], int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @cached_property
    def accepted(self) -> Mapping[int, tuple[int, ...]]:
        """Whom each article may link to by an editor's word: pins in their order, then what was decided."""
        rows = {*self.pins, *self.decided}
        return {
            row: tuple(dict.fromkeys((*self.pins.get(row, ()), *sorted(self.decided.get(row, ()))))) for row in rows
        }

    def place(self, kind: str, row: int, other: int) -> str:
        """Say where a rule stands."""
        return f"{RULES_FILE}, line {self.lines.get((kind, row, other), 0)}"


NO_RULES, NO_DECISIONS = EditorRules(), Decisions()


def rules_in_text(text: str, file: str = RULES_FILE) -> EditorRules:
    """Read the rules of a file; what is none becomes a problem with its line, and the others hold.

    Raises:
        SettingsError: the whole is not YAML, or larger than 16 MiB.
    """
    return read_rules(text, file)[0]


def read_rules(text: str, file: str) -> tuple[EditorRules, bool]:
    """Read rules as ``rules_in_text`` does, and tell whether those on links took the parser of YAML."""
    if len(text) > MAX_RULES:
        raise SettingsError(f"{file}: larger than 16 MiB; take rules out")
    reading = _Reading()
    apart = rule_lines.split(text)
    if apart is not None:
        text = apart[1]
        for rule in apart[0]:
            reading.pair(PairRule(*rule), rule[-1])
    try:
        top = compose(text if text.endswith("\n") else text + "\n", MAX_RULES)
    except FileProblem as problem:
        line = f", line {problem.line - 1}" if problem.line else ""
        raise SettingsError(f"{file}{line}: {problem.reason}; mend the YAML") from None
    if top is not None and not isinstance(top, Mapped):
        raise SettingsError(f"{file}: not a mapping; it holds {', '.join(f'{name}:' for name in SECTIONS)}")
    for key, value in top.value if top is not None else ():
        reading.section(key, value)
    return EditorRules(*reading.found()), apart is None


class _Reading:
    """Collects the rules and problems of one text."""

    def __init__(self) -> None:
        self.pairs: dict[tuple[str, str, str, bool], PairRule] = {}
        self.pages: dict[tuple[str, str], PageRule] = {}
        self.problems: list[Problem] = []

    def found(self) -> tuple[tuple[PairRule, ...], tuple[PageRule, ...], tuple[Problem, ...]]:
        return tuple(self.pairs.values()), tuple(self.pages.values()), tuple(self.problems)

    def line(self, node: Node) -> int:
        return int(node.start_mark.line) + 1

    def say(self, code: str, node: Node, value: str, reason: str = "") -> None:
        self.say_at(code, self.line(node), value, reason)

    def say_at(self, code: str, line: int, value: str, reason: str) -> None:
        self.problems.append(Problem(code, RULES_FILE, line, value=shorten(printable(value)), reason=reason))

    def section(self, key: Node, value: Node) -> None:
        name = key.value if isinstance(key, Scalar) else ""
        if name not in SECTIONS:
            self.say("bad-rule", key, str(name), f"unknown section; known: {', '.join(SECTIONS)}")
        elif isinstance(value, Scalar) and value.tag == "null":
            return
        elif name in ("pin", "decided"):
            self.lists(name, value)
        else:
            items = [value] if isinstance(value, (Scalar, Mapped)) else value.value
            for item in items:
                self.block(item) if name == "block" else self.page(name, item)

    def lists(self, kind: str, value: Node) -> None:
        if not isinstance(value, Mapped):
            self.say("bad-rule", value, kind, LIST_FORM)
            return
        for key, targets in value.value:
            urls = _url_nodes(targets)
            if not isinstance(key, Scalar) or not key.value.strip() or urls is None:
                self.say("bad-rule", key, str(getattr(key, "value", kind)), LIST_FORM)
                continue
            for node in urls:
                self.pair(PairRule(kind, key.value.strip(), node.value.strip(), line=self.line(node)), self.line(node))

    def block(self, item: Node) -> None:
        rule = None
        if isinstance(item, Mapped):
            named = {key.value: value for key, value in item.value if isinstance(key, Scalar)}
            ends = [named.get("from"), named.get("to")]
            if len(named) == len(item.value) == 2 and all(_is_url(end) for end in ends):
                urls = [end.value.strip() for end in ends if end]
                rule = PairRule("block", urls[0], urls[1], True, self.line(item))
        elif not isinstance(item, Scalar) and len(item.value) == 2 and all(_is_url(end) for end in item.value):
            urls = [end.value.strip() for end in item.value]
            rule = PairRule("block", urls[0], urls[1], line=self.line(item))
        if rule is None:
            self.say("bad-rule", item, _shown(item), BLOCK_FORM)
        else:
            self.pair(rule, self.line(item))

    def pair(self, rule: PairRule, line: int) -> None:
        ends = sorted(rule[1:3]) if rule.kind == "block" and not rule.one_way else rule[1:3]
        earlier = self.pairs.setdefault((rule.kind, *ends, rule.one_way), rule)
        if earlier is not rule:
            self.say_at("duplicate-rule", line, _in_words(rule), f"it stands in line {earlier.line} too")

    def page(self, kind: str, item: Node) -> None:
        try:
            text = parsed_rule(kind, plain(item, repeat(0, 100), 0))
        except (ValueError, FileProblem) as error:
            self.say("bad-rule", item, _shown(item), str(error))
            return
        rule = PageRule(kind, text, self.line(item))
        earlier = self.pages.setdefault((kind, text), rule)
        if earlier is not rule:
            self.say("duplicate-rule", item, f"{kind}: {text}", f"it stands in line {earlier.line} too")


def _url_nodes(node: Node) -> list[Node] | None:
    """Give the nodes of urls, of one or of a list; None where another thing stands there."""
    nodes = [node] if isinstance(node, Scalar) else [] if isinstance(node, Mapped) else list(node.value)
    return nodes if nodes and all(map(_is_url, nodes)) else None


def _is_url(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.tag != "null" and bool(node.value.strip()) and node.value.isprintable()


def _shown(node: Node, depth: int = 3) -> str:
    """Give what stands there on one line, as YAML writes short lists and mappings; aliases may make it endless."""
    if isinstance(node, Scalar) or not depth:
        return str(node.value) if isinstance(node, Scalar) else "…"
    if isinstance(node, Mapped):
        return f"{{{', '.join(f'{_shown(k, depth - 1)}: {_shown(v, depth - 1)}' for k, v in node.value[:9])}}}"
    return f"[{', '.join(_shown(item, depth - 1) for item in node.value[:9])}]"


def _in_words(rule: PairRule) -> str:
    return f"{rule.kind} {rule.article} {rule.other}"


def decide(rules: EditorRules, find: Callable[[str], int], barred: Callable[[int], str]) -> Decisions:
    """Find the pages that the rules on links mean; what means none, or speaks against another, is a problem.

    ``find`` gives the row of a url, negative for none, ``barred`` says why a row is never shown, "" where it may be.
    A block wins over a pin, and a page that is not shown over both.
    """
    problems = list(rules.problems)
    lines: dict[tuple[str, int, int], int] = {}
    found = [(rule, find(rule.article), find(rule.other)) for rule in rules.pairs]
    for rule, row, other in found:
        if wrong := _stale(rule, row, other):
            problems.append(wrong)
            continue
        lines.setdefault((rule.kind, row, other), rule.line)
        if rule.kind == "block" and not rule.one_way:
            lines.setdefault((rule.kind, other, row), rule.line)
    for rule, row, other in found:
        if rule.kind == "pin" and ("pin", row, other) in lines:
            blocked = lines.get(("block", row, other))
            reason = f"line {blocked} blocks the link, and that holds" if blocked else barred(other)
            problems += [_problem("rule-conflict", rule, reason)] if reason else []
    return _by_rows(lines, tuple(problems))


def _by_rows(lines: Mapping[tuple[str, int, int], int], problems: tuple[Problem, ...]) -> Decisions:
    pins: dict[int, list[int]] = {}
    sets: dict[str, dict[int, set[int]]] = {"block": {}, "decided": {}}
    for kind, row, other in lines:
        if kind != "pin":
            sets[kind].setdefault(row, set()).add(other)
        elif ("block", row, other) not in lines:
            pins.setdefault(row, []).append(other)
    frozen = {kind: {row: frozenset(others) for row, others in own.items()} for kind, own in sets.items()}
    ordered = {row: tuple(others) for row, others in pins.items()}
    return Decisions(ordered, frozen["block"], frozen["decided"], lines, problems)


def _stale(rule: PairRule, row: int, other: int) -> Problem | None:
    gone = [url for url, found in ((rule.article, row), (rule.other, other)) if found < 0]
    if gone:
        return _problem("stale-rule", rule, f"no page has the url {shorten(', '.join(gone), 300)}")
    return _problem("rule-conflict", rule, "it names one page twice") if row == other else None


def _problem(code: str, rule: PairRule, reason: str) -> Problem:
    return Problem(code, RULES_FILE, rule.line, value=shorten(_in_words(rule)), reason=reason)
