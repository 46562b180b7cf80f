"""What plots of an evaluation show: usefulness by rank and by score, scores of links, links that articles get."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.ground_truth import Graded
from recommender.evaluation.judgments import USEFUL
from recommender.evaluation.measures import Share, in_links, walk
from recommender.evaluation.rankers import Lists, linkable
from recommender.evaluation.significance import Floats
from recommender.model.model import Model
from recommender.site.corpus import Corpus


@dataclass(frozen=True)
class Step:
    """Some links of neighbouring scores, how many there are, and the share of them that are useful."""

    low: float
    high: float
    links: int
    useful: float


def useful_by_rank(corpus: Corpus, lists: Lists, graded: Graded, depth: int) -> list[Share]:
    """Give the share of useful links at each rank from 1 to a depth, weighed with the links shown there.

    Useful is grade 2 or 3 that repeats nothing; an unjudged link is not.
    """
    shown, useful = np.zeros(depth), np.zeros(depth)
    for row, labels in graded.labels.items():
        for place, seen in enumerate(walk(lists.get(row, ())[:depth], corpus.families[row], labels)):
            shown[place] += 1
            useful[place] += seen.grade >= USEFUL
    shares = useful / np.maximum(shown, 1)
    return [Share(*pair) for pair in zip(shares.tolist(), shown.tolist(), strict=True)]


def judged_scores(corpus: Corpus, model: Model, graded: Graded, depth: int) -> list[tuple[float, bool]]:
    """Give score and usefulness of each judged link among the first of the model's lists, the highest score first.

    The lists end at the model's floor: a model with floor 0 shows what lies below.
    """
    points = []
    for row, labels in graded.labels.items():
        own = model.catalogue.urls.find(corpus.articles[row].url)
        chosen = model.chosen.of(own)[:depth] if own >= 0 else []
        rows = [corpus.row_of.get(model.catalogue.urls[candidate.row], -1) for candidate in chosen]
        families = [corpus.families[target] if target >= 0 else -1 for target in rows]
        seen = walk(families, corpus.families[row], labels)
        points += [(c.score, s.grade >= USEFUL) for c, s in zip(chosen, seen, strict=True) if not s.unjudged]
    return sorted(points, key=lambda point: -point[0])


def precision_by_score(points: Sequence[tuple[float, bool]], steps: int = 10) -> list[Step]:
    """Cut links, with score and usefulness, into steps of equally many from the highest score to the lowest."""
    ordered = sorted(points, key=lambda point: -point[0])
    cuts = np.linspace(0, len(ordered), min(steps, len(ordered)) + 1).round().astype(int).tolist()
    groups = [ordered[start:stop] for start, stop in itertools.pairwise(cuts)]
    return [Step(own[-1][0], own[0][0], len(own), sum(good for _, good in own) / len(own)) for own in groups if own]


def scores_of_links(corpus: Corpus, model: Model, lists: Lists, depth: int) -> Floats:
    """Give the model's scores of the links of some lists, cut at a depth, in order of the rows; strangers left out."""
    urls = model.catalogue.urls
    found = [urls.find(article.url) for article in corpus.articles]
    scores = [
        model.scores(
            model.query(found[row]), [found[one] for one in lists[row][:depth] if one >= 0 and found[one] >= 0]
        )
        for row in sorted(lists)
        if found[row] >= 0
    ]
    return np.concatenate([np.zeros(0), *scores])


def links_received(corpus: Corpus, lists: Lists, depth: int) -> NDArray[np.int64]:
    """Count the links that each family gets which may be linked to: int64, in order of the families."""
    return in_links(lists, corpus.families, depth)[sorted(linkable(corpus))]
