"""What plots show, from small lists by hand and from the sample site by definition."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from recommender.evaluation.curves import (
    Step,
    judged_scores,
    links_received,
    precision_by_score,
    scores_of_links,
    useful_by_rank,
)
from recommender.evaluation.evaluate import evaluate_judged
from recommender.evaluation.ground_truth import Graded
from recommender.evaluation.judgments import parse_label
from recommender.evaluation.measures import gini
from recommender.evaluation.rankers import linkable, lists_of, lists_of_urls, written_lists
from recommender.model.model import Model
from recommender.site.corpus import Corpus


@pytest.fixture(scope="module")
def graded(corpus: Corpus, model: Model) -> Graded:
    """Half of what the model shows has a label, drawn."""
    draw = random.Random(1)
    lists = lists_of_urls(corpus, lists_of(model, 20))
    labels = {
        row: {f: parse_label(draw.choice(["3", "2", "2a", "1", "0", "D"])) for f in found if draw.random() < 0.5}
        for row, found in lists.items()
        if row % 5 == 0
    }
    return Graded(labels, 0, 0)


def test_usefulness_by_rank_adds_up_to_the_precision_of_the_links_shown(
    corpus: Corpus, model: Model, graded: Graded
) -> None:
    lists = lists_of_urls(corpus, lists_of(model, 20))
    found = useful_by_rank(corpus, lists, graded, 7)
    report = evaluate_judged("model", corpus, lists, graded, (7,))
    assert len(found) == 7
    assert sum(one.value * one.weight for one in found) / sum(one.weight for one in found) == pytest.approx(
        report.means()["precision@7"]
    )
    assert sum(one.weight for one in found) == sum(len(lists[row][:7]) for row in graded.labels)
    assert [one.weight for one in useful_by_rank(corpus, {}, graded, 2)] == [0.0, 0.0]


def test_judged_scores_are_those_of_the_lists(corpus: Corpus, model: Model, graded: Graded) -> None:
    points = judged_scores(corpus, model, graded, 5)
    wanted = [
        candidate.score
        for row in graded.labels
        for candidate in model.chosen.of(row)[:5]
        if corpus.families[candidate.row] in graded.labels[row]
    ]
    assert [score for score, _ in points] == sorted(wanted, reverse=True)
    report = evaluate_judged("model", corpus, lists_of_urls(corpus, lists_of(model, 5)), graded, (5,))
    precision = report.measures.index("precision@5")
    useful = float((report.values[:, precision] * report.weights[:, precision]).sum())
    assert sum(good for _, good in points) == pytest.approx(useful)


@pytest.mark.parametrize(
    ("points", "steps", "wanted"),
    [
        ([], 3, []),
        ([(0.5, True)], 3, [Step(0.5, 0.5, 1, 1.0)]),
        (
            [(0.1, False), (0.4, True), (0.3, True), (0.2, False)],
            2,
            [Step(0.3, 0.4, 2, 1.0), Step(0.1, 0.2, 2, 0.0)],
        ),
        ([(0.3, True), (0.2, False), (0.1, True)], 1, [Step(0.1, 0.3, 3, 2 / 3)]),
    ],
)
def test_steps_hold_equally_many(points: list[tuple[float, bool]], steps: int, wanted: list[Step]) -> None:
    assert precision_by_score(points, steps) == wanted


def test_no_point_is_lost_in_steps() -> None:
    draw = random.Random(4)
    points = [(draw.random(), draw.random() < 0.6) for _ in range(103)]
    found = precision_by_score(points, 10)
    assert {step.links for step in found} <= {10, 11}
    assert sum(step.links for step in found) == 103
    assert sum(step.useful * step.links for step in found) == pytest.approx(sum(good for _, good in points))
    assert all(one.low >= other.high for one, other in itertools.pairwise(found))


def test_scores_of_links_are_those_of_the_model(corpus: Corpus, model: Model) -> None:
    lists = {row: [candidate.row for candidate in model.chosen.of(row)] for row in (3, 1)}
    wanted = [candidate.score for row in (1, 3) for candidate in model.chosen.of(row)[:4]]
    assert scores_of_links(corpus, model, lists, 4) == pytest.approx(wanted, abs=1e-12)
    curated = written_lists(corpus, {}, curated_only=True)
    scores = scores_of_links(corpus, model, curated, 5)
    assert len(scores) == sum(family >= 0 for found in curated.values() for family in found)
    assert scores_of_links(corpus, model, {0: [-5]}, 5).tolist() == []


def test_links_received_are_those_of_the_catalogue(corpus: Corpus, model: Model) -> None:
    lists = lists_of_urls(corpus, lists_of(model, 20))
    found = links_received(corpus, lists, 5)
    assert len(found) == len(linkable(corpus))
    wanted = dict.fromkeys(linkable(corpus), 0)
    asking: dict[int, set[int]] = {}
    for row, families in lists.items():
        asking.setdefault(corpus.families[row], set()).update(families[:5])
    for family, targets in asking.items():
        for target in targets - {family}:
            wanted[target] += 1
    assert found.tolist() == [wanted[family] for family in sorted(wanted)]
    assert 0 < gini(found) < 1
    assert np.array_equal(links_received(corpus, {}, 5), np.zeros(len(found)))
