"""Ranked lists against curated links and against judgments: values per article, from which all else is derived.

Copies count as one article: against curated links a family asks once, with the links of all its members, and is found
by any of them; a judged article asks with its own list. An article without suggestions scores 0 and stays in the mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.evaluation.ground_truth import Graded, Truth
from recommender.evaluation.measures import Share, binary_measures, catalogue_measures, graded_measures
from recommender.evaluation.rankers import CURATED, WRITTEN, Lists, by_family, linkable
from recommender.evaluation.significance import (
    SEED,
    Floats,
    bootstrap_means,
    percentile_interval,
    randomisation_test,
    weighted_means,
)
from recommender.site.corpus import Corpus

DEPTHS = (5, 10)


@dataclass(frozen=True)
class Report:
    """One ranker's values: ``rows`` are the articles, ``values`` and ``weights`` float64, articles × measures.

    A weight is how much the value counts in the mean: 1, or the links shown for a share of them; 0: not at all.
    """

    name: str
    rows: tuple[int, ...]
    measures: tuple[str, ...]
    values: Floats
    weights: Floats

    def means(self) -> dict[str, float]:
        """Average every measure over all articles."""
        return dict(zip(self.measures, weighted_means(self.values, self.weights).tolist(), strict=True))

    def only(self, rows: Sequence[int]) -> Report:
        """Give the report on some of the articles."""
        wanted = set(rows)
        held = [place for place, row in enumerate(self.rows) if row in wanted]
        kept = tuple(self.rows[place] for place in held)
        return Report(self.name, kept, self.measures, self.values[held], self.weights[held])

    def answered(self, depth: int) -> tuple[int, ...]:
        """Give the articles that the ranker has a link for; all of them where that is not known."""
        if f"unjudged@{depth}" not in self.measures:
            return self.rows
        shown = self.weights[:, self.measures.index(f"unjudged@{depth}")]
        return tuple(row for row, count in zip(self.rows, shown, strict=True) if count)


@dataclass(frozen=True)
class Comparison:
    """Two rankers on one measure: mean difference with its 95 % interval, and the p-value of a randomisation test."""

    one: str
    other: str
    measure: str
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Assessment:
    """Several rankers on the same articles: reports, 95 % intervals by ranker and measure, the first against each."""

    reports: tuple[Report, ...]
    intervals: Mapping[str, Mapping[str, tuple[float, float]]]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Evaluation:
    """All that is said of some rankers; ``judged`` is None without judgments, ``catalogue`` is by ranker."""

    truth: Truth
    curated: Assessment
    graded: Graded | None
    judged: Assessment | None
    catalogue: Mapping[str, Mapping[str, float]]
    depths: tuple[int, ...]
    seed: int


def evaluate_rankers(
    corpus: Corpus,
    rankers: Mapping[str, Lists],
    truth: tuple[Truth, Graded | None],
    depths: Sequence[int] = DEPTHS,
    seed: int = SEED,
) -> Evaluation:
    """Judge rankers, the first of which is compared with each other one.

    What is written in the files is not measured against the curated links, which it is made of.
    """
    linked, graded = truth
    others = {name: lists for name, lists in rankers.items() if name not in (CURATED, WRITTEN)}
    against_links = [evaluate_lists(name, by_family(corpus, lists), linked, depths) for name, lists in others.items()]
    against_grades = (
        [evaluate_judged(name, corpus, lists, graded, depths) for name, lists in rankers.items()] if graded else []
    )
    return Evaluation(
        truth=linked,
        curated=assess(against_links, seed),
        graded=graded,
        judged=assess(against_grades, seed) if graded else None,
        catalogue={name: evaluate_catalogue(corpus, lists, depths) for name, lists in rankers.items()},
        depths=tuple(depths),
        seed=seed,
    )


def evaluate_lists(name: str, lists: Lists, truth: Truth, depths: Sequence[int] = DEPTHS) -> Report:
    """Judge ranked lists of families, best first, by family that asks, against curated links."""
    rows = {
        family: {
            f"{measure}@{depth}": value
            for depth in depths
            for measure, value in binary_measures(_distinct(lists.get(family, ()), family), relevant, depth).items()
        }
        for family, relevant in truth.links.items()
        if relevant
    }
    return _report(name, rows)


def evaluate_judged(name: str, corpus: Corpus, lists: Lists, graded: Graded, depths: Sequence[int] = DEPTHS) -> Report:
    """Judge ranked lists of families, by row that asks, against an editor's grades."""
    rows = {}
    for row, labels in graded.labels.items():
        itself = corpus.families[row]
        ranked = lists.get(row, ())
        rows[row] = {
            f"{measure}@{depth}": value
            for depth in depths
            for measure, value in graded_measures(ranked, itself, labels, depth).items()
        }
    return _report(name, rows)


