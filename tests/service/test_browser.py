"""The page in a real Chromium: search, open, walk, explain, draft; keyboard, phone, no JavaScript, accessibility;
and a site whose every text is hostile."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from zlib import crc32

import pytest
import yaml
from small_sites import BUILT_AT, ROOT, command, identity_of, write_files

from recommender.build.pipeline import fit_model
from recommender.model.store import save_model
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from tests.service.test_running import Running, serve, wait_until

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[test]'")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,  # starts a browser
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-quic",
]  # fmt: skip
TELESCOPES = "/learn/astronomy/questions/compare-refracting-and-reflecting-telescopes"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def served(committed_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    site = Path(shutil.copytree(committed_site, tmp_path_factory.mktemp("browser") / "site"))
    with serve(site) as running:
        wait_until(lambda: json.loads(running.get("/readyz")[2])["changed_files"] == 0)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, served: Running, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page that fails its test for any error on the console, and for any request to another host."""
    base = f"http://127.0.0.1:{served.port}"
    context = browser.new_context(
        base_url=base, **getattr(request, "param", {"viewport": {"width": 1280, "height": 900}})
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base)
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(base) else None)
    yield page
    context.close()
    assert wrong == []


def article(page: Any, url: str = TELESCOPES) -> None:
    page.goto(f"/article?url={url}")


def test_type_ahead_opens_an_article_without_a_mouse(page: Any) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("why do stars twin")
    page.wait_for_selector("[role=option]")
    box = page.get_by_role("combobox")
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    active = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert active.get_attribute("aria-selected") == "true"
    assert "twinkle" in active.inner_text()
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/article?url=*")
    assert page.locator("h1").inner_text() == "Why do stars twinkle but planets do not?"


def test_type_ahead_asks_once_for_what_is_typed_in_one_go_and_for_no_closest_matches(page: Any) -> None:
    page.goto("/")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/articles" in request.url else None)
    box = page.get_by_role("combobox")
    box.press_sequentially("k", delay=20)
    page.wait_for_timeout(500)
    assert asked == []
    box.press_sequentially("eplxr and the three lawz", delay=20)
    page.wait_for_selector("[role=option]")
    assert [url.split("/v1")[1] for url in asked] == [
        "/articles?query=keplxr%20and%20the%20three%20lawz&limit=8&matches=false"
    ]


def test_the_list_of_a_query_goes_when_the_next_begins_and_never_comes_back(page: Any) -> None:
    page.goto("/")
    held = []
    page.route(re.compile("query=(stars|moon)&"), lambda route: held.append(route))  # noqa: PLW0108
    box, options = page.get_by_role("combobox"), page.locator("[role=option]")
    box.fill("planets")
    page.wait_for_selector("[role=option]")
    box.fill("stars")
    assert (box.get_attribute("aria-expanded"), options.count()) == ("false", 0)
    wait_for(page, lambda: len(held) == 1)
    box.fill("moon")
    wait_for(page, lambda: len(held) == 2)
    held[1].continue_()
    page.wait_for_selector("[role=option]")
    shown = options.all_inner_texts()
    assert any("moon" in text.lower() for text in shown)
    # The answer that was asked for first comes last.
    held[0].fulfill(json={"articles": [{"title": "stale", "subject": "", "url": "/stale"}]})
    page.wait_for_timeout(300)
    assert options.all_inner_texts() == shown


def wait_for(page: Any, true: Any) -> None:
    """Wait while the browser goes on: its events come only while it is asked for something."""
    for _ in range(100):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("waited too long")


def test_enter_without_a_choice_lists_what_was_found(page: Any) -> None:
    page.goto("/")
    page.get_by_role("combobox").fill("moon")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?query=moon")
    assert page.locator(".plain a").count() >= 1


def test_an_article_is_explained_and_its_neighbours_walked(page: Any) -> None:
    article(page)
    assert page.locator("#list").is_visible()
    assert page.locator(".mark.bad", has_text="dead").count() == 1
    # A neighbour by the keyboard alone.
    link = page.locator("section[aria-labelledby=list] a.title").first
    title = link.inner_text()
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("title => document.querySelector('h1').innerText === title", arg=title)
    article(page, "/learn/history/questions/why-did-the-french-revolution-begin-in-1789")
    opener = page.locator("section[aria-labelledby=list] summary").first
    opener.focus()
    page.keyboard.press("Enter")
    values = page.locator("section[aria-labelledby=list] .why").first.locator("dt .number").all_inner_texts()
    assert sum(map(float, values[:-1])) == pytest.approx(float(values[-1]), abs=3e-4)


