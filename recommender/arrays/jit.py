"""What the compiled loops of the exact search work on, and how they are compiled; owns numba with its two users."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Floats, Ints, Terms
from recommender.system.code_version import edition

LANES = 32  # asking rows side by side
SCALE = 65535  # a weight of 1; a bound of 1 is 65534
OPTIONS: Any = {"nogil": True, "no_cfunc_wrapper": True}  # half the wrappers

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Span = tuple[int, int]
Shorts = NDArray[np.uint16]
Numbers = NDArray[np.uint32]


class Matrix(NamedTuple):
    """Rows without the terms of one row only; term 0 is the most frequent, a row keeps the caller's order."""

    ptr: Ints
    terms: Numbers
    weights: Floats
    frequency: Ints


class Index(NamedTuple):
    """The weights as whole numbers, rounded up: by row for the frequent terms, by term for the others."""

    frequent: int
    ptr: Ints  # (rows + 1,): where a row's frequent terms begin
    terms: Shorts
    weights: Shorts
    starts: Ints  # (terms + 1,): where a term's postings begin; a frequent term has none
    rows: Numbers
    shares: Shorts


class Goal(NamedTuple):
    """What may stand in a list: scores above the floor; of no row of the same family.

    Lists hold rows by their ``names``.
    """

    floor: float
    needs: Shorts  # bound that a pair needs to enter a row's list as it is
    families: Ints  # label of a row, from 0 on
    members: Ints  # rows by family
    bounds: Ints  # (families + 1,): where the members of a family begin
    names: Terms


class Desk(NamedTuple):
    """One thread's working arrays, for LANES asking rows at a time, and the pairs it found."""

    sums: Shorts  # (rows, LANES): bound without the slack
    table: Shorts  # (frequent terms + others of a block, LANES): the asking rows' weights
    slots: Terms  # (terms,): a term's place among the block's other terms, or -1
    others: NDArray[np.int64]  # (4, terms): term, next posting, lane or -1 - row of the table, weight
    peaks: Shorts  # (any, LANES): highest sum of every so many rows
    bars: Shorts
    slack: Shorts
    row: Floats  # an asking row's weight for every term
    hits: Ints  # (2, room): row and lane
    first: Terms
    second: Terms
    scores: Floats


def compiled(function: Kernel) -> Kernel:
    """Compile for Python; kept in __pycache__, else in the user's cache folder, else compiled in every process."""
    # numba takes a kept kernel for current as long as its own file is as before. After an upgrade it would run old
    # parts and constants from other files, or fail for want of a type that is gone.
    name, made_by = function.__qualname__, edition(function.__globals__["__spec__"].name)[:12]
    function.__qualname__ = f"{name}-{made_by}"
    try:
        kernel = njit(cache=True, **OPTIONS)(function)
    except RuntimeError:  # numba: "no locator available for file"
        return cast("Kernel", njit(**OPTIONS)(function))
    kernel._cache.save_overload = _if_the_disk_lets(kernel._cache.save_overload)
    _delete_other_editions(Path(kernel.stats.cache_path), name, made_by)
    return cast("Kernel", kernel)


def _if_the_disk_lets(save: Callable[..., None]) -> Callable[..., None]:
    """Keep what was compiled unless the disk is full or fails: then the next process compiles it again."""

    def saved(*arguments: Any) -> None:
        with contextlib.suppress(OSError):
            save(*arguments)

    return saved


def _delete_other_editions(folder: Path, name: str, made_by: str) -> None:
    """Delete what other code kept of a kernel, unless this code has kept its own: then that was done before."""
    kept = list(folder.glob(f"*.{name}-*.nb[ci]"))
    if not any(f".{name}-{made_by}-" in file.name for file in kept):
        for file in kept:
            with contextlib.suppress(OSError):  # of another user, or another process was quicker
                file.unlink()


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
