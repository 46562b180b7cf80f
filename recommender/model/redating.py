"""A model on another day than that of its build, and with the rules of its editors: the lists that these change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.addresses import resolve
from recommender.arrays.sparse_rows import Ints
from recommender.article import digest_of
from recommender.model.model import SHOWN, Model, Ranking
from recommender.rules.editor_rules import EditorRules, decide

Chunk = tuple[NDArray[Any], ...]


def hidden_on(model: Model, day: int) -> Model:
    """Give a model as it is on a day; where another set is hidden than in the build, without the lists that it chose.

    Whatever chooses afresh (``choose_for``, ``permits``, ``ask``) is right at once; ``on_day`` gives the lists too.
    """
    states = model.catalogue.states(day)
    if np.array_equal(states, model.catalogue.hidden):
        return model
    sources = (digest.tobytes().hex() for digest in model.catalogue.sources)
    return replace(
        model,
        catalogue=model.catalogue.with_hidden(states),
        chosen=ranking_of([], len(model)),
        corpus_digest=digest_of(sources, states.tolist()),
    )


def on_day(model: Model, day: int) -> Model:
    """Give a model as a build on that day would make it: only the lists that may differ are chosen again."""
    fresh = hidden_on(model, day)
    if fresh is model:
        return model
    return _chosen_again(replace(fresh, chosen=model.chosen), _may_differ(model, fresh))


def with_decisions(model: Model, rules: EditorRules) -> Model:
    """Give a model that follows the editors' rules on links wherever it chooses afresh; its own lists stay."""
    if not rules.pairs:
        return model
    excluded = model.rules.excluded
    return replace(model, decisions=decide(rules, finder(model), lambda row: excluded[row]))


def with_rules(model: Model, rules: EditorRules) -> Model:
    """Give a model of which the lists too follow the editors' rules: those that may differ are chosen again."""
    ruled = with_decisions(model, rules)
    if ruled is model:
        return model
    families, again = model.catalogue.families, np.zeros(len(model), np.bool_)
    again[list(ruled.decisions.pins)] = True
    for row, others in ruled.decisions.blocks.items():
        start, stop = model.chosen.indptr[row : row + 2]
        again[row] |= bool(np.isin(families[model.chosen.rows[start:stop]], families[list(others)]).any())
    return _chosen_again(ruled, again)


def finder(model: Model) -> Callable[[str], int]:
    """Give what finds the row of a url of any host, as rules are read; -1 where it names no article."""
    index = model.address_index
    return lambda url: resolve(index, url, any_host=True).row


def _chosen_again(model: Model, again: NDArray[np.bool_]) -> Model:
    """Choose some lists of a model again and keep the others."""
    owners = _owners(model.chosen)
    kept = ~again[owners]
    chosen = (owners[kept], model.chosen.rows[kept], model.chosen.scores[kept])
    found = Choosing(model, max(SHOWN, model.settings.slots))(np.flatnonzero(again).tolist())
    return replace(model, chosen=ranking_of([chosen, *found], len(model)))


def _may_differ(model: Model, fresh: Model) -> NDArray[np.bool_]:
    """Tell whose lists may differ: a candidate or link, or a copy of one, is hidden now or was."""
    families, slots = model.catalogue.families, model.settings.slots
    changed = model.catalogue.hidden != fresh.catalogue.hidden
    touched = np.isin(families, families[changed])
    differ, owners = np.zeros(len(model), np.bool_), _owners(model.nearest)
    differ[owners[touched[model.nearest.rows]]] = True
    # Where the build went beyond the candidates, nothing tells who stood there; then the last link is none of them.
    lengths = np.diff(model.chosen.indptr)
    last = np.full(len(model), -1)
    last[lengths > 0] = model.chosen.rows[model.chosen.indptr[1:][lengths > 0] - 1]
    within = np.bincount(owners[model.nearest.rows == last[owners]], minlength=len(model)) > 0
    differ |= (lengths > 0) & ~within
    for row in np.flatnonzero(lengths < slots).tolist():
        differ[row] |= not model.exhausted(row, model.floor)
    return differ


def _owners(ranking: Ranking) -> Ints:
    return np.repeat(np.arange(len(ranking.indptr) - 1), np.diff(ranking.indptr))


@dataclass(frozen=True)
class Choosing:
    """The work of choosing up to ``limit`` links for some articles of a model."""

    model: Model
    limit: int

    def __call__(self, rows: Sequence[int]) -> list[Chunk]:
        """Give owners, rows and scores of a chunk's lists: arrays travel between processes at once."""
        slots = self.model.settings.slots
        lists = [self.model.choose_for(row, limit=self.limit, enough=slots).shown for row in rows]
        flat = [candidate for shown in lists for candidate in shown]
        owners = np.repeat(np.array(rows, np.int64), [len(shown) for shown in lists])
        return [(owners, np.array([c.row for c in flat], np.int32), np.array([c.score for c in flat]))]


def ranking_of(chunks: Sequence[Chunk], count: int) -> Ranking:
    """Put lists together, each with its owner for every link, to those of all ``count`` articles."""
    empty: Chunk = (np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0))
    owners, rows, scores = (np.concatenate(arrays) for arrays in zip(empty, *chunks, strict=True))
    order = np.argsort(owners, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=count))]).astype(np.int64)
    return Ranking(indptr, rows[order].astype(np.int32), scores[order].astype(np.float64))
