"""What a log of clicks tells, as a table for people and as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recommender.cli.printing import say

if TYPE_CHECKING:
    from recommender.evaluation.clicks import Clicks, Expected
    from recommender.evaluation.clicks import Followed as Model

    Followed = tuple[Clicks, Model, Sequence[Expected]]


def as_dict(found: Followed) -> dict[str, Any]:
    """Give what was found as plain values."""
    clicks, model, expected = found
    columns = zip(model.ranks, model.shown, model.clicked, model.looks, model.sure, strict=True)
    return {
        "days": list(clicks.days),
        "views": int(clicks.shown.sum()),
        "clicks": int(clicks.clicked.sum()),
        "not in the content": clicks.unknown,
        "ranks": [
            {"rank": rank, "shown": shown, "clicked": clicked, "looks": round(look, 6), "told by moved links": sure}
            for rank, shown, clicked, look, sure in columns
        ],
        "rankers": {
            one.name: {
                "clicks a view": one.clicks,
                "interval": list(one.interval),
                "covered": one.covered,
                **({"difference of the first": list(one.difference)} if one.difference else {}),
            }
            for one in expected
        },
    }


def show(found: Followed) -> None:
    """Print clicks by rank, and what each ranker's links would be clicked."""
    clicks, model, expected = found
    days = f" from {clicks.days[0]} to {clicks.days[1]}" if clicks.days[0] else ""
    say("")
    say(f"{clicks.shown.sum():,} links shown{days}, {clicks.clicked.sum():,} followed")
    if clicks.unknown:
        say(f"{clicks.unknown:,} lines name an article that is not in the content")
    if not model.ranks:
        return
    say(f"{'rank':>4}{'shown':>12}{'followed':>10}{'share':>9}{'looked at':>11}")
    for rank, shown, clicked, look, sure in zip(
        model.ranks, model.shown, model.clicked, model.looks, model.sure, strict=True
    ):
        share = clicked / shown if shown else 0.0
        say(f"{rank:>4}{shown:>12,}{clicked:>10,}{share:>9.2%}{look:>11.2f}{'' if sure else '  a guess'}")
    if not all(model.sure):
        say("a guess: no link stood at that rank and at another, so all ranks' links are taken for as good")
    say("")
    width = max(len(one.name) for one in expected)
    say(f"{'clicks a view at the first rank':<{width}}{'':2}{'known links':>34}")
    for one in expected:
        low, high = one.interval
        line = f"{one.name:<{width}}  {one.clicks:.4f} [{low:.4f}, {high:.4f}]{one.covered:>12.1%}"
        if one.difference:
            gap, least, most = one.difference
            line += f"  {expected[0].name} - {one.name}: {gap:+.4f} [{least:+.4f}, {most:+.4f}]"
        say(line)
