"""``report``: who links to whom, today and after a fill, and who could link to the pages that nobody links to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli import printing
from recommender.cli.fill import rank_for_run
from recommender.cli.options import CONTENT, MODEL, PATH, content_folder, model_folder, read_site
from recommender.settings import Settings, find_settings

if TYPE_CHECKING:
    from recommender.model.ask import Linker
    from recommender.model.model import Model
    from recommender.site.corpus import Corpus
    from recommender.site.link_graph import LinkGraph

# Linkers of each orphan, targets that are named, and pairs of subjects that are.
LINKERS, BUSIEST, APART = 3, 20, 100


@click.command()
@CONTENT
@click.option(
    "--mode",
    type=click.Choice(["repair", "empty", "regenerate"]),
    default="repair",
    show_default=True,
    help="The fill that the site is compared with.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "html"]),
    default="text",
    show_default=True,
    help="A summary, one document, a table of all articles, or a page with plots.",
)
@click.option("--clicks", type=PATH, help="Log of clicks as `evaluate` reads it: name the links that nobody follows.")
@click.option("--output", "target", type=PATH, help="Write to a file in place of stdout.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@MODEL
def report(content: Path | None, form: str, target: Path | None, as_json: bool, **options: Any) -> int:
    """Report on the link graph, today and after a fill: pages without links to them, linkers, clicks, targets."""
    from recommender.cli import report_page, report_text
    from recommender.system.user_files import check_target, write_target

    if target:
        check_target(target)
    settings = find_settings(Path.cwd())
    made = make_report(content_folder(content, settings), options["mode"], settings, options["model"])
    if options["clicks"]:
        made = replace(made, unfollowed=unfollowed_links(made.corpus, options["clicks"]))
    write = {
        "text": report_text.as_text,
        "json": report_text.as_json,
        "csv": report_text.as_csv,
        "html": report_page.as_page,
    }["json" if as_json else form]
    data = write(made).encode("utf-8", "surrogatepass" if form == "csv" else "backslashreplace")
    if target:
        write_target(target, data)
        printing.note(f"written to {target}")
    else:
        click.echo(data, nl=False)
    return 0


@dataclass(frozen=True)
class Report:
    """The graph of a site today and after a fill, and by orphan who could link to it.

    ``unfollowed`` are article, link and views of the links that nobody follows; None without a log of clicks.
    """

    corpus: Corpus
    model: Model
    mode: str
    before: LinkGraph
    after: LinkGraph
    linkers: dict[int, list[Linker]]
    unfollowed: list[tuple[int, int, int]] | None = None


def unfollowed_links(corpus: Corpus, file: Path) -> list[tuple[int, int, int]]:
    """Read a log of clicks, and give the links that nobody follows, with their views."""
    from recommender.evaluation.clicks import fit, read_clicks, unfollowed

    clicks = read_clicks(file, corpus)
    return unfollowed(clicks, fit(clicks))


def make_report(root: Path, mode: str, settings: Settings, folder: Path | None) -> Report:
    """Read a site, and plan a fill of it.

    Raises:
        ContentError: it has no article.
    """
    from recommender.build.site_build import fitting_model
    from recommender.editing.fill import Order, filling_of
    from recommender.editing.planned_links import links_after
    from recommender.model.linkers import linkers_to_all
    from recommender.site import link_graph
    from recommender.site.generated_links import read_generated

    corpus, generated = read_site(root, settings), read_generated(settings.links_file)
    saved = model_folder(folder, settings)
    model = fitting_model(corpus, settings, saved, lambda reason: rank_for_run(reason, corpus, settings, None))
    before = link_graph.graph_today(corpus, generated)
    order = Order(root, mode, links_file=settings.links_file, with_diff=False, model_folder=saved)
    filling = filling_of(order, corpus, model, settings)
    lists = link_graph.pairs_of(links_after(filling, printing.progress))
    after = link_graph.LinkGraph(before.pages, before.pages.folded(lists), before.texts)
    linkers = linkers_to_all(model)
    return Report(
        corpus, model, mode, before, after, {row: linkers.of(row, LINKERS) for row in before.orphans.tolist()}
    )


def document(made: Report) -> dict[str, Any]:
    """Give a report as plain values."""
    pages = made.before.pages
    orphans = _orphans(made)
    return {
        "articles": len(made.corpus.articles),
        "pages": int(pages.shown_families.sum()),
        "mode": made.mode,
        "slots": made.model.settings.slots,
        "start": _page(made, made.before.start) if made.before.start >= 0 else None,
        "front_page": pages.front >= 0,
        "before": _state(made, made.before),
        "after": _state(made, made.after),
        "orphans": orphans,
        **({} if made.unfollowed is None else {"unfollowed": _unfollowed(made)}),
    }


def _unfollowed(made: Report) -> list[dict[str, Any]]:
    pairs = made.unfollowed or ()
    return [{"article": _page(made, a), "link": _page(made, b), "shown": shown} for a, b, shown in pairs]


def _state(made: Report, graph: LinkGraph) -> dict[str, Any]:
    """Give the numbers of one of the two graphs."""
    import numpy as np

    from recommender.site.link_graph import subjects_of

    names, apart = subjects_of(made.corpus), graph.apart()
    by_lists, by_texts, in_links = graph.in_links(graph.lists), graph.in_links(graph.texts), graph.in_links()
    shown, depths = graph.pages.shown_families, graph.depths
    return {
        "links": {"lists": len(graph.lists), "texts": len(graph.texts), "either": len(graph.links)},
        "orphans": len(graph.orphans),
        "dead_ends": len(graph.dead_ends),
        "gini": round(graph.gini, 4),
        "reciprocity": round(graph.reciprocity, 4),
        "clicks": np.bincount(depths[depths >= 0]).tolist(),
        "unreached": int((shown & (depths < 0)).sum()),
        "in_links": np.bincount(in_links[graph.pages.wanted_families]).tolist(),
        "busiest": [
            {
                **_page(made, row),
                "in_links": int(in_links[row]),
                "lists": int(by_lists[row]),
                "texts": int(by_texts[row]),
            }
            for row in graph.busiest(BUSIEST)
        ],
        "subjects_apart": {"count": len(apart), "largest": [[names[a], names[b]] for a, b in apart[:APART]]},
    }


def _orphans(made: Report) -> list[dict[str, Any]]:
    """Give the orphans of each subject, the subject with most of them first; those that a fill leaves come first."""
    groups: dict[str, list[int]] = {}
    for row in made.before.orphans.tolist():
        groups.setdefault(made.corpus.articles[row].subject, []).append(row)
    helped = made.after.in_links()
    found = []
    for subject, rows in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        pages = [
            {
                **_page(made, row),
                "after": int(helped[row]),
                "linkers": [_linker(made, one) for one in made.linkers[row]],
            }
            for row in sorted(rows, key=lambda row: (helped[row] > 0, row))
        ]
        left = sum(not page["after"] for page in pages)
        found.append({"subject": subject, "count": len(pages), "left": left, "pages": pages})
    return found


def _page(made: Report, row: int) -> dict[str, Any]:
    """Name a family by the first of its copies that is shown."""
    article = made.corpus.articles[shown_row(made, row)]
    return {"url": article.url, "title": article.title, "subject": article.subject}


def shown_row(made: Report, row: int) -> int:
    """Give the copy by which a family is named."""
    members = made.model.rules.members.get(row, (row,))
    return next((member for member in members if made.before.pages.shown[member]), row)


def _linker(made: Report, linker: Linker) -> dict[str, Any]:
    """Name who could link, and at which place; beyond the slots its list is full with better links."""
    article = made.corpus.articles[linker.row]
    return {"url": article.url, "title": article.title, "score": round(linker.score, 9), "place": linker.place}
