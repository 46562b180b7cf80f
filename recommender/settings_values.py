"""Values of a settings file, checked: each of its type and in its range, or a sentence with file, field and remedy."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recommender.errors import SettingsError


def check_known(values: Mapping[str, Any], known: Sequence[str], noun: str, file: Path) -> None:
    """Refuse names that are not known, with the closest one.

    Raises:
        SettingsError: one of them is not.
    """
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise SettingsError(f"{file}: unknown {noun} {name!r}; {hint}known: {', '.join(known)}")


def text_in(name: str, value: Any, file: Path) -> str:
    """Read a text that is not empty.

    Raises:
        SettingsError: it is none.
    """
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{file}: {name} must be a text, got {_shown(value)}")
    return value


def texts_in(name: str, value: Any, file: Path) -> tuple[str, ...]:
    """Read a text, or a list of texts.

    Raises:
        SettingsError: it is neither.
    """
    values = value if isinstance(value, tuple) else (value,)
    return tuple(text_in(name, one, file) for one in values)


def flag_in(name: str, value: Any, file: Path) -> bool:
    """Read true or false.

    Raises:
        SettingsError: it is neither.
    """
    if value not in ("true", "false"):
        raise SettingsError(f"{file}: {name} must be true or false, got {_shown(value)}")
    return bool(value == "true")


def web_pattern_in(name: str, value: Any, placeholder: str, file: Path) -> str:
    """Read the pattern of a web address, with a placeholder.

    Raises:
        SettingsError: it is no such address, or lacks the placeholder.
    """
    text = text_in(name, value, file)
    if not text.startswith(("https://", "http://")) or placeholder not in text or not text.isprintable():
        example = f"https://example.org/{placeholder}".replace("/{url}", "{url}")
        raise SettingsError(f"{file}: {name} must be an address with {placeholder} in it, as {example}")
    return text


def mapping_in(name: str, value: Any, file: Path) -> Mapping[str, Any]:
    """Read lines of ``name: value``.

    Raises:
        SettingsError: it is no mapping.
    """
    if not isinstance(value, Mapping):
        raise SettingsError(f"{file}: {name} must be lines of `name: value`, got {_shown(value)}")
    return value


def number_in(name: str, value: Any, bounds: tuple[type, float, float], file: Path) -> float:
    """Read a number: its type, its least and its greatest value are given.

    Raises:
        SettingsError: it is none, or out of range.
    """
    kind, low, high = bounds
    noun = "a whole number" if kind is int else "a number"
    try:
        # YAML's own spellings only: no underscores, no nan.
        number = kind(value) if isinstance(value, str) and value.isascii() and "_" not in value else math.nan
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise SettingsError(f"{file}: {name} must be {noun} from {low:g} to {high:g}, got {_shown(value)}")
    return float(number) if kind is float else int(number)


def some_above_zero(name: str, weights: Mapping[str, float], file: Path) -> None:
    """Refuse weights of which none counts.

    Raises:
        SettingsError: none is above 0.
    """
    if not any(weight > 0 for weight in weights.values()):
        raise SettingsError(f"{file}: no weight in {name} is above 0; give at least one a weight above 0")


def _shown(value: Any) -> str:
    return (
        repr(value)
        if isinstance(value, str)
        else {tuple: "a list", type(None): "nothing"}.get(type(value), "a mapping")
    )
