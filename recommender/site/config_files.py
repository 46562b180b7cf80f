"""The configuration files of generators: their values, and what cannot be read of them, with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recommender.errors import FileProblem
from recommender.markdown import front_matter

# The first that is there counts.
_MAIN = (
    "_config.yml",
    "hugo.toml",
    "hugo.yaml",
    "hugo.yml",
    "config.toml",
    "config.yaml",
    "config.yml",
    "config/_default/hugo.toml",
    "config/_default/config.toml",
    "config/_default/hugo.yaml",
    "config/_default/config.yaml",
    "config/_default/hugo.yml",
    "config/_default/config.yml",
    "mkdocs.yml",
    "mkdocs.yaml",
)
# Files of one key of Hugo's configuration, which is their name.
_PARTS = ("languages", "permalinks")
_PART_FILES = "config/_default/{}.{}"
_CLOUDCANNON = ("cloudcannon.config.yml", "cloudcannon.config.yaml", "cloudcannon.config.json")
FEW = 100  # files that a pattern may name


def read_config(place: Path) -> tuple[dict[str, Any], list[str]]:
    """Give the values of a generator's configuration and of CloudCannon's beside it, and notes on what is not read."""
    notes: list[str] = []
    values: dict[str, Any] = {}
    main = next((place / name for name in _MAIN if (place / name).is_file()), None)
    if main:
        values |= _read(place, main, notes)
    for name in _PARTS:
        files = [place / _PART_FILES.format(name, ending) for ending in ("toml", "yaml", "yml")]
        for file in files:
            if file.is_file():
                values[name] = _read(place, file, notes)
    for name in _CLOUDCANNON:
        if (place / name).is_file():
            own = _read(place, place / name, notes)
            collections = _mapping(own.get("collections_config"))
            patterns = own.get("collections_config_from_glob")
            for pattern in patterns if isinstance(patterns, tuple | list) else ():
                for file in _matching(place, str(pattern)):
                    collections |= _mapping(_read(place, file, notes).get("collections_config"))
            values |= {"source": own.get("source"), "collections_config": collections}
            break
    return values, notes


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _matching(place: Path, pattern: str) -> list[Path]:
    pattern = pattern.lstrip("/")
    if not pattern or ".." in pattern.split("/"):
        return []
    return sorted(file for file in place.glob(pattern) if file.is_file())[:FEW]


def _read(place: Path, file: Path, notes: list[str]) -> dict[str, Any]:
    """Read one file; what keeps it from being read is noted with its line."""
    name, text = file.relative_to(place).as_posix(), ""
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix == ".toml":
            return tomllib.loads(text)
        return {entry.key: entry.value for entry in front_matter.parse(_plain_yaml(text))}
    except FileProblem as problem:
        # Front matter begins on the second line.
        where = f"{name}, line {max(1, problem.line - 1)}," if problem.line else name
        reason = problem.reason
    except (OSError, ValueError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        line = found[1] if found else text.count("\n", 0, len(text) - 1) + 1 if "end of document" in str(error) else ""
        where, reason = f"{name}, line {line}," if line else name, str(error)
    notes.append(f"{where} cannot be read ({reason}); its urls are not known: mend it, or set `url: {{patterns: …}}`")
    return {}


def _plain_yaml(text: str) -> str:
    """Leave out what only a generator's own reader understands: tags such as !!python/name."""
    return re.sub(
        r"!(?:!|ENV\b|relative\b)[\w/:.]*(?:\[\])?", "", text if text.endswith("\n") else text + "\n"
    ).removeprefix("---\n")
