"""What views share while models are replaced: nothing of one model is read with the rows of another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recommender.model.model import Model
from recommender.service.app_state import State
from recommender.service.live_model import LiveModel, Served
from recommender.service.metrics import Metrics
from recommender.service.site_scanner import SiteScan, SiteScanner
from recommender.settings import Settings

FACTS = {"changed": 3, "style": [4, True]}


@pytest.fixture
def state(saved: Path, tmp_path: Path) -> Iterator[State]:
    """A state whose survey is of a model of two articles, the first of which links to the second."""
    current = LiveModel(saved)
    assert current.look()
    surveys = SiteScanner(tmp_path, Settings())
    arrays = {"in_links": [0, 1], "links_indptr": [0, 1, 1], "links_rows": [1]}
    surveys._newest = SiteScan("small", FACTS, {name: np.array(own, np.int32) for name, own in arrays.items()})
    state = State(Settings(), None, current, surveys, Metrics())
    yield state
    state.close()


def test_curated_links_are_those_of_the_model_that_answers(state: State, model: Model) -> None:
    """A request that began before a swap ends after it: the survey may be of the model before, or of the next."""
    before, now = Served(model, "v", "small"), state.current.require()
    assert list(state.curated(before, 0)) == [1]
    assert list(state.curated(now, 0)) == []
    assert list(state.curated(now, len(model) - 1)) == []  # out of bounds in the survey


def test_changed_files_are_counted_for_the_model_in_use_only(state: State, model: Model) -> None:
    assert state.changed() is None
    state.current.served = Served(model, "v", "small")
    assert state.changed() == 3
