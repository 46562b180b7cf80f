"""Who could link to an article, over HTTP: the scores of their own lists, and who does already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from small_sites import answer_of, article, link, write_files
from surveys import wait_for_scan

from recommender.build.pipeline import fit_model
from recommender.model.model import Model
from recommender.model.store import save_model
from recommender.service import create_app
from recommender.service.access import Access
from recommender.settings import Settings
from recommender.site.corpus import read_corpus

pytestmark = pytest.mark.slow  # waits for surveys

TIDES = "The moon pulls sea and tide along the coast"
FILES = {
    "a.md": article("a", link(1, "b"), answer=f"{TIDES} one"),
    "b.md": article("b", answer=f"{TIDES} two", title="Tides of the sea"),
    "c.md": article("c", answer=f"{TIDES} three", body="See [b](/b)."),
    "d.md": article("d", answer=f"{TIDES} four", extra="sitemap: false\n"),
    "hidden.md": article("hidden", link(1, "b"), answer=f"{TIDES} five", extra="no_index: true\n"),
    "owl.md": article("owl", answer="Owls fly by night", title="Owls"),
    "copy.md": article("copy", answer=answer_of("same")),
    "copy2.md": article("copy2", answer=answer_of("same")),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("linkers")
    settings = Settings(home=folder, floor=0.01, same_question_article=0.0, same_question_list=0.0)
    corpus = read_corpus(write_files(folder / "content", FILES), settings)
    save_model(fit_model(corpus, settings, "2026-11-22T12:00:00Z"), folder / "m")
    app = create_app(folder / "m", settings, folder / "content")
    assert wait_for_scan(app.extensions["recommender"], 60)
    yield app.test_client()
    app.extensions["recommender"].close()


def test_linkers_are_marked_where_they_link_already(client: FlaskClient) -> None:
    found = client.get("/v1/linkers?url=/b").json
    linked = {one["url"]: one["linked"] for one in found["linkers"]}
    assert linked == {"/a": ["list"], "/d": [], "/copy": [], "/c": ["text"]} | {
        url: [] for url in linked if url not in ("/a", "/c")
    }
    assert {"/a", "/d"} <= set(linked)
    assert not {"/hidden", "/b", "/owl"} & set(linked)
    scores = [one["score"] for one in found["linkers"]]
    assert scores == sorted(scores, reverse=True)
    for one in found["linkers"]:
        own = client.get("/v1/related", query_string={"url": one["url"]}).json["related"]
        ranks = [link["rank"] for link in own if link["url"] == "/b"]
        assert [one["rank"]] == (ranks or [0])
        assert ("rule" in one) == (not ranks)
        assert one["sentence"].startswith("shown at rank" if ranks else "not shown: ")


def test_what_nobody_may_link_to_says_why(client: FlaskClient) -> None:
    for url, said in (("/hidden", "it is hidden (no_index: true)"), ("/d", "it is never suggested"),
                      ("/owl", "no other article has it among its nearest above the floor")):  # fmt: skip
        found = client.get("/v1/linkers", query_string={"url": url}).json
        assert found["linkers"] == []
        assert said in found["reason"]


def test_an_id_and_a_url_answer_alike(saved: Path, model: Model) -> None:
    """Without the content nobody knows who links already, and it is not said."""
    client = create_app(saved, Settings(), access=Access(pages=False)).test_client()
    url = "/learn/physics/questions/explain-keplers-three-laws-of-planetary-motion"
    found = client.get("/v1/articles/20106/linkers", query_string={"copy": url, "limit": "3"})
    assert found.json == client.get("/v1/linkers", query_string={"url": url, "limit": "3"}).json
    assert len(found.json["linkers"]) == 3
    assert not any("linked" in one for one in found.json["linkers"])
    again = client.get(
        "/v1/linkers", query_string={"url": url, "limit": "3"}, headers={"If-None-Match": found.headers["ETag"]}
    )
    assert again.status_code == 304
    assert client.get("/v1/linkers?url=/nowhere").status_code == 404
    assert client.get("/v1/articles/x/linkers").status_code == 400
    assert client.get("/v1/articles/20106/linkers?limit=51").status_code == 400
