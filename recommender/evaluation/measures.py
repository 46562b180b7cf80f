"""The numbers of ranked lists: of one list against links or grades, and of all lists together. Pure.

Articles are whole numbers; what is no article of the site is negative.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.judgments import USEFUL, Label

Labels = Mapping[int, Label]


class Share(NamedTuple):
    """A value of one article, and how much it counts in the mean: 1, or the number of links that it is a share of."""

    value: float
    weight: float = 1.0


def binary_measures(ranked: Sequence[int], relevant: frozenset[int], depth: int) -> dict[str, Share]:
    """Compute the measures of one list, cut at a depth, with binary gain.

    precision divides by the depth, recall by the number of relevant ones, nDCG discounts by log2(rank + 1) and
    divides by the best possible list (Järvelin and Kekäläinen 2002); MRR is 1 / rank of the first hit, MAP the
    precision at the rank of each hit, summed and divided by the number of relevant ones.
    """
    hits = [rank for rank, family in enumerate(ranked[:depth], 1) if family in relevant]
    values = {
        "recall": len(hits) / len(relevant),
        "precision": len(hits) / depth,
        "hit rate": float(bool(hits)),
        "MRR": 1 / hits[0] if hits else 0.0,
        "MAP": sum(place / rank for place, rank in enumerate(hits, 1)) / len(relevant),
        "nDCG": _discounted(rank for rank in hits) / _discounted(range(1, min(depth, len(relevant)) + 1)),
    }
    return {name: Share(value) for name, value in values.items()}


def graded_measures(ranked: Sequence[int], itself: int, labels: Labels, depth: int) -> dict[str, Share]:
    """Compute the measures of one list, cut at a depth, against an editor's labels.

    The gain is 2^grade - 1, discounted by log2(rank + 1), against the best list that the labels allow; a link to the
    article itself, to one that the list has already, or to one that repeats a link of the list gains nothing, and so
    does a link without a label. ``useful`` is the share of the depth filled with grade 2 or 3; the rest are shares of
    the links shown, so that a short list does not hide behind its length. "judged" measures the list without its
    unjudged links. An article whose labels allow no gain counts in no mean of nDCG and useful.
    """
    known = [family for family in ranked if family in labels or family == itself]
    shown = walk(ranked[:depth], itself, labels)
    judged = walk(known[:depth], itself, labels)
    best = _best(labels)[:depth]
    ideal = _gain(best)
    counts = 1.0 if ideal else 0.0

    def of_shown(count: int) -> Share:
        return Share(count / len(shown) if shown else 0.0, len(shown))

    def useful(walked: Sequence[Seen]) -> int:
        return sum(seen.grade >= USEFUL for seen in walked)

    return {
        "nDCG": Share(_gain([seen.grade for seen in shown]) / (ideal or 1.0), counts),
        "useful": Share(useful(shown) / depth, counts),
        "precision": of_shown(useful(shown)),
        "same": of_shown(sum(seen.same for seen in shown)),
        "repeats": of_shown(sum(seen.repeats for seen in shown)),
        "unjudged": of_shown(sum(seen.unjudged for seen in shown)),
        "nDCG judged": Share(_gain([seen.grade for seen in judged]) / (ideal or 1.0), counts),
        "useful judged": Share(useful(judged) / depth, counts),
    }


def catalogue_measures(
    lists: Mapping[int, Sequence[int]], families: Sequence[int], linkable: Iterable[int], depth: int
) -> dict[str, float]:
    """Measure what the lists of all articles, cut at a depth, do to the catalogue; copies count as one article.

    ``lists`` are by row, ``linkable`` are the families that may be linked to. coverage is the share of those that
    some other family links to, "linked from nowhere" the share of all families that none links to; Gini is that of
    the links that each linkable family gets, from 0 (all alike) to 1 (one gets all); repeated is the share of links
    to the article itself, a copy of it, or what the list has already.
    """
    shown = repeated = 0
    for row, ranked in lists.items():
        cut = ranked[:depth]
        shown += len(cut)
        repeated += 1 + len(cut) - len({families[row], *cut})
    targets = sorted(set(linkable))
    everyone = set(families)
    counts = in_links(lists, families, depth)
    linked = set(np.flatnonzero(counts).tolist())
    return {
        "links per article": shown / max(1, len(families)),
        "coverage": len(linked & set(targets)) / max(1, len(targets)),
        "linked from nowhere": len(everyone - linked) / max(1, len(everyone)),
        "Gini": gini(counts[targets]),
        "repeated": repeated / max(1, shown),
    }


def in_links(lists: Mapping[int, Sequence[int]], families: Sequence[int], depth: int) -> NDArray[np.int64]:
    """Count the families that link to each family: int64 by the row of its first member; its own links left out."""
    pairs = {(families[row], family) for row, ranked in lists.items() for family in ranked[:depth] if family >= 0}
    targets = [target for asking, target in pairs if asking != target]
    return np.bincount(np.array(targets, np.int64), minlength=max(families, default=-1) + 1)


def gini(counts: np.ndarray) -> float:
    """Compute the Gini coefficient of non-negative counts, 0 where all are alike or nothing is there."""
    total, size = float(counts.sum()), len(counts)
    if not total:
        return 0.0
    places = np.arange(1, size + 1)
    return float(2 * (places * np.sort(counts)).sum() / (size * total) - (size + 1) / size)


class Seen(NamedTuple):
    """One link of a list as an editor sees it: what it gains as a grade, 0 for all that is said beside it."""

    grade: int
    same: bool = False
    repeats: bool = False
    unjudged: bool = False


def walk(shown: Sequence[int], itself: int, labels: Labels) -> list[Seen]:
    """Grade the links of a list from the first to the last: what repeats an earlier one gains nothing."""
    out = []
    taken: set[int] = set()
    groups: set[str] = set()
    for family in shown:
        if family == itself:
            out.append(Seen(0, same=True))
        elif family in taken:
            out.append(Seen(0, repeats=True))
        elif family not in labels:
            out.append(Seen(0, unjudged=True))
        else:
            label = labels[family]
            again = bool(label.group) and label.group in groups
            out.append(Seen(0 if again else label.grade, same=label.same, repeats=again))
            groups.add(label.group)
        taken.add(family)
    return out


def _best(labels: Labels) -> list[int]:
    """Give the grades of the best list: of those that repeat one another, the best."""
    best: list[int] = []
    groups: set[str] = set()
    for label in sorted(labels.values(), key=lambda label: -label.grade):
        if not label.group or label.group not in groups:
            best.append(label.grade)
            groups.add(label.group)
    return best


def _discounted(ranks: Iterable[int]) -> float:
    return sum(1 / math.log2(rank + 1) for rank in ranks)


def _gain(grades: Sequence[int]) -> float:
    return math.fsum((2.0**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))