def test_the_diff_is_copied(page: Any) -> None:
    article(page)
    page.get_by_role("button", name="Copy the diff").click()
    page.wait_for_selector("text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#the-diff").text_content()
    assert copied.startswith("--- a/content/astronomy/")
    assert copied.endswith("\n")


def test_a_draft_is_checked(page: Any) -> None:
    page.goto("/draft")
    page.get_by_label("Title or question").fill("Why do stars twinkle but planets do not?")
    page.get_by_label("Text").fill("Moving air bends the light of stars. Planets are discs and shine steadily.")
    page.get_by_role("button", name="Find links").click()
    page.wait_for_selector("text=It should link to")
    assert (
        page.locator("section[aria-labelledby=same] a").first.inner_text() == "Why do stars twinkle but planets do not?"
    )
    assert page.locator("section[aria-labelledby=in] a").count() >= 1


VIEWS = ["/", "/?query=moon", "/?query=zzzz", f"/article?url={TELESCOPES}", "/draft", "/site", "/?query=how"]
VIEWS += [f"/article?url={TELESCOPES}&mode=regenerate", "/findings", "/findings?code=dead", "/findings?severity=note"]
LOOKS = [
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
    {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
    {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
    {"viewport": {"width": 768, "height": 900}, "forced_colors": "active"},
    {"viewport": {"width": 320, "height": 640}, "forced_colors": "active", "color_scheme": "dark"},
]
NAMES = ["light", "dark", "phone", "phone-dark", "small", "forced", "small-forced"]


@pytest.mark.parametrize("page", LOOKS, indirect=True, ids=NAMES)
def test_axe_finds_nothing_and_nothing_sticks_out(page: Any) -> None:
    for view in VIEWS:
        page.goto(view)
        check_view(page, view)


def check_view(page: Any, view: str) -> None:
    """Unfold all of a page, and find nothing wrong with it and nothing beside it."""
    from axe_playwright_python.sync_playwright import Axe

    for closed in page.locator("details").all():
        closed.evaluate("element => { element.open = true; }")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    problems = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found.response["violations"]]
    assert problems == [], view
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], view


SIZES = [{"viewport": {"width": width, "height": 700}} for width in (320, 360, 768, 1280)]
# Texts that touch where none should: the boxes of what stands side by side in a row of a table.
TOUCHING = """
() => [...document.querySelectorAll("tr")].flatMap((row) => {
  const boxes = [...row.querySelectorAll("td, th")].flatMap((cell) => [...cell.childNodes].map((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [range.getBoundingClientRect(), node.textContent.trim(), cell];
  })).filter(([box, text]) => text && box.width);
  return boxes.flatMap(([one, said, cell], place) => boxes.slice(place + 1).filter(([other, , next]) => cell !== next
    && one.top < other.bottom && other.top < one.bottom && one.right + 3 > other.left && other.right + 3 > one.left
  ).map(([, other]) => `${said} | ${other}`));
})
"""


@pytest.mark.parametrize("page", SIZES, indirect=True, ids=["320", "360", "768", "1280"])
def test_large_numbers_neither_touch_nor_widen_anything(page: Any) -> None:
    """The counts of a site of a million articles, put into the pages of a small one; bins of the plot share them."""
    for view in ("/site", "/"):
        page.goto(view)
        page.evaluate(
            "for (const e of document.querySelectorAll('.number, .numeric, .big'))"
            " if (/^[0-9,]+$/.test(e.textContent)) e.textContent = e.closest('.plot') ? '123,456' : '1,234,567'"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], view
        assert page.evaluate(TOUCHING) == [], view


@pytest.mark.parametrize("page", SIZES, indirect=True, ids=["320", "360", "768", "1280"])
def test_what_is_pressed_is_at_least_24_pixels_high(page: Any) -> None:
    seen = set()
    for view in [*VIEWS, f"/article?url={TELESCOPES}&mode=empty"]:
        page.goto(view)
        for kind, height in page.evaluate(
            "[...document.querySelectorAll('summary, button, input:not([type=hidden]), textarea, select, nav a, a.more,"
            " th a, .tiles a')]"
            ".filter((e) => e.offsetParent).map((e) => [e.localName, e.getBoundingClientRect().height])"
        ):
            seen.add(kind)
            assert height >= 24, (view, kind, height)
    assert seen == {"summary", "button", "input", "textarea", "select", "a"}


