"""When loops are compiled: a small site is built by plain twins sooner than numba compiles its loops.

Both ways give the same arrays, bit for bit, so it does not matter which of them made a model.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache

from recommender.errors import RecommenderError

# Articles up to which a site is built by the plain twins.
PLAIN_UP_TO = 2_000

_always: ContextVar[bool] = ContextVar("always", default=False)


def compiles(articles: int) -> bool:
    """Tell whether a site of so many articles is built by the compiled loops; without numba none is."""
    return _always.get() or (articles > PLAIN_UP_TO and has_numba())


def misses_numba(articles: int) -> bool:
    """Tell whether a site of so many articles is built by the plain twins for want of numba alone."""
    return articles > PLAIN_UP_TO and not has_numba()


@cache
def has_numba() -> bool:
    """Tell whether numba is installed and can be loaded here."""
    try:
        import recommender.arrays.jit  # noqa: F401, PLC0415  (numba)
    except ImportError:
        return False
    return True


def require_numba(work: str) -> None:
    """Raise NoNumba unless numba is there, for work that has no plain way."""
    if not has_numba():
        raise NoNumba(work)


class NoNumba(RecommenderError):
    """Something that only compiled loops do is asked for where numba is not installed."""

    def __init__(self, work: str) -> None:
        super().__init__(f"{work} needs numba, which is not installed: pip install 'recommender[fast]'")


@contextlib.contextmanager
def always() -> Iterator[None]:
    """Have the compiled loops build sites of any size: to compile them takes no large one."""
    token = _always.set(True)
    try:
        yield
    finally:
        _always.reset(token)
