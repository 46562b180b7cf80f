"""Families: copies of one answer, and pairs of articles that ask the same question in other words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.sparse import Floats, Ints, Rows, Terms, ordered_sum, shared


@dataclass(frozen=True)
class Likeness:
    """A symmetric, sparse relation: row i is like ``rows[indptr[i]:indptr[i + 1]]`` (int32) by ``scores`` (float64).

    The score is the cosine of the two titles' TF-IDF vectors, so that scaffolding ("What is the role of") counts
    little: it is frequent. Only pairs that reach the lower of the two thresholds of the settings are held.
    """

    indptr: Ints
    rows: Terms
    scores: Floats

    def of(self, row: int) -> dict[int, float]:
        """Give the rows that ask the same question as one row, with their scores."""
        start, stop = int(self.indptr[row]), int(self.indptr[row + 1])
        return dict(zip(self.rows[start:stop].tolist(), self.scores[start:stop].tolist(), strict=True))


def find_likeness(titles: Rows, threshold: float, threads: int) -> Likeness:
    """Find all pairs of articles whose titles have at least a cosine; none for threshold 0, which means off."""
    # Imported here: numba costs 0.4 s a process, and only a build looks for all pairs.
    from recommender.neighbors import pairs_above  # noqa: PLC0415

    count = len(titles)
    if not threshold or not len(titles.data):
        return Likeness(np.zeros(count + 1, np.int64), np.zeros(0, np.int32), np.zeros(0))
    pairs = pairs_above(titles, threshold, threads)
    left = np.concatenate([pairs.left, pairs.right])
    right = np.concatenate([pairs.right, pairs.left])
    order = np.lexsort((right, left))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(left, minlength=count))]).astype(np.int64)
    return Likeness(indptr, right[order].astype(np.int32), np.concatenate([pairs.scores] * 2)[order])


def like_draft(rows: Rows, row: tuple[Terms, Floats], columns: tuple[int, int], among: Sequence[int]) -> dict[int, float]:
    """Give the title cosine of a draft's row with some articles; ``columns`` are the bounds of the title's."""
    own = _part(row, columns)
    found = {}
    for number in among:
        other = _part(rows.row(number), columns)
        norms = float(np.sqrt((own[1] @ own[1]) * (other[1] @ other[1])))
        if norms:
            found[number] = ordered_sum(shared(own, other)[1]) / norms
    return found


def members_of(families: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """Give the rows of every family that has more than one, in order."""
    found: dict[int, list[int]] = {}
    for row, family in enumerate(families):
        if family != row:
            found.setdefault(family, [family]).append(row)
    return {family: tuple(rows) for family, rows in found.items()}


def _part(row: tuple[Terms, Floats], columns: tuple[int, int]) -> tuple[Terms, Floats]:
    start, stop = np.searchsorted(row[0], columns)
    return row[0][start:stop], row[1][start:stop]
