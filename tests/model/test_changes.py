"""What two models disagree on: built from a site before and after an edit, in one folder and in two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_sites import BUILT_AT, article

from recommender.build.pipeline import fit_model
from recommender.errors import ModelError
from recommender.model.changes import Change, changes
from recommender.model.model import Model
from recommender.model.store import load_model, read_manifest, save_model
from recommender.model.versions import model_before
from recommender.settings import Settings
from recommender.site.corpus import read_corpus

TOPICS = {
    "stars": "stars shine by fusion of hydrogen in their hot cores",
    "suns": "our sun and other stars shine as hydrogen fusion heats their cores",
    "galaxies": "galaxies hold stars, gas and dust, and stars shine in their arms",
    "bread": "bread rises as yeast makes gas in dough",
    "dough": "dough with yeast rises before bread is baked",
}


def fit(small: Callable, texts: dict[str, str], settings: Settings | None = None) -> Model:
    corpus = small({f"{name}.md": article(name, title=name, answer=text) for name, text in texts.items()})
    own = settings or Settings(slots=2)
    return fit_model(read_corpus(corpus.root, own), own, BUILT_AT)


def test_equal_models_differ_in_nothing(small) -> None:
    model = fit(small, TOPICS)
    assert list(changes(model, model)) == []


def test_new_articles_and_gone_ones_are_the_reasons(small, tmp_path: Path) -> None:
    new = fit(small, TOPICS)
    (tmp_path / "content" / "suns.md").unlink()
    old = fit(small, {name: text for name, text in TOPICS.items() if name != "suns"})
    found = {one.url: one for one in changes(old, new)}
    assert found["/suns"].article == "new"
    gained = [link for link in found["/stars"].links if link.gained]
    assert [(link.url, link.reason, link.before) for link in gained] == [("/suns", "new article", None)]
    back = {one.url: one for one in changes(new, old)}
    assert back["/suns"].article == "gone"
    lost = [link for link in back["/stars"].links if not link.gained]
    assert [(link.url, link.reason, link.after) for link in lost] == [("/suns", "article gone", None)]


def test_a_rule_is_named_and_else_the_score_counts(small) -> None:
    old = fit(small, TOPICS)
    new = fit(small, TOPICS, Settings(slots=2, never_suggest=("/suns",)))
    found = {one.url: one.links for one in changes(old, new)}
    (lost,) = [link for link in found["/stars"] if not link.gained]
    assert (lost.url, lost.reason) == ("/suns", "never-suggested")
    assert lost.before == pytest.approx(lost.after, abs=0.2)
    edited = fit(small, {**TOPICS, "suns": "dough with yeast rises before bread is baked well"})
    links: list[Change] = [link for one in changes(old, edited) if one.url == "/stars" for link in one.links]
    assert ("/suns", False, "new score") in [(link.url, link.gained, link.reason) for link in links]


def test_the_model_before_is_opened_from_the_same_folder_and_a_damaged_one_is_none(small, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    old = fit(small, TOPICS)
    save_model(old, folder)
    first = read_manifest(folder)["version"]
    assert model_before(folder) is None
    new = fit(small, {**TOPICS, "moons": "moons orbit planets as planets orbit stars"})
    save_model(new, folder)
    before = model_before(folder)
    assert before is not None
    assert before.catalogue.urls.all() == old.catalogue.urls.all()
    assert [one.url for one in changes(before, load_model(folder)) if one.article] == ["/moons"]
    unsaved = model_before(folder, old)
    assert unsaved is not None, "a model that the folder does not hold has the present one before it"
    assert unsaved.catalogue.urls.all() == new.catalogue.urls.all()
    array = folder / first / "families.npy"
    array.write_bytes(array.read_bytes()[:-1] + b"\x07")
    assert model_before(folder) is None
    with pytest.raises(ModelError, match="holds no model"):
        model_before(tmp_path / "nowhere")
