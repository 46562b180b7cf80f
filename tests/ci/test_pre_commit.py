"""The hooks for pre-commit, run by pre-commit itself on commits of a repository.

For `language: python` pre-commit would install the package from a registry. Here it takes the hooks as they are, but
runs them by the command that is tested (`language: system`), so that no network is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from small_sites import ROOT, article, commit, git, link, write_files

pytestmark = pytest.mark.slow  # pre-commit clones the hooks and runs commands

HOOKS = ".pre-commit-hooks.yaml"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with the hooks of this repository installed, and one sound link."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copy(ROOT / HOOKS, hooks)
    git(hooks, "init", "-q")
    commit(hooks)
    command = tmp_path / "bin" / "recommender"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recommender "$@"\n')
    command.chmod(0o755)
    for name, value in {
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "cache"),
        "PIP_NO_INDEX": "1",
    }.items():
        monkeypatch.setenv(name, value)
    ids = [hook["id"] for hook in yaml.safe_load((ROOT / HOOKS).read_text())]
    config = {"repos": [{"repo": str(hooks), "rev": git(hooks, "rev-parse", "HEAD").decode().strip()}]}
    config["repos"][0]["hooks"] = [{"id": name, "language": "system"} for name in ids]
    top = write_files(
        tmp_path / "site",
        {
            "recommender.yml": "content: pages\nslots: 1\nfloor: 0\n",
            ".pre-commit-config.yaml": yaml.safe_dump(config),
            "pages/a.md": article("a", link(1, "b")),
            "pages/b.md": article("b", link(1, "a")),
        },
    )
    git(top, "init", "-q")
    subprocess.run([sys.executable, "-m", "pre_commit", "install"], cwd=top, check=True, capture_output=True)
    return top


def committed(top: Path) -> tuple[bool, str]:
    """Try to commit everything; give whether that was done, and what was said."""
    git(top, "add", "-A")
    done = subprocess.run(["git", "-C", str(top), "commit", "-m", "state"], capture_output=True, text=True, check=False)
    return not done.returncode, done.stdout + done.stderr


def test_the_hooks_let_a_sound_site_pass_and_stop_a_broken_link(site: Path) -> None:
    done, said = committed(site)
    assert done, said
    assert said.count("Passed") == 2
    write_files(site, {"pages/b.md": article("b", link(1, "gone"))})
    done, said = committed(site)
    assert not done
    assert "pages/b.md" not in git(site, "diff", "--name-only").decode(), "no hook changes a file"
    assert "b.md:7: error dead slot 1: no article has this url or id: /gone" in said
    assert said.count("Failed") == 2
    assert "1 files would change" in said


def test_a_commit_that_only_deletes_is_looked_at_too(site: Path) -> None:
    assert committed(site)[0]
    (site / "pages" / "b.md").unlink()
    done, said = committed(site)
    assert not done
    assert "a.md:7: error dead slot 1" in said
