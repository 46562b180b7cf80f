"""What the rules of a site say of its pages: front matter, path and nouns to a Visibility."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from recommender.addresses import page_key, parse, unescaped
from recommender.dates import days_of
from recommender.markdown.front_matter import texts_at
from recommender.markdown.yaml_nodes import Value
from recommender.problems import printable, shorten
from recommender.rules.rule import BUILT_IN, DATED, HIDDEN, Rule, hidden_rule, meaning, says, target_rule
from recommender.visibility import ALWAYS, FIRST, LAST, Visibility

SHOWN = 60


class Page(NamedTuple):
    """What rules look at in a file: its front matter, its path with slashes, and the nouns of its article."""

    values: Mapping[str, Value]
    path: str
    url: str
    title: str
    subject: str


class Rules(NamedTuple):
    """The rules of a site, or those of them that can hold for a page, in the order in which they are written."""

    hidden: tuple[Rule, ...]
    never_suggest: tuple[Rule, ...]
    no_list: tuple[Rule, ...]


class _Known(dict[str, bool]):
    """Whether a rule may look at a key, whatever its capitals: a site has few keys, and a million places of them."""

    def __init__(self, keys: frozenset[str]) -> None:
        self.keys_in_lower_case = keys

    def __missing__(self, key: str) -> bool:
        found = self[key] = key.lower() in self.keys_in_lower_case
        return found


@dataclass(frozen=True)
class Reader:
    """Applies the rules of a site to its pages."""

    rules: Rules

    @cached_property
    def keys(self) -> frozenset[str]:
        """Top-level keys of the front matter that a rule may look at, in lower case."""
        return frozenset(key for rules in self.rules for rule in rules for key in _heads(rule))

    @cached_property
    def _known(self) -> _Known:
        return _Known(self.keys)

    @cached_property
    def _chosen(self) -> dict[frozenset[str], Rules]:
        """The rules that can hold for pages with some of the keys: few of a site's pages differ in them."""
        return {}

    def _rules_for(self, present: frozenset[str]) -> Rules:
        rules = self._chosen.get(present)
        if rules is None:
            lower = {key.lower() for key in present}
            rules = Rules(*(tuple(r for r in own if r.of or not lower.isdisjoint(_heads(r))) for own in self.rules))
            self._chosen[present] = rules
        return rules

    def read(self, page: Page) -> tuple[Visibility, list[tuple[str, str]]]:
        """Give what the rules say of a page, and the keys that should hold a date and hold another text."""
        known = self._known
        held = [key for key in page.values if known[key]]
        rules = self._rules_for(frozenset(held))
        page = page._replace(values={key: page.values[key] for key in held})
        found, odd = ALWAYS, list[tuple[str, str]]()
        for rule in rules.hidden:
            found = _hidden_by(rule, page, found, odd)
        never = tuple(rule.text for rule in rules.never_suggest if _holds(rule, page))
        no_list = tuple(rule.text for rule in rules.no_list if _holds(rule, page))
        return (found._replace(never=never, no_list=no_list) if never or no_list else found), odd

    def unused(self, found: Iterable[Visibility], paths: Collection[str]) -> list[str]:
        """Name the rules of the settings that fit no article; of ``hidden`` those that were written for paths."""
        own = [rule for rule in self.rules.hidden if rule.of and rule.text not in HIDDEN]
        never, no_list = set[str](), set[str]()
        for visibility in found:
            never.update(visibility.never)
            no_list.update(visibility.no_list)
        barring = self.rules.never_suggest[len(BUILT_IN) :]
        return [
            *(f"hidden: {rule.text}" for rule in own if not any(map(rule.pattern.fullmatch, paths))),
            *(f"never_suggest: {rule.text}" for rule in barring if rule.text not in never),
            *(f"no_list: {rule.text}" for rule in self.rules.no_list if rule.text not in no_list),
        ]


def reader_of(hidden: Sequence[str], never: Sequence[str], no_list: Sequence[str], keys: tuple[str, str]) -> Reader:
    """Put together what applies the rules of some settings; ``keys`` are those of an article's date and of hidden ones.

    Raises:
        ValueError: a text is no rule.
    """
    barring = (*BUILT_IN, *map(target_rule, never))
    return Reader(Rules(tuple(hidden_rule(text, *keys) for text in hidden), barring, tuple(map(target_rule, no_list))))


def _heads(rule: Rule) -> list[str]:
    return [part.lower() for key in rule.keys for part in (key, key.partition(".")[0])]


def _hidden_by(rule: Rule, page: Page, found: Visibility, odd: list[tuple[str, str]]) -> Visibility:
    if rule.of:
        return found if not _holds(rule, page) else _without_date(found, rule.text, for_good=rule.for_good)
    for key in rule.keys:
        for text in _texts_at(page.values, key):
            if rule.value not in DATED:
                if says(text, rule.value):
                    reason = f"{key}: {shorten(printable(text.strip()), SHOWN)}"
                    found = _without_date(found, reason, for_good=rule.for_good)
            elif days := days_of(text):
                found = _with_date(found, key, days, rule.value)
            elif text.strip() and not isinstance(meaning(text), bool):
                odd.append((key, text))
    return found


def _without_date(found: Visibility, reason: str, *, for_good: bool) -> Visibility:
    """Hide a page whatever the day; the first reason is the one that is told."""
    if for_good:
        return found if found.last == FIRST else found._replace(last=FIRST, gone=reason)
    return found if found.first == LAST else found._replace(first=LAST, to_come=reason)


def _with_date(found: Visibility, key: str, days: tuple[int, int], word: str | bool) -> Visibility:
    """Hide a page before or after a date; of a month or a year the reading counts that hides it for less long."""
    earliest, latest = days
    if word == "future":
        return found if found.first >= earliest else found._replace(first=earliest, to_come=key)
    return found if found.last <= latest else found._replace(last=latest, gone=key)


def _holds(rule: Rule, page: Page) -> bool:
    if not rule.of:
        return any(says(text, rule.value) for key in rule.keys for text in _texts_at(page.values, key))
    return any(rule.pattern.fullmatch(text) for text in _nouns(rule.of, page))


def _nouns(of: str, page: Page) -> tuple[str, ...]:
    if of == "path":
        return (page.path,)
    if of == "name":
        return tuple(text.rstrip("/").rpartition("/")[2] for text in (page.path, page.url) if "404" in text)
    if of == "url":
        address = parse(page.url)
        url = address.path + address.decoration
        return unescaped(url).rstrip("/"), page_key(url)
    return ((page.title if of == "title" else page.subject).casefold(),)


def _texts_at(values: Mapping[str, Value], dotted: str) -> tuple[str, ...]:
    """Give the text at a dotted key, or those of a list; a key is found in other capitals too."""
    return texts_at(values, dotted, _at)


def _at(values: Mapping[str, Value], key: str) -> Value:
    if key in values:
        return values[key]
    lower = key.lower()
    return next((value for name, value in values.items() if name.lower() == lower), None)
