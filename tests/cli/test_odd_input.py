"""Odd arguments and surroundings of every command: one sentence and an exit code, never a traceback."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from small_sites import article, link, write_files

from recommender.cli.main import cli, main

pytestmark = pytest.mark.slow  # a process for every odd input

POSIX = pytest.mark.skipif(os.name != "posix", reason="devices, loops and names in bytes are not this system's")
# No pipe that nobody writes into: it is waited for, as everywhere.
ODD = {
    "empty": "",
    "not UTF-8": "\udcff\udcfe",
    "very long": "x" * 5000,
    "loop": "loop",
    "folder": "folder",
    "device": os.devnull,
    "below a file": "binary/x",
    "control": "a\x1b[31m\nb",
    "number": "9" * 30,
    "host": "http://[x",
}
# What a command needs beside the parameter at hand.
BESIDE = {
    "related": ["/a"],
    "export": ["--output", "lists.jsonl"],
    "judge": ["--judgments", "j.jsonl"],
    "evaluate": ["--depth", "5"],
}


def calls() -> Iterator[tuple[str, str]]:
    """Give each command with each of its parameters that takes a value."""
    for name, command in cli.commands.items():
        for parameter in command.params:
            if not getattr(parameter, "is_flag", False):
                yield name, str(parameter.name)


def arguments(name: str, wanted: str, value: str) -> list[str]:
    (parameter,) = (one for one in cli.commands[name].params if one.name == wanted)
    if (name, wanted) == ("export", "folder"):
        return [name, "--format", "json-files", "--", value]
    if isinstance(parameter, click.Argument):
        return [name, "--", value]
    beside = [] if wanted in ("target", "draft", "judgments", "depths", "agreement") else BESIDE.get(name, [])
    return [name, parameter.opts[0], *[value] * max(parameter.nargs, 1), *beside]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of a few articles, with its model, beside odd files."""
    top = tmp_path_factory.mktemp("odd")
    files: dict[str, str | bytes] = {
        f"content/{name}.md": article(name, link(1, "b"), answer=f"The tide, the moon and {name}.") for name in "acde"
    }
    files |= {"content/b.md": article("b"), "recommender.yml": "content: content\n", "binary": b"\xff\x00\x01\n"}
    write_files(top, files)
    (top / "folder").mkdir()
    (top / "loop").symlink_to("loop")
    before = Path.cwd()
    os.chdir(top)
    try:
        assert main(["build"]) == 0
    finally:
        os.chdir(before)
    return top


@pytest.fixture
def at(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work there; what would run until it is stopped ends at once."""
    monkeypatch.chdir(made)
    monkeypatch.setattr("recommender.service.waitress_server.serve", lambda *given: None)
    monkeypatch.setattr("watchfiles.watch", lambda *given, **named: iter([{1}]))
    return made


@POSIX
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(("name", "parameter"), list(calls()))
def test_an_odd_argument_is_a_sentence(
    at: Path, capsys: pytest.CaptureFixture[str], name: str, parameter: str, odd: str
) -> None:
    code = main(arguments(name, parameter, ODD[odd]))
    err = capsys.readouterr().err
    assert code in (0, 1, 2), err
    assert "Traceback" not in err and "this is a bug" not in err
    assert code != 2 or err.strip(), "wrong use without a word"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("audit ''", "Invalid value for '[CONTENT]': the path is empty; name one"),
        ("build --model ''", "Invalid value for '--model': the path is empty; name one"),
        ("export --output ''", "Invalid value for '--output': the path is empty; name one"),
        ("fill --only x/y --check", "--only 'x/y' matches no article; the closest is '"),
        ("watch nowhere", "CONTENT nowhere does not exist; name the folder that holds the site's Markdown files"),
        ("serve nowhere", "CONTENT nowhere does not exist; name the folder"),
        ("watch binary", "CONTENT binary is not a folder; name the folder"),
        ("fill loop --check", "CONTENT loop does not exist; name the folder"),
        ("related --text /dev/zero", "the draft is larger than 1 MiB; shorten it and ask again"),
        ("evaluate --rankings /dev/zero", "/dev/zero is a device; name a file that `export` wrote"),
    ],
)
def test_what_is_said_of_it(at: Path, capsys: pytest.CaptureFixture[str], call: str, words: str) -> None:
    if "/dev/" in call and not os.path.exists("/dev/zero"):
        pytest.skip("no device that never ends")
    assert main(shlex.split(call)) == 2
    assert words in capsys.readouterr().err


@POSIX
def test_a_site_that_cannot_be_watched_by_its_name_says_so(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkdir(os.fsencode("\udcff"))
    try:
        assert main(["watch", "\udcff"]) == 2
    finally:
        os.rmdir(os.fsencode("\udcff"))
    assert r"CONTENT \udcff is no UTF-8, so it cannot be watched; rename it, or run `build`" in capsys.readouterr().err


SURROUNDINGS = {
    "stdin closed": "{} <&-",
    "all streams closed": "{} <&- >&- 2>&-",
    "stdout full": "{} >/dev/full",
    "stderr full": "{} 2>/dev/full",
    "stdin a folder": "{} </",
    "working directory gone": "mkdir gone && cd gone && rmdir ../gone && {}",
    "plain locale": "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {}",
    "no git": "PATH=/nonexistent {}",
    "few open files": "ulimit -n 20; {}",
}


@POSIX
@pytest.mark.parametrize("way", SURROUNDINGS)
@pytest.mark.parametrize(
    "call", ["audit", "related --text -", "judge --articles 1 --judgments j.jsonl", "fill --write", "export --output -"]
)
def test_odd_surroundings_are_a_sentence(at: Path, way: str, call: str) -> None:
    if "full" in way and not os.path.exists("/dev/full"):
        pytest.skip("no device that is always full")
    command = SURROUNDINGS[way].format(f"{shlex.quote(sys.executable)} -m recommender {call}")
    done = run(command, at)
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    if way == "working directory gone":
        assert (done.returncode, done.stderr) == (2, "recommender: the working directory is gone; go to another one\n")


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 120}
    return subprocess.run(["/bin/bash", "-c", command], cwd=folder, check=False, **given)
