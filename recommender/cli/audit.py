"""``audit``: what is wrong with the files and links of a site; with a baseline, what is new."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.finding_formats import Places, findings_of, print_findings
from recommender.cli.options import (
    CONTENT,
    FORMAT,
    JSON,
    MODEL,
    PATH,
    exclude,
    model_folder,
    output_format,
    read_site,
)
from recommender.settings import find_settings

if TYPE_CHECKING:
    from recommender.problems import Problem


@click.command()
@CONTENT
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note"]),
    help="Exit with 1 when a problem of this severity or worse is found (default: error).",
)
@click.option("--baseline", type=PATH, metavar="FILE", help="Report, and fail on, only what this file does not hold.")
@click.option(
    "--write-baseline",
    type=PATH,
    metavar="FILE",
    help="Write the problems to this file as known ones: all, or those that --fail-on names.",
)
@MODEL
@FORMAT
@JSON
def audit(content: Path | None, fail_on: str | None, model: Path | None, as_json: bool, **options: Any) -> int:
    """Report every problem of files and links, with its remedy; same questions with a model that fits."""
    from recommender.build.site_build import fitting_likeness
    from recommender.problems import SEVERITIES, worst_reached
    from recommender.site.audit import audit_site
    from recommender.site.baseline import compare, read_baseline
    from recommender.site.generated_links import read_generated
    from recommender.system.user_files import check_target

    exclude("write_baseline", ["baseline", "form"], "--write-baseline takes the problems of now for known")
    form, target = output_format(options["form"], as_json=as_json), options["write_baseline"]
    settings = find_settings(Path.cwd())
    known = read_baseline(options["baseline"]) if options["baseline"] else None
    if target:
        check_target(target)
    corpus = read_site(content, settings)
    likeness = fitting_likeness(corpus, settings, model_folder(model, settings))
    found = audit_site(corpus, settings.slots, read_generated(settings.links_file), likeness.of if likeness else None)
    if target:
        return _write(target, found.problems, fail_on or "note", as_json=as_json)
    fail_on, compared = fail_on or "error", None
    if known is not None:
        # What a baseline was not made of is neither known nor new, unless it is to fail.
        least = max(known.severity, fail_on, key=SEVERITIES.index)
        looked_at = [problem for problem in found.problems if worst_reached([problem], least)]
        compared = compare(looked_at, known, unsought=() if likeness else ("same-question",))
        found = dataclasses.replace(found, problems=compared.new)
    if form in ("text", "json"):
        printing.show_audit(found, compared, as_json=form == "json")
    else:
        findings = findings_of(found.problems, Places(corpus.root, settings), fail_on)
        print_findings(findings, form, "recommender audit")
    return 1 if worst_reached(found.problems, fail_on) else 0


def _write(file: Path, problems: Sequence[Problem], severity: str, *, as_json: bool) -> int:
    from recommender.site.baseline import write_baseline

    count = write_baseline(file, problems, severity)
    if as_json:
        printing.print_json({"baseline": str(file), "problems": count})
    else:
        printing.say(f"{count:,} problems are in {file}; `recommender audit --baseline {file}` fails on others alone")
    return 0
