"""Learned weights: better than where they began, never on the floor, and honest about others' articles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.errors import RecommenderError
from recommender.evaluation import tuning
from recommender.evaluation.evaluate import evaluate_lists
from recommender.evaluation.ground_truth import Graded, Truth, curated_truth
from recommender.evaluation.judgments import Label
from recommender.evaluation.tuning import tune
from recommender.model.model import Model
from recommender.ranking.score import NAMES
from recommender.site.corpus import Corpus

# With the default seed every fold of the sample site learns the same weights, so nothing is lost on others' articles.
SEED = 1


@pytest.fixture(scope="module")
def learned(corpus: Corpus, model: Model) -> tuning.Tuned:
    return tune(model, curated_truth(corpus, {}), SEED)


@pytest.mark.slow  # tunes
def test_the_model_s_own_weights_give_what_evaluate_says(corpus: Corpus, model: Model, learned: tuning.Tuned) -> None:
    truth = curated_truth(corpus, {})
    families = model.rules.families
    # The floor has no say in tuning.
    free = replace(model, settings=replace(model.settings, floor=0.0))
    lists = {row: [families[c.row] for c in free.choose_for(row).shown] for row in range(len(model))}
    means = evaluate_lists("model", lists, truth).means()
    assert learned.before == pytest.approx(means["nDCG@5"], abs=1e-12)
    assert learned.articles == sum(bool(links) for links in truth.links.values())


def test_learning_gains_where_it_learns_and_says_what_it_is_worth_elsewhere(learned: tuning.Tuned) -> None:
    assert learned.learned > learned.before
    assert learned.validated < learned.learned
    assert learned.gain == pytest.approx(learned.validated - learned.before, abs=1e-12)
    assert learned.low < learned.gain < learned.high
    assert list(learned.parts) == list(NAMES) and learned.parts["cosine"] == 0.4
    assert all(0 <= weight <= 1 for weight in learned.parts.values())


@pytest.mark.slow  # tunes twice
def test_the_same_seed_gives_the_same_weights(corpus: Corpus, model: Model, learned: tuning.Tuned) -> None:
    assert tune(model, curated_truth(corpus, {}), SEED) == learned
    assert tune(model, curated_truth(corpus, {})).validated != learned.validated


@pytest.mark.slow  # tunes
def test_judgments_that_want_the_own_subject_teach_it(model: Model) -> None:
    subjects = model.catalogue.subjects.all()
    labels = {
        row: {c.row: Label(3 if subjects[c.row] == subjects[row] else 0) for c in model.candidates(row)}
        for row in range(0, len(model), 2)
    }
    found = tune(model, Graded(labels, 0, 0))
    assert found.parts["same_subject"] > 0.2
    assert found.validated > found.before + 0.1 and found.low > 0


def test_too_few_articles_teach_nothing(model: Model) -> None:
    links = {row: frozenset({row + 1}) for row in range(19)}
    with pytest.raises(
        RecommenderError, match=r"^19 articles have links or judgments to learn from; .* keep the defaults"
    ):
        tune(model, Truth(links, 0))


def test_a_large_site_is_sampled(corpus: Corpus, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "MOST", 30)
    assert tune(model, curated_truth(corpus, {})).articles == 30


def test_an_article_without_candidates_scores_nothing(model: Model) -> None:
    empty = replace(model.nearest, indptr=np.zeros_like(model.nearest.indptr), rows=model.nearest.rows[:0])
    alone = replace(model, nearest=empty, cosines=model.cosines[:0])
    found = tune(alone, Truth({row: frozenset({row + 1}) for row in range(30)}, 0))
    assert (found.before, found.learned, found.validated) == (0.0, 0.0, 0.0)
