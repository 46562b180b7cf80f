"""The list of changes of a fill: for each file its list as it would be, and every link of it kept, added or dropped.

The terminal, the page and ``fill --json`` show this one list. It holds urls, scores of added links and verdicts; the
reasons, which take longer, are worked out for what is shown.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from recommender.article import Link
from recommender.markdown.link_blocks import Wanted, fold
from recommender.model.ask import rule_in_words
from recommender.model.model import Model
from recommender.model.reasons import reasons_in_words
from recommender.rules.editor_rules import EditorRules
from recommender.site.corpus import Corpus
from recommender.site.generated_links import Generated
from recommender.site.link_graph import graph_today
from recommender.site.link_verdicts import Judged, find_target

Scoring = Callable[[int, int], float]
CHANGES = ("kept", "corrected", "added", "dropped")
ORDERS = ("path", "score", "changes", "orphans")
COLUMNS = ("path", "url", "subject", "change", "slot", "link", "title", "score", "verdict", "instead", "decision")
# What a decision on an added link is called, by the section of the rules that holds it; the first that holds counts.
DECISIONS = {"block": "rejected", "pin": "pinned", "decided": "accepted"}
# A spreadsheet would take a text that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class LinkChange(NamedTuple):
    """One link of a list that a fill changes.

    ``change`` is one of CHANGES; ``slot`` is its place in the new list, of a dropped link that in the old one. ``url``
    is what the file says, ``target`` the url of the article that it leads to, "" for none. ``verdict`` says why it is
    dropped, "replaced" for a sound link. ``instead`` is the target or url of the link that an added one replaces, or
    that replaces a dropped one. ``score`` is that of an added link, None of any other.
    """

    change: str
    slot: int
    url: str
    target: str
    title: str
    verdict: str = ""
    instead: str = ""
    score: float | None = None


class ListChange(NamedTuple):
    """One article whose list a fill changes: the links of the new list in order, behind them the dropped ones."""

    path: str
    url: str
    title: str
    subject: str
    links: tuple[LinkChange, ...]

    @property
    def added(self) -> tuple[LinkChange, ...]:
        """The links that are new."""
        return tuple(link for link in self.links if link.change == "added")

    @property
    def verdicts(self) -> frozenset[str]:
        """Why links are dropped."""
        return frozenset(link.verdict for link in self.links if link.change == "dropped")

    @property
    def weakest(self) -> float:
        """The lowest score of an added link; 1 where there is none."""
        return min((link.score for link in self.links if link.score is not None), default=1.0)

    @property
    def changed(self) -> int:
        """How many links are not as they were."""
        return sum(link.change != "kept" for link in self.links)

    @property
    def decidable(self) -> tuple[str, ...]:
        """The articles that a decision on the whole list is about: the added ones, else those that stay."""
        added = tuple(link.target for link in self.added)
        return added or tuple(link.target for link in self.links if link.change != "dropped" and link.target)


def list_change(
    corpus: Corpus, row: int, judged: Sequence[Judged], wanted: Sequence[Wanted], score: Scoring
) -> ListChange:
    """Compare the links of an article, with their verdicts, with those that it shall have."""
    article = corpus.articles[row]
    before = {one.link.slot: one for one in judged}
    used = {want.source for want in wanted}
    gone = [one for slot, one in sorted(before.items()) if slot not in used]
    new = [want for want in wanted if want.source not in before]
    pairs = _replaced(gone, new)
    links = []
    for want in wanted:
        link = Link(want.slot, 0, want.id, want.title, want.subject, want.url)
        source = before.get(want.source)
        target = find_target(corpus, row, link).row if source is None else source.target
        url, title = _named(corpus, target, want.title or want.url)
        if source is not None:
            change = "kept" if _values(source.link) == _values(want) else "corrected"
            links.append(LinkChange(change, want.slot, want.url, url, title))
        else:
            left = pairs.get(want.slot)
            instead = (_named(corpus, left.target, "")[0] or left.link.url or left.link.id) if left else ""
            links.append(LinkChange("added", want.slot, want.url, url, title, "", instead, score(row, target)))
    for one in gone:
        url, title = _named(corpus, one.target, one.link.title or one.link.url or one.link.id)
        instead = next((link.target for link in links if pairs.get(link.slot) is one), "")
        verdict = "replaced" if one.sound else one.verdict
        links.append(LinkChange("dropped", one.link.slot, one.link.url, url, title, verdict, instead))
    return ListChange(article.path, article.url, article.title, article.subject, tuple(links))


def _named(corpus: Corpus, row: int, text: str) -> tuple[str, str]:
    """Give url and title of an article; of none, "" and what a file calls it."""
    return (corpus.articles[row].url, corpus.articles[row].title) if row >= 0 else ("", text)


def _values(link: Link | Wanted) -> tuple[str, ...]:
    return (link.id, fold(link.title), fold(link.subject), link.url)


def _replaced(gone: Sequence[Judged], new: Sequence[Wanted]) -> dict[int, Judged]:
    """Say which dropped link each new one replaces: that of its slot, else the first that none replaces yet."""
    slots = {one.link.slot: one for one in gone}
    pairs = {want.slot: slots.pop(want.slot) for want in new if want.slot in slots}
    left = deque(slots.values())
    for want in new:
        if want.slot not in pairs and left:
            pairs[want.slot] = left.popleft()
    return pairs


@dataclass(frozen=True)
class Reviewed:
    """What editors decided of links so far: by the urls of the article and of the one that it links to."""

    of: Mapping[tuple[str, str], str]

    @cached_property
    def articles(self) -> frozenset[str]:
        """The articles of which a link is decided."""
        return frozenset(url for url, _ in self.of)

    def link(self, url: str, target: str) -> str:
        """Give the decision on one link: accepted, pinned, rejected, or "" for none."""
        return self.of.get((url, target), "")

    def article(self, change: ListChange) -> str:
        """Give what a reviewed fill makes of an article: accepted, rejected (all added links), or "" for neither."""
        if change.url not in self.articles:
            return ""
        held = {self.link(change.url, target) for target in change.decidable}
        if held & {"accepted", "pinned"}:
            return "accepted"
        return "rejected" if held == {"rejected"} else ""


def reviewed(rules: EditorRules, canonical: Callable[[str], str] = str) -> Reviewed:
    """Read the decisions from the rules; ``canonical`` gives an article's own url for any that means it."""
    found: dict[tuple[str, str], str] = {}
    for section in reversed(DECISIONS):  # the first has the last word
        for rule in rules.pairs:
            if rule.kind == section:
                ends = canonical(rule.article), canonical(rule.other)
                found[ends] = DECISIONS[section]
                if section == "block" and not rule.one_way:
                    found[ends[::-1]] = DECISIONS[section]
    return Reviewed(found)


