"""``review``: go through what a fill would change, link by link, and keep what is decided as rules."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.fill import rank_for_run, with_deleted
from recommender.cli.keys import keys_at_once, next_key
from recommender.cli.options import CONTENT, JSON, MODEL, PATH, content_folder, exclude, model_folder, near, read_site
from recommender.settings import Settings, find_settings

if TYPE_CHECKING:
    from recommender.editing.changes import ListChange, Reviewed
    from recommender.editing.review_session import Session
    from recommender.model.model import Model
    from recommender.site.corpus import Corpus


@click.command()
@CONTENT
@click.option("--subject", default="", help="Only articles of this subject.")
@click.option("--verdict", default="", help="Only lists that lose a link for this: dead, hidden, replaced and so on.")
@click.option(
    "--sort",
    type=click.Choice(["path", "score", "changes", "orphans"]),
    default="path",
    show_default=True,
    help="Weakest score first, most changes, or most articles that get their first link.",
)
@click.option("--csv", "csv", type=PATH, metavar="FILE|-", help="Write the list as CSV instead; - is stdout.")
@MODEL
@JSON
def review(**options: Any) -> int:
    """Accept or reject what `fill` would change, key by key; `fill --reviewed --write` writes what was accepted."""
    from recommender.editing.changes import as_dict, ordered, orphans, reviewed, selected
    from recommender.site.generated_links import read_generated

    exclude("csv", ["as_json"], "the list is printed in one form")
    settings = find_settings(Path.cwd())
    corpus = read_site(content_folder(options["content"], settings), settings)
    corpus, settings = with_deleted(corpus, settings, write=False)
    lists, model = _planned(corpus, settings, options["model"])
    lonely = orphans(corpus, read_generated(settings.links_file)) if options["sort"] == "orphans" else ()
    chosen = ordered(selected(lists, options["subject"], options["verdict"]), options["sort"], lonely)
    decisions = reviewed(settings.editor_rules, lambda url: _own_url(corpus, url))
    if options["as_json"]:
        printing.print_json({"lists": [as_dict(one, model) for one in chosen]})
        return 0
    if options["csv"]:
        return _write_csv(chosen, decisions, options["csv"])
    if not chosen:
        printing.note(f"{len(lists):,} files would change" + (", none of them as asked" if lists else ""))
        return 0
    session = _walk(chosen, decisions, (settings, corpus.root), model)
    file, accepted = near(settings.rules_file), sum(session.decisions.article(one) == "accepted" for one in lists)
    printing.note(
        f"{session.left:,} links of {len(chosen):,} articles are left; decisions are in {file}; "
        f"`recommender fill --reviewed --write` would change {accepted:,} files"
    )
    return 0


def _own_url(corpus: Corpus, url: str) -> str:
    row = corpus.find(url)
    return corpus.articles[row].url if row >= 0 else url


def _planned(corpus: Corpus, settings: Settings, folder: Path | None) -> tuple[list[ListChange], Model]:
    from recommender.build.site_build import fitting_model
    from recommender.editing.fill import Order, plan_fill

    place = model_folder(folder, settings)
    model = fitting_model(corpus, settings, place, lambda reason: rank_for_run(reason, corpus, settings, None))
    order = Order(corpus.root, links_file=settings.links_file, model_folder=place, with_diff=False, with_lists=True)
    made = plan_fill(order, corpus, model, settings, printing.progress)
    printing.show_problems(made.problems)
    return [one for edit in made.edits for one in edit.lists], model


def _write_csv(lists: Sequence[ListChange], decisions: Reviewed, file: Path) -> int:
    from recommender.editing.changes import as_csv
    from recommender.system.user_files import write_target

    text = as_csv(lists, decisions)
    if str(file) == "-":
        click.echo(text.encode("utf-8", "surrogateescape"), nl=False)
    else:
        write_target(file, text.encode("utf-8", "surrogateescape"))
        printing.note(f"{len(lists):,} lists written to {file}")
    return 0


def _walk(lists: Sequence[ListChange], decisions: Reviewed, site: tuple[Settings, Path], model: Model) -> Session:
    """Show, read a key, keep what it decides, until the editor quits or the input ends."""
    from recommender.editing.changes import reasons
    from recommender.editing.review_session import page, press, start
    from recommender.editing.rules_writer import write_rules

    settings, root = site
    session = start(lists, decisions)
    with keys_at_once() as terminal:
        while not session.ended:
            if terminal:
                click.clear()
            number = session.pairs[session.place][0] if session.place < len(session.pairs) else -1
            for line in page(session, reasons(lists[number], model) if number >= 0 else []):
                printing.say(line)
            after = press(session, next_key())
            if after.added or after.removed:
                write_rules(settings.rules_file, after.added, after.removed)
            if after.opened:
                _open(root / after.opened, terminal=terminal)
            session = after
    return session


def _open(file: Path, *, terminal: bool) -> None:
    """Open a file in the user's editor, else pager; where there is none, or no terminal, print its path."""
    program = os.environ.get("VISUAL") or os.environ.get("EDITOR") or os.environ.get("PAGER")
    if program and terminal:
        click.edit(filename=str(file), editor=program)
    else:
        printing.say(str(near(file)))
