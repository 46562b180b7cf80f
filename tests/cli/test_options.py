"""All pairs of options of every command: what contradicts is refused naming both, every other pair works."""

from __future__ import annotations

import io
import itertools
import shutil
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from small_sites import article, commit, contents, git, link, write_files

from recommender.cli.main import cli, main

pytestmark = pytest.mark.slow  # a process for every pair of options

NAMES = string.ascii_lowercase[:24]
# What a parameter is given as; a flag stands for itself. LISTS and GRADES are files of the site below.
VALUES = {
    "content": ["content"],
    "model": ["--model", "models/default"],
    "models": ["--model", "models/default"],
    "fail_on": ["--fail-on", "note"],
    "baseline": ["--baseline", "known.jsonl"],
    "max_age": ["--max-age", "30"],
    "base": ["--base", "HEAD"],
    "write_baseline": ["--write-baseline", "out.jsonl"],
    "article": ["/a"],
    "draft": ["--text", "draft.txt"],
    "why": ["--why", "/b"],
    "limit": ["--limit", "2"],
    "mode": ["--mode", "repair"],
    "only": ["--only", "a.md"],
    "max_files": ["--max-files", "2"],
    "rankings": ["--rankings", "lists.jsonl"],
    "judgments": ["--judgments", "grades.jsonl"],
    "depths": ["--depth", "3"],
    "depth": ["--depth", "3"],
    "csv_file": ["--csv", "values.csv"],
    "seed": ["--seed", "7"],
    "subject": ["--subject", "Things"],
    "articles": ["--articles", "2"],
    "agreement": ["--agreement", "grades.jsonl", "grades.jsonl"],
    "folder": ["files"],
    "form": ["--format", "json-files"],
    "target": ["--output", "out.jsonl"],
    "lang": ["--lang", ""],
    "version": ["--version", ""],
    "preset": ["--preset", "plain"],
    "file": ["--show", "content/a.md"],
    "max_changes": ["--max-changes", "3"],
    "clicks": ["--clicks", "clicks.csv"],
    "old": ["models/default"],
    "new": ["models/default"],
    "verdict": ["--verdict", "sound"],
    "sort": ["--sort", "score"],
    "csv": ["--csv", "out.csv"],
    "shell": ["bash"],
}
# Formats of commands that have others than export.
FORMATS = {"audit": "json", "fill": "json", "pr": "json", "report": "json"}
# Command -> what is refused -> what the message must name.
REFUSED = {
    "audit": {
        ("baseline", "write_baseline"): ("--baseline", "--write-baseline"),
        ("write_baseline", "form"): ("--write-baseline", "--format"),
    },
    "review": {("csv", "as_json"): ("--csv", "--json")},
    "init": {("preset", "file"): ("--preset", "--show"), ("file", "force"): ("--show", "--force")},
    "fill": {
        ("check", "write"): ("--check", "--write"),
        ("check", "resume"): ("--check", "--resume"),
        ("mode", "resume"): ("--mode", "--resume"),
        ("reviewed", "resume"): ("--resume", "--reviewed"),
        ("reviewed", "balance"): ("--reviewed", "--balance"),
        ("max_changes", "resume"): ("--resume", "--max-changes"),
        ("keep_generated", "resume"): ("--resume", "--keep-generated"),
        ("balance", "resume"): ("--resume", "--balance"),
        ("only", "resume"): ("--only", "--resume"),
        ("max_files", "resume"): ("--max-files", "--resume"),
        ("base", "resume"): ("--base", "--resume"),
        ("resume", "model"): ("--resume", "--model"),
    },
    "related": {("article", "draft"): ("url, id or path", "--text")},
    "judge": {
        **{
            (name, "agreement"): (option, "--agreement")
            for name, option in (
                ("content", "CONTENT"),
                ("judgments", "--judgments"),
                ("articles", "--articles"),
                ("depth", "--depth"),
                ("models", "--model"),
                ("rankings", "--rankings"),
            )
        },
        ("seed", "agreement"): ("--seed", "--agreement"),
    },
    "export": {("form", "target"): ("json-files", "--output"), ("folder", "target"): ("DIR", "--output")},
}
# What a command cannot do without, where the pair does not bring it: one of these, the first that is not in its way.
NEEDED = {
    "related": [("article", "draft")],
    "export": [("target", "folder")],
    "pr": [("base",)],
}
# `serve` listens for ever, and a scheduler is another program: tests/test_service_running.py and tests/test_cluster.py.
LEFT_OUT = {"serve": None, "build": "scheduler"}
# A resumed run needs one that was interrupted; judging as JSON is for two files.
OTHER = {("fill", "resume"): "no interrupted run", ("judge", "as_json"): "--json is for --agreement"}


def pairs() -> Iterator[tuple[str, click.Parameter, click.Parameter]]:
    for name, command in cli.commands.items():
        found = [one for one in command.params if one.name != LEFT_OUT.get(name, "")]
        if LEFT_OUT.get(name, "") is not None:
            yield from ((name, *pair) for pair in itertools.combinations(found, 2))


