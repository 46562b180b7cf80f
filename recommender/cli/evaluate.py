"""The commands that say whether links are any good: evaluate and disagreements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.options import CONTENT, JSON, MODEL, PATH, load, model_folder, read_site, systems
from recommender.settings import find_settings

if TYPE_CHECKING:
    from recommender.cli.click_tables import Followed
    from recommender.evaluation.rankers import Lists
    from recommender.site.corpus import Corpus


@click.command()
@CONTENT
@click.option("--model", "models", multiple=True, type=PATH, help="Saved model; repeatable.")
@click.option("--rankings", multiple=True, type=PATH, help="Ranked lists as `export` writes; repeatable.")
@click.option("--judgments", type=PATH, help="Grades as `judge` writes them.")
@click.option("--clicks", type=PATH, help="Log of clicks: CSV with article, link, rank, shown, clicked.")
@click.option("--depth", "depths", multiple=True, type=click.IntRange(1, 100), help="Links that count (5 and 10).")
@click.option("--subjects", is_flag=True, help="Show the main measures by subject too.")
@click.option("--csv", "csv_file", type=PATH, help="Write the values per article to a file.")
@click.option("--seed", type=click.IntRange(0), default=20260101, help="Seed of the intervals and tests.")
@JSON
def evaluate(content: Path | None, models: tuple[Path, ...], **options: Any) -> int:
    """Compare ranked lists with the sound curated links and with judgments, beside simple baselines."""
    from recommender.cli import click_tables, evaluation_tables
    from recommender.evaluation import evaluate as measure
    from recommender.evaluation.ground_truth import curated_truth, graded_truth
    from recommender.evaluation.judgments import read_judgments
    from recommender.evaluation.rankers import LENGTH, beside_references
    from recommender.site.generated_links import read_generated
    from recommender.system.user_files import check_target

    settings = find_settings(Path.cwd())
    # Before the content, whose reading takes its time.
    if options["csv_file"]:
        check_target(options["csv_file"])
    judgments = read_judgments(options["judgments"]) if options["judgments"] else None
    depths = tuple(sorted(set(options["depths"]))) or measure.DEPTHS
    corpus = read_site(content, settings)
    printing.show_unread(corpus.problems)
    generated = read_generated(settings.links_file)
    truth = curated_truth(corpus, generated)
    ours = systems(corpus, settings, models, options["rankings"])
    rankers = beside_references(corpus, ours, generated, truth.links, max(LENGTH, *depths))
    graded = graded_truth(corpus, judgments) if judgments is not None else None
    found = measure.evaluate_rankers(corpus, rankers, (truth, graded), depths, options["seed"])
    if options["csv_file"]:
        evaluation_tables.write_values(corpus, found, options["csv_file"])
    followed = follow(options["clicks"], corpus, rankers, options["seed"]) if options["clicks"] else None
    if options["as_json"]:
        shown = {"clicks": click_tables.as_dict(followed)} if followed else {}
        printing.print_json({**evaluation_tables.evaluation_as_dict(corpus, found), **shown})
        return 0
    evaluation_tables.show_evaluation(corpus, found, subjects=options["subjects"])
    if followed:
        click_tables.show(followed)
    return 0


def follow(file: Path, corpus: Corpus, rankers: Mapping[str, Lists], seed: int) -> Followed:
    """Read a log of clicks, and compare by it the rankers that readers may have seen links of."""
    from recommender.evaluation.clicks import compare, fit, read_clicks
    from recommender.evaluation.rankers import BASELINES

    clicks = read_clicks(file, corpus)
    seen = {name: lists for name, lists in rankers.items() if name not in BASELINES}
    model = fit(clicks)
    return clicks, model, compare(clicks, model, seen, corpus, seed)


@click.command()
@CONTENT
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many of each kind to show.")
@click.option("--subject", help="Only articles of this subject.")
@MODEL
@JSON
def disagreements(content: Path | None, model: Path | None, **options: Any) -> int:
    """List curated links that the model finds poor, and strong suggestions that no curator made."""
    from recommender.cli import evaluation_tables
    from recommender.evaluation.disagreements import Search, find_disagreements
    from recommender.site.generated_links import read_generated

    settings = find_settings(Path.cwd())
    corpus = read_site(content, settings)
    printing.show_unread(corpus.problems)
    loaded = load(model, settings)
    if loaded.corpus_digest != corpus.digest:
        printing.note(
            f"the model in {model_folder(model, settings)} was built from other content; run `recommender build`"
        )
    search = Search(options["limit"], options["subject"])
    found = find_disagreements(corpus, loaded, read_generated(settings.links_file), search)
    evaluation_tables.show_disagreements(found, as_json=options["as_json"])
    return 0
