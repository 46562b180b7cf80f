"""What a build takes over from the model before: the neighbours and scores that no change of the site touches.

An article is as before where its url, subject and family are, its title's vector if it has one, its entries and their
counts, and the idf of its words, all to the bit. Two such articles have the cosine that they had, and also the score,
where the one stands in the other's list at the same place. So only what changed asks again, and those whose lists it
leaves with too few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import Span, compiled, part
from recommender.arrays.sparse_rows import Floats, Ints, Terms, Texts
from recommender.model.catalogue import Catalogue
from recommender.model.model import Model
from recommender.ranking.nearest.search import Asking, Neighbors, nearest_of_some
from recommender.ranking.score_compiled import Pairs, sorted_by_score, table
from recommender.system.parallel import cores
from recommender.system.threads import in_threads, spans
from recommender.text.tfidf import Coverage, Fitted, Space, Vectors, Weighed

# With more changed articles than one in so many, all ask again: the others save less than comparing them costs.
WORTH = 3


class Lists(NamedTuple):
    """Candidates of every article by falling cosine, padded with -1: (n, kept) int32, float64 and float64."""

    rows: Terms
    cosines: Floats
    scores: Floats


class Moved(NamedTuple):
    """Where rows that are as before stood and stand: old row of each new one and the reverse, -1 for the others."""

    old: Ints
    new: Ints


@dataclass(frozen=True)
class CarriedOver:
    """A model from before beside the fitted rows of now."""

    before: Model
    fitted: Fitted
    families: Terms
    moved: Moved

    @cached_property
    def lists(self) -> Lists:
        """Give the candidates of before as they were found, by cosine."""
        nearest, kept = self.before.nearest, self.before.settings.candidates
        rows, cosines, scores = (
            table(nearest.indptr, values, kept) for values in (nearest.rows, self.before.cosines, nearest.scores)
        )
        order = sorted_by_score(rows, cosines)

        def sort(values: NDArray[Any]) -> NDArray[Any]:
            return np.take_along_axis(values, order, axis=1)

        return Lists(sort(rows), sort(cosines), sort(scores))

    def nearest(self, threads: int) -> Neighbors:
        """Give what ``neighbors.nearest`` gives for the rows of now, to the bit."""
        rows, k = self.fitted.main.rows, self.before.settings.candidates
        known = Neighbors(np.full((len(rows), k), -1, np.int32), np.zeros((len(rows), k)))
        lists, moved = self.lists, self.moved
        in_threads(threads, lambda span: _keep(lists, moved, (known.rows, known.scores), span), spans(len(rows)))
        changed = Asking(np.flatnonzero(self.moved.old < 0), enter_others=True)
        found = nearest_of_some(rows, self.families, changed, known, threads)
        open_ends = np.zeros(len(rows), np.bool_)
        _find_open_ends(lists, moved, found.rows, found.scores, open_ends)
        again = Asking(np.flatnonzero(open_ends), enter_others=False)
        return nearest_of_some(rows, self.families, again, found, threads)

    def scores(self, pairs: Pairs, lift: float, threads: int) -> Floats:
        """Give the scores that are still those of before, NaN for all others: (n, kept) float64."""
        known = np.full(pairs.rows.shape, np.nan)
        if lift == self.before.lift and np.array_equal(self.fitted.coverage.means, self.before.coverage.means):
            # Three scans of a list for each pair: half a second on 36,000 articles.
            lists, parts = self.lists, spans(len(known))
            in_threads(threads, lambda span: _look_up(lists, self.moved, (pairs.rows, known), span), parts)
        return known


def carry(
    before: Model, fitted: Fitted, catalogue: Catalogue, embeddings: NDArray[np.int8] | None = None
) -> CarriedOver | None:
    """Find the articles that are as before; None where these are too few to help.

    ``before`` was built with the same settings and the same code.
    """
    old_of = _rows_of_urls(before.catalogue.urls, catalogue.urls)
    old_of[_differ(old_of, before.catalogue, catalogue)] = -1
    if embeddings is not None and before.embeddings is not None:
        old_of[(before.embeddings[old_of] != embeddings).any(axis=1)] = -1
    columns, same = _columns(before.vectors.space, fitted.main.space)
    old, new = _weighed(before.vectors, before.coverage), _weighed(fitted.main, fitted.coverage)
    in_threads(cores(), lambda span: _compare((old, new), (columns, same), old_of, span), spans(len(old_of)))
    moved = Moved(old_of, np.full(len(before), -1, np.int64))
    stay = np.flatnonzero(old_of >= 0)
    moved.new[old_of[stay]] = stay
    if (len(catalogue) - len(stay)) * WORTH > len(catalogue):
        return None
    return CarriedOver(before, fitted, catalogue.families, moved)


def _weighed(vectors: Vectors, coverage: Coverage) -> Weighed:
    rows, counts = vectors.rows, coverage
    return Weighed(rows.indptr, rows.indices, rows.data, counts.texts, counts.heads, counts.titles, counts.lengths)


def _rows_of_urls(before: Texts, now: Texts) -> Ints:
    places = {url: row for row, url in enumerate(before.all())}
    return np.array([places.get(url, -1) for url in now.all()], np.int64)


def _differ(old_of: Ints, before: Catalogue, now: Catalogue) -> NDArray[np.bool_]:
    """Tell which rows have another subject or family."""
    new_of = np.full(len(before), -1, np.int64)
    new_of[old_of[old_of >= 0]] = np.flatnonzero(old_of >= 0)
    was, subjects = before.subjects.all(), now.subjects.all()
    differ = np.array([was[old] != own for old, own in zip(old_of.tolist(), subjects, strict=True)], np.bool_)
    differ |= new_of[before.families][old_of] != now.families
    return differ


def _columns(before: Space, now: Space) -> tuple[Terms, NDArray[np.bool_]]:
    """Give the column of now of each one of before, -1 for none, and which of now have the idf that they had."""
    columns = np.full(len(before.terms), -1, np.int32)
    was, terms = before.terms.all(), now.terms.all()
    for field in range(len(now.fields)):
        places = {terms[column]: column for column in range(*now.starts[field : field + 2].tolist())}
        start, stop = before.starts[field : field + 2].tolist()
        columns[start:stop] = [places.get(term, -1) for term in was[start:stop]]
    same = np.zeros(len(now.terms), np.bool_)
    there = columns >= 0
    same[columns[there]] = now.idf[columns[there]] == before.idf[there]
    return columns, same


@compiled
def _compare(both: tuple[Weighed, Weighed], terms: tuple[Terms, NDArray[np.bool_]], old_of: Ints, span: Span) -> None:
    """Set to -1 the old row of each row that has other entries."""
    old, new = both
    columns, same = terms
    for row in range(span[0], span[1]):
        o = old_of[row]
        if o < 0:
            continue
        start, before = new.indptr[row], old.indptr[o]
        size = new.indptr[row + 1] - start
        equal = size == old.indptr[o + 1] - before and old.lengths[o] == new.lengths[row]
        i = 0
        while equal and i < size:
            p, q = start + i, before + i
            column = new.indices[p]
            equal = (
                columns[old.indices[q]] == column
                and same[column]
                and new.data[p] == old.data[q]
                and new.texts[p] == old.texts[q]
                and new.heads[p] == old.heads[q]
                and new.titles[p] == old.titles[q]
            )
            i += 1
        if not equal:
            old_of[row] = -1


@compiled
def _keep(lists: Lists, moved: Moved, known: tuple[Terms, Floats], span: Span) -> None:
    """Write what stays of the lists of before, under the numbers of now."""
    rows, cosines = known
    for row in range(span[0], span[1]):
        count, old = 0, moved.old[row]
        if old >= 0:
            for p in range(rows.shape[1]):
                other = lists.rows[old, p]
                if other < 0:
                    break
                if moved.new[other] >= 0:
                    rows[row, count], cosines[row, count] = moved.new[other], lists.cosines[old, p]
                    count += 1


@compiled
def _find_open_ends(lists: Lists, moved: Moved, rows: Terms, cosines: Floats, found: NDArray[np.bool_]) -> None:
    """Find lists that end lower than the full ones of before: of what was beyond those nothing is known."""
    last = rows.shape[1] - 1
    for row in range(rows.shape[0]):
        old = moved.old[row]
        if old < 0 or lists.rows[old, last] < 0:
            continue
        was, key = np.rint(lists.cosines[old, last] * 1e9), np.rint(cosines[row, last] * 1e9)
        found[row] = rows[row, last] < 0 or key < was
        if not found[row] and key == was:
            found[row] = rows[row, last] > moved.new[lists.rows[old, last]]


@part
def _place(rows: Terms, one: int, other: int) -> Any:
    """Give where a row stands in another's list; the length of a list where it does not."""
    for p in range(rows.shape[1]):
        if rows[one, p] == other:
            return p
    return rows.shape[1]


@compiled
def _look_up(lists: Lists, moved: Moved, tables: tuple[Terms, Floats], span: Span) -> None:
    """Write the scores of pairs that are as before and stand in each other's list where they stood."""
    rows, scores = tables
    for row in range(span[0], span[1]):
        old = moved.old[row]
        if old < 0:
            continue
        for p in range(rows.shape[1]):
            other = rows[row, p]
            if other < 0:
                break
            was = moved.old[other]
            if was < 0:
                continue
            at = _place(lists.rows, old, was)
            if at < rows.shape[1] and _place(lists.rows, was, old) == _place(rows, other, row):
                scores[row, p] = lists.scores[old, at]
