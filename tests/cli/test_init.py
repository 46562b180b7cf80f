"""What ``init`` says: files that are not read, lists that mix shapes, urls of two files; and that nothing stops it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from generator_sites import SITES, page
from small_sites import write_files

from recommender.cli.main import main

HUGO = SITES["hugo"].files


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def out_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["init", *arguments])
    return code, capsys.readouterr().out


def test_files_that_cannot_be_read_are_counted_and_shown(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = {f"content/broken{n}.md": "---\ntitle: [\n---\n\nText.\n" for n in range(4)}
    write_files(
        top, {**HUGO, **broken, "content/odd.md": b"---\ntitle: \xff\n---\n", "content/t.md": "+++\na =\n+++\n"}
    )
    code, out = out_of(capsys)
    assert code == 0, "the settings are right"
    assert "  6 files cannot be read:\n    broken0.md:" in out
    assert "error bad-yaml" in out and "(mend the line that is named)" in out
    assert out.count(": error ") == 3
    assert "    … and 3 more: `recommender audit`" in out
    found = json.loads(out_of(capsys, "--force", "--json")[1])
    codes = [problem["code"] for problem in found["unread"]]
    assert sorted(codes) == ["bad-toml", "bad-yaml", "bad-yaml", "bad-yaml", "bad-yaml", "not-utf8"]
    assert all(problem["line"] for problem in found["unread"] if problem["code"] == "bad-yaml")


@pytest.mark.parametrize("alone", [False, True])
def test_a_list_of_texts_and_mappings_is_named_with_its_line(
    top: Path, capsys: pytest.CaptureFixture[str], alone: bool
) -> None:
    mixed = "related:\n  - /docs/ebb/\n  - /docs/mill/\n  - url: /docs/sun/\n    title: Sun\n"
    files = {**HUGO, "content/docs/sun.md": page("sun", mixed)}
    if alone:  # no other list tells the shape
        files["content/docs/moon.md"] = page("moon")
    write_files(top, files)
    code, out = out_of(capsys)
    assert "  a file holds a list of another shape:\n    docs/sun.md:3: error other-shape" in out
    assert "name its shape in recommender.yml under `links:`, or mend the key" in out
    assert code == 0 or not alone


def test_two_files_with_one_derived_url_are_told_what_to_set(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twins = {f"content/docs/{name}-twin.md": page(name, f"slug: {name}\n") for name in ("moon", "sun")}
    write_files(top, {**HUGO, **twins})
    code, out = out_of(capsys)
    assert code == 1
    assert "4 files share their url with another (docs/moon-twin.md and docs/moon.md): set `url: {patterns: …}`" in out
    assert main(["audit"]) == 1
    said = capsys.readouterr().out
    assert "docs/sun-twin.md: error duplicate-url: docs/sun.md has the same url, so neither is an article" in said
    assert said.count("name in `except:` what is no page") == 4


def test_a_list_of_slugs_on_pages_with_url_and_id_is_found(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = {name: f"---\nid: {n}\nurl: /blog/{name}/\ntitle: {name}\n" for n, name in enumerate("abcd")}
    files = {f"posts/{name}.md": f"{front}---\n\nText of {name}.\n" for name, front in pages.items()}
    write_files(top, {**files, "posts/a.md": f"{pages['a']}related_posts:\n  - b\n  - gone\n---\n\nText.\n"})
    code, out = out_of(capsys)
    assert (code, "related_posts: texts by slug in 1 files: 2 references; 1 found" in out) == (0, True)


ODD: dict[str, dict[str, str | bytes]] = {
    "a list as configuration": {"hugo.toml": "", "_config.yml": "- a\n- b\n"},
    "bytes": {"hugo.toml": b"\xff\xfe\x00"},
    "an endless value": {"hugo.yaml": "a: " + "[" * 5000},
    "permalinks of numbers": {"hugo.yaml": "permalinks:\n  docs: 5\n  page: [a]\nlanguages: 7\ncontentDir: [x]\n"},
    "languages that lead out": {
        "hugo.toml": '[languages.de]\ncontentDir = "../../etc"\n[languages.fr]\ncontentDir = "/"\n'
    },
    "a content folder that leads out": {"hugo.toml": 'contentDir = "../.."\n'},
    "collections that are none": {
        "cloudcannon.config.yml": "collections_config: [a]\ncollections_config_from_glob: 5\n"
    },
    "a glob that leads out": {"cloudcannon.config.yml": "collections_config_from_glob: ['../*', '/', '', '**/**/*']\n"},
    "a url of odd brackets": {"cloudcannon.config.yml": "collections_config:\n  docs:\n    url: '/[what]/{{x}/'\n"},
    "versions that are none": {"docusaurus.config.js": "", "versions.json": "{]", "versioned_docs/x/a.md": "# A\n"},
    "plugins that are none": {"mkdocs.yml": "plugins:\n  i18n: 5\ndocs_dir: content\n"},
    "tags of another reader": {"mkdocs.yml": "x: !!python/name:a.b\ny: !ENV [A, b]\ndocs_dir: content\n"},
    "an anchor that bites its tail": {"hugo.yaml": "a: &a [*a, *a]\n"},
}


@pytest.mark.parametrize("name", ODD)
def test_no_configuration_is_too_odd(name: str, top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = {path: text for path, text in HUGO.items() if path.endswith(".md")}
    write_files(top / "site", {**pages, **ODD[name]})
    os.chdir(top / "site")
    code, out = out_of(capsys)
    assert code in (0, 1), out
    assert (top / "site" / "recommender.yml").is_file()
    if code == 1:
        assert "to do: " in out
    assert "../" not in (top / "site" / "recommender.yml").read_text().split("\n\n")[1]


def test_folders_links_and_pipes_in_the_place_of_files_stop_nothing(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(top, HUGO)
    (top / "_config.yml").mkdir()
    (top / "mkdocs.yml").symlink_to(top / "nowhere")
    (top / "content" / "loop.md").symlink_to("loop.md")
    (top / "content" / "up").symlink_to(top)
    os.mkfifo(top / "content" / "pipe.md")
    code, out = out_of(capsys)
    assert code == 0
    assert "3 files cannot be read:" in out
