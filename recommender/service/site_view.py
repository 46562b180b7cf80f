"""The state of the whole site as plain values: numbers, findings, who is linked to and who is not; and as CSV."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.model.linkers import linkers_to_some
from recommender.model.model import Model
from recommender.problems import SEVERITIES
from recommender.service.page_views import address, card, nearness
from recommender.service.site_scan import FINDING
from recommender.service.site_scanner import SiteScan
from recommender.system.csv_tables import csv_text

TARGETS, FOUND, ORPHANS = 10, 50, 50
# Bins of the plot of in-links: from, to (None: and more).
BINS: tuple[tuple[int, int | None], ...] = (
    (0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (6, 8), (9, 12), (13, 20), (21, None),
)  # fmt: skip
# By what the tables of the page are sorted, the first by default; numbers begin with the highest.
SORTS: dict[str, dict[str, Callable[[dict[str, Any]], Any]]] = {
    "findings": {
        "severity": lambda one: SEVERITIES.index(one["severity"]),
        "count": lambda one: -one["count"],
        "code": lambda one: one["code"],
    },
    "targets": {
        "links": lambda one: -one["links"],
        "lists": lambda one: -one["lists"],
        "texts": lambda one: -one["texts"],
        "title": lambda one: one["title"].casefold(),
    },
    "orphans": {
        "address": lambda one: one["url"],
        "title": lambda one: one["title"].casefold(),
        "subject": lambda one: (one["subject"].casefold(), one["url"]),
    },
}


def numbers(model: Model, survey: SiteScan) -> list[dict[str, Any]]:
    """Give the numbers that tell how the site is, each with the route and parameters of what stands behind it."""
    counts = Counter[str]()
    for one in survey.facts["problems"]:
        counts[one["severity"]] += one["count"]
    slots = model.settings.slots
    short = sum(count for links, count in survey.facts["links_per_article"] if links < slots)
    orphans = len(survey.graph.orphans)
    return [
        {"name": "articles", "count": len(model), "to": ("site", {})},
        {"name": "errors, which readers meet", "count": counts["error"], "to": ("findings", {"severity": "error"})},
        {"name": "warnings", "count": counts["warning"], "to": ("findings", {"severity": "warning"})},
        {
            "name": "pages that nobody links to",
            "count": orphans,
            "to": ("site", {"_anchor": "orphans"}),
        },
        {"name": f"articles with fewer than {slots} links", "count": short, "to": ("site", {"_anchor": "spread"})},
    ]


def site(model: Model, survey: SiteScan | None, page: int, sorts: Mapping[str, str]) -> dict[str, Any]:
    """Give the state of the whole site: counts, links per article, in-links today and as suggested, orphans."""
    suggested = _suggested_in_links(model)
    out: dict[str, Any] = {"articles": len(model), "survey": survey is not None}
    if survey is None:
        return {**out, "plot": plot({"suggested": suggested[np.unique(model.catalogue.families)]})}
    graph, pages = survey.graph, survey.graph.pages.wanted_families
    orphans = _sorted("orphans", _orphans(model, survey), sorts)
    targets = _sorted("targets", _targets(model, survey), sorts)
    return {
        **out,
        "totals": survey.facts["totals"],
        "problems": _sorted("findings", survey.facts["problems"], sorts),
        "per_article": bars(survey.facts["links_per_article"]),
        "plot": plot({"today": graph.in_links()[pages], "suggested": suggested[pages]}),
        "orphans": _with_linkers(model, orphans[(page - 1) * ORPHANS : page * ORPHANS]),
        "orphan_count": len(orphans),
        "pages": max(1, -(-len(orphans) // ORPHANS)),
        "targets": [{**one, "address": address(model, one["row"])} for one in targets[:TARGETS]],
        "reciprocity": graph.reciprocity,
        "gini": graph.gini,
        "dead_ends": len(graph.dead_ends),
    }


def _sorted(table: str, rows: Sequence[dict[str, Any]], sorts: Mapping[str, str]) -> list[dict[str, Any]]:
    known = SORTS[table]
    return sorted(rows, key=known[sorts.get(table, next(iter(known)))])


def _orphans(model: Model, survey: SiteScan) -> list[dict[str, Any]]:
    """Give the pages that no list and no text links to, each by the first of its copies that is shown."""
    catalogue, shown = model.catalogue, survey.arrays["shown"]
    rows = [
        next((one for one in model.rules.members.get(row, (row,)) if shown[one]), row)
        for row in survey.graph.orphans.tolist()
    ]
    some = (catalogue.urls.some(rows), catalogue.titles.some(rows), catalogue.subjects.some(rows))
    return [
        {"row": row, "url": url, "title": title, "subject": subject}
        for row, url, title, subject in zip(rows, *some, strict=True)
    ]


def _with_linkers(model: Model, orphans: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give orphans as they are shown, each with the article that could link to it best."""
    linkers, shown = linkers_to_some(model, [one["row"] for one in orphans]), list[dict[str, Any]]()
    for one in orphans:
        found = linkers.of(one["row"], 1)
        best = {**card(model, found[0].row), "near": nearness(model, found[0].score)} if found else None
        shown.append({**card(model, one["row"]), "linker": best})
    return shown


