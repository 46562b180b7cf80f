"""<related-articles> in a real Chromium, on a page of another origin: from the live API and from static files."""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from small_sites import ROOT, command

from tests.service.test_browser import CHROMIUM, TAGS, browser
from tests.service.test_running import KEPLER, Running, serve

__all__ = ["browser"]
pytestmark = [
    pytest.mark.slow,  # starts a browser
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]
SCRIPT = ROOT / "recommender" / "service" / "static" / "recommender.js"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Another origin: a server of files."""
    folder = tmp_path_factory.mktemp("pages")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def api(committed_site: Path, pages: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    site = Path(shutil.copytree(committed_site, tmp_path_factory.mktemp("widget") / "site"))
    with serve(site, "--api-only", "--allow-origin", pages[0]) as running:
        yield running


def opened(browser: Any, pages: tuple[str, Path], path: str, script: str, element: str) -> Any:
    """Open a page of the other origin with the element on it."""
    base, folder = pages
    file = folder / path.strip("/") / "index.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    head = f'<!doctype html><html lang="en"><title>A page</title><script src="{script}" defer></script>'
    file.write_text(f"{head}<main><h1>A page</h1>{element}</main></html>", encoding="utf-8")
    page = browser.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(f"{base}{path}/")
    return page


def shown(page: Any) -> list[tuple[str, str]]:
    page.wait_for_selector("related-articles nav a")
    links = page.locator("related-articles nav li a")
    return [(one.get_attribute("href"), one.inner_text()) for one in links.all()]


def test_it_is_small() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes(), 9)) < 3000


def test_it_shows_the_links_of_the_page_that_it_stands_on(browser: Any, pages: tuple[str, Path], api: Running) -> None:
    base = f"http://127.0.0.1:{api.port}"
    page = opened(
        browser, pages, KEPLER, f"{base}/recommender.js", f'<related-articles api="{base}"></related-articles>'
    )
    answer = json.loads(api.get(f"/v1/related?url={KEPLER}")[2])
    assert shown(page) == [(link["url"], link["title"]) for link in answer["related"]]
    element = page.locator("related-articles")
    assert page.get_by_role("navigation", name="Related articles").count() == 1
    assert page.get_by_role("heading", name="Related articles", level=2).count() == 1
    assert (element.get_attribute("aria-live"), element.get_attribute("aria-busy")) == ("polite", None)
    result = Axe().run(page, options={"runOnly": TAGS})
    assert result.violations_count == 0, result.generate_report()
    assert page.wrong == []


def test_attributes_say_how_many_of_what_and_under_which_heading(
    browser: Any, pages: tuple[str, Path], api: Running
) -> None:
    base = f"http://127.0.0.1:{api.port}"
    given = f'api="{base}/" url="{KEPLER}" limit="2" heading="Read on" level="3"'
    page = opened(browser, pages, "/other", f"{base}/recommender.js", f"<related-articles {given}></related-articles>")
    assert len(shown(page)) == 2
    assert page.get_by_role("heading", name="Read on", level=3).count() == 1
    page.locator("related-articles").evaluate("one => one.setAttribute('limit', '4')")
    page.wait_for_function("document.querySelectorAll('related-articles li').length === 4")


def test_static_files_do_as_well(browser: Any, pages: tuple[str, Path], committed_site: Path, tmp_path: Path) -> None:
    site = Path(shutil.copytree(committed_site, tmp_path / "site"))
    folder = pages[1]
    for arguments in (["json-files", str(folder / "related")], ["widget", "--output", str(folder / "recommender.js")]):
        assert command(site, "export", "--format", *arguments).returncode == 0
    page = opened(
        browser, pages, KEPLER, "/recommender.js", '<related-articles files="/related" limit="3"></related-articles>'
    )
    name = f"related{KEPLER}.json"
    links = json.loads((folder / name).read_text(encoding="utf-8"))["related"][:3]
    assert shown(page) == [(link["url"], link["title"]) for link in links]


@pytest.mark.parametrize("broken", ["http://127.0.0.1:1", "", "/nothing"])
def test_where_nothing_comes_what_stands_in_it_stays(
    browser: Any, pages: tuple[str, Path], api: Running, broken: str
) -> None:
    script = f"http://127.0.0.1:{api.port}/recommender.js"
    text = f'<related-articles api="{broken}"><a href="/all">All articles</a></related-articles>'
    page = opened(browser, pages, "/unknown", script, text)
    page.wait_for_function("!document.querySelector('related-articles').hasAttribute('aria-busy')")
    assert page.locator("related-articles").inner_text() == "All articles"
    assert page.wrong == []


def test_a_url_that_is_a_script_is_no_link(browser: Any, pages: tuple[str, Path], api: Running) -> None:
    folder = pages[1]
    (folder / "forged").mkdir(exist_ok=True)
    forged = [
        {"url": url, "title": "<img src=x onerror=alert(1)>"} for url in ("javascript:alert(1)", "data:,x", "/fine")
    ]
    (folder / "forged" / "page.json").write_text(json.dumps({"related": forged}))
    script = f"http://127.0.0.1:{api.port}/recommender.js"
    element = '<related-articles files="/forged" url="/page"></related-articles>'
    page = opened(browser, pages, "/page", script, element)
    assert shown(page) == [("/fine", "<img src=x onerror=alert(1)>")]
    assert page.locator("related-articles img").count() == 0
