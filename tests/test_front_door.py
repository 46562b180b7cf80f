"""The names that a program imports from the package: lazy, typed, and those that the reference shows."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import recommender

ROOT = Path(__file__).parents[1]

SPY = """
import json, sys
before = set(sys.modules)
import recommender
alone = sorted(name for name in set(sys.modules) - before if name.startswith("recommender"))
names = dir(recommender)
recommender.Settings
json.dump([alone, names, sorted(sys.modules)], sys.stdout)
"""
HEAVY = {"numba", "numpy", "sklearn", "scipy", "flask", "click", "yaml"}


@pytest.mark.parametrize("name", recommender.__all__)
def test_a_name_is_what_its_module_defines_and_describes(name: str) -> None:
    thing = getattr(recommender, name)
    assert thing is getattr(importlib.import_module(thing.__module__), name)
    assert thing.__module__ == f"recommender.{recommender._MODULES[name]}"
    assert thing.__doc__


def test_no_name_hides_a_package_and_no_other_is_there() -> None:
    assert set(recommender.__all__) == set(recommender._MODULES)
    assert not [name for name in recommender.__all__ if (ROOT / "recommender" / name).exists()]
    assert not [name for name in recommender.__all__ if (ROOT / "recommender" / f"{name}.py").exists()]
    with pytest.raises(AttributeError, match="module 'recommender' has no attribute 'Modle'"):
        recommender.Modle  # noqa: B018


def test_importing_it_loads_nothing_and_a_name_only_its_module() -> None:
    done = subprocess.run([sys.executable, "-c", SPY], check=True, capture_output=True, text=True)
    alone, names, modules = json.loads(done.stdout)
    assert set(alone) <= {"recommender", "recommender._version"}
    assert set(names) >= {*recommender.__all__, "__version__"}
    assert "recommender.settings" in modules
    assert not {"numba", "numpy", "sklearn", "flask", "click"}.intersection(modules)
    bare = "import recommender, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", bare], check=True, capture_output=True, text=True)
    assert not HEAVY.intersection(done.stdout.split())


@pytest.mark.slow  # runs mypy
def test_a_type_checker_sees_the_types(tmp_path: Path) -> None:
    lines = [f"reveal_type(recommender.{name})" for name in recommender.__all__]
    (tmp_path / "seen.py").write_text("\n".join(["import recommender", *lines, "recommender.Modle", ""]))
    command = [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "seen.py")]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    revealed = [line.partition("Revealed type is ")[2] for line in done.stdout.splitlines() if "Revealed" in line]
    assert len(revealed) == len(recommender.__all__)
    types = dict(zip(recommender.__all__, revealed, strict=True))
    assert not [name for name, text in types.items() if text in ('"Any"', '"object"')]
    assert "-> recommender.build.site_build.Built" in types["build_site"]
    assert "-> recommender.site.corpus.Corpus" in types["read_corpus"]
    assert 'Module has no attribute "Modle"' in done.stdout