def words(parameter: click.Parameter) -> list[str]:
    if parameter.name in VALUES:
        return VALUES[parameter.name]
    assert isinstance(parameter, click.Option) and parameter.is_flag, f"write a value of {parameter.name} into VALUES"
    return [parameter.opts[0]]


def line(name: str, pair: tuple[click.Parameter, ...]) -> list[str]:
    """Give the command line of a pair, with what the command needs beside it."""
    held = {parameter.name for parameter in pair}
    needed: list[str] = []
    for choices in NEEDED.get(name, []):
        if not held & set(choices):
            needed += VALUES["folder" if name == "export" and "form" in held else choices[0]]
    if name == "init" and not held & {"force", "file"}:  # the site has a recommender.yml
        needed.append("--force")
    if name == "export" and "folder" in held and "form" not in held:
        needed += VALUES["form"]
    found = [word for parameter in pair for word in words(parameter)]
    return [name, *needed, *(FORMATS.get(name, word) if word == "json-files" else word for word in found)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("options") / "site"
    text = "The tide follows the moon around the earth"
    # `tune` learns from 20 articles at least.
    ring = list(zip(NAMES, NAMES[1:] + NAMES[:1], NAMES[2:] + NAMES[:2], strict=True))
    files = {f"content/{n}.md": article(n, link(1, m), answer=f"{text} {n * 4} {m * 4}.") for n, m, _ in ring}
    grades = "".join(f'{{"url": "/{n}", "labels": {{"/{m}": "3", "/{o}": "1"}}}}\n' for n, m, o in ring)
    lists = '{"url": "/a", "related": ["/c"]}\n'
    write_files(
        top,
        {
            **files,
            "recommender.yml": "content: content\n",
            ".gitignore": "/models/\n",
            "draft.txt": "The tide\n\nThe tide and the moon.\n",
            "grades.jsonl": grades,
            "lists.jsonl": lists,
            "clicks.csv": "article,link,rank,shown,clicked\n/a,/b,1,100,7\n",
            "known.jsonl": '{"baseline": 1}\n',
        },
    )
    patch = pytest.MonkeyPatch()
    patch.chdir(top)
    assert main(["build"]) == 0
    patch.undo()
    git(top, "init", "-q")
    commit(top)
    return top


@pytest.fixture
def run(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> Callable[..., tuple[int, str]]:
    top = Path(shutil.copytree(template, tmp_path / "site"))
    monkeypatch.chdir(top)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("watchfiles.watch", lambda *_, **__: iter([set()]))

    def go(arguments: list[str]) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO("q"))
        capsys.readouterr()
        return main(arguments), capsys.readouterr().err

    return go


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [pytest.param(name, one, other, id=f"{name} {one.name} {other.name}") for name, one, other in pairs()],
)
def test_a_pair_is_refused_naming_both_or_works(
    run: Callable[..., tuple[int, str]], name: str, one: click.Parameter, other: click.Parameter
) -> None:
    names = REFUSED.get(name, {}).get((one.name, other.name)) or REFUSED.get(name, {}).get((other.name, one.name))
    if name == "undo":
        assert run(["fill", "--write"])[0] == 0
        assert "redo" not in (one.name, other.name) or run(["undo", "--write"])[0] == 0
    before = contents(Path())
    code, err = run(line(name, (one, other)))
    if names:
        assert code == 2, err
        assert err.startswith("Usage: ")
        assert all(part in err for part in names), err
        assert contents(Path()) == before
        return
    expected = {
        OTHER[name, p.name]
        for p in (one, other)
        if (name, p.name) in OTHER and "agreement" not in (one.name, other.name)
    }
    if expected:
        assert (code, any(text in err for text in expected)) == (2, True), err
        return
    assert code in (0, 1), err
    assert code == 0 or (name in ("audit", "fill") and {"fail_on", "check"} & {one.name, other.name}), err


def test_every_row_of_the_table_is_a_pair_of_the_command_line() -> None:
    found = {(name, frozenset((one.name, other.name))) for name, one, other in pairs()}
    assert {(name, frozenset(pair)) for name, rows in REFUSED.items() for pair in rows} <= found
    assert len(found) > 150


def test_options_that_a_resumed_run_would_ignore_are_all_named(run: Callable[..., tuple[int, str]]) -> None:
    code, err = run(["fill", "--resume", "--max-files", "1", "--mode", "empty"])
    assert (code, err.splitlines()[-1]) == (
        2,
        "Error: --resume finishes a run as it was planned; give either --resume or --mode, --max-files",
    )


@pytest.mark.parametrize("write", [[], ["--write"]])
def test_a_resumed_run_may_be_said_to_write(run: Callable[..., tuple[int, str]], write: list[str]) -> None:
    code, err = run(["fill", "--resume", *write])
    assert (code, "there is no interrupted run of this CONTENT to resume" in err) == (2, True)
