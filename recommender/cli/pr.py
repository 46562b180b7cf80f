"""``pr``: what the articles of a pull request should link to, what should link to them, and which links they break."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.options import CONTENT, JSON, MODEL, content_folder, exclude, model_folder
from recommender.errors import RecommenderError
from recommender.settings import Settings, find_settings
from recommender.system import parallel

if TYPE_CHECKING:
    from recommender.editing.git_changes import Change, Changes
    from recommender.model.model import Model
    from recommender.site.corpus import Corpus
    from recommender.site.reader import Read


@click.command()
@CONTENT
@click.option("--base", required=True, metavar="REF", help="Compare with where this branch left REF.")
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@click.option("--check", is_flag=True, help="Exit with 1 if the change breaks links, or files are no articles.")
@MODEL
@JSON
def pr(content: Path | None, base: str, form: str, check: bool, model: Path | None, **options: Any) -> int:
    """Review the links of a pull request: of every article that was added, changed, renamed or deleted since REF."""
    from recommender.cli.pr_markdown import markdown
    from recommender.editing.git_changes import changes_since
    from recommender.editing.pull_request import has_findings

    if options["as_json"]:
        if form != "json":
            exclude("form", ["as_json"], "--json is --format json")
        form = "json"
    settings = find_settings(Path.cwd())
    root = content_folder(content, settings)
    changes = changes_since(root, base)
    files, old = _files_of(root, settings, changes)
    review = _reviewed(root, settings, model_folder(model, settings), files, old)
    if form == "json":
        printing.print_json({"base": base, "commit": changes.commit, **review})
    else:
        click.echo(markdown(review, base).encode("utf-8", "backslashreplace"), nl=False)
    return 1 if check and has_findings(review) else 0


def read_followed(root: Path, settings: Settings, base: str) -> Corpus:
    """Read a site whose links to pages that moved since REF count as such.

    Raises:
        BaseProblem: there is no such commit to compare with.
    """
    from recommender.editing.git_changes import changes_since
    from recommender.site.corpus import corpus_of, read_site
    from recommender.site.pages_before import pages_before

    files, old = _files_of(root, settings, changes_since(root, base))
    site = read_site(root, settings, printing.progress)
    return pages_before(site, corpus_of(site), [(one.before, one.path) for one in files], old).followed()


def _files_of(root: Path, settings: Settings, changes: Changes) -> tuple[list[Change], dict[str, Read]]:
    """Give the files that are pages of the site, or were, with all renames, and what they gave before."""
    from recommender.editing.git_changes import old_bytes
    from recommender.editing.renames import with_renames
    from recommender.site.pages_before import read_texts

    files = _of_site(changes, settings)
    old = read_texts(old_bytes(root, files), settings)
    return with_renames(root, settings, files, old), old


def _of_site(changes: Changes, settings: Settings) -> list[Change]:
    """Give the files that are pages of the site, or were."""
    from recommender.site.corpus import is_page_path
    from recommender.site.files import SUFFIXES

    def is_page(path: str) -> bool:
        return path.lower().endswith(SUFFIXES) and is_page_path(path, settings.pages)

    found = []
    for change in changes.files:
        now, before = (path if is_page(path) else "" for path in (change.path, change.before))
        if now or before:
            kind = change.kind if now and before else "added" if now else "deleted"
            found.append(dataclasses.replace(change, kind=kind, path=now, before=before))
    return found


@parallel.no_collection()
def _reviewed(
    root: Path, settings: Settings, folder: Path, files: Sequence[Change], old: Mapping[str, Read]
) -> dict[str, Any]:
    from recommender.build.known_reads import read_known
    from recommender.build.site_build import build_site
    from recommender.editing.fill import diff_prefix
    from recommender.editing.plan import Filling
    from recommender.editing.pull_request import Review
    from recommender.site.corpus import corpus_of
    from recommender.site.files import printed
    from recommender.site.generated_links import read_generated
    from recommender.site.pages_before import maybe_gone, names_of, pages_before

    if not files:
        return {"articles": [], "moved": [], "hidden": [], "deleted": [], "unread": [], "patch": ""}
    built = build_site(root, settings, folder, printing.progress)
    moves = [(file.before, file.path) for file in files]

    def sought(now: Mapping[str, Read]) -> tuple[bytes, ...]:
        return names_of(maybe_gone(moves, old, now), settings)

    site, whole = read_known(root, settings, folder, [file.path for file in files], sought)
    corpus = corpus_of(site)
    pages = pages_before(site, corpus, moves, old)
    corpus = pages.followed()
    filling = Filling(
        corpus=corpus,
        chooser=(model := _fitting(built.model, corpus, settings)),
        mode="repair",
        settings=settings,
        generated=read_generated(settings.links_file),
        diff_prefix=diff_prefix(root),
    )
    names = [dataclasses.replace(one, path=_shown(one.path), before=_shown(one.before)) for one in files]
    return Review(pages, filling, model, {printed(path) for path in whole}).of(names)


def _shown(path: str) -> str:
    from recommender.site.files import printed

    return printed(path.replace("/", os.sep))


def _fitting(model: Model, corpus: Corpus, settings: Settings) -> Model:
    from recommender.model.redating import on_day, with_rules

    model = on_day(model, corpus.day)
    if not model.fits(corpus, settings):
        raise RecommenderError("the site changed while it was read; run the command again")
    return with_rules(dataclasses.replace(model, settings=settings), settings.editor_rules)
