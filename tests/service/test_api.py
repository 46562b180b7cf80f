"""The JSON routes, through Flask's client: answers, refusals, caching, headers; numbers against the rankings."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from small_sites import BUILT_AT, article, write_files
from surveys import wait_for_scan

from recommender.build.pipeline import fit_model
from recommender.model import lookup
from recommender.model.ask import ask, ask_texts
from recommender.model.model import Model
from recommender.model.store import save_model
from recommender.ranking.selection import choose
from recommender.service import create_app
from recommender.service.access import Access
from recommender.service.app_state import State
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.link_verdicts import judge_links

KEPLER = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"
KEPLER_COPY = "/learn/physics/questions/explain-keplers-three-laws-of-planetary-motion"
FOUR = ("id", "title", "subject", "url")
LONG = "tides moon sea gravity pull water earth orbit wave shore day night"
FILES = {
    "a.md": article("a", id="7", answer=f"{LONG} one.", subject="Sea"),
    "a-copy.md": article("a-copy", id="7", answer=f"{LONG} one.", subject="Air"),
    "b.md": article("b", id="8", answer=f"{LONG} two.", subject="Sea"),
    "c.md": article("c", id="8", answer=f"{LONG} three.", subject="Air"),
    "d.md": article("d", id="-13", answer=f"{LONG} four.", subject="Air"),
    "e.md": article("e", id="9", answer="Banjos twang.", title="Banjo", subject="Music"),
    "f.md": article("f", id="10", answer=f"{LONG} five.", subject="Sea", extra="no_index: true\n"),
}


@pytest.fixture(scope="module")
def client(saved: Path) -> FlaskClient:
    return create_app(saved, Settings()).test_client()


@pytest.fixture(scope="module")
def small_client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder = tmp_path_factory.mktemp("ids")
    corpus = read_corpus(write_files(folder / "content", FILES), Settings())
    save_model(fit_model(corpus, replace(Settings(), floor=0.01, same_question_article=0.0), BUILT_AT), folder / "m")
    return create_app(folder / "m", Settings()).test_client()


def get(client: FlaskClient, path: str, **query: str) -> Any:
    reply = client.get(path, query_string=query)
    assert reply.status_code == 200, reply.text
    return reply.json


def refused(reply: Any, status: int, kind: str) -> dict[str, Any]:
    assert reply.status_code == status
    assert reply.content_type == "application/problem+json"
    document = json.loads(reply.data)
    assert document["type"] == f"urn:recommender:problem:{kind}"
    assert document["status"] == status
    assert document["instance"].endswith(reply.headers["X-Request-ID"])
    assert "Traceback" not in reply.text
    assert len(document["detail"]) < 600
    assert reply.headers["Cache-Control"] == "no-store"
    return document


def test_the_answer_is_the_ranking_with_the_keys_of_a_related_block(client: FlaskClient, model: Model) -> None:
    document = get(client, "/v1/related", url=KEPLER)
    answer = ask(model, KEPLER, model.settings.slots)
    assert [link["url"] for link in document["related"]] == [model.catalogue.urls[c.row] for c in answer.choice.shown]
    for rank, (link, candidate) in enumerate(zip(document["related"], answer.choice.shown, strict=True), 1):
        assert list(link) == [*FOUR, "score", "rank", "source"]
        assert (link["rank"], link["score"], link["source"]) == (rank, round(candidate.score, 9), "ranking")
    assert document["article"] == {
        "id": "20106",
        "title": "Explain Kepler’s three laws of planetary motion",
        "subject": "Astronomy",
        "url": KEPLER,
    }
    assert document["copies"] == [KEPLER_COPY]
    assert document["model"]["built_at"] == BUILT_AT
    assert re.fullmatch("[0-9a-f]{32}", document["model"]["version"])


def test_terms_add_up_to_the_score(client: FlaskClient) -> None:
    for link in get(client, "/v1/related", url=KEPLER, explain="true", limit="3")["related"]:
        assert sum(term["value"] for term in link["terms"]) == pytest.approx(link["score"], abs=1e-8)
        assert {frozenset(term) for term in link["terms"]} == {frozenset({"field", "term", "value"})}


@pytest.mark.parametrize(
    "url", [f"https://example.org{KEPLER}", f"{KEPLER}/", f"{KEPLER}?utm=1#top", f"//example.org{KEPLER}"]
)
def test_the_address_of_a_page_finds_its_article(client: FlaskClient, url: str) -> None:
    assert get(client, "/v1/related", url=url) == get(client, "/v1/related", url=KEPLER)


@pytest.mark.parametrize("limit", [1, 5, 20, 30, 50])
def test_every_limit_gives_the_first_of_the_same_list(client: FlaskClient, model: Model, limit: int) -> None:
    for row in range(0, len(model), 17):
        url = model.catalogue.urls[row]
        document = get(client, "/v1/related", url=url, limit=str(limit))
        shown = ask(model, url, limit).choice.shown
        assert [link["url"] for link in document["related"]] == [model.catalogue.urls[c.row] for c in shown]
        assert ("reason" in document) == (len(shown) < limit)


def test_filters_look_at_the_whole_ranking_before_the_limit(client: FlaskClient, model: Model) -> None:
    for row in range(0, len(model), 11):
        url = model.catalogue.urls[row]
        everything = model.ranked(model.query(row))
        wanted = [c for c in everything if model.catalogue.subjects[c.row] == "History" and c.score >= 0.11]
        asking = replace(model.asking(row), subject="History")
        expected = choose(asking, wanted, (), 3, model.rules).shown
        document = get(client, "/v1/related", url=url, subject="History", min_score="0.11", limit="3")
        assert [link["url"] for link in document["related"]] == [model.catalogue.urls[c.row] for c in expected]
        if len(expected) < 3:
            assert "with subject 'History' and min_score 0.11" in document["reason"]


def test_an_id_of_copies_answers_for_the_smallest_url_unless_another_is_named(small_client: FlaskClient) -> None:
    document = get(small_client, "/v1/articles/7/related")
    assert (document["article"]["url"], document["copies"]) == ("/a", ["/a-copy"])
    document = get(small_client, "/v1/articles/7/related", copy="https://example.org/a-copy")
    assert (document["article"]["url"], document["copies"]) == ("/a-copy", ["/a"])
    assert get(small_client, "/v1/articles/-13/related")["article"]["url"] == "/d"
    refused(small_client.get("/v1/articles/7/related?copy=/b"), 404, "unknown-article")


def test_an_id_of_different_articles_is_a_conflict_with_candidates(small_client: FlaskClient) -> None:
    document = refused(small_client.get("/v1/articles/8/related"), 409, "ambiguous-id")
    assert document["candidates"] == ["/b", "/c"]
    assert get(small_client, "/v1/articles/8/related", copy="/c")["article"]["url"] == "/c"
    answer = small_client.post("/v1/related:batch", json={"requests": [{"id": "8"}]}).json["responses"][0]
    assert (answer["status"], answer["candidates"]) == (409, ["/b", "/c"])


@pytest.fixture(scope="module")
def spelt(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A site with a host of its own, letters beyond ASCII, old addresses, and one of two pages."""
    folder = tmp_path_factory.mktemp("spelt")
    files = {
        "a.md": article("a", url="/für-brötchen", extra="aliases: [/alt, /both]\n"),
        "b.md": article("b", url="https://www.example.org/b/", extra="redirect_from: /both\n"),
    }
    corpus = read_corpus(write_files(folder / "content", files), Settings())
    save_model(fit_model(corpus, Settings(), BUILT_AT), folder / "m")
    return create_app(folder / "m", Settings()).test_client()


