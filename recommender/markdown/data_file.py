"""A data file of links: lists by the url of their page, in YAML or JSON, read and written. Pure: bytes in, bytes out.

In YAML each page's lines are cut out and edited as a list in front matter is, so that comments, quotes and further keys
stay; in JSON the values stay.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.formats import value_of
from recommender.markdown.front_matter import Document
from recommender.markdown.link_blocks import Wanted
from recommender.markdown.link_lists import items_of
from recommender.markdown.list_editing import ListStyle, fields_of, items_in, kept_items, plain_text, splice_list
from recommender.markdown.yaml_nodes import Value
from recommender.site_settings import ListSettings

# A line of YAML that begins a key: no space, comment, item or document marker stands at its start.
_KEY_LINE = re.compile(r"^(?=[^\s#-])", re.MULTILINE)
_HEAD = re.compile(r"\ufeff?(?:---[ \t]*\r?\n|[ \t]*(?:#[^\n]*)?\r?\n)*(?:#[^\n]*)?")
_STYLE = ListStyle("", 0)


@dataclass(frozen=True, slots=True)
class DataEntry:
    """The list of one page: its key, the line it begins in, its value, and its lines of YAML or its value in JSON."""

    key: str
    line: int
    value: Value
    source: Any


@dataclass(frozen=True)
class DataFile:
    """All lists of a data file in the order in which they stand, behind the ``head``: comments, and a line of ---."""

    form: str
    entries: tuple[DataEntry, ...] = ()
    head: str = ""
    line_break: str = "\n"


def read_data_file(data: bytes, form: str) -> DataFile:
    """Read a data file; ``form`` is yaml or json.

    Raises:
        FileProblem: not UTF-8, not of this form, no mapping, or a page that stands twice; with the line.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileProblem("not-utf8", f"byte {error.start} is not UTF-8", line) from None
    return _read_json(text) if form == "json" else _read_yaml(text)


def _read_yaml(text: str) -> DataFile:
    starts = [found.start() for found in _KEY_LINE.finditer(text)]
    head = text[: starts[0]] if starts else text
    if not _HEAD.fullmatch(head):
        raise FileProblem("bad-yaml", "it is no mapping of urls to lists", 1)
    entries, line = [], head.count("\n") + 1
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        entries.append(_entry(text[start:end], line))
        line += text.count("\n", start, end)
    _refuse_twins(entries)
    return DataFile("yaml", tuple(entries), head, "\r\n" if "\r\n" in text else "\n")


def _entry(lines: str, line: int) -> DataEntry:
    try:
        found = front_matter.parse(lines)
    except FileProblem as problem:
        last = max(0, lines.rstrip().count("\n"))  # a list that is left open ends in the line after
        raise FileProblem("bad-yaml", problem.reason, line + min(last, max(0, problem.line - 2))) from None
    if len(found) != 1 or found[0].key_node.start_mark.index:
        raise FileProblem("bad-yaml", "it is no mapping of urls to lists, a url in a line of its own", line)
    return DataEntry(found[0].key, line, found[0].value, lines)


def _refuse_twins(entries: Sequence[DataEntry]) -> None:
    counts = Counter(entry.key for entry in entries)
    twin = next((entry for entry in reversed(entries) if counts[entry.key] > 1), None)
    if twin:
        raise FileProblem("bad-yaml", f"{twin.key!r} stands twice", twin.line)


def _read_json(text: str) -> DataFile:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            twin = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
            raise FileProblem("bad-json", f"{twin!r} stands twice", 1)
        return made

    try:
        values = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=once)
    except (json.JSONDecodeError, RecursionError) as error:
        place = getattr(error, "lineno", 0)
        raise FileProblem("bad-json", getattr(error, "msg", "nested too deep"), place) from None
    if not isinstance(values, dict):
        raise FileProblem("bad-json", "it is no mapping of urls to lists", 1)
    return DataFile("json", tuple(DataEntry(key, 0, value_of(value), value) for key, value in values.items()))


def with_lists(
    file: DataFile, lists: Mapping[str, Sequence[Wanted]], own: ListSettings, dropped: frozenset[str] = frozenset()
) -> bytes:
    """Give the bytes of a data file in which some pages have other links; a page without any is left out.

    New pages go where the order of urls has them; where the others are in no order, behind them. Pages in ``dropped``
    go.

    Raises:
        FileProblem: a list cannot be edited safely, with its line.
    """
    known = [entry for entry in file.entries if entry.key not in dropped]
    held = [
        (entry.key, _changed(file, entry, lists[entry.key], own) if entry.key in lists else entry.source)
        for entry in known
    ]
    keys = {entry.key for entry in known}
    new = [(key, _made(file, key, wanted, own)) for key, wanted in sorted(lists.items()) if key not in keys and wanted]
    in_order = all(one.key <= other.key for one, other in pairwise(known))
    pieces = sorted([*held, *new], key=lambda pair: pair[0]) if in_order else [*held, *new]
    if file.form == "json":
        text = json.dumps({key: value for key, value in pieces if value is not None}, ensure_ascii=False, indent=2)
        return (text + "\n").encode()
    return _joined(file, [lines for _, lines in pieces]).encode()


def _joined(file: DataFile, pieces: Sequence[str]) -> str:
    """Put the lines of all pages together; only the last may lack its line break."""
    whole = (piece if piece.endswith("\n") else piece + file.line_break for piece in (file.head, *pieces) if piece)
    return "".join(whole)


def _changed(file: DataFile, entry: DataEntry, wanted: Sequence[Wanted], own: ListSettings) -> Any:
    if file.form == "json":
        try:
            return _json_items(entry.source, entry.value, wanted, own) or None
        except FileProblem as problem:
            raise FileProblem("not-editable", f"{entry.key}: {problem.reason}") from None
    fence = f"---{file.line_break}"
    lines = entry.source if entry.source.endswith("\n") else entry.source + file.line_break
    document = Document(fence + lines + fence, len(fence), len(fence) + len(lines), bom=False, closed_by="---")
    try:
        after = splice_list(document, wanted, replace(own, key=entry.key), _STYLE)
    except FileProblem as problem:
        line = entry.line + max(0, problem.line - 2)
        raise FileProblem("not-editable", f"{entry.key}: {problem.reason}", line) from None
    return after[len(fence) : len(after) - len(fence)]


def _made(file: DataFile, key: str, wanted: Sequence[Wanted], own: ListSettings) -> Any:
    if file.form == "json":
        return _json_items([], (), wanted, own)
    entry = DataEntry(key, 0, None, f"{plain_text(key)}:{file.line_break}")
    return _changed(file, entry, wanted, own)


def _json_items(held: Any, value: Value, wanted: Sequence[Wanted], own: ListSettings) -> list[Any]:
    """Give the values of a list: those that stay are kept, with what is corrected, and what is no link comes first."""
    if value and (not isinstance(held, list) or items_of(value, own) is None):
        raise FileProblem("not-editable", f"its list is no list of {own.shape}")
    items = items_in(value, own)
    made = [one for one, item in zip(held or (), items, strict=True) if not item]
    for want, (place, kept) in zip(wanted, kept_items(wanted, items, own), strict=True):
        if kept:
            made.append(held[place])
        elif own.shape == "texts":
            made.append(want.url)
        else:
            made.append({**(held[place] if place >= 0 else {}), **dict((*want.further, *fields_of(want, own)))})
    return made
