"""How loops are compiled, and what happens where nothing can be kept."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from recommender import compiled as compiled_module
from recommender.compiled import compiled, part


@part
def _twice(value: float) -> float:
    return 2 * value


def _sum_of_twice(values: np.ndarray) -> float:
    found = 0.0
    for value in values:
        found += _twice(value)
    return found


def test_a_loop_computes_what_its_function_says_with_its_parts() -> None:
    kernel = numba.njit(**compiled_module.OPTIONS)(_sum_of_twice)
    values = np.random.default_rng(1).random(100)
    assert kernel(values) == sum((2 * value for value in values.tolist()), 0.0)


def test_what_cannot_be_kept_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def njit(**options: object):
        asked.append(bool(options.get("cache")))
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available for file")
        return numba.njit(**options)

    monkeypatch.setattr(compiled_module, "njit", njit)
    kernel = compiled(_sum_of_twice)
    assert asked == [True, False]
    assert kernel(np.array([1.0, 2.5])) == 7.0
