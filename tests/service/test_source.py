"""Who made a link, a person or the ranking: said right from the first answer, before anybody has looked at the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from surveys import wait_for_scan

from recommender.model.model import Model
from recommender.service import create_app, live_content
from recommender.service.app_state import State
from recommender.settings import LINKS_FILE, Settings
from recommender.site.generated_links import format_generated

KEPLER = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"


def served(site: Path) -> tuple[FlaskClient, State]:
    app = create_app(site / "models" / "default", Settings(home=site), site / "content")
    return app.test_client(), app.extensions["recommender"]


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No survey is made but where a test asks for one."""
    monkeypatch.setattr(State, "watch", lambda self: None)


def answers(client: FlaskClient, model: Model) -> list[tuple[Any, str]]:
    """Give answer and ETag of every article, those of a batch, and what is known of some."""
    urls = model.catalogue.urls.all()
    replies = [client.get("/v1/related", query_string={"url": url, "limit": "20"}) for url in urls]
    found = [(reply.json, reply.headers["ETag"]) for reply in replies]
    batch = {"requests": [{"url": url, "limit": 20} for url in urls[:100]]}
    found += [(one, "") for one in client.post("/v1/related:batch", json=batch).json["responses"]]
    details = [client.get("/v1/articles/20106", query_string={"copy": url}).json for url in urls if "kepler" in url]
    return found + [(one["curated"], "") for one in details]


def sources(client: FlaskClient, url: str = KEPLER, **query: str) -> dict[str, str]:
    links = client.get("/v1/related", query_string={"url": url, "limit": "20", **query}).json["related"]
    return {link["url"]: link["source"] for link in links}


@pytest.mark.usefixtures("unwatched")
def test_the_first_answer_says_what_all_later_ones_say(site: Path, model: Model) -> None:
    kept = {url: frozenset(urls[:2]) for url, urls in linked(model).items()}
    (site / LINKS_FILE).write_bytes(format_generated(kept))
    client, state = served(site)
    first = answers(client, model)
    assert state.surveys is not None
    assert state.surveys.of(state.current.require().tag) is None
    assert wait_for_scan(state, 60)
    assert answers(client, model) == first
    assert {link["source"] for document, _ in first[: len(model)] for link in document["related"]} == {
        "curated",
        "ranking",
    }
    state.close()


def linked(model: Model) -> dict[str, list[str]]:
    """Give the urls of the links that the model would show, by article."""
    urls = model.catalogue.urls
    return {urls[row]: [urls[c.row] for c in model.chosen.of(row)] for row in range(0, len(model), 2)}


@pytest.mark.usefixtures("unwatched")
def test_a_file_is_read_as_it_is_now(site: Path, model: Model) -> None:
    client, state = served(site)
    curated = [url for url, source in sources(client).items() if source == "curated"]
    assert curated
    (site / LINKS_FILE).write_bytes(format_generated({KEPLER: frozenset(curated[:1])}))
    assert sources(client)[curated[0]] == "ranking"
    (site / LINKS_FILE).unlink()
    assert sources(client)[curated[0]] == "curated"
    (site / "content" / model.catalogue.paths[model.catalogue.urls.find(KEPLER)]).unlink()
    assert set(sources(client).values()) == {"ranking"}
    state.close()


@pytest.mark.usefixtures("unwatched")
def test_what_nobody_can_tell_is_not_kept(site: Path) -> None:
    (site / LINKS_FILE).write_text(f'{{"url": "{KEPLER}", "generated": 1}}\n')
    client, state = served(site)
    for query in ({}, {"limit": "9"}, {"subject": "Physics"}, {"explain": "true"}):
        reply = client.get("/v1/related", query_string={"url": KEPLER, **query})
        assert (reply.status_code, reply.headers["Cache-Control"]) == (200, "no-store")
        assert "ETag" not in reply.headers
        assert {link["source"] for link in reply.json["related"]} == {"ranking"}
    assert "curated" not in client.get("/v1/articles/20106", query_string={"copy": KEPLER}).json
    batch = {"requests": [{"url": KEPLER}]}
    assert len(client.post("/v1/related:batch", json=batch).json["responses"][0]["related"]) == 5
    (site / LINKS_FILE).unlink()
    reply = client.get("/v1/related", query_string={"url": KEPLER})
    assert "max-age" in reply.headers["Cache-Control"]
    state.close()


@pytest.mark.usefixtures("unwatched")
def test_only_the_file_of_the_article_is_read(site: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its links are: dead ones asked for the form of all urls, sound ones for the files of their targets."""
    client, state = served(site)
    read, read_article = list[str](), live_content.read_article
    monkeypatch.setattr(
        live_content, "read_article", lambda root, path, s: read.append(path) or read_article(root, path, s)
    )
    monkeypatch.setattr(live_content, "form_of", None)
    for row in range(len(model)):
        assert client.get("/v1/related", query_string={"url": model.catalogue.urls[row]}).status_code == 200
    assert read == model.catalogue.paths.all()
    state.close()


def test_the_form_of_the_urls_is_made_once_a_model(site: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    made, form_of = [], live_content.form_of
    monkeypatch.setattr(live_content, "form_of", lambda *given: made.append(1) or form_of(*given))
    files = live_content.Content(site / "content", Settings(home=site))
    for row in range(20):
        files.today(model, row)
    assert len(made) == 1