def helped(change: ListChange, orphans: Collection[str]) -> int:
    """Count the added links to articles that nothing links to so far."""
    return sum(link.target in orphans for link in change.added)


def orphans(corpus: Corpus, generated: Generated) -> frozenset[str]:
    """Give the urls of the articles that may be linked to and that nothing links to, copies included."""
    lonely = set(graph_today(corpus, generated).orphans.tolist())
    families = zip(corpus.articles, corpus.families, strict=True)
    return frozenset(article.url for article, family in families if family in lonely)


def selected(changes: Iterable[ListChange], subject: str = "", verdict: str = "") -> list[ListChange]:
    """Give the lists of articles of a subject, and those that drop a link for a verdict."""
    found = [one for one in changes if one.subject == subject] if subject else list(changes)
    return [one for one in found if verdict in one.verdicts] if verdict else found


def ordered(changes: Sequence[ListChange], order: str, orphans: Collection[str] = ()) -> list[ListChange]:
    """Sort lists: by path, weakest score first, most changes first, or most helped orphans first."""
    keys: dict[str, Callable[[ListChange], Any]] = {
        "path": lambda one: one.path,
        "score": lambda one: (one.weakest, one.path),
        "changes": lambda one: (-one.changed, one.path),
        "orphans": lambda one: (-helped(one, orphans), one.path),
    }
    return sorted(changes, key=keys[order])


def reasons(change: ListChange, model: Model) -> list[str]:
    """Say in words why each link of a list is added, and which rule drops it; "" where the verdict says it."""
    find = model.catalogue.urls.find
    row, targets = find(change.url), [find(link.target) if link.target else -1 for link in change.links]
    if row < 0:
        return [""] * len(targets)
    pairs = list(zip(change.links, targets, strict=True))
    added = [target for link, target in pairs if link.change == "added" and target >= 0]
    why = dict(zip(added, reasons_in_words(model, row, added), strict=True))
    return [
        why.get(target, "") if link.change == "added" else _forbidden(link, model, row, target)
        for link, target in pairs
    ]


def _forbidden(link: LinkChange, model: Model, row: int, target: int) -> str:
    """Name the rule that drops a link; "" where none does."""
    if link.verdict == "blocked" and target in model.decisions.blocks.get(row, ()):
        return f"{rule_in_words(model, 'blocked', target)}: {model.decisions.place('block', row, target)}"
    return ""


def as_dict(change: ListChange, model: Model) -> dict[str, Any]:
    """Give a list with all its links as plain values, ready for JSON."""
    links = [
        {"change": link.change, "slot": link.slot, "url": link.url, "title": link.title}
        | {name: value for name, value in (("article", link.target), ("verdict", link.verdict)) if value}
        | ({} if link.score is None else {"score": round(link.score, 9)})
        | ({"reason": why} if why else {})
        | ({"replaces" if link.change == "added" else "replaced_by": link.instead} if link.instead else {})
        for link, why in zip(change.links, reasons(change, model), strict=True)
    ]
    own = {"path": change.path, "url": change.url, "title": change.title, "subject": change.subject}
    return {**own, "links": links}


def as_csv(changes: Iterable[ListChange], decisions: Reviewed) -> str:
    """Write one line for each link of the lists."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in changes:
        for link in one.links:
            score = "" if link.score is None else f"{link.score:.4f}"
            texts = (one.path, one.url, one.subject, link.change, link.slot, link.target or link.url, link.title)
            row = (*texts, score, link.verdict, link.instead, decisions.link(one.url, link.target))
            writer.writerow([_cell(str(value)) for value in row])
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