def test_a_mark_of_a_copy_is_a_mark_and_is_printed(page: Any) -> None:
    """It shared its class with the row of the copy button: a bar over the whole page, left out in print."""
    article(page)
    page.evaluate(
        "document.querySelector('.about').insertAdjacentHTML('beforeend',"
        " '<p class=note><span class=\"mark copy\">copy</span> also there</p>')"
    )
    mark, button = page.locator(".mark.copy"), page.get_by_role("button", name="Copy the diff")
    assert mark.bounding_box()["width"] < 80
    page.emulate_media(media="print")
    assert mark.is_visible()
    assert not button.is_visible()


@pytest.mark.parametrize("page", [{"forced_colors": "active"}], indirect=True)
def test_buttons_marks_and_choices_are_seen_in_forced_colours(page: Any) -> None:
    """Backgrounds go there; what they alone told needs a border or an outline."""

    def edges(selector: str) -> list[tuple[str, str]]:
        found = page.evaluate(
            "(wanted) => [...document.querySelectorAll(wanted)].filter((e) => e.offsetParent).map((e) => {"
            " const s = getComputedStyle(e); return [s.borderTopWidth, s.borderTopColor]; })",
            selector,
        )
        assert found, selector
        return found

    article(page)
    page.locator("section[aria-labelledby=list] summary").first.click()
    for selector in ("button", ".mark", ".term:not(.rest)", "input"):
        assert all(width == "1px" and colour != "rgba(0, 0, 0, 0)" for width, colour in edges(selector)), selector
    outlines = [one.evaluate("(e) => getComputedStyle(e).outlineStyle") for one in page.locator(".modes a").all()]
    assert outlines == ["solid", "none", "none"]
    page.goto("/")
    page.get_by_role("combobox").fill("stars")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("ArrowDown")
    colours = [
        one.evaluate("(e) => getComputedStyle(e).backgroundColor") for one in page.locator("[role=option]").all()
    ]
    assert colours[0] not in colours[1:]
    page.goto("/site")
    swatches = [one.evaluate("(e) => getComputedStyle(e).backgroundColor") for one in page.locator(".swatch").all()]
    assert len(set(swatches)) == len(swatches) == 2


DRAFTS = [
    {"viewport": {"width": width, "height": 640}, "java_script_enabled": js}
    for width in (320, 1280)
    for js in (True, False)
]


@pytest.mark.parametrize("page", DRAFTS, indirect=True, ids=["small", "small-plain", "wide", "wide-plain"])
def test_what_comes_of_a_draft_is_in_sight_and_has_the_focus(page: Any) -> None:
    def in_sight() -> bool:
        page.wait_for_timeout(600)  # it scrolls there smoothly
        box = page.locator("#result").bounding_box()
        return 0 <= box["y"] < page.viewport_size["height"] - 40

    page.goto("/draft")
    page.get_by_label("Title or question").fill("Why do stars twinkle?")
    page.get_by_role("button", name="Find links").click()
    page.wait_for_selector("text=It should link to")
    assert page.locator("#result:focus").get_attribute("aria-label") == "What was found for the draft"
    assert in_sight()
    assert re.match(r"\d+ links? found: ", page.title())
    page.goto("/draft")
    page.get_by_role("button", name="Find links").click()
    assert "holds no text" in page.locator("#result:focus[role=alert]").inner_text()
    assert in_sight()


