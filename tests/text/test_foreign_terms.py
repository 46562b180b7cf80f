"""The common words of a language that few articles are in make no link."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from small_sites import article, write_files

from recommender.build.pipeline import fit_model
from recommender.model.ask import ask
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.corpus import read_corpus

COMMON = tuple("a as at be by in is it of on to and are for the from that this with".split())  # noqa: SIM905
GERMAN = {
    "tube": "Den Schlauch aus dem Reifen nehmen und mit einem Flicken bekleben, danach wird er wieder aufgepumpt.",
    "soup": "Den Topf auf dem Herd mit einem Deckel schließen, dann wird die Suppe weich und mit Salz gewürzt.",
    "piano": "Die Saiten stehen unter Spannung, und mit einem Schlüssel wird der Ton nach dem Winter gestimmt.",
    "tax": "Wer dazu verpflichtet ist, hat bis zum Sommer Zeit, und mit einem Berater wird die Frist länger.",
}


def site(others: dict[str, str], count: int = 120) -> dict[str, str]:
    """Write English articles, each on one of twelve topics, and some others."""
    drawn, files = random.Random(1), {}
    for number in range(count):
        topic = [f"topic{number % 12}x{one}" for one in range(8)]
        words = [word for own in topic for word in (*drawn.sample(COMMON, 3), own)]
        files[f"en-{number}.md"] = article(f"en-{number}", answer=f"{' '.join(words)} die own{number}.")
    files |= {f"{name}.md": article(name, title=name, answer=text, subject="") for name, text in others.items()}
    return files


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    settings = Settings(floor=0.01)
    folder = write_files(tmp_path_factory.mktemp("site"), site(GERMAN))
    return fit_model(read_corpus(folder, settings), settings, "")


@pytest.mark.parametrize("name", GERMAN)
def test_an_article_of_a_language_of_few_gets_no_link_and_the_reason(model: Model, name: str) -> None:
    choice = ask(model, f"/{name}", 5).choice
    assert (choice.shown, choice.reason(5)) == ((), "no other article shares a word that counts with this one")


def test_the_others_keep_their_links(model: Model) -> None:
    assert len(ask(model, "/en-1", 5).choice.shown) == 5


def test_an_article_of_few_common_words_in_the_language_of_the_site_keeps_its_links(tmp_path: Path) -> None:
    settings, table = Settings(floor=0.01), " ".join(f"topic1x{one}" for one in range(8))
    others = {"table": f"{table} cell column row", "table-too": f"{table} cell column line"}
    model = fit_model(read_corpus(write_files(tmp_path, site(others)), settings), settings, "")
    assert "/table-too" in [model.catalogue.urls[one.row] for one in ask(model, "/table", 5).choice.shown]


@pytest.mark.parametrize("count", [24, 60])
def test_a_small_site_tells_languages_too(tmp_path: Path, count: int) -> None:
    settings = Settings(floor=0.01)
    model = fit_model(read_corpus(write_files(tmp_path, site(GERMAN, count)), settings), settings, "")
    assert not any(ask(model, f"/{name}", 5).choice.shown for name in GERMAN)
    assert ask(model, "/en-1", 5).choice.shown


@pytest.mark.parametrize("count", [50, 120])
def test_an_article_that_says_what_many_say_gets_no_link_and_makes_none(tmp_path: Path, count: int) -> None:
    settings = Settings(floor=0.01)
    names = {"why": "", "this": "it is of the that", "smile": "\U0001f642"}
    files = site({}, count) | {
        f"{name}.md": article(name, title="\U0001f642" if name == "smile" else "with this and that", answer=answer)
        for name, answer in names.items()
    }
    model = fit_model(read_corpus(write_files(tmp_path, files), settings), settings, "")
    for name in names:
        choice = ask(model, f"/{name}", 5).choice
        assert (choice.shown, choice.reason(5)) == ((), "no other article shares a word that counts with this one")
    shown = {model.catalogue.urls[one.row] for row in range(count) for one in ask(model, f"/en-{row}", 5).choice.shown}
    assert shown and not shown & {f"/{name}" for name in names}


def test_an_article_of_few_words_of_which_one_is_rare_keeps_its_links(tmp_path: Path) -> None:
    settings = Settings(floor=0.01)
    files = site({}) | {"short.md": article("short", title="with this topic3x1 of topic3x2", answer="it is")}
    model = fit_model(read_corpus(write_files(tmp_path, files), settings), settings, "")
    assert ask(model, "/short", 5).choice.shown
