"""``export``: the ranked lists of all articles for other programs, or as static files for pages."""

from __future__ import annotations

from pathlib import Path

import click

from recommender import output
from recommender.commands.site import MODEL, exclude, load, saved_model
from recommender.settings import Settings, find_settings


@click.command()
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["json-lines", "json-files"]),
    default="json-lines",
    show_default=True,
    help="All lists in one FILE, or a static file for each article in DIR: only what changed is written.",
)
@click.option("--limit", type=click.IntRange(1, 20), help="Links per article, at most 20 (default: the slots).")
@click.option("--output", "target", type=click.Path(path_type=Path), help="FILE of the JSON lines, - for stdout.")
@MODEL
def export(folder: Path | None, form: str, limit: int | None, target: Path | None, model: Path | None) -> int:
    """Write the ranked lists of all articles: as JSON lines to --output FILE, or as static files into DIR."""
    settings = find_settings(Path.cwd())
    if form == "json-files":
        exclude("form", ["target"], "json-files go into a folder: `recommender export --format json-files DIR`")
        if folder is None:
            raise click.UsageError("json-files go into a folder: `recommender export --format json-files DIR`")
        return _write_files(folder, saved_model(model, settings), settings, limit)
    exclude("folder", ["form", "target"], "JSON lines go into one file: `recommender export --output FILE`")
    if target is None or folder is not None:
        raise click.UsageError("JSON lines go into one file: `recommender export --output FILE`, - for stdout")
    from recommender.rankers import lists_of
    from recommender.user_files import check_target

    if str(target) != "-":
        check_target(target)
    loaded = load(model, settings)
    output.write_lists(lists_of(loaded, limit or loaded.settings.slots), target)
    return 0


def _write_files(folder: Path, model: Path, settings: Settings, limit: int | None) -> int:
    from recommender.jsonfiles import export_files
    from recommender.service.current import Served
    from recommender.store import open_model, read_manifest
    from recommender.user_files import check_folder

    check_folder(folder)
    manifest = read_manifest(model)
    served = Served(open_model(model, manifest), manifest["version"], "")
    done = export_files(served, limit or served.model.settings.slots, folder, output.progress)
    output.show_exported(done, folder)
    return 1 if done.left_out else 0
