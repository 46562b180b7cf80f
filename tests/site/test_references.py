"""References by slug, file, wikilink, title, id and key: which page they mean, and how a list writes a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sites import write_files

from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.link_verdicts import judge_links
from recommender.site.page_names import reference_to
from recommender.site_settings import ListSettings, PageSettings

FILES = {
    "index.md": "Home",
    "guide/start.md": "Get started",
    "guide/02-next.md": "The next step",
    "guide/deep/start.md": "Start deeply",
    "notes/index.md": "Notes",
    "2024-01-02-news.md": "News",
}


def corpus_of(top: Path, refer: str, items: list[str], shape: str = "texts") -> Corpus:
    files = {
        path: f"---\ntitle: {title}\nuid: u-{n}\n---\n\nText {n}.\n" for n, (path, title) in enumerate(FILES.items())
    }
    listed = "".join(f"  - {item!r}\n" for item in items)
    files["guide/asker.md"] = f"---\ntitle: Asker\nuid: ask\nrelated:\n{listed}---\n\nAsks.\n"
    settings = Settings(
        content=top,
        pages=PageSettings(derived=True, title=("title",)),
        links=(ListSettings("related", shape, refer),),
    )
    return read_corpus(write_files(top, files), settings)


@pytest.mark.parametrize(
    ("refer", "item", "found"),
    [
        ("slug", "next", "guide/02-next.md"),
        ("slug", "02-next", "guide/02-next.md"),
        ("slug", "News", "2024-01-02-news.md"),
        ("slug", "deep/start", "guide/deep/start.md"),
        ("slug", "start", "ambiguous"),
        ("slug", "notes", "notes/index.md"),
        ("slug", "nowhere", "dead"),
        ("file", "./start.md", "guide/start.md"),
        ("file", "deep/start.md", "guide/deep/start.md"),
        ("file", "../notes/index.md", "notes/index.md"),
        ("file", "/guide/start.md", "guide/start.md"),
        ("wikilink", "[[guide/start|Start here]]", "guide/start.md"),
        ("wikilink", "[[The next step]]", "guide/02-next.md"),
        ("wikilink", "[[notes/index#part]]", "notes/index.md"),
        ("wikilink", "[[start]]", "ambiguous"),
        ("title", "get  Started", "guide/start.md"),
        ("key uid", "u-3", "guide/deep/start.md"),
        ("url", "/guide/start", "guide/start.md"),
        ("url", "../notes/", "notes/index.md"),
        ("url", "https://other.example/x", "external"),
        ("slug", "asker", "self"),
    ],
)
def test_a_reference_means(tmp_path: Path, refer: str, item: str, found: str) -> None:
    corpus = corpus_of(tmp_path, refer, [item])
    row = next(row for row, one in enumerate(corpus.articles) if one.path == "guide/asker.md")
    (judged,) = judge_links(corpus, row, frozenset())
    assert (corpus.articles[judged.target].path if judged.sound else judged.verdict) == found
    assert judged.link.url == item and judged.drift == ()


@pytest.mark.parametrize("refer", ["url", "slug", "file", "wikilink", "title", "key uid"])
@pytest.mark.parametrize("items", [[], ["/guide/start/"], ["[[guide/start|Get started]]"], ["guide/start"]])
def test_a_page_is_written_so_that_it_is_found_again(tmp_path: Path, refer: str, items: list[str]) -> None:
    corpus = corpus_of(tmp_path, refer, items)
    asking = next(row for row, one in enumerate(corpus.articles) if one.path == "guide/asker.md")
    for target in range(len(corpus.articles)):
        text = reference_to(corpus, asking, target, corpus.reference_style)
        if target != asking:
            again = corpus_of(tmp_path, refer, [text])
            (judged,) = judge_links(again, asking, frozenset())
            assert (judged.verdict, judged.target) == ("sound", target), text


@given(st.lists(st.text("ab-/", min_size=1, max_size=8), unique=True, max_size=6))
def test_names_of_any_paths_are_never_of_another_page(paths: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as top:
        files = {"x/" + path.strip("/").replace("//", "/") + ".md" for path in paths}
        written = {path: f"---\ntitle: T{n}\n---\n\nText {n}.\n" for n, path in enumerate(sorted(files))} | {
            "asker.md": "---\ntitle: Asker\n---\n\nAsks.\n"
        }
        write_files(Path(top), written)
        settings = Settings(
            content=Path(top), pages=PageSettings(derived=True), links=(ListSettings("related", "texts", "slug"),)
        )
        corpus = read_corpus(Path(top), settings)
        asking = corpus.row_of["/asker/"]
        names = [reference_to(corpus, asking, row, corpus.reference_style) for row in range(len(corpus.articles))]
        given_names = [name for name in names if name]
        assert len(set(given_names)) == len(given_names)