@pytest.mark.parametrize(
    ("asked", "url"),
    [
        ("/für-brötchen", "/für-brötchen"),
        ("/f%C3%BCr-br%C3%B6tchen", "/für-brötchen"),
        ("/f%c3%bcr-br%c3%b6tchen/index.html#x", "/für-brötchen"),
        ("/fu\u0308r-bro\u0308tchen/", "/für-brötchen"),
        ("https://example.org/f%C3%BCr-br%C3%B6tchen?utm=1", "/für-brötchen"),
        ("/alt", "/für-brötchen"),
        ("/b", "https://www.example.org/b/"),
        ("/b.html", "https://www.example.org/b/"),
    ],
)
def test_a_page_is_found_as_a_browser_names_it(spelt: FlaskClient, asked: str, url: str) -> None:
    assert get(spelt, "/v1/related", url=asked)["article"]["url"] == url
    # As encodeURIComponent has it: nothing stays as it is.
    reply = spelt.get(f"/v1/related?url={quote(asked, safe='')}")
    assert (reply.status_code, reply.json["article"]["url"]) == (200, url)
    answer = spelt.post("/v1/related:batch", json={"requests": [{"url": asked}]}).json["responses"][0]
    assert answer["article"]["url"] == url


def test_an_address_of_two_pages_is_a_conflict_and_one_of_another_host_unknown(spelt: FlaskClient) -> None:
    document = refused(spelt.get("/v1/related?url=/both"), 409, "ambiguous-url")
    assert document["candidates"] == ["/für-brötchen", "https://www.example.org/b/"]
    answer = spelt.post("/v1/related:batch", json={"requests": [{"url": "/both"}]}).json["responses"][0]
    assert answer["status"] == 409
    refused(spelt.get("/v1/related?url=https://other.org/b/"), 404, "unknown-article")
    identity = get(spelt, "/v1/related", url="/b")["article"]["id"]
    document = refused(spelt.get(f"/v1/articles/{identity}/related?copy=/both"), 409, "ambiguous-url")
    assert document["errors"][0]["parameter"] == "copy"


