"""``related``: what an article or a draft should link to; of a site without settings too, as ``init`` takes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.options import JSON, MODEL, load, model_folder
from recommender.settings import Settings, find_settings

if TYPE_CHECKING:
    from recommender.model.model import Model


@click.command()
@click.argument("article", required=False, metavar="URL|ID|PATH")
@click.option("--limit", type=click.IntRange(1, 1000), help="How many links to show (default: the slots).")
@click.option("--explain", is_flag=True, help="Show the terms that make up each score.")
@click.option("--why", metavar="URL", help="Say why one article is shown, or which rule stopped it.")
@click.option("--text", "draft", type=click.File("rb"), help="Suggest links for a draft: a file, or - for stdin.")
@click.option("--lang", default="", help="Its language, where pages of several may be meant.")
@click.option("--version", default="", help="Its version, likewise.")
@MODEL
@JSON
def related(**options: Any) -> int:
    """Show what an article should link to, and why; a site without recommender.yml is detected and built first."""
    from recommender.model import ask
    from recommender.model.catalogue import Partition
    from recommender.site.files import MAX_BYTES

    settings = find_settings(Path.cwd())
    if (options["article"] is None) == (options["draft"] is None):
        raise click.UsageError("name one article by its url, id or path, or a draft with --text FILE")
    model = _model(options["model"], settings, options["article"])
    limit = options["limit"] or model.settings.slots
    if options["draft"] is not None:
        answer = ask.ask_draft(model, options["draft"].read(MAX_BYTES + 1), limit)
    else:
        answer = ask.ask(model, options["article"], limit, Partition(options["lang"], options["version"]))
    if options["why"]:
        printing.show_why(ask.why(answer, options["why"]), as_json=options["as_json"])
    else:
        printing.show_related(answer, explain=options["explain"], as_json=options["as_json"])
    return 0


def _model(folder: Path | None, settings: Settings, article: str | None) -> Model:
    """Load the saved model; where nothing here was set up, build one of the site that is found."""
    if folder is None and settings.home is None and not model_folder(None, settings).exists():
        from recommender.site.detection import find_site

        named = Path(article or "")
        site = find_site(named.absolute().parent if article and os.path.isfile(named) else Path.cwd())
        if site is not None:
            return _assumed(site)
    return load(folder, settings, lists=False)


def _assumed(site: Path) -> Model:
    """Build the model of a site in the user's cache folder, as far as it changed, and say what was assumed."""
    from recommender.build.site_build import build_site
    from recommender.model.redating import on_day
    from recommender.site.settings_file import assume_settings
    from recommender.system.clock import today
    from recommender.system.user_files import cache_folder, check_folder

    detected, settings = assume_settings(site)
    marker = f" ({detected.marker})" if detected.marker else ""
    printing.note(
        f"no recommender.yml: {site} is taken for a site of {detected.preset}{marker} with its pages in "
        f"{', '.join(detected.content)}; to check and keep that, run `recommender init` there"
    )
    folder = cache_folder(site)
    check_folder(folder)
    built = build_site(settings.content or site, settings, folder, printing.progress)
    return on_day(built.model, today())
