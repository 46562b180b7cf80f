"""A fill of a site whose links stand in a data file: one file changes, no page, with every guard that pages have."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from generator_sites import SITES
from small_sites import contents, write_files

from recommender.cli.main import main
from recommender.editing import fill as filling
from recommender.editing.plan_file import plan_file
from recommender.editing.writer import apply_edits

FORMS = ("data/related.yml", "data/related.json")


def git(top: Path, *arguments: str) -> str:
    answer = subprocess.run(
        ["git", "-C", str(top), "-c", "user.email=a@example.org", "-c", "user.name=a", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return answer.stdout


def commit(top: Path) -> None:
    git(top, "add", "-A")
    git(top, "commit", "-q", "--allow-empty", "-m", "x")


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a site of pages without front matter, whose links go into data/related.yml."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    site = tmp_path / "site"
    site.mkdir()
    write_files(site, SITES["mkdocs"].files)
    monkeypatch.chdir(site)
    git(site, "init", "-q")
    assert main(["init"]) == 0
    assert main(["build"]) == 0
    commit(site)
    return site


def lists(top: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = yaml.safe_load((top / "data/related.yml").read_text(encoding="utf-8"))
    return found


def sources(top: Path) -> dict[str, bytes]:
    away = ("models/", ".git/", "recommender.links.jsonl")
    return {path: data for path, data in contents(top).items() if not path.startswith(away)}


@pytest.mark.parametrize("name", FORMS)
def test_one_file_is_made_and_taken_back_and_no_page_is_touched(
    name: str, top: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = top / "recommender.yml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(FORMS[0], name), encoding="utf-8")
    commit(top)
    before = sources(top)
    capfd.readouterr()
    assert main(["fill"]) == 0
    diff = capfd.readouterr().out
    assert diff.startswith(f"--- /dev/null\n+++ b/{name}\n")
    assert main(["fill", "--check"]) == 1
    assert capfd.readouterr().out == f"../{name}\n"
    assert main(["fill", "--write"]) == 0
    after = sources(top)
    assert after.keys() - before.keys() == {name}
    subprocess.run(["git", "apply", "-R", "--check", "-"], input=diff, text=True, check=True, cwd=top)
    assert {path: after[path] for path in before} == before
    assert main(["fill", "--check"]) == 0
    assert main(["undo", "--write"]) == 0
    assert sources(top) == before
    assert main(["undo", "--write", "--redo"]) == 0
    assert sources(top) == after


def test_what_a_person_adds_is_curated(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    by_hand = "# by hand\n/mill/:\n- {url: /sun/, title: Our sun, why: it shines}\n- {url: /gone/, title: Gone}\n"
    write_files(top, {"data/related.yml": by_hand + "/elsewhere/:\n- url: /sun/\n"})
    commit(top)
    capsys.readouterr()
    assert main(["audit", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    codes = {(problem["code"], problem["path"]) for problem in found["problems"]}
    assert {("dead", "mill.md"), ("unknown-page", "../data/related.yml")} <= codes
    assert main(["evaluate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["articles"] == 1
    assert main(["fill", "--write"]) == 0
    text = (top / "data/related.yml").read_text(encoding="utf-8")
    assert "- {url: /sun/, title: Our sun, why: it shines}\n" in text and "# by hand\n" in text
    assert "/gone/" not in text and lists(top)["/elsewhere/"] == [{"url": "/sun/"}]
    noted = (top / "recommender.links.jsonl").read_text(encoding="utf-8").splitlines()
    of_mill = next(row["generated"] for row in map(json.loads, noted) if row["url"] == "/mill/")
    assert sorted(of_mill) == sorted(item["url"] for item in lists(top)["/mill/"] if item["url"] != "/sun/")


def test_a_file_that_changed_after_the_run_is_not_taken_back(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fill", "--write"]) == 0
    file = top / "data/related.yml"
    file.write_text("# mine\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    before = sources(top)
    assert main(["undo", "--write"]) == 1
    assert "../data/related.yml: error conflict" in capsys.readouterr().err
    assert sources(top) == before


def test_only_some_pages_and_a_page_that_goes(top: Path) -> None:
    assert main(["fill", "--write", "--only", "moon.md"]) == 0
    assert list(lists(top)) == ["/moon/"]
    assert main(["fill", "--write", "--allow-dirty"]) == 0
    (top / "docs/moon.md").unlink()
    assert main(["fill", "--write", "--allow-dirty", "--only", "sun.md"]) == 0
    assert "/moon/" in lists(top), "of the others nothing changes"
    assert main(["fill", "--write", "--allow-dirty"]) == 0
    assert "/moon/" not in lists(top)
    assert "/moon/" not in {item["url"] for items in lists(top).values() for item in items}


def test_a_title_that_changed_is_written_anew_but_not_a_persons(top: Path) -> None:
    write_files(top, {"data/related.yml": "/mill/:\n- {url: /sun/, title: Our sun}\n"})
    commit(top)
    assert main(["fill", "--write"]) == 0
    page = top / "docs/sun.md"
    page.write_text(page.read_text(encoding="utf-8").replace("# How", "# Why"), encoding="utf-8")
    assert main(["fill", "--write", "--allow-dirty"]) == 0
    titles = {key: [item["title"] for item in items if item["url"] == "/sun/"] for key, items in lists(top).items()}
    assert titles["/mill/"] == ["Our sun"] and titles["/moon/"] == ["Why the sun helps the moon"]


def test_git_must_have_what_stands_there(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, {"data/related.yml": "/mill/:\n- {url: /sun/, title: S}\n"})
    assert main(["fill", "--write"]) == 2
    assert "../data/related.yml (untracked or ignored)" in capsys.readouterr().err
    commit(top)
    write_files(top, {"data/related.yml": "/mill/:\n- {url: /ebb/, title: S}\n"})
    assert main(["fill", "--write"]) == 2
    assert "../data/related.yml (modified)" in capsys.readouterr().err
    git(top, "add", "-A")
    assert main(["fill", "--write"]) == 2
    assert "../data/related.yml (staged)" in capsys.readouterr().err
    assert main(["fill", "--write", "--allow-dirty"]) == 0


def test_a_broken_file_is_named_and_left(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, {"data/related.yml": "/mill/:\n- url: [\n"})
    commit(top)
    before = sources(top)
    assert main(["fill", "--write"]) == 1
    assert "../data/related.yml:2: error bad-yaml" in capsys.readouterr().err
    assert sources(top) == before


def test_an_interrupted_run_is_resumed_and_one_that_wrote_is_taken_back(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sources(top)

    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    def write_and_die(*arguments: object) -> None:
        apply_edits(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    for interrupted, remedy in ((die, ["fill", "--resume"]), (write_and_die, ["undo", "--write"])):
        with monkeypatch.context() as patch:
            patch.setattr(filling.writer, "apply_edits", interrupted)
            assert main(["fill", "--write"]) == 130
        assert plan_file(top / "docs").exists()
        assert main(remedy) == 0
        if remedy[0] == "fill":
            assert main(["fill", "--check"]) == 0
            assert main(["undo", "--write"]) == 0
        assert sources(top) == before


def test_a_new_list_has_the_form_that_the_site_has(top: Path) -> None:
    one = '---\ntitle: One\nrelated: ["/sun/"]\n---\n\nThe moon pulls the sea into a tide.\n'
    toml = '+++\ntitle = "Two"\n+++\n\nThe sea rises into a tide below the moon.\n'
    write_files(
        top, {"docs/one.md": one, "docs/two.md": toml, "docs/three.md": one.replace('related: ["/sun/"]\n', "")}
    )
    write_files(top, {"recommender.yml": "site: mkdocs\ncontent: docs\nlinks: {key: related}\nslots: 1\n"})
    commit(top)
    assert main(["fill", "--write", "--only", "t*.md"]) == 0
    assert 'related: ["/' in (top / "docs/three.md").read_text(encoding="utf-8")
    assert 'related = ["/' in (top / "docs/two.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ("write: data/related.toml", "must be 'front matter', or a data file that ends in .yml, .yaml, .json"),
        ("write: data/related.yml\n  key: related", "make two lists of links of them"),
        ("write: data/related.yml\n  shape: grouped", "must be texts or mappings"),
        ("key: related\n- write: data/related.yml", "put it first"),
    ],
)
def test_settings_that_cannot_be(links: str, words: str, top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(top, {"recommender.yml": f"site: mkdocs\ncontent: docs\nlinks:\n- {links}\n"})
    assert main(["fill"]) == 2
    assert words in capsys.readouterr().err
