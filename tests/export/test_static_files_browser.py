"""The snippet of the page on static files in a real Chromium, on pages that a plain server of files serves."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote

import pytest
from small_sites import BUILT_AT, ROOT, article, write_files

from recommender.build.pipeline import fit_model
from recommender.export.static_files import export_files, file_of
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from tests.export.test_static_files import LONG
from tests.service.test_browser import CHROMIUM, browser  # noqa: F401  (the browser is a fixture)

pytestmark = [
    pytest.mark.slow,  # starts a browser
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]

PAGE = ROOT / "docs" / "how-to" / "static-files.md"
SNIPPET = re.search(r"^```html\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
# As the front matter has them; the browser asks for them in its own spelling.
URLS = [
    "/a", "/a/b", "/A", "/a.html", "/a_b", "/é/straße", "/%C3%A9t%C3%A9", "/日本語の記事", "/100%", "/it's(a)[test]~!*",
    "/a//b", "/x|y^z`w", '/quo"te', "/tag<b>", "/", "/c++&d=e;f,g:h@i", LONG, f"{LONG}/b", f"/{'ж' * 70}",
]  # fmt: skip
TITLE = "<img src=x onerror=document.body.remove()> & co"


class Quiet(SimpleHTTPRequestHandler):
    """Serves the files below /related, and one page, with the snippet, at every other address."""

    def do_GET(self) -> None:
        if self.path.startswith("/related/"):
            super().do_GET()
            return
        body = f"<!doctype html><title>page</title><link rel=icon href=data:,>{SNIPPET[1]}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    top = tmp_path_factory.mktemp("static")
    texts = {
        f"{n}.md": article(f"n{n}", url=json.dumps(url), title=json.dumps(f"{TITLE} {n}"), answer=f"Moon {n}.")
        for n, url in enumerate(URLS)
    }
    corpus = read_corpus(write_files(top / "content", texts), Settings())
    assert {one.url for one in corpus.articles} == set(URLS)
    model = fit_model(corpus, Settings(), BUILT_AT)
    assert export_files(model, "v", 5, top / "public" / "related").left_out == ()
    running = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(top / "public")))
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.mark.parametrize("slash", ["", "/", "/index.html"], ids=["as-written", "with-a-slash", "index-file"])
def test_a_page_of_any_url_shows_its_links(browser: Any, server: str, slash: str) -> None:  # noqa: F811
    page = browser.new_page()
    asked: list[str] = []
    page.on("response", lambda reply: asked.append(f"{reply.status} {unquote(reply.url.removeprefix(server))}"))
    for url in URLS:
        asked.clear()
        page.goto(server + quote(url.removesuffix("/") if slash else url, safe="/%") + slash)
        page.wait_for_selector("#related a")
        assert asked[-1] == f"200 /related/{file_of(url)}"
        answer = page.evaluate("name => fetch(name).then(reply => reply.json())", f"/related/{file_of(url)}")
        assert answer["article"]["url"] == url
        links = page.eval_on_selector_all("#related a", "all => all.map(a => [a.textContent, a.getAttribute('href')])")
        assert links == [[link["title"], link["url"]] for link in answer["related"]]
        assert page.locator("#related img").count() == 0
    page.close()


def test_a_page_without_a_file_shows_none(browser: Any, server: str) -> None:  # noqa: F811
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    with page.expect_response(lambda reply: "/related/" in reply.url) as reply:
        page.goto(f"{server}/no/such/page")
    assert reply.value.status == 404
    page.wait_for_load_state("networkidle")
    assert (page.locator("#related li").count(), wrong) == (0, [])
    page.close()


def test_the_snippet_has_ten_lines() -> None:
    lines = SNIPPET[1].split("<script", 1)[1].splitlines()[1:-1]
    assert len(lines) <= 10
    assert "innerHTML" not in SNIPPET[1]
