"""``status``: how old the model is, what changed since it was built, and whether that is too old."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from recommender.cli import printing
from recommender.cli.options import CONTENT, JSON, MODEL, content_folder, model_folder, read_site
from recommender.errors import ModelError
from recommender.settings import Settings, find_settings

DAY = 86_400
# Files that are named in each list.
NAMED = 5


@click.command()
@CONTENT
@click.option(
    "--max-age",
    type=click.IntRange(1),
    metavar="DAYS",
    help="Exit with 1 when changes wait for a model older than that.",
)
@MODEL
@JSON
def status(content: Path | None, max_age: int | None, model: Path | None, as_json: bool) -> int:
    """Say how old the model is, which articles changed since it was built, and how many no link leads to."""
    settings = find_settings(Path.cwd())
    found = _status(content_folder(content, settings), settings, model_folder(model, settings))
    limit = max_age or settings.max_age
    found["max_age_days"] = limit
    found["stale"] = _is_stale(found, limit)
    if as_json:
        printing.print_json(found)
    else:
        _show(found)
    return 1 if found["stale"] else 0


def _is_stale(found: Mapping[str, Any], limit: int) -> bool:
    """Tell whether the site goes without a model that fits, for longer than the limit, or has none at all."""
    if not found["built_at"]:
        return True
    return bool(limit and not found["fits"] and found["age_seconds"] > limit * DAY)


def _status(root: Path, settings: Settings, folder: Path) -> dict[str, Any]:
    from recommender.model.redating import hidden_on
    from recommender.model.store import load_model
    from recommender.settings import ranking_settings
    from recommender.site.generated_links import read_generated
    from recommender.site.link_graph import graph_today
    from recommender.system import clock

    corpus = read_site(root, settings)
    found: dict[str, Any] = {
        "model": str(folder),
        "built_at": "",
        "fits": False,
        "problem": "",
        "articles": len(corpus.articles),
        "orphans": len(graph_today(corpus, read_generated(settings.links_file)).orphans),
    }
    now = {article.path: article.source_digest for article in corpus.articles}
    before: dict[str, str] = {}
    try:
        model = hidden_on(load_model(folder), corpus.day)
    except ModelError as error:
        found["problem"] = str(error)
    else:
        age = clock.now() - datetime.datetime.fromisoformat(model.built_at)
        found |= {"built_at": model.built_at, "age_seconds": max(0, int(age.total_seconds()))}
        found["fits"] = model.fits(corpus, settings)
        found["other_settings"] = ranking_settings(model.settings) != ranking_settings(settings)
        digests = (digest.tobytes().hex() for digest in model.catalogue.sources)
        before = dict(zip(model.catalogue.paths.some(range(len(model))), digests, strict=True))
    found["added"] = sorted(now.keys() - before.keys())
    found["changed"] = sorted(path for path in now.keys() & before.keys() if now[path] != before[path])
    found["removed"] = sorted(before.keys() - now.keys())
    return found


def _show(found: Mapping[str, Any]) -> None:
    if found["built_at"]:
        age = found["age_seconds"]
        days = f"{age // DAY:,} days" if age >= 2 * DAY else f"{age // 3600:,} hours" if age >= 7200 else "new"
        printing.say(f"model:    {found['model']}, built {found['built_at']}, {days}")
        for name in ("added", "changed", "removed"):
            paths = found[name]
            more = ", …" if len(paths) > NAMED else ""
            named = f": {', '.join(paths[:NAMED])}{more}" if paths else ""
            printing.say(f"{name + ':':<9} {len(paths):,} articles since the build{named}")
        if found["other_settings"]:
            printing.say("settings: other ones than those of the build")
    else:
        printing.say(f"model:    none; {found['problem']}")
    printing.say(f"orphans:  {found['orphans']:,} of {found['articles']:,} articles have no link to them")
    printing.say(f"state:    {_state(found)}")


def _state(found: Mapping[str, Any]) -> str:
    if found["fits"]:
        return "the model fits the content"
    limit = f", and changes may wait for {found['max_age_days']:,} days" if found["max_age_days"] else ""
    return f"{'stale' if found['stale'] else 'behind'}: run `recommender build`{limit}"
