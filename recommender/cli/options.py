"""What every command begins with: its common options, where the site, its settings and its model are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from recommender.cli import printing
from recommender.errors import ModelError, RecommenderError
from recommender.settings import Settings
from recommender.site.files import printed

if TYPE_CHECKING:
    from recommender.evaluation.rankers import Lists, UrlLists
    from recommender.model.model import Model
    from recommender.site.corpus import Corpus


class _FilePath(click.Path):
    """A path that is not empty, as an unset variable of a script makes it: it would be the working directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse an empty path."""
        return super().convert(value, param, ctx) if value else self.fail("the path is empty; name one", param, ctx)


PATH = _FilePath(path_type=Path)
CONTENT = click.argument("content", required=False, type=PATH)
MODEL = click.option("--model", "model", type=PATH, help="Folder of the saved model.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif", "junit"]),
    default="text",
    show_default=True,
    help="How to print the findings; --json is --format json.",
)


def exclude(option: str, others: Sequence[str], reason: str) -> None:
    """Refuse what was given beside an option that leaves no sense to it; all by the names of their parameters.

    Raises:
        click.UsageError: with the reason, naming both.
    """
    context = click.get_current_context()
    given = {
        parameter.name: parameter.opts[0]
        if isinstance(parameter, click.Option)
        else parameter.human_readable_name.strip("[]")
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    }
    beside = ", ".join(given[name] for name in others if name in given)
    if option in given and beside:
        raise click.UsageError(f"{reason}; give either {given[option]} or {beside}")


def output_format(form: str, *, as_json: bool) -> str:
    """Give the format of what is printed, which two options may name.

    Raises:
        click.UsageError: they contradict each other.
    """
    if as_json and form != "json":
        exclude("form", ["as_json"], "--json is --format json")
    return "json" if as_json else form


def read_site(content: Path | None, settings: Settings) -> Corpus:
    """Read the site's articles."""
    from recommender.site.corpus import read_corpus

    return read_corpus(content_folder(content, settings), settings, printing.progress)


def content_folder(content: Path | None, settings: Settings) -> Path:
    """Find the folder of the whole site: the argument, or that of the settings."""
    root = content or settings.content
    if root is None:
        raise click.UsageError("no CONTENT: name the site's folder, or write `content:` in recommender.yml (init)")
    return near(root)


def model_folder(model: Path | None, settings: Settings) -> Path:
    """Find the model's folder: the option, that of the settings, or models/default beside them."""
    return near(model or settings.model_folder)


def saved_model(model: Path | None, settings: Settings) -> Path:
    """Find the folder of a model to open, as ``model_folder`` does.

    Raises:
        ModelError: nothing here is a site of ours yet.
    """
    folder = model_folder(model, settings)
    if model is None and settings.home is None and not folder.exists():
        raise ModelError(
            f"{folder} holds no model, and no recommender.yml is here or above; "
            "run `recommender init` at the top of the site, then `recommender build`"
        )
    return folder


def near(path: Path) -> Path:
    """Give a path as seen from here, which is how it is shown."""
    try:
        return Path(os.path.relpath(path))
    except ValueError:  # Windows: on another drive
        return path


def load(model: Path | None, settings: Settings, *, lists: bool = True) -> Model:
    """Load the saved model, as it is today and as the editors' rules have it.

    Without ``lists`` those that the build chose stay: who asks for one article needs none of them, and 10,000 rules
    take 6 s to choose again.
    """
    from recommender.model.redating import on_day, with_decisions, with_rules
    from recommender.model.store import load_model
    from recommender.system.clock import today

    own = on_day(load_model(saved_model(model, settings)), today())
    return (with_rules if lists else with_decisions)(own, settings.editor_rules)


def systems(corpus: Corpus, settings: Settings, models: Sequence[Path], rankings: Sequence[Path]) -> dict[str, Lists]:
    """Rank by the models and files that were named; by the site's own model too, where nothing speaks against it."""
    from recommender.evaluation.rankers import asking_rows, compared_lists, read_rankings, unique_label

    # A mistake in a file is said before a model is loaded.
    files = {file: read_rankings(file) for file in rankings}
    found: dict[str, Lists] = {}
    if not models:
        try:
            found["model"] = _of_site(corpus, compared_lists(load(None, settings), 100), model_folder(None, settings))
        except ModelError:
            if not rankings:
                raise
    for folder in models:
        name = unique_label(printed(str(folder)), found) if len(models) > 1 else "model"
        found[name] = _of_site(corpus, compared_lists(load(folder, settings), 100), folder)
    for file, lists in files.items():
        asking_rows(corpus, lists, file)
        found[unique_label(printed(str(file)), found)] = _of_site(corpus, lists, file)
    return found


def _of_site(corpus: Corpus, lists: UrlLists, source: Path) -> Lists:
    from recommender.evaluation.rankers import lists_of_urls

    found = lists_of_urls(corpus, lists)
    if not found:
        raise RecommenderError(
            f"{source}: none of its {len(lists):,} ranked lists is of an article in {corpus.root}; "
            "name one of this site"
        )
    return found
