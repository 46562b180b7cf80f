"""``pr`` on a copy of the sample site: what is added, moved, deleted and hidden, and what each means for links."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from small_sites import article, commit, contents, git, link, write_files

from recommender.cli.main import main
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.site.link_verdicts import judge_links

pytestmark = pytest.mark.slow  # every test builds the sample site again

ENTROPY = "physics/what-is-entropy-and-why-does-it-tend-to-increase.md"
SELECTION = "biology/how-does-natural-selection-produce-adaptations.md"
PAGES = "/learn/physics/questions"


@pytest.fixture
def branch(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample site on a branch that has no commit of its own yet; its content."""
    git(site, "branch", "-f", "base")
    monkeypatch.chdir(site)
    return site / "content"


def review(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["pr", "--base", "base", "--json", *arguments]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def edit(file: Path, **keys: str) -> None:
    text = file.read_text(encoding="utf-8")
    for key, value in keys.items():
        text, count = re.subn(rf"^{key}: .*$", f"{key}: {value}", text, count=1, flags=re.MULTILINE)
        text = text if count else text.replace("---\n", f"---\n{key}: {value}\n", 1)
    file.write_text(text, encoding="utf-8")


def test_an_empty_change_needs_no_model(branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (branch.parent / "notes.txt").write_text("no article")
    before = contents(branch.parent)
    assert main(["pr", "--base", "base", "--check"]) == 0
    assert "This change adds, changes, renames and deletes no article." in capsys.readouterr().out
    assert contents(branch.parent) == before


def test_a_new_article_gets_links_both_ways_with_reasons(branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "A comet is a body of ice and dust. Its orbit around the Sun is a long ellipse, as Kepler's laws say."
    new = article(
        "comets", link(1, "gone"), title="What is the orbit of a comet?", subject="Astronomy", answer=words * 3
    )
    write_files(branch, {"astronomy/comet.md": new})
    found = review(capsys)
    (one,) = found["articles"]
    assert (one["change"], one["path"], one["url"]) == ("added", "astronomy/comet.md", "/comets")
    assert 0 < len(one["links_to_add"]) <= 5
    assert any(re.search(r"both about .*\borbit\b", page["reason"]) for page in one["links_to_add"])
    assert one["linked_from"]
    assert {page["path"] for page in one["linked_from"]} <= {
        page.as_posix()[len(branch.as_posix()) + 1 :] for page in branch.rglob("*.md")
    }
    assert [(problem["code"], problem["value"]) for problem in one["problems"]] == [("dead", "/gone")]
    assert "score" not in json.dumps(found)
    assert (found["moved"], found["deleted"], found["unread"], found["patch"]) == ([], [], [], "")
    review(capsys, "--check", code=1)


def test_it_says_the_same_every_time(branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(branch / ENTROPY, title="What is entropy?")
    printed = []
    for _ in range(2):
        capsys.readouterr()
        assert main(["pr", "--base", "base"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "### Changed: What is entropy?" in printed[0]
    assert not re.search(r"\d\.\d", printed[0])


def test_a_renamed_page_is_followed_by_a_patch_and_by_fill(branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(branch, "mv", ENTROPY, "physics/entropy.md")
    edit(branch / "physics/entropy.md", url=f"{PAGES}/entropy", id="777")
    found = review(capsys, "--check", code=1)
    (moved,) = found["moved"]
    assert (moved["before"]["url"], moved["url"]) == (f"{PAGES}/{Path(ENTROPY).stem}", f"{PAGES}/entropy")
    assert [one["change"] for one in found["articles"]] == ["renamed"]
    referring = {page["path"] for page in moved["linked_from"]}
    own = read_corpus(branch, Settings())
    dead = {
        a.path
        for row, a in enumerate(own.articles)
        for j in judge_links(own, row, frozenset())
        if j.verdict == "dead" and j.link.id == "20116"
    }
    assert referring == dead
    assert len(referring) > 3
    assert main(["fill", "--base", "base", "--only", sorted(referring)[0]]) == 0
    assert f"+    url: {PAGES}/entropy\n" in capsys.readouterr().out
    git(branch, "add", "-A")
    subprocess.run(["git", "-C", str(branch.parent), "apply", "-"], input=found["patch"].encode(), check=True)
    changed = {
        line[3:].removeprefix("content/")
        for line in git(branch.parent, "diff", "--name-only").decode().splitlines()
        for line in ["   " + line]
    }
    assert changed == referring, "no other file is touched"
    assert review(capsys, "--check")["moved"][0]["linked_from"] == []


def test_a_link_to_a_moved_page_follows_it_although_another_page_has_its_id(
    branch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "physics/why-do-heavy-and-light-objects-fall-at-the-same-rate.md"
    edit(branch / other, id="20116")  # that of the page that moves
    commit(branch.parent)
    git(branch, "branch", "-f", "base")
    edit(branch / ENTROPY, url=f"{PAGES}/entropy", id="777")
    lines = review(capsys)["patch"].splitlines()
    added = {line for line in lines if line.startswith("+") and not line.startswith("+++")}
    assert added == {"+    id: 777", f"+    url: {PAGES}/entropy"}


def test_only_the_links_to_moved_pages_change_in_the_patch(branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(branch / ENTROPY, url=f"{PAGES}/entropy", id="777")
    lines = review(capsys)["patch"].splitlines()
    added = {line for line in lines if line.startswith("+") and not line.startswith("+++")}
    assert added == {"+    id: 777", f"+    url: {PAGES}/entropy"}


def test_deleted_and_hidden_pages_name_who_links_to_them(branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: (branch / file).read_text() for file in (ENTROPY, SELECTION)}
    git(branch, "rm", "-q", SELECTION)
    edit(branch / ENTROPY, draft="true")
    found = review(capsys, "--check", code=1)
    (gone,), (hidden,) = found["deleted"], found["hidden"]
    assert (gone["path"], hidden["path"]) == (SELECTION, ENTROPY)
    for page, text in ((gone, before[SELECTION]), (hidden, before[ENTROPY])):
        identity = re.search(r"^id: (\d+)$", text, re.MULTILINE)
        assert identity
        for one in page["linked_from"]:
            assert identity[1] in (branch / one["path"]).read_text()
            assert one["in"] == "list"
        assert page["linked_from"]
    (one,) = found["articles"]
    assert (one["hidden"], one["linked_from"]) != ("", [])
    capsys.readouterr()
    main(["pr", "--base", "base"])
    out = capsys.readouterr().out
    assert "**Deleted, and still linked to:** How does natural selection" in out
    assert "Not published: draft" in out


def test_links_in_texts_and_pages_without_lists_are_found_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "The tide follows the moon."
    top = write_files(
        tmp_path / "vault",
        {
            "recommender.yml": "site: obsidian\ncontent: .\nlinks: {key: related, refer: wikilink}\n",
            ".gitignore": "/models/\n",
            "Old name.md": f"---\ntitle: Old name\n---\n{text} Old.\n",
            "b.md": f"---\ntitle: B\nrelated:\n  - '[[Old name]]'\n---\n{text} See [it](Old%20name.md).\n",
            "c.md": f"---\ntitle: C\nrelated:\n  - '[[b]]'\n---\n{text} C.\n",
        },
    )
    git(top, "init", "-q")
    commit(top)
    git(top, "branch", "base")
    monkeypatch.chdir(top)
    assert main(["build"]) == 0
    git(top, "mv", "Old name.md", "New name.md")
    edit(top / "New name.md", title="New name")
    (moved,) = review(capsys)["moved"]
    assert {(page["path"], page["in"]) for page in moved["linked_from"]} == {("b.md", "list"), ("b.md", "text")}
    assert "+  - '[[New name]]'" in review(capsys)["patch"]


def test_a_file_that_is_no_article_any_more_fails_a_check(branch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (branch / ENTROPY).write_text("---\ntitle: [\n---\n")
    found = review(capsys, "--check", code=1)
    assert [(problem["code"], problem["path"]) for problem in found["unread"]] == [("bad-yaml", ENTROPY)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--base", "nowhere"], "nowhere names no commit here; fetch it first"),
        (["--base", ""], "the empty text names no commit here"),
        (["--base", "base", "gone"], "CONTENT gone does not exist; name the folder"),
        (["--base", "base", "--json", "--format", "markdown"], ""),
        ([], "Missing option '--base'"),
    ],
)
def test_wrong_use_is_a_sentence(
    branch: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["pr", *arguments]) == 2
    assert said in capsys.readouterr().err
