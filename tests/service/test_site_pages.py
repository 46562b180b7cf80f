"""What editors ask the pages: the list after a fill, who links and who could, findings one by one, tables, search."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from small_sites import ROOT, answer_of, article, block, command, link, write_files
from surveys import wait_for_scan

from recommender.article import Link
from recommender.build.pipeline import fit_model
from recommender.model.model import Model
from recommender.model.store import save_model
from recommender.problems import KINDS
from recommender.service import create_app, live_content
from recommender.service.app_state import State
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.site.link_graph import graph_today

pytestmark = pytest.mark.slow  # waits for surveys

TIDES = "The moon pulls the sea, and the sea answers with a tide, twice a day, all along the coast"
FILES = {
    "a.md": article("a", link(1, "b"), block(2, "1", "Gone", "Things", "/gone"), answer=f"{TIDES} one", title="Tides"),
    "b.md": article("b", answer=f"{TIDES} two", title="Tidal waves of the sea", subject="Sea"),
    "c.md": article("c", answer=f"{TIDES} three", body="See [b](/b).", title="A tide and its cell"),
    "d.md": article("d", link(1, "copy"), answer=f"{TIDES} four", title="The cellular coast", subject="Sea"),
    "copy.md": article("copy", answer=answer_of("same"), title="Owls"),
    "copy2.md": article("copy2", answer=answer_of("same"), title="Owls"),
    "formula.md": article("formula", answer="Bread rises", title="'=1+1'"),
}
SETTINGS = "content: content\nmodel: m\nfloor: 0.01\nsame_question_article: 0\nsame_question_list: 0\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, State, Path]]:
    folder = tmp_path_factory.mktemp("editors")
    write_files(folder, {"recommender.yml": SETTINGS})
    settings = Settings(
        home=folder,
        floor=0.01,
        same_question_article=0.0,
        same_question_list=0.0,
        page_link="https://example.org{url}",
        file_link="https://example.com/edit/{path}",
    )
    corpus = read_corpus(write_files(folder / "content", FILES), settings)
    save_model(fit_model(corpus, settings, "2026-11-22T12:00:00Z"), folder / "m")
    app = create_app(folder / "m", settings, folder / "content")
    assert wait_for_scan(app.extensions["recommender"], 60)
    yield app.test_client(), app.extensions["recommender"], folder
    app.extensions["recommender"].close()


def text_of(client: FlaskClient, path: str, **query: str) -> str:
    reply = client.get(path, query_string=query, headers={"Accept": "text/html"})
    assert reply.status_code == 200, reply.text
    return reply.text


def section(text: str, name: str) -> str:
    (found,) = re.findall(rf'<section class="panel" aria-labelledby="{name}">.*?</section>', text, re.DOTALL)
    return found


def served_links(folder: Path, url: str) -> tuple[Link, ...]:
    corpus = read_corpus(folder / "content", Settings())
    return corpus.articles[corpus.row_of[url]].links


@pytest.mark.parametrize("mode", ["repair", "empty", "regenerate"])
def test_the_list_is_the_one_that_a_fill_writes(
    served: tuple[FlaskClient, State, Path], mode: str, tmp_path: Path
) -> None:
    client, _, folder = served
    site = Path(shutil.copytree(folder, tmp_path / "site"))
    assert command(site, "fill", "--mode", mode, "--write", "--allow-no-vcs").returncode == 0
    written = read_corpus(site / "content", Settings())
    for url in ("/a", "/d"):
        links = section(text_of(client, "/article", url=url, mode=mode), "list")
        place_and_title = r'<li class="link (\w+).*?aria-label="Place (\d+)".*?class="title"[^>]*>([^<]*)<'
        shown = re.findall(place_and_title, links, re.DOTALL)
        wanted = written.articles[written.row_of[url]].links
        kept = [(int(slot), unescape(title)) for mark, slot, title in shown if mark != "dropped"]
        assert kept == [(one.slot, one.title) for one in wanted]
        dropped = re.findall(r'<li class="link dropped', links)
        before = {link.url for link in served_links(folder, url)}
        assert len(dropped) == len(before - {one.url for one in wanted})


def test_who_links_here_and_who_could(served: tuple[FlaskClient, State, Path]) -> None:
    text = text_of(served[0], "/article", url="/b")
    linking = section(text, "linking")
    assert "Who links here: 2" in linking
    assert re.findall(r"url=(/\w+)", linking) == ["/a", "/c"]
    assert (linking.count("in its list"), linking.count("in its text")) == (1, 1)
    could = re.findall(r"url=(/\w+)", section(text, "linkers"))
    api = [one["url"] for one in served[0].get("/v1/linkers?url=/b").json["linkers"] if not one["linked"]]
    assert could == api
    assert could
    alone = text_of(served[0], "/article", url="/formula")
    assert "No list and no text links to this article." in alone
    assert "By nobody: no other article has it among its nearest above the floor." in alone
    assert '<span class="mark warn">orphan</span>' in alone


def test_the_live_page_and_the_file_are_a_click_away(served: tuple[FlaskClient, State, Path]) -> None:
    text = text_of(served[0], "/article", url="/b")
    assert 'href="https://example.org/b"' in text
    assert 'href="https://example.com/edit/b.md"' in text


def test_every_finding_stands_in_the_list_of_its_code(served: tuple[FlaskClient, State, Path]) -> None:
    client, state, _ = served
    survey = state.surveys.of(state.current.require().tag)  # type: ignore[union-attr]
    assert survey is not None
    for one in survey.facts["problems"]:
        text = text_of(client, "/findings", code=one["code"], severity=one["severity"])
        assert f">{one['count']} finding" in text
        assert text.count(f">{one['code']}</span>") == one["count"]
        table = client.get("/findings.csv", query_string={"code": one["code"], "severity": one["severity"]})
        assert len(list(csv.DictReader(io.StringIO(table.text)))) == one["count"]
    dead = text_of(client, "/findings", code="dead", severity="error")
    assert "a.md:11" in dead or re.search(r"a\.md:\d+", dead)
    assert "/gone" in dead
    assert "/article?url=/a" in dead
    of_sea = text_of(client, "/findings", code="orphan", subject="Sea")
    assert "in Sea" in of_sea
    assert client.get("/findings?code=nothing").status_code == 400
    assert client.get("/findings?severity=worse").status_code == 400
    assert client.get("/findings?page=9").headers["Location"] == "/findings?page=1"


def test_tables_are_sorted_and_given_as_csv(served: tuple[FlaskClient, State, Path]) -> None:
    client = served[0]
    corpus = read_corpus(served[2] / "content", Settings())
    graph = graph_today(corpus, {})
    orphans = list(csv.DictReader(io.StringIO(client.get("/site.csv?table=orphans").text)))
    assert [one["url"] for one in orphans] == [corpus.articles[row].url for row in graph.orphans]
    by_title = list(csv.DictReader(io.StringIO(client.get("/site.csv?table=orphans&orphans=title").text)))
    assert sorted(by_title, key=lambda one: one["title"].removeprefix("'").casefold()) == by_title
    assert "'=1+1" in [one["title"] for one in orphans]
    targets = {one["url"]: one for one in csv.DictReader(io.StringIO(client.get("/site.csv?table=targets").text))}
    counts = {url: (one["lists"], one["texts"]) for url, one in targets.items()}
    assert counts == {"/b": ("1", "1"), "/copy": ("1", "0")}
    text = text_of(client, "/site", orphans="subject", targets="texts")
    shown = re.findall(r'<th scope="col"[^>]*aria-sort="(\w+)"><a [^>]*>(\w+)', text)
    assert ("descending", "Texts") in shown
    assert ("ascending", "Subject") in shown
    subjects = re.findall(r'</td><td class="quiet">(\w+)</td><td><code>', section(text, "orphans"))
    assert subjects == sorted(subjects)
    for wrong in ("/site?orphans=x", "/site.csv", "/site.csv?table=x", "/site.csv?table=orphans&orphans=x"):
        assert client.get(wrong).status_code == 400, wrong


def test_the_first_page_leads_with_numbers(served: tuple[FlaskClient, State, Path]) -> None:
    text = text_of(served[0], "/")
    tiles = dict(re.findall(r'<span class="big">([\d,]+)</span> <span class="tile-name">([^<]+)<', text))
    assert set(tiles.values()) == {
        "articles", "errors, which readers meet", "warnings", "pages that nobody links to",
        "articles with fewer than 5 links",
    } or len(tiles) < 5  # fmt: skip
    for where in set(re.findall(r'href="(/findings[^"]*)"', text)):
        assert served[0].get(unescape(where)).status_code == 200


def test_without_the_content_there_is_no_table(saved: Path, model: Model) -> None:
    client = create_app(saved, Settings()).test_client()
    assert client.get("/site.csv?table=orphans").status_code == 404
    assert "not available here" in text_of(client, "/findings")
    assert f"{len(model)} articles are ready" in text_of(client, "/")


def test_a_search_is_paged_filtered_and_prefers_whole_words(
    served: tuple[FlaskClient, State, Path], saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = served[0]
    found = re.findall(r'href="/article\?url=(/\w+)"', text_of(client, "/", query="cell"))
    assert found == ["/c", "/d"]
    assert re.findall(r'href="/article\?url=(/\w+)"', text_of(client, "/", query="tide sea")) == ["/b", "/c"]
    assert re.findall(r'href="/article\?url=(/\w+)"', text_of(client, "/", query="tide sea", subject="Sea")) == ["/b"]
    large = create_app(saved, Settings()).test_client()
    monkeypatch.setattr("recommender.service.page_views.FOUND", 5)
    pages = [text_of(large, "/", query="how", page=str(number)) for number in (1, 2, 3)]
    seen = [url for text in pages for url in re.findall(r'<a class="title" href="([^"]+)"', text)]
    assert len(seen) == len(set(seen)) == 15
    last = large.get("/?query=how&page=999").headers["Location"]
    assert "page=" in last
    assert last != "/?query=how&page=999"


@pytest.mark.parametrize("path", ["/article?url=/b", "/v1/related?url=/b", "/v1/linkers?url=/b"])
def test_a_page_of_one_article_reads_few_files(
    served: tuple[FlaskClient, State, Path], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read every file of the site for their languages: two minutes for 36,000."""
    read: list[str] = []
    own = live_content.read_article

    def noted(root: Path, name: str, settings: Settings) -> object:
        read.append(name)
        return own(root, name, settings)

    monkeypatch.setattr(live_content, "read_article", noted)
    assert served[0].get(path).status_code == 200
    assert "formula.md" not in read  # which none of its links leads to
    assert "b.md" in read or path.startswith("/v1")


def test_the_document_names_every_code_that_findings_may_be_filtered_by() -> None:
    document = json.loads((ROOT / "recommender" / "service" / "openapi.json").read_text(encoding="utf-8"))
    for path in ("/findings", "/findings.csv"):
        known = {one["name"]: one["schema"] for one in document["paths"][path]["get"]["parameters"]}
        assert known["code"]["enum"] == ["", *sorted(KINDS)]
