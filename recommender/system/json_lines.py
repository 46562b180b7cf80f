"""Files of JSON lines, each about one url: ranked lists, judgments, generated links."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from recommender.errors import RecommenderError

Value = TypeVar("Value")


class LineProblem(ValueError):
    """What is wrong with one line, in words for its author."""


@dataclass(frozen=True)
class Form:
    """What a line looks like, what to do where it does not, and how to take its value; any ValueError refuses it."""

    shape: str
    remedy: str
    take: Callable[[Mapping[str, Any]], Any]


def read_by_url(file: Path, form: Form, *, optional: bool = False) -> dict[str, Any]:
    """Read the values of a file by their urls, in its order; none where an optional file is not there.

    Raises:
        RecommenderError: the file cannot be read, a line is of another form, or two are about one url.
    """
    found: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(read_lines(file, form.remedy, optional=optional), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_once)
            url, value = row["url"], form.take(row)
            if not isinstance(url, str):
                raise TypeError
        except LineProblem as problem:
            raise RecommenderError(f"{file}, line {number}: {problem}") from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise RecommenderError(f"{file}, line {number}: not {form.shape}; {form.remedy}") from None
        if url in found:
            raise RecommenderError(
                f"{file}, line {number}: {url} stands in line {lines[url]} too; keep one of them"
            ) from None
        found[url], lines[url] = value, number
    return found


def texts(value: object) -> list[str]:
    """Take a list of texts.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError
    return value


def read_lines(file: Path, remedy: str, *, optional: bool = False) -> list[str]:
    """Read the lines of a file of UTF-8; none where an optional file is not there.

    Raises:
        RecommenderError: it cannot be read, with what to do.
    """
    try:
        if stat.S_ISCHR(file.stat().st_mode):  # might never end
            raise RecommenderError(f"{file} is a device; {remedy}")
        return file.read_bytes().decode("utf-8-sig").split("\n")
    except FileNotFoundError as error:
        if optional:
            return []
        reason = error.strerror
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is not UTF-8"
    raise RecommenderError(f"{file}: cannot be read ({reason}); {remedy}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise LineProblem(f"{key!r} stands twice in it; keep one of them")
        found[key] = value
    return found
