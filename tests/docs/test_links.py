"""Nothing that a page names is missing: pages, anchors, pictures, files, tests, commands and options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import DOCS, NOTES, PAGES, README, anchors, links, name_of, prose, text_of
from small_sites import ROOT

WRITTEN = [page for page in (*PAGES, *NOTES) if page.exists()]
# A path in the repository, as a page names it in code: `deploy/nginx.conf`, `recommender/site/`.
NAMED = re.compile(r"`((?:recommender|tests|docs|deploy|data|models|notebooks|benchmarks)/[\w./-]*)`")


def test_the_rules_below_look_at_every_page() -> None:
    assert README in WRITTEN
    assert len(WRITTEN) > 25


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"{name_of(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{name_of(page)}: {link}"
        # A built site holds docs/ alone.
        assert DOCS not in page.parents or DOCS in target.parents, f"{name_of(page)}: {link}; name the file in code"


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    if page.name == "CHANGELOG.md":  # says what was, too
        return
    for name in NAMED.findall(prose(page)):
        # A model's folders and files come and go.
        assert (ROOT / name).exists() or name.startswith("models/"), name


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    defined = set(re.findall(r"def (test_\w+)\(", "".join(text_of(file) for file in (ROOT / "tests").rglob("*.py"))))
    assert set(re.findall("`(test_[a-z0-9_]+)`", text_of(page))) <= defined


def test_every_page_is_reached_from_the_index() -> None:
    named = {(DOCS / link.partition("#")[0]).resolve() for link in links(DOCS / "index.md")}
    assert named == {page for page in PAGES if page not in (README, DOCS / "index.md")}


def test_every_promise_names_a_test() -> None:
    rows = [row for row in text_of(DOCS / "explanation" / "promises.md").splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 10
    assert [row for row in rows if "`test_" not in row] == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page) if link.endswith(".png")}
    assert shown == set((DOCS / "images").iterdir())


def test_the_readme_is_short_and_names_every_command() -> None:
    from recommender.cli.main import cli

    text = text_of(README)
    assert len(text.splitlines()) <= 180
    assert set(re.findall(r"^\| \[`(\w+)`\]", text, re.MULTILINE)) == set(cli.commands)


def test_the_figures_of_the_readme_are_those_of_its_pages() -> None:
    table = text_of(README).split("## Five numbers")[1].split("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ") and "|---" not in row][1:]
    assert len(rows) == 5
    pages = text_of(DOCS / "explanation" / "quality.md") + text_of(DOCS / "explanation" / "performance.md")
    known = set(re.findall(r"\d[\d.,]*\d", pages))
    assert [figure for figure in re.findall(r"\d[\d.,]*\d", "".join(rows)) if figure not in known] == []
