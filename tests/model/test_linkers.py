"""Who could link to an article, beside a look at every other one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.model.ask import ask_row
from recommender.model.linkers import linkers_to_all, linkers_to_some
from recommender.model.model import Model
from recommender.rules.editor_rules import Decisions


def by_hand(model: Model, row: int) -> list[tuple[int, float]]:
    """Ask every other article: the best of each family, by score."""
    families = model.catalogue.families.tolist()
    found: dict[int, tuple[float, int]] = {}
    for asker in range(len(model)):
        if families[asker] == families[row] or model.catalogue.hidden[asker]:
            continue
        for other, score in model.candidates(asker):
            if families[other] == families[row] and score >= model.floor and model.permits(asker, other, ()):
                best = found.get(families[asker], (0.0, asker))
                found[families[asker]] = max(best, (score, asker), key=lambda one: (round(one[0], 9), -one[1]))
    pairs = [(asker, score) for score, asker in found.values()]
    return sorted(pairs, key=lambda one: (-round(one[1], 9), one[0]))


def test_linkers_are_those_that_a_look_at_every_article_gives(model: Model) -> None:
    every = linkers_to_all(model)
    wanted = {row: by_hand(model, row) for row in range(0, len(model), 5)}
    some = linkers_to_some(model, list(wanted))
    for row, linkers in wanted.items():
        found = some.of(row, 50)
        assert [(one.row, one.score) for one in found] == linkers
        assert found == every.of(row, 50)
        assert found[:2] == every.of(row, 2)
    assert sum(map(len, wanted.values())) > 100


def test_a_place_is_where_the_link_stands_or_would_stand(model: Model) -> None:
    linkers, seen = linkers_to_some(model, range(len(model))), 0
    for row in range(0, len(model), 9):
        for one in linkers.of(row, 5):
            shown = [candidate.row for candidate in ask_row(model, one.row, 20).choice.shown]
            if row in shown and not model.rules.members.get(model.rules.families[row]):
                assert one.place == shown.index(row) + 1
                seen += 1
    assert seen > 10


def test_no_rule_is_broken(model: Model) -> None:
    row = next(row for row in range(len(model)) if len(linkers_to_some(model, range(len(model))).of(row, 5)) == 5)
    first = linkers_to_some(model, range(len(model))).of(row, 1)[0].row
    blocked = replace(model, decisions=Decisions(blocks={first: frozenset([row])}))
    assert first not in [one.row for one in linkers_to_some(blocked, [row]).of(row, 50)]
    states = model.catalogue.hidden.copy()
    states[first] = 1
    hidden = replace(model, catalogue=model.catalogue.with_hidden(states))
    assert first not in [one.row for one in linkers_to_some(hidden, [row]).of(row, 50)]
    assert linkers_to_some(hidden, [first]).of(first, 50) == []


@pytest.mark.parametrize("floor", [0.3, 0.99])
def test_the_floor_holds(model: Model, floor: float) -> None:
    high = replace(model, settings=replace(model.settings, floor=floor))
    scores = [
        one.score for row in range(0, len(model), 7) for one in linkers_to_some(high, range(len(high))).of(row, 50)
    ]
    assert all(score >= floor for score in scores)
    assert bool(scores) == bool(np.any(model.nearest.scores >= floor))
