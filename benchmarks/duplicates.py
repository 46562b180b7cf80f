"""Fit the learned model of duplicates in recommender/ranking/title_meaning.py, and say what it is worth half to half.

    python benchmarks/duplicates.py CONTENT JUDGMENTS [MODEL]

CONTENT is a folder of articles, JUDGMENTS a file that `judge` wrote. MODEL is a folder with a model of them that was
built with `embeddings: titles`; without one, one is built. Pairs are an article with each graded candidate (a duplicate
where it is the same question), and the useful candidates of an article with each other (duplicates where they bear one
letter). Half to half: the model is fitted on a random half of the articles and tested on the other one, ten times;
compared are the lists of the site as it ships.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from recommender.arrays.sparse_rows import Floats, Ints, dots_of
from recommender.build.pipeline import fit_model
from recommender.evaluation.ground_truth import graded_truth
from recommender.evaluation.judgments import read_judgments
from recommender.evaluation.measures import Labels, graded_measures
from recommender.evaluation.significance import bootstrap_means, percentile_interval
from recommender.model.model import Model
from recommender.model.store import load_model
from recommender.ranking.near_copies import NEAR, Bodies
from recommender.ranking.same_question import titles_of
from recommender.ranking.selection import Candidate, choose
from recommender.ranking.series import of_series
from recommender.ranking.title_meaning import COEFFICIENTS, INTERCEPT, Compared, duplicate, pairs_of
from recommender.settings import Settings
from recommender.site.corpus import read_corpus

HALVES, DEPTH, C = 10, 5, 0.3
NAMES = [name for name in COEFFICIENTS if name != INTERCEPT]


@dataclass(frozen=True)
class Example:
    """An asking article and its candidates: features and lengths of all pairs among them, itself first.

    ``copies`` has the likeness of near copies, and -1 for parts of a series.
    """

    row: int
    rows: list[int]
    labels: Labels
    features: Floats  # (rows, rows, 5): in the order of NAMES
    words: Floats
    copies: Floats


def main() -> None:
    """Print coefficients and gains."""
    content, judged = map(Path, sys.argv[1:3])
    settings = Settings(embeddings="titles")
    corpus = read_corpus(content, settings)
    graded = graded_truth(corpus, read_judgments(judged))
    model = load_model(Path(sys.argv[3])) if len(sys.argv) > 3 else fit_model(corpus, settings, "")
    plain = fit_model(corpus, Settings(), "")
    judged_rows = [(row, labels) for row, labels in sorted(graded.labels.items()) if useful(labels)]
    compared = compared_by(model)
    examples = [example(model, compared, plain, row, labels) for row, labels in judged_rows]
    print("coefficients:", {name: round(value, 2) for name, value in fit(model, examples).items()})
    before = np.array([measured(plain, one, [c.row for c in plain.chosen.of(one.row)[:DEPTH]]) for one in examples])
    gains = halves(model, examples) - before
    low, high = percentile_interval(bootstrap_means(gains, np.ones_like(gains)))
    print(f"without embeddings: {before.mean(axis=0).round(4).tolist()}")
    print(f"gain half to half: {gains.mean(axis=0).round(4).tolist()} from {low.round(4).tolist()} to {high.round(4)}")


def useful(labels: Labels) -> bool:
    """Tell whether an article has a candidate worth a link."""
    return any(label.grade for label in labels.values())


def compared_by(model: Model) -> Compared:
    """Gather what tells duplicates of a site."""
    known = model.catalogue
    titles = titles_of(model.titles, known.groups, known.title_words, known.titles)
    assert model.embeddings is not None
    return Compared(titles, model.embeddings, Bodies(model.vectors, model.coverage))


def example(model: Model, compared: Compared, plain: Model, row: int, labels: Labels) -> Example:
    """Compute the features of all pairs of an article and its candidates."""
    rows = [row, *(candidate.row for candidate in model.candidates(row))]
    numbers, titles = np.array(rows, np.int64), model.vectors.rows
    cosine = np.stack([dots_of(titles, titles.row(one), numbers) for one in rows])
    ones, others = (grid.ravel() for grid in np.meshgrid(numbers, numbers, indexing="ij"))
    found = pairs_of(compared, ones, others, cosine.ravel())
    features = np.stack([found.features[name] for name in NAMES], axis=1).reshape(len(rows), len(rows), len(NAMES))
    return Example(row, rows, labels, features, found.words.reshape(len(rows), len(rows)), copies(plain, rows))


def copies(plain: Model, rows: Sequence[int]) -> Floats:
    """Give the likeness of near copies among some articles, -1 for parts of a series, 0 for all others."""
    found, texts = np.zeros((len(rows), len(rows))), plain.catalogue.titles.some(rows)
    for place, row in enumerate(rows):
        like = plain.likeness.of(row)
        for other, text in enumerate(texts):
            likeness = like.get(rows[other], 0.0)
            found[place, other] = likeness if likeness >= NEAR else -float(of_series(texts[place], text))
    return found


def pairs(model: Model, one: Example) -> tuple[Floats, list[bool]]:
    """Give the features of the graded pairs of an article, and which are duplicates."""
    families = model.rules.families
    known = [(place, one.labels[families[row]]) for place, row in enumerate(one.rows) if families[row] in one.labels]
    found = [(0, place, label.same) for place, label in known if place]
    graded = [(place, label) for place, label in known if label.grade]
    for number, (place, label) in enumerate(graded):
        for other, its in graded[number + 1 :]:
            if families[one.rows[place]] != families[one.rows[other]]:
                found.append((place, other, bool(label.group) and label.group == its.group))
    places: Ints = np.array([pair[:2] for pair in found], np.int64).reshape(-1, 2)
    return one.features[places[:, 0], places[:, 1]], [same for *_, same in found]


def fit(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """Fit the logistic model on standardised features; give its coefficients for the plain ones, and the intercept."""
    found = [pairs(model, one) for one in examples]
    features, same = np.concatenate([own for own, _ in found]), [each for _, own in found for each in own]
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    fitted = LogisticRegression(C=C, max_iter=1000).fit((features - mean) / deviation, same)
    weights = fitted.coef_[0] / deviation
    return {INTERCEPT: float(fitted.intercept_[0] - weights @ mean), **dict(zip(NAMES, weights.tolist(), strict=True))}


def halves(model: Model, examples: Sequence[Example]) -> Floats:
    """Give nDCG@5 and useful@5 of each article's list, mean over the models of the other halves."""
    draw, sums, counts = np.random.default_rng(5), np.zeros((len(examples), 2)), np.zeros((len(examples), 1))
    for _ in range(HALVES):
        order = draw.permutation(len(examples))
        half = len(order) // 2
        for train, test in ((order[:half], order[half:]), (order[half:], order[:half])):
            coefficients = fit(model, [examples[place] for place in train])
            for place in test:
                sums[place] += measured(model, examples[place], chosen(model, examples[place], coefficients))
                counts[place] += 1
    return sums / counts


def chosen(model: Model, one: Example, coefficients: Mapping[str, float]) -> list[int]:
    """Choose an article's links with a model of duplicates fitted anew."""
    likely = duplicate(dict(zip(NAMES, np.moveaxis(one.features, 2, 0), strict=True)), one.words, coefficients)
    likely = np.where(one.copies < 0, 0.0, np.maximum(likely, one.copies))
    place_of = {row: place for place, row in enumerate(one.rows)}

    def like(row: int) -> dict[int, float]:
        return dict(zip(one.rows, likely[place_of[row]].tolist(), strict=True))

    asking = replace(model.asking(one.row), like=like(one.row))
    candidates: list[Candidate] = model.candidates(one.row)
    found = choose(asking, candidates, (), DEPTH, replace(model.rules, like=like))
    return [candidate.row for candidate in found.shown]


def measured(model: Model, one: Example, rows: Sequence[int]) -> tuple[float, float]:
    """Measure a list against an editor's grades."""
    families = model.rules.families
    found = graded_measures([families[row] for row in rows], families[one.row], one.labels, DEPTH)
    return found["nDCG"].value, found["useful"].value


if __name__ == "__main__":
    main()
