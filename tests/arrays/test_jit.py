"""How loops are compiled, and what happens where nothing can be kept."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import recommender
from recommender.arrays import jit
from recommender.arrays.jit import compiled, part


@part
def _twice(value: float) -> float:
    return 2 * value


def _sum_of_twice(values: np.ndarray) -> float:
    found = 0.0
    for value in values:
        found += _twice(value)
    return found


def test_a_loop_computes_what_its_function_says_with_its_parts() -> None:
    kernel = numba.njit(**jit.OPTIONS)(_sum_of_twice)
    values = np.random.default_rng(1).random(100)
    # Not the built-in sum, which is compensated from Python 3.12 on.
    assert kernel(values) == np.cumsum(2 * values)[-1]


def test_what_cannot_be_kept_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def njit(**options: object):
        asked.append(bool(options.get("cache")))
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available for file")
        return numba.njit(**options)

    monkeypatch.setattr(jit, "njit", njit)
    kernel = compiled(_sum_of_twice)
    assert asked == [True, False]
    assert kernel(np.array([1.0, 2.5])) == 7.0


def test_a_disk_that_takes_no_compiled_loop_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def full(self: object, key: object, data: object) -> None:
        asked.append(key)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.load", lambda self, key: None)
    name = _sum_of_twice.__qualname__
    try:
        kernel = compiled(_sum_of_twice)
        assert kernel(np.array([1.0, 2.5])) == 7.0
    finally:
        _sum_of_twice.__qualname__ = name
    assert len(asked) == 1


PARTS = """
from typing import Any, NamedTuple
from recommender.arrays.jit import part

class {name}(NamedTuple):
    values: Any

given = {name}

@part
def times(value):
    return {factor} * value
"""
LOOP = """
import numpy as np
from recommender import parts
from recommender.arrays.jit import compiled

@compiled
def total(given):
    found = 0.0
    for value in given.values:
        found += parts.times(value)
    return found

print(total(parts.given(np.array([1.0, 2.0]))), sum(total.stats.cache_hits.values()))
"""


@pytest.mark.slow  # compiles in processes
def test_what_is_kept_is_of_this_edition_of_the_whole_package(tmp_path: Path) -> None:
    package = tmp_path / "recommender"
    shutil.copytree(Path(recommender.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "loop.py").write_text(LOOP)

    def run(name: str, factor: int) -> str:
        (package / "parts.py").write_text(PARTS.format(name=name, factor=factor))
        command = [sys.executable, "-B", "-m", "recommender.loop"]  # bytecode knows a second's edits by size alone
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    # The file of the loop stays as it is, while its part becomes another, and a type that it was kept with goes.
    assert [run("One", 2), run("One", 2)] == ["6.0 0", "6.0 1"]
    assert [run("One", 3), run("Another", 3)] == ["9.0 0", "9.0 0"]
    # Of four editions one is kept: its index and its machine code.
    assert len(list(package.glob("__pycache__/*.total-*.nb?"))) == 2
