"""Languages and versions: what tells them apart, and that no page suggests one of another."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sites import BUILT_AT, article, link, write_files

from recommender.build.pipeline import fit_model
from recommender.build.site_build import build_site
from recommender.model.array_schema import to_arrays
from recommender.model.ask import ask, why
from recommender.model.lookup import look_up
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.site.link_verdicts import judge_links
from recommender.site_settings import ListSettings, PageSettings

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
        # The main language stands beside the folder of the only other one.
        (pages("a.md", "b.md", "c.md", "fr/a.md", "fr/b.md"), {"a.md": ("", ""), "fr/a.md": ("fr", "")}),
        (
            pages("docs/x/a.md", "docs/x/b.md", "docs/v1/x/a.md", "docs/v1/x/b.md", "docs/v1/x/c.md"),
            {"docs/x/a.md": ("", ""), "docs/v1/x/c.md": ("", "v1")},
        ),
        (pages("a.md", "b.md", "it/c.md", "it/d.md"), {"it/c.md": ("", "")}),  # no page of which is one of the others
        (pages("a.md", "b.md", "fr/a.md"), {"fr/a.md": ("", "")}),
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


def test_a_url_of_several_languages_and_versions_is_held_with_them_before_it(tmp_path: Path) -> None:
    files = {
        f"{folder}/{name}.md": article(name, id=str(100 * place + len(name)), url=f"/{name}")
        for place, folder in enumerate(("en/1.0", "en/2.0", "de/2.0"))
        for name in ("start", "stay", "stop")
    } | {f"en/2.0/{name}.md": article(name, url=f"/{name}") for name in ("more", "most", "much")}
    corpus = read_corpus(write_files(tmp_path, files), Settings())
    assert not [one for one in corpus.problems if one.code == "duplicate-url"]
    urls = {one.path: one.url for one in corpus.articles}
    assert (urls["en/2.0/start.md"], urls["en/1.0/start.md"]) == ("/start", "/1.0/start")
    assert urls["de/2.0/start.md"] == "/de/start"
    assert urls["en/2.0/more.md"] == "/more"
    assert len(set(urls.values())) == len(files) == len(corpus.articles)


def test_a_link_to_a_url_of_several_languages_means_that_of_its_own(tmp_path: Path) -> None:
    files = {
        f"{folder}/{name}.md": article(name, *links, id=str(10 * place + at), url=f"/{name}")
        for place, folder in enumerate(("en", "de"))
        for at, (name, links) in enumerate(
            {"a": [link(1, "b", identity=str(10 * place + 1))], "b": [], "c": []}.items()
        )
    }
    corpus = read_corpus(write_files(tmp_path, files), Settings())
    for folder in ("en", "de"):
        row = next(row for row, one in enumerate(corpus.articles) if one.path == f"{folder}/a.md")
        (judged,) = judge_links(corpus, row, frozenset())
        assert (judged.verdict, judged.drift) == ("sound", ())
        assert corpus.articles[judged.target].path == f"{folder}/b.md"


def test_two_files_of_one_language_with_one_url_are_none_still(tmp_path: Path) -> None:
    files = {f"{path}.md": article(path, url="/same") for path in ("en/a", "en/b", "de/c")}
    files |= {f"{path}.md": article(path, url=f"/{path}") for path in ("en/x", "en/y", "de/x", "de/y")}
    corpus = read_corpus(write_files(tmp_path, files), Settings())
    assert sorted(one.path for one in corpus.problems if one.code == "duplicate-url") == ["en/a.md", "en/b.md"]
    assert "/de/same" in corpus.row_of


def test_a_build_of_what_changed_is_one_of_all_where_languages_share_urls(tmp_path: Path) -> None:
    files = {
        f"{folder}/{name}.md": article(f"{name} {folder}", id=str(10 * place + at), url=f"/{name}")
        for place, folder in enumerate(("en", "de"))
        for at, name in enumerate("abc")
    }
    write_files(tmp_path / "site", {**files, "en/d.md": article("d")})
    build_site(tmp_path / "site", Settings(), tmp_path / "model")
    write_files(tmp_path / "site", {"de/b.md": article("another", id="77", url="/b")})
    changed = build_site(tmp_path / "site", Settings(), tmp_path / "model").model
    anew = build_site(tmp_path / "site", Settings(), tmp_path / "anew").model
    before, after = to_arrays(changed), to_arrays(anew)
    assert [name for name in after if before[name].tobytes() != after[name].tobytes()] == []
    assert changed.catalogue.titles[look_up(changed, "/de/b").row] == "About another"


@pytest.mark.parametrize(
    ("item", "found"),
    [("tides", "ar/tides.md"), ("/tides/", "tides.md"), ("waves", "waves.md"), ("tides/", "tides.md")],
)
def test_a_word_is_the_own_language_s_page_before_the_address_of_another(tmp_path: Path, item: str, found: str) -> None:
    """As on sites whose default language stands at the top: there every slug is an address too."""
    files = {path: f"---\nlang: en\ntitle: {path}\n---\n\n{path}\n" for path in ("tides.md", "waves.md")}
    files["ar/tides.md"] = "---\nlang: ar\ntitle: Tides\n---\n\nText.\n"
    files["ar/asks.md"] = f"---\nlang: ar\ntitle: Asks\nrelated: [{item}]\n---\n\nAsks.\n"
    settings = Settings(pages=PageSettings(derived=True), links=(ListSettings("related", "texts", "slug"),))
    corpus = read_corpus(write_files(tmp_path, files), settings)
    (judged,) = judge_links(corpus, corpus.row_of["/ar/asks/"], frozenset())
    assert (judged.verdict, corpus.articles[judged.target].path) == ("sound", found)
