"""What is found in one look at the whole content."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.editing.fill import Order, plan_fill
from recommender.editing.plan import Edit
from recommender.model.store import load_model
from recommender.service import site_scan
from recommender.service.live_content import Content, Known
from recommender.service.site_scanner import SiteScanner
from recommender.settings import load_settings
from recommender.site.corpus import read_corpus

pytestmark = pytest.mark.slow  # plans the sample site


def test_the_page_of_each_article_tells_what_a_fill_of_the_whole_site_does(site: Path) -> None:
    with (site / "recommender.yml").open("a") as file:
        file.write("balance: true\nmax_in_links: 7\n")
    settings, folder = load_settings(site / "recommender.yml"), site / "models" / "default"
    scanner = SiteScanner(site / "content", settings)
    site_scan.main(site_scan.order_of(folder, site / "content", settings, scanner._file))
    scanner.look()
    survey = scanner._newest
    assert survey is not None and survey.facts["planned"]
    corpus, model = read_corpus(site / "content", settings), load_model(folder)
    plan = plan_fill(Order(corpus.root, links_file=settings.links_file), corpus, model, settings)
    wanted, content, alone = {edit.path: edit.diff for edit in plan.edits}, Content(site / "content", settings), 0
    for row, article in enumerate(corpus.articles):
        known = Known(survey.facts["ambiguous"], survey.style, survey.exchanged(row))
        outcome = content.fill(model, row, "repair", known).outcome
        assert (outcome.diff if isinstance(outcome, Edit) else "") == wanted.get(article.path, ""), article.path
        alone += survey.exchanged(row) is None
    assert 0 < alone < len(corpus.articles)
