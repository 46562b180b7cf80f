"""Who may ask: web origins, host names, and the pages that are there for editors alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from small_sites import BUILT_AT, article, command, write_files

from recommender.build.pipeline import fit_model
from recommender.errors import SettingsError
from recommender.model.model import Model
from recommender.model.store import save_model
from recommender.service import create_app
from recommender.service.access import Access
from recommender.settings import Settings
from recommender.site.corpus import read_corpus

pytestmark = pytest.mark.slow  # starts servers

BROWSER = {"Accept": "text/html"}


@pytest.mark.parametrize(
    "origin",
    ["*", "https://example.org", "http://localhost:3000", "http://x.org:443", "https://[::1]:8443", "http://[::1]",
     "http://127.0.0.1:5173", "chrome-extension://abcdefgh", "https://xn--bcher-kva.example", "https://a_b.example"],
)  # fmt: skip
def test_an_origin_that_browsers_send_is_taken(origin: str) -> None:
    assert Access(origins=[origin]).origins == [origin]


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("https://example.org/", "browsers send https://example.org; write that"),
        ("https://example.org/blog/", "browsers send https://example.org; write that"),
        ("https://example.org?a", "browsers send https://example.org; write that"),
        ("https://example.org#a", "browsers send https://example.org; write that"),
        ("https://Example.ORG", "browsers send https://example.org; write that"),
        ("HTTPS://example.org", "browsers send https://example.org; write that"),
        ("https://example.org:443", "browsers send https://example.org; write that"),
        ("http://example.org:80", "browsers send http://example.org; write that"),
        ("https://u:p@example.org", "browsers send https://example.org; write that"),
        (" https://example.org", "browsers send https://example.org; write that"),
        ("https://bücher.example", "browsers send https://xn--bcher-kva.example; write that"),
        ("https://[0:0::1]", "browsers send https://[::1]; write that"),
        ("https://*.example.org", "wildcards match nothing"),
        ("https://*", "wildcards match nothing"),
        ("**", "wildcards match nothing"),
        ("example.org", "no web origin"),
        ("//example.org", "no web origin"),
        ("https:/example.org", "no web origin"),
        ("https://", "no web origin"),
        ("https://a.org,https://b.org", "no web origin"),
        ("https://example.org:99999", "no web origin"),
        ("https://example.org:a", "no web origin"),
        ("https://[::1", "no web origin"),
        ("https://127.1", "no web origin"),
        ("https://a b.org", "no web origin"),
        ("https://-a.org", "no web origin"),
        ("file:///home", "no web origin"),
        ("null", "no web origin"),
        ("", "no web origin"),
    ],
)
def test_an_origin_that_no_browser_sends_is_refused_with_the_remedy(origin: str, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)) as raised:
        Access(origins=["https://good.example", origin])
    assert "\n" not in str(raised.value)


@given(st.text(max_size=30) | st.from_regex(r"https?://[a-z.:*/\[\]@-]{0,20}", fullmatch=True))
def test_what_is_taken_is_what_a_browser_could_send(origin: str) -> None:
    """Scheme, host and port, nothing else; all else is one sentence."""
    try:
        Access(origins=[origin])
    except SettingsError as error:
        assert len(str(error).splitlines()) == 1
    else:
        sent = r"\*|[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?"
        assert re.fullmatch(sent, origin)


@pytest.mark.parametrize(
    ("host", "kept"),
    [("example.org", "example.org"), ("Example.ORG.", "example.org"), ("[::1]", "::1"), ("10.0.0.1", "10.0.0.1"),
     ("bücher.example", "xn--bcher-kva.example"), ("box", "box"), ("fe80::1%eth0", "fe80::1%eth0")],
)  # fmt: skip
def test_a_host_is_kept_as_browsers_send_it(host: str, kept: str) -> None:
    assert Access(hosts=[host]).hosts == frozenset([kept])


@pytest.mark.parametrize(
    "host", ["", "*", "*.example.org", ".example.org", "example.org:80", "http://example.org", "example.org/a", "a b",
             "a,b", "[::1", "é" * 80]
)  # fmt: skip
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="no host name; write it without scheme, port and path"):
        Access(hosts=[host])


OURS = ["localhost", "LOCALHOST", "localhost.", "localhost:8080", "localhost:", "app.localhost", "127.0.0.1",
        "127.0.0.1:9", "192.168.1.7", "[::1]", "[::1]:8080", "[FE80::1]", "docs.example.org", "Docs.Example.Org:443",
        "docs.example.org."]  # fmt: skip
OTHERS = ["", "evil.example", "evil.example:8080", "localhost.evil.example", "evillocalhost", "a.docs.example.org",
          "127.0.0.1.evil.example", "localhost..", "localhost:x", "localhost:80:80", "u@localhost", "localhost, evil",
          "localhost,localhost", "[::1", "::1", "[localhost]", "[127.0.0.1]", "localhost/x", " ", ".localhost",
          "127.0.0.1 evil", "１２７.0.0.1"]  # fmt: skip


@pytest.mark.parametrize(("named", "ours"), [(h, True) for h in OURS] + [(h, False) for h in OTHERS])
def test_a_request_is_for_us_by_loopback_names_addresses_and_our_own_names(named: str, ours: bool) -> None:
    assert Access(hosts=["docs.example.org"]).answers_to(named) is ours
    assert Access().answers_to(named)


@pytest.mark.parametrize("path", ["/", "/v1/related?url=/x", "/healthz", "/static/page.css", "/nowhere", "/metrics"])
def test_a_request_for_another_host_learns_nothing(saved: Path, model: Model, path: str) -> None:
    client = create_app(saved, Settings(), access=Access(hosts=())).test_client()
    reply = client.get(path, headers={**BROWSER, "Host": "evil.example"})
    assert (reply.status_code, reply.content_type) == (421, "application/problem+json")
    assert json.loads(reply.data)["type"] == "urn:recommender:problem:other-host"
    assert "--allow-host" in reply.text
    assert model.built_at not in reply.text
    with client.get(path, headers={**BROWSER, "Host": "localhost"}) as reply:
        assert reply.status_code != 421


def test_an_absolute_address_is_for_its_own_host_too(saved: Path) -> None:
    client = create_app(saved, Settings(), access=Access(hosts=())).test_client()
    for name in ("RAW_URI", "REQUEST_URI"):  # of gunicorn, of waitress
        for address, status in (("http://evil.example/healthz", 421), ("http://localhost:1/healthz", 200),
                                ("/healthz?http://evil.example/", 200), ("HTTP://evil.example", 421)):  # fmt: skip
            environ = {"RAW_URI": "", name: address, "HTTP_HOST": "localhost"}
            assert client.get("/healthz", environ_overrides=environ).status_code == status, (name, address)


def shared(saved: Path, origins: Collection[str], origin: str, path: str = "/v1/articles?query=moon") -> dict[str, str]:
    client = create_app(saved, Settings(), access=Access(origins=origins)).test_client()
    return dict(client.get(path, headers={"Origin": origin}).headers)


def test_a_star_lets_every_origin_read_the_api_and_nothing_else(saved: Path) -> None:
    found = shared(saved, ["*"], "https://anyone.example")
    assert found["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in found  # one answer for all: caches may share it
    assert "Access-Control-Allow-Origin" not in shared(saved, ["*"], "https://anyone.example", "/")
    listed = shared(saved, ["https://x.org", "https://y.org"], "https://y.org")
    assert (listed["Access-Control-Allow-Origin"], listed["Vary"]) == ("https://y.org", "Origin")
    assert "Access-Control-Allow-Origin" not in shared(saved, ["https://x.org"], "https://y.org")


PAGES = ["/", "/?query=moon", "/article?url=/x", "/draft", "/site", "/favicon.ico", "/static/page.css"]


@pytest.mark.parametrize("path", PAGES)
def test_the_api_alone_has_no_pages(saved: Path, path: str) -> None:
    client = create_app(saved, Settings(), access=Access(pages=False)).test_client()
    reply = client.get(path, headers=BROWSER)
    assert (reply.status_code, reply.content_type) == (404, "application/problem+json")
    assert client.post("/draft", data={"title": "moon"}, headers=BROWSER).status_code == 404


def test_the_api_alone_describes_and_answers_all_the_rest(saved: Path) -> None:
    app = create_app(saved, Settings(), access=Access(pages=False))
    client = app.test_client()
    document = client.get("/openapi.json").json
    routes = {re.sub(r"<\w+>", "{id}", rule.rule) for rule in app.url_map.iter_rules()}
    assert set(document["paths"]) == routes
    assert {tag["name"] for tag in document["tags"]} == {"links", "articles", "service"}
    whole = create_app(saved, Settings()).test_client().get("/openapi.json").json
    assert {tag["name"] for tag in whole["tags"]} == {"links", "articles", "service", "page"}
    assert client.get("/v1/articles?query=moon").status_code == 200


def urls_in(value: Any) -> set[str]:
    """Give every text of an answer that is a url of the site."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        return {url for one in value for url in urls_in(one)}
    return {value} if isinstance(value, str) and value.startswith("/") else set()


