"""``build``: read what changed, rank, choose, and publish the model."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from recommender.cli import printing
from recommender.cli.options import CONTENT, JSON, MODEL, content_folder, model_folder
from recommender.problems import unusable
from recommender.settings import Settings, find_settings
from recommender.system import parallel
from recommender.system.user_files import check_folder

if TYPE_CHECKING:
    from recommender.build.pipeline import Vectorised
    from recommender.model.model import Model
    from recommender.problems import Problem

# Articles from which on memory is given back while a model is built; a smaller site has some 200 MB to give.
LARGE = 100_000
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
    settings = find_settings(Path.cwd())
    folder, root = model_folder(model, settings), content_folder(content, settings)
    check_folder(folder)
    with contextlib.ExitStack() as stack:
        if scheduler is not None:
            from recommender.build.cluster import connected

            root = root.absolute()  # workers have other working directories
            stack.enter_context(parallel.on(stack.enter_context(connected(scheduler, root))))
        built = build_changed(root, settings, folder, verify=options["verify_bytes"])
    printing.show_build(built.model, built.files, built.problems, folder, as_json=as_json)
    _say_if_all_are_empty(built.model)
    allowed = options["allow_problems"]
    missing = say_missing(built, "" if allowed else "; so the exit code is 1, which --allow-problems makes 0")
    return 1 if missing and not allowed else 0


@dataclass(frozen=True)
class Built:
    """A published model, how many files were found for it, articles or not, and what is wrong with them."""

    model: Model
    files: int
    problems: Sequence[Problem]


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


@parallel.no_collection()
def build_changed(root: Path, settings: Settings, folder: Path, *, verify: bool = False) -> Built:
    """Build and publish a model from the site as it is now, with the help of the index and model of the last build.

    A model of this content, these settings and this code stays as it is.
    """
    from recommender.build.incremental import find_changes
    from recommender.build.pipeline import vectorise

    found = find_changes(root, settings, folder, printing.progress, verify=verify)
    if found.read is not None:
        printing.note(f"{found.read:,} of {found.files:,} files read; the others are as the last build read them")
    described, model, files, problems = found.described, found.model, found.files, found.problems
    if described is None:
        return Built(cast("Model", model), files, problems)
    # Of a million articles their counts take gigabytes, which ranking needs.
    del found
    if len(described.catalogue) > LARGE:
        parallel.give_back()
    vectorised = vectorise(described, settings, again=model is not None)
    del described
    return Built(publish(vectorised, settings, folder, model), files, problems)


def publish(vectorised: Vectorised, settings: Settings, folder: Path, before: Model | None = None) -> Model:
    """Rank a site, with the help of a model that was made alike, and save the model."""
    from recommender.build.pipeline import rank
    from recommender.model.store import save_model

    model = rank(vectorised, settings, printing.now(), printing.progress, before)
    save_model(model, folder)
    return model
