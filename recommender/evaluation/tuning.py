"""Learn how much each part of a score counts, from judgments, curated links or both, with an honest second opinion.

The score is linear in its parts, so the weights are few and readable. They are found by ridge regression (Hoerl and
Kennard 1970) of how good a candidate is on its parts, each article by itself; a part that would count against a link
is left out. There is one best answer for given candidates, so nothing is searched; but which candidates are learned
from hangs on the weights that one starts from, so two starts are tried. The figure to believe is that of half to half:
every article's list comes from weights that were learned on other articles.
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
from recommender.ranking.score import NAMES, weights_of
from recommender.ranking.selection import Asking, Candidate, choose

DEPTH, FEWEST, HALVINGS = 5, 20, 10
# Curated links come by the ten thousand; a mean over so many articles is known to 0.01.
MOST = 600
# Candidates of an article that are learned from, the best by the score of the start, and the strength of the ridge:
# with fewer judgments than some thousand it draws the parts to what each tells alone.
BEST, ALPHA = 40, 2000.0
# Weights that one starts from: the model's own, and all parts alike.
OWN, EQUAL = "model", "equal"


@dataclass(frozen=True)
class Worth:
    """What learned weights are worth against one source: mean nDCG@5 on the articles learned from, and on others.

    ``before`` is that of the model's own weights, ``gain`` the difference of ``validated``, half to half, to it with
    its 95 % interval (``low``, ``high``).
    """

    articles: int
    before: float
    learned: float
    validated: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Tuned:
    """Learned weights, the start that led there, and their worth by the name of each source: judgments, links."""

    parts: Mapping[str, float]
    worth: Mapping[str, Worth]
    seed: int
    start: str


@dataclass(frozen=True)
class _Example:
    """One asking article: its candidates' rows, the parts of their scores, and what is good.

    ``features`` and ``goods`` are those of the candidates that are learned from, less their means.
    """

    row: int
    asking: Asking
    rows: list[int]
    parts: NDArray[np.float64]
    truth: frozenset[int] | Graded
    features: NDArray[np.float64]
    goods: Floats


def tune(model: Model, truths: Sequence[Truth | Graded], seed: int = SEED) -> Tuned:
    """Learn the weights of the parts from two starts, and give what is better half to half; every source counts alike.

    Raises:
        RecommenderError: fewer than 20 articles of a source have judgments or curated links.
    """
    found = [_tuned(model, truths, start, seed) for start in (OWN, EQUAL)]
    return max(found, key=lambda one: sum(worth.validated for worth in one.worth.values()))


def _tuned(model: Model, truths: Sequence[Truth | Graded], start: str, seed: int) -> Tuned:
    own = _own_weights(model)
    first = own if start == OWN else np.full(len(own), own.mean())
    sources = [_examples(_weighted(model, first), truth, seed) for truth in truths]
    for examples in sources:
        if len(examples) < FEWEST:
            raise RecommenderError(
                f"{len(examples)} articles have links or judgments to learn from; weights of fewer than {FEWEST} mean "
                "nothing: keep the defaults, or judge more with `recommender judge`"
            )
    learned = _fit(model, sources)
    others = _half_to_half(model, sources, seed)
    names = ["judgments" if isinstance(truth, Graded) else "links" for truth in truths]
    worth = {
        name: _worth(_values(model, of, own), _values(model, of, learned), apart, seed)
        for name, of, apart in zip(names, sources, others, strict=True)
    }
    return Tuned(dict(zip(NAMES, np.round(learned, 3).tolist(), strict=True)), worth, seed, start)


def _weighted(model: Model, weights: Floats) -> Model:
    return replace(model, settings=replace(model.settings, parts=dict(zip(NAMES, weights.tolist(), strict=True))))


def _own_weights(model: Model) -> Floats:
    return np.array([model.settings.parts[name] for name in NAMES])


def _worth(before: Floats, learned: Floats, validated: Floats, seed: int) -> Worth:
    gains = (validated - before)[:, None]
    low, high = percentile_interval(bootstrap_means(gains, np.ones_like(gains), seed))[:, 0].tolist()
    one, two, three, gain = (float(values.mean()) for values in (before, learned, validated, gains))
    return Worth(len(before), one, two, three, gain, low, high)


def _half_to_half(model: Model, sources: Sequence[Sequence[_Example]], seed: int) -> list[Floats]:
    """Give nDCG@5 of every article by weights of a random half without it, as the mean over ten divisions."""
    draw, found = np.random.default_rng(seed), [np.zeros(len(examples)) for examples in sources]
    for _ in range(HALVINGS):
        halves = [draw.permutation(len(examples)) % 2 == 0 for examples in sources]
        for own in (halves, [~half for half in halves]):
            apart = [
                [examples[place] for place in np.flatnonzero(~half).tolist()]
                for examples, half in zip(sources, own, strict=True)
            ]
            weights = _fit(model, apart)
            for values, examples, half in zip(found, sources, own, strict=True):
                asked = [examples[place] for place in np.flatnonzero(half).tolist()]
                values[half] += _values(model, asked, weights) / HALVINGS
    return found


def _examples(model: Model, truth: Truth | Graded, seed: int) -> list[_Example]:
    if isinstance(truth, Graded):
        useful = [row for row, labels in truth.labels.items() if any(label.grade for label in labels.values())]
        return [_example(model, row, truth) for row in useful]
    families = sorted(family for family, links in truth.links.items() if links)
    if len(families) > MOST:
        families = sorted(np.random.default_rng(seed).choice(families, MOST, replace=False).tolist())
    return [_example(model, family, truth.links[family]) for family in families]


def _example(model: Model, row: int, truth: frozenset[int] | Graded) -> _Example:
    rows = [candidate.row for candidate in model.candidates(row)]
    parts = model.part_values(model.query(row), np.array(rows, np.int64))
    families = model.rules.families
    # The best come first, and the first of a family stands for all.
    places = dict[int, int]()
    for place in _best_first(rows, np.round(model.weighed(parts), 9)):
        places.setdefault(families[rows[place]], place)
    places.pop(families[row], None)
    best = list(places.values())[:BEST]
    if isinstance(truth, Graded):
        labels = truth.labels[row]
        best = [place for place in best if families[rows[place]] in labels]
        goods = np.array([(2.0 ** labels[families[rows[place]]].grade - 1) / 7 for place in best])
    else:
        goods = np.array([float(families[rows[place]] in truth) for place in best])
    features = parts[best]
    features[:, : len(NAMES)] *= weights_of(dict.fromkeys(NAMES, 1.0), model.lift)
    if best:
        features, goods = features - features.mean(axis=0), goods - goods.mean()
    return _Example(row, model.asking(row), rows, parts, truth, features, goods)


def _fit(model: Model, sources: Sequence[Sequence[_Example]]) -> Floats:
    """Give the weights by ridge regression, none below 0, with the sum of the model's own.

    The features are divided by their deviation over all candidates that are learned from, the goods by that of their
    source. The rows of every source have together the weight of the first's. A part that no setting weighs takes part
    in the regression, and keeps its weight.
    """
    own = _own_weights(model)
    blocks = [
        (np.concatenate([one.features for one in examples]), np.concatenate([one.goods for one in examples]))
        for examples in sources
    ]
    count = len(blocks[0][1])
    scales = np.concatenate([np.full(len(goods), count / max(1, len(goods))) for _, goods in blocks])
    features = np.concatenate([features for features, _ in blocks])
    goods = np.concatenate([goods / (goods.std() or 1.0) if len(goods) else goods for _, goods in blocks])
    deviations = features.std(axis=0) if len(features) else np.zeros(features.shape[1])
    told = deviations > 0
    learned = np.zeros(len(told))
    while told.any():
        held = features[:, told] / deviations[told]
        weighed = held.T * scales
        learned[:] = 0.0
        learned[told] = np.linalg.solve(weighed @ held + ALPHA * np.eye(held.shape[1]), weighed @ goods)
        if (learned >= 0).all():
            break
        told &= learned > 0
    learned = np.divide(learned, deviations, out=np.zeros(len(told)), where=told)[: len(own)]
    return learned * own.sum() / learned.sum() if learned.sum() > 0 else own


def _values(model: Model, examples: Sequence[_Example], weights: Floats) -> Floats:
    """Give nDCG@5 of every article's list under some weights."""
    weighed = _weighted(model, weights).weighed
    # The floor moves with the scale of the score, so it has no say here.
    rules = replace(model.rules, floor=-np.inf)
    families = model.rules.families
    values = []
    for example in examples:
        scores = np.round(weighed(example.parts), 9)
        order = _best_first(example.rows, scores)
        candidates = [Candidate(example.rows[place], max(float(scores[place]), 1e-9)) for place in order]
        shown = [families[found.row] for found in choose(example.asking, candidates, (), DEPTH, rules).shown]
        if isinstance(example.truth, Graded):
            measures = graded_measures(shown, families[example.row], example.truth.labels[example.row], DEPTH)
        else:
            measures = binary_measures(shown, example.truth, DEPTH)
        values.append(measures["nDCG"].value)
    return np.array(values)


def _best_first(rows: Sequence[int], scores: Floats) -> list[int]:
    """Give the places of candidates in the order of a list; ``scores`` are rounded."""
    order: list[int] = np.lexsort((np.array(rows), -scores)).tolist()
    return order
