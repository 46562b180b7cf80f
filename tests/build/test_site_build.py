"""Building a site as a library user does, and models that fit what a site is now."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_sites import ARTICLES

from recommender.build.site_build import build_site, fitting_model
from recommender.errors import ModelError
from recommender.model.model import Model
from recommender.model.store import load_model, read_manifest
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus

WITHOUT_CLICK = """
import json, sys
sys.modules["click"] = None  # any import of it fails
from pathlib import Path
from recommender.build.site_build import build_site
from recommender.settings import Settings
built = build_site(Path(sys.argv[1]), Settings(), Path(sys.argv[2]))
json.dump([built.files, len(built.model), sorted(sys.modules)], sys.stdout)
"""


def test_a_library_builds_without_the_command_line(tmp_path: Path) -> None:
    code = [sys.executable, "-c", WITHOUT_CLICK, str(ARTICLES), str(tmp_path / "model")]
    done = subprocess.run(code, check=True, capture_output=True, text=True)
    files, articles, modules = json.loads(done.stdout)
    assert (files, articles) == (142, 142)
    assert not [name for name in modules if name.startswith(("recommender.cli", "tqdm", "flask"))]
    assert done.stderr == ""
    assert len(load_model(tmp_path / "model")) == 142


def test_progress_is_called_and_a_second_build_reads_and_publishes_nothing(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []

    def progress(label: str, total: int):
        return lambda done: steps.append((label, total, done))

    first = build_site(ARTICLES, Settings(), tmp_path / "model", progress)
    assert {(label, total) for label, total, _ in steps} >= {("reading", 142), ("ranking", 142)}
    assert first.read is None
    version = read_manifest(tmp_path / "model")["version"]
    again = build_site(ARTICLES, Settings(), tmp_path / "model", progress)
    assert again.files == 142
    assert read_manifest(tmp_path / "model")["version"] == version


def test_a_model_that_fits_is_loaded_and_any_other_rebuilt(saved: Path, model: Model, tmp_path: Path) -> None:
    reasons: list[str] = []

    def rebuild(reason: str) -> Model:
        reasons.append(reason)
        return model

    corpus = read_corpus(ARTICLES, Settings())
    assert fitting_model(corpus, Settings(), saved, rebuild).corpus_digest == corpus.digest
    assert reasons == []
    fitting_model(corpus, Settings(floor=0.2), saved, rebuild)
    small = dataclasses.replace(corpus, articles=corpus.articles[1:])
    fitting_model(small, Settings(), saved, rebuild)
    fitting_model(corpus, Settings(), tmp_path, rebuild)
    assert reasons == [
        *[f"the model in {saved} was built from other content or settings"] * 2,
        f"{tmp_path} holds no model",
    ]


def test_a_rebuild_that_fails_comes_through(corpus: Corpus, tmp_path: Path) -> None:
    def rebuild(reason: str) -> Model:
        raise ModelError("the disk is full")

    with pytest.raises(ModelError, match="the disk is full"):
        fitting_model(corpus, Settings(), tmp_path, rebuild)
