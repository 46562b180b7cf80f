"""Candidates to the links that are shown: one function for every fill mode, for the look-ups and for ``--why``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

# Rule that stops a candidate -> how it is said.
RULES = {
    "family": "it is a copy of the article itself",
    "hidden": "it is hidden",
    "never-suggested": "it is never suggested",
    "blocked": "a rule of the editors forbids the link",
    "other-language": "it is of another language, or of another version",
    "linked-in-text": "the text of the article links to it already",
    "other-copy": "another copy of it stands for both: the one in the article's subject, else the smallest url",
    "below-floor": "its score is below the floor",
    "same-question": "it asks the same question as the article",
    "linked": "it, or a copy of it, is in the list already",
    "repeats-link": "it asks the same question as another link of the list",
    "list-full": "the list is full with better links",
    "not-near": "others are nearer, and only the nearest articles are looked at",
    "not-a-candidate": "it shares no word that counts with the article",
    "no-list": "the article gets no list",
}

# A partition is the number of a language times that, plus the number of a version, 0 for none.
VERSIONS = 1 << 15


def apart(own: Any, other: Any) -> Any:
    """Tell whether one of a partition may not link to another: of another language, or of another version but none.

    Both are whole numbers, or one is an array of them.
    """
    return (other != own) & (other != own - own % VERSIONS)


class Candidate(NamedTuple):
    """An article by its row, and its score; a tuple, because a build makes two million."""

    row: int
    score: float


class Rejected(NamedTuple):
    """A candidate that is not shown, the rule that stopped it, and the row of the link it collided with (or -1)."""

    row: int
    score: float
    rule: str
    by: int = -1


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown, best first, what a rule stopped, and ``rest``: candidates that came when the list was full.

    ``copies`` counts the other members of the asking family: most are no candidates, as the search leaves them out.
    ``no_list`` are the rules by which the article gets no list at all.
    """

    shown: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]
    rest: tuple[Candidate, ...] = ()
    copies: int = 0
    no_list: str = ""

    def reason(self, wanted: int) -> str:
        """Say why fewer links are shown than wanted; "" where none is missing."""
        if self.no_list:
            return f"{RULES['no-list']} (no_list: {self.no_list})"
        if len(self.shown) >= wanted:
            return ""
        counts = Counter(rejected.rule for rejected in self.rejected)
        if self.copies:
            counts["family"] = self.copies
        if not self.shown and not counts:
            return "no other article shares a word that counts with this one"
        stopped = ", ".join(f"{count} {rule}" for rule, count in sorted(counts.items()))
        return f"{len(self.shown)} of {wanted} found; stopped: {stopped or 'none, there are no more candidates'}"


@dataclass(frozen=True)
class Rules:
    """What choosing needs to know of the site; the sequences have one entry an article.

    ``barred`` holds "" or the rule that bars a row from every list (hidden, never-suggested). ``like`` gives
    the rows that ask the same question as a row, with their likeness; a threshold of 0 turns that filter off.
    ``apart`` tells whether two rows are of two languages or versions.
    """

    families: Sequence[int]
    excluded: Sequence[str]
    subject: Callable[[int], str]
    members: Mapping[int, tuple[int, ...]]
    like: Callable[[int], Mapping[int, float]]
    floor: float
    same_question_article: float
    same_question_list: float
    apart: Callable[[int, int], bool] = lambda asking, other: False


@dataclass(frozen=True)
class Asking:
    """Who asks: the family (-1 for a draft), the subject, what asks the same question already, and what bars its list.

    ``no_list`` are the rules by which it gets none, "" where it gets one. ``row`` is -1 for a draft. ``linked`` are
    the families that its text links to, where they are passed over. ``pinned`` come first whatever their scores, and
    no article of the ``blocked`` families is shown.
    """

    family: int
    subject: str
    like: Mapping[int, float]
    no_list: str = ""
    row: int = -1
    linked: frozenset[int] = frozenset()
    pinned: tuple[Candidate, ...] = ()
    blocked: frozenset[int] = frozenset()


