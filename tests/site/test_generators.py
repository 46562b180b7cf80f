"""Small sites of every generator: init proves them, build reads them, fill writes their lists, undo takes it back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from generator_sites import SITES, Site
from small_sites import sources, write_files

from recommender.cli.main import main
from recommender.presets import PRESETS
from recommender.settings import load_settings
from recommender.site.corpus import read_corpus


def test_every_preset_has_a_site() -> None:
    assert {site.preset for site in SITES.values()} == set(PRESETS)


@pytest.mark.parametrize("name", SITES)
def test_init_detects_and_proves_the_site(name: str, top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site: Site = SITES[name]
    write_files(top, site.files)
    assert main(["init", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["site"], found["pages"], found["repeated"], found["to_do"]) == (site.preset, site.pages, 0, [])
    totals = [sum(one[key] for one in found["links"]) for key in ("found", "references")]
    assert tuple(totals) == site.references
    settings = load_settings(top / "recommender.yml")
    assert settings.content is not None
    urls = {article.path: article.url for article in read_corpus(settings.content, settings).articles}
    assert {path: urls.get(path) for path in site.urls} == dict(site.urls)


@pytest.mark.parametrize("name", SITES)
def test_a_fill_adds_links_that_are_found_and_is_taken_back(
    name: str, top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(top, SITES[name].files)
    assert main(["init"]) == 0
    assert main(["build"]) == 0
    before = sources(top)
    capsys.readouterr()
    code = main(["fill", "--write", "--allow-no-vcs", "--json"])
    written = json.loads(capsys.readouterr().out)
    refused = {problem["code"] for problem in written["problems"]}
    assert (code, refused) == (0, set()) and written["written"] > 0
    data_file = load_settings(top / "recommender.yml").data_file
    changed = {path for path, data in sources(top).items() if before.get(path) != data}
    assert data_file is None or changed == {data_file.relative_to(top).as_posix()}
    assert main(["audit", "--json"]) in (0, 1)
    verdicts = json.loads(capsys.readouterr().out)["verdicts"]
    assert verdicts["sound"] > written["summary"]["added"] - 1
    assert main(["fill", "--check"]) == 0, "a second fill changes nothing"
    assert main(["undo", "--write"]) == 0
    assert sources(top) == before


def test_a_page_of_the_site_is_shown_and_so_is_why_one_is_none(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, SITES["jekyll"].files)
    main(["init"])
    capsys.readouterr()
    assert main(["init", "--show", "_posts/2024-05-01-moon.md"]) == 0
    shown = capsys.readouterr().out
    assert "url: /2024/05/01/moon.html" in shown and "/2024/05/02/sun.html  ->  /2024/05/02/sun.html" in shown
    assert main(["init", "--show", "README.md"]) == 1
    assert "`except:` names it" in capsys.readouterr().out
    assert main(["init", "--show", "nowhere.md"]) == 2


def test_two_pages_with_one_url_are_named_with_what_to_set(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, {**SITES["hugo"].files, "content/docs/other.md": "---\ntitle: Other\nslug: moon\n---\n\nText.\n"})
    assert main(["init"]) == 1
    out = capsys.readouterr().out
    assert "2 files share their url with another (docs/moon.md and docs/other.md): set `url: {patterns: …}`" in out


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("hugo.toml", 'title = "Tides"\nbaseURL = ', "hugo.toml, line 2, cannot be read"),
        ("mkdocs.yml", "site_name: Tides\nsite_url: [\n", "mkdocs.yml, line 3, cannot be read"),
        ("mkdocs.yml", "\0", "mkdocs.yml, line 1, cannot be read"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_said(
    top: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, words: str
) -> None:
    name = "hugo" if "hugo" in file else "mkdocs"
    write_files(top, {**SITES[name].files, file: text})
    assert main(["init"]) == 1
    assert f"to do: {words}" in capsys.readouterr().out
