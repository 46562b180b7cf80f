"""A url or slug that pages of several languages and versions have: who is meant, over HTTP, on the page, by command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from small_sites import article, write_files

from recommender.build.site_build import build_site
from recommender.cli.main import main
from recommender.export.static_files import export_files
from recommender.service import create_app
from recommender.settings import Settings

NAMES = ("start", "stay", "stop")
PAGES = {
    f"{folder}/{name}.md": article(f"{name} {folder}", id=f"{place}{at}", url=f"/guides/{name}")
    for place, folder in enumerate(("en/2.0", "en/1.0", "de/2.0"), 1)
    for at, name in enumerate(NAMES)
}
URLS = {"en/2.0": "/guides/start", "en/1.0": "/1.0/guides/start", "de/2.0": "/de/guides/start"}
HELD = [
    {"url": "/1.0/guides/start", "lang": "en", "version": "1.0"},
    {"url": "/de/guides/start", "lang": "de", "version": "2.0"},
    {"url": "/guides/start", "lang": "en", "version": "2.0"},
]


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("languages")
    write_files(top / "content", PAGES)
    write_files(top, {"recommender.yml": "content: content\n"})
    build_site(top / "content", Settings(), top / "models" / "default")
    return top


@pytest.fixture(scope="module")
def client(top: Path) -> FlaskClient:
    settings = Settings(content=top / "content", home=top)
    return create_app(top / "models" / "default", settings).test_client()


@pytest.mark.parametrize("name", ["/guides/start", "/guides/start/", "start"])
def test_without_language_or_version_it_is_a_conflict_that_names_all(client: FlaskClient, name: str) -> None:
    reply = client.get("/v1/related", query_string={"url": name})
    assert (reply.status_code, reply.json["type"]) == (409, "urn:recommender:problem:ambiguous-url")
    assert reply.json["candidates"] == [one["url"] for one in HELD]
    assert reply.json["pages"] == HELD
    assert "/de/guides/start (language de, version 2.0)" in reply.json["detail"]


@pytest.mark.parametrize(
    ("which", "url"),
    [
        ({"lang": "de"}, URLS["de/2.0"]),
        ({"version": "1.0"}, URLS["en/1.0"]),
        ({"lang": "en", "version": "2.0"}, URLS["en/2.0"]),
        ({"lang": "EN", "version": "1.0"}, URLS["en/1.0"]),
    ],
)
@pytest.mark.parametrize("name", ["/guides/start", "start"])
def test_with_them_it_is_the_one(client: FlaskClient, name: str, which: dict[str, str], url: str) -> None:
    reply = client.get("/v1/related", query_string={"url": name, **which})
    assert (reply.status_code, reply.json["article"]["url"]) == (200, url)
    batch = client.post("/v1/related:batch", json={"requests": [{"url": name, **which}]})
    assert batch.json["responses"][0]["article"]["url"] == url
    page = client.get("/article", query_string={"url": name, **which})
    assert page.status_code == 200 and url.replace("/", "/<wbr>") in page.text


def test_a_full_url_that_one_page_has_needs_neither(client: FlaskClient) -> None:
    assert client.get("/v1/related?url=/de/guides/start").json["article"]["url"] == "/de/guides/start"
    assert client.get("/v1/related?url=/de/guides/start&lang=en").status_code == 404


def test_a_language_that_the_site_does_not_have_is_refused(client: FlaskClient) -> None:
    reply = client.get("/v1/related?url=/guides/start&lang=fr")
    assert (reply.status_code, reply.json["errors"][0]["parameter"]) == (404, "lang")
    assert reply.json["detail"] == "no article is of the language 'fr'; this site has de, en"


def test_the_page_of_the_conflict_leads_to_each(client: FlaskClient) -> None:
    page = client.get("/article?url=/guides/start", headers={"Accept": "text/html"})
    assert page.status_code == 409
    for one in HELD:
        assert f"lang={one['lang']}&amp;version={one['version']}" in page.text


def test_the_command_line_does_the_same(
    top: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(top)
    assert main(["related", "/guides/start"]) == 2
    said = capsys.readouterr().err
    assert all(f"{one['url']} (language {one['lang']}, version {one['version']})" in said for one in HELD)
    assert main(["related", "start", "--lang", "de", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["article"]["url"] == "/de/guides/start"
    assert main(["related", "start", "--version", "1.0", "--json", "--why", "stay"]) == 0
    assert json.loads(capsys.readouterr().out)["article"]["url"] == "/1.0/guides/stay", "of the same version"
    assert main(["related", "start", "--lang", "fr"]) == 2
    assert "this site has de, en" in capsys.readouterr().err


def test_every_page_has_a_static_file_of_its_own(client: FlaskClient, top: Path, tmp_path: Path) -> None:
    from recommender.model.store import load_model

    done = export_files(load_model(top / "models" / "default"), "v", 5, tmp_path / "out")
    assert (done.written, done.left_out) == (len(PAGES), ())
    urls = {json.loads(file.read_text())["article"]["url"] for file in (tmp_path / "out").rglob("[a-z0-9]*.json")}
    assert len(urls) == len(PAGES)
    assert (tmp_path / "out" / "de" / "guides" / "start.json").is_file()