def choose(asking: Asking, candidates: Sequence[Candidate], kept: Sequence[int], limit: int, rules: Rules) -> Choice:
    """Walk a ranking from the best and take what no rule stops, until ``limit`` links are shown.

    ``kept`` are rows that the list holds already: they are not shown again, and stop what repeats them.
    """
    if asking.no_list:
        return Choice((), (), no_list=asking.no_list)
    shown: list[Candidate] = []
    rejected: list[Rejected] = []
    copies = max(0, len(rules.members.get(asking.family, ())) - 1)
    taken = {rules.families[row]: row for row in kept}
    repeats: dict[int, int] = {}
    for row in kept:
        _note_repeats(row, rules, repeats)
    for pin in asking.pinned:
        family = rules.families[pin.row]
        if len(shown) < limit and family not in taken and not _barred(asking, pin.row, rules):
            shown.append(pin)
            taken[family] = pin.row
            _note_repeats(pin.row, rules, repeats)
    for place, candidate in enumerate(candidates):
        if len(shown) >= limit:
            return Choice(tuple(shown), tuple(rejected), tuple(candidates[place:]), copies)
        row, score = candidate
        family = rules.families[row]
        stopped = _stopped(asking, candidate, rules)
        if stopped:
            rejected.append(Rejected(row, score, *stopped))
        elif family in taken:
            rejected.append(Rejected(row, score, "linked", taken[family]))
        elif row in repeats:
            rejected.append(Rejected(row, score, "repeats-link", repeats[row]))
        else:
            shown.append(candidate)
            taken[family] = row
            _note_repeats(row, rules, repeats)
    return Choice(tuple(shown), tuple(rejected), (), copies)


def blockers(asking: Asking, candidate: Candidate, kept: Sequence[int], rules: Rules) -> tuple[int, ...] | None:
    """Give the rows of a list beside which a candidate may not stand; None where it may stand in no such list."""
    if asking.no_list or _stopped(asking, candidate, rules):
        return None
    row, family, least = candidate.row, rules.families[candidate.row], rules.same_question_list
    alike = {other for other, likeness in rules.like(row).items() if 0 < least <= likeness}
    return tuple(
        one
        for one in kept
        if rules.families[one] == family or one in alike or 0 < least <= rules.like(one).get(row, 0.0)
    )


def representative(row: int, subject: str, rules: Rules) -> int:
    """Choose the member of a row's family that is shown: in the asking subject, else the smallest url."""
    family = rules.members.get(rules.families[row])
    if family is None:
        return row
    members = [member for member in family if not rules.excluded[member]]
    return next((member for member in members if rules.subject(member) == subject), members[0] if members else row)


def _stopped(asking: Asking, candidate: Candidate, rules: Rules) -> tuple[str, int] | None:
    row, score = candidate
    family = rules.families[row]
    if barred := _barred(asking, row, rules):
        return barred, -1
    if asking.row >= 0 and rules.apart(asking.row, row):
        return "other-language", -1
    if family in asking.linked:
        return "linked-in-text", -1
    if family in rules.members and (standing := representative(row, asking.subject, rules)) != row:
        return "other-copy", standing
    if score < rules.floor or score <= 0:
        return "below-floor", -1
    if row in asking.like and 0 < rules.same_question_article <= asking.like[row]:
        return "same-question", -1
    return None


def _barred(asking: Asking, row: int, rules: Rules) -> str:
    family = rules.families[row]
    if family == asking.family:
        return "family"
    return rules.excluded[row] or ("blocked" if family in asking.blocked else "")


def _note_repeats(row: int, rules: Rules, repeats: dict[int, int]) -> None:
    for other, likeness in rules.like(row).items():
        if 0 < rules.same_question_list <= likeness:
            repeats.setdefault(other, row)