def test_the_api_alone_tells_of_no_hidden_article_and_no_file(tmp_path: Path) -> None:
    """A draft's title and url stood in answers to a search, for everybody."""
    text, title = "tides follow the moon because gravity pulls the sea", "About the secret tides"
    files = {f"{name}.md": article(name, answer=f"{text} {name}.") for name in ("b", "c")}
    files["draft.md"] = article("draft", answer=f"{text} four.", extra="draft: true\n", title=title)
    files["no.md"] = article("no", answer=f"{text} five.", extra="no_index: true\n", title=title)
    corpus = read_corpus(write_files(tmp_path / "content", files), Settings())
    save_model(fit_model(corpus, Settings(floor=0.01), BUILT_AT), tmp_path / "m")
    hidden = {"/draft", "/no"}
    asked: list[tuple[Callable[[FlaskClient], Any], bool]] = [
        (lambda client: client.get("/v1/articles?query=about+the+secret+tides"), True),
        (lambda client: client.get("/v1/articles?query=/drafd"), True),
        (lambda client: client.get("/v1/related?url=/drafd"), True),
        (lambda client: client.post("/v1/related", json={"title": title, "answer": text}), True),
        (lambda client: client.get("/v1/related?url=/b"), False),
    ]
    for pages in (True, False):
        client = create_app(tmp_path / "m", Settings(), access=Access(pages=pages)).test_client()
        for ask, tells in asked:
            assert bool(urls_in(ask(client).json) & hidden) is (pages and tells), ask(client).text
        # Two are left out, and the next ones come in their place.
        found = client.get("/v1/articles?query=about+the+secret+tides&limit=2").json["articles"]
        assert {one["url"] for one in found} == (hidden if pages else {"/b", "/c"})
        assert ("path" in client.get(f"/v1/articles/{corpus.articles[0].id}").json) is pages
        # Who names it by its url gets its links: a page that search engines leave out has readers.
        assert client.get("/v1/related?url=/no").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--allow-origin", "https://example.org/"], "write that"),
        (["--allow-origin", "https://good.example", "--allow-origin", "https://*.org"], "wildcards match nothing"),
        (["--allow-host", "http://example.org"], "no host name"),
    ],
)
def test_wrong_access_is_wrong_use(site: Path, arguments: list[str], said: str) -> None:
    done = command(site, "serve", "--port", "0", *arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr


def start_workers(site: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start gunicorn as it is shipped, with variables that it does not get far with."""
    arguments = [sys.executable, "-m", "gunicorn", "--config", "python:recommender.service.workers"]
    surroundings = {**os.environ, "RECOMMENDER_BIND": "127.0.0.1:0", **variables}
    return subprocess.run(
        arguments, cwd=site, env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"RECOMMENDER_ORIGINS": "https://good.example https://example.org/"}, "browsers send https://example.org"),
        ({"RECOMMENDER_ORIGINS": "https://a.org,https://b.org"}, "RECOMMENDER_ORIGINS: origin 'https://a.org,https"),
        ({"RECOMMENDER_HOSTS": "example.org *.example.org"}, "RECOMMENDER_HOSTS: host '*.example.org': no host name"),
        ({"RECOMMENDER_BIND": "localhost"}, "RECOMMENDER_BIND: must be address:port or unix:PATH, got 'localhost'"),
        ({"RECOMMENDER_THREADS": "65"}, "RECOMMENDER_THREADS: must be a whole number from 1 to 64, got '65'"),
        ({"RECOMMENDER_TIMEOUT": "1s"}, "RECOMMENDER_TIMEOUT: must be a whole number from 1 to 3600, got '1s'"),
        ({"RECOMMENDER_LOG": "loud"}, "RECOMMENDER_LOG: must be one of debug, info, warning, error, got 'loud'"),
        ({"RECOMMENDER_CONTENT": "nowhere"}, "RECOMMENDER_CONTENT: nowhere is not a folder; name the site's"),
        ({"RECOMMENDER_PAGES": "yes"}, "RECOMMENDER_PAGES: must be 1 or 0, got 'yes'"),
        ({"RECOMMENDER_WORKERS": "many"}, "RECOMMENDER_WORKERS: must be a whole number from 1 to 1000, got 'many'"),
        ({"RECOMMENDER_WORKERS": "0"}, "RECOMMENDER_WORKERS: must be a whole number from 1 to 1000, got '0'"),
        ({"RECOMMENDER_WORKERS": "１"}, "RECOMMENDER_WORKERS: must be a whole number from 1 to 1000"),
        ({"RECOMMENDER_MODEL": "nowhere"}, "RECOMMENDER_MODEL: nowhere holds no model; build one"),
    ],
)
def test_a_wrong_variable_is_wrong_use_under_gunicorn(
    site: Path, tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    left = tmp_path / "temporary"
    left.mkdir()
    done = start_workers(site, TMPDIR=str(left), **variables)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert said in done.stderr
    assert list(left.iterdir()) == []


def test_gunicorn_where_nothing_is_yet_says_what_to_do(tmp_path: Path) -> None:
    done = start_workers(tmp_path)
    assert done.returncode == 2
    assert "no recommender.yml is here or above" in done.stderr
    assert "Traceback" not in done.stderr
