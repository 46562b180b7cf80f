"""An editor goes through the list of changes link by link: what each key decides, and the rules that keep it. Pure.

Accepting a link writes it to ``decided``, pinning to ``pin``. Rejecting makes a block one way: what does not help the
readers of one article may well help those of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from recommender.editing.changes import DECISIONS, LinkChange, ListChange, Reviewed
from recommender.problems import printable, shorten
from recommender.rules.editor_rules import PairRule

KEYS = "a accept  r reject  p pin  s skip  b back  o open  q quit"
BULK = "accept all: A of this article  S of this subject  + of at least this score"
WIDTH = 100
Pair = tuple[str, str]


@dataclass(frozen=True)
class Session:
    """Where an editor stands: before the decision ``place`` of ``pairs``, which lead from lists to articles by url.

    ``added`` and ``removed`` are the rules that the last key asks for, ``opened`` the path that it wants to see.
    """

    lists: tuple[ListChange, ...]
    pairs: tuple[tuple[int, str], ...]
    decisions: Reviewed
    place: int = 0
    added: tuple[PairRule, ...] = ()
    removed: tuple[PairRule, ...] = ()
    opened: str = ""
    message: str = ""
    ended: bool = False

    @property
    def left(self) -> int:
        """Count the links without a decision."""
        return sum(not self.decisions.link(self.lists[number].url, target) for number, target in self.pairs)


def rules_for(decision: str, pairs: Iterable[Pair]) -> tuple[tuple[PairRule, ...], tuple[PairRule, ...]]:
    """Give the rules that a decision adds and takes out, for links by the urls of article and target; "" takes all out.

    A block both ways, which a person wrote, stays.
    """
    own = tuple(dict.fromkeys(pairs))
    section = next((name for name, said in DECISIONS.items() if said == decision), "")
    added = [PairRule(section, *pair, one_way=section == "block") for pair in own] if section else []
    others = [name for name in DECISIONS if name != section]
    removed = [PairRule(name, *pair, one_way=name == "block") for pair in own for name in others]
    return tuple(added), tuple(removed)


def start(lists: Sequence[ListChange], decisions: Reviewed) -> Session:
    """Begin at the first link that nobody decided on; a list without new links is decided as a whole."""
    pairs = [(number, link) for number, one in enumerate(lists) for link in _asked(one)]
    return _onward(Session(tuple(lists), tuple(pairs), decisions, -1))


def _asked(change: ListChange) -> tuple[str, ...]:
    return change.decidable if change.added else change.decidable[:1]


def press(session: Session, key: str) -> Session:
    """Give the session after one key; an unknown key changes nothing but the message."""
    session = replace(session, message="", added=(), removed=(), opened="")
    if key == "q":
        return replace(session, ended=True)
    if key == "b" and session.place:
        return replace(session, place=session.place - 1)
    if key == "b":
        return replace(session, message="this is the first link")
    if session.place < len(session.pairs):
        if key == "s":
            return _onward(session)
        number, target = session.pairs[session.place]
        change = session.lists[number]
        if key == "o":
            return replace(session, opened=change.path)
        if key in _DECIDED:
            return _decided(session, _DECIDED[key], [(change.url, one) for one in _with(change, target)])
        if key in _MEANT:
            return _decided(session, "accepted", _MEANT[key](session, change, target))
    return replace(session, message=f"'{printable(key)}' is no key here")


def _with(change: ListChange, target: str) -> tuple[str, ...]:
    """Give what is decided at once: one new link, or all links of a list that is only repaired."""
    return (target,) if change.added else change.decidable


def _open(session: Session, changes: Iterable[ListChange], least: float = 0.0) -> list[Pair]:
    """Give the new links of lists on which nobody decided, of at least a score; of a repaired list all links."""
    found = []
    for one in changes:
        scores = {link.target: link.score for link in one.added}
        found += [(one.url, target) for target in one.decidable if (scores.get(target) or 1.0) >= least]
    return [pair for pair in found if not session.decisions.link(*pair)]


def _of_article(session: Session, change: ListChange, target: str) -> list[Pair]:
    return _open(session, [change])


def _of_subject(session: Session, change: ListChange, target: str) -> list[Pair]:
    return _open(session, [one for one in session.lists if one.subject == change.subject])


def _of_score(session: Session, change: ListChange, target: str) -> list[Pair]:
    score = next((link.score for link in change.added if link.target == target), None)
    return [] if score is None else _open(session, [one for one in session.lists if one.added], score)


_DECIDED = {"a": "accepted", "r": "rejected", "p": "pinned"}
_MEANT = {"A": _of_article, "S": _of_subject, "+": _of_score}


def _decided(session: Session, decision: str, pairs: Sequence[Pair]) -> Session:
    """Note a decision on some links and go on to the next link without one."""
    if not pairs:
        return replace(session, message="nothing is left to decide there")
    added, removed = rules_for(decision, pairs)
    known = Reviewed({**session.decisions.of, **dict.fromkeys(pairs, decision)})
    said = f"{len(pairs):,} link{'s' * (len(pairs) > 1)} {decision}"
    return _onward(replace(session, decisions=known, added=added, removed=removed, message=said))


def _onward(session: Session) -> Session:
    """Go to the next link without a decision, or past the end."""
    place = session.place + 1
    while place < len(session.pairs):
        number, target = session.pairs[place]
        if not session.decisions.link(session.lists[number].url, target):
            break
        place += 1
    return replace(session, place=place)


def page(session: Session, reasons: Sequence[str]) -> list[str]:
    """Say in lines what an editor has to see: the article, its list after the fill, the link in question, the keys.

    ``reasons`` has one entry for each link of the article's list, "" where there is nothing to say.
    """
    said = [f"  {session.message}"] if session.message else []
    if session.place >= len(session.pairs):
        left = f"{session.left:,} left without a decision" if session.left else "every link is decided"
        return [f"the end of the list; {left}; b back, q quit", *said]
    number, target = session.pairs[session.place]
    change = session.lists[number]
    head = f"{number + 1:,} of {len(session.lists):,} articles, {session.left:,} links to decide"
    subject = f"  ({change.subject})" if change.subject else ""
    lines = [head, "", f"{shorten(change.title, WIDTH)}{subject}", f"  {change.path}", ""]
    for link, reason in zip(change.links, reasons, strict=True):
        asked = link.target in _with(change, target) and link.change != "dropped"
        lines += _line(link, session.decisions.link(change.url, link.target), reason, asked=asked)
    return [*lines, "", KEYS, BULK, *said]


def _line(link: LinkChange, decision: str, reason: str, *, asked: bool) -> list[str]:
    score = "" if link.score is None else f"  {link.score:.3f}"
    about = [link.verdict] if link.verdict else []
    about += [f"{'replaces' if link.change == 'added' else 'replaced by'} {link.instead}"] if link.instead else []
    state = f"  [{decision}]" if decision and link.change != "dropped" else ""
    first = f"{'>' if asked else ' '} {link.slot:>2} {link.change:<9} {shorten(link.title, WIDTH - 30)}{score}{state}"
    return [first, *(f"       {shorten(text, WIDTH)}" for text in [", ".join(about), reason] if text)]
