"""The command that makes judging easy: a thin loop around judging.py, and the agreement of two editors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.keys import keys_at_once, next_key
from recommender.cli.options import CONTENT, JSON, PATH, exclude, near, read_site, systems
from recommender.settings import JUDGMENTS_FILE, Settings, find_settings

if TYPE_CHECKING:
    from recommender.evaluation.judging_session import Session

# The first links of rankers that read no text: they keep the scale honest, and cost an editor little.
FEW = 1


@click.command()
@CONTENT
@click.option("--judgments", type=PATH, help=f"File to go on with (default: {JUDGMENTS_FILE}).")
@click.option("--articles", multiple=True, metavar="N|URL", help="How many articles, or which; repeatable (20).")
@click.option("--depth", type=click.IntRange(1, 100), default=10, show_default=True, help="Candidates of each ranker.")
@click.option("--model", "models", multiple=True, type=PATH, help="Saved model; repeatable.")
@click.option("--rankings", multiple=True, type=PATH, help="Ranked lists to pool; repeatable.")
@click.option("--seed", type=click.IntRange(0), default=20260101, help="Seed of the draw and of the order.")
@click.option("--agreement", nargs=2, type=PATH, metavar="A B", help="Compare two editors' files.")
@JSON
def judge(content: Path | None, agreement: tuple[Path, Path] | None, as_json: bool, **options: Any) -> int:
    """Grade candidates key by key, for `evaluate --judgments`; or say how far two editors agree."""
    from recommender.cli import evaluation_tables
    from recommender.evaluation.judgments import agreement as agree
    from recommender.evaluation.judgments import read_judgments

    exclude(
        "agreement",
        ["content", "judgments", "articles", "depth", "models", "rankings", "seed"],
        "--agreement compares two files and reads nothing else",
    )
    if agreement:
        evaluation_tables.show_agreement(agree(*map(read_judgments, agreement)), as_json=as_json)
        return 0
    if as_json:
        raise click.UsageError("--json is for --agreement; judging asks and answers in the terminal")
    settings = find_settings(Path.cwd())
    _judge(content, settings, options)
    return 0


def _judge(content: Path | None, settings: Settings, options: dict[str, Any]) -> None:
    from recommender.evaluation import judging_session
    from recommender.evaluation.ground_truth import curated_truth
    from recommender.evaluation.judgments import read_judgments
    from recommender.evaluation.rankers import baselines, written_lists
    from recommender.site.generated_links import read_generated
    from recommender.system.user_files import check_kept

    file = options["judgments"] or near(settings.judgments_file)
    check_kept(file)
    judgments = read_judgments(file) if file.exists() else {}
    corpus = read_site(content, settings)
    printing.show_unread(corpus.problems)
    generated = read_generated(settings.links_file)
    ranked = systems(corpus, settings, options["models"], options["rankings"])
    rankers = [(lists, options["depth"]) for lists in ranked.values()]
    rankers.append((written_lists(corpus, generated, curated_only=False), 100))
    simple = baselines(corpus, curated_truth(corpus, generated).links, FEW)
    rankers += [(lists, FEW) for lists in simple.values()]
    rows = judging_session.choose_articles(corpus, judgments, options["articles"] or ("20",), options["seed"])
    tasks = [
        judging_session.pool(corpus, row, rankers, judgments.get(corpus.articles[row].url, ()), options["seed"])
        for row in rows
    ]
    session = _walk(
        judging_session.start(tasks, judgments), file, lambda now: judging_session.page(now, corpus, settings)
    )
    graded = sum(len(labels) for labels in session.judgments.values())
    printing.note(f"{graded:,} candidates of {len(session.judgments):,} articles are graded in {file}")


def _walk(session: Session, file: Path, page: Callable[[Session], list[str]]) -> Session:
    """Show, read a key, save, until the editor quits or the input ends."""
    from recommender.evaluation.judging_session import press
    from recommender.evaluation.judgments import format_judgments
    from recommender.system.user_files import rewrite

    before = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n") if file.exists() else ""
    with keys_at_once() as terminal:
        while not session.ended:
            if terminal:
                click.clear()
            for line in page(session):
                printing.say(line)
            after = press(session, next_key())
            if after.judgments != session.judgments:
                rewrite(file, format_judgments(after.judgments, before))
            session = after
    return session