@pytest.mark.parametrize("page", [LOOKS[1], LOOKS[4], LOOKS[6]], indirect=True, ids=["dark", "small", "small-forced"])
def test_axe_finds_nothing_in_what_is_found_for_a_draft(page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.goto("/draft")
    file = (
        "---\ntitle: Why do stars twinkle?\nsubject: Astronomy\nurl: /new\n---\nMoving air bends the light of stars.\n"
    )
    page.get_by_label("Text, or the whole").fill(file)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#the-block")
    for closed in page.locator("details").all():
        closed.evaluate("element => { element.open = true; }")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert [one["id"] for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.get_by_role("button", name="Copy the links").click()
    page.wait_for_selector("text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("related_article1:\n")
    assert copied == page.locator("#the-block").text_content()


@pytest.mark.parametrize("page", SIZES, indirect=True, ids=["320", "360", "768", "1280"])
def test_a_report_is_read_at_every_width(page: Any, served: Running, tmp_path: Path) -> None:
    """Its file needs no server: it is opened as editors open it."""
    from axe_playwright_python.sync_playwright import Axe

    file = tmp_path / "report.html"
    done = command(served.site, "report", "--format", "html", "--output", str(file))
    assert done.returncode == 0, done.stderr
    page.set_content(file.read_text(encoding="utf-8"))
    for closed in page.locator("details").all():
        closed.evaluate("element => { element.open = true; }")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert [one["id"] for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_draft_that_is_too_large_stays_in_its_box(browser: Any, served: Running) -> None:
    page, wrong = watched(browser, f"http://127.0.0.1:{served.port}")
    page.goto("/draft")
    page.get_by_label("Keywords").fill("stars")
    page.evaluate("document.getElementById('draft-answer').value = 'star light '.repeat(30000)")
    with page.expect_navigation() as asked:
        page.get_by_role("button", name="Find links").click()
    assert asked.value.status == 413
    assert len(page.get_by_label("Text").input_value()) == 330_000
    assert page.get_by_label("Keywords").input_value() == "stars"
    assert "shorten it to 256" in page.locator("#result:focus").inner_text()
    assert [said for said in wrong if "status of 413" not in said] == []  # Chromium notes the status of what it opens
    page.context.close()


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_it_works_without_javascript(page: Any) -> None:
    page.goto("/")
    page.locator("input[name=query]").fill("stars twinkle")
    page.locator("main button[type=submit]").click()
    page.locator("main .plain a").first.click()
    assert "twinkle" in page.locator("h1").inner_text()
    assert not page.locator("button[data-copy]").first.is_visible()


def test_the_screenshots_of_the_pages_are_there_and_small(page: Any) -> None:
    """With RECOMMENDER_WRITE_DOCS=1 they are taken anew."""
    images = ROOT / "docs" / "images"
    if os.environ.get("RECOMMENDER_WRITE_DOCS"):
        page.set_viewport_size({"width": 1040, "height": 780})
        article(page, "/learn/chemistry/questions/why-do-reactions-go-faster-at-higher-temperature")
        page.screenshot(path=images / "article.png")
        page.emulate_media(color_scheme="dark")
        page.goto("/site")
        page.screenshot(path=images / "site.png")
    for name in ("article.png", "site.png"):
        assert (images / name).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert (images / name).stat().st_size < 160_000


MARKER = "window.struck = (window.struck || 0) + 1"
LONG_WORD = "tide" * 400
HOSTILE = {
    "script": f"<script>{MARKER}</script>",
    "handler": f'" onmouseover="{MARKER}" onfocus="{MARKER}" autofocus x="',
    "image": f"'><img src=x onerror={MARKER.replace(' ', '')}>",
    "textarea": f"</textarea></title></style></pre><script>{MARKER}</script>",
    "address": f"javascript:{MARKER.replace(' ', '')}",
    "braces": "{{ 7 * 7 }}{% raw %}${7*7}<%= 7 %>",
    "bidi": "\u202emoon\u2066 tide\u2069 \u200fsea\u202c",
    "word": LONG_WORD,
    "quotes": "\"'`\\ &quot;&#39;&lt;b&gt; \u2028",
}


TOPICS = (
    "crater basalt dust orbit eclipse rocket lander mare regolith phase crescent shadow",
    "harbour estuary salt wave current coral reef plankton trench basin shore lagoon",
)


def hostile_article(name: str, text: str, *others: str) -> str:
    """Write an article with a text in every value that the page shows, and links that carry it too."""
    url = f"/{name}/{quote_plus(text, safe='<>:(){}=;&#/')[:300]}"  # no url begins with a scheme but http(s)
    # Of two topics, in sentences of its own: what stands in all articles, or word for word in several, says nothing.
    words = sorted(TOPICS[crc32(name.encode()) % 2].split(), key=lambda word: crc32(f"{name} {word}".encode()))
    prose = " ".join(f"The {one} is beside a {other}, and it was there." for one, other in pairwise(words))
    values = {
        "id": identity_of(name), "title": f"Moon tide {text}", "subject": text[:200], "url": url,
        "answer": f"moon sea tide {text} gravity {name}. {prose}", "seo": {"page_keywords": f"{text}, moon"},
    }  # fmt: skip
    for slot, other in enumerate(others, 1):
        values[f"related_article{slot}"] = {"id": "999999", "title": text, "subject": text[:200], "url": other}
    return f"---\n{yaml.safe_dump(values, allow_unicode=True, sort_keys=False)}---\n\n&nbsp;"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, list[str]]]:
    site = tmp_path_factory.mktemp("hostile")
    dead = f"javascript:{MARKER.replace(' ', '')}"
    files = {f"{name}.md": hostile_article(name, text, dead, f"/{name}?<b>") for name, text in HOSTILE.items()}
    corpus = read_corpus(write_files(site / "content", files), Settings())
    assert len(corpus.articles) == len(HOSTILE), corpus.problems
    settings = replace(Settings(), floor=0.001, same_question_article=0.0, same_question_list=0.0)
    save_model(fit_model(corpus, settings, BUILT_AT), site / "models" / "default")
    (site / "recommender.yml").write_text("content: content\nmodel: models/default\nfloor: 0.001\n")
    with serve(site) as running:
        wait_until(lambda: json.loads(running.get("/readyz")[2])["changed_files"] is not None)
        yield running, [one.url for one in corpus.articles]


def watched(browser: Any, base: str) -> tuple[Any, list[str]]:
    """Open a page that notes dialogs, errors, violations of the policy, and requests to anywhere else."""
    page, wrong = browser.new_context(base_url=base, viewport={"width": 1280, "height": 900}).new_page(), []
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('policy', e.violatedDirective, e.blockedURI))"
    )
    page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(base) else None)
    return page, wrong


