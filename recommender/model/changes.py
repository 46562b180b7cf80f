"""What changed between two models of a site: which links each article gained and lost, and for what reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from recommender.model.model import Model
from recommender.ranking.selection import Candidate, choose

# Reasons beside the rules of choosing, whose names stand for themselves.
NEW_ARTICLE, GONE, NEW_SCORE = "new article", "article gone", "new score"
# Of links whose own scores did not rise, or fall: what stood before them went, or came.
ROOM, OTHERS = "room in the list", "others in the list"
# What a score decides, rules or not.
_BY_SCORE = ("below-floor", "list-full", "not-near", "not-a-candidate")


class Change(NamedTuple):
    """One link that a list gained or lost: the target's url, its scores before and after, None for none, and why."""

    url: str
    gained: bool
    before: float | None
    after: float | None
    reason: str


class ListChange(NamedTuple):
    """What changed in the list of one article, gained links first; ``article`` is "new", "gone" or ""."""

    url: str
    article: str
    links: tuple[Change, ...]


def changes(old: Model, new: Model) -> Iterator[ListChange]:
    """Compare the lists of two models, by url; give those that differ in their links, in order of the urls."""
    before, after = old.catalogue.urls.all(), new.catalogue.urls.all()
    old_rows, new_rows = _rows(before), _rows(after)
    for url in sorted({*before, *after}):
        row, now = old_rows.get(url, -1), new_rows.get(url, -1)
        had = [before[other] for other in _shown(old, row)]
        has = [after[other] for other in _shown(new, now)]
        gained, lost = [one for one in has if one not in had], [one for one in had if one not in has]
        if gained or lost:
            ends = (old, old_rows, row), (new, new_rows, now)
            links = [_change(*ends, one, gained=True) for one in gained]
            links += [_change(*ends, one, gained=False) for one in lost]
            yield ListChange(url, "new" if row < 0 else "gone" if now < 0 else "", tuple(links))


_Side = tuple[Model, dict[str, int], int]


def _rows(urls: Sequence[str]) -> dict[str, int]:
    return {url: row for row, url in enumerate(urls)}


def _shown(model: Model, row: int) -> list[int]:
    return [one.row for one in model.chosen.of(row, model.settings.slots)] if row >= 0 else []


def _change(old: _Side, new: _Side, url: str, *, gained: bool) -> Change:
    """Say why a link came or went: by the side where it is not in the list."""
    without, known = (old if gained else new), [side[1].get(url, -1) for side in (old, new)]
    if min(old[2], known[0]) < 0:
        reason = NEW_ARTICLE
    elif min(new[2], known[1]) < 0:
        reason = GONE
    else:
        reason = _rule(without[0], without[2], without[1][url])
    before, after = _score(old, url), _score(new, url)
    if not reason:
        moved = (after or 0.0) - (before or 0.0)
        reason = NEW_SCORE if (moved > 0 if gained else moved < 0) else ROOM if gained else OTHERS
    return Change(url, gained, before, after, reason)


def _score(side: _Side, url: str) -> float | None:
    model, rows, row = side
    return round(model.score_between(row, rows[url]), 6) if row >= 0 and url in rows else None


def _rule(model: Model, row: int, other: int) -> str:
    """Give the rule that stops an article beside the links of a list that score more, "" where its score does."""
    score = model.score_between(row, other)
    beside = [one.row for one in model.chosen.of(row, model.settings.slots) if one.score > score]
    choice = choose(model.asking(row), [Candidate(other, score)], beside, model.settings.slots, model.rules)
    stopped = "no-list" if choice.no_list else next((one.rule for one in choice.rejected), "")
    return "" if stopped in _BY_SCORE else stopped
