"""The review page in a real Chromium: by mouse, by keyboard, without JavaScript, and attacked from another origin."""

from __future__ import annotations

import contextlib
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from small_sites import ROOT, sources

from recommender.rules.editor_rules import RULES_FILE
from tests.service.test_browser import CHROMIUM, LOOKS, NAMES, browser, check_view
from tests.service.test_review import boxes, built, form_token, planned
from tests.service.test_running import Running, serve

__all__ = ["browser", "built"]
pytestmark = [
    pytest.mark.slow,  # starts a browser
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def running(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(Path(shutil.copytree(built, tmp_path_factory.mktemp("browser") / "site")), "--edit") as found:
        planned(found)
        yield found


@pytest.fixture
def page(browser: Any, running: Running, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The review page, which fails its test for any error on the console."""
    base = f"http://127.0.0.1:{running.port}"
    options = getattr(request, "param", {"viewport": {"width": 1280, "height": 900}})
    context = browser.new_context(base_url=base, **options)
    found, wrong = context.new_page(), []
    found.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.goto("/review")
    yield found
    context.close()
    assert wrong == []


@pytest.fixture(autouse=True)
def _no_rules(running: Running) -> None:
    (running.site / RULES_FILE).unlink(missing_ok=True)


def rules(running: Running) -> str:
    file = running.site / RULES_FILE
    return file.read_text() if file.exists() else ""


def said(page: Any) -> str:
    return str(page.locator("#said").inner_text())


def test_links_are_accepted_and_rejected_by_checkboxes(page: Any, running: Running) -> None:
    first = page.locator("section.file").first
    first.locator("input[type=checkbox]").nth(0).check()
    first.get_by_role("button", name="Accept what is checked").click()
    assert said(page) == "1 link accepted."
    first = page.locator("section.file").first
    assert first.locator(".mark", has_text="accepted").count() == 2
    for box in first.locator("input[type=checkbox]").all()[1:]:
        box.check()
    first.get_by_role("button", name="Reject what is checked").click()
    assert said(page) == "2 links rejected."
    assert rules(running).count("- {from: /evil, to: ") == 2
    assert "decided:\n  /evil: [/" in rules(running)


def test_all_files_of_a_filter_are_decided(page: Any, running: Running) -> None:
    page.get_by_label("Subject").select_option("Seas")
    page.get_by_role("button", name="Show").click()
    assert page.locator("section.file").count() == 1
    page.get_by_text("Decide on all 1 of these files").click()
    page.get_by_role("button", name="Accept them all").click()
    assert said(page) == "3 links accepted."
    assert page.url.endswith("/review?subject=Seas&page=1#said")
    assert rules(running).startswith("decided:\n  /t1: [")


def test_it_is_used_by_the_keyboard_alone(page: Any, running: Running) -> None:
    page.locator("body").press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "list-2"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "list-1"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "list-1"
    page.keyboard.press("j")
    page.keyboard.press("x")
    second = page.locator("#list-2")
    assert second.locator("input:checked").count() == second.locator("input[type=checkbox]").count() == 3
    while page.evaluate("document.activeElement.value") != "pin checked":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**#list-2")
    assert said(page) == "3 links pinned."
    assert rules(running).startswith("pin:\n")


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True, ids=["plain"])
def test_it_works_without_javascript(page: Any, running: Running) -> None:
    page.get_by_role("link", name="Next").click()
    assert page.locator("section.file").count() == 6
    page.locator("section.file").first.get_by_role("button", name="Accept all").click()
    assert said(page) == "3 links accepted."
    assert page.url.endswith("page=2#list-21")
    before = sources(running.site)
    page.get_by_role("button", name="Write the accepted files").click()
    while page.get_by_role("link", name="Load again").count():
        page.wait_for_timeout(500)
        page.get_by_role("link", name="Load again").click()
    assert said(page) == "1 files written."
    after = sources(running.site)
    assert len([path for path in before if path.endswith(".md") and after[path] != before[path]]) == 1


@pytest.mark.parametrize("page", LOOKS, indirect=True, ids=NAMES)
def test_axe_finds_nothing_and_nothing_sticks_out(page: Any) -> None:
    page.locator("section.file").first.get_by_role("button", name="Accept all").click()
    page.locator("section.file").nth(1).locator("input[type=checkbox]").first.check()
    page.locator("section.file").nth(1).get_by_role("button", name="Reject what is checked").click()
    for view in ("/review", "/review?subject=Seas", "/review?state=accepted", "/review?subject=none"):
        page.goto(view)
        check_view(page, view)
        small = page.evaluate(
            "() => [...document.querySelectorAll('main button, main select, main input:not([type=hidden])')]"
            ".filter((one) => one.getBoundingClientRect().height < 24).map((one) => one.outerHTML)"
        )
        assert small == [], view


def test_the_screenshot_of_the_review_is_there_and_small(browser: Any, committed_site: Path, tmp_path: Path) -> None:
    """With RECOMMENDER_WRITE_DOCS=1 it is taken anew."""
    image = ROOT / "docs" / "images" / "review.png"
    if os.environ.get("RECOMMENDER_WRITE_DOCS"):
        with serve(Path(shutil.copytree(committed_site, tmp_path / "site")), "--edit") as found:
            planned(found)
            page = browser.new_context(viewport={"width": 1040, "height": 1240}).new_page()
            page.goto(f"http://127.0.0.1:{found.port}/review")
            page.locator("section.file").first.get_by_role("button", name="Accept all").click()
            page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
            page.screenshot(path=image)
            page.context.close()
    assert image.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and image.stat().st_size < 160_000


@contextlib.contextmanager
def other_origin(html: str) -> Iterator[str]:
    """Serve one page from another port."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


FORM = """<form method="post" action="{action}" target="{target}">{fields}</form>
<iframe name="frame"></iframe><script>document.forms[0].submit()</script>"""
FETCH = """<script>
fetch("{action}", {{method: "POST", mode: "no-cors", body: new URLSearchParams({{form_token: "{token}",
  do: "accept checked", link: "/t0\\t/t1"}}), credentials: "include"}}).finally(() => {{ document.title = "sent"; }});
</script>"""


@pytest.mark.parametrize("way", ["form", "frame", "fetch", "link"])
def test_a_page_of_another_origin_writes_nothing_even_if_it_knew_the_token(
    browser: Any, running: Running, way: str
) -> None:
    text = running.get("/review", Accept="text/html")[2].decode()
    token, action = form_token(text), f"http://127.0.0.1:{running.port}/review/decide"
    given = {"form_token": token, "do": "accept checked", "link": boxes(text)[0]}
    fields = "".join(f"<input name='{name}' value='{value}'>" for name, value in given.items())
    html = {
        "form": FORM.format(action=action, target="_self", fields=fields),
        "frame": FORM.format(action=action, target="frame", fields=fields),
        "fetch": FETCH.format(action=action, token=token),
        "link": f"<script>window.location = '{action}?{urlencode(given)}'</script>",
    }[way]
    answers: list[int] = []
    with other_origin(html) as there:
        found = browser.new_context().new_page()
        found.on("response", lambda reply: answers.append(reply.status) if reply.url.startswith(action) else None)
        found.goto(there)
        for _ in range(100):
            if answers:
                break
            found.wait_for_timeout(100)
        found.context.close()
    assert answers[:1] == [405 if way == "link" else 403]
    assert not (running.site / RULES_FILE).exists()