def test_what_is_unknown_is_answered_with_the_closest(client: FlaskClient) -> None:
    document = refused(
        client.get("/v1/related?url=/learn/astronomy/questions/why-do-stars-twinkel"), 404, "unknown-article"
    )
    assert "/learn/astronomy/questions/why-do-stars-twinkle-but-planets-do-not" in document["matches"]
    assert document["errors"][0]["parameter"] == "url"
    assert refused(client.get("/v1/articles/2010666/related"), 404, "unknown-article")["matches"]


def test_an_article_without_links_says_why(small_client: FlaskClient) -> None:
    document = get(small_client, "/v1/related", url="/e")
    assert document["related"] == []
    assert document["reason"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/related", "url"),
        ("/v1/related?url=", "url"),
        ("/v1/related?url=/a&url=/b", "url"),
        ("/v1/related?url=/a&limit=0", "limit"),
        ("/v1/related?url=/a&limit=51", "limit"),
        ("/v1/related?url=/a&limit=05", "limit"),
        ("/v1/related?url=/a&limit=1_0", "limit"),
        ("/v1/related?url=/a&limit=%205", "limit"),
        ("/v1/related?url=/a&limit=%2B5", "limit"),
        ("/v1/related?url=/a&limit=%EF%BC%95", "limit"),
        ("/v1/related?url=/a&limit=%D9%A5", "limit"),
        ("/v1/related?url=/a&limit=", "limit"),
        ("/v1/related?url=/a&min_score=nan", "min_score"),
        ("/v1/related?url=/a&min_score=1e0.5", "min_score"),
        ("/v1/related?url=/a&min_score=.5", "min_score"),
        ("/v1/related?url=/a&min_score=%2B0.5", "min_score"),
        ("/v1/related?url=/a&min_score=1e999", "min_score"),
        ("/v1/related?url=/a&min_score=1.5", "min_score"),
        ("/v1/related?url=/a&explain=yes", "explain"),
        ("/v1/related?url=/a&subject=", "subject"),
        ("/v1/related?url=/a&Limit=5", "Limit"),
        ("/v1/articles/%D9%A5/related", "id"),
        ("/v1/articles/01/related", "id"),
        ("/v1/articles/1234567890123456", "id"),
        ("/v1/articles", "query"),
        ("/v1/articles?query=a&matches=no", "matches"),
        ("/healthz?verbose=1", "verbose"),
    ],
)
def test_the_parameter_at_fault_is_named(small_client: FlaskClient, path: str, parameter: str) -> None:
    document = refused(small_client.get(path), 400, "bad-parameter")
    assert document["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize("query", ["url=%ff", "url=%zz", "url=%", "url=\xe9", "&".join(f"a{n}=1" for n in range(30))])
def test_a_query_that_is_no_text_is_refused(client: FlaskClient, query: str) -> None:
    refused(client.get(f"/v1/related?{query}"), 400, "bad-parameter")


def test_errors_of_the_router_are_problems_too(client: FlaskClient) -> None:
    refused(client.get("/v2"), 404, "unknown-route")
    reply = client.delete("/v1/related")
    refused(reply, 405, "wrong-method")
    assert set(reply.headers["Allow"].split(", ")) >= {"GET", "POST"}
    refused(client.get(f"/v1/related?url={'a' * 5000}"), 414, "too-long")
    refused(client.get("/v1/related?url=" + "b" * 3000), 400, "bad-parameter")
    refused(client.post("/v1/related", data="{}"), 415, "wrong-type")
    refused(client.post("/v1/related", data=b"x" * 300_000, content_type="application/json"), 413, "too-large")
    refused(client.get("/static/../app.py"), 404, "unknown-route")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"title": NaN}',
        b'{"title": 1e999}',
        b'{"limit": Infinity, "title": "a"}',
        b'{"title": "a", "title": "b"}',
        b'{"title": "\\ud800"}',
        b'{"title": "\xff"}',
        b'{"title": 1}',
        b'{"title": null}',
        b'{"answer": ["a"]}',
        b'{"title": "a", "limit": 0}',
        b'{"title": "a", "limit": true}',
        b'{"title": "a", "limit": 1.5}',
        b'{"title": "a", "limit": "5"}',
        b'{"title": "a", "body": "b"}',
        b'{"limit": ' + b"9" * 5000 + b', "title": "a"}',
        b"[" * 100_000,
        b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    ],
)
def test_hostile_bodies_are_refused(client: FlaskClient, body: bytes) -> None:
    refused(client.post("/v1/related", data=body, content_type="application/json"), 400, "bad-body")


