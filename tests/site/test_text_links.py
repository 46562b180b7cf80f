"""What the text of an article links to is not suggested to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recommender.build.pipeline import fit_model
from recommender.build.site_build import build_site
from recommender.evaluation.rankers import compared_lists, lists_of
from recommender.model.ask import ask, why
from recommender.settings import Settings, load_settings
from recommender.site.corpus import read_corpus
from recommender.site.text_links import links_of_texts

TEXT = "Sourdough bread rises as wild yeast feeds on flour."
PAGES = {
    "guides/bread.md": "[a](/guides/starter/), [b](../notes/salt.md), [[Which flour]], [c][1], [d](/rye), "
    "[e](bread.md)\n\n"
    "[1]: https://x.org/oven",
    "guides/starter.md": "<a href='bread.md'>the bread</a> and https://x.org",
    "notes/salt.md": "[gone](../notes/none.md) [other](https://other.org/guides/bread/) ![shown](../guides/bread.md)",
    "notes/flour.md": "",
}
TITLES = {
    "guides/bread.md": "Bread",
    "guides/starter.md": "Starter",
    "notes/salt.md": "Salt",
    "notes/flour.md": "Which flour",
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for path, text in PAGES.items():
        file = tmp_path / "content" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        url = f"/{path.removesuffix('.md')}/"
        file.write_text(f"---\ntitle: {TITLES[path]}\nurl: {url}\n---\n{TEXT} {TITLES[path]} dough oven. {text}\n")
    (tmp_path / "recommender.yml").write_text(
        "content: content\nfloor: 0.01\nsame_question_article: 0\nsame_question_list: 0\n"
    )
    return tmp_path


def settings_of(site: Path) -> Settings:
    return load_settings(site / "recommender.yml")


def test_links_are_found_as_those_of_lists(site: Path) -> None:
    corpus = read_corpus(site / "content", settings_of(site))
    starts, rows = links_of_texts(corpus)
    urls = [article.url for article in corpus.articles]
    found = {urls[i]: [urls[row] for row in rows[starts[i] : starts[i + 1]]] for i in range(len(urls))}
    assert found == {
        "/guides/bread/": ["/guides/starter/", "/notes/flour/", "/notes/salt/"],
        "/guides/starter/": ["/guides/bread/"],
        "/notes/flour/": [],
        "/notes/salt/": [],
    }


def test_a_suggestion_passes_over_them_and_says_so(site: Path) -> None:
    settings = settings_of(site)
    answer = ask(fit_model(read_corpus(site / "content", settings), settings, ""), "/guides/bread/", 5)
    assert (answer.choice.shown, answer.choice.reason(5)) == ((), "0 of 5 found; stopped: 3 linked-in-text")
    said = "not shown: the text of the article links to it already (linked-in-text)"
    assert why(answer, "/notes/salt/").sentence == said


def test_the_setting_turns_it_off(site: Path) -> None:
    with (site / "recommender.yml").open("a") as file:
        file.write("skip_linked: false\n")
    settings = settings_of(site)
    model = fit_model(read_corpus(site / "content", settings), settings, "")
    assert len(ask(model, "/guides/bread/", 5).choice.shown) == 3


def test_a_build_after_edits_follows_the_links(site: Path) -> None:
    settings = settings_of(site)

    def built(model: str) -> dict[str, object]:
        build_site(site / "content", settings, site / model)
        return json.loads((site / model / "manifest.json").read_text())["files"]

    first = built("a")
    # A page that a text linked to in vain, then a text that links to another page.
    (site / "content/rye.md").write_text(f"---\ntitle: Rye\nurl: /rye\n---\n{TEXT} rye dough\n")
    second = built("a")
    assert second == built("b") != first
    salt = site / "content/notes/salt.md"
    salt.write_text(salt.read_text() + "[r](/rye)")
    third = built("a")
    assert third == built("c") != second
    assert third["linked_rows"] != second["linked_rows"]


def test_lists_that_are_compared_with_an_editors_hold_what_texts_link_to(site: Path) -> None:
    settings = settings_of(site)
    model = fit_model(read_corpus(site / "content", settings), settings, "")
    lists = compared_lists(model, 5)
    assert (lists_of(model, 5)["/guides/bread/"], len(lists["/guides/bread/"])) == ([], 3)
    assert lists["/notes/salt/"] == lists_of(model, 5)["/notes/salt/"] != []
