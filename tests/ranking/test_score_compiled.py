"""Scores of all candidates in compiled loops: bit for bit those of a few, whatever the threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from score_by_hand import ByHand, Site, sites

from recommender.model.model import Model
from recommender.ranking import score, score_compiled
from recommender.ranking.score import NAMES, Near, returns, total, weights_of
from recommender.ranking.score_compiled import BLOCK, Pairs, padded, rescore, sorted_by_score

WEIGHTS = weights_of({name: (-1.0) ** number * 0.37 ** (number % 3) for number, name in enumerate(NAMES)}, 0.7)


def by_cosine(model: Model) -> Near:
    """Give the candidates of a model as the search finds them."""
    indptr, rows = model.nearest.indptr, model.nearest.rows
    owners = np.repeat(np.arange(len(model)), np.diff(indptr))
    order = np.lexsort((rows, -np.round(model.cosines, 9), owners))
    return Near(indptr, rows[order], model.cosines[order], model.settings.candidates)


def numbered(model: Model) -> np.ndarray:
    subjects = [model.catalogue.subjects[row] for row in range(len(model))]
    return np.array([sorted(set(subjects)).index(subject) if subject else -1 for subject in subjects])


def check_plain(model: Model, near: Near, weights: np.ndarray) -> None:
    """The plain twin gives the same bits."""
    scores = score.rescore(model.vectors, model.coverage, near, numbered(model), weights)
    compiled = rescore(model.vectors, model.coverage, padded(near, numbered(model)), weights, 2)
    assert scores.tobytes() == compiled[np.arange(near.kept) < np.diff(near.indptr)[:, None]].tobytes()


def check_scores(model: Model, pairs: Pairs, scores: np.ndarray, weights: np.ndarray) -> None:
    assert scores.shape == pairs.rows.shape
    for row, (others, found) in enumerate(zip(pairs.rows, scores.tolist(), strict=True)):
        count = int((others >= 0).sum())
        wanted = total(model.part_values(model.query(row), others[:count].astype(np.int64)), weights)
        assert found[:count] == wanted.tolist()
        assert found[count:] == [0.0] * (len(found) - count)


@pytest.mark.parametrize("threads", [0, 1, 2, 7])
def test_the_sample_site_is_scored_bit_for_bit(model: Model, threads: int) -> None:
    assert len(model) > 2 * BLOCK
    pairs = padded(by_cosine(model), numbered(model))
    check_scores(model, pairs, rescore(model.vectors, model.coverage, pairs, WEIGHTS, threads), WEIGHTS)
    check_plain(model, by_cosine(model), WEIGHTS)


@hypothesis_settings(deadline=None, max_examples=40)
@given(sites())
def test_any_site_is_scored_bit_for_bit(site: Site) -> None:
    built = site.build()
    pairs = padded(by_cosine(built), numbered(built))
    for weights in (WEIGHTS, weights_of(site.settings.parts, built.lift)):
        check_scores(built, pairs, rescore(built.vectors, built.coverage, pairs, weights, 2), weights)
        check_plain(built, by_cosine(built), weights)
    # The build kept just these scores.
    for row in range(len(built)):
        kept = built.candidates(row)
        assert built.scores(built.query(row), [one.row for one in kept]).tolist() == [one.score for one in kept]


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites())
def test_the_place_among_the_candidates_is_the_one_by_hand(site: Site) -> None:
    built, hand = site.build(), ByHand(site)
    near = by_cosine(built)
    pairs = padded(near, numbered(built))
    weights = weights_of({name: float(name == "near_in_return") for name in NAMES}, 1.0)
    scores = rescore(built.vectors, built.coverage, pairs, weights, 1)
    for row in range(len(built)):
        others = pairs.rows[row][pairs.rows[row] >= 0].tolist()
        assert others == hand.near[row]
        wanted = [hand.near_in_return(row, other) for other in others]
        assert scores[row][: len(others)].tolist() == pytest.approx(wanted, abs=1e-12)


def test_candidates_are_put_into_one_table() -> None:
    near = Near(np.array([0, 2, 2, 3]), np.array([2, 1, 0], np.int32), np.array([0.5, 0.25, 0.5]), 3)
    pairs = padded(near, np.array([4, -1, 4]))
    assert pairs.rows.tolist() == [[2, 1, -1], [-1, -1, -1], [0, -1, -1]]
    assert pairs.cosines.tolist() == [[0.5, 0.25, 0.0], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0]]
    assert (pairs.rows.dtype, pairs.cosines.dtype) == (np.int32, np.float64)
    assert pairs.subjects.tolist() == [4, -1, 4]
    assert pairs.returns.tolist() == returns(3).tolist()


def test_candidates_are_sorted_by_score_to_nine_decimals_then_by_row() -> None:
    rows = np.array([[5, 3, 9, -1], [1, 2, 0, 4], [-1, -1, -1, -1], [7, 6, -1, -1]], np.int32)
    scores = np.array([[0.1, 0.1 + 1e-11, 0.4, 0.0], [-0.5, 0.2, -0.5, 0.0], [0.0] * 4, [-1.0, -2.0, 0.0, 0.0]])
    order = sorted_by_score(rows, scores)
    assert np.take_along_axis(rows, order, axis=1).tolist() == [
        [9, 3, 5, -1],
        [2, 4, 0, 1],
        [-1, -1, -1, -1],
        [7, 6, -1, -1],
    ]


def test_a_failure_in_a_thread_is_raised(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(score_compiled, "_rescore", full)
    with pytest.raises(MemoryError, match="no room"):
        rescore(model.vectors, model.coverage, padded(by_cosine(model), numbered(model)), WEIGHTS, 2)
