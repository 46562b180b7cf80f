"""``watch`` as a user runs it: a model at once, a new one after each edit, an end by Ctrl-C."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_sites import command

from recommender.cli.watch import is_of_content
from recommender.model.store import read_manifest

pytestmark = pytest.mark.slow  # watches in another process


@pytest.fixture
def top(committed_site: Path, tmp_path: Path) -> Path:
    top = Path(shutil.copytree(committed_site, tmp_path / "site"))
    shutil.rmtree(top / "models", ignore_errors=True)
    return top


@pytest.fixture
def watching(top: Path) -> Iterator[subprocess.Popen[str]]:
    with (top / "watch.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "recommender", "watch"], cwd=top, stdout=log, stderr=log, text=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(told: Callable[[], bool], process: subprocess.Popen[str], top: Path) -> None:
    end = time.monotonic() + 120
    while not told():
        assert process.poll() is None, (top / "watch.log").read_text()
        assert time.monotonic() < end, (top / "watch.log").read_text()
        time.sleep(0.05)


def models(top: Path) -> int:
    return (top / "watch.log").read_text().count("files are articles; built in")


def version(folder: Path) -> str:
    return str(read_manifest(folder)["version"])


def test_a_model_after_every_change_until_interrupted(watching: subprocess.Popen[str], top: Path) -> None:
    until(lambda: models(top) == 1, watching, top)
    first = version(top / "models/default")
    one = min((top / "content").rglob("*.md"))
    one.write_text(one.read_text().replace("answer: >-\n    ", "answer: >-\n    Telescopes. "))
    until(lambda: models(top) == 2, watching, top)
    second = version(top / "models/default")
    # Neither the model itself nor other files are content.
    (top / "content" / "notes.txt").write_text("no article")
    time.sleep(1.5)
    watching.send_signal(signal.SIGINT)
    assert watching.wait(60) == 0
    assert models(top) == 2
    assert len({first, second}) == 2
    # What it kept up to date is what a build from scratch gives.
    assert command(top, "build", "--model", "fresh").returncode == 0
    assert version(top / "fresh") == second


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.md", True),
        ("deep/er/a.MDX", True),
        ("folder", True),
        ("a.txt", False),
        (".git/index", False),
        (".hidden/a.md", False),
        ("node_modules/x/a.md", False),
        ("models/m/manifest", False),
        ("../other/a.md", False),
    ],
)
def test_what_is_of_the_content(tmp_path: Path, path: str, wanted: bool) -> None:
    root = tmp_path / "content"
    root.mkdir()
    of_content = is_of_content(root, root / "models" / "m")
    assert of_content(1, str((root / path).resolve())) == wanted


def test_what_is_not_in_the_model_is_said_once(watching: subprocess.Popen[str], top: Path) -> None:
    until(lambda: models(top) == 1, watching, top)
    (top / "content" / "bad.md").write_bytes(b"---\nurl: \xff\n---\n")
    until(lambda: models(top) == 2, watching, top)
    until(lambda: "1 of 143 files are not in the model: bad.md\n" in (top / "watch.log").read_text(), watching, top)
    one = top / "content/astronomy/compare-refracting-and-reflecting-telescopes.md"
    one.write_text(one.read_text().replace("answer: >-\n    ", "answer: >-\n    Telescopes. "))
    until(lambda: models(top) == 3, watching, top)
    time.sleep(0.5)
    log = (top / "watch.log").read_text()
    assert log.count("bad.md:2: error not-utf8") == log.count("not in the model") == 1
