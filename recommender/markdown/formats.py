"""Front matter of every form, YAML, TOML, JSON or none, to values: texts, as those of YAML are. Pure."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.front_matter import Document, Entry
from recommender.markdown.yaml_nodes import MAX_DEPTH, MAX_FRONT_MATTER, Value

_TOML = re.compile(r"\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*\r?(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"\(at line (\d+)")


class Front(NamedTuple):
    """What stands before a page's text: its form, its values by key, and for YAML the entries; ``body`` is the text.

    ``text`` is the front matter itself, whose first line is line ``first`` of the file.
    """

    form: str
    values: Mapping[str, Value]
    body: str
    text: str = ""
    first: int = 1
    entries: tuple[Entry, ...] = ()

    def line(self, key: str) -> int:
        """Give the line of a key, whatever its capitals, or of the key that a dotted one begins with; 0 for none."""
        names = (key.lower(), key.lower().partition(".")[0])
        if self.form == "yaml":
            return next((entry.line for entry in self.entries if entry.key.lower() in names), 0)
        for name in names:
            found = re.search(rf"(?im)^[ \t]*\[*[\"']?{re.escape(name)}[\"']?\s*[=:\].]", self.text)
            if found:
                return self.text.count("\n", 0, found.start()) + self.first
        return 0


def read_front(data: bytes, parse: Callable[[str], Sequence[Entry]] = front_matter.parse) -> Front:
    """Read the front matter of a page, whatever its form; ``parse`` reads YAML.

    Keys with capitals are found in small letters too.

    Raises:
        FileProblem: it cannot be read.
    """
    document = front_matter.split(data)
    if document is None:
        front = other_front(data)
        return front._replace(values=with_small_letters(front.values))
    entries = tuple(parse(document.front))
    values = with_small_letters({entry.key: entry.value for entry in entries})
    return Front("yaml", values, document.body, document.front, 2, entries)


def other_front(data: bytes) -> Front:
    """Read a page whose front matter is not YAML: TOML between lines of +++, a JSON object, or none.

    Raises:
        FileProblem: not UTF-8, not valid TOML, or too large.
    """
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileProblem("not-utf8", f"byte {error.start} is not UTF-8", line) from None
    if text.startswith("+++"):
        return _toml(text)
    if text.startswith("{"):
        return _json(text)
    return Front("none", {}, text)


def _toml(text: str) -> Front:
    found = _TOML.match(text)
    if found is None:
        if text.partition("\n")[0].strip() != "+++":
            return Front("none", {}, text)
        raise FileProblem("broken-fence", "no line +++ closes the front matter", 1)
    return parse_toml(found[1].replace("\r\n", "\n"))._replace(body=text[found.end() :])


def toml_document(data: bytes) -> Document | None:
    """Find the front matter in TOML of a file that can be read; None where the file does not begin with any."""
    text = data.decode("utf-8")
    bom = text.startswith("\ufeff")
    text = text[1:] if bom else text
    found = _TOML.match(text)
    return Document(text, found.start(1), found.end(1), bom, "+++") if found else None


def parse_toml(front: str) -> Front:
    """Read what stands between lines of +++.

    Raises:
        FileProblem: not valid TOML, too large or too deep; lines count from the file's first.
    """
    if len(front) > MAX_FRONT_MATTER:
        raise FileProblem("too-large", f"the front matter has {len(front):,} characters")
    try:
        values = tomllib.loads(front)
    except tomllib.TOMLDecodeError as error:
        place = _LINE.search(str(error))
        reason = str(error).partition(" (at ")[0]
        raise FileProblem("bad-toml", reason, int(place[1]) + 1 if place else 0) from None
    except RecursionError:
        raise FileProblem("unsafe-yaml", f"values are nested deeper than {MAX_DEPTH} levels") from None
    return Front("toml", with_small_letters(_mapping(values, 1)), "", front, 2)


def _json(text: str) -> Front:
    if len(text) > MAX_FRONT_MATTER and "\n}" not in text[:MAX_FRONT_MATTER]:
        return Front("none", {}, text)
    try:
        values, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return Front("none", {}, text)  # a page may begin with a brace
    return Front("json", _mapping(values, 1), text[end:].lstrip("\r\n"), text[:end], 1)


def _mapping(values: Mapping[str, Any], depth: int) -> dict[str, Value]:
    return {key: value_of(value, depth + 1) for key, value in values.items()}


def value_of(value: Any, depth: int = 1) -> Value:
    """Give a value of TOML or JSON as those of YAML are given: texts, tuples and mappings of them, None for null."""
    if depth > MAX_DEPTH:
        raise FileProblem("unsafe-yaml", f"values are nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if isinstance(value, list):
        return tuple(value_of(one, depth + 1) for one in value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return None if value is None else str(value)


def with_small_letters(values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Let keys be found in small letters too, where a page writes them with capitals."""
    if all(key.islower() or not key.isalpha() for key in values):
        return values
    return {key.lower(): value for key, value in values.items()} | dict(values)
