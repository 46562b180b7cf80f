"""Target and verdict of every curated link, worked out once for audit, evaluate, fill and the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recommender.article import Article, Link, is_id, url_forms
from recommender.corpus import Corpus
from recommender.related import fold

UNSOUND = ("dead", "ambiguous", "self", "copy", "hidden", "repeated")


@dataclass(frozen=True, slots=True)
class Judged:
    """One curated link with its verdict, the row of its target (-1 for none) and the keys that drifted."""

    link: Link
    verdict: str
    target: int
    drift: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether a reader is helped by it."""
        return self.verdict == "sound"


def judge_links(corpus: Corpus, row: int, generated: frozenset[str] = frozenset()) -> tuple[Judged, ...]:
    """Give the verdict of each link of one article, in order of the slots; the first verdict that applies.

    Links to the urls in ``generated`` are judged after the others: of two links to one family, a person's stays.
    """
    linked: set[int] = set()
    judged = []
    for link in sorted(corpus.articles[row].links, key=lambda link: link.url in generated):
        target, ambiguous = find_target(corpus, row, link)
        verdict = _verdict(corpus, row, target, linked, ambiguous=ambiguous)
        if verdict == "sound":
            linked.add(corpus.families[target])
        drift = drifted(corpus.articles[target], link) if verdict == "sound" else ()
        judged.append(Judged(link, verdict, target, drift))
    return tuple(sorted(judged, key=lambda one: one.link.slot))


def find_target(corpus: Corpus, row: int, link: Link) -> tuple[int, bool]:
    """Find the row that a link means: by its url, else by its id; -1 for none, and whether that is for ambiguity."""
    for url in url_forms(link.url) if link.url else ():
        if url in corpus.row_of:
            return corpus.row_of[url], False
        if url in corpus.ambiguous_urls:
            return -1, True
    rows = corpus.rows_of_id.get(link.id, ()) if is_id(link.id) else ()
    if not rows:
        return -1, False
    if len({corpus.families[member] for member in rows}) > 1:
        return -1, True
    return representative(corpus, rows, corpus.articles[row].subject), False


def representative(corpus: Corpus, rows: Iterable[int], subject: str) -> int:
    """Choose a family's member for an article of a subject: the one in that subject, else the smallest url."""
    members = sorted(rows)
    visible = [member for member in members if not corpus.articles[member].hidden] or members
    return next((member for member in visible if corpus.articles[member].subject == subject), visible[0])


def drifted(target: Article, link: Link) -> tuple[str, ...]:
    """Name the keys of a link that differ from its target's: id (of a target that has one), title, subject, url."""
    pairs = {
        "id": (link.id, target.id or link.id),
        "title": (fold(link.title), fold(target.title)),
        "subject": (fold(link.subject), fold(target.subject)),
        "url": (link.url, target.url),
    }
    return tuple(key for key, (written, actual) in pairs.items() if written != actual)


def _verdict(corpus: Corpus, row: int, target: int, linked: set[int], *, ambiguous: bool) -> str:
    if target < 0:
        return "ambiguous" if ambiguous else "dead"
    if target == row:
        return "self"
    family = corpus.families[target]
    if family == corpus.families[row]:
        return "copy"
    if corpus.articles[target].hidden:
        return "hidden"
    return "repeated" if family in linked else "sound"
