"""``changes``: which links each article gained and lost between two models, and why."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.options import JSON, near, saved_model
from recommender.errors import ModelError
from recommender.settings import Settings, find_settings

if TYPE_CHECKING:
    from recommender.model.changes import ListChange
    from recommender.model.model import Model


@click.command()
@click.argument("old", required=False, type=click.Path(path_type=Path))
@click.argument("new", required=False, type=click.Path(path_type=Path))
@JSON
def changes(**options: Any) -> int:
    """List the links that each article gained and lost from one model to another, by default the last two of a site.

    OLD and NEW are folders of models; without NEW the site's own is meant, without OLD what that was before.
    """
    from recommender.model.changes import changes as compare

    settings = find_settings(Path.cwd())
    old, new = _models(options["old"], options["new"], settings)
    found = list(compare(old, new))
    if options["as_json"]:
        printing.print_json({"lists": [_as_dict(one) for one in found], "reasons": _reasons(found)})
        return 0
    for one in found:
        printing.say(f"{one.url}{f'  ({one.article})' if one.article else ''}")
        for link in one.links:
            scores = " -> ".join("none" if score is None else f"{score:.4f}" for score in (link.before, link.after))
            printing.say(f"  {'+' if link.gained else '-'} {link.url}  {link.reason}: {scores}")
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in _reasons(found).items())
    gained = sum(link.gained for one in found for link in one.links)
    lost = sum(len(one.links) for one in found) - gained
    printing.note(
        f"{len(found):,} of {len(new):,} lists changed: {gained:,} links gained, {lost:,} lost"
        + (f"; {reasons}" if reasons else "")
    )
    return 0


def _models(old: Path | None, new: Path | None, settings: Settings) -> tuple[Model, Model]:
    from recommender.model.store import load_model
    from recommender.model.versions import model_before

    folder = saved_model(new, settings)
    before = load_model(old) if old else model_before(folder)
    if before is None:
        raise ModelError(f"{near(folder)} holds one model alone; there is another once the site was built again")
    return before, load_model(folder)


def _as_dict(one: ListChange) -> dict[str, object]:
    return {"url": one.url, "article": one.article, "links": [link._asdict() for link in one.links]}


def _reasons(found: list[ListChange]) -> dict[str, int]:
    counts = Counter(link.reason for one in found for link in one.links)
    return {reason: counts[reason] for reason in sorted(counts, key=lambda reason: (-counts[reason], reason))}
