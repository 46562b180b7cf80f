"""A small site needs no numba: it is built, asked, filled and evaluated where it is not installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_sites import ROOT

from recommender.arrays import compiling
from recommender.build.pipeline import fit_model
from recommender.model.array_schema import to_arrays
from recommender.model.model import Model
from recommender.settings import Settings
from recommender.site.corpus import Corpus

pytestmark = pytest.mark.slow  # builds in processes that lack numba

ARTICLE = "/learn/astronomy/questions/explain-keplers-three-laws-of-planetary-motion"


@pytest.fixture
def run(site: Path, tmp_path: Path):
    """Give a function that runs a command on the sample site, in a process that cannot import numba."""
    stub = tmp_path / "stub"
    for name in ("numba", "llvmlite"):
        (stub / name).mkdir(parents=True)
        (stub / name / "__init__.py").write_text('raise ImportError("not here")\n')
    surroundings = os.environ | {"PYTHONPATH": f"{stub}{os.pathsep}{ROOT}"}

    def command(*arguments: str, settings: str = "") -> subprocess.CompletedProcess[str]:
        (site / "recommender.yml").write_text(f"content: content\nmodel: models/default\n{settings}")
        words = [sys.executable, "-m", "recommender", *arguments]
        return subprocess.run(words, cwd=site, env=surroundings, capture_output=True, text=True, check=False)

    assert subprocess.run([sys.executable, "-c", "import numba"], env=surroundings, check=False).returncode == 1
    return command


def test_every_command_of_the_first_screen_runs(run, site: Path) -> None:
    built = json.loads((site / "models/default/manifest.json").read_text())["version"]
    for arguments, code in {
        ("build", "--model", "other"): 0,
        ("build",): 0,
        ("related", ARTICLE, "--explain"): 0,
        ("related", "--text", "content/physics/what-is-entropy-and-why-does-it-tend-to-increase.md"): 0,
        ("fill",): 0,
        ("fill", "--check"): 1,
        ("evaluate",): 0,
        ("audit",): 1,
        ("export", "--output", "lists.jsonl"): 0,
    }.items():
        done = run(*arguments)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), (arguments, done.stderr)
    # It is the very model that was built with numba at hand.
    assert json.loads((site / "other/manifest.json").read_text())["version"] == built


def test_a_large_site_is_built_all_the_same_and_that_is_said(
    corpus: Corpus, model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiling, "PLAIN_UP_TO", 100)
    monkeypatch.setattr(compiling, "has_numba", lambda: False)
    built, kept = to_arrays(fit_model(corpus, Settings(), "")), to_arrays(model)
    assert [name for name in kept if built[name].tobytes() != kept[name].tobytes()] == []
    said = "142 articles are ranked without numba, which takes several times as long: pip install 'recommender[fast]'"
    assert caplog.messages == [said]


def test_what_only_compiled_loops_do_says_what_to_install(run) -> None:
    done = run("build", settings="exact_up_to: 100\n")
    assert done.returncode == 2
    assert "needs numba" in done.stderr
    assert "pip install 'recommender[fast]'" in done.stderr
