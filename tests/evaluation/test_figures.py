"""Shapes for plots, from small evaluations by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.evaluation.curves import Step
from recommender.evaluation.evaluate import Report, assess, by_subject, evaluate_rankers
from recommender.evaluation.figures import by_rank, findings, losses_of, means_of, sections, staircase, subject_grid
from recommender.evaluation.ground_truth import Graded, Truth
from recommender.evaluation.judgments import Label
from recommender.evaluation.measures import Share
from recommender.site.audit import audit_site
from recommender.site.corpus import Corpus


def report(name: str, values: list[float]) -> Report:
    column = np.array(values)[:, None]
    return Report(name, tuple(range(len(values))), ("nDCG@5",), column, np.ones_like(column))


def test_bars_reach_from_one_bound_to_the_other() -> None:
    assessed = assess([report("one", [0.2, 0.4, 0.9]), report("other", [0.1, 0.4, 0.1])])
    bars = means_of(assessed, "nDCG@5")
    assert bars.names == ("one", "other")
    assert bars.values.tolist() == pytest.approx([0.5, 0.2])
    for place, name in enumerate(bars.names):
        low, high = assessed.intervals[name]["nDCG@5"]
        ends = bars.values[place] - bars.errors[0, place], bars.values[place] + bars.errors[1, place]
        assert ends == pytest.approx((low, high))


def test_what_is_lost_is_the_difference_to_the_first() -> None:
    assessed = assess([report("all", [0.2, 0.4, 0.9]), report("less", [0.1, 0.4, 0.1])])
    bars = losses_of(assessed, "nDCG@5")
    (comparison,) = assessed.comparisons
    assert bars.names == ("less",)
    assert bars.values.tolist() == pytest.approx([0.3])
    assert bars.errors[:, 0].tolist() == pytest.approx([0.3 - comparison.low, comparison.high - 0.3])


def test_no_ranker_gives_no_bars() -> None:
    assert means_of(assess([]), "nDCG@5").errors.shape == (2, 0)


def test_an_evaluation_has_a_section_for_each_thing_that_it_is_measured_against(corpus: Corpus) -> None:
    linked, lists = Truth({0: frozenset({1})}, 0), {"model": {0: [1, 2]}}
    graded = Graded({0: {1: Label(3)}}, 0, 0)
    assert list(sections(evaluate_rankers(corpus, lists, (linked, None)))) == ["curated links"]
    assert list(sections(evaluate_rankers(corpus, lists, (linked, graded)))) == ["curated links", "judgments"]


def test_findings_are_the_counts_of_the_audit(corpus: Corpus) -> None:
    audit = audit_site(corpus, 5, {})
    bars = findings(audit)
    assert "error: dead" in bars.names
    assert dict(zip((name.split(": ")[1] for name in bars.names), bars.values, strict=True)) == audit.counts()
    assert bars.errors.shape == (2, len(bars.names))


def test_a_grid_has_a_row_for_each_subject(corpus: Corpus) -> None:
    values = [(row % 7) / 7 for row in range(len(corpus.articles))]
    reports = [report("one", values), report("other", values[::-1])]
    grid = subject_grid(corpus, reports, "nDCG@5")
    found = by_subject(corpus, reports, "nDCG@5")
    assert [row.split(" (")[0] for row in grid.rows] == list(found)
    assert grid.columns == ("one", "other")
    assert grid.values.tolist() == [[own["one"], own["other"]] for own in found.values()]
    assert subject_grid(corpus, [], "nDCG@5").values.shape == (0, 0)


def test_a_staircase_rises_by_score() -> None:
    values, edges = staircase([Step(0.5, 0.9, 2, 1.0), Step(0.1, 0.4, 2, 0.25)])
    assert (values.tolist(), edges.tolist()) == ([0.25, 1.0], [0.1, 0.5, 0.9])
    assert [len(part) for part in staircase([])] == [0, 0]


def test_ranks_that_no_list_reaches_are_no_numbers() -> None:
    grid = by_rank({"one": [Share(0.5, 2), Share(0.0, 0)], "other": [Share(1.0, 1), Share(0.0, 3)]})
    assert (grid.rows, grid.columns) == (("one", "other"), ("1", "2"))
    assert np.isnan(grid.values).tolist() == [[False, True], [False, False]]
    assert grid.values[1].tolist() == [1.0, 0.0]
