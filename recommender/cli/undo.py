"""``undo``: take the last writing run back."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from recommender.cli import printing
from recommender.cli.options import CONTENT, JSON, content_folder
from recommender.settings import find_settings


@click.command()
@CONTENT
@click.option("--write", is_flag=True, help="Edit the files. Without it the diff is printed and nothing is written.")
@click.option("--redo", is_flag=True, help="Do again what was taken back.")
@JSON
def undo(content: Path | None, write: bool, redo: bool, as_json: bool) -> int:
    """Take the last `fill --write` back, also an interrupted one; a file that changed since stays as it is."""
    from recommender.editing import fill
    from recommender.editing.undo import plan_undo

    settings = find_settings(Path.cwd())
    # Git needs no asking: each file holds exactly what the run wrote, and the record what stood there before.
    order = fill.Order(
        root=content_folder(content, settings),
        mode="undo",
        only=(),
        max_files=None,
        allow_dirty=True,
        allow_no_vcs=True,
        links_file=settings.links_file,
        with_diff=not (write or as_json),
    )
    with fill.writing(order.root, write):
        made = plan_undo(order, redo=redo)
        if write:
            done = fill.write_plan(order, dataclasses.replace(made, tally={}), printing.progress)
            printing.show_written(done, as_json=as_json)
            return 1 if done.problems else 0
        printing.show_undo(made, as_json=as_json)
        return 1 if made.problems else 0
