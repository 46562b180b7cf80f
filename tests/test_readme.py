"""The README's commands, run in order in a git checkout of the sample site: every line of output must be as printed.

After a wanted change of output: RECOMMENDER_WRITE_README=1 pytest tests/test_readme.py writes the new output.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recommender.problems import KINDS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CONSOLE = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"(?<=^```python\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    site = folder / "site"
    shutil.copytree(ROOT / "data", site)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "The sample site"]):
        subprocess.run(["git", "-C", str(site), *arguments], check=True, env=environment(folder))
    commands = folder / "bin"
    commands.mkdir()
    command = commands / "recommender"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recommender "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return site


def environment(folder: Path) -> dict[str, str]:
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    return {
        **os.environ,
        **dict.fromkeys(names, "reader@localhost"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(folder / "state"),
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
    }


def run(command: str, site: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=site,
        env=environment(site.parent),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"


def executed(block: str, site: Path) -> str:
    """Run the commands of one block and give the block with what they print."""
    lines = []
    for line in block.splitlines():
        if line.startswith("$ "):
            lines.append(f"{line}\n{run(line[2:], site)}")
    return "".join(lines)


def test_the_commands_print_what_the_readme_says(checkout: Path) -> None:
    text = README.read_text(encoding="utf-8")
    blocks = CONSOLE.findall(text)
    assert len(blocks) >= 8
    printed = [executed(block, checkout) for block in blocks]
    if os.environ.get("RECOMMENDER_WRITE_README"):
        for block, output in zip(blocks, printed, strict=True):
            text = text.replace(block, output, 1)
        README.write_text(text, encoding="utf-8")
        blocks = printed
    assert printed == blocks


def test_the_library_example_runs(checkout: Path) -> None:
    (example,) = PYTHON.findall(README.read_text(encoding="utf-8"))
    shutil.copy(ROOT / "data" / "recommender.yml", checkout)  # the README's `init --force` has replaced it
    script = checkout / "example.py"
    script.write_text(example, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=checkout,
        env=environment(checkout.parent),
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 5


def test_every_problem_code_is_listed_with_its_severity() -> None:
    text = README.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (error|warning|note) \|", text, re.MULTILINE))
    assert rows == {code: kind.severity for code, kind in KINDS.items()}
    assert all(kind.summary in text for kind in KINDS.values())


def test_every_command_and_its_options_are_in_the_readme() -> None:
    from recommender.cli.main import cli

    text = README.read_text(encoding="utf-8")
    for name, command in cli.commands.items():
        assert f"recommender {name}" in text
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--"):
                    assert option in text, f"{name} {option} is not in the README"


def test_every_promise_names_tests_that_exist() -> None:
    section = README.read_text(encoding="utf-8").split("## What we promise about your files")[1].split("\n## ")[0]
    rows = [row.split(" | ") for row in section.splitlines() if row.startswith("| ") and "---" not in row][1:]
    assert len(rows) > 10
    written = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").glob("test_*.py"))
    for promise, proof in rows:
        names = re.findall("`(test_[a-z0-9_]+)`", proof)
        assert names, promise
        assert [name for name in names if f"def {name}(" not in written] == []


def test_every_runtime_dependency_is_justified() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = README.read_text(encoding="utf-8")
    for requirement in project["dependencies"]:
        name = re.split(r"[><=\[]", requirement)[0]
        assert re.search(rf"^\| `?{re.escape(name)}`? \|", text, re.MULTILINE | re.IGNORECASE), name


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
# What the README says of a library -> the runs above that load it; `serve` and `watch`, which do not end, are none.
ONLY = {
    "`serve`": set(),
    "`watch`": set(),
    "`serve` and `export` (of json-files)": {"files"},
    "building a model": {"build", "fresh"},
    "building a model from scratch": {"fresh"},
}
IMPORTED_AS = {"scikit-learn": "sklearn", "prometheus-client": "prometheus_client"}


def test_only_what_the_readme_says_loads_a_library(site: Path, tmp_path: Path) -> None:
    rows = dict(
        re.findall(r"^\| ([a-z-]+) \|.* only ([^;|]*?) loads? it \|$", README.read_text(encoding="utf-8"), re.M)
    )
    assert {"flask", "numba", "orjson", "scikit-learn", "scipy", "prometheus-client", "watchfiles"} == rows.keys()
    loaded = {}
    for name, command in RUNS.items():
        seen = tmp_path / "seen.json"
        script = [sys.executable, "-c", LOADED, str(seen), *command.split()]
        subprocess.run(script, check=True, cwd=site, env=environment(tmp_path), capture_output=True)
        loaded[name] = set(json.loads(seen.read_text(encoding="utf-8")))
    for library, only in rows.items():
        found = {name for name, modules in loaded.items() if IMPORTED_AS.get(library, library) in modules}
        assert found == ONLY[only], library


def test_the_answers_that_carry_a_strong_etag_are_named(saved: Path) -> None:
    from recommender.service import create_app
    from recommender.settings import Settings

    text = " ".join(README.read_text(encoding="utf-8").split())
    (named,) = re.findall(r"The answers of `GET ([^.]*)` carry a strong ETag", text)
    client = create_app(saved, Settings()).test_client()
    url = "/learn/physics/questions/what-is-entropy-and-why-does-it-tend-to-increase"
    queries = {"/v1/related": f"?url={url}", "/v1/articles": "?query=moon", "/article": f"?url={url}"}
    rules = {rule.rule for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or ())}
    tagged = set()
    for rule in rules - {"/static/<path:filename>"}:
        answer = client.get(rule.replace("<identity>", "20106") + queries.get(rule, ""))
        assert answer.status_code < 500, rule
        if answer.headers.get("ETag", "").startswith('"'):
            tagged.add(rule.replace("<identity>", "{id}"))
    assert set(re.split("`, `|` and `", named)) == tagged
