"""``build``: read what changed, rank, choose, and publish the model."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.options import CONTENT, JSON, MODEL, content_folder, model_folder
from recommender.problems import unusable
from recommender.settings import find_settings
from recommender.system import parallel
from recommender.system.user_files import check_folder

if TYPE_CHECKING:
    from recommender.build.site_build import Built
    from recommender.model.model import Model

# Files that the last line of a build names.
NAMED = 5


@click.command()
@CONTENT
@click.option("--verify-bytes", is_flag=True, help="Compare the bytes of every file with what the last build read.")
@click.option("--scheduler", metavar="ADDRESS", help="Read and rank on the workers of this Dask scheduler.")
@click.option("--allow-problems", is_flag=True, help="Exit with 0 although files could not be used.")
@MODEL
@JSON
def build(content: Path | None, model: Path | None, scheduler: str | None, as_json: bool, **options: Any) -> int:
    """Read the site, rank it, choose the links, and save all that as a model; unchanged files are not read again."""
    from recommender.build.site_build import build_site

    settings = find_settings(Path.cwd())
    folder, root = model_folder(model, settings), content_folder(content, settings)
    check_folder(folder)
    with contextlib.ExitStack() as stack:
        if scheduler is not None:
            from recommender.build.cluster import connected

            root = root.absolute()  # workers have other working directories
            stack.enter_context(parallel.on(stack.enter_context(connected(scheduler, root))))
        built = build_site(root, settings, folder, printing.progress, verify=options["verify_bytes"])
    say_read(built)
    printing.show_build(built.model, built.files, built.problems, folder, as_json=as_json)
    _say_if_all_are_empty(built.model)
    if built.read is None:  # once: later builds find what this one read
        printing.mention_embeddings()
    allowed = options["allow_problems"]
    missing = say_missing(built, "" if allowed else "; so the exit code is 1, which --allow-problems makes 0")
    return 1 if missing and not allowed else 0


def say_read(built: Built) -> None:
    """Say how few files a build had to read, where an earlier one had read the others."""
    if built.read is not None:
        printing.note(f"{built.read:,} of {built.files:,} files read; the others are as the last build read them")


def say_missing(built: Built, consequence: str = "") -> bool:
    """Name on stderr the files that could not be used, and tell whether there are any."""
    missing = unusable(built.problems)
    if missing:
        named = ", ".join(missing[:NAMED]) + (", …" if len(missing) > NAMED else "")
        printing.note(f"{len(missing):,} of {built.files:,} files are not in the model: {named}{consequence}")
    return bool(missing)


def _say_if_all_are_empty(model: Model) -> None:
    """Say on stderr why no article has a link, which settings can do."""
    if len(model) < 2 or len(model.chosen.rows):
        return
    if model.vectors.rows.columns:
        reason = f"{model.catalogue.urls[0]}: {model.choose_for(0).reason(model.settings.slots)}"
    else:
        reason = f"no article has a word in {', '.join(model.settings.weighted)}"
    printing.note(f"every list is empty; {reason}; look at the settings fields, text, parts, floor and same_question_*")
