"""``watch``: keep the model current while an editor works."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from recommender.cli import printing
from recommender.cli.build import say_missing, say_read
from recommender.cli.options import CONTENT, MODEL, content_folder, model_folder
from recommender.errors import RecommenderError
from recommender.problems import Problem
from recommender.settings import Settings, find_settings
from recommender.system.clock import stamp
from recommender.system.threads import require
from recommender.system.user_files import check_folder

# How long to gather changes before a build, and how often to look whether to stop, in ms.
GATHERED, PAUSE = 400, 500


@click.command()
@CONTENT
@MODEL
def watch(content: Path | None, model: Path | None) -> int:
    """Build, and build again whenever an article changes, until Ctrl-C; a running `serve` takes each new model."""
    from watchfiles import watch as changes_below

    from recommender.site.corpus import check_content
    from recommender.site.files import printed

    settings = find_settings(Path.cwd())
    root, folder = content_folder(content, settings), model_folder(model, settings)
    check_content(root)
    check_folder(folder)
    if printed(str(root)) != str(root):
        raise RecommenderError(f"CONTENT {root} is no UTF-8, so it cannot be watched; rename it, or run `build`")
    require(2)  # without them the library ends the process
    # It watches before the first build, so that no change falls between the two.
    changes = changes_below(
        root,
        watch_filter=is_of_content(root, folder),
        debounce=GATHERED,
        rust_timeout=PAUSE,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    told: Sequence[Problem] | None = None
    for found in changes:
        if found or told is None:
            told = _build(root, settings, folder, told or ())
    return 0


def is_of_content(root: Path, model: Path) -> Callable[[object, str], bool]:
    """Tell by its path whether a change may be one of the content: a Markdown file, or a folder that came or went."""
    from recommender.site.files import is_article_name, is_skipped, is_walked

    top, away = Path(os.path.realpath(root)), Path(os.path.realpath(model))

    def of_content(_: object, path: str) -> bool:
        place = Path(path)
        if not place.is_relative_to(top) or place.is_relative_to(away) or not is_walked(str(top), path):
            return False
        return is_article_name(place.name) or (not is_skipped(path) and (not place.suffix or place.is_dir()))

    return of_content


def _build(root: Path, settings: Settings, folder: Path, told: Sequence[Problem]) -> Sequence[Problem]:
    """Build, and say what is wrong with the files unless it was told before; give what is wrong with them now."""
    from recommender.build.site_build import build_site

    begun = time.monotonic()
    try:
        built = build_site(root, settings, folder, printing.progress)
    except RecommenderError as error:  # the next change may mend it; until then the model from before stays
        printing.complain(str(error))
        return told
    seconds = time.monotonic() - begun
    say_read(built)
    printing.say(f"{stamp()} {len(built.model):,} of {built.files:,} files are articles; built in {seconds:.1f} s")
    if built.problems != told:
        printing.show_problems(built.problems)
        say_missing(built)
    return built.problems
