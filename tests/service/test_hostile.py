"""What hostile requests, articles and models make of the service: no file, no traceback, no markup of an article's."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from flask.testing import FlaskClient
from small_sites import BUILT_AT, article, write_files

from recommender.build.pipeline import fit_model
from recommender.model.store import save_model
from recommender.service import create_app
from recommender.settings import Settings
from recommender.site.corpus import read_corpus

pytestmark = pytest.mark.slow  # starts servers

SECRET = "the-secret-of-this-folder"
EVIL = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "link": "javascript:alert(1)",
    "entity": "&lt;script&gt;&#60;script&#62;",
    "template": "{{ 7 * 7 }}{% raw %}",
    "comment": "--><script>alert(2)</script><!--",
}
PATHS = [
    "/static/../{0}", "/static/%2e%2e/{0}", "/static//etc/passwd", "/static/..%2f..%2f{0}", "/../{0}", "/%2e%2e/{0}",
    "/article?url=../../{0}", "/v1/related?url=file:///etc/passwd", "/v1/articles/..%2f{0}/related", "/static/%00",
    "/v1/related?url=%00", "/v1/related?url=%ff%fe", "/?q=%ff", "/article?url=%ed%a0%80", "//evil.example/{0}",
]  # fmt: skip
HEADERS = [
    {"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-For": "<script>"},
    {"Origin": "https://evil.example"}, {"X-Request-ID": "<script>alert(1)</script>"}, {"Accept": "text/html" * 500},
    {"If-None-Match": "W/" * 2_000}, {"X-Original-URL": "/metrics"}, {"Range": "bytes=0-1,2-3,-9"},
]  # fmt: skip


class Markup(HTMLParser):
    """What a browser would run or fetch: scripts, handlers, styles, and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "script":
            # A type that is no script's is data, which no browser runs.
            self.scripts.append(values.get("src") or f"inline {values.get('type')}")
        self.wrong += [f"{tag} {name}" for name in values if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "formaction"):
            address = (values.get(name) or "").strip().lower()
            if address.startswith(("javascript:", "data:", "vbscript:")):
                self.wrong.append(f"{tag} {name}={address}")
        if tag in ("img", "iframe", "object", "embed", "base") and not (values.get("src") or "").startswith("/static/"):
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    top = tmp_path_factory.mktemp("hostile")
    files = {
        f"{name}.md": article(
            name,
            title=f"'Tide of {text.replace(chr(39), '')}'",
            subject=f"'{text}'",
            answer=f"'moon sea tide {text}'",
            extra=f"seo:\n  page_keywords: '{text}, moon'\n",
            url=f"'/{name}/{text.replace(' ', '')}'",
        )
        for name, text in EVIL.items()
    } | {f"{name}.md": article(name, answer=f"moon sea tide and {name}") for name in ("plain", "other")}
    write_files(top, {"secret.txt": SECRET, f"{SECRET}.md": SECRET})
    corpus = read_corpus(write_files(top / "content", files), Settings())
    assert len(corpus.articles) == 8, corpus.problems
    save_model(fit_model(corpus, replace(Settings(), floor=0.001, same_question_article=0.0), BUILT_AT), top / "model")
    app = create_app(top / "model", Settings(), top / "content")
    return app.test_client()


def urls() -> list[str]:
    return [f"/{name}/{text.replace(' ', '')}" for name, text in EVIL.items()]


