"""The pages, through Flask's client: what they say of real articles, and that they are safe."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from small_sites import article, block, link, write_files
from surveys import wait_for_scan

from recommender.build.pipeline import fit_model
from recommender.model.model import Model
from recommender.model.store import save_model
from recommender.ranking.score import Part
from recommender.service import create_app
from recommender.service.app_state import State
from recommender.service.article_view import VERDICTS
from recommender.service.page_views import diff_lines, fields
from recommender.service.pages import error_page
from recommender.service.problem_documents import Refusal
from recommender.service.site_view import bars, plot
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.site.link_verdicts import BEYOND

EVIL = "<script>alert(1)</script>\"&'"
TIDES = "tides follow the moon because gravity pulls the sea by day and night"
FILES = {
    "a.md": article(
        "a",
        link(1, "b"),
        block(2, "123456", "Gone", "Things", "/gone"),
        link(3, "b"),
        link(4, "a-copy"),
        link(5, "hidden"),
        title="Why do tides follow the moon and the sun each day",
        answer=f"{TIDES} one.",
    ),
    "a-copy.md": article("a-copy", answer=f"{TIDES} one."),
    "b.md": article("b", link(1, "c", title="Old title"), answer=f"{TIDES} two, and water."),
    "c.md": article("c", answer=f"{TIDES} three, and earth."),
    "same.md": article("same", title="Why do tides follow the moon and the sun each long day", answer=f"{TIDES} one!"),
    "hidden.md": article("hidden", answer=f"{TIDES} four.", extra="no_index: true\n"),
    "evil.md": article("evil", title=f"'{EVIL.replace(chr(39), chr(39) * 2)}'", answer=f"{TIDES} {EVIL}"),
    "sealed.md": article("sealed", answer=f"{TIDES} five", extra="twice: 1\ntwice: 2\n"),
}


@pytest.fixture(scope="module")
def site_of_marks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, State, Path]]:
    folder = tmp_path_factory.mktemp("marks")
    settings = Settings(home=folder, floor=0.01)
    corpus = read_corpus(write_files(folder / "content", FILES), settings)
    save_model(fit_model(corpus, settings, "2026-11-22T12:00:00Z"), folder / "m")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    app = create_app(folder / "m", settings, folder / "content")
    assert wait_for_scan(app.extensions["recommender"], 60)
    yield app.test_client(), app.extensions["recommender"], folder
    app.extensions["recommender"].close()


def page(client: FlaskClient, path: str, status: int = 200, **query: str) -> str:
    reply = client.get(path, query_string=query, headers={"Accept": "text/html"})
    assert reply.status_code == status, reply.text
    assert reply.content_type == "text/html; charset=utf-8"
    policy = reply.headers["Content-Security-Policy"]
    assert "'unsafe" not in policy
    assert "http" not in policy
    text = reply.text
    assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=|javascript:", text)
    assert all(found.startswith("/") for found in re.findall(r'(?:src|href|action)="([^"#]+)', text))
    return text


def test_every_verdict_is_marked(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    text = page(site_of_marks[0], "/article", url="/a")
    marks = re.findall(r'class="mark [a-z]+">([^<]+)<', text)
    verdicts = ["dead: no article has this url or id", "repeated: linked already", "links to its own copy"]
    verdicts += ["links to a hidden article (no_index: true)", "copy"]
    for said in ("kept", "dropped", "1 kept", "4 dropped", "by a person", *verdicts):
        assert said in marks, said
    assert "title drifted" in page(site_of_marks[0], "/article", url="/b")
    assert '<span class="mark warn">corrected</span>' in page(site_of_marks[0], "/article", url="/b")


def test_a_link_that_is_kept_unjudged_is_not_called_unsound(tmp_path: Path) -> None:
    """A link to another site was a 500, and counted as unsound."""
    assert set(VERDICTS) == {"sound", "dead", "ambiguous", "self", "copy", "hidden", "blocked", "repeated", *BEYOND}
    assert len(set(VERDICTS.values())) == len(VERDICTS)
    away = block(1, "", "Far away", "Things", "https://elsewhere.example/x")
    files = {"a.md": article("a", away, answer=TIDES), "b.md": article("b", answer=f"{TIDES} two")}
    corpus = read_corpus(write_files(tmp_path / "content", files), Settings(home=tmp_path))
    save_model(fit_model(corpus, Settings(), "2026-11-22T12:00:00Z"), tmp_path / "models" / "default")
    client = served_site(tmp_path)
    state = client.application.extensions["recommender"]
    text = page(client, "/article", url="/a")
    assert '<span class="mark warn">another site</span>' in text
    assert '<li class="link kept">' in text
    assert "elsewhere.example" not in "".join(re.findall(r'href="([^"]*)"', text))
    assert wait_for_scan(state, 60)
    assert "unsound" not in page(client, "/")
    state.close()


def test_the_diff_is_the_one_that_fill_prints(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    client, _, folder = site_of_marks
    work = folder / "work"
    shutil.copytree(folder / "content", work / "content")
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    for mode in ("repair", "empty", "regenerate"):
        text = page(client, "/article", url="/b", mode=mode)
        (shown,) = re.findall(r'<pre class="diff".*?>(.*?)</pre>', text, re.DOTALL)
        diff = unescape(re.sub(r"</?span[^>]*>", "", shown))
        subprocess.run(["git", "-C", str(work), "apply", "--check", "-"], input=diff.encode(), check=True)


def test_the_command_gives_the_same_diff(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    from small_sites import command

    client, _, folder = site_of_marks
    write_files(folder, {"recommender.yml": "content: content\nmodel: m\nfloor: 0.01\n"})
    printed = command(folder, "fill", "--only", "b.md").stdout
    (shown,) = re.findall(r'<pre class="diff".*?>(.*?)</pre>', page(client, "/article", url="/b"), re.DOTALL)
    diff = unescape(re.sub(r"</?span[^>]*>", "", shown))
    assert printed == diff
    assert "--- a/content/b.md" in diff


def test_what_cannot_be_edited_says_why(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    assert "The file would be left as it is" in page(site_of_marks[0], "/article", url="/sealed")


def test_titles_of_articles_do_nothing_to_the_page(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    client = site_of_marks[0]
    for path, query in (
        ("/article", {"url": "/evil"}),
        ("/article", {"url": "/b"}),
        ("/site", {}),
        ("/", {"query": EVIL}),
    ):
        text = page(client, path, **query)
        assert "<script>alert" not in text
    reply = client.post("/draft", data={"title": EVIL, "answer": f"{TIDES} {EVIL}"})
    assert "<script>alert" not in reply.text
    assert "&lt;script&gt;alert(1)" in reply.text


def test_home_finds_lists_and_forwards(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    client = site_of_marks[0]
    assert "4 unsound" in page(client, "/")
    assert "/article?url=/c" in page(client, "/", query="about c")
    reply = client.get("/?query=/c")
    assert (reply.status_code, reply.headers["Location"]) == (302, "/article?url=/c")
    assert "closest" in page(client, "/", query="zzzz")


def test_errors_of_pages_are_pages_for_people_and_problems_for_programs(
    site_of_marks: tuple[FlaskClient, State, Path],
) -> None:
    client = site_of_marks[0]
    assert "Did you mean" in page(client, "/article", 404, url="/bb")
    assert "no such route" in page(client, "/nowhere", 404)
    reply = client.get("/article?url=/bb")
    assert (reply.status_code, reply.content_type) == (404, "application/problem+json")
    for path in ("/article", "/article?url=/a&mode=x", "/site?page=0", "/site?page=1_0", "/site?page=%D9%A1", "/?q=a"):
        assert client.get(path).status_code == 400, path


def test_what_is_cheap_to_refuse_is_refused_before_anything_is_looked_up(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dear(*_: object, **__: object) -> None:
        pytest.fail("it was looked up first")

    client = create_app(saved, Settings()).test_client()
    for name in ("closest", "row_of_url", "by_id", "rows_of_id", "search"):
        monkeypatch.setattr(f"recommender.service.api.{name}", dear)
    for path in ("/v1/related?url=/nowhere&limit=0", "/v1/related?url=/nowhere&min_score=x",
                 "/v1/related?url=/nowhere&explain=1", "/v1/articles/1/related?limit=x",
                 "/v1/articles/1/related?copy=/x&explain=1", "/v1/articles?query=x&limit=0",
                 "/v1/articles?query=x&matches=1", "/article?url=/nowhere&mode=x",
                 "/article?mode=x&url=/nowhere"):  # fmt: skip
        assert client.get(path).status_code == 400, path
    batch = {"requests": [{"url": "/nowhere", "limit": 0}, {"id": "1", "limit": "x"}]}
    assert [one["status"] for one in client.post("/v1/related:batch", json=batch).json["responses"]] == [400, 400]


@pytest.mark.parametrize("wanted", ["2", "999", "99999"])
def test_a_page_beyond_the_last_leads_to_the_last(
    site_of_marks: tuple[FlaskClient, State, Path], wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was an empty list under the number of all articles."""
    client, state, _ = site_of_marks
    reply = client.get(f"/site?page={wanted}")
    assert (reply.status_code, reply.headers["Location"]) == (302, "/site?page=1#orphans")
    assert "Page 1 of" not in page(client, "/site")  # one page needs no links to others
    monkeypatch.setattr("recommender.service.site_view.ORPHANS", 2)
    orphans = int(re.search(r"Linked from nowhere: (\d+)", page(client, "/site"))[1])
    last = -(-orphans // 2)
    assert last >= 2
    assert client.get(f"/site?page={last + 1}").headers["Location"] == f"/site?page={last}#orphans"
    text = page(client, "/site", page=str(last))
    assert f"Page {last} of {last}" in text
    assert ("Previous</a>" in text, "Next</a>" in text) == (True, False)
    monkeypatch.setattr(state.surveys, "_newest", None)  # nobody has counted yet
    assert "load this page again" in page(client, "/site", page="999")


def test_hidden_articles_are_marked_wherever_they_are_listed(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    client = site_of_marks[0]
    mark = '<span class="mark bad">hidden</span>'
    assert page(client, "/", query="about").count(mark) == 1
    titled = {"title": "About hidden", "answer": f"{TIDES} four."}
    assert mark in client.post("/draft", data=titled).text
    found = client.get("/v1/articles?query=about").json["articles"]
    assert [one["url"] for one in found if one.get("hidden")] == ["/hidden"]
    assert len(found) > 2
    answer = client.post("/v1/related", json=titled).json
    listed = [one for one in answer["same_question"] + answer["linked_from"] if one["url"] == "/hidden"]
    assert listed and all(one["hidden"] is True for one in listed)
    assert not any("hidden" in one for one in answer["related"])


def test_the_site_view_has_the_counts_of_the_audit(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    client, state, _ = site_of_marks
    text = page(client, "/site")
    served = state.current.served
    assert served is not None
    assert state.surveys is not None
    counts = {one["code"]: one["count"] for one in state.surveys.of(served.tag).facts["problems"]}
    rows = re.findall(r'<td class="numeric">([\d,]+)</td><td><span class="mark \w+">([a-z-]+)</span>', text)
    assert {code: int(count) for count, code in rows} == counts
    assert counts["dead"] == 1
    assert counts["repeated"] == 1


def test_a_draft_is_answered_on_the_page(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    client = site_of_marks[0]
    reply = client.post("/draft", data={"title": "Why do tides follow the moon and the sun each day", "answer": TIDES})
    assert "Asked before" in reply.text
    assert "These should link to it" in reply.text
    assert "no text" in client.post("/draft", data={"title": " "}).text


@pytest.mark.parametrize("text", ["tide " * 60_000, "潮" * 100_000, "a" * (256 * 1024 + 1)])
def test_a_draft_that_is_too_large_is_not_lost(site_of_marks: tuple[FlaskClient, State, Path], text: str) -> None:
    form = {"title": "The tides", "answer": text, "keywords": "moon, sea"}
    reply = site_of_marks[0].post("/draft", data=form, headers={"Accept": "text/html"})
    assert (reply.status_code, reply.mimetype) == (413, "text/html")
    assert f">{text}</textarea>" in reply.text
    assert 'value="The tides"' in reply.text
    assert 'value="moon, sea"' in reply.text
    size = f"{len(f'The tides{text}moon, sea'.encode()) / 1024:,.0f}"
    assert f"The draft has {size} KiB; shorten it to 256." in reply.text


def test_a_draft_of_the_largest_size_is_checked(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    """Percent-encoded it has three times as many bytes."""
    reply = site_of_marks[0].post("/draft", data={"answer": "潮" * 80_000 + " tide moon sea"})
    assert reply.status_code == 200
    assert site_of_marks[0].post("/draft", data={"answer": "x" * 5_000_000}).status_code == 413


def test_the_result_of_a_draft_is_where_the_browser_goes(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    """It was below the fold, and no screen reader said that it was there."""
    client = site_of_marks[0]
    assert 'action="/draft#result"' in page(client, "/draft")
    assert 'id="result"' not in page(client, "/draft")
    good = client.post("/draft", data={"title": "Tides", "answer": TIDES}).text
    bad = client.post("/draft", data={"title": " "}).text
    for text, said in ((good, 'role="region"'), (bad, 'role="alert"')):
        (tag,) = re.findall(r'<[^>]*id="result"[^>]*>', text)
        assert 'tabindex="-1"' in tag
        assert said in tag
    assert re.search(r"<title>\d links? found: Check a draft", good)
    assert "<title>Not checked: Check a draft" in bad


def test_without_the_content_the_page_says_so(saved: Path) -> None:
    client = create_app(saved, Settings()).test_client()
    url = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"
    text = page(client, "/article", url=url)
    assert text.count("The service was started without the content.") == 1
    assert text.count("Not available here: the service was started without the content.") == 1
    assert "What the ranking suggests" in text
    assert "dropped" not in text
    assert "not available here" in page(client, "/site")


def served_site(site: Path) -> FlaskClient:
    return create_app(site / "models" / "default", Settings(home=site), site / "content").test_client()


def test_a_file_that_is_not_what_it_was_is_said_to_be(site: Path, model: Model) -> None:
    """Deleted, no article any more, another article: each page says which, in both panels, and what to do."""
    client, urls, paths = served_site(site), model.catalogue.urls, model.catalogue.paths
    (site / "content" / paths[0]).unlink()
    (site / "content" / paths[1]).write_text("No front matter.")
    file = site / "content" / paths[2]
    file.write_text(file.read_text().replace(f"url: {urls[2]}", "url: /another"))
    file = site / "content" / paths[3]
    file.unlink()
    file.symlink_to("nowhere")
    for row, said in enumerate(("file is gone", "file is no article any more", "file is another article now, /another",
                                "file is no article any more")):  # fmt: skip
        text = page(client, "/article", url=urls[row])
        assert (text.count(f"The {said}"), text.count(f"Nothing: the {said}")) == (1, 1), said
        assert "<code>recommender build</code>" in text
        assert "without the content" not in text
    text = page(client, "/article", url=urls[0])
    assert "Problems of the file" not in text
    assert "not-a-file" in page(client, "/article", url=urls[3])


@pytest.mark.slow  # waits for surveys
@pytest.mark.parametrize("damage", [b"{", b'{"url": "URL", "generated": 1}', b"\xff"])
def test_a_damaged_links_file_is_named_on_the_page(site: Path, model: Model, damage: bytes) -> None:
    """It was a 500, and the state of the site was for ever being read."""
    url = model.catalogue.urls[0]
    line = damage.replace(b"URL", url.encode()) if b"URL" in damage else b'{"url": "%s", %s' % (url.encode(), damage)
    (site / "recommender.links.jsonl").write_bytes(line + b"\n")
    client = served_site(site)
    text = page(client, "/article", url=url)
    assert text.count("recommender.links.jsonl: the line of") == 2
    assert text.count("restore the file from git") == 2


def test_a_content_that_cannot_be_surveyed_is_said_to_be(site: Path) -> None:
    (site / "recommender.links.jsonl").write_text("{\n")
    client = served_site(site)
    state = client.application.extensions["recommender"]
    until = time.monotonic() + 60
    while not state.trouble() and time.monotonic() < until:
        wait_for_scan(state, 0.1)
    text = page(client, "/site")
    assert "The content could not be read" in text
    assert "recommender.links.jsonl, line 1" in text
    assert "load this page again" not in text
    assert client.get("/readyz").json["staleness"].startswith("not counted: the content could not be surveyed")
    (site / "recommender.links.jsonl").unlink()
    os.utime(state.surveys._stamp, (0, 0))  # due at once
    assert wait_for_scan(state, 60)
    while state.trouble() and time.monotonic() < until:
        wait_for_scan(state, 0.1)
    assert "could not be read" not in page(client, "/site")
    state.close()


def test_the_document_describes_every_route_and_method(saved: Path) -> None:
    app = create_app(saved, Settings())
    document = app.test_client().get("/openapi.json").json
    validate(document)
    described = {(path, method.upper()) for path, item in document["paths"].items() for method in item}
    routes = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: "{" + found[1].replace("identity", "id") + "}", rule.rule)
        routes |= {(path, method) for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert described == routes
    json.dumps(document, allow_nan=False)


def test_parts_are_grouped_by_field_and_add_up() -> None:
    parts = [Part("title", f"t{n}", 0.01) for n in range(10)] + [Part("same subject", "", 0.2), Part("age", "", -0.05)]
    groups = fields(parts)
    assert [group["name"] for group in groups] == ["same subject", "title", "age"]
    assert sum(group["value"] for group in groups) == pytest.approx(sum(part.value for part in parts))
    title = groups[1]
    assert len(title["terms"]) == 8
    assert (title["more"], title["rest"]) == (2, pytest.approx(0.02))
    assert groups[0]["terms"] == []


def test_plots_count_everything_once() -> None:
    import numpy as np

    links = np.array([0, 0, 1, 2, 5, 8, 9, 20, 21, 400])
    rows = plot({"today": links})["rows"]
    assert [(row["label"], row["bars"][0]["count"]) for row in rows] == [
        ("0", 2), ("1", 1), ("2", 1), ("3", 0), ("4–5", 1), ("6–8", 1), ("9–12", 1), ("13–20", 1), ("21+", 2),
    ]  # fmt: skip
    assert [one["width"] for one in bars([[0, 5], [1, 10]])] == [50.0, 100.0]


def test_lines_of_a_diff_have_kinds() -> None:
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n same\n-old\n+new\n\\ No newline at end of file\n"
    assert [kind for kind, _ in diff_lines(diff)] == ["file", "file", "place", "same", "removed", "added", "same"]
    assert "\n".join(line for _, line in diff_lines(diff)) + "\n" == diff


def test_a_match_that_a_new_model_no_longer_has_is_left_out(saved: Path, model: Model) -> None:
    """The model was replaced between a refusal and its page: the row of none would be that of another article."""
    app = create_app(saved, Settings())
    url = model.catalogue.urls[0]
    refusal = Refusal("unknown-article", "no article has the url '/x'", "url", matches=["/gone", url])
    with app.test_request_context("/article?url=/x"):
        reply = error_page(app.extensions["recommender"], refusal, "id")
    assert reply.status_code == 404
    assert re.findall(r'<li><a class="title" href="([^"]*)"', reply.get_data(as_text=True)) == [f"/article?url={url}"]


def test_templates_are_ready_before_the_first_request(
    saved: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that an upgrade replaces meanwhile are not mixed with the code of before."""
    app = create_app(saved, Settings())
    monkeypatch.setattr(app.jinja_env, "compile", lambda *_: pytest.fail("compiled while serving"))
    client = app.test_client()
    for path in ("/", f"/article?url={model.catalogue.urls[0]}", "/draft", "/site"):
        assert client.get(path).status_code == 200
    assert client.get("/nowhere", headers={"Accept": "text/html"}).status_code == 404


def test_a_link_of_today_says_what_the_ranking_makes_of_it(site_of_marks: tuple[FlaskClient, State, Path]) -> None:
    text = page(site_of_marks[0], "/article", url="/a")
    assert re.findall(r'<p class="says">(The ranking has it at place \d\.|The ranking would not [^<]*)</p>', text)
    assert "not shown" not in text
