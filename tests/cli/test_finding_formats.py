"""What CI programs read: annotations of GitHub, SARIF by its schema, JUnit by a reader of it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Failure, JUnitXml
from readers import FOLDER, install
from small_sites import article, commit, git, link, write_files

from recommender.cli import finding_formats
from recommender.cli.finding_formats import Finding, github, junit, sarif
from recommender.cli.main import main
from recommender.problems import KINDS

HOSTILE = "a,b:c%0A::error::d.md"
SCHEMA = FOLDER / "node_modules" / "@microsoft" / "jest-sarif" / "lib" / "schemas" / "sarif-2.1.0-rtm.5.json"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site in a folder of a repository, with one dead link, and a file with a hostile name."""
    git(tmp_path, "init", "-q")
    top = write_files(
        tmp_path / "web",
        {
            "recommender.yml": "content: pages\n",
            "recommender.rules.yml": "never_suggest: [/none/*]\n",
            "pages/a.md": article("a", link(1, "gone")),
            f"pages/{HOSTILE}": article("b", link(1, "a"), link(3, "c<&\"'>")),
        },
    )
    commit(tmp_path)
    monkeypatch.chdir(top)
    return top


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 1) -> str:
    capsys.readouterr()
    assert main(list(arguments)) == code
    return capsys.readouterr().out


def test_annotations_name_files_from_the_top_of_the_repository(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "audit", "--format", "github").splitlines()
    dead = "no article has this url or id: /gone (remove the link: `recommender fill`)"
    assert f"::error file=web/pages/a.md,line=7,title=recommender%3A dead::{dead}" in lines
    assert any(line.startswith("::warning file=web/pages/a%2Cb%3Ac%250A%3A%3Aerror%3A%3Ad.md,title=") for line in lines)
    assert not [line for line in lines if "::notice" in line], "notes are many, and fail nothing"
    noted = printed(capsys, "audit", "--format", "github", "--fail-on", "note")
    assert "::notice file=web/pages/a%2Cb%3Ac%250A%3A%3Aerror%3A%3Ad.md,title=recommender%3A orphan::" in noted
    assert "::warning file=web/recommender.rules.yml,line=1,title=recommender%3A stale-rule::" in noted


# As GitHub's runner reads a command: properties end at the first two colons, and are parted by commas.
COMMAND = re.compile(r"::(error|warning|notice) (.*?)::(.*)")


def decoded(text: str) -> str:
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, sign)
    return text


@given(st.text(), st.text())
def test_a_runner_reads_back_what_was_escaped(path: str, message: str) -> None:
    finding = Finding("dead", KINDS["dead"], path, 3, message, True, ("dead", path, ""))
    (line,) = github([finding])
    assert "\n" not in line
    assert "\r" not in line
    found = COMMAND.fullmatch(line)
    assert found
    properties = dict(pair.split("=", 1) for pair in found[2].split(","))
    assert decoded(properties["file"]) == path
    assert (properties["line"], decoded(properties["title"])) == ("3", "recommender: dead")
    assert decoded(found[3]) == message


def findings() -> list[Finding]:
    """Give every kind of problem, at hostile places."""
    texts = ["plain.md", HOSTILE, "ü b.md", "<&\"'>]]>.md", "\x00\ufffe\U0001f600.md"]
    return [
        Finding(code, kind, texts[n % 5], n % 3, f"{kind.summary} {texts[n % 5]}", n % 2 == 0, (code, texts[n % 5], ""))
        for n, (code, kind) in enumerate(KINDS.items())
    ]


def test_sarif_is_valid_by_its_schema(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install()
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    checker = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
    twice = [finding for finding in findings() for _ in range(2)]
    for log in (sarif(findings()), sarif([]), sarif(twice)):
        assert not [error.message for error in checker.iter_errors(log)]
    prints = [result["partialFingerprints"]["recommender/v1"] for result in sarif(twice)["runs"][0]["results"]]
    assert len(set(prints)) == len(twice)
    log = json.loads(printed(capsys, "audit", "--format", "sarif"))
    checker.validate(log)
    (run,) = log["runs"]
    (dead,) = [
        result
        for result in run["results"]
        if result["message"]["text"].endswith("/gone (remove the link: `recommender fill`)")
    ]
    assert run["tool"]["driver"]["rules"][dead["ruleIndex"]]["id"] == "dead"
    place = dead["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "web/pages/a.md", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7},
    }


def test_a_reader_of_junit_counts_what_fails(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = printed(capsys, "audit", "--format", "junit", "--fail-on", "error")
    (tmp_path / "report.xml").write_text(report, encoding="utf-8")
    (suite,) = JUnitXml.fromfile(str(tmp_path / "report.xml"))
    failed = [case for case in suite if any(isinstance(one, Failure) for one in case.result)]
    assert (suite.name, suite.failures, len(failed)) == ("recommender audit", 2, 2)
    assert suite.tests == len(list(suite)) > 2
    assert {(case.classname, case.name) for case in failed} == {
        ("web/pages/a.md", "dead /gone"),
        (f"web/pages/{HOSTILE}", "dead /c<&\"'>"),
    }


def test_junit_is_xml_whatever_the_texts(capsys: pytest.CaptureFixture[str]) -> None:
    named = [finding for finding in findings() if finding.path.isprintable()]
    root = ET.fromstring("\n".join(junit(named, "recommender audit")))
    assert [case.get("classname") for case in root.iter("testcase")] == [finding.path for finding in named]
    assert root.get("failures") == str(sum(finding.fails for finding in named))
    (case,) = ET.fromstring("\n".join(junit([], "recommender audit"))).iter("testcase")
    assert (case.get("name"), list(case)) == ("no finding", [])


def test_a_check_of_fill_names_the_first_line_that_would_change(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "fill", "--check", "--format", "github").splitlines()
    change = "title=recommender%3A fill::a fill would change the links: "
    assert any(line.startswith(f"::error file=web/pages/a.md,line=8,{change}") for line in lines), lines
    install()
    log = json.loads(printed(capsys, "fill", "--check", "--format", "sarif"))
    jsonschema.validate(log, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["fill", "fill"]
    assert 'failures="2"' in printed(capsys, "fill", "--check", "--format", "junit")


def test_json_is_a_format_too(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["audit"], ["fill", "--check"]):
        asked = printed(capsys, *arguments, "--json")
        assert json.loads(asked)
        assert printed(capsys, *arguments, "--format", "json") == asked
        assert printed(capsys, *arguments, "--format", "json", "--json") == asked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["audit", "--json", "--format", "sarif"], "--json is --format json; give either --format or --json"),
        (["fill", "--format", "sarif"], "--format sarif is for findings; give --check beside it"),
        (["fill", "--write", "--format", "junit"], "--format junit is for findings; give --check beside it"),
    ],
)
def test_formats_that_make_no_sense_are_refused(
    site: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_every_severity_has_a_command_of_github() -> None:
    assert {kind.severity for kind in KINDS.values()} <= set(finding_formats._LEVELS)