def test_no_article_brings_markup_of_its_own_into_a_page(client: FlaskClient) -> None:
    hostile = urls()
    assert client.get(f"/article?url={quote(hostile[0], safe='')}").status_code == 200
    pages = ["/", "/draft", "/site", "/search?q=tide", *(f"/search?q={quote(text)}" for text in EVIL.values())]
    pages += [f"/article?url={quote(url, safe='')}" for url in [*hostile, *EVIL.values()]]
    browser = {"Accept": "text/html"}
    replies = [client.get(page, headers=browser) for page in pages]
    replies += [client.post("/draft", data={"text": text, "title": text}, headers=browser) for text in EVIL.values()]
    for page, reply in zip([*pages, *EVIL], replies, strict=True):
        assert (reply.status_code < 500, reply.mimetype) == (True, "text/html"), page
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'"), page
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        seen = Markup()
        seen.feed(reply.text)
        assert (seen.wrong, [s for s in seen.scripts if not s.startswith("/static/")]) == ([], []), page
    texts = "".join(reply.text for reply in replies)
    assert "Tide of {{ 7 * 7 }}" in texts, "a template was run, or its article never shown"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in texts


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leaks_a_file_or_a_traceback(client: FlaskClient, path: str) -> None:
    for name in ("secret.txt", f"{SECRET}.md", "model/manifest.json", "recommender.yml"):
        reply = client.get(path.format(name))
        assert reply.status_code < 500
        assert reply.text != SECRET
        assert not any(word in reply.text for word in ("root:", "Traceback", "sha256"))


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: next(iter(headers)))
def test_no_header_is_believed_or_repeated(client: FlaskClient, headers: dict[str, str]) -> None:
    for path in ("/", "/v1/articles?q=tide", "/nothing"):
        reply = client.get(path, headers=headers)
        assert reply.status_code < 500
        assert "Access-Control-Allow-Origin" not in reply.headers
        assert "evil.example" not in reply.text + str(reply.headers)
        assert "<script>" not in reply.text.replace('<script src="/static/', "") + str(reply.headers)


@pytest.mark.parametrize(
    "body", [b"[" * 15_000, b"{" * 15_000, b"\xff\xfe", b'{"a": NaN}', b"1e999", b"", b"null", b'"']
)
def test_no_body_makes_it_fail(client: FlaskClient, body: bytes) -> None:
    for path in ("/v1/related:batch", "/v1/related"):
        reply = client.post(path, data=body, content_type="application/json")
        assert 400 <= reply.status_code < 500
        assert "Traceback" not in reply.text


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "//evil.example/x", "/\\evil.example/x", "\\\\evil.example/x",
     "data:text/html,<script>", "http://evil.example/x", "\tjavascript:alert(1)", "vbscript:x", "///evil.example"],
)  # fmt: skip
def test_no_url_of_an_article_is_where_a_page_leads(tmp_path: Path, url: str) -> None:
    """Reading refuses most of these; a page asks the service for the article by its url, whatever it is."""
    files = {f"{name}.md": article(name, answer=f"moon sea tide and {name}") for name in ("a", "b", "c", "d")}
    corpus = read_corpus(write_files(tmp_path / "content", files), Settings())
    changed = sorted((replace(corpus.articles[0], url=url), *corpus.articles[1:]), key=lambda one: one.url)
    corpus = replace(corpus, articles=tuple(changed), row_of={one.url: row for row, one in enumerate(changed)})
    save_model(fit_model(corpus, replace(Settings(), floor=0.001, same_question_article=0.0), BUILT_AT), tmp_path / "m")
    client = create_app(tmp_path / "m", Settings()).test_client()
    pages = ["/?query=about", "/article?url=/b", f"/article?url={quote(url, safe='')}", "/site"]
    replies = [client.get(page, headers={"Accept": "text/html"}) for page in pages]
    replies.append(client.post("/draft", data={"title": "About moon", "answer": "moon sea tide"}))
    found = [address for reply in replies for address in re.findall(r'(?:href|src|action)="([^"]*)"', reply.text)]
    assert sum(f"/article?url={url}" == unquote(unescape(address)) for address in found) >= 3, found
    assert [address for address in found if not re.match(r"/(?![/\\])|#", address)] == []
    reply = client.get(f"/?query={quote(url, safe='')}")  # the title of an article, or its url: straight to it
    assert reply.status_code == 200 or reply.headers["Location"].startswith("/article?url=")
