"""The score of a pair as a sum of named, signed parts: for articles and drafts, a few targets at a time.

cosine is symmetric and finds the candidates; the other parts ask how much of one article the other speaks of, whether
the asking article is near in return, and whether both are of one subject. ``score_compiled`` computes the same, bit for
bit, for all candidates of a site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Floats, Ints, Terms, entries_of, shared
from recommender.ranking.coverage import (
    Asked,
    Targets,
    asked_of,
    covered_by,
    heads_covered,
    shares,
    targets,
    texts_covered,
    titles_covered,
)
from recommender.settings import PARTS
from recommender.system import parallel
from recommender.text.tfidf import Coverage, Vectors, columns_of, text_counts, transform
from recommender.text.tokens import Words

NAMES = tuple(PARTS)
WORD_PARTS = NAMES[:4]


@dataclass(frozen=True)
class Part:
    """One named, signed part of a score: a term of a field, a term that is covered, or ("") a part without terms."""

    field: str
    term: str
    value: float


@dataclass(frozen=True)
class Query:
    """Who asks: a row of the site or -1 for a draft, its subject, its row of the space, and what covering needs.

    ``meaning`` is the vector of its title, (384,) int8; None where titles have none.
    """

    row: int
    subject: str
    vector: tuple[Terms, Floats]
    asked: Asked
    meaning: NDArray[np.int8] | None = None


@dataclass(frozen=True)
class Near:
    """The candidates of every article with their cosines: article i has ``indptr[i]`` to ``indptr[i + 1]``.

    ``kept`` is how many an article has at most.
    """

    indptr: Ints
    rows: Terms
    cosines: Floats
    kept: int


def query_of(vectors: Vectors, coverage: Coverage, row: int, subject: str) -> Query:
    """Ask for an article of the site."""
    asked = asked_of(coverage, vectors.rows, vectors.space.idf, row)
    return Query(row, subject, vectors.rows.row(row), asked)


def query_draft(vectors: Vectors, coverage: Coverage, words: Words, group: int = 0) -> Query:
    """Ask for a draft by its words as one of a group; words that the group does not have play no part."""
    space = vectors.space.of_group(group)
    # A title need not be in the text, and may have the plural of a word that is.
    known = [columns_of(space, n, [*own, *words.head, *words.title]) for n, own in enumerate(words.fields)]
    columns, texts, heads, titles = text_counts(space, words, known)
    length = np.array([float(sum(map(len, words.fields[n : n + 1]))) for n in space.text_numbers])
    slack = float(coverage.slack_of(length, group)[0]) if len(length) else 1.0
    asked = shares(columns, space.idf[columns], (texts, heads, titles), slack)
    return Query(-1, "", transform(space, words.fields, known), asked)


def word_parts(vectors: Vectors, coverage: Coverage, query: Query, numbers: Ints) -> NDArray[np.float64]:
    """Give the parts that compare words: (targets, 4) float64: cosine, head, text and title covered."""
    found, idf = targets(coverage, vectors.rows, query.vector[0], numbers), vectors.space.idf
    return np.stack(
        [
            _cosines(found, query),
            covered_by(found, query.asked.head),
            covered_by(found, query.asked.text),
            titles_covered(found, idf, query.asked.saturations),
        ],
        axis=1,
    )


def asker_parts(vectors: Vectors, coverage: Coverage, query: Query, numbers: Ints) -> NDArray[np.float64]:
    """Give the same four parts where the articles ask and the query is what they might link to."""
    found, idf = targets(coverage, vectors.rows, query.vector[0], numbers), vectors.space.idf
    return np.stack(
        [
            _cosines(found, query),
            heads_covered(found, idf, query.asked.saturations),
            texts_covered(found, idf, query.asked.saturations),
            covered_by(found, query.asked.title),
        ],
        axis=1,
    )


def _cosines(found: Targets, query: Query) -> Floats:
    return found.met.sums(query.vector[1][found.met.own] * found.rows.data[found.met.places])


def explain_words(vectors: Vectors, coverage: Coverage, query: Query, other: int) -> list[tuple[str, Part]]:
    """Split the parts that compare words into terms, before they are weighted, each with the name of its part.

    Terms of the cosine go by field.
    """
    space, rows = vectors.space, vectors.rows
    target = asked_of(coverage, rows, space.idf, other)
    columns, values = shared(query.vector, rows.row(other))
    blocks = np.searchsorted(space.starts, columns, side="right") - 1
    fields = [space.fields[number] for number in (blocks % len(space.fields)).tolist()]
    cosine = WORD_PARTS[0]
    parts = [(cosine, *own) for own in zip(fields, columns.tolist(), values.tolist(), strict=True)]
    asked = query.asked
    pairs = (asked.head, target.saturations), (asked.text, target.saturations), (target.title, asked.saturations)
    for name, pair in zip(WORD_PARTS[1:], pairs, strict=True):
        columns, values = shared(*pair)
        parts += [(name, name, column, value) for column, value in zip(columns.tolist(), values.tolist(), strict=True)]
    return [(name, Part(field, space.terms[column], value)) for name, field, column, value in parts]


def returned(near: Near, query: Query, cosines: Floats, numbers: Ints) -> Floats:
    """Tell how near the asking article is in return: 1 - ln(rank) / ln(kept + 1) by its rank among a target's own.

    The rank follows from the cosines, so a draft has one too; 0 where it would not be kept.
    """
    starts, places = entries_of(near.indptr, numbers)
    owners = np.repeat(np.arange(len(numbers)), np.diff(starts))
    other, own = np.round(near.cosines[places], 9), np.round(cosines, 9)[owners]
    before = (other > own) | ((other == own) & (near.rows[places] < query.row))
    ranks = np.bincount(owners[before], minlength=len(numbers))
    # Who shares no word is not kept, however short the target's list.
    ranks = np.where(np.round(cosines, 9) > 0, np.minimum(ranks, near.kept), near.kept)
    return returns(near.kept)[ranks]


def returns(kept: int) -> Floats:
    """Give the part near_in_return by the number of candidates that come before, from 0 to all that are kept."""
    table: Floats = 1 - np.log(np.arange(1, kept + 2)) / np.log(kept + 1)
    table[kept] = 0.0
    return table


def weights_of(parts: Mapping[str, float], lift: float) -> Floats:
    """Give the weights of the parts in their order; one subject tells as much as the site's subjects do."""
    weights = np.array([parts[name] for name in NAMES], np.float64)
    weights[NAMES.index("same_subject")] *= lift
    return weights


