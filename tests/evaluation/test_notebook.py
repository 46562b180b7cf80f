"""A site opened for a look at its links."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from recommender.errors import RecommenderError, SettingsError
from recommender.evaluation.ground_truth import Truth, curated_truth
from recommender.evaluation.judgments import Label
from recommender.evaluation.notebook import grades_of_links, open_study
from recommender.evaluation.rankers import BASELINES, CURATED, WRITTEN, lists_of, lists_of_urls
from recommender.model.model import Model
from recommender.model.store import load_model
from recommender.settings import JUDGMENTS_FILE, LINKS_FILE
from recommender.site.corpus import Corpus

URL = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"


def test_a_site_is_opened_with_its_model_and_rankers(site: Path) -> None:
    found = open_study(site)
    saved = load_model(site / "models" / "default")
    assert found.model.built_at == saved.built_at
    assert list(found.rankers) == ["model", CURATED, *BASELINES]
    assert found.rankers["model"] == lists_of_urls(found.corpus, lists_of(saved, 20))
    assert found.truth == curated_truth(found.corpus, {})
    assert (found.graded, found.generated) == (None, {})
    assert found.grades == grades_of_links(found.corpus, found.truth, found.model)


def test_a_model_is_fitted_where_none_fits(site: Path) -> None:
    before = lists_of(open_study(site).model, 5)
    shutil.rmtree(site / "models")
    found = open_study(site)
    assert lists_of(found.model, 5) == before
    assert not (site / "models").exists()


def test_judgments_and_generated_links_beside_the_settings_are_read(site: Path) -> None:
    other = next(iter(lists_of(load_model(site / "models" / "default"), 1)[URL]))
    (site / JUDGMENTS_FILE).write_text(json.dumps({"url": URL, "labels": {other: "2"}}) + "\n")
    (site / LINKS_FILE).write_text(json.dumps({"url": URL, "generated": [other]}) + "\n")
    found = open_study(site)
    row = found.corpus.row_of[URL]
    assert found.graded is found.grades
    assert found.grades.labels == {row: {found.corpus.families[found.corpus.row_of[other]]: Label(2)}}
    assert found.against == "judgments"
    assert found.generated == {URL: frozenset({other})}
    assert WRITTEN in found.rankers


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (None, "does not exist; name the folder"),
        ("slots: 4\n", "content is missing; write"),
        ("content: none\n", "none"),
    ],
)
def test_a_folder_that_is_no_site_is_refused(tmp_path: Path, settings: str | None, says: str) -> None:
    if settings is not None:
        (tmp_path / "recommender.yml").write_text(settings)
    with pytest.raises(RecommenderError, match=says) as caught:
        open_study(tmp_path)
    assert isinstance(caught.value, SettingsError) == (settings != "content: none\n")


def test_links_grade_what_curators_linked_and_nothing_else(corpus: Corpus, model: Model) -> None:
    truth = curated_truth(corpus, {})
    graded = grades_of_links(corpus, truth, model)
    assert set(graded.labels) == {family for family, targets in truth.links.items() if targets}
    for row, labels in graded.labels.items():
        assert {family for family, label in labels.items() if label == Label(3)} == truth.links[row]
        near = {corpus.families[corpus.row_of[model.catalogue.urls[c.row]]] for c in model.candidates(row)}
        assert set(labels) == near | truth.links[row]
        assert set(labels.values()) <= {Label(3), Label(0)}


def test_articles_without_curated_links_or_not_in_the_model_are_not_graded(corpus: Corpus, model: Model) -> None:
    truth = Truth({0: frozenset(), 1: frozenset({2})}, 0)
    assert set(grades_of_links(corpus, truth, model).labels) == {1}
    articles = list(corpus.articles)
    articles[1] = dataclasses.replace(articles[1], url="/new")
    changed = dataclasses.replace(corpus, articles=tuple(articles))
    assert not grades_of_links(changed, truth, model).labels
