"""How much of one article another one speaks of: the asymmetric parts of a score, term by term.

A word that stands tf times in a text of a given length is spoken of by tf / (tf + k1 (1 - b + b length / mean)), the
saturation of BM25 (Robertson and Zaragoza 2009). A head, a text or a title is covered by the sum of that over its
words, each with its share of the whole: idf^2 times its count for a head (title, keywords and first words), idf times
the square root of its count for a text, idf for a title. So a coverage is between 0 and 1, and its terms add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.sparse import Floats, Ints, Rows, Terms, entries_of

K1, B = 1.5, 0.75  # the usual ones; from 0.75 to 6 and from 0.4 to 1 all the same

Weights = tuple[Terms, Floats]


@dataclass(frozen=True)
class Coverage:
    """Counts beside the entries of the ranked rows: of the word in the text, in the head, and in the title.

    ``texts`` and ``heads`` are uint16, ``titles`` uint8, 0 for entries of other fields than the composed text;
    ``lengths`` are the words of each text, float64.
    """

    texts: NDArray[np.uint16]
    heads: NDArray[np.uint16]
    titles: NDArray[np.uint8]
    lengths: Floats

    @cached_property
    def slack(self) -> Floats:
        """Give k1 (1 - b + b length / mean) of every article."""
        return self.slack_of(self.lengths)

    def slack_of(self, lengths: Floats) -> Floats:
        """Give the same for texts of any length, a draft's too."""
        mean = self.lengths.mean() if len(self.lengths) else 0.0
        slack: Floats = K1 * (1 - B + B * lengths / max(mean, 1e-9))
        return slack


@dataclass(frozen=True)
class Asked:
    """What covering needs of an article or draft: its shares of head, text and title, and how it speaks of words.

    Each a pair of columns, ascending, and values; the shares of one sum to 1.
    """

    head: Weights
    text: Weights
    title: Weights
    spoken: Weights


def shares(columns: Terms, idf: Floats, counts: tuple[Floats, Floats, Floats], slack: float) -> Asked:
    """Weigh the words of one article by its counts in text, head and title; float64 beside the columns."""
    texts, heads, titles = counts
    return Asked(
        head=_share(columns, head_weights(idf, heads)),
        text=_share(columns, text_weights(idf, texts)),
        title=_share(columns, title_weights(idf, titles)),
        spoken=(columns, saturation(texts, slack)),
    )


def saturation(texts: Floats, slack: Floats | float) -> Floats:
    """Tell how far words are spoken of by their counts in a text."""
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


def shares_of(owners: Ints, weights: Floats, count: int) -> Floats:
    """Make the weights of each of ``count`` articles sum to 1, added in order of occurrence, like ordered_sum."""
    totals = np.bincount(owners, weights=weights, minlength=count)
    shares: Floats = weights / np.where(totals > 0, totals, 1.0)[owners]
    return shares


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
    """Some articles of the site with their entries of the composed text, one behind the other."""

    owners: Ints
    columns: Terms
    texts: Floats
    heads: Floats
    titles: Floats
    spoken: Floats
    count: int


def targets(coverage: Coverage, rows: Rows, numbers: Ints) -> Targets:
    """Gather some articles."""
    starts, places = entries_of(rows.indptr, numbers)
    owners = np.repeat(np.arange(len(numbers)), np.diff(starts))
    of_text = coverage.texts[places] > 0
    owners, places = owners[of_text], places[of_text]
    texts = coverage.texts[places].astype(np.float64)
    spoken = saturation(texts, coverage.slack[numbers][owners])
    heads, titles = (getattr(coverage, name)[places].astype(np.float64) for name in ("heads", "titles"))
    return Targets(owners, rows.indices[places], texts, heads, titles, spoken, len(numbers))


def covered_by(found: Targets, weights: Weights, columns: int) -> Floats:
    """Give how much of one article's head, text or title each target speaks of, summed in ascending columns."""
    return _sums(found, _dense(weights, columns)[found.columns] * found.spoken)


def heads_covered(found: Targets, idf: Floats, spoken: Weights) -> Floats:
    """Give how much of each target's head one article speaks of."""
    return _own_covered(found, head_weights(idf[found.columns], found.heads), _dense(spoken, len(idf)))


def texts_covered(found: Targets, idf: Floats, spoken: Weights) -> Floats:
    """Give how much of each target's text one article speaks of."""
    return _own_covered(found, text_weights(idf[found.columns], found.texts), _dense(spoken, len(idf)))


def titles_covered(found: Targets, idf: Floats, spoken: Weights) -> Floats:
    """Give how much of each target's title one article speaks of."""
    return _own_covered(found, title_weights(idf[found.columns], found.titles), _dense(spoken, len(idf)))


def _own_covered(found: Targets, values: Floats, spoken: Floats) -> Floats:
    return _sums(found, shares_of(found.owners, values, found.count) * spoken[found.columns])


def _dense(weights: Weights, columns: int) -> Floats:
    dense = np.zeros(columns)
    dense[weights[0]] = weights[1]
    return dense


def _sums(found: Targets, values: Floats) -> Floats:
    # bincount adds in order of occurrence, so in ascending columns, like ordered_sum.
    sums: Floats = np.bincount(found.owners, weights=values, minlength=found.count).astype(np.float64)
    return sums
