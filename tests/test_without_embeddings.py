"""The extra for embeddings where it is missing, and where it is there but not needed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_sites import BUILT_AT

from recommender.build.pipeline import fit_model
from recommender.model.store import save_model
from recommender.service import create_app
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.text.title_embeddings import REMEDY

pytestmark = pytest.mark.slow  # a process for every command

ARTICLE = "/learn/physics/questions/what-is-entropy-and-why-does-it-tend-to-increase"
DRAFT = "Why does heat flow from hot to cold?\n\nEntropy grows, so heat flows from hot things to cold ones.\n"
# A name that stands for None in sys.modules is not there: find_spec and import agree.
RUN = """
import sys
{missing}
from recommender.cli.main import main
code = main(sys.argv[1:])
print("loaded onnxruntime:", sys.modules.get("onnxruntime") is not None, file=sys.stderr)
sys.exit(code)
"""
MISSING = "sys.modules['onnxruntime'] = None"

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(site: Path) -> Command:
    """Give a function that runs a command on the sample site, whose model has embeddings, with the extra or without."""
    (site / "recommender.yml").write_text("content: content\nmodel: models/default\nembeddings: titles\n")
    (site / "draft.md").write_text(DRAFT)
    settings = Settings(embeddings="titles")
    save_model(fit_model(read_corpus(site / "content", settings), settings, BUILT_AT), site / "models" / "default")

    def command(*words: str, missing: bool = False) -> subprocess.CompletedProcess[str]:
        code = [sys.executable, "-c", RUN.format(missing=MISSING if missing else ""), *words]
        return subprocess.run(code, cwd=site, capture_output=True, text=True, check=False)

    return command


def test_a_build_is_refused_with_the_remedy(run: Command, site: Path) -> None:
    done = run("build", missing=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert REMEDY in done.stderr
    (site / "recommender.yml").write_text("content: content\nmodel: models/other\n")
    done = run("build", missing=True)
    assert done.returncode == 0
    assert done.stderr.count(REMEDY) == 1
    assert REMEDY not in run("build", missing=True).stderr  # it was said
    assert run("init", "--force", missing=True).stderr.count(REMEDY) == 1
    assert REMEDY not in run("init", "--force").stderr


def test_look_ups_need_no_model_of_sentences_and_drafts_go_without(run: Command) -> None:
    for arguments in [(ARTICLE, "--explain"), (ARTICLE, "--json"), ("--text", "draft.md", "--json")]:
        given, missing = run("related", *arguments), run("related", *arguments, missing=True)
        assert (given.returncode, missing.returncode) == (0, 0), missing.stderr
        draft = "--text" in arguments
        assert f"loaded onnxruntime: {draft}" in given.stderr
        assert (given.stdout == missing.stdout) != draft
    assert "note" not in json.loads(given.stdout)
    assert REMEDY in json.loads(missing.stdout)["note"]
    done = run("related", "--text", "draft.md", "--explain", missing=True)
    assert "title_meaning" in done.stderr
    assert "title_meaning" not in done.stdout
    assert "title_meaning" in run("related", "--text", "draft.md", "--explain").stdout


def test_a_service_serves_the_model_all_the_same(run: Command, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = {"title": DRAFT.split("\n", maxsplit=1)[0], "answer": DRAFT}
    client = create_app(site / "models" / "default", Settings()).test_client()
    assert "note" not in client.post("/v1/related", json=draft).get_json()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    client = create_app(site / "models" / "default", Settings()).test_client()
    answer = client.post("/v1/related", json=draft).get_json()
    assert REMEDY in answer["note"]
    assert answer["related"]
    assert "Ranked without title_meaning" in client.post("/draft", data=draft).get_data(as_text=True)
    assert client.get(f"/v1/related?url={ARTICLE}").status_code == 200


def test_parts_add_up_and_a_reason_is_given(run: Command) -> None:
    links = json.loads(run("related", ARTICLE, "--explain", "--json").stdout)["related"]
    assert any(term["field"] == "title_meaning" for link in links for term in link["terms"])
    for link in links:
        assert sum(term["value"] for term in link["terms"]) == pytest.approx(link["score"])
    why = json.loads(run("related", ARTICLE, "--why", links[0]["url"], "--json").stdout)
    assert (why["rank"], why["score"]) == (1, links[0]["score"])
    assert [term["field"] for term in why["terms"]].count("title_meaning") == 1
