"""The service on the day after: what expired is gone from its answers, what was published is there, with no restart."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from small_sites import article, link, write_files
from surveys import wait_for_scan

from recommender.build.pipeline import fit_model
from recommender.model.store import MANIFEST, save_model
from recommender.service import create_app, live_model
from recommender.service.app_state import State
from recommender.settings import Settings
from recommender.site.corpus import read_corpus

pytestmark = pytest.mark.slow  # starts servers, and waits for days to turn

DAY = 86_400
TODAY = 20_785  # 2026-11-28
SETTINGS = Settings(floor=0.0001, no_list=("/listless",), never_suggest=("/imprint",))
TEXT = "The tide, the moon and the sea"
FILES = {
    "a.md": article("a", link(1, "soon"), link(2, "old"), answer=f"{TEXT}, a."),
    **{f"{name}.md": article(name, answer=f"{TEXT}, {name}.") for name in ("b", "listless", "imprint")},
    "soon.md": article("soon", answer=f"{TEXT}, soon.", date="2026-12-01"),
    "old.md": article("old", answer=f"{TEXT}, gone.", extra="expires: 2026-12-05\n"),
    "draft.md": article("draft", answer=f"{TEXT}, draft.", extra="draft: true\n"),
}


def at(monkeypatch: pytest.MonkeyPatch, day: int) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(day * DAY + 43_200))


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FlaskClient, State]]:
    at(monkeypatch, TODAY)
    settings = Settings(**{**vars(SETTINGS), "home": tmp_path})
    corpus = read_corpus(write_files(tmp_path / "content", FILES), settings)
    save_model(fit_model(corpus, settings, "2026-11-28T12:00:00Z"), tmp_path / "model")
    app = create_app(tmp_path / "model", settings, tmp_path / "content")
    state: State = app.extensions["recommender"]
    yield app.test_client(), state
    state.close()


def related(client: FlaskClient, url: str) -> set[str]:
    return {one["url"] for one in client.get("/v1/related", query_string={"url": url}).json["related"]}


def page(client: FlaskClient, url: str) -> str:
    return str(client.get("/article", query_string={"url": url}, headers={"Accept": "text/html"}).text)


def test_the_day_turns_without_a_restart(
    service: tuple[FlaskClient, State], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client, state = service
    caplog.set_level(logging.INFO, "recommender.service")
    seen, tags = {}, {}
    for day in (0, 2, 3, 7, 8, 900):
        at(monkeypatch, TODAY + day)
        state.tick()
        reply = client.get("/v1/related", query_string={"url": "/a"})
        tags[day] = reply.headers["ETag"]
        seen[day] = {one["url"] for one in reply.json["related"]}
        # The page, an id, a filter and a longer list say the same as the look-up.
        for query in ({"limit": "20"}, {"min_score": "0"}, {"subject": "Things"}):
            other = client.get("/v1/related", query_string={"url": "/a", **query}).json["related"]
            assert {one["url"] for one in other} == seen[day]
    assert seen == {
        0: {"/b", "/listless", "/old"},
        2: {"/b", "/listless", "/old"},
        3: {"/b", "/listless", "/old", "/soon"},
        7: {"/b", "/listless", "/old", "/soon"},
        8: {"/b", "/listless", "/soon"},
        900: {"/b", "/listless", "/soon"},
    }
    assert tags[0] == tags[2] != tags[3] == tags[7] != tags[8] == tags[900]
    turned = [one.getMessage().split("as of ")[1] for one in caplog.records if "as of" in one.getMessage()]
    assert turned == ["2026-12-01: 1 articles are hidden", "2026-12-06: 2 articles are hidden"]
    assert "recommender_model_swaps_total 0" in client.get("/metrics").text


def test_the_day_turns_while_a_newer_model_is_broken(
    service: tuple[FlaskClient, State], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, state = service
    monkeypatch.setattr(live_model, "PATIENCE", 0.0)  # each look tries the broken one again
    (state.current.folder / MANIFEST).write_text("{}")
    state.tick()
    assert state.current.refused
    at(monkeypatch, TODAY + 8)
    state.tick()
    assert related(client, "/a") == {"/b", "/listless", "/soon"}


def test_who_is_hidden_and_why(service: tuple[FlaskClient, State], monkeypatch: pytest.MonkeyPatch) -> None:
    client, state = service

    def said(name: str) -> tuple[object, object]:
        identity = next(line for line in FILES[f"{name}.md"].splitlines() if line.startswith("id: ")).removeprefix(
            "id: "
        )
        found = client.get(f"/v1/articles/{identity}").json
        return found["hidden"], found.get("hidden_because")

    assert [said(name) for name in ("soon", "old", "draft", "b")] == [
        (True, "date: 2026-12-01 is to come"),
        (False, None),
        (True, "draft: true"),
        (False, None),
    ]
    assert "hidden (draft: true): never a target" in page(client, "/draft")
    at(monkeypatch, TODAY + 8)
    state.tick()
    assert (said("soon"), said("old")) == ((False, None), (True, "expires: 2026-12-05 is past"))


def test_who_gets_no_list_is_told_why(service: tuple[FlaskClient, State]) -> None:
    client, _ = service
    reason = "the article gets no list (no_list: /listless)"
    for query in ({}, {"limit": "3"}, {"subject": "Things"}, {"min_score": "0.5"}):
        found = client.get("/v1/related", query_string={"url": "/listless", **query}).json
        assert (found["related"], found["reason"]) == ([], reason)
    found = client.post("/v1/related:batch", json={"requests": [{"url": "/listless"}]}).json["responses"][0]
    assert (found["related"], found["reason"]) == ([], reason)
    assert reason[1:] in page(client, "/listless")  # a sentence there


def test_the_page_and_the_survey_judge_by_today(
    service: tuple[FlaskClient, State], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, state = service
    yet = "links to a page that is not published yet (date: 2026-12-01 is to come)"
    past = "links to a hidden article (expires: 2026-12-05 is past)"
    for day, verdicts, marks in (
        (0, {"hidden": 1, "sound": 1}, (True, False)),
        (3, {"sound": 2}, (False, False)),
        (8, {"hidden": 1, "sound": 1}, (False, True)),
    ):
        at(monkeypatch, TODAY + day)
        state.tick()
        assert state.current.served is not None and state.surveys is not None
        text = page(client, "/a")
        assert (yet in text, past in text) == marks
        assert wait_for_scan(state, 60)
        survey = state.surveys.of(state.current.served.tag)
        assert survey is not None
        assert survey.facts["verdicts"] == verdicts
        kinds = {(one["code"], one["severity"]): one["count"] for one in survey.facts["problems"]}
        assert kinds.get(("hidden", "warning"), 0) == (day == 0)
        assert kinds.get(("hidden", "error"), 0) == (day == 8)
    # The fill that the page shows keeps what may still appear.
    at(monkeypatch, TODAY)
    state.tick()
    assert "-    url: /soon" not in page(client, "/a")
