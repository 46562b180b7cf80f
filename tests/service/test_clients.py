"""Clients that others generate from the service's document: they compile, and ask a running service."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from readers import FOLDER, install
from small_sites import ROOT

from tests.service.test_running import KEPLER, Running, serve

pytestmark = pytest.mark.slow  # makes and runs generated clients

OPENAPI = ROOT / "recommender" / "service" / "openapi.json"
GENERATOR = "openapi_python_client"


@pytest.fixture(scope="module")
def running(committed_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve(Path(shutil.copytree(committed_site, tmp_path_factory.mktemp("clients") / "site"))) as running:
        yield running


def run(folder: Path, *words: str, **extra: Any) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=240, **extra)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(running: Running, seen: dict[str, Any]) -> None:
    """Hold what a client got against the plain answers."""
    plain = json.loads(running.get(f"/v1/related?url={KEPLER}&limit=3")[2])["related"]
    assert seen["related"] == [[link["url"], link["score"]] for link in plain]
    assert seen["terms"] == pytest.approx([link["score"] for link in plain], abs=1e-8)
    assert seen["by_id"] == [plain[0]["url"]]
    assert seen["drafts"] == [[200, "Почему мерцают звёзды?"], [200, ""]]
    assert seen["batch"] == [5, 2, 404]
    assert seen["search"] == ["/learn/astronomy/questions/why-do-stars-twinkle-but-planets-do-not"]
    assert seen["error"] == [404, 3]


def test_a_client_in_typescript(running: Running, tmp_path: Path) -> None:
    install()
    # Beside what it imports, as in any project.
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    shutil.copy(FOLDER / "client.mts", tmp_path)
    modules = FOLDER / "node_modules"
    run(tmp_path, "node", str(modules / "openapi-typescript" / "bin" / "cli.js"), str(OPENAPI), "-o", "api.d.ts")
    run(tmp_path, "node", str(modules / "typescript" / "bin" / "tsc"), "--strict", "--target", "es2022",
        "--module", "nodenext", "--lib", "es2022,dom", "client.mts")  # fmt: skip
    out = run(tmp_path, "node", "client.mjs", f"http://127.0.0.1:{running.port}", KEPLER, "20106")
    check(running, json.loads(out))


def test_a_client_in_python(running: Running, tmp_path: Path) -> None:
    if importlib.util.find_spec(GENERATOR) is None:
        pytest.skip("openapi-python-client is not installed: pip install '.[test]'")
    shutil.copy(Path(__file__).parents[1] / "clients" / "client.py", tmp_path)
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    run(tmp_path, sys.executable, "-m", GENERATOR, "generate", "--path", str(OPENAPI), "--meta", "none",
        "--output-path", "recommender_client", "--config", "config.yml", "--fail-on-warning")  # fmt: skip
    run(tmp_path, sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "client.py")
    out = run(tmp_path, sys.executable, "client.py", f"http://127.0.0.1:{running.port}", KEPLER, "20106")
    check(running, json.loads(out))
