"""Evaluations in the shapes that plotting libraries take: names beside arrays. Pure; draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.curves import Step
from recommender.evaluation.evaluate import Assessment, Evaluation, Report, by_subject
from recommender.evaluation.measures import Share
from recommender.evaluation.significance import Floats
from recommender.site.audit import Audit
from recommender.site.corpus import Corpus


@dataclass(frozen=True)
class Bars:
    """Values by name, and how far their 95 % intervals reach below and above: ``errors`` is float64, (2, names)."""

    names: tuple[str, ...]
    values: Floats
    errors: Floats


@dataclass(frozen=True)
class Grid:
    """Values by row and column: float64, rows × columns."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Floats


def sections(found: Evaluation) -> dict[str, Assessment]:
    """Give what an evaluation holds, by what it is measured against; without judgments only the curated links."""
    against = {"curated links": found.curated, "judgments": found.judged}
    return {name: assessed for name, assessed in against.items() if assessed and assessed.reports}


def findings(audit: Audit) -> Bars:
    """Count the findings of an audit by "severity: code", in the order of the table of codes; errors are 0."""
    kinds = audit.kinds()
    names = tuple(f"{kind.severity}: {code}" for code, kind, _ in kinds)
    return Bars(names, np.array([count for *_, count in kinds], np.float64), np.zeros((2, len(kinds))))


def means_of(assessed: Assessment, measure: str) -> Bars:
    """Give each ranker's mean of one measure with its interval."""
    names = tuple(report.name for report in assessed.reports)
    means = [report.means()[measure] for report in assessed.reports]
    return _bars(names, means, [assessed.intervals[name][measure] for name in names])


def losses_of(assessed: Assessment, measure: str) -> Bars:
    """Give how much every other ranker loses against the first, with the interval of the difference."""
    own = [one for one in assessed.comparisons if one.measure == measure]
    return _bars(tuple(one.other for one in own), [one.difference for one in own], [(one.low, one.high) for one in own])


def subject_grid(corpus: Corpus, reports: Sequence[Report], measure: str) -> Grid:
    """Give each ranker's mean of one measure by subject, with the number of articles behind the subject's name."""
    found = by_subject(corpus, reports, measure)
    columns = tuple(report.name for report in reports)
    rows = tuple(f"{subject} ({own['articles']:,.0f})" for subject, own in found.items())
    values = np.array([[own[name] for name in columns] for own in found.values()], np.float64)
    return Grid(rows, columns, values.reshape(len(rows), len(columns)))


def staircase(steps: Sequence[Step]) -> tuple[Floats, Floats]:
    """Give the useful shares of steps by ascending score (n,), and the scores between them (n + 1,)."""
    rising = sorted(steps, key=lambda step: step.low)
    edges = [step.low for step in rising] + [step.high for step in rising[-1:]]
    return np.array([step.useful for step in rising], np.float64), np.array(edges, np.float64)


def by_rank(shares: Mapping[str, Sequence[Share]]) -> Grid:
    """Put shares by rank beside each other, a row a ranker; nan where no list is that long."""
    depth = max((len(own) for own in shares.values()), default=0)
    values = [[share.value if share.weight else np.nan for share in own] for own in shares.values()]
    return Grid(tuple(shares), tuple(str(rank) for rank in range(1, depth + 1)), _array(values, depth))


def _bars(names: tuple[str, ...], values: Sequence[float], bounds: Sequence[tuple[float, float]]) -> Bars:
    middle = np.array(values, np.float64)
    reach = np.array(bounds, np.float64).reshape(len(names), 2)
    # A percentile interval may lie beside its mean by a rounding error: lengths of lines are not negative.
    return Bars(names, middle, np.maximum(0.0, [middle - reach[:, 0], reach[:, 1] - middle]))


def _array(values: Sequence[Sequence[float]], width: int) -> NDArray[Any]:
    return np.array(values, np.float64).reshape(len(values), width)
