"""Links of texts in an audit: which articles they reach, which of them are dead, and where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sites import article, write_files

from recommender.settings import Settings
from recommender.site.audit import audit_site
from recommender.site.corpus import read_corpus
from recommender.site.text_links import judge_texts

OTHERS = {f"{name}.md": article(name, url=f"/x/{name}") for name in ("b", "c")}


def found(tmp_path: Path, body: str, url: str = "/x/a") -> tuple[set[str], tuple[str, ...]]:
    corpus = read_corpus(write_files(tmp_path, {**OTHERS, "a.md": article("a", body=body, url=url)}), Settings())
    texts, row = judge_texts(corpus), corpus.row_of[url]
    return {corpus.articles[other].url for other in texts.linked.get(row, ())}, texts.dead.get(row, ())


@pytest.mark.parametrize(
    ("body", "linked", "dead"),
    [
        ("See [b](/x/b).", {"/x/b"}, ()),
        ("See [b](b) and [c](../x/c#top).", {"/x/b", "/x/c"}, ()),
        ("See [itself](/x/a).", set(), ()),
        ("See [it](/x/gone) and [b](/x/b).", {"/x/b"}, ("/x/gone",)),
        ("See [it](https://example.org/x/gone), [](mailto:a@b.c).", set(), ()),
        ("See [a file](/x/list.pdf), [a tag](/tags/tea) and ![a picture](/x/gone).", set(), ()),
        ("See [code]({{ page }}) and `[x](/x/gone2)`.", set(), ()),
        ("See [[bin]].", set(), ()),
    ],
)
def test_what_links_of_a_text_lead_to(tmp_path: Path, body: str, linked: set[str], dead: tuple[str, ...]) -> None:
    assert found(tmp_path, body) == (linked, dead)


@pytest.mark.parametrize("url", ["/x/a", "/x/a/"])
def test_a_relative_link_may_be_meant_with_or_without_the_slash_of_its_page(tmp_path: Path, url: str) -> None:
    assert found(tmp_path, "See [b](b), and [c](../c).", url)[0] == {"/x/b", "/x/c"}


def test_an_audit_names_dead_ones_with_their_lines_and_counts_the_others_for_orphans(tmp_path: Path) -> None:
    files = {**OTHERS, "a.md": article("a", url="/x/a", body="First.\n\nSee [b](/x/b) and\n[it](/x/gone).\n")}
    corpus = read_corpus(write_files(tmp_path, files), Settings())
    problems = audit_site(corpus, 5).problems
    (dead,) = [problem for problem in problems if problem.code == "dead"]
    lines = (tmp_path / "a.md").read_text().split("\n")
    assert (dead.path, dead.slot, dead.value, dead.severity) == ("a.md", 0, "/x/gone", "warning")
    assert "/x/gone" in lines[dead.line - 1]
    assert {problem.path for problem in problems if problem.code == "orphan"} == {"a.md", "c.md"}


def test_where_most_links_lead_nowhere_the_addresses_are_others_and_nothing_is_said(tmp_path: Path) -> None:
    body = "See [b](/x/b), [d](/x/d) and [e](/x/e)."
    corpus = read_corpus(write_files(tmp_path, {**OTHERS, "a.md": article("a", url="/x/a", body=body)}), Settings())
    assert len(judge_texts(corpus).dead) == 1
    assert "dead" not in {problem.code for problem in audit_site(corpus, 5).problems}
