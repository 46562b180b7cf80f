"""What a site's files tell of it: its generator, its folders, languages as suffixes, the site that a folder is in."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sites import write_files

from recommender.errors import SettingsError
from recommender.settings import settings_in
from recommender.site.corpus import read_corpus
from recommender.site.detection import detect, find_site, nested_title, sampled_keys

PAGE = "---\ntitle: A tide\n---\n\nThe sea.\n"


def files(*paths: str) -> dict[str, str]:
    return dict.fromkeys(paths, PAGE)


@pytest.mark.parametrize(
    ("paths", "apart"),
    [
        (("a.md", "b.md", "a.de.md", "b.de.md"), {"language": "suffix", "codes": "de", "default": "en"}),
        (("a.md", "b.md", "a.de.md"), {}),  # one file is no language
        (("a.de.md", "b.de.md"), {}),  # nor is one language alone
        (("a.de.md", "b.de.md", "a.fr.md", "b.fr.md"), {"language": "suffix", "codes": "de, fr", "default": "en"}),
        (("a.md", "b.md", "node.js.md", "vue.js.md"), {}),
        (("a.md", "b.md", "about.it.md", "work.it.md"), {}),  # no page stands beside them
        (
            ("x/_index.de.md", "x/_index.md", "x/a.md", "x/a.de.md"),
            {"language": "suffix", "codes": "de", "default": "en"},
        ),
    ],
)
def test_languages_as_suffixes(tmp_path: Path, paths: tuple[str, ...], apart: dict[str, str]) -> None:
    write_files(tmp_path, {"hugo.toml": "", **files(*(f"content/{path}" for path in paths))})
    assert detect(tmp_path).apart == apart


def test_a_page_and_its_translations_are_of_three_languages(tmp_path: Path) -> None:
    settings = settings_in("site: hugo\napart: {language: suffix, codes: [de, fr], default: en}\n", tmp_path / "x.yml")
    write_files(tmp_path, files("a.md", "a.de.md", "a.fr.md", "a.it.md", "b.DE.md"))
    read = {one.path: (one.url, one.language) for one in read_corpus(tmp_path, settings).articles}
    assert read == {
        "a.md": ("/a/", "en"),
        "a.de.md": ("/de/a/", "de"),
        "a.fr.md": ("/fr/a/", "fr"),
        "a.it.md": ("/a.it/", "en"),
        "b.DE.md": ("/de/b/", "de"),
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{language: suffix}", "needs the codes that are suffixes"),
        ("{language: folder}", "apart.language 'folder' is no place; known: folder N, key NAME, suffix"),
        ("{version: suffix}", "apart.version 'suffix' is no place; known: folder N, key NAME"),
        ("{lang: folder 1}", "unknown setting of apart 'lang'"),
        ("suffix", "apart must be lines of"),
    ],
)
def test_a_place_that_is_none_is_refused(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings_in(f"apart: {line}\n", tmp_path / "recommender.yml")


@pytest.mark.parametrize(("place", "language"), [("folder 2", "de"), ("key tongue", "nl"), ("folder 1", "")])
def test_a_folder_or_a_key_that_settings_name_alone_counts(tmp_path: Path, place: str, language: str) -> None:
    page = PAGE.replace("title", "tongue: nl\ntitle")
    write_files(tmp_path, {"docs/de/a.md": page, "docs/de/b.md": page, "docs/x/c.md": PAGE, "docs/x/d.md": PAGE})
    settings = settings_in(f"site: plain\napart: {{language: {place}}}\n", tmp_path / "recommender.yml")
    read = {one.path: one.language for one in read_corpus(tmp_path, settings).articles}
    if place == "key tongue":
        language = ""  # one language alone keeps nothing apart
    assert read["docs/de/a.md"] == language


def test_a_default_language_that_is_named_and_has_a_folder_has_it_for_its_own(tmp_path: Path) -> None:
    pages = files("content/en/a.md", "content/en/b.md", "content/de/a.md", "content/base/c.md")
    write_files(tmp_path, {"hugo.toml": 'defaultContentLanguage = "en"\n', **pages})
    found = detect(tmp_path)
    assert (found.content, found.patterns) == (
        ("content/de", "content/en"),
        {"en/": "/{path}/", "de/": "/de/{path}/"},
    )
    (tmp_path / "hugo.toml").write_text("")
    assert (detect(tmp_path).content, detect(tmp_path).patterns) == (("content",), {})


def test_the_site_of_a_folder(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "work/.git/HEAD": "",
            "work/docs/hugo.toml": "",
            **files("work/docs/content/a.md", "work/notes/b.md", "bare/c.md"),
        },
    )
    assert find_site(tmp_path / "work/docs/content") == tmp_path / "work/docs"
    assert find_site(tmp_path / "work/notes") == tmp_path / "work"
    assert find_site(tmp_path / "work") == tmp_path / "work"
    assert find_site(tmp_path / "bare") is None
    write_files(tmp_path, {"bare/site/mkdocs.yml": "", **files("bare/site/docs/a.md")})
    assert find_site(tmp_path / "bare") == tmp_path / "bare"
    write_files(tmp_path, {"hexo/scaffolds/post.md": "", **files("hexo/source/_posts/a.md")})
    assert find_site(tmp_path / "hexo/source/_posts") == tmp_path / "hexo", "of nested markers the outermost"


def test_nothing_is_looked_for_in_a_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_files(tmp_path, {"hugo.toml": "", **files("content/a.md")})
    assert find_site(tmp_path) is None
    assert find_site(tmp_path / "content") is None


def test_keys_are_counted_with_those_below_them(tmp_path: Path) -> None:
    page = "---\ndetails:\n  title: A\n---\n\nText.\n"
    write_files(tmp_path, {"a.md": page, "b.md": page, "c.md": "no front matter"})
    keys = sampled_keys(tmp_path, ["."])
    assert (keys[""], keys["details"], keys["details.title"]) == (2, 2, 2)
    assert nested_title(keys) == "details.title"


def test_a_page_without_title_and_text_is_never_suggested(tmp_path: Path) -> None:
    settings = settings_in("site: hugo\n", tmp_path / "recommender.yml")
    write_files(tmp_path, {"a.md": "---\nslug: a\n---\n\n", "b.md": "---\nslug: b\n---\n\nText.\n", "c.md": PAGE})
    read = {one.path: one.visibility for one in read_corpus(tmp_path, settings).articles}
    assert (read["a.md"].never, read["a.md"].no_list) == (("no text",), ("no text",))
    assert (read["b.md"].never, read["c.md"].never) == ((), ())
