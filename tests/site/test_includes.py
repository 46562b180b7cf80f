"""Texts that another file of the site holds: read where the page names it, bounded, and noticed when they change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_sites import write_files

from recommender.build.site_build import build_site
from recommender.settings import Settings, settings_in
from recommender.site.corpus import Corpus, read_corpus

PAGE = "---\ntitle: {}\n---\n\n{}\n"
BEFORE, AFTER, HELD = "Before the tide.", "After the tide.", "A text about the neap tide."


def read(top: Path, site: str, files: dict[str, str]) -> Corpus:
    write_files(top / "content", files)
    return read_corpus(top / "content", settings_of(top, site))


def settings_of(top: Path, site: str) -> Settings:
    return settings_in(f"site: {site}\ncontent: content\nfloor: 0\n", top / "recommender.yml")


def body_of(corpus: Corpus, path: str) -> str:
    (article,) = [one for one in corpus.articles if one.path == path]
    return article.texts[Settings().sources.index("body")]


@pytest.mark.parametrize(
    ("site", "line", "held"),
    [
        ("jekyll", "{% include_relative parts/x.md %}", "parts/x.md"),
        ("jekyll", "{% include x.md kind='note' %}", "_includes/x.md"),
        ("mkdocs", '{% include "parts/x.md" %}', "parts/x.md"),
        ("mkdocs", "{% include-markdown '../parts/x.md' %}", "parts/x.md"),
        ("mkdocs", '--8<-- "parts/x.md"', "parts/x.md"),
        ("mkdocs", '--8<-- "content/parts/x.md"', "parts/x.md"),
        ("vitepress", "<!--@include: ./parts/x.md-->", "docs/parts/x.md"),
        ("vitepress", "<!-- @include: @/parts/x.md{3,9} -->", "parts/x.md"),
        ("docusaurus", "import Held from './_x.md';\n\n<Held />", "docs/_x.md"),
        ("docusaurus", "import Held from '@site/content/docs/_x.mdx'\n\n<Held kind='a'>x</Held>", "docs/_x.mdx"),
        ("starlight", 'import Held from "../parts/_x.mdx";\n\n<Held/>', "parts/_x.mdx"),
        ("eleventy", '{% include "x.md" %}', "_includes/x.md"),
    ],
)
def test_the_text_stands_where_the_page_names_it(tmp_path: Path, site: str, line: str, held: str) -> None:
    deep = "docs/a.md"
    if site == "jekyll" and "relative" in line:
        deep = "a.md"
    files = {deep: PAGE.format("A", f"{BEFORE}\n\n{line}\n\n{AFTER}"), held: PAGE.format("Held", HELD)}
    corpus = read(tmp_path, site, files)
    assert " ".join(body_of(corpus, deep).split()) == f"{BEFORE} {HELD} {AFTER}"
    assert not [one for one in corpus.problems if one.code == "bad-include"]


def test_a_line_in_code_and_a_file_that_is_no_text_stay(tmp_path: Path) -> None:
    text = '```\n{% include "x.md" %}\n```\n\n{% include "x.html" %}\n'
    corpus = read(tmp_path, "mkdocs", {"a.md": PAGE.format("A", text), "x.md": HELD, "x.html": HELD})
    assert HELD not in body_of(corpus, "a.md")
    assert not [one for one in corpus.problems if one.code == "bad-include"]


def test_the_source_of_a_page_is_its_text_and_no_page(tmp_path: Path) -> None:
    files = {
        "v2/admin.md": "---\ntitle: Admin of 2\nsource: /shared/admin.md\n---\n",
        "v3/admin.md": "---\ntitle: Admin of 3\nsource: /shared/admin.md\n---\n",
        "shared/admin.md": f"# Admin\n\n{HELD}\n",
        "other.md": PAGE.format("Other", "Something else."),
    }
    corpus = read(tmp_path, "hugo", files)
    assert [one.path for one in corpus.articles] == ["other.md", "v2/admin.md", "v3/admin.md"]
    assert HELD in body_of(corpus, "v2/admin.md")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"x.md": '{% include "a.md" %}'}, "a.md: it includes itself"),
        ({"x.md": '{% include "x.md" %}'}, "x.md: it includes itself"),
        ({}, "x.md: No such file or directory"),
        ({f"x{n}.md": f'{{% include "x{n + 1}.md" %}}' for n in range(20)} | {"x.md": '{% include "x0.md" %}'}, "deep"),
        ({"x.md": '{% include "y.md" %}\n' * 300, "y.md": "Y"}, "200 in all"),
        ({"x.md": '{% include "y.md" %}\n' * 30, "y.md": "a tide " * 20_000}, "larger than 1 MiB"),
    ],
)
def test_what_cannot_be_taken_in_is_left_out_and_said(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    page = {"a.md": PAGE.format("A", f'{BEFORE}\n\n{{% include "x.md" %}}\n\n{AFTER}')}
    corpus = read(tmp_path, "mkdocs", {**files, **page})
    problems = [one for one in corpus.problems if one.code == "bad-include" and one.path == "a.md"]
    assert problems and any(reason in one.value for one in problems)
    assert {one.severity for one in problems} == {"warning"}
    assert BEFORE in body_of(corpus, "a.md") and AFTER in body_of(corpus, "a.md")


def test_no_path_leads_out_of_the_site(tmp_path: Path) -> None:
    write_files(tmp_path, {"secret.md": HELD, "out/held.md": HELD})
    site = tmp_path / "site"
    write_files(site / "content", {"y.md": "Y"})
    (site / "content" / "link.md").symlink_to(tmp_path / "secret.md")
    (site / "content" / "folder").symlink_to(tmp_path / "out")
    lines = ['"../../secret.md"', '"../link.md"', '"folder/held.md"', '"link.md"']
    text = "\n\n".join(f"{{% include {line} %}}" for line in lines)
    corpus = read(site, "mkdocs", {"a.md": PAGE.format("A", text)})
    assert HELD not in body_of(corpus, "a.md")
    reasons = sorted(one.value for one in corpus.problems if one.code == "bad-include")
    assert [reason.partition(": ")[2] for reason in reasons if "link" not in reason] == [
        "it is outside of the site"
    ] * 2
    assert len(reasons) == len(lines)


@pytest.mark.parametrize("change", ["edited", "gone", "new"])
def test_a_build_notices_that_an_included_file_changed(tmp_path: Path, change: str) -> None:
    settings = settings_of(tmp_path, "mkdocs")
    held = tmp_path / "content" / "parts" / "x.txt"
    files = {"a.md": PAGE.format("A", '{% include "parts/x.txt" %}'), "b.md": PAGE.format("B", "An ebb of the sea.")}
    write_files(tmp_path / "content", files)
    if change != "new":
        write_files(held.parent, {"x.txt": HELD})
    old = 1_700_000_000 * 10**9
    for file in (tmp_path / "content").rglob("*.*"):
        os.utime(file, ns=(old, old))
    first = build_site(tmp_path / "content", settings, tmp_path / "model").model
    if change == "gone":
        held.unlink()
    else:
        write_files(held.parent, {"x.txt": "A tide mill grinds."})
    changed = build_site(tmp_path / "content", settings, tmp_path / "model").model
    anew = build_site(tmp_path / "content", settings, tmp_path / "anew").model
    assert changed.corpus_digest == anew.corpus_digest != first.corpus_digest
    assert changed.vectors.space.terms.all() == anew.vectors.space.terms.all()
