"""How much of one article another one covers: the asymmetric parts of a score, term by term.

The saturation of a word that stands tf times in a text is tf / (tf + k1 (1 - b + b length / mean)), as
in BM25 (Robertson and Zaragoza 2009). A head, a text or a title is covered by the sum of that over its
words, each with its share of the whole: idf^2 times its count for a head (title, keywords and first words), idf times
the square root of its count for a text, idf for a title. So a coverage is between 0 and 1, and its terms add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Floats, Ints, Meeting, Rows, Terms, meet
from recommender.text.tfidf import Coverage

Weights = tuple[Terms, Floats]


@dataclass(frozen=True)
class Asked:
    """What covering needs of an article or draft: its shares of head, text and title, and the saturations of its words.

    Each a pair of columns, ascending, and values; the shares of one sum to 1.
    """

    head: Weights
    text: Weights
    title: Weights
    saturations: Weights


def shares(columns: Terms, idf: Floats, counts: tuple[Floats, Floats, Floats], slack: float) -> Asked:
    """Weigh the words of one article by its counts in text, head and title; float64 beside the columns."""
    texts, heads, titles = counts
    return Asked(
        head=_share(columns, head_weights(idf, heads)),
        text=_share(columns, text_weights(idf, texts)),
        title=_share(columns, title_weights(idf, titles)),
        saturations=(columns, saturation(texts, slack)),
    )


def saturation(texts: Floats, slack: Floats | float) -> Floats:
    """Give the saturations of words by their counts in a text: tf / (tf + slack)."""
    return texts / (texts + slack)


def head_weights(idf: Floats, heads: Floats) -> Floats:
    """Weigh words by their counts in a head."""
    weights: Floats = idf**2 * heads
    return weights


def text_weights(idf: Floats, texts: Floats) -> Floats:
    """Weigh words by their counts in a text."""
    weights: Floats = idf * np.sqrt(texts)
    return weights


def title_weights(idf: Floats, titles: Floats) -> Floats:
    """Weigh words by their counts in a title: there or not."""
    weights: Floats = idf * (titles > 0)
    return weights


def _share(columns: Terms, values: Floats) -> Weights:
    held = np.flatnonzero(values)
    total = np.add.accumulate(values[held])[-1] if len(held) else 1.0
    return columns[held], values[held] / total


def asked_of(coverage: Coverage, rows: Rows, idf: Floats, row: int) -> Asked:
    """Give what covering needs of one article of the site."""
    start, stop = int(rows.indptr[row]), int(rows.indptr[row + 1])
    of_text = np.flatnonzero(coverage.texts[start:stop]) + start
    columns = rows.indices[of_text]
    counts = (
        coverage.texts[of_text].astype(np.float64),
        coverage.heads[of_text].astype(np.float64),
        coverage.titles[of_text].astype(np.float64),
    )
    return shares(columns, idf[columns], counts, float(coverage.slack[row]))


@dataclass(frozen=True)
class Targets:
    """Some articles of the site where they meet one that asks, whose ``columns`` ascend.

    ``saturations`` are of each entry that both have, in the article's text, 0 beside other fields than the
    composed text.
    """

    coverage: Coverage
    rows: Rows
    columns: Terms
    met: Meeting
    saturations: Floats


def targets(coverage: Coverage, rows: Rows, columns: Terms, numbers: Ints) -> Targets:
    """Gather some articles for one that asks, by the columns of its row."""
    met = meet(rows, columns, numbers)
    saturations = saturation(coverage.texts[met.places].astype(np.float64), coverage.slack[numbers][met.owners])
    return Targets(coverage, rows, columns, met, saturations)


def covered_by(found: Targets, weights: Weights) -> Floats:
    """Give how much of the asking one's head, text or title each target covers, summed in ascending columns."""
    return found.met.sums(_beside(found, weights) * found.saturations)


def heads_covered(found: Targets, idf: Floats, saturations: Weights) -> Floats:
    """Give how much of each target's head the asking one covers."""
    return _own_covered(found, (idf, found.coverage.heads, head_weights), saturations)


def texts_covered(found: Targets, idf: Floats, saturations: Weights) -> Floats:
    """Give how much of each target's text the asking one covers."""
    return _own_covered(found, (idf, found.coverage.texts, text_weights), saturations)


def titles_covered(found: Targets, idf: Floats, saturations: Weights) -> Floats:
    """Give how much of each target's title the asking one covers."""
    return _own_covered(found, (idf, found.coverage.titles, title_weights), saturations)


Weighing = tuple[Floats, NDArray[Any], Callable[[Floats, Floats], Floats]]


def _own_covered(found: Targets, weighing: Weighing, saturations: Weights) -> Floats:
    idf, counts, weigh = weighing

    def weights(places: Ints) -> Floats:
        return weigh(idf[found.rows.indices[places]], counts[places].astype(np.float64))

    owners, places = found.met.held
    named = np.flatnonzero(counts[places])
    totals = np.bincount(owners[named], weights=weights(places[named]), minlength=found.met.count)
    shares = weights(found.met.places) / np.where(totals > 0, totals, 1.0)[found.met.owners]
    return found.met.sums(shares * _beside(found, saturations))


def _beside(found: Targets, weights: Weights) -> Floats:
    """Give the asking one's weights beside the entries that both have."""
    values = np.zeros(len(found.columns))
    values[np.searchsorted(found.columns, weights[0])] = weights[1]
    return values[found.met.own]
