"""The text by which a list names a page: in the site's own form, and only where it means that page alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sites import write_files

from recommender.settings import settings_in
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.page_names import reference_to

PAGE = "---\ntitle: {title}\n{front}---\n\nThe tide of {title}.\n"


def read(top: Path, refer: str, site: str = "hugo", **fronts: str) -> Corpus:
    paths = {"moon": "docs/moon.md", "sun": "docs/deep/sun.md", "twin": "other/sun.md", "home": "docs/guide/index.md"}
    files = {path: PAGE.format(title=name, front=fronts.get(name, "")) for name, path in paths.items()}
    settings = settings_in(
        f"site: {site}\nlinks: {{key: related, shape: texts, refer: {refer}}}\n", top / "recommender.yml"
    )
    return read_corpus(write_files(top, files), settings)


def named(corpus: Corpus, target: str, asking: str = "docs/moon.md") -> str:
    rows = {article.path: row for row, article in enumerate(corpus.articles)}
    return reference_to(corpus, rows[asking], rows[target], corpus.reference_style)


@pytest.mark.parametrize(
    ("refer", "front", "wanted"),
    [
        ("url", "", "/docs/deep/sun/"),
        ("url", "related: [/docs/moon]\n", "/docs/deep/sun"),
        ("url", "related: [docs/moon/]\n", "docs/deep/sun/"),
        ("url", "related: [/docs/moon.html]\n", "/docs/deep/sun.html"),
        ("slug", "", "deep/sun"),  # sun alone would be two pages
        ("file", "", "./deep/sun.md"),
        ("file", "related: [docs/moon.md]\n", "docs/deep/sun.md"),
        ("file", "related: [../moon.md]\n", "./deep/sun.md"),
        ("wikilink", "", "[[deep/sun]]"),
        ("wikilink", 'related: ["[[docs/moon]]"]\n', "[[docs/deep/sun]]"),
        ("wikilink", 'related: ["[[docs/moon|The moon]]"]\n', "[[docs/deep/sun|sun]]"),
        ("title", "", "sun"),
        ("id", "", ""),
        ("key uid", "", "s-1"),
    ],
)
def test_a_page_in_each_form(tmp_path: Path, refer: str, front: str, wanted: str) -> None:
    corpus = read(tmp_path, refer, sun="uid: s-1\n", home=front, twin="uid: s-2\n")
    assert named(corpus, "docs/deep/sun.md") == wanted


@pytest.mark.parametrize(
    ("refer", "wanted"), [("file", "../other/sun.md"), ("slug", "other/sun"), ("wikilink", "[[other/sun]]")]
)
def test_a_page_of_another_folder(tmp_path: Path, refer: str, wanted: str) -> None:
    assert named(read(tmp_path, refer), "other/sun.md") == wanted


def test_what_two_pages_are_called_names_neither(tmp_path: Path) -> None:
    corpus = read(tmp_path, "title", sun="x: 1\n", twin="x: 2\n")
    assert named(corpus, "docs/deep/sun.md") == "sun"
    write_files(tmp_path, {"other/sun.md": "---\ntitle: sun\n---\n\nAnother text.\n"})
    corpus = read_corpus(tmp_path, settings_in("site: hugo\nlinks: {key: related, refer: title}\n", tmp_path / "r.yml"))
    assert named(corpus, "docs/deep/sun.md") == ""
    assert named(corpus, "docs/guide/index.md") == "home"


def test_the_page_of_a_folder_keeps_the_slash_where_others_end_with_html(tmp_path: Path) -> None:
    corpus = read(tmp_path, "url", site="vitepress", sun="related: [/docs/moon.html]\n")
    assert named(corpus, "docs/deep/sun.md") == "/docs/deep/sun.html"
    assert named(corpus, "docs/guide/index.md") == "/docs/guide/"


def test_a_title_in_a_wikilink_closes_none(tmp_path: Path) -> None:
    corpus = read(tmp_path, "wikilink", moon="related: ['[[docs/moon|M]]']\n")
    files = {"docs/odd.md": "---\ntitle: 'An [odd] | title'\n---\n\nText.\n"}
    settings = settings_in("site: hugo\nlinks: {key: related, refer: wikilink}\n", tmp_path / "recommender.yml")
    corpus = read_corpus(write_files(tmp_path, files), settings)
    assert named(corpus, "docs/odd.md") == "[[docs/odd|An (odd) - title]]"
