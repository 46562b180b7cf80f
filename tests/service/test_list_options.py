"""What a front end may ask of a list: more seeds, exclusions, keys, a fallback, HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from small_sites import BUILT_AT, article, write_files

from recommender.build.pipeline import fit_model
from recommender.model.model import Model
from recommender.model.store import save_model
from recommender.service import create_app
from recommender.service.list_options import fragment
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from tests.service.test_api import KEPLER, get, refused

TELESCOPES = "/learn/astronomy/questions/compare-refracting-and-reflecting-telescopes"


@pytest.fixture(scope="module")
def client(saved: Path) -> FlaskClient:
    return create_app(saved, Settings()).test_client()


def urls(answer: dict[str, Any]) -> list[str]:
    return [link["url"] for link in answer["related"]]


def test_what_is_excluded_is_left_out_and_the_next_ones_come_up(client: FlaskClient) -> None:
    plain = urls(get(client, "/v1/related", url=KEPLER, limit="10"))
    found = get(
        client, "/v1/related", url=KEPLER, limit="3", exclude=[plain[0], plain[2], "https://elsewhere.example/x"]
    )
    assert not set(urls(found)) & {plain[0], plain[2]}
    assert urls(found)[0] == plain[1]
    assert [link["rank"] for link in found["related"]] == [1, 2, 3]
    copy = KEPLER.replace("astronomy", "physics")
    assert urls(get(client, "/v1/related", url=KEPLER, exclude=copy)) == plain[:5]


def test_several_seeds_are_answered_by_the_mean_of_their_scores(client: FlaskClient, model: Model) -> None:
    seeds = [model.catalogue.urls.find(url) for url in (KEPLER, TELESCOPES)]
    found = get(client, "/v1/related", url=KEPLER, also=[TELESCOPES, KEPLER, "/nowhere"])
    assert not set(urls(found)) & {KEPLER, TELESCOPES, KEPLER.replace("astronomy", "physics")}
    for link in found["related"]:
        row = model.catalogue.urls.find(link["url"])
        lists = [dict(model.choose_for(seed, seeds, 20).shown) for seed in seeds]
        assert link["score"] == pytest.approx(sum(one.get(row, 0.0) for one in lists) / 2)
    scores = [link["score"] for link in found["related"]]
    assert scores == sorted(scores, reverse=True)
    other = get(client, "/v1/related", url=TELESCOPES, also=KEPLER)
    assert sorted(urls(other)) == sorted(urls(found))


def test_only_the_wanted_keys_and_the_url_are_given(client: FlaskClient) -> None:
    found = get(client, "/v1/related", url=KEPLER, fields="title,rank")
    assert set(found) == {"article", "related", "copies", "model"}
    assert set(found["article"]) == {"title", "url"}
    assert all(set(link) == {"title", "rank", "url"} for link in found["related"])
    plain = get(client, "/v1/related", url=KEPLER)
    assert urls(found) == urls(plain)
    terms = get(client, "/v1/related", url=KEPLER, fields="url,terms", explain="true")
    assert all(set(link) == {"url", "terms"} for link in terms["related"])


@pytest.mark.parametrize(
    ("query", "parameter", "said"),
    [
        ("fields=title,colour", "fields", "unknown key 'colour'; known: id, title, subject, url, score, rank, source"),
        ("fields=", "fields", "unknown key ''"),
        ("fallback=newest", "fallback", "fallback must be most-linked, got 'newest'"),
        ("exclude=", "exclude", "exclude must have 1 to 2,000 characters"),
    ],
)
def test_what_means_nothing_is_refused(client: FlaskClient, query: str, parameter: str, said: str) -> None:
    document = refused(client.get(f"/v1/related?url={KEPLER}&{query}"), 400, "bad-parameter")
    assert said in document["detail"]
    assert [one["parameter"] for one in document.get("errors", [])] == ([parameter] if parameter else [])


TIDES = "tides moon sea gravity pull water earth orbit wave shore day night"


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> tuple[FlaskClient, Model]:
    """A site with an article that nothing is like, of a subject where others link to one most."""
    files = {f"{n}.md": article(f"{n}", answer=f"{TIDES} {n} {n}x.", title=f"Tide {n}", subject="Sea") for n in "abcd"}
    files["banjo.md"] = article("banjo", answer="Strings twang.", title="Banjo", subject="Sea")
    files["secret.md"] = article("secret", answer=TIDES, title="Secret", subject="Sea", extra="no_index: true\n")
    files["harp.md"] = article("harp", answer="Plucked gut.", title="Harp", subject="Music")
    folder = tmp_path_factory.mktemp("lonely")
    settings = replace(Settings(), floor=0.01, same_question_article=0.0, same_question_list=0.0)
    model = fit_model(read_corpus(write_files(folder / "content", files), Settings()), settings, BUILT_AT)
    save_model(model, folder / "m")
    return create_app(folder / "m", Settings()).test_client(), model


def test_a_short_list_is_filled_up_with_the_most_linked_of_its_subject_where_that_is_asked_for(
    lonely: tuple[FlaskClient, Model],
) -> None:
    client, _ = lonely
    plain = get(client, "/v1/related", url="/banjo")
    assert urls(plain) == []
    found = get(client, "/v1/related", url="/banjo", fallback="most-linked", limit="3")
    assert len(found["related"]) == 3
    assert {link["subject"] for link in found["related"]} == {"Sea"}
    assert {link["source"] for link in found["related"]} == {"most-linked"}
    assert not any("score" in link for link in found["related"])
    assert [link["rank"] for link in found["related"]] == [1, 2, 3]
    assert "reason" not in found
    everything = urls(get(client, "/v1/related", url="/banjo", fallback="most-linked"))
    assert "/secret" not in everything
    mixed = get(client, "/v1/related", url="/a", fallback="most-linked", limit="9")
    sources = [link["source"] for link in mixed["related"]]
    assert sources == sorted(sources, reverse=True)  # ranking before most-linked
    assert len(set(urls(mixed))) == len(urls(mixed))
    assert urls(get(client, "/v1/related", url="/harp", fallback="most-linked")) == []  # alone in its subject


class Anchors(HTMLParser):
    """The links of a fragment."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name == "href"]


