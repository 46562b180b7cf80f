"""Patterns with ``*`` and ``?``, as settings have them, to regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable

_PARTS = re.compile(r"\*\*/|\*\*|[*?]|\[(?:!.|[^!])[^\]]*\]|.", re.DOTALL)


def of_paths(pattern: str) -> str:
    """Write a pattern of files: ``**/`` stands for any folders or none, ``*`` for anything but a slash."""
    return _written(pattern, "[^/]", re.escape)


def of_texts(pattern: str) -> str:
    """Write a pattern of texts as the shell has it: ``*`` stands for any characters, slashes too, ``[a-c]`` for one."""
    return _written(pattern, ".", _one_of)


def _written(pattern: str, one: str, several: Callable[[str], str]) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": f"{one}*", "?": one}

    def written(found: re.Match[str]) -> str:
        part = found[0]
        return known.get(part) or (several(part) if len(part) > 1 else re.escape(part))

    return _PARTS.sub(written, pattern)


def _one_of(part: str) -> str:
    """Write characters in brackets, of which one is meant, or none behind an exclamation mark."""
    negated = part[1] == "!"
    characters = re.sub(r"([^\w-])", r"\\\1", part[1 + negated : -1])
    expression = f"[{'^' * negated}{characters}]"
    try:
        re.compile(expression)
    except re.error:  # c-a: nothing lies between
        return "." if negated else "(?!)"
    return expression
