"""The real command line, killed, interrupted and started twice at random points of its run."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ledger import check_whole
from nightly import NIGHTLY
from small_sites import command, commit, contents, git

from recommender.editing.plan_file import plan_file
from recommender.system.disk import TEMPORARY

pytestmark = pytest.mark.slow  # injects faults

POINTS = 200 if NIGHTLY else 4


@pytest.fixture(scope="module")
def large_site(committed_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twice the sample site, the second half under other urls, ids and answers, with its own model."""
    top = Path(shutil.copytree(committed_site, tmp_path_factory.mktemp("large") / "site"))
    for file in sorted((top / "content").rglob("*.md")):
        text = file.read_text()
        text = re.sub(r"^id: (\d+)", lambda found: f"id: {int(found[1]) + 50_000}", text, flags=re.MULTILINE, count=1)
        text = re.sub(r"^(url: .*)$", r"\1-again", text, flags=re.MULTILINE, count=1)
        text = text.replace("answer: >-\n    ", f"answer: >-\n    Told once more, {file.stem}. ")
        file.with_name(f"{file.stem}-again.md").write_text(text)
    commit(top)
    assert command(top, "build").returncode == 0
    git(top, "gc", "-q")
    return top


def visible(site: Path) -> dict[str, bytes]:
    return {path: data for path, data in contents(site).items() if not path.startswith("models/")}


@pytest.fixture(scope="module")
def undisturbed(large_site: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """What the large site is after a run that nothing disturbs, and how long its writing takes."""
    site = Path(shutil.copytree(large_site, tmp_path_factory.mktemp("undisturbed") / "site"))
    run = start(site)
    wait_for_plan(site, run)
    begun = time.monotonic()
    assert run.wait(60) == 0
    return visible(site), time.monotonic() - begun


def start(site: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "recommender", "fill", "--write"]
    return subprocess.Popen(words, cwd=site, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_plan(site: Path, run: subprocess.Popen[bytes]) -> None:
    folder = plan_file(site / "content").parent
    name = plan_file(site / "content").name
    while run.poll() is None and not (folder / name).exists():
        time.sleep(0.0005)


def whole(site: Path) -> dict[str, bytes]:
    """Give what a user sees, without the temporary files of a killed run."""
    return {p: data for p, data in visible(site).items() if not TEMPORARY.fullmatch(os.path.basename(p))}


def resume(site: Path) -> None:
    """Do what the message says: resume where a plan was left, else run again."""
    words = ["--resume"] if plan_file(site / "content").exists() else ["--write", "--allow-dirty"]
    done = command(site, "fill", *words)
    assert (done.returncode, done.stderr) == (0, "")


ENDS = [
    *(pytest.param(signal.SIGKILL, point, id=f"kill-{point}") for point in range(POINTS)),
    *(pytest.param(signal.SIGINT, point, id=f"interrupt-{point}") for point in range(0, POINTS, 3)),
    *(pytest.param(signal.SIGTERM, point, id=f"terminate-{point}") for point in range(1, POINTS, 3)),
]


@pytest.mark.parametrize(("end", "point"), ENDS)
def test_an_end_at_any_point_and_resume(
    large_site: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path, end: signal.Signals, point: int
):
    final, length = undisturbed
    site = Path(shutil.copytree(large_site, tmp_path / "site"))
    before = visible(site)
    run = start(site)
    wait_for_plan(site, run)
    delay = length * (point + random.random()) / POINTS
    time.sleep(delay)
    run.send_signal(end)
    code = run.wait(60)
    assert code in (0, -end, 128 + end), f"after {delay:.4f} s of {length:.4f} s"
    if code >= 0:
        assert visible(site) == whole(site), "a run that ended by itself left a temporary file"
    check_whole(f"the command line: {end.name}", whole(site), before, final)
    resume(site)
    assert visible(site) == final, f"after {delay:.4f} s of {length:.4f} s"


@pytest.mark.parametrize("point", range(40 if NIGHTLY else 2))
def test_two_runs_at_once(large_site: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path, point: int):
    final, length = undisturbed
    site = Path(shutil.copytree(large_site, tmp_path / "site"))
    before = visible(site)
    first = start(site)
    # From together to one after the other; the second may also begin while the first one writes.
    time.sleep(random.random() * (length if point % 2 else 0.05))
    second = start(site)
    codes = [run.wait(60) for run in (first, second)]
    # 2: the lock was held, or what the other run had written is work that git does not have.
    assert set(codes) <= {0, 2}
    assert 0 in codes
    check_whole("two runs at once", visible(site), before, final)
    resume(site)
    assert visible(site) == final
