"""``fill``: repair and fill the related links of a site."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.options import (
    CONTENT,
    FORMAT,
    JSON,
    MODEL,
    content_folder,
    exclude,
    model_folder,
    near,
    output_format,
    read_site,
)
from recommender.cli.pr import read_followed
from recommender.errors import RecommenderError
from recommender.settings import Settings, find_settings

if TYPE_CHECKING:
    from recommender.editing.fill import Order
    from recommender.editing.plan import Plan
    from recommender.model.model import Model
    from recommender.site.corpus import Corpus

# Files that a first run changes without a question.
MANY = 1000


@click.command()
@CONTENT
@click.option("--mode", type=click.Choice(["repair", "empty", "regenerate"]), default="repair", show_default=True)
@click.option("--check", is_flag=True, help="Only name the files that would change; exit 1 if there are any.")
@click.option("--write", is_flag=True, help="Edit the files. Without it the diff is printed and nothing is written.")
@click.option("--only", multiple=True, metavar="GLOB", help="Change only files whose path in CONTENT matches.")
@click.option("--reviewed", is_flag=True, help="Add only links that a rule pins or decides, in their articles alone.")
@click.option("--max-files", type=click.IntRange(1), help="Change at most this many files.")
@click.option("--base", metavar="REF", help="Correct links to pages that moved since this branch left REF.")
@click.option("--max-changes", type=int, help="Change at most this many links, the most useful changes first.")
@click.option("--balance", is_flag=True, help="Give each article a link to it, and none more than max_in_links.")
@click.option("--keep-generated", is_flag=True, help="Let no generated link give way to a better one.")
@click.option("--allow-dirty", is_flag=True, help="Edit files that hold uncommitted work.")
@click.option("--allow-no-vcs", is_flag=True, help="Edit files that are in no git work tree.")
@click.option("--resume", is_flag=True, help="Finish an interrupted --write.")
@MODEL
@click.option("--yes", is_flag=True, help="Do not ask before a first --write of more than a thousand files.")
@FORMAT
@JSON
def fill(**options: Any) -> int:
    """Repair and fill the related links in the files: a diff, and with --write the edit itself."""
    from recommender.build.site_build import fitting_model
    from recommender.editing import fill as filling

    form = _checked(options)
    as_json = form == "json"
    settings = find_settings(Path.cwd())
    root = content_folder(options["content"], settings)
    order = _order(root, options, settings, as_json=as_json)
    with filling.writing(root, options["write"] or options["resume"]):
        if options["resume"]:
            result = filling.resume(order, printing.progress)
            printing.show_written(result, as_json=as_json)
            return 1 if result.problems else 0
        _check_unfinished(root, write=options["write"])
        corpus = read_followed(root, settings, options["base"]) if options["base"] else read_site(root, settings)
        filling.rows_of(order, corpus)  # a mistyped pattern is said before a model is built
        corpus, settings = with_deleted(corpus, settings, write=options["write"])
        folder = model_folder(options["model"], settings)
        save = folder if options["write"] else None
        model = fitting_model(corpus, settings, folder, lambda reason: rank_for_run(reason, corpus, settings, save))
        made = filling.plan_fill(order, corpus, model, settings, printing.progress)
        if options["write"]:
            if len(made.edits) > MANY and filling.is_first(order) and not _agreed(made, yes=options["yes"]):
                return 1
            result = filling.write_plan(order, made, printing.progress)
            printing.show_written(result, as_json=as_json)
            return 1 if result.problems else 0
        if form in ("text", "json"):
            printing.show_plan(made, model, check=options["check"], as_json=as_json)
        else:
            _show_findings(made, root, settings, form)
        return 1 if options["check"] and made.edits else 0


def _order(root: Path, options: Mapping[str, Any], settings: Settings, *, as_json: bool) -> Order:
    from recommender.editing.fill import Order

    return Order(
        root=root,
        mode=options["mode"],
        only=options["only"],
        max_files=options["max_files"],
        balance=options["balance"],
        max_changes=options["max_changes"],
        model_folder=model_folder(options["model"], settings),
        keep_generated=options["keep_generated"],
        allow_dirty=options["allow_dirty"],
        allow_no_vcs=options["allow_no_vcs"],
        links_file=settings.links_file,
        with_diff=not (options["write"] or options["check"] or as_json),
        with_lists=as_json and not (options["write"] or options["check"]),
        reviewed=options["reviewed"],
    )


def _checked(options: Mapping[str, Any]) -> str:
    """Refuse options that contradict each other, and give the format of what is printed."""
    exclude("check", ["write", "resume"], "--check writes nothing")
    planned = ["mode", "only", "reviewed", "max_files", "base", "max_changes", "balance", "keep_generated", "model"]
    exclude("resume", planned, "--resume finishes a run as it was planned")
    exclude("reviewed", ["balance"], "--reviewed adds the accepted links alone")
    if options["max_changes"] is not None and options["max_changes"] < 1:
        raise click.UsageError("--max-changes below 1 would change nothing; `fill --check` shows what would change")
    if options["reviewed"] and options["mode"] == "regenerate":
        raise click.UsageError("--reviewed adds to lists as they stand, --mode regenerate makes them anew; give one")
    form = output_format(options["form"], as_json=options["as_json"])
    if form not in ("text", "json") and not options["check"]:
        raise click.UsageError(f"--format {form} is for findings; give --check beside it")
    return form


def _show_findings(made: Plan, root: Path, settings: Settings, form: str) -> None:
    """Print the files that would change, and what stops others, for the programs of a CI."""
    from recommender.cli import finding_formats as formats

    places = formats.Places(root, settings)
    changes = [formats.unfilled(edit, root, places) for edit in made.edits]
    findings = [*changes, *formats.findings_of([*made.unread, *made.problems], places, None)]
    formats.print_findings(findings, form, "recommender fill")


def with_deleted(corpus: Corpus, settings: Settings, *, write: bool) -> tuple[Corpus, Settings]:
    """Take the generated links that a person deleted for blocked; a run that writes notes them as rules."""
    from recommender.editing.rules_writer import deleted_links, without_deleted, write_rules
    from recommender.site.generated_links import read_generated

    found = deleted_links(corpus, read_generated(settings.links_file))
    if not found.rules:
        return corpus, settings
    links = f"{len(found.rules):,} generated link{'s' * (len(found.rules) > 1)} that were deleted by hand"
    if found.too_many:
        printing.note(
            f"{links}, from {found.files:,} of {found.known:,} articles, are too many to be blocked unasked and may "
            "return; `recommender rule from-deleted` shows them, with --write it blocks them"
        )
        return corpus, settings
    file = near(settings.rules_file)
    if write:
        write_rules(settings.rules_file, found.rules, held=corpus.root)
    printing.note(f"{links}: {'blocked in' if write else 'a run with --write blocks them in'} {file}")
    return without_deleted(corpus, settings, found)


def _check_unfinished(root: Path, *, write: bool) -> None:
    """Refuse to write while a run is unfinished, before the site is read; where nothing is written, say so."""
    from recommender.editing.plan_file import refuse_unfinished

    try:
        refuse_unfinished(root)
    except RecommenderError as error:
        if write:
            raise
        printing.note(str(error))


def rank_for_run(reason: str, corpus: Corpus, settings: Settings, save: Path | None) -> Model:
    """Rank the content where no saved model fits; a run that writes saves what it ranked."""
    from recommender.build.site_build import rank_corpus

    what = "building it from this content first" if save else "this content is ranked for this run alone, nothing saved"
    printing.note(f"{reason}: {what}")
    return rank_corpus(corpus, settings, printing.progress, save)


def _agreed(made: Plan, *, yes: bool) -> bool:
    """Sum up what a first run would do; in a terminal, ask."""
    printing.show_planned(made)
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    if click.confirm("Edit these files?", err=True):
        return True
    printing.note("nothing was written")
    return False