def test_a_draft_without_a_word_is_refused(client: FlaskClient) -> None:
    refused(client.post("/v1/related", json={"title": " "}), 422, "no-words")


def test_a_draft_gets_links_out_and_in_and_what_asks_the_same(client: FlaskClient, model: Model) -> None:
    row = model.catalogue.urls.find("/learn/astronomy/questions/why-do-stars-twinkle-but-planets-do-not")
    text = "Starlight is bent by moving air, so stars twinkle. Planets look like small discs and shine steadily."
    title = "Why do stars twinkle but planets do not?"
    document = client.post("/v1/related", json={"title": title, "answer": text, "limit": 4}).json
    answer = ask_texts(model, {"title": title, "answer": text}, 4)
    assert [link["url"] for link in document["related"]] == [model.catalogue.urls[c.row] for c in answer.choice.shown]
    assert document["same_question"][0]["url"] == model.catalogue.urls[row]
    assert document["same_question"][0]["url"] not in [link["url"] for link in document["related"]]
    assert document["linked_from"]
    for link in document["linked_from"]:
        other = model.catalogue.urls.find(link["url"])
        scores = [c.score for c in model.chosen.of(other)[: model.settings.slots]]
        assert link["score"] >= model.floor
        assert sum(score >= link["score"] + 1e-9 for score in scores) < link["rank"] <= model.settings.slots


def test_question_and_keywords_of_a_draft_count(client: FlaskClient) -> None:
    by_title = client.post("/v1/related", json={"title": "Volcanoes and plate tectonics"}).json
    assert client.post("/v1/related", json={"question": "Volcanoes and plate tectonics"}).json == by_title
    assert (
        client.post("/v1/related", json={"keywords": "black hole, neutron star"}).json["related"][0]["subject"]
        == "Astronomy"
    )


def test_a_batch_answers_each_request_in_its_place(client: FlaskClient) -> None:
    requests = [{"url": KEPLER, "limit": 2}, {"id": "20106"}, {"id": "x"}, {"url": "/nowhere"}, {}, 3]
    requests += [{"url": KEPLER, "id": "1"}, {"url": KEPLER, "limit": 99}, {"url": KEPLER, "more": 1}, {"url": 5}]
    responses = client.post("/v1/related:batch", json={"requests": requests}).json["responses"]
    assert responses[0] == get(client, "/v1/related", url=KEPLER, limit="2")
    assert responses[1]["article"]["url"] == KEPLER
    assert [r.get("status") for r in responses] == [None, None, 400, 404, 400, 400, 400, 400, 400, 400]
    assert responses[7]["errors"][0]["parameter"] == "requests[7].limit"
    for wrong in ({}, {"requests": []}, {"requests": [{}] * 101}, {"requests": {}}, {"requests": [], "more": 1}):
        refused(client.post("/v1/related:batch", json=wrong), 400, "bad-body")
    assert len(client.post("/v1/related:batch", json={"requests": [{"url": KEPLER}] * 100}).json["responses"]) == 100


