"""The links that are planned are those that stand in the files once a fill has written."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sites import in_process

from recommender.build.site_build import fitting_model
from recommender.editing.fill import Order, filling_of
from recommender.editing.planned_links import as_json, links_after, planned_lists, read_exchanged
from recommender.settings import load_settings
from recommender.site.corpus import read_corpus
from recommender.site.link_graph import LinkGraph, graph_today, pairs_of


@pytest.mark.slow  # fills the sample site in each mode
@pytest.mark.parametrize("mode", ["repair", "empty", "regenerate", "balanced"])
def test_a_fill_makes_the_graph_that_was_planned(site: Path, mode: str) -> None:
    if mode == "balanced":
        with (site / "recommender.yml").open("a") as file:
            file.write("balance: true\nmax_in_links: 7\n")
    settings = load_settings(site / "recommender.yml")
    corpus = read_corpus(site / "content", settings)
    model = fitting_model(corpus, settings, site / "models" / "default", pytest.fail)
    way = mode.replace("balanced", "repair")
    filling = filling_of(Order(corpus.root, way, links_file=settings.links_file), corpus, model, settings)
    today = graph_today(corpus, {})
    wanted = LinkGraph(today.pages, today.pages.folded(pairs_of(links_after(filling))), today.texts)
    exchanged = [one for one in planned_lists(filling) if one.target.rows != one.planned]
    assert bool(exchanged) == (mode == "balanced")
    for one in exchanged:
        assert read_exchanged(as_json(one)) == one
        assert one.instead_of(one.target) is one.target
    assert in_process(site, "fill", "--mode", way, "--write").returncode == 0
    after = graph_today(read_corpus(site / "content", settings), {})
    assert after.lists.tolist() == wanted.lists.tolist()
    assert len(after.lists) > len(today.lists)
