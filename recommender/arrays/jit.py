"""How loops over arrays are compiled, and where what was compiled is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

from recommender.arrays.sparse_rows import Terms
from recommender.system.code_version import edition

OPTIONS: Any = {"nogil": True, "no_cfunc_wrapper": True}  # half the wrappers

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Span = tuple[int, int]

_new = set[str]()  # loops of which nothing was kept when they were imported


def compiled(function: Kernel) -> Kernel:
    """Compile for Python; kept in __pycache__, else in the user's cache folder, else compiled in every process."""
    # numba takes a kept kernel for current as long as its own file is as before. After an upgrade it would run old
    # parts and constants from other files, or fail for want of a type that is gone.
    name, made_by = function.__qualname__, edition(function.__globals__["__spec__"].name)[:12]
    function.__qualname__ = f"{name}-{made_by}"
    _new.add(function.__qualname__)
    try:
        kernel = njit(cache=True, **OPTIONS)(function)
    except RuntimeError:  # numba: "no locator available for file"
        return cast("Kernel", njit(**OPTIONS)(function))
    kernel._cache.save_overload = _if_the_disk_lets(kernel._cache.save_overload)
    if _delete_other_editions(Path(kernel.stats.cache_path), name, made_by):
        _new.discard(function.__qualname__)
    return cast("Kernel", kernel)


def was_kept(kernel: Callable[..., Any]) -> bool:
    """Tell whether an earlier process compiled a loop and kept it."""
    return kernel.__qualname__ not in _new


def _if_the_disk_lets(save: Callable[..., None]) -> Callable[..., None]:
    """Keep what was compiled unless the disk is full or fails: then the next process compiles it again."""

    def saved(*arguments: Any) -> None:
        with contextlib.suppress(OSError):
            save(*arguments)

    return saved


def _delete_other_editions(folder: Path, name: str, made_by: str) -> bool:
    """Delete what other code kept of a kernel, unless this code has kept its own: then that was done before."""
    kept = list(folder.glob(f"*.{name}-*.nb[ci]"))
    if any(f".{name}-{made_by}-" in file.name for file in kept):
        return True
    for file in kept:
        with contextlib.suppress(OSError):  # of another user, or another process was quicker
            file.unlink()
    return False


def part(function: Kernel) -> Kernel:
    """Compile as a part of other kernels only, which keep it with their own code."""
    return cast("Kernel", njit(**(OPTIONS | {"no_cpython_wrapper": True}))(function))


@part
def holds(rows: Terms, wanted: int) -> bool:
    """Tell whether a row stands in a list."""
    held = False
    for row in rows:
        held |= row == wanted
    return held
