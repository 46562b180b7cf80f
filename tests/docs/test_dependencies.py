"""Every dependency is justified, and loaded by nothing but what its page says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pages import DOCS, environment, text_of
from small_sites import ROOT, article, write_files

from recommender.arrays.compiling import PLAIN_UP_TO

pytestmark = pytest.mark.slow  # a process for every command and library

PAGE = DOCS / "reference" / "dependencies.md"


def test_every_runtime_dependency_is_justified() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        name = re.split(r"[><=\[]", requirement)[0]
        assert re.search(rf"^\| {re.escape(name)} \|", text_of(PAGE), re.MULTILINE), name


LOADED = """
import json, sys
from recommender.cli.main import main
main(sys.argv[2:])
sys.stdout.flush()
json.dump(sorted(sys.modules), open(sys.argv[1], "w"))
"""
RUNS = {
    "audit": "audit",
    "related": "related 20106 --explain",
    "closest": "related nothing-of-that-name",
    "evaluate": "evaluate",
    "disagreements": "disagreements",
    "tune": "tune",
    "fill": "fill --check",
    "lists": "export --output lists.jsonl",
    "files": "export --format json-files out",
    "build": "build",
    "fresh": "build --model fresh",
}
# What the page says of a library -> the runs above that load it; `serve` and `watch`, which do not end, are none.
ONLY = {
    "`serve`": set(),
    "`watch`": set(),
    "writing into TOML": set(),
    "a build with new titles and a draft": set(),
    "building a model": {"build", "fresh"},
    f"building a model of more than {PLAIN_UP_TO:,} articles": set(),
    "building a model from scratch": {"fresh"},
}
IMPORTED_AS = {
    "embeddings": "onnxruntime",
    "fast": "numba",
    "scikit-learn": "sklearn",
    "prometheus-client": "prometheus_client",
}


def test_only_what_the_page_says_loads_a_library(site: Path, tmp_path: Path) -> None:
    rows = dict(re.findall(r"^\| `?([a-z-]+)`? \|.* only ([^;|]*?) loads? it \|$", text_of(PAGE), re.M))
    assert {
        "embeddings",
        "flask",
        "fast",
        "orjson",
        "scikit-learn",
        "scipy",
        "prometheus-client",
        "tomlkit",
        "watchfiles",
    } == rows.keys()
    loaded = {}
    for name, command in RUNS.items():
        seen = tmp_path / "seen.json"
        if name == "build":
            write_files(site, {"content/new.md": article("new")})
        script = [sys.executable, "-c", LOADED, str(seen), *command.split()]
        subprocess.run(script, check=True, cwd=site, env=environment(tmp_path), capture_output=True)
        loaded[name] = set(json.loads(seen.read_text(encoding="utf-8")))
    for library, only in rows.items():
        found = {name for name, modules in loaded.items() if IMPORTED_AS.get(library, library) in modules}
        assert found == ONLY[only], library