def evaluate_catalogue(corpus: Corpus, lists: Lists, depths: Sequence[int] = DEPTHS) -> dict[str, float]:
    """Measure what ranked lists do to the whole catalogue."""
    targets = linkable(corpus)
    return {
        f"{measure}@{depth}": value
        for depth in depths
        for measure, value in catalogue_measures(lists, corpus.families, targets, depth).items()
    }


def assess(reports: Sequence[Report], seed: int = SEED) -> Assessment:
    """Add to reports on the same articles how sure their means are, and compare the first with each other one."""
    if not reports:
        return Assessment((), {}, ())
    values, weights = (np.hstack([getattr(report, name) for report in reports]) for name in ("values", "weights"))
    draws = bootstrap_means(values, weights, seed)
    bounds = percentile_interval(draws).T.tolist()
    measures = reports[0].measures
    size = len(measures)
    intervals = {
        report.name: {measure: (low, high) for measure, (low, high) in zip(measures, own, strict=True)}
        for report, own in zip(reports, [bounds[n * size : (n + 1) * size] for n in range(len(reports))], strict=True)
    }
    first = reports[0]
    comparisons: list[Comparison] = []
    for place, other in enumerate(reports[1:], 1):
        gaps = percentile_interval(draws[:, :size] - draws[:, place * size : (place + 1) * size]).T.tolist()
        chances = randomisation_test((first.values, first.weights), (other.values, other.weights), seed).tolist()
        ours, theirs = first.means(), other.means()
        comparisons += [
            Comparison(first.name, other.name, measure, ours[measure] - theirs[measure], low, high, p)
            for measure, (low, high), p in zip(measures, gaps, chances, strict=True)
        ]
    return Assessment(tuple(reports), intervals, tuple(comparisons))


def by_subject(corpus: Corpus, reports: Sequence[Report], measure: str) -> dict[str, dict[str, float]]:
    """Average one measure by the subject of the article that asks: subject -> "articles" and each ranker's mean."""
    rows: dict[str, list[int]] = {}
    for row in reports[0].rows if reports else ():
        rows.setdefault(corpus.articles[row].subject, []).append(row)
    return {
        subject: {"articles": len(own), **{report.name: report.only(own).means()[measure] for report in reports}}
        for subject, own in sorted(rows.items())
    }


def article_values(corpus: Corpus, sections: Mapping[str, Sequence[Report]]) -> list[list[Any]]:
    """Give a table of the values per article, its heads first; a value that counts in no mean is "".

    ``sections`` are reports by what they are measured against, which the first column names.
    """
    names = [report.measures for reports in sections.values() for report in reports]
    measures = list(dict.fromkeys(measure for own in names for measure in own))
    table: list[list[Any]] = [["against", "ranker", "url", "subject", *measures]]
    for against, reports in sections.items():
        for report in reports:
            places = {measure: place for place, measure in enumerate(report.measures)}
            for row, values, weights in zip(report.rows, report.values.tolist(), report.weights.tolist(), strict=True):
                article = corpus.articles[row]
                cells = [values[places[m]] if m in places and weights[places[m]] else "" for m in measures]
                table.append([against, report.name, article.url, article.subject, *cells])
    return table


def _report(name: str, rows: Mapping[int, Mapping[str, Share]]) -> Report:
    measures = tuple(next(iter(rows.values()), {}))
    pairs = np.array([[found[measure] for measure in measures] for found in rows.values()], np.float64)
    pairs = pairs.reshape(len(rows), len(measures), 2)
    return Report(name, tuple(rows), measures, pairs[:, :, 0], pairs[:, :, 1])


def _distinct(ranked: Sequence[int], family: int) -> list[int]:
    """Drop the article itself; a family that comes again keeps its place and counts as a miss."""
    seen: set[int] = set()
    out = []
    for other in ranked:
        if other != family:
            out.append(-1 if other in seen else other)
            seen.add(other)
    return out