def test_html_is_given_where_it_is_asked_for(client: FlaskClient) -> None:
    plain = client.get(f"/v1/related?url={KEPLER}")
    html = client.get(f"/v1/related?url={KEPLER}", headers={"Accept": "text/html"})
    assert html.content_type == "text/html; charset=utf-8"
    anchors = Anchors(html.text)
    assert anchors.found == urls(plain.json)
    assert anchors.tags == {"ul", "li", "a"}
    assert [plain.headers["Vary"], html.headers["Vary"]] == ["Accept", "Accept"]
    assert plain.headers["ETag"] != html.headers["ETag"]
    again = {"Accept": "text/html", "If-None-Match": html.headers["ETag"]}
    assert client.get(f"/v1/related?url={KEPLER}", headers=again).status_code == 304
    assert client.get(f"/v1/related?url={KEPLER}", headers={"Accept": "*/*"}).json == plain.json
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert client.get("/v1/articles/20106/related?limit=2", headers={"Accept": browser}).text.count("<li>") == 2
    refused(client.get("/v1/related?url=/nowhere", headers={"Accept": "text/html"}), 404, "unknown-article")


def test_nothing_of_a_front_matter_breaks_out_of_a_fragment() -> None:
    hostile = [
        {"url": "javascript:alert(1)", "title": "a"},
        {"url": " JavaScript:alert(1)", "title": "a"},
        {"url": "data:text/html,<script>", "title": "a"},
        {"url": '/x"onclick="alert(1)', "title": "<script>alert(1)</script>"},
        {"url": "https://example.org/a?b=1&c=2", "title": "A & B"},
    ]
    text = fragment(hostile).decode()
    anchors = Anchors(text)
    assert anchors.found == ['/x"onclick="alert(1)', "https://example.org/a?b=1&c=2"]
    assert anchors.tags == {"ul", "li", "a"}
    assert not re.search(r"<[^>]* onclick", text)
    assert fragment([]) == fragment(hostile[:1]) == b""


def test_filters_and_terms_go_with_what_is_excluded(client: FlaskClient) -> None:
    plain = get(client, "/v1/related", url=KEPLER, limit="20")["related"]
    found = get(
        client, "/v1/related", url=KEPLER, exclude=plain[0]["url"], subject="Astronomy", explain="true", limit="4"
    )
    assert {link["subject"] for link in found["related"]} == {"Astronomy"}
    assert plain[0]["url"] not in urls(found)
    for link in found["related"]:
        assert sum(term["value"] for term in link["terms"]) == pytest.approx(link["score"], abs=1e-6)
    least = get(client, "/v1/related", url=KEPLER, also=TELESCOPES, min_score="0.1")
    assert all(link["score"] >= 0.1 for link in least["related"])
    assert get(client, "/v1/related", url=KEPLER, exclude="/nowhere", min_score="0.9")["reason"].startswith(
        "0 of 5 found"
    )
