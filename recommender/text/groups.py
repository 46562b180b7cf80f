"""The words of a site whose articles count in groups, as those of each language do: each group is weighed as a site.

No article of a group is compared with one of another, so the groups share no column.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from recommender.arrays.sparse_rows import Ints, Rows, Terms, entries_of, pack
from recommender.settings import Settings
from recommender.text.tfidf import ENOUGH, Coverage, Fitted, Space, Vectors, columns_of, fit_vectors
from recommender.text.tokens import Tokenized, Words, take

# A site of 100 articles in several languages tells of fewer of each which terms say nothing: those that more than half
# share. Of 12 guides in each of 29 languages nDCG@5 is .42 without that, .49 with it.
ENOUGH_OF_GROUP = 10


def fit_groups(site: Tokenized, settings: Settings, groups: Terms, *, again: bool = False) -> Fitted:
    """Count and weigh the words of each group of articles as ``fit_vectors`` does those of a site.

    ``groups`` numbers the group of each article, from 0.
    """
    members = [np.flatnonzero(groups == number) for number in range(int(groups.max(initial=0)) + 1)]
    if len(members) == 1:
        return fit_vectors(site, settings, again=again)
    enough = ENOUGH_OF_GROUP if len(groups) >= ENOUGH else ENOUGH
    fitted = [fit_vectors(_only(site, rows), settings, enough=enough, again=again) for rows in members]
    # Each article's place where the groups stand behind each other.
    places = np.argsort(np.concatenate(members))
    main, titles = (
        _joined(vectors, places) for vectors in zip(*((own.main, own.titles) for own in fitted), strict=True)
    )
    starts = _joined_starts([own.main.rows.indptr for own in fitted])
    entries = entries_of(starts, places)[1]
    counts = {
        name: np.concatenate([getattr(own.coverage, name) for own in fitted])[entries]
        for name in ("texts", "heads", "titles")
    }
    lengths = np.concatenate([own.coverage.lengths for own in fitted])[places]
    return Fitted(main, Coverage(**counts, lengths=lengths, groups=groups), titles)


def group_of(space: Space, words: Words) -> int:
    """Give the group that has most of a draft's words: the first of several."""
    if space.groups == 1:
        return 0
    groups = map(space.of_group, range(space.groups))
    known = [sum(len(columns_of(own, n, field)) for n, field in enumerate(words.fields)) for own in groups]
    return known.index(max(known))


def _only(site: Tokenized, rows: Ints) -> Tokenized:
    """Give the words of some articles as those of a site of their own."""
    parts, order = [], np.zeros(len(rows), np.int64)
    first = 0
    for tokens, own in site.placed():
        here = np.flatnonzero(own[rows] >= 0)
        parts.append(take(tokens, own[rows[here]]))
        order[here] = first + np.arange(len(here))
        first += len(here)
    return Tokenized(tuple(parts), order)


def _joined(groups: Sequence[Vectors], places: Ints) -> Vectors:
    """Put the columns of groups behind each other, and the rows at their places."""
    spaces, rows = [own.space for own in groups], [own.rows for own in groups]
    starts = _joined_starts([space.starts for space in spaces])
    terms = pack(term for space in spaces for term in space.terms.all())
    idf = np.concatenate([space.idf for space in spaces])
    before = [0, *accumulate(own.columns for own in rows)]
    indices = [own.indices + np.int32(first) for own, first in zip(rows, before[:-1], strict=True)]
    joined = Rows(
        _joined_starts([own.indptr for own in rows]),
        np.concatenate(indices),
        np.concatenate([own.data for own in rows]),
        before[-1],
    )
    return Vectors(Space(spaces[0].fields, spaces[0].weights, starts, terms, idf), joined.some(places))


def _joined_starts(parts: Sequence[Ints]) -> Ints:
    """Put offsets behind each other, each part from where the one before ends."""
    ends = [0, *accumulate(int(part[-1]) for part in parts)]
    return np.concatenate([[0], *(part[1:] + end for part, end in zip(parts, ends[:-1], strict=True))]).astype(np.int64)
