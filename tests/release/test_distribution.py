"""What is published: wheel and sdist are whole, PyPI takes them, and an environment of its own runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from checkout import copy_tracked
from small_sites import ROOT, article, write_files

import recommender

pytestmark = pytest.mark.slow  # builds, and installs into new environments
WORKFLOWS = ROOT / ".github" / "workflows"


def run(*words: str, cwd: Path = ROOT, **variables: str) -> str:
    done = subprocess.run(words, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel that is built from it, of what git has of this checkout."""
    source = copy_tracked(tmp_path_factory.mktemp("source"))
    run("git", "init", "-q", cwd=source)
    run("git", "add", "--all", cwd=source)  # an sdist holds what git has
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", str(folder), cwd=source, SETUPTOOLS_SCM_PRETEND_VERSION="9.8.7")
    return folder


def test_the_wheel_holds_the_package_and_nothing_else(dist: Path) -> None:
    with zipfile.ZipFile(dist / "recommender-9.8.7-py3-none-any.whl") as wheel:
        names = {name for name in wheel.namelist() if not name.startswith("recommender-9.8.7.dist-info/")}
    tracked = run("git", "ls-files", "recommender").split("\n")
    assert names == {*filter(None, tracked), "recommender/_version.py"}


def test_the_sdist_holds_what_git_has(dist: Path) -> None:
    with tarfile.open(dist / "recommender-9.8.7.tar.gz") as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"pyproject.toml", "LICENSE", "CHANGELOG.md", "recommender/cli/main.py", "tests/conftest.py"} <= names
    assert not [name for name in names if name.startswith((".venv", "models/default"))]


def test_pypi_takes_both(dist: Path) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", *map(str, dist.iterdir()))


def test_pipx_runs_it_in_an_environment_of_its_own(dist: Path, tmp_path: Path) -> None:
    """As users do, on a site of no known generator, without settings; the wheel was built from the sdist."""
    site = write_files(tmp_path / "site", {f"content/{n}.md": article(n) for n in "abc"})
    # Wheels that pip has already are taken from its cache; __pycache__ apart, nothing is shared with this environment.
    apart = {"PIPX_HOME": str(tmp_path / "pipx"), "PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "PYTHONPATH": ""}
    apart["PIP_NO_COMPILE"] = "no"  # as pip wants it: what is never loaded is not compiled
    words = (
        sys.executable,
        "-m",
        "pipx",
        "run",
        "--spec",
        str(dist / "recommender-9.8.7-py3-none-any.whl"),
        "recommender",
    )
    assert run(*words, "--version", cwd=site, **apart) == "recommender, version 9.8.7\n"
    run(*words, "init", cwd=site, **apart)
    assert "3 of 3 files are articles" in run(*words, "build", cwd=site, **apart)
    assert run(*words, "related", "/a", cwd=site, **apart)


def test_a_checkout_that_is_installed_knows_its_version() -> None:
    assert re.match(r"\d+\.\d+", recommender.__version__) or recommender.__version__ == "0+unknown"


@pytest.mark.parametrize("name", ["tests.yml", "release.yml"])
def test_workflows_are_valid_by_their_schema(name: str) -> None:
    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOWS / name))
    jobs = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))["jobs"]
    # What a stranger names, a branch or a title, is no part of a script: it comes as a variable.
    scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_the_matrix_has_every_python_that_is_promised() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "tests.yml").read_text(encoding="utf-8"))["jobs"]
    promised = re.findall(r"Python :: (3\.\d+)\"", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert jobs["linux"]["strategy"]["matrix"]["python"] == promised
    page = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    on_windows = {
        step["run"].split()[1] for step in jobs["windows"]["steps"] if step.get("run", "").startswith("recommender ")
    }
    (row,) = re.findall(r"^\| (`init`.*?) \| yes \| yes \|$", page, re.MULTILINE)
    assert on_windows - {"--version", "fill"} <= set(re.findall(r"`(\w+)`", row))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    assert "_RECOMMENDER_COMPLETE=" in run(sys.executable, "-m", "recommender", "completion", shell).replace("env ", "")


def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "recommender").write_text(f'#!/bin/sh\nexec {sys.executable} -m recommender "$@"\n')
    (bin_folder / "recommender").chmod(0o755)
    path = f"{bin_folder}:{os.environ['PATH']}"
    for words, place, wanted in (
        (("recommender", "aud"), 1, "audit"),
        (("recommender", "fill", "--wri"), 2, "--write"),
    ):
        script = (
            'eval "$(recommender completion bash)"\n'
            f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={place}; _recommender_completion recommender\n"
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        assert run("bash", "-c", script, cwd=tmp_path, PATH=path) == f"{wanted}\n"
