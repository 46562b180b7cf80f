"""The links that are planned are those that stand in the files once a fill has written."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sites import command

from recommender.build.site_build import fitting_model
from recommender.editing.plan import Filling
from recommender.editing.planned_links import PlannedLinks
from recommender.model.model import Model
from recommender.settings import Settings, load_settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.link_graph import LinkGraph, graph_today, pairs_of


def planned(corpus: Corpus, model: Model, mode: str, settings: Settings) -> LinkGraph:
    work = PlannedLinks(Filling(corpus, model, mode, settings, {}, None))
    today = graph_today(corpus, {})
    return LinkGraph(today.pages, today.pages.folded(pairs_of(work(range(len(corpus.articles))))), today.texts)


@pytest.mark.slow  # fills the sample site in each mode
@pytest.mark.parametrize("mode", ["repair", "empty", "regenerate"])
def test_a_fill_makes_the_graph_that_was_planned(site: Path, mode: str) -> None:
    settings = load_settings(site / "recommender.yml")
    corpus = read_corpus(site / "content", settings)
    model = fitting_model(corpus, settings, site / "models" / "default", pytest.fail)
    wanted = planned(corpus, model, mode, settings)
    assert command(site, "fill", "--mode", mode, "--write").returncode == 0
    after = graph_today(read_corpus(site / "content", settings), {})
    assert after.lists.tolist() == wanted.lists.tolist()
    assert len(after.lists) > len(graph_today(corpus, {}).lists)
