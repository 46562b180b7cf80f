"""``status``: the age of the model, what changed since, and the limit past which it exits with 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_sites import article, link, write_files

from recommender.cli.main import main

BUILT = 1_800_000_000
DAY = 86_400


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site of four articles with a model that was built at ``BUILT``."""
    files = {f"pages/{name}.md": article(name, answer=f"The tide follows the moon {name * 5}.") for name in "abcd"}
    write_files(tmp_path, {"recommender.yml": "content: pages\n", **files})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(BUILT))
    assert main(["build"]) == 0
    return tmp_path


def status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, days: float, *arguments: str
) -> tuple[int, dict[str, Any]]:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(BUILT + days * DAY)))
    capsys.readouterr()
    code = main(["status", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_a_model_that_fits_is_never_too_old(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, found = status(capsys, monkeypatch, 400, "--max-age", "1")
    assert (code, found["fits"], found["stale"], found["age_seconds"]) == (0, True, False, 400 * DAY)
    assert (found["added"], found["changed"], found["removed"]) == ([], [], [])
    write_files(site, {"pages/a.md": article("a", link(1, "b"), answer="The tide follows the moon aaaaa.")})
    code, found = status(capsys, monkeypatch, 400, "--max-age", "1")
    assert (code, found["changed"], found["orphans"]) == (0, [], 3), "links are no part of a model"


def test_changes_may_wait_until_the_limit(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(site, {"pages/a.md": article("a", answer="New."), "pages/new/e.md": article("e")})
    (site / "pages" / "d.md").unlink()
    for days, arguments, expected in (
        (30.0, ["--max-age", "30"], 0),
        (30.1, ["--max-age", "30"], 1),
        (1000.0, [], 0),
    ):
        code, found = status(capsys, monkeypatch, days, *arguments)
        assert (code, found["stale"]) == (expected, bool(expected))
        assert (found["added"], found["changed"], found["removed"]) == (["new/e.md"], ["a.md"], ["d.md"])
        assert (found["articles"], found["orphans"]) == (4, 4)
    (site / "recommender.yml").write_text("content: pages\nmax_age: 7\n")
    assert status(capsys, monkeypatch, 8)[0] == 1
    assert status(capsys, monkeypatch, 8, "--max-age", "9")[0] == 0
    assert main(["build"]) == 0
    assert status(capsys, monkeypatch, 8)[0] == 0, "a build is the remedy"


def test_other_settings_are_a_change_too(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / "recommender.yml").write_text("content: pages\nslots: 3\n")
    code, found = status(capsys, monkeypatch, 2, "--max-age", "1")
    assert (code, found["fits"], found["other_settings"]) == (1, False, True)


def test_it_is_said_in_words(site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(BUILT + 3 * DAY))
    write_files(site, {"pages/a.md": article("a", answer="New.")})
    capsys.readouterr()
    assert main(["status", "--max-age", "2"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "model:    models/default, built 2027-01-15T08:00:00Z, 3 days",
        "added:    0 articles since the build",
        "changed:  1 articles since the build: a.md",
        "removed:  0 articles since the build",
        "orphans:  4 of 4 articles have no link to them",
        "state:    stale: run `recommender build`, and changes may wait for 2 days",
    ]
    assert main(["status", "--model", "nowhere"]) == 1
    assert capsys.readouterr().out.startswith("model:    none; nowhere holds no model")
