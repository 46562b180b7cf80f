"""The command that learns how much each part of a score counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recommender.cli import printing
from recommender.cli.options import CONTENT, JSON, MODEL, PATH, load, model_folder, read_site
from recommender.errors import ModelError, SettingsError
from recommender.settings import FILE_NAME, find_settings


@click.command()
@CONTENT
@click.option("--judgments", type=PATH, help="Grades to learn from, instead of curated links.")
@click.option("--links", is_flag=True, help="Learn from curated links beside the judgments, each as much.")
@click.option("--seed", type=click.IntRange(0), default=20260101, help="Seed of the halves and the interval.")
@click.option("--write", is_flag=True, help="Write the weights to recommender.yml.")
@MODEL
@JSON
def tune(content: Path | None, judgments: Path | None, model: Path | None, **options: Any) -> int:
    """Learn how much each part of a score counts, from curated links, judgments or both."""
    from recommender.cli import evaluation_tables
    from recommender.evaluation.ground_truth import Graded, Truth, curated_truth, graded_truth
    from recommender.evaluation.judgments import read_judgments
    from recommender.evaluation.tuning import tune as learn
    from recommender.site.generated_links import read_generated
    from recommender.site.settings_file import write_parts

    settings = find_settings(Path.cwd())
    if options["write"] and settings.home is None:
        raise SettingsError(f"there is no {FILE_NAME} to write to; make one: `recommender init`")
    grades = read_judgments(judgments) if judgments else None
    corpus = read_site(content, settings)
    printing.show_unread(corpus.problems)
    loaded = load(model, settings)
    if not loaded.fits(corpus, settings):
        raise ModelError(f"{model_folder(model, settings)} does not fit this content; build it: `recommender build`")
    generated = read_generated(settings.links_file)
    truths: list[Graded | Truth] = [graded_truth(corpus, grades)] if grades is not None else []
    if grades is None or options["links"]:
        truths.append(curated_truth(corpus, generated))
    found = learn(loaded, truths, options["seed"])
    evaluation_tables.show_tuned(found, loaded.settings.parts, as_json=options["as_json"])
    if options["write"] and settings.home is not None:
        printing.note(write_parts(settings.home / FILE_NAME, found.parts))
    return 0
