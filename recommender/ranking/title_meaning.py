"""What the meaning of titles adds to a ranking: one more part of the score, and a learned model of duplicates.

The vectors are those of ``recommender.text.title_embeddings``. The part is their cosine. That two articles ask the same
question is told by a logistic model of five features, which takes the place of the blend of ``same_question``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Floats, Ints, Rows, Terms
from recommender.ranking.near_copies import NEAR, Bodies, most_overlaps, pair_overlaps
from recommender.ranking.same_question import FULL_TITLE, Alike, DraftTitle, Likeness, Titles
from recommender.ranking.series import of_series

Vectors8 = NDArray[np.int8]

# The name of the part and its weight: 0.05, 0.1, 0.15 and 0.2 give nDCG@5 0.002, 0.006, 0.005 and 0.003 more on 160
# judged articles.
PART, WEIGHT = "title_meaning", 0.1
# Where titles name things instead of asking it counts half: the manual bc_help loses 0.005 nDCG@10 by the whole.
NAMES_SHARE = 0.5
# Coefficients of the logistic model by benchmarks/duplicates.py, over 86 pairs that an editor called the same question
# and 922 that repeat one another, of 50,034 that were judged: of the cosine of the two articles, the share of the words
# of both texts that both have, the rarest word that one title alone has and the sum of all such, and the cosine of the
# titles' vectors. Fitted half to half, the second and the fourth give nDCG@5 0.004 and useful@5 0.004 more.
INTERCEPT = "intercept"
COEFFICIENTS: Mapping[str, float] = MappingProxyType(
    {INTERCEPT: -13.85, "cosine": 9.2, "overlap": 5.33, "rarest": -2.28, "alone": -0.157, "meaning": 10.63}
)
# A duplicate that is shown costs a reader as much as so many good links that are not: with 2, 3 and 5 nDCG@5 0.009,
# 0.009 and 0.004 more.
COSTS = 3.0
PAIRS = 1 << 13  # pairs whose vectors are held at once, and the words of whose texts: 25 MB and some 100 MB

Features = Mapping[str, Floats]


@dataclass(frozen=True)
class Compared:
    """What tells duplicates of a site: its titles, their vectors and its texts."""

    titles: Titles
    vectors: Vectors8
    bodies: Bodies


def weight_of(titles: Titles) -> float:
    """Give the weight of the part on a site."""
    return WEIGHT if titles.asking else NAMES_SHARE * WEIGHT


def cosines(one: Vectors8, other: Vectors8) -> Floats:
    """Give the cosines of vectors in pairs, or of one with many: the same bits whatever stands beside them.

    All sums are of whole numbers below 2^24, which float32 holds exactly in any order.
    """
    left, right = one.astype(np.float32), other.astype(np.float32)
    dots = np.einsum("...d,...d->...", left, right).astype(np.float64)
    squares = [np.einsum("...d,...d->...", own, own).astype(np.float64) for own in (left, right)]
    found: Floats = dots / np.sqrt(np.maximum(1.0, squares[0] * squares[1]))
    return found


def pair_cosines(vectors: Vectors8, ones: Ints, others: Ints | Terms) -> Floats:
    """Give the cosines of the titles of pairs of rows."""
    spans = (slice(first, first + PAIRS) for first in range(0, len(ones), PAIRS))
    return np.concatenate([np.zeros(0), *(cosines(vectors[ones[own]], vectors[others[own]]) for own in spans)])


def duplicate(features: Features, words: Floats, coefficients: Mapping[str, float] = COEFFICIENTS) -> Floats:
    """Give how likely two articles ask the same question, 0.5 where showing both is as bad as leaving one out.

    ``features`` are by the names of the coefficients; one that is missing counts nothing. ``words`` is the length of
    the shorter title: a short one counts less.
    """
    odds = np.full(words.shape, np.log(COSTS) + coefficients[INTERCEPT])
    for name, values in features.items():
        odds = odds + coefficients[name] * values
    found: Floats = np.minimum(1.0, words / FULL_TITLE) / (1 + np.exp(-odds))
    return found


def words_alone(ones: Rows, others: Rows, idf: Floats) -> tuple[Floats, Floats]:
    """Give the idf of the rarest word that one title of a pair alone has, and the sum of all such words.

    Row i of the one makes a pair with row i of the other.
    """
    keys, rarest, total = [], np.zeros(len(ones)), np.zeros(len(ones))
    for titles in (ones, others):
        owners = np.repeat(np.arange(len(titles)), np.diff(titles.indptr))
        keys.append((owners * titles.columns + titles.indices, owners, titles.indices))
    for (own, owners, columns), (theirs, *_) in (keys, reversed(keys)):
        alone = ~np.isin(own, theirs, assume_unique=True)
        np.maximum.at(rarest, owners[alone], idf[columns[alone]])
        total += np.bincount(owners[alone], idf[columns[alone]], len(ones))
    return rarest, total


@dataclass(frozen=True)
class Pairs:
    """Pairs of articles by their rows, the length of the shorter title of each, and the features known of them."""

    ones: Ints
    others: Ints
    words: Floats
    features: Features

    def likely(self, threshold: float) -> Pairs:
        """Keep those that are duplicates as far as is known."""
        kept = np.flatnonzero(duplicate(self.features, self.words) >= threshold)
        known = {name: values[kept] for name, values in self.features.items()}
        return Pairs(self.ones[kept], self.others[kept], self.words[kept], known)

    def knowing(self, **features: Floats) -> Pairs:
        """Add features, or put them in the place of others."""
        return replace(self, features={**self.features, **features})

    def with_titles(self, titles: Titles) -> Pairs:
        """Add what the words of the titles tell."""
        found = words_alone(titles.rows.some(self.ones), titles.rows.some(self.others), titles.idf)
        rarest, alone = (values / titles.highest[self.ones] for values in found)
        return self.knowing(rarest=rarest, alone=alone)


def pairs_of(site: Compared, ones: Ints, others: Ints, cosine: Floats, threshold: float = 0.0) -> Pairs:
    """Compare pairs by all features; of those that do not reach a threshold most are left out early.

    No pair gets there with words that one title alone has that would not without, nor with fewer shared words.
    """
    meaning, most = cosines(site.vectors[ones], site.vectors[others]), most_overlaps(site.bodies, ones, others)
    features = {"cosine": cosine, "overlap": most, "meaning": meaning}
    found = Pairs(ones, others, _shorter(site.titles, ones, others), features).likely(threshold)
    found = found.with_titles(site.titles).likely(threshold)
    return found.knowing(overlap=pair_overlaps(site.bodies, found.ones, found.others)).likely(threshold)


def find_duplicates(nearest: Rows, site: Compared, copies: Likeness, threshold: float) -> Likeness:
    """Find the pairs that ask the same question among an article's nearest; none for threshold 0, which means off.

    ``nearest`` has the rows and cosines of each article's nearest, ``copies`` what the blend calls alike from ``NEAR``
    on: near copies, whatever their titles are.
    """
    if threshold <= 0:
        return copies
    owners, texts = np.repeat(np.arange(len(nearest)), np.diff(nearest.indptr)), site.titles.texts
    found: list[tuple[Ints, Ints, Floats]] = []
    for first in range(0, len(owners), PAIRS):
        own = slice(first, first + PAIRS)
        pairs = pairs_of(site, owners[own], nearest.indices[own].astype(np.int64), nearest.data[own], threshold)
        kept = ~_series(texts.some(pairs.ones.tolist()), texts.some(pairs.others.tolist()))
        blend = duplicate(pairs.features, pairs.words)
        found.append((pairs.ones[kept], pairs.others[kept], blend[kept]))
    return _merged(found, copies, len(nearest))


def duplicates_of_draft(
    titles: Titles, own: DraftTitle, like: Mapping[int, float], texts: Alike, meaning: Floats
) -> dict[int, float]:
    """Give how likely some articles ask the question of a draft; ``like`` has them with what the blend says.

    ``texts`` says how far their texts are alike that of the draft, ``meaning`` how far their titles' vectors are.
    """
    numbers = np.array(list(like), np.int64)
    count, (columns, values) = len(numbers), own.vector
    starts = np.arange(count + 1) * len(columns)
    ones = Rows(starts, np.tile(columns, count), np.tile(values, count), titles.rows.columns)
    rarest, alone = words_alone(ones, titles.rows.some(numbers), titles.idf)
    # A word that no article has is the rarest of all.
    rarest = np.maximum(rarest / titles.highest[numbers], 1.0 if own.unknown else 0.0)
    alone = alone / titles.highest[numbers] + own.unknown
    features = {
        "cosine": texts.cosines,
        "overlap": texts.overlaps,
        "meaning": meaning,
        "rarest": rarest,
        "alone": alone,
    }
    found = duplicate(features, np.minimum(titles.lengths[numbers], own.words))
    found[_series([own.text] * count, titles.texts.some(numbers.tolist()))] = 0.0
    copied = np.array(list(like.values()), np.float64)
    found = np.maximum(found, np.where(copied >= NEAR, copied, 0.0))
    return dict(zip(numbers.tolist(), found.tolist(), strict=True))


def _shorter(titles: Titles, ones: Ints, others: Ints) -> Floats:
    return np.minimum(titles.lengths[ones], titles.lengths[others])


def _series(ones: list[str], others: list[str]) -> NDArray[np.bool_]:
    return np.array([of_series(*pair) for pair in zip(ones, others, strict=True)], np.bool_)


def _merged(found: list[tuple[Ints, Ints, Floats]], copies: Likeness, count: int) -> Likeness:
    """Make one symmetric relation; of what is said of a pair the highest counts."""
    copied = np.repeat(np.arange(count), np.diff(copies.indptr)), copies.rows.astype(np.int64), copies.scores
    one, other, blend = (np.concatenate(values) for values in zip(copied, *found, strict=True))
    left, right, blend = np.concatenate([one, other]), np.concatenate([other, one]), np.tile(blend, 2)
    order = np.lexsort((-blend, right, left))
    left, right, blend = left[order], right[order], blend[order]
    first = np.ones(len(left), np.bool_)
    first[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    indptr = np.concatenate([[0], np.cumsum(np.bincount(left[first], minlength=count))]).astype(np.int64)
    return Likeness(indptr, right[first].astype(np.int32), blend[first])
