"""``audit`` with a baseline: only new problems fail, fixed ones are said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_sites import article, link, write_files

from recommender.cli.main import main

GONE = {"code": "dead", "path": "a.md", "target": "/gone"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_files(tmp_path, {"recommender.yml": "content: pages\n", "pages/b.md": article("b"), **dead(1)})


def dead(count: int) -> dict[str, str]:
    return {"pages/a.md": article("a", *(link(slot, "gone") for slot in range(1, count + 1)))}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    return main(["audit", *arguments]), capsys.readouterr().out


def test_only_new_problems_fail_and_fixed_ones_leave(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys)[0] == 1
    code, out = run(capsys, "--write-baseline", "known.jsonl")
    assert (code, out) == (
        0,
        "4 problems are in known.jsonl; `recommender audit --baseline known.jsonl` fails on others alone\n",
    )
    code, out = run(capsys, "--baseline", "known.jsonl", "--fail-on", "note")
    assert (code, out.splitlines()[-1]) == (0, "0 new, 4 known, 0 fixed")
    write_files(site, {"pages/a.md": "\n\n".join(article("a", "# first\n", link(3, "gone")).split("\n\n"))})
    assert run(capsys, "--baseline", "known.jsonl")[0] == 0, "neither slot nor line is part of it"
    write_files(site, dead(2))
    code, out = run(capsys, "--baseline", "known.jsonl")
    assert (code, out.count("error dead")) == (1, 1)
    write_files(site, {"pages/a.md": article("a", link(1, "b"))})
    code, out = run(capsys, "--baseline", "known.jsonl")
    assert code == 0
    assert (
        out.splitlines()[-4:]
        == [
            "fixed: a.md: dead /gone",
            "fixed: a.md: no-links",
            "fixed: b.md: orphan",
            "1 new, 1 known, 3 fixed; `--write-baseline` takes the fixed ones out",
        ]
        or "fixed: a.md: dead /gone" in out
    )
    run(capsys, "--write-baseline", "known.jsonl")
    write_files(site, dead(1))
    assert run(capsys, "--baseline", "known.jsonl")[0] == 1, "it left the baseline"


def test_a_baseline_may_leave_notes_out(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--write-baseline", "known.jsonl", "--fail-on", "warning")[0] == 0
    assert (site / "known.jsonl").read_text().splitlines()[1:] == ['["dead", "a.md", "/gone"]']
    code, out = run(capsys, "--baseline", "known.jsonl")
    assert (code, out.splitlines()[-1]) == (0, "0 new, 1 known, 0 fixed"), "notes are neither known nor new"
    code, out = run(capsys, "--baseline", "known.jsonl", "--fail-on", "note")
    assert (code, out.splitlines()[-1]) == (1, "3 new, 1 known, 0 fixed")


def test_json_says_what_is_known_and_fixed(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "--write-baseline", "known.jsonl", "--json")
    assert (code, json.loads(out)) == (0, {"baseline": "known.jsonl", "problems": 4})
    write_files(site, {"pages/a.md": article("a", link(1, "lost"))})
    code, out = run(capsys, "--baseline", "known.jsonl", "--json")
    found = json.loads(out)
    assert (code, [problem["value"] for problem in found["problems"]]) == (1, ["/lost"])
    assert found["baseline"] == {"known": 3, "fixed": [GONE]}
    assert found["counts"] == {"dead": 1}
    assert "baseline" not in json.loads(run(capsys, "--json")[1])


def test_same_questions_are_not_fixed_where_no_model_fits(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "known.jsonl").write_text('{"baseline": 1}\n["same-question", "a.md", "/b"]\n')
    assert "0 fixed" in run(capsys, "--baseline", "known.jsonl")[1]
    assert main(["build"]) == 0
    assert "fixed: a.md: same-question /b" in run(capsys, "--baseline", "known.jsonl")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--baseline", "missing.jsonl"], "missing.jsonl: cannot be read (No such file or directory); write it anew"),
        (["--baseline", "recommender.yml"], "recommender.yml is no baseline: its first line says no version"),
        (["--write-baseline", "nowhere/known.jsonl"], "there is no folder nowhere; make it first"),
        (["--baseline", "a", "--write-baseline", "b"], "give either --write-baseline or --baseline"),
    ],
)
def test_what_is_no_baseline_is_said_before_the_site_is_read(
    site: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (site / "pages" / "a.md").unlink()
    (site / "pages" / "b.md").unlink()
    assert main(["audit", *arguments]) == 2
    assert said in capsys.readouterr().err
