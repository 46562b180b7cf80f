"""Learn how much each part of a score counts, from judgments or from curated links, with an honest second opinion.

The score is linear in its parts, so the weights are few and readable. They are found by coordinate ascent on the mean
nDCG@5 of the lists as they would be shown (Metzler and Croft 2007), all rules of choosing but the floor at work. The
cosine keeps its weight: only proportions decide. The figure to believe is the cross-validated one: every article's
list comes from weights that were learned on the other folds' articles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Floats
from recommender.errors import RecommenderError
from recommender.evaluation.ground_truth import Graded, Truth
from recommender.evaluation.measures import binary_measures, graded_measures
from recommender.evaluation.significance import SEED, bootstrap_means, percentile_interval
from recommender.model.model import Model
from recommender.ranking.score import NAMES, total, weights_of
from recommender.ranking.selection import Asking, Candidate, choose

DEPTH, FOLDS, FEWEST = 5, 5, 20
# Curated links come by the ten thousand; a mean over so many articles is known to 0.01.
MOST = 600
STEPS = (0.1, -0.1, 0.05, -0.05, 0.025, -0.025)
GAIN = 0.0005  # smaller steps follow single articles
HIGHEST = 1.0


@dataclass(frozen=True)
class Tuned:
    """Learned weights and what they are worth: mean nDCG@5 on the articles they were learned on, and on others.

    ``before`` is that of the model's own weights, ``gain`` the cross-validated difference to it with its 95 %
    interval (``low``, ``high``).
    """

    parts: Mapping[str, float]
    articles: int
    before: float
    learned: float
    validated: float
    gain: float
    low: float
    high: float
    seed: int


@dataclass(frozen=True)
class _Example:
    """One asking article: its candidates' rows and families, the parts of their scores, and what is good."""

    row: int
    asking: Asking
    rows: list[int]
    parts: NDArray[np.float64]
    relevant: frozenset[int]
    graded: Graded | None


def tune(model: Model, truth: Truth | Graded, seed: int = SEED) -> Tuned:
    """Learn the weights of the parts.

    Raises:
        RecommenderError: fewer than 20 articles have judgments or curated links.
    """
    examples = _examples(model, truth, seed)
    if len(examples) < FEWEST:
        raise RecommenderError(
            f"{len(examples)} articles have links or judgments to learn from; weights of fewer than {FEWEST} mean "
            "nothing: keep the defaults, or judge more with `recommender judge`"
        )
    own = np.array([model.settings.parts[name] for name in NAMES])
    before = _values(model, examples, own)
    # From nothing but the cosine: the model's own weights may have been chosen on these very articles.
    start = np.where(np.arange(len(NAMES)) == 0, own, 0.0)
    learned = _ascend(model, examples, start)
    fold_of = np.random.default_rng(seed).permutation(len(examples)) % FOLDS
    held_out = np.zeros(len(examples))
    for fold in range(FOLDS):
        rest = [examples[place] for place in np.flatnonzero(fold_of != fold).tolist()]
        out = [examples[place] for place in np.flatnonzero(fold_of == fold).tolist()]
        held_out[fold_of == fold] = _values(model, out, _ascend(model, rest, start))
    gains = (held_out - before)[:, None]
    low, high = percentile_interval(bootstrap_means(gains, np.ones_like(gains), seed))[:, 0].tolist()
    return Tuned(
        parts=dict(zip(NAMES, np.round(learned, 3).tolist(), strict=True)),
        articles=len(examples),
        before=float(before.mean()),
        learned=float(_values(model, examples, learned).mean()),
        validated=float(held_out.mean()),
        gain=float(gains.mean()),
        low=low,
        high=high,
        seed=seed,
    )


def _examples(model: Model, truth: Truth | Graded, seed: int) -> list[_Example]:
    if isinstance(truth, Graded):
        useful = [row for row, labels in truth.labels.items() if any(label.grade for label in labels.values())]
        return [_example(model, row, frozenset(), truth) for row in useful]
    families = sorted(family for family, links in truth.links.items() if links)
    if len(families) > MOST:
        families = sorted(np.random.default_rng(seed).choice(families, MOST, replace=False).tolist())
    return [_example(model, family, truth.links[family], None) for family in families]


def _example(model: Model, row: int, relevant: frozenset[int], graded: Graded | None) -> _Example:
    rows = [candidate.row for candidate in model.candidates(row)]
    parts = model.part_values(model.query(row), np.array(rows, np.int64))
    return _Example(row, model.asking(row), rows, parts, relevant, graded)


def _values(model: Model, examples: Sequence[_Example], weights: Floats) -> Floats:
    """Give nDCG@5 of every article's list under some weights."""
    lifted = weights_of(dict(zip(NAMES, weights.tolist(), strict=True)), model.lift)
    # The floor moves with the scale of the score, so it has no say here.
    rules = replace(model.rules, floor=-np.inf)
    families = model.rules.families
    values = []
    for example in examples:
        scores = np.round(total(example.parts, lifted), 9)
        order = np.lexsort((np.array(example.rows), -scores)).tolist()
        candidates = [Candidate(example.rows[place], max(float(scores[place]), 1e-9)) for place in order]
        shown = [families[found.row] for found in choose(example.asking, candidates, (), DEPTH, rules).shown]
        if example.graded:
            measures = graded_measures(shown, families[example.row], example.graded.labels[example.row], DEPTH)
        else:
            measures = binary_measures(shown, example.relevant, DEPTH)
        values.append(measures["nDCG"].value)
    return np.array(values)


def _ascend(model: Model, examples: Sequence[_Example], start: Floats) -> Floats:
    weights, best = start.copy(), float(_values(model, examples, start).mean())
    improved = True
    while improved:
        improved = False
        for number in range(1, len(NAMES)):
            for step in STEPS:
                tried = weights.copy()
                tried[number] = round(tried[number] + step, 3)
                if not 0 <= tried[number] <= HIGHEST:
                    continue
                value = float(_values(model, examples, tried).mean())
                if value > best + GAIN:
                    weights, best, improved = tried, value, True
    return weights
