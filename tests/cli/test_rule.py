"""``rule`` and what follows it: look-ups, audit, fill and evaluation on a copy of the sample site."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_sites import article, commit, contents, git, link, write_files

from recommender.cli.main import main
from recommender.rules.editor_rules import RULES_FILE
from recommender.site.generated_links import read_generated
from recommender.system.disk import locked

pytestmark = pytest.mark.slow  # every test builds a site and fills it

TIDE = "The tide follows the moon around the earth and the sea"
SETTINGS = "content: content\nslots: 3\nsame_question_article: 0\nsame_question_list: 0\nfloor: 0\n"
NAMES = [f"t{number}" for number in range(8)]


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a site of eight articles about one thing in a git work tree, with a model, and stand in it."""
    top = write_files(
        tmp_path / "site",
        {
            "recommender.yml": SETTINGS,
            **{f"content/{name}.md": article(name, answer=f"{TIDE} {name * 3}.") for name in NAMES},
        },
    )
    monkeypatch.chdir(top)
    assert main(["build"]) == 0
    (top / ".gitignore").write_text("models\n")
    git(top, "init", "-q")
    commit(top)
    return top


def related(name: str, capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    capsys.readouterr()
    assert main(["related", f"/{name}", "--json", *more]) == 0
    return [one["url"] for one in json.loads(capsys.readouterr().out)["related"]]


def links_of(top: Path, name: str) -> list[str]:
    text = (top / "content" / f"{name}.md").read_text()
    found = re.findall(r"^related_article(\d):\n(?:    .*\n)*?    url: (\S+)$", text, re.MULTILINE)
    return [url for _, url in sorted(found)]


def test_a_pin_comes_first_and_a_block_is_never_shown(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = related("t0", capsys, "--limit", "7")
    first, last = before[0], before[-1]
    assert main(["rule", "pin", "/t0", last]) == 0
    assert main(["rule", "block", "t0", first]) == 0
    assert related("t0", capsys, "--limit", "7") == [last, *(url for url in before[1:-1])]
    assert "/t0" not in related(first.strip("/"), capsys, "--limit", "7")
    assert main(["related", "/t0", "--why", last]) == 0
    assert f"shown at rank 1: it is pinned ({RULES_FILE}, line 2)" in capsys.readouterr().out
    assert main(["related", "/t0", "--why", first]) == 0
    assert f"forbids the link: {RULES_FILE}, line 5 (blocked)" in capsys.readouterr().out
    assert main(["rule", "allow", "/t0", first, last]) == 0
    assert related("t0", capsys, "--limit", "7") == before
    assert (top / RULES_FILE).read_text() == ""


def test_a_one_way_block_leaves_the_way_back(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = related("t0", capsys)[0]
    assert main(["rule", "block", "--one-way", "/t0", first]) == 0
    assert first not in related("t0", capsys, "--limit", "7")
    assert "/t0" in related(first.strip("/"), capsys, "--limit", "7")


def test_exported_lists_follow_the_rules(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, last = related("t0", capsys, "--limit", "7")[0], related("t0", capsys, "--limit", "7")[-1]
    main(["rule", "pin", "/t0", last])
    main(["rule", "block", "/t0", first])
    capsys.readouterr()
    assert main(["export", "--output", "-", "--limit", "7"]) == 0
    lists = {row["url"]: row["related"] for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert lists["/t0"] == related("t0", capsys, "--limit", "7")
    assert lists["/t0"][0] == last
    assert first not in lists["/t0"]


@pytest.mark.parametrize("mode", ["repair", "regenerate"])
def test_a_fill_puts_pins_first_and_drops_what_is_blocked(top: Path, mode: str) -> None:
    (top / "content" / "t0.md").write_text(article("t0", link(1, "t1"), link(2, "t2"), answer=f"{TIDE} t0t0t0."))
    commit(top)
    main(["rule", "pin", "/t0", "/t7"])
    main(["rule", "block", "/t0", "/t1"])
    commit(top)
    assert main(["fill", "--write", "--mode", mode]) == 0
    found = links_of(top, "t0")
    assert found[0] == "/t7"
    assert "/t1" not in found
    assert "/t0" not in links_of(top, "t1")
    assert mode == "regenerate" or found[1] == "/t2"
    before = contents(top / "content")
    assert main(["fill", "--write", "--mode", mode, "--allow-dirty"]) == 0
    assert contents(top / "content") == before


def test_a_persons_links_never_give_way_to_a_pin_and_generated_ones_do(top: Path) -> None:
    own = [link(slot, f"t{slot}") for slot in (1, 2, 3)]
    (top / "content" / "t0.md").write_text(article("t0", *own, answer=f"{TIDE} t0t0t0."))
    commit(top)
    assert main(["fill", "--write"]) == 0
    commit(top)
    generated = links_of(top, "t5")
    pin = next(f"/{name}" for name in NAMES if f"/{name}" not in (*generated, "/t5"))
    main(["rule", "pin", "/t0", "/t7"])
    main(["rule", "pin", "/t5", pin])
    commit(top)
    assert main(["fill", "--write"]) == 0
    assert links_of(top, "t0") == ["/t1", "/t2", "/t3"]
    assert links_of(top, "t5") == [pin, *generated[:2]]


def test_an_audit_names_blocked_links_and_rules_that_mean_nothing(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (top / "content" / "t0.md").write_text(article("t0", link(1, "t1")))
    (top / RULES_FILE).write_text("block:\n  - [/t0, /t1]\n  - [/t0]\n  - [/t2, /gone]\nnever_suggest: [/none/*]\n")
    capsys.readouterr()
    assert main(["audit"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"t0.md:\d+: error blocked slot 1: a rule of the site forbids the link: /t1", out)
    assert f"{RULES_FILE}:3: error bad-rule" in out
    assert f"{RULES_FILE}:4: warning stale-rule: no page has the url /gone" in out
    assert f"{RULES_FILE}:5: warning stale-rule: no article fits the rule: never_suggest: /none/*" in out


def test_rules_on_pages_hold_from_the_next_build(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = related("t0", capsys)[0]
    assert main(["rule", "never-suggest", first]) == 0
    assert main(["rule", "no-list", "{title: About t1}"]) == 0
    assert main(["build"]) == 0
    assert first not in related("t0", capsys, "--limit", "7")
    assert related("t1", capsys) == []
    assert main(["rule", "never-suggest", "--remove", first]) == 0
    assert main(["build"]) == 0
    assert related("t0", capsys)[0] == first


def test_a_deleted_link_becomes_a_block_and_does_not_return(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fill", "--write"]) == 0
    commit(top)
    first, *others = links_of(top, "t0")
    file = top / "content" / "t0.md"
    file.write_text(re.sub(r"related_article1:\n(    .*\n)+", "", file.read_text()))
    commit(top)
    before = contents(top)
    assert main(["fill"]) == 0
    assert contents(top) == before
    assert f"a run with --write blocks them in {RULES_FILE}" in capsys.readouterr().err
    assert main(["fill", "--write"]) == 0
    assert (top / RULES_FILE).read_text() == f"block:\n  - {{from: /t0, to: {first}}}\n"
    assert links_of(top, "t0")[:2] == others
    assert first not in links_of(top, "t0")
    state = contents(top)
    assert main(["fill", "--write", "--allow-dirty"]) == 0
    assert contents(top) == state


def test_a_file_that_is_reverted_or_a_run_that_is_undone_makes_no_block(top: Path) -> None:
    plain = (top / "content" / "t0.md").read_text()
    assert main(["fill", "--write"]) == 0
    commit(top)
    (top / "content" / "t0.md").write_text(plain)
    commit(top)
    assert main(["fill", "--write"]) == 0
    assert len(links_of(top, "t0")) == 3
    assert main(["undo", "--write"]) == 0
    assert main(["fill", "--write", "--allow-dirty"]) == 0
    assert not (top / RULES_FILE).exists()


def test_many_deleted_links_are_blocked_only_when_asked_for(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fill", "--write"]) == 0
    commit(top)
    for name in NAMES[:4]:
        file = top / "content" / f"{name}.md"
        file.write_text(re.sub(r"related_article1:\n(    .*\n)+", "", file.read_text()))
    commit(top)
    capsys.readouterr()
    assert main(["fill", "--check"]) == 1
    assert "`recommender rule from-deleted` shows them" in capsys.readouterr().err
    assert main(["rule", "from-deleted"]) == 0
    assert capsys.readouterr().out.count("block ") == 4
    assert not (top / RULES_FILE).exists()
    assert main(["rule", "from-deleted", "--write"]) == 0
    assert (top / RULES_FILE).read_text().count("from: ") == 4


def test_what_was_decided_counts_as_a_persons(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fill", "--write"]) == 0
    commit(top)
    first, second, _ = links_of(top, "t0")
    assert main(["rule", "decide", "/t0", first]) == 0
    main(["rule", "block", "/t0", second])
    commit(top)
    assert main(["fill", "--write"]) == 0
    noted = read_generated(top / "recommender.links.jsonl")
    assert first not in noted["/t0"]
    assert first in links_of(top, "t0")
    capsys.readouterr()
    assert main(["evaluate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pin", "/t0", "/t0"], "cannot have a rule on a link to itself"),
        (["pin", "/t0", "/nowhere"], "no article is known as '/nowhere'"),
        (["allow", "/t0", "/t1"], "no rule is about a link between /t0 and /t1"),
        (["no-list", "a b"], "no rule: 'a b'"),
        (["never-suggest", "--remove", "/x"], "no such rule: never_suggest: /x"),
    ],
)
def test_a_mistake_is_a_sentence_and_nothing_is_written(
    top: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rule", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (top / RULES_FILE).exists()


def test_while_another_run_writes_no_rule_is_written(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with locked(top):
        assert main(["rule", "pin", "/t0", "/t1"]) != 0
    assert "another run is writing" in capsys.readouterr().err
    assert not (top / RULES_FILE).exists()


def test_the_rules_are_listed(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (top / RULES_FILE).write_text("block:\n  - {from: /t0, to: /t1}\nno_list: [/t2]\npin: {/t3: /t4}\n")
    assert main(["rule", "list"]) == 0
    assert capsys.readouterr().out.split("\n") == [
        "    2  block /t0 /t1 one way",
        "    3  no_list /t2",
        "    4  pin /t3 /t4",
        "",
    ]
    assert main(["rule", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["links"][0] == {"kind": "block", "article": "/t0", "other": "/t1", "one_way": True, "line": 2}
    assert found["pages"] == [{"kind": "no_list", "text": "/t2", "line": 3}]


def test_a_review_by_keys_is_what_a_reviewed_fill_writes(
    top: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = related("t0", capsys)[:2]
    monkeypatch.setattr("sys.stdin", io.StringIO("arsq"))
    assert main(["review"]) == 0
    seen = capsys.readouterr()
    assert (top / RULES_FILE).read_text() == (
        f"decided:\n  /t0: [{first}]\n\nblock:\n  - {{from: /t0, to: {second}}}\n"
    )
    assert "1 of 8 articles, 24 links to decide" in seen.out
    assert "`recommender fill --reviewed --write` would change 1 files" in seen.err
    before = contents(top / "content")
    commit(top)
    assert main(["fill", "--reviewed", "--write"]) == 0
    after = contents(top / "content")
    assert [path for path in after if after[path] != before[path]] == ["t0.md"]
    assert links_of(top, "t0") == [first]
    commit(top)
    assert main(["fill", "--reviewed", "--check"]) == 0


def test_the_list_of_changes_as_csv_and_json(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "--csv", "-", "--sort", "score"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 24
    weakest = [
        min(float(row["score"]) for row in rows if row["url"] == url) for url in dict.fromkeys(r["url"] for r in rows)
    ]
    assert weakest == sorted(weakest)
    assert main(["review", "--csv", "list.csv", "--subject", "None"]) == 0
    assert (top / "list.csv").read_text().count("\n") == 1
    assert main(["review", "--sort", "orphans", "--csv", "-"]) == 0
    capsys.readouterr()
    assert main(["fill", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sorted(found) == ["files", "lists", "problems", "summary"]
    assert [one["path"] for one in found["lists"]] == found["files"]
    assert all(link["change"] == "added" and link["reason"] for one in found["lists"] for link in one["links"])


def test_a_reviewed_fill_makes_no_list_anew(top: Path) -> None:
    assert main(["fill", "--reviewed", "--mode", "regenerate"]) == 2


def test_rules_are_old_or_new_and_whole_when_their_writer_is_killed(top: Path) -> None:
    others = [f"/t{number}" for number in range(1, 8)]
    writing = [sys.executable, "-m", "recommender", "rule", "decide", "/t0", *others]
    old = "pin:\n" + "".join(f"  /x{number}: [/y]\n" for number in range(20_000))
    begun = time.monotonic()
    (top / RULES_FILE).write_text(old)
    assert subprocess.run(writing, cwd=top, check=False, capture_output=True).returncode == 0
    took, new = time.monotonic() - begun, (top / RULES_FILE).read_text()
    assert new == f"{old}\ndecided:\n  /t0: [{', '.join(others)}]\n"
    for part in range(8):
        (top / RULES_FILE).write_text(old)
        with subprocess.Popen(writing, cwd=top, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(took * (0.6 + part / 16))
            child.kill()
        assert (top / RULES_FILE).read_text() in (old, new)
    (top / RULES_FILE).write_text(old)
    assert subprocess.run(writing, cwd=top, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pin: &all\n  /t0: [/t1]\ndecided: *all\n", ""),
        ("pin:\n  /t0: [/t1]\n  /t0: [/t1]\n", "duplicate-rule"),
        ("pin:\n  /t0: ['javascript:alert(1)']\n", "stale-rule"),
        ('pin:\n  /t0: ["/\\x1b[31m"]\n', "bad-rule"),
        ("pin:\n  /t0: ['/" + "x" * 1024 * 1024 + "']\n", "stale-rule"),
        ("block:\n  - [/t0, /t1, /t2]\n", "bad-rule"),
        ("never_suggest:\n  - {a: &x {b: *x}}\n", "bad-rule"),
        ("pin:\n  ? [/t0]\n  : [/t1]\n", "bad-rule"),
    ],
)
def test_hostile_rules_are_problems_and_break_nothing(
    top: Path, capsys: pytest.CaptureFixture[str], text: str, code: str
) -> None:
    (top / RULES_FILE).write_text(text)
    main(["audit", "--json"])
    found = json.loads(capsys.readouterr().out)["problems"]
    assert (code in {problem["code"] for problem in found if problem["path"] == RULES_FILE}) == bool(code)
    assert all(len(str(problem)) < 2000 for problem in found)
    assert main(["review", "--csv", "-"]) == 0
