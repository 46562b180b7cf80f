"""Intervals and p-values against scipy, by hand, and where nothing is there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from recommender.evaluation.significance import bootstrap_means, percentile_interval, randomisation_test, weighted_means

DRAW = np.random.default_rng(5)
COUNT = 80
VALUES = DRAW.beta(2, 3, (COUNT, 3))
EQUAL = np.ones((COUNT, 3))
SHOWN = DRAW.integers(0, 6, (COUNT, 3)).astype(np.float64)


def test_means_are_weighted_and_nothing_is_0() -> None:
    values, weights = np.array([[1.0, 0.5], [0.0, 0.5]]), np.array([[3.0, 0.0], [1.0, 0.0]])
    assert weighted_means(values, weights).tolist() == [0.75, 0.0]
    assert weighted_means(VALUES, EQUAL) == pytest.approx(VALUES.mean(axis=0))
    assert weighted_means(np.zeros((0, 2)), np.zeros((0, 2))).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("column", [0, 1, 2])
def test_an_interval_is_that_of_scipy(column: int) -> None:
    ours = percentile_interval(bootstrap_means(VALUES, EQUAL, resamples=20_000))[:, column]
    theirs = stats.bootstrap(
        (VALUES[:, column],), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    # The error of a 2.5 % quantile of 20,000 draws is some 0.02 of the interval's width.
    assert ours == pytest.approx([theirs.low, theirs.high], abs=0.05 * (theirs.high - theirs.low))


def test_the_interval_of_a_ratio_is_that_of_scipy() -> None:
    ours = percentile_interval(bootstrap_means(VALUES, SHOWN, resamples=20_000))[:, 0]
    theirs = stats.bootstrap(
        (VALUES[:, 0], SHOWN[:, 0]),
        lambda values, weights, axis: (values * weights).sum(axis=axis) / weights.sum(axis=axis),
        n_resamples=20_000,
        method="percentile",
        paired=True,
        vectorized=True,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert ours == pytest.approx([theirs.low, theirs.high], abs=0.05 * (theirs.high - theirs.low))


def test_draws_are_those_of_the_seed_and_shared_by_all_columns() -> None:
    one = bootstrap_means(VALUES, EQUAL, seed=1, resamples=150)
    assert one.shape == (150, 3)
    assert np.array_equal(one, bootstrap_means(VALUES, EQUAL, seed=1, resamples=150))
    assert not np.array_equal(one, bootstrap_means(VALUES, EQUAL, seed=2, resamples=150))
    twice = bootstrap_means(np.hstack([VALUES, VALUES]), np.hstack([EQUAL, EQUAL]), seed=1, resamples=150)
    assert np.array_equal(twice[:, :3], twice[:, 3:])


@pytest.mark.parametrize("weights", [EQUAL[:, 0], SHOWN[:, 0]], ids=["means", "ratios"])
def test_few_articles_have_the_p_value_of_all_swaps(weights: np.ndarray) -> None:
    count = 9
    one, other = VALUES[:count, [0]], VALUES[:count, [1]] * 0.7
    left, right = weights[:count, None] + 1, EQUAL[:count, [0]] if weights is EQUAL[:, 0] else SHOWN[:count, [2]] + 1

    def gap(swapped: tuple[bool, ...]) -> float:
        flip = np.array(swapped)[:, None]
        tops = [np.where(flip, other * right, one * left), np.where(flip, one * left, other * right)]
        bottoms = [np.where(flip, right, left), np.where(flip, left, right)]
        return float(tops[0].sum() / bottoms[0].sum() - tops[1].sum() / bottoms[1].sum())

    observed = abs(gap((False,) * count))
    exact = np.mean([abs(gap(s)) >= observed - 1e-12 for s in itertools.product([False, True], repeat=count)])
    found = randomisation_test((one, left), (other, right), flips=20_000)
    assert 0.002 < exact < 0.9
    assert found == pytest.approx([exact], abs=5 * np.sqrt(exact / 20_000))


def test_p_values_are_those_of_scipy() -> None:
    other = VALUES + DRAW.normal(0.02, 0.1, VALUES.shape)
    found = randomisation_test((VALUES, EQUAL), (other, EQUAL), flips=20_000)
    for column in range(3):
        theirs = stats.permutation_test(
            (VALUES[:, column], other[:, column]),
            lambda a, b, axis: (a - b).mean(axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=20_000,
            rng=np.random.default_rng(1),
        ).pvalue
        assert found[column] == pytest.approx(theirs, abs=6 * np.sqrt(max(theirs, 1e-4) / 20_000))


def test_equal_systems_do_not_differ_and_the_smallest_p_is_one_of_all_flips() -> None:
    assert randomisation_test((VALUES, EQUAL), (VALUES, EQUAL), flips=100).tolist() == [1.0, 1.0, 1.0]
    apart = randomisation_test((VALUES + 1, EQUAL), (VALUES, EQUAL), flips=199)
    assert apart == pytest.approx([1 / 200] * 3)


def test_no_article_gives_no_knowledge() -> None:
    nothing = np.zeros((0, 2))
    assert percentile_interval(bootstrap_means(nothing, nothing)).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert randomisation_test((nothing, nothing), (nothing, nothing)).tolist() == [1.0, 1.0]
