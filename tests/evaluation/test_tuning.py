"""Learned weights: better than where they began, never on the floor, and honest about others' articles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from recommender.errors import RecommenderError
from recommender.evaluation import tuning
from recommender.evaluation.evaluate import evaluate_lists
from recommender.evaluation.ground_truth import Graded, Truth, curated_truth
from recommender.evaluation.judgments import Label
from recommender.evaluation.tuning import tune
from recommender.model.model import Model
from recommender.ranking.score import NAMES
from recommender.site.corpus import Corpus

SEED = 1


@pytest.fixture(scope="module")
def learned(corpus: Corpus, model: Model) -> tuning.Tuned:
    return tune(model, [curated_truth(corpus, {})], SEED)


def wanting_own_subject(model: Model) -> Graded:
    """Grade every candidate of every second article: 3 of its subject, 0 of another."""
    subjects = model.catalogue.subjects.all()
    labels = {
        row: {c.row: Label(3 if subjects[c.row] == subjects[row] else 0) for c in model.candidates(row)}
        for row in range(0, len(model), 2)
    }
    return Graded(labels, 0, 0)


@pytest.mark.slow  # tunes
def test_the_model_s_own_weights_give_what_evaluate_says(corpus: Corpus, model: Model, learned: tuning.Tuned) -> None:
    truth = curated_truth(corpus, {})
    families = model.rules.families
    # The floor has no say in tuning.
    free = replace(model, settings=replace(model.settings, floor=0.0))
    lists = {row: [families[c.row] for c in free.choose_for(row).shown] for row in range(len(model))}
    means = evaluate_lists("model", lists, truth).means()
    assert learned.worth["links"].before == pytest.approx(means["nDCG@5"], abs=1e-12)
    assert learned.worth["links"].articles == sum(bool(links) for links in truth.links.values())


def test_it_says_what_weights_are_worth_where_they_were_learned_and_elsewhere(learned: tuning.Tuned) -> None:
    worth = learned.worth["links"]
    assert worth.learned > worth.before
    assert worth.gain == pytest.approx(worth.validated - worth.before, abs=1e-12)
    assert worth.low < worth.gain < worth.high
    assert list(learned.parts) == list(NAMES)
    assert all(0 <= weight <= 1 for weight in learned.parts.values())


@pytest.mark.slow  # tunes twice
def test_the_same_seed_gives_the_same_halves_and_any_the_same_weights(
    corpus: Corpus, model: Model, learned: tuning.Tuned
) -> None:
    assert tune(model, [curated_truth(corpus, {})], SEED) == learned
    other = tune(model, [curated_truth(corpus, {})])
    assert other.parts == learned.parts
    assert other.worth["links"].validated != learned.worth["links"].validated


def rows_of(model: Model, asking: dict[int, dict[int, float]], start: str) -> tuple[list[list[float]], list[float]]:
    """Give the parts and goods of the candidates that are learned from, less their means, anew: by the description."""
    weights = np.array(list(model.settings.parts.values()))
    weights = np.full(len(weights), weights.mean()) if start == "equal" else weights
    weights[NAMES.index("same_subject")] *= model.lift
    features, goods = [], []
    for row, good in asking.items():
        families, best = [model.rules.families[row]], []
        rows = sorted(candidate.row for candidate in model.candidates(row))
        scores = model.part_values(model.query(row), np.array(rows, np.int64)) @ weights
        for _, other in sorted(zip(-np.round(scores, 9), rows, strict=True)):
            family = model.rules.families[other]
            if family not in families:
                families.append(family)
                best.append(other)
        best = [one for one in best[:40] if model.rules.families[one] in good]
        parts = model.part_values(model.query(row), np.array(best, np.int64))
        parts[:, NAMES.index("same_subject")] *= model.lift
        values = np.array([good[model.rules.families[one]] for one in best])
        features += (parts - parts.mean(axis=0)).tolist()
        goods += (values - values.mean()).tolist()
    return features, goods


def test_the_weights_are_those_of_a_ridge_regression_on_both_sources(corpus: Corpus, model: Model) -> None:
    graded, linked = wanting_own_subject(model), curated_truth(corpus, {})
    judged = {
        row: {family: (2**label.grade - 1) / 7 for family, label in labels.items()}
        for row, labels in graded.labels.items()
        if any(label.grade for label in labels.values())
    }
    curated = {
        row: {family: float(family in links) for family in model.rules.families}
        for row, links in linked.links.items()
        if links
    }
    found = tune(model, [graded, linked])
    (one, good), (other, linked_good) = (rows_of(model, asking, found.start) for asking in (judged, curated))
    features = np.array(one + other)
    deviations = features.std(axis=0)
    goods = np.concatenate([np.array(good) / np.std(good), np.array(linked_good) / np.std(linked_good)])
    weights = np.array([1.0] * len(good) + [len(good) / len(linked_good)] * len(linked_good))
    fitted = Ridge(alpha=2000, fit_intercept=False, positive=True, tol=1e-12)
    wanted = fitted.fit(features / deviations, goods, sample_weight=weights).coef_ / deviations
    wanted *= sum(model.settings.parts.values()) / wanted.sum()
    assert list(found.parts.values()) == pytest.approx(wanted.tolist(), abs=0.0006)
    assert list(found.worth) == ["judgments", "links"]


@pytest.mark.slow  # tunes
def test_judgments_that_want_the_own_subject_teach_it(model: Model) -> None:
    found = tune(model, [wanting_own_subject(model)])
    assert found.parts["same_subject"] > 0.2
    worth = found.worth["judgments"]
    assert worth.validated > worth.before + 0.05 and worth.low > 0


def test_a_part_that_counts_against_a_link_is_left_out(model: Model) -> None:
    """The nearest candidates of other subjects are the good ones."""
    subjects = model.catalogue.subjects.all()
    labels = {}
    for row in range(len(model)):
        others = [c.row for c in model.candidates(row) if subjects[c.row] != subjects[row]]
        labels[row] = {c.row: Label(3 if c.row in others[:5] else 0) for c in model.candidates(row)}
    found = tune(model, [Graded(labels, 0, 0)])
    assert found.parts["same_subject"] == 0 and max(found.parts.values()) > 0.2
    assert sum(found.parts.values()) == pytest.approx(sum(model.settings.parts.values()), abs=0.004)


@pytest.mark.slow  # tunes twice
@pytest.mark.parametrize(("weighed", "start"), [("near_in_return", "model"), ("same_subject", "equal")])
def test_it_takes_the_better_of_two_starts(
    corpus: Corpus, model: Model, monkeypatch: pytest.MonkeyPatch, weighed: str, start: str
) -> None:
    monkeypatch.setattr(tuning, "BEST", 5)
    truth = [curated_truth(corpus, {})]

    def learned_from(parts: dict[str, float]) -> tuning.Tuned:
        return tune(replace(model, settings=replace(model.settings, parts=parts)), truth, SEED)

    found, even = learned_from(dict.fromkeys(NAMES, 0.01) | {weighed: 1.0}), learned_from(dict.fromkeys(NAMES, 0.2))
    better = found.worth["links"].validated - even.worth["links"].validated
    assert (found.start, better == pytest.approx(0, abs=1e-12)) == (start, start == "equal")
    assert better > -1e-12
    assert even.start == "model"  # neither is better


def test_too_few_articles_teach_nothing(model: Model) -> None:
    links = {row: frozenset({row + 1}) for row in range(19)}
    with pytest.raises(
        RecommenderError, match=r"^19 articles have links or judgments to learn from; .* keep the defaults"
    ):
        tune(model, [Truth(links, 0)])


def test_a_large_site_is_sampled(corpus: Corpus, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "MOST", 30)
    assert tune(model, [curated_truth(corpus, {})]).worth["links"].articles == 30


def test_an_article_without_candidates_scores_nothing_and_teaches_nothing(model: Model) -> None:
    empty = replace(model.nearest, indptr=np.zeros_like(model.nearest.indptr), rows=model.nearest.rows[:0])
    alone = replace(model, nearest=empty, cosines=model.cosines[:0])
    found = tune(alone, [Truth({row: frozenset({row + 1}) for row in range(30)}, 0)])
    worth = found.worth["links"]
    assert (worth.before, worth.learned, worth.validated) == (0.0, 0.0, 0.0)
    assert found.parts == model.settings.parts
