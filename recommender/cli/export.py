"""``export``: the ranked lists of all articles for other programs, or as static files for pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.options import JSON, MODEL, PATH, exclude, load, saved_model
from recommender.problems import shorten
from recommender.settings import Settings, find_settings
from recommender.system.user_files import check_folder, check_target, write_target

if TYPE_CHECKING:
    from recommender.export.static_files import Exported


@click.command()
@click.argument("folder", required=False, metavar="[DIR]", type=PATH)
@click.option(
    "--format",
    "form",
    type=click.Choice(["json-lines", "json-files", "widget"]),
    default="json-lines",
    show_default=True,
    help="All lists in one FILE; a static file for each article in DIR: only what changed is written; or the script "
    "of <related-articles> in FILE.",
)
@click.option("--limit", type=click.IntRange(1, 20), help="Links per article, at most 20 (default: the slots).")
@click.option("--output", "target", type=PATH, help="FILE of the JSON lines, - for stdout.")
@MODEL
@JSON
def export(folder: Path | None, form: str, target: Path | None, as_json: bool, **options: Any) -> int:
    """Write the ranked lists of all articles: as JSON lines to --output FILE, or as static files into DIR."""
    if form == "widget":
        return _write_widget(folder, target)
    settings = find_settings(Path.cwd())
    if form == "json-files":
        exclude("form", ["target"], "json-files go into a folder: `recommender export --format json-files DIR`")
        if folder is None:
            raise click.UsageError("json-files go into a folder: `recommender export --format json-files DIR`")
        done = _write_files(folder, saved_model(options["model"], settings), options["limit"])
        _show_files(done, folder, as_json=as_json)
        return 1 if done.left_out else 0
    exclude("folder", ["form", "target"], "JSON lines go into one file: `recommender export --output FILE`")
    if target is None or folder is not None:
        raise click.UsageError("JSON lines go into one file: `recommender export --output FILE`, - for stdout")
    if str(target) == "-" and as_json:
        raise click.UsageError("--output - prints the lists on stdout, so --json has no place there; name a FILE")
    _write_lines(target, settings, options, as_json=as_json)
    return 0


def _write_widget(folder: Path | None, target: Path | None) -> int:
    from importlib.resources import files

    if target is None or folder is not None:
        raise click.UsageError("the widget is one file: `recommender export --format widget --output recommender.js`")
    script = (files("recommender") / "service" / "static" / "recommender.js").read_bytes()
    if str(target) == "-":
        click.echo(script, nl=False)
    else:
        check_target(target)
        write_target(target, script)
    return 0


def _write_lines(target: Path, settings: Settings, options: Mapping[str, Any], *, as_json: bool) -> None:
    from recommender.evaluation.rankers import lists_of

    if str(target) != "-":
        check_target(target)
    model = load(options["model"], settings)
    lists = lists_of(model, options["limit"] or model.settings.slots)
    write_lists(lists, target)
    if as_json:
        printing.print_json({"output": str(target), "lists": len(lists)})
    elif str(target) != "-":
        printing.note(f"{len(lists):,} lists written to {target}")


def write_lists(lists: Mapping[str, Sequence[str]], target: Path) -> None:
    """Write ranked lists as JSON lines, or to stdout for ``-``."""
    rows = (json.dumps({"url": url, "related": list(found)}, ensure_ascii=False) for url, found in lists.items())
    # Bytes: files are UTF-8, whatever the encoding of stdout.
    data = "".join(row + "\n" for row in rows).encode("utf-8")
    if str(target) == "-":
        click.echo(data, nl=False)
    else:
        write_target(target, data)


def _write_files(folder: Path, model: Path, limit: int | None) -> Exported:
    from recommender.export.static_files import export_files
    from recommender.model.redating import on_day, with_rules
    from recommender.model.store import open_model, read_manifest
    from recommender.system.clock import today

    check_folder(folder)
    manifest = read_manifest(model)
    own = with_rules(on_day(open_model(model, manifest), today()), find_settings(Path.cwd()).editor_rules)
    return export_files(own, manifest["version"], limit or own.settings.slots, folder, printing.progress)


def _show_files(done: Exported, folder: Path, *, as_json: bool) -> None:
    """Say what an export of files did, and which articles have none."""
    if as_json:
        left_out = [{"url": url, "reason": reason} for url, reason in done.left_out]
        counts = {"written": done.written, "unchanged": done.unchanged, "deleted": done.deleted}
        printing.print_json({"folder": str(folder), **counts, "left_out": left_out})
        return
    for url, reason in done.left_out:
        printing.note(f"{shorten(url)}: no file: {reason}")
    printing.note(
        f"{done.written + done.unchanged:,} files in {folder}: {done.written:,} written, "
        f"{done.unchanged:,} as they were, {done.deleted:,} of gone articles deleted"
    )
