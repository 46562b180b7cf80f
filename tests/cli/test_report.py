"""``report``: four formats of the same numbers, and sites on which there is little to say."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from small_sites import ROOT, article, in_process, link, write_files

pytestmark = pytest.mark.slow  # a process for every format

TIDES = "The moon pulls the sea, and the sea answers with a tide, twice a day, all along the coast"
OWLS = article("b", answer="Owls fly.", title="Birds")
EVIL = "</title><script>alert(1)</script>&\"'"


def report(site: Path, *arguments: str) -> str:
    done = in_process(site, "report", *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    return done.stdout


def test_the_formats_agree(site: Path) -> None:
    found = json.loads(report(site, "--json"))
    before, after = found["before"], found["after"]
    assert (before["orphans"], after["orphans"]) == (33, 0)
    assert sum(one["count"] for one in found["orphans"]) == before["orphans"]
    assert sum(before["in_links"]) == sum(after["in_links"]) > before["in_links"][0] == before["orphans"]
    assert sum(before["clicks"]) + before["unreached"] == found["pages"] == sum(after["clicks"]) + after["unreached"]
    text = report(site)
    assert re.search(r"pages without a link to them +33 +0\n", text)
    assert f"{before['gini']:.3f}" in text
    table = list(csv.DictReader(io.StringIO(report(site, "--format", "csv"))))
    orphans = {page["url"]: page for one in found["orphans"] for page in one["pages"]}
    assert set(orphans) <= {row["url"] for row in table if row["in_links"] == "0"}
    for row in table:
        page = orphans.get(row["url"])
        if page:
            linkers = [row[f"linker_{number}"] for number in (1, 2, 3)]
            assert [one["url"] for one in page["linkers"]] == [one for one in linkers if one]
            assert (row["in_links"], int(row["in_links_after_fill"])) == ("0", page["after"])
    assert sum(len(page["linkers"]) == 3 for page in orphans.values()) > 20


class Elements(HTMLParser):
    """Notes the elements of a page, with their attributes, and that each is closed in its turn."""

    VOID = ("meta", "rect", "line")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_one_file_without_scripts(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert report(site, "--format", "html", "--output", str(file)) == ""
    elements = Elements(file.read_text(encoding="utf-8"))
    names = {tag for tag, _ in elements.found}
    assert {"svg", "table", "details"} <= names
    assert not names & {"script", "link", "img", "iframe"}
    assert not any(
        {"src", "href", "style"} & set(own) or any(n.startswith("on") for n in own) for _, own in elements.found
    )
    plots = [own for tag, own in elements.found if tag == "svg"]
    assert len(plots) == 2
    assert all(own["role"] == "img" and own["aria-label"] for own in plots)


def small_site(folder: Path, files: dict[str, str]) -> Path:
    write_files(folder, {"recommender.yml": "content: content\nfloor: 0.01\n"})
    write_files(folder / "content", files)
    return folder


def test_titles_do_nothing_to_a_page_nor_to_a_spreadsheet(tmp_path: Path) -> None:
    quoted = EVIL.replace("'", "''")
    files = {
        "a.md": article("a", title=f"'{quoted}'", subject='"=1+1"', answer=f"{TIDES} one"),
        "b.md": article("b", title="'=HYPERLINK(1)'", subject=f"'{quoted}'", answer=f"{TIDES} two"),
    }
    site = small_site(tmp_path, files)
    page = report(site, "--format", "html")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    Elements(page)
    cells = [cell for row in csv.reader(io.StringIO(report(site, "--format", "csv"))) for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith("=")]


def test_texts_and_lists_are_told_apart(tmp_path: Path) -> None:
    files = {
        "a.md": article("a", link(1, "b"), answer=f"{TIDES} one"),
        "b.md": article("b", answer=f"{TIDES} two", body="See [c](/c)."),
        "c.md": article("c", answer="Bread rises with yeast."),
    }
    found = json.loads(report(small_site(tmp_path, files), "--json"))
    assert found["before"]["links"] == {"lists": 1, "texts": 1, "either": 2}
    assert {one["url"]: (one["lists"], one["texts"]) for one in found["before"]["busiest"]} == {
        "/b": (1, 0),
        "/c": (0, 1),
    }
    assert [page["url"] for one in found["orphans"] for page in one["pages"]] == ["/a"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.md": article("a")}, "There is nothing to link it to."),
        ({"a.md": article("a", answer="Bread rises."), "b.md": OWLS}, "No page links to another yet."),
        ({"a.md": article("a", answer="Bread rises.", title="Yeast"), "b.md": OWLS},
         "would add no link: no two pages are near enough."),
        ({"a.md": article("a"), "b.md": article("b", extra="no_index: true\n")}, "There is nothing to link it to."),
    ],
    ids=["one", "no-links", "nothing-near", "one-shown"],
)  # fmt: skip
def test_little_is_said_in_sentences(tmp_path: Path, files: dict[str, str], said: str) -> None:
    site = small_site(tmp_path, files)
    assert said in report(site)
    assert said.strip() in report(site, "--format", "html")
    assert report(site, "--format", "csv").count("\n") == 1 + sum("no_index" not in text for text in files.values())


def test_a_site_without_articles_is_said_to_be(tmp_path: Path) -> None:
    done = in_process(small_site(tmp_path, {"a.txt": "x"}), "report")
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds no Markdown file" in done.stderr


def test_a_log_of_clicks_names_the_links_that_nobody_follows_in_every_format(site: Path) -> None:
    log = ("--clicks", str(ROOT / "data" / "clicks.csv"))
    assert "unfollowed" not in json.loads(report(site, "--json"))
    found = json.loads(report(site, "--json", *log))["unfollowed"]
    lines = list(csv.DictReader(io.StringIO((ROOT / "data" / "clicks.csv").read_text(encoding="utf-8"))))
    by_url = [(one, [n for n in lines if (n["article"], n["link"]) == (one["article"]["url"], one["link"]["url"])])
              for one in found]  # fmt: skip
    assert len([own for _, own in by_url if own]) >= 2  # others are named by another copy than the log does
    for one, own in by_url:
        assert not own or sum(int(n["shown"]) for n in own) == one["shown"]
        assert not any(int(n["clicked"]) for n in own)
    text, page = report(site, *log), report(site, "--format", "html", *log)
    for one in found:
        assert one["link"]["title"] in text.partition("nobody followed")[2]
    assert page.count(" links to ") >= len(found) > 1
    broken = in_process(site, "report", "--clicks", "recommender.yml")
    assert (broken.returncode, "no column article" in broken.stderr) == (2, True)


def test_evaluate_compares_by_clicks(site: Path) -> None:
    done = in_process(site, "evaluate", "--json", "--clicks", str(ROOT / "data" / "clicks.csv"))
    found = json.loads(done.stdout)["clicks"]
    assert [one["rank"] for one in found["ranks"]] == [1, 2, 3, 4, 5]
    assert set(found["rankers"]) == {"model", "curated links"}
    assert found["rankers"]["curated links"]["difference of the first"][0] > 0
    assert found["not in the content"] == 0