def test_search_finds_by_words_url_and_id(client: FlaskClient) -> None:
    assert get(client, "/v1/articles", query="why do stars twin")["articles"][0]["title"].startswith(
        "Why do stars twinkle"
    )
    assert get(client, "/v1/articles", query=KEPLER)["articles"][0]["url"] == KEPLER
    assert get(client, "/v1/articles", query="20106", limit="1")["articles"][0]["url"] == KEPLER
    nothing = get(client, "/v1/articles", query="zzyzx")
    assert nothing["articles"] == []
    assert len(nothing["matches"]) == 3


def test_closest_matches_are_not_looked_for_where_nobody_wants_them(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get(client, "/v1/articles", query="zzyzx", matches="true")["matches"]
    monkeypatch.setattr(lookup, "_most_alike", None)
    assert list(get(client, "/v1/articles", query="zzyzx", matches="false")) == ["articles", "model"]
    requests = [{"url": "/nowhere"}, {"id": "999"}, {"url": KEPLER}]
    responses = client.post("/v1/related:batch", json={"requests": requests}).json["responses"]
    assert [one.get("status") for one in responses] == [404, 404, None]
    assert not any("matches" in one for one in responses)


def test_an_article_by_its_id(client: FlaskClient) -> None:
    document = get(client, "/v1/articles/20106")
    assert document["article"]["url"] == KEPLER
    assert document["copies"] == [KEPLER_COPY]
    assert document["path"] == "astronomy/explain-keplers-three-laws-of-planetary-motion.md"
    assert "curated" not in document


def test_a_strong_etag_spares_the_answer(client: FlaskClient) -> None:
    reply = client.get("/v1/related", query_string={"url": KEPLER})
    etag = reply.headers["ETag"]
    assert re.fullmatch('"[0-9a-f]{24}"', etag)
    assert "max-age" in reply.headers["Cache-Control"]
    for held in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get("/v1/related", query_string={"url": KEPLER}, headers={"If-None-Match": held})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    for query in ({"limit": "4"}, {"explain": "true"}, {"subject": "History"}, {"min_score": "0.2"}):
        assert client.get("/v1/related", query_string={"url": KEPLER, **query}).headers["ETag"] != etag
    assert client.head("/v1/related", query_string={"url": KEPLER}).data == b""


def test_request_ids_and_headers(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    for wrong in ("a b", "x" * 65, "ä", ""):
        assert client.get("/healthz", headers={"X-Request-ID": wrong}).headers["X-Request-ID"] != wrong
    headers = client.get("/healthz").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (
        "Access-Control-Allow-Origin"
        not in client.get("/v1/articles?query=a", headers={"Origin": "https://x.org"}).headers
    )


def test_listed_origins_alone_may_read_the_api(saved: Path) -> None:
    client = create_app(saved, Settings(), access=Access(origins=["https://x.org"])).test_client()
    reply = client.get("/v1/articles?query=a", headers={"Origin": "https://x.org"})
    assert reply.headers["Access-Control-Allow-Origin"] == "https://x.org"
    assert "Origin" in reply.headers["Vary"]
    other = client.get("/v1/articles?query=a", headers={"Origin": "https://y.org"})
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Origin" in other.headers["Vary"]
    preflight = client.options(
        "/v1/related", headers={"Origin": "https://x.org", "Access-Control-Request-Method": "POST"}
    )
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Methods"]) == (204, "GET, POST")
    assert "Access-Control-Allow-Origin" not in client.get("/", headers={"Origin": "https://x.org"}).headers


def test_before_a_model_is_there_all_but_health_is_503(tmp_path: Path, model: Model) -> None:
    app = create_app(tmp_path / "m", Settings())
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "alive"}
    for path in ("/readyz", "/v1/related?url=/a", "/v1/articles?query=a"):
        reply = client.get(path)
        refused(reply, 503, "no-model")
        assert reply.headers["Retry-After"]
    save_model(model, tmp_path / "m")
    app.extensions["recommender"].tick()
    assert client.get("/readyz").json["articles"] == len(model)
    assert client.get("/readyz").json["staleness"].startswith("not available here")


def test_a_new_model_is_taken_up_and_a_broken_one_refused(tmp_path: Path, model: Model) -> None:
    folder = tmp_path / "m"
    save_model(model, folder)
    app = create_app(folder, Settings())
    client, state = app.test_client(), app.extensions["recommender"]
    before = client.get("/v1/related", query_string={"url": KEPLER})
    save_model(replace(model, built_at="2026-11-23T00:00:00Z"), folder)
    state.tick()
    after = client.get("/v1/related", query_string={"url": KEPLER})
    assert after.json["model"]["built_at"] == "2026-11-23T00:00:00Z"
    assert after.headers["ETag"] != before.headers["ETag"]
    good = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(good[:-20])
    state.tick()
    assert client.get("/v1/related", query_string={"url": KEPLER}).json == after.json
    assert "refused" in client.get("/readyz").json
    assert b"recommender_model_refused 1.0" in client.get("/metrics").data
    (folder / "manifest.json").write_bytes(good)
    state.tick()
    assert "refused" not in client.get("/readyz").json


def test_a_bug_is_a_problem_without_a_traceback(saved: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(saved, Settings())

    def broken() -> str:
        raise RuntimeError("secret")

    app.add_url_rule("/broken", view_func=broken)
    reply = app.test_client().get("/broken")
    refused(reply, 500, "bug")
    assert "secret" not in reply.text
    assert "secret" in caplog.text


def test_the_metrics_count_by_route_never_by_address(saved: Path) -> None:
    client = create_app(saved, Settings()).test_client()
    for path in ("/healthz", "/healthz", "/nowhere", "/v1/articles/20106", "/v1/articles/20101"):
        client.get(path)
    text = client.get("/metrics").text
    assert 'recommender_requests_total{method="GET",route="/healthz",status="200"} 2.0' in text
    assert 'route="/v1/articles/<identity>",status="200"} 2.0' in text
    assert 'route="unmatched",status="404"} 1.0' in text
    assert "nowhere" not in text


def test_the_access_log_is_json_without_the_query(saved: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "recommender.access")
    create_app(saved, Settings()).test_client().get(
        "/v1/articles?query=private%0Awords", headers={"X-Request-ID": "q1"}
    )
    (line,) = [record.getMessage() for record in caplog.records if record.name == "recommender.access"]
    entry = json.loads(line)
    assert (entry["id"], entry["route"], entry["status"], entry["method"]) == ("q1", "/v1/articles", 200, "GET")
    assert "private" not in line


@pytest.fixture(scope="module")
def surveyed(
    committed_site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[FlaskClient, State, Path]]:
    site = Path(shutil.copytree(committed_site, tmp_path_factory.mktemp("surveyed") / "site"))
    app = create_app(site / "models" / "default", Settings(home=site), site / "content")
    state = app.extensions["recommender"]
    assert wait_for_scan(state, 60)
    yield app.test_client(), state, site
    state.close()


def test_links_of_a_person_are_marked_curated(surveyed: tuple[FlaskClient, State, Path], corpus: Corpus) -> None:
    seen = set()
    for row, one in enumerate(corpus.articles):
        own = {corpus.articles[judged.target].url for judged in judge_links(corpus, row, frozenset()) if judged.sound}
        for link in get(surveyed[0], "/v1/related", url=one.url)["related"]:
            assert (link["source"] == "curated") == (link["url"] in own)
            seen.add(link["source"])
    assert seen == {"curated", "ranking"}


def test_changed_files_are_counted_in_the_background(surveyed: tuple[FlaskClient, State, Path]) -> None:
    client, state, site = surveyed
    assert (client.get("/readyz").json["changed_files"], client.get("/readyz").json["staleness"]) == (0, "fresh")
    files = sorted((site / "content").rglob("*.md"))
    files[0].write_text(files[0].read_text().replace("answer: >-\n    ", "answer: >-\n    Changed. "))
    files[1].unlink()
    (site / "content" / "new.md").write_text(article("new"))
    # Only links: ranking reads none of them.
    files[2].write_text(files[2].read_text().replace("related_article1", "related_article2"))
    until = time.monotonic() + 60
    while client.get("/readyz").json["changed_files"] != 3 and time.monotonic() < until:
        os.utime(state.surveys._stamp, (0, 0))  # due at once, not after ten times its last duration
        time.sleep(0.2)
    assert client.get("/readyz").json["changed_files"] == 3
    assert "recommender_changed_files 3.0" in client.get("/metrics").text