def total(values: NDArray[np.float64], weights: Floats) -> Floats:
    """Add the weighted parts of every target, first to last: (targets, 6) to (targets,)."""
    sums = np.zeros(len(values))
    for number, weight in enumerate(weights.tolist()):
        sums = sums + weight * values[:, number]
    return sums


@dataclass(frozen=True)
class _Rescoring:
    vectors: Vectors
    coverage: Coverage
    near: Near
    subjects: Ints
    weights: Floats

    def __call__(self, rows: Sequence[int]) -> list[Floats]:
        return [self._scores(row) for row in rows]

    def _scores(self, row: int) -> Floats:
        near = self.near
        numbers = near.rows[near.indptr[row] : near.indptr[row + 1]].astype(np.int64)
        if not len(numbers):
            return np.zeros(0)
        query = query_of(self.vectors, self.coverage, row, "")
        words = word_parts(self.vectors, self.coverage, query, numbers)
        back = returned(near, query, words[:, 0], numbers)
        same = (self.subjects[numbers] == self.subjects[row]) & (self.subjects[row] >= 0)
        return total(np.column_stack([words, back, same]), self.weights)


def rescore(vectors: Vectors, coverage: Coverage, near: Near, subjects: Ints, weights: Floats) -> Floats:
    """Score all candidates of a site, in their order; ``subjects`` numbers each article's, -1 for none."""
    scores = parallel.run(_Rescoring(vectors, coverage, near, subjects, weights), range(len(vectors.rows)))
    return np.concatenate([np.zeros(0), *scores])


def subject_lift(near: Near, subjects: Ints, groups: Terms) -> float:
    """Give how much more often nearest articles are of one subject than chance has it, from 0 to 1.

    ``near`` has the nearest first, ``subjects`` numbers the subject of every article, ``groups`` the group: a subject
    is of the articles of a group that have it. Looked at are as many nearest as
    other articles of a subject are to be expected: on a small site all that are kept would be half of it. 0 where
    subjects are noise, or where there is only one. To two decimals: more would move every score at every edit.
    """
    if not len(near.rows):
        return 0.0
    of_groups = np.unique(subjects * (int(groups.max()) + 1) + groups, return_counts=True)[1]
    pairs = int((of_groups**2).sum())
    chance = pairs / int((np.bincount(groups) ** 2).sum())
    lengths = np.diff(near.indptr)
    same = np.repeat(subjects, lengths) == subjects[near.rows]
    most = max(1, -(-pairs // len(subjects)) - 1)
    if most < near.kept:
        same = same[np.arange(len(same)) - np.repeat(near.indptr[:-1], lengths) < most]
    lift = (float(same.mean()) - chance) / max(1e-9, 1 - chance)
    return max(0.0, round(round(lift, 9), 2))  # twice, so that 0.125 and its neighbour round alike
