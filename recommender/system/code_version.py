"""Which code made something: what is kept between two builds is of use only to the code that wrote it."""

from __future__ import annotations

import pkgutil
import re
from contextlib import suppress
from functools import cache
from hashlib import sha256

import numpy as np

# Also inside of functions: what is imported late decides as much.
_IMPORT = re.compile(
    rb"^ *from (recommender[\w.]*) import ([^(\n]+|\([^)]*\))|^ *import (recommender[\w.]+)", re.MULTILINE
)


@cache
def edition(module: str) -> str:
    """Give a digest of the code of a module and of all that it imports of this package, and of numpy's version.

    The package's own ``__init__`` is left out: for type checkers it imports everything, and nothing imports it.
    A newer numpy may round logarithms anew. A version number of ours says nothing of a checkout that was pulled.
    """
    sources: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name != "recommender" and name not in sources and (source := _source(name)) is not None:
            sources[name] = source
            waiting += _imported(source)
    code = [part for name in sorted(sources) for part in (name.encode(), sources[name])]
    return sha256(b"\0".join([np.__version__.encode(), *code])).hexdigest()


def _imported(source: bytes) -> list[str]:
    """Name what a module may import of the package; a name that is no module is found out by its missing source."""
    found = []
    for package, names, module in _IMPORT.findall(source):
        found.append((package or module).decode())
        found += [f"{package.decode()}.{name.decode()}" for name in re.findall(rb"(\w+)(?: as \w+)?", names)]
    return found


def _source(name: str) -> bytes | None:
    """Give the code of a module or package; None where the name is none (a class, a function)."""
    place = "/".join(name.split(".")[1:]) or "__init__"
    for file in (f"{place}.py", f"{place}/__init__.py"):
        with suppress(OSError):
            return pkgutil.get_data("recommender", file)
    return None
