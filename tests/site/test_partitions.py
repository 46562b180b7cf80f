"""Languages and versions: what tells them apart, and that no page suggests one of another."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sites import BUILT_AT, article, write_files

from recommender.build.pipeline import fit_model
from recommender.model.ask import ask, why
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.site.link_verdicts import judge_links

TIDE = "The tide follows the moon around the earth"


def partitions_of(top: Path, files: dict[str, str]) -> dict[str, tuple[str, str]]:
    corpus = read_corpus(write_files(top, files), Settings())
    return {one.path: (one.language, one.version) for one in corpus.articles}


def pages(*paths: str, **front: str) -> dict[str, str]:
    return {path: article(path.replace("/", "-").removesuffix(".md"), **front) for path in paths}


@pytest.mark.parametrize(
    ("files", "of"),
    [
        (pages("a.md", "b.md"), {"a.md": ("", "")}),
        (pages("en/a.md", "en/b.md", "de/a.md", "de/b.md"), {"en/a.md": ("en", ""), "de/b.md": ("de", "")}),
        (
            pages("docs/pt-br/a.md", "docs/pt-br/b.md", "docs/zh-Hant/a.md", "docs/zh-Hant/b.md"),
            {"docs/zh-Hant/a.md": ("zh-hant", "")},
        ),
        (pages("en/a.md", "en/b.md", "de/a.md"), {"en/a.md": ("", "")}),  # one page is no language
        (pages("v1/a.md", "v1/b.md", "v2/a.md", "v2/b.md", "c.md"), {"v1/a.md": ("", "v1"), "c.md": ("", "")}),
        (pages("docs/1.0/a.md", "docs/1.0/b.md", "docs/2.0/a.md", "docs/2.0/b.md"), {"docs/2.0/a.md": ("", "2.0")}),
        (pages("2023/a.md", "2023/b.md", "2024/a.md", "2024/b.md"), {"2023/a.md": ("", "")}),  # years
        (
            pages("a.md", "b.md", lang="de") | pages("c.md", "d.md", "e.md", lang="en") | pages("f.md"),
            {"a.md": ("de", ""), "f.md": ("en", "")},
        ),
        # Two folders of a large site that have such names by chance.
        (
            pages(*(f"hr/{n}.md" for n in "ab"), *(f"it/{n}.md" for n in "ab"), *(f"law/{n}.md" for n in "abcdefgh")),
            {"hr/a.md": ("", "")},
        ),
    ],
)
def test_what_tells_languages_and_versions(
    tmp_path: Path, files: dict[str, str], of: dict[str, tuple[str, str]]
) -> None:
    found = partitions_of(tmp_path, files)
    assert {path: found[path] for path in of} == of


def test_no_page_of_another_language_or_version_is_suggested(tmp_path: Path) -> None:
    folders = {"en/1.0": "first", "en/2.0": "second", "de/1.0": "dritte", "en": "any"}
    files = {
        f"{folder}/{name}.md": article(f"{folder.replace('/', '-')}-{name}", answer=f"{TIDE} {name} {word}.")
        for folder, word in folders.items()
        for name in ("ebb", "flood", "mill")
    }
    corpus = read_corpus(write_files(tmp_path, files), Settings(floor=0.0))
    model = fit_model(corpus, Settings(floor=0.0), BUILT_AT)
    seen = set()
    for row, one in enumerate(corpus.articles):
        for candidate in model.choose_for(row).shown:
            other = corpus.articles[candidate.row]
            assert other.language == one.language and other.version in ("", one.version)
            seen.add((one.version, other.version))
    # A page of a version may lead to one of none, but not the other way round.
    assert ("2.0", "") in seen and ("", "") in seen and ("", "1.0") not in seen
    answer = ask(model, "/en-1.0-ebb", 5)
    assert why(answer, "/en-2.0-ebb").rule == "other-language"


def test_a_curated_link_to_another_language_is_sound(tmp_path: Path) -> None:
    files = pages("en/a.md", "en/b.md", "de/a.md", "de/b.md")
    files["en/a.md"] = article("en-a", "related_article1:\n    title: About de-a\n    url: /de-a\n")
    corpus = read_corpus(write_files(tmp_path, files), Settings())
    (judged,) = judge_links(corpus, corpus.row_of["/en-a"], frozenset())
    assert judged.verdict == "sound"
