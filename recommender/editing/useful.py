"""Which changes of a plan are made first where only some are: those that help readers most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recommender.ranking.balance import BALANCED, FIRST, OUTRANKED

if TYPE_CHECKING:
    from recommender.editing.link_plan import Target

# What a change is worth: a bad link dropped or corrected, or an article's first link; a link more; a better one.
MENDED, MORE, BETTER = 3, 2, 1


def useful_rows(targets: Sequence[Target], count: int) -> set[int]:
    """Choose lists with at most ``count`` changed links in all: those whose changes are worth most, on average.

    What is changed in one list is changed together, so lists with more changes than are left are passed over.
    """
    taken, left = set[int](), count
    for target in sorted(targets, key=lambda one: (-_worth(one) / changed_links(one), one.row)):
        if changed_links(target) <= left:
            taken.add(target.row)
            left -= changed_links(target)
    return taken


def changed_links(target: Target) -> int:
    """Count the links that a list changes: one in the place of another is one change, links in a new order are one."""
    dropped = sum(count for name, count in target.tally.items() if name.startswith("dropped"))
    return max(1, target.tally.get("corrected", 0) + max(dropped, target.tally.get("added", 0)))


def _worth(target: Target) -> int:
    tally, exchanged = target.tally, {f"dropped {why}" for why in (BALANCED, OUTRANKED)}
    better = sum(count for name, count in tally.items() if name in exchanged)
    first = tally.get(f"dropped {FIRST}", 0)
    mended = sum(count for name, count in tally.items() if name.startswith("dropped")) - better - first
    more = max(0, tally.get("added", 0) - better - first)
    return MENDED * (mended + first + tally.get("corrected", 0)) + MORE * more + BETTER * better
