"""Loops as machine code; how they are compiled, and the only place that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

OPTIONS: Any = {"nogil": True, "no_cfunc_wrapper": True}  # half the wrappers, and 5 s to compile all instead of 8

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Compile for Python; kept in __pycache__, else in the user's cache folder, else compiled in every process."""
    try:
        return cast("Kernel", njit(cache=True, **OPTIONS)(function))
    except RuntimeError:  # numba: "no locator available for file"
        return cast("Kernel", njit(**OPTIONS)(function))


def part(function: Kernel) -> Kernel:
    """Compile as a part of other kernels only, which keep it with their own code."""
    return cast("Kernel", njit(**(OPTIONS | {"no_cpython_wrapper": True}))(function))