def _targets(model: Model, survey: SiteScan) -> list[dict[str, Any]]:
    """Give the pages that are linked to, with the numbers of links of both kinds."""
    graph = survey.graph
    links, lists, texts = graph.in_links(), graph.in_links(graph.lists), graph.in_links(graph.texts)
    rows = np.argsort(-links, kind="stable")[: int((links > 0).sum())].tolist()
    named = zip(rows, model.catalogue.urls.some(rows), model.catalogue.titles.some(rows), strict=True)
    return [
        {"row": row, "url": url, "title": title, "links": one, "lists": other, "texts": another}
        for (row, url, title), one, other, another in zip(
            named, links[rows].tolist(), lists[rows].tolist(), texts[rows].tolist(), strict=True
        )
    ]


def as_csv(model: Model, survey: SiteScan, table: str, sorts: Mapping[str, str]) -> str:
    """Write one of the tables of the page, whole."""
    made = {"targets": _targets, "orphans": _orphans}
    rows = made[table](model, survey) if table in made else survey.facts["problems"]
    names = COLUMNS[table]
    return csv_text([names, *([one[name] for name in names] for one in _sorted(table, rows, sorts))])


COLUMNS = {
    "findings": ("code", "severity", "count", "summary", "remedy"),
    "targets": ("url", "title", "links", "lists", "texts"),
    "orphans": ("url", "title", "subject"),
}


def findings(model: Model, survey: SiteScan, wanted: Wanted, page: int) -> dict[str, Any]:
    """Give a page of the findings of some kinds and of a subject."""
    found = _chosen(model, survey, wanted)
    last = max(1, -(-len(found) // FOUND))
    owners = survey.arrays["findings_rows"]
    rows = {int(owners[number]) for kind, own in _kinds(survey) if wanted.kind(kind) for number in own} - {-1}
    shown = [_finding(model, survey, *one) for one in found[(page - 1) * FOUND : page * FOUND]]
    return {
        "kinds": [one for one in survey.facts["problems"] if wanted.kind(one)],
        "count": len(found),
        "pages": last,
        "shown": shown,
        "subjects": sorted({model.catalogue.subjects[row] for row in rows} - {""}),
    }


@dataclass(frozen=True)
class Wanted:
    """Which findings are asked for; "" for any."""

    code: str = ""
    severity: str = ""
    subject: str = ""

    def kind(self, one: Mapping[str, Any]) -> bool:
        """Tell whether findings of a kind are wanted."""
        return self.code in ("", one["code"]) and self.severity in ("", one["severity"])


def _kinds(survey: SiteScan) -> Iterator[tuple[dict[str, Any], range]]:
    """Give each kind of findings with the numbers of its own: they stand one kind behind the other."""
    first = 0
    for one in survey.facts["problems"]:
        yield one, range(first, first + one["count"])
        first += one["count"]


def _chosen(model: Model, survey: SiteScan, wanted: Wanted) -> list[tuple[dict[str, Any], int]]:
    rows, subjects = survey.arrays["findings_rows"], model.catalogue.subjects
    return [
        (kind, number)
        for kind, own in _kinds(survey)
        if wanted.kind(kind)
        for number in own
        if not wanted.subject or (rows[number] >= 0 and subjects[int(rows[number])] == wanted.subject)
    ]


def _finding(model: Model, survey: SiteScan, kind: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Give one finding with its kind, and the article that it is about."""
    said = survey.finding(number)
    about = card(model, said["row"]) if said["row"] >= 0 else None
    return {**said, "code": kind["code"], "severity": kind["severity"], "remedy": kind["remedy"], "article": about}


def findings_csv(model: Model, survey: SiteScan, wanted: Wanted) -> str:
    """Write all findings of some kinds."""
    names = ("severity", "code", *FINDING, "remedy")
    found = (survey.finding(number) | dict(kind) for kind, number in _chosen(model, survey, wanted))
    return csv_text([names, *([one[name] for name in names] for one in found)])


def _suggested_in_links(model: Model) -> Any:
    """Count how often each family would be linked to if every list were as the ranking has it."""
    return np.bincount(model.catalogue.families, model.in_lists, len(model)).astype(np.int64)


def plot(series: dict[str, Any]) -> dict[str, Any]:
    """Give a histogram of in-links: for each bin its label and, for each series, count and height in percent."""
    counts = {
        name: [int(((links >= low) & (links <= (high if high is not None else 2**31 - 1))).sum()) for low, high in BINS]
        for name, links in series.items()
    }
    highest = max(1, *itertools.chain.from_iterable(counts.values()))
    labels = [str(low) if low == high else f"{low}–{high}" if high is not None else f"{low}+" for low, high in BINS]
    rows = [
        {
            "label": label,
            "bars": [
                {"name": name, "count": counts[name][number], "height": 100 * counts[name][number] / highest}
                for name in series
            ],
        }
        for number, label in enumerate(labels)
    ]
    return {"names": list(series), "rows": rows}


def bars(pairs: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """Give counts with their share of the largest, in percent."""
    highest = max((count for _, count in pairs), default=1)
    return [{"label": str(label), "count": count, "width": 100 * count / highest} for label, count in pairs]
