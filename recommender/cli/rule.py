"""``rule``: what editors decide of single links and pages, written into ``recommender.rules.yml``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommender.cli import printing
from recommender.cli.options import CONTENT, JSON, load, near, read_site
from recommender.errors import ModelError, RecommenderError
from recommender.rules.editor_rules import PageRule, PairRule
from recommender.settings import Settings, find_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recommender.model.model import Model
    from recommender.rules.rules_text import Rule


@click.group()
def rule() -> None:
    """Decide on single links and pages: pin, block and more, in recommender.rules.yml."""


@rule.command()
@click.argument("article", metavar="ARTICLE")
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
def pin(article: str, others: tuple[str, ...]) -> int:
    """Show OTHER first for ARTICLE, whatever the scores."""
    return _pairs("pin", article, others)


@rule.command()
@click.argument("article", metavar="ARTICLE")
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
@click.option("--one-way", is_flag=True, help="Keep OTHER out of ARTICLE's list alone, not ARTICLE out of OTHER's.")
def block(article: str, others: tuple[str, ...], one_way: bool) -> int:
    """Never link ARTICLE and OTHER to each other."""
    return _pairs("block", article, others, one_way=one_way)


@rule.command()
@click.argument("article", metavar="ARTICLE")
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
def decide(article: str, others: tuple[str, ...]) -> int:
    """Say yes to generated links of ARTICLE: they count as made by a person."""
    return _pairs("decided", article, others)


@rule.command()
@click.argument("article", metavar="ARTICLE")
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
def allow(article: str, others: tuple[str, ...]) -> int:
    """Take out every rule on the links between ARTICLE and OTHER."""
    settings = find_settings(Path.cwd())
    own, *rest = _urls(settings, (article, *others))
    ends = [{own, other} for other in rest]
    gone = [one for one in settings.editor_rules.pairs if {one.article, one.other} in ends]
    if not gone:
        named = ", ".join(rest)
        raise RecommenderError(f"no rule is about a link between {own} and {named}; see `recommender rule list`")
    return _write(settings, (), gone)


@rule.command("never-suggest")
@click.argument("pattern")
@click.option("--remove", is_flag=True, help="Take the rule out.")
def never_suggest(pattern: str, remove: bool) -> int:
    """Suggest no page that fits PATTERN: /legal/*, {subject: News}, {title: PATTERN} or {key: layout, is: landing}."""
    return _page("never_suggest", pattern, remove=remove)


@rule.command("no-list")
@click.argument("pattern")
@click.option("--remove", is_flag=True, help="Take the rule out.")
def no_list(pattern: str, remove: bool) -> int:
    """Give no page that fits PATTERN a list."""
    return _page("no_list", pattern, remove=remove)


@rule.command("from-deleted")
@CONTENT
@click.option("--write", is_flag=True, help="Write the blocks; without it they are only shown.")
def from_deleted(content: Path | None, write: bool) -> int:
    """Block the generated links that a person deleted from the files, however many they are."""
    from recommender.editing.rules_writer import deleted_links
    from recommender.site.generated_links import read_generated

    settings = find_settings(Path.cwd())
    found = deleted_links(read_site(content, settings), read_generated(settings.links_file))
    if not found.rules:
        printing.note("no generated link was deleted by hand")
        return 0
    if write:
        return _write(settings, found.rules)
    for one in found.rules:
        click.echo(f"block {one.article} {one.other} one way")
    printing.note(f"{len(found.rules):,} blocks of {found.files:,} articles; --write writes them")
    return 0


@rule.command("list")
@JSON
def list_rules(as_json: bool) -> int:
    """List the rules with their lines."""
    rules = find_settings(Path.cwd()).editor_rules
    if as_json:
        pairs = [one._asdict() for one in rules.pairs]
        problems = [problem.as_dict() for problem in rules.problems]
        pages = [one._asdict() for one in rules.pages]
        printing.print_json({"links": pairs, "pages": pages, "problems": problems})
        return 1 if problems else 0
    for line, text in sorted(
        [(one.line, f"{one.kind} {one.article} {one.other}{' one way' * one.one_way}") for one in rules.pairs]
        + [(one.line, f"{one.kind} {one.text}") for one in rules.pages]
    ):
        click.echo(f"{line:>5}  {text}")
    for problem in rules.problems:
        printing.note(problem.sentence())
    return 1 if rules.problems else 0


def _pairs(kind: str, article: str, others: tuple[str, ...], *, one_way: bool = False) -> int:
    settings = find_settings(Path.cwd())
    own, *rest = _urls(settings, (article, *others))
    if own in rest:
        raise RecommenderError(f"{own} cannot have a rule on a link to itself; name another article")
    return _write(settings, [PairRule(kind, own, other, one_way) for other in rest])


def _page(kind: str, pattern: str, *, remove: bool) -> int:
    from recommender.rules.rule import target_rule

    settings = find_settings(Path.cwd())
    try:
        target_rule(pattern.strip())
    except ValueError as error:
        raise RecommenderError(f"no rule: {pattern!r}; {error}") from None
    own = PageRule(kind, pattern.strip())
    stands = own.text in settings.editor_rules.page_rules(kind)
    if remove and not stands:
        raise RecommenderError(f"{settings.rules_file}: no such rule: {kind}: {own.text}; see `recommender rule list`")
    return _write(settings, [] if remove else [own], [own] if remove else [])


def _urls(settings: Settings, texts: Iterable[str]) -> list[str]:
    """Find the articles that are meant; where there is no model, texts that are urls are taken as they are."""
    from recommender.model.lookup import look_up

    try:
        model: Model | None = load(None, settings, lists=False)
    except ModelError as error:
        if not all(text.startswith("/") or "://" in text for text in texts):
            reason = str(error).split(";", maxsplit=1)[0]
            raise RecommenderError(f"{reason}; build one, or name articles by their urls") from None
        model = None
    return [text if model is None else model.catalogue.urls[look_up(model, text).row] for text in texts]


def _write(settings: Settings, added: Sequence[Rule], removed: Sequence[Rule] = ()) -> int:
    from recommender.editing.rules_writer import write_rules

    file = near(settings.rules_file)
    if not write_rules(settings.rules_file, added, removed):
        printing.note(f"{file}: says so already")
        return 0
    for mark, rules in (("+", added), ("-", removed)):
        for one in rules:
            printing.note(f"{mark} {' '.join(str(part) for part in one[:3] if part)}")
    again = any(isinstance(one, PageRule) for one in (*added, *removed))
    printing.note(f"written to {file}{'; look-ups follow it from the next `recommender build` on' if again else ''}")
    return 0