def check_harmless(page: Any, wrong: list[str], view: str) -> None:
    """Open and point at everything, then look for what an article's text may have done."""
    for closed in page.locator("details").all():
        closed.evaluate("element => { element.open = true; }")
    page.evaluate(
        "for (const e of document.querySelectorAll('*')) for (const kind of ['mouseover', 'focus', 'error'])"
        " e.dispatchEvent(new Event(kind))"
    )
    assert page.evaluate("window.struck") is None, view
    assert wrong == [], view
    names = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => /^on|^style/.test(n))"
    assert page.evaluate(names) == [], view
    assert page.evaluate("[...document.scripts].map(s => s.getAttribute('src'))") == ["/static/page.js"], view
    kinds = "[...document.querySelectorAll('[href], [src], [action]')].map(e => (e.href || e.src || e.action) + '')"
    addresses = page.evaluate(kinds)
    assert len(addresses) > 5 and all(a.startswith(page.url.split("/", 3)[0] + "//127.0.0.1") for a in addresses), view
    wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth)"
    names = page.evaluate(f"{wide}.map(e => e.tagName + '.' + e.className).slice(0, 4)")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], (view, names)


def test_no_text_of_an_article_does_anything_to_a_page(browser: Any, hostile: tuple[Running, list[str]]) -> None:
    running, urls = hostile
    base = f"http://127.0.0.1:{running.port}"
    page, wrong = watched(browser, base)
    views = ["/", "/site", "/findings", "/draft", "/?query=moon+tide", f"/?query={quote(HOSTILE['script'], safe='')}"]
    views += [f"/article?url={quote(url, safe='')}" for url in urls]
    views += [f"/article?url={quote(urls[0], safe='')}&mode={mode}" for mode in ("empty", "regenerate")]
    for view in views:
        assert page.goto(view).status == 200, view
        check_harmless(page, wrong, view)
    # Neighbours, by their links; the type-ahead; drafts that hold the texts themselves.
    page.goto(f"/article?url={quote(urls[1], safe='')}")
    for number in range(3):
        page.locator("section[aria-labelledby=list] a.title").nth(number).click()
        check_harmless(page, wrong, f"neighbour {number}: {page.url}")
        page.go_back()
    page.goto("/")
    page.get_by_role("combobox").fill("moon tide")
    page.wait_for_selector("[role=option]")
    assert page.locator("[role=option]").count() >= 5
    check_harmless(page, wrong, "type-ahead")
    for name, text in HOSTILE.items():
        page.goto("/draft")
        page.get_by_label("Title or question").fill(f"Moon {text}"[:1900])
        page.get_by_label("Text").fill(f"moon sea tide {text}")
        page.get_by_label("Keywords").fill(text[:1900])
        page.get_by_role("button", name="Find links").click()
        page.wait_for_selector("text=It should link to")
        assert page.get_by_label("Text").input_value().replace("\r\n", "\n").startswith("moon sea tide"), name
        check_harmless(page, wrong, f"draft {name}")
    page.context.close()


def test_an_error_is_a_page_for_a_browser(browser: Any, hostile: tuple[Running, list[str]]) -> None:
    page, wrong = watched(browser, f"http://127.0.0.1:{hostile[0].port}")
    for view in (f"/article?url={quote(HOSTILE['script'], safe='')}", f"/nowhere/{quote(HOSTILE['script'], safe='')}"):
        assert page.goto(view).status == 404
        assert page.locator("h1").count() == 1
        # Chromium itself notes the status of what it opened.
        wrong[:] = [said for said in wrong if "status of 404" not in said]
        check_harmless(page, wrong, view)
    page.context.close()
