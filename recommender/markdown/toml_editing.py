"""Lists of links in TOML, written in the form that a file's own list has, and verified. Pure; the owner of tomlkit.

tomlkit tells where an array stands, and where a new key may. The text itself is cut there and never dumped again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any

from recommender.article import is_id
from recommender.errors import FileProblem
from recommender.markdown.formats import Front, parse_toml
from recommender.markdown.front_matter import Document, value_at
from recommender.markdown.link_blocks import Wanted, fold
from recommender.markdown.link_lists import items_of
from recommender.markdown.list_editing import ListStyle, fields_of, items_in, kept_items, shared_pairs
from recommender.site_settings import ListSettings

_MARK = "<the list of links>"
_HEADER = re.compile(r"^[ \t]*\[\[?([^\[\]\n]+)\]\]?[ \t]*(?:#.*)?$", re.MULTILINE)
_BETWEEN = re.compile(r"(?:[ \t\n,]|#[^\n]*)*")
_INDENT = "  "


def toml_style_of_list(document: Document, own: ListSettings) -> ListStyle | None:
    """Read off the list of a file whether it is written in one line, and its quotes; None where it is no array."""
    front = document.front.replace("\r\n", "\n")
    if not value_at(parse_toml(front).values, own.key) or _is_tables(front, own.key):
        return None
    before, after, array = _around(front, own.key)
    sign = "'" if all(item.as_string().startswith("'") for item in array) else ""
    return ListStyle(sign, flow="\n" not in front[len(before) : len(front) - len(after)])


def splice_toml_list(document: Document, wanted: Sequence[Wanted], own: ListSettings, style: ListStyle) -> str:
    """Give the file's new text with the wanted links as the items of its list, verified.

    Raises:
        FileProblem: the list cannot be edited safely, or the result did not verify; nothing is guessed.
    """
    front, line_break = document.front, "\r\n" if "\r\n" in document.front else "\n"
    if line_break == "\r\n" and front.count("\n") != front.count("\r\n"):
        raise FileProblem("not-editable", "some lines end in CRLF, others do not; give all the same ending", 2)
    if own.shape == "url-to-title":
        raise FileProblem(
            "not-editable", f"{own.key}: a list of the shape {own.shape} is read, but not written in TOML"
        )
    before = front.replace("\r\n", "\n")
    after = _edited(before, tuple(wanted), own, style)
    _verify(before, after, wanted, own)
    return document.text[: document.start] + after.replace("\n", line_break) + document.text[document.end :]


def _edited(front: str, wanted: Sequence[Wanted], own: ListSettings, style: ListStyle) -> str:
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415  (most sites have no TOML)

    read = parse_toml(front)
    value = value_at(read.values, own.key)
    if value and (items_of(value, own) is None or not isinstance(value, tuple)):
        raise FileProblem("not-editable", f"{own.key} is no list of {own.shape}", read.line(own.key))
    try:
        if not value:
            return _with_new_list(front, wanted, own, style)
        change = _Change(front, tuple(wanted), own, read)
        return change.tables() if _is_tables(front, own.key) else change.array()
    except (TOMLKitError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise FileProblem("not-editable", f"{own.key} cannot be found again ({error})", read.line(own.key)) from None


def _parsed(front: str) -> Any:
    """Parse a front matter so that it can be dumped again without a change."""
    import tomlkit  # noqa: PLC0415

    found = tomlkit.parse(front)
    if tomlkit.dumps(found) != front:
        raise ValueError("its text is not kept")
    return found


def _place(container: Any, dotted: str) -> tuple[Any, str]:
    """Find the table that holds a dotted key, whatever its capitals, and the key as it is written there."""
    *above, last = dotted.split(".")
    for name in above:
        container = container[_written(container, name)]
    return container, _written(container, last)


def _written(container: Any, name: str) -> str:
    return next((str(key) for key in container if key.lower() == name.lower()), name)


def _is_tables(front: str, dotted: str) -> bool:
    from tomlkit.items import AoT  # noqa: PLC0415

    container, key = _place(_parsed(front), dotted)
    return isinstance(container[key], AoT)


def _around(front: str, dotted: str) -> tuple[str, str, Any]:
    """Give the text before and behind the value at a dotted key, and the value."""
    import tomlkit  # noqa: PLC0415

    parsed = _parsed(front)
    container, key = _place(parsed, dotted)
    value = container[key]
    container[key] = _MARK
    before, _, after = tomlkit.dumps(parsed).partition(f'"{_MARK}"')
    if not (front.startswith(before) and front.endswith(after)):
        raise ValueError("its place is not certain")
    return before, after, value


def _with_new_list(front: str, wanted: Sequence[Wanted], own: ListSettings, style: ListStyle) -> str:
    """Write a list where none stands: in the place of an empty one, else behind the last key of its table."""
    import tomlkit  # noqa: PLC0415

    if not wanted:
        return front
    sign = style.quote if style.quote == "'" else ""
    items = [_item(want, own, sign, ()) for want in wanted]
    text = f"[{', '.join(items)}]" if style.flow else _array(items, _INDENT)
    parsed = _parsed(front)
    *above, last = own.key.split(".")
    container = parsed
    for name in above:
        if (key := _written(container, name)) not in container:
            container.append(key, tomlkit.table())
        container = container[key]
    if _written(container, last) in container:
        before, after, _ = _around(front, own.key)
        return before + text + after
    container.append(last, tomlkit.parse(f"{last} = {text}\n")[last])
    after = tomlkit.dumps(parsed)
    same = next((n for n, (old, new) in enumerate(zip(front, after, strict=False)) if old != new), len(front))
    if not after.endswith(front[same:]):
        raise ValueError("the new key would move others")
    return after


@dataclass(frozen=True, slots=True)
class _Change:
    """What a list shall hold that stands in a front matter already."""

    front: str
    wanted: tuple[Wanted, ...]
    own: ListSettings
    read: Front

    def array(self) -> str:
        """Write an array: items that stay keep their bytes, and comments between items stay before all of them."""
        before, after, array = _around(self.front, self.own.key)
        raw = self.front[len(before) : len(self.front) - len(after)]
        value = value_at(self.read.values, self.own.key)
        items, spans = items_in(value, self.own), _item_spans(raw, [item.as_string() for item in array])
        texts = [raw[slice(*span)] for span in spans]
        sign = next((sign for sign in ("'", "0") if all(_is_of(text, sign) for text in texts)), "")
        keys = shared_pairs(items, self.own)
        rows = [(texts[place], place) for place, item in enumerate(items) if not item]
        for want, (place, kept) in zip(self.wanted, kept_items(self.wanted, items, self.own), strict=True):
            if place >= 0 and not kept:
                rows.append((self._corrected(array[place], want), place))
            else:
                new = _item(want, self.own, sign, keys, spaced=not texts[0].startswith("{") or texts[0][1] == " ")
                rows.append((texts[place] if place >= 0 else new, place))
        return before + (_lines(raw, spans, rows) if "\n" in raw else _one_line(raw, spans, rows)) + after

    def _corrected(self, item: Any, want: Wanted) -> str:
        """Give an item with other texts, and all else as it stands: nobody else knows it."""
        if self.own.shape == "texts":
            return _item(want, self.own, "'" if item.as_string().startswith("'") else "", ())
        for key, text in fields_of(want, self.own):
            if key in item and fold(str(item[key])) != fold(text):
                item[key] = text
        return str(item.as_string())

    def tables(self) -> str:
        """Write an array of tables: those that stay keep their bytes, and what stands between them stays."""
        front, value = self.front, value_at(self.read.values, self.own.key)
        items, spans = items_in(value, self.own), _table_spans(front, self.own.key)
        if len(spans) != len(items):
            raise ValueError("its tables are written in an unusual form")
        header = front[spans[0][0] :].partition("\n")[0].partition("#")[0].rstrip()
        pairs = shared_pairs(items, self.own)
        pieces = [front[slice(*span)] for span, item in zip(spans, items, strict=True) if not item]
        for want, (place, kept) in zip(self.wanted, kept_items(self.wanted, items, self.own), strict=True):
            if place < 0:
                pieces.append("\n".join([header, *_pairs(want, self.own, pairs, "")]) + "\n")
            else:
                text = front[slice(*spans[place])]
                pieces.append(text if kept else _corrected_table(text, want, self.own))
        pieces = [piece if piece.endswith("\n") else piece + "\n" for piece in pieces]
        gaps = [front[before[1] : after[0]] for before, after in pairwise(spans)]
        comments = "".join(gap for gap in gaps if gap.strip())
        blank = "\n" if all(gap.startswith("\n") for gap in gaps) else ""
        return front[: spans[0][0]] + comments + blank.join(pieces) + front[spans[-1][1] :]


def _corrected_table(text: str, want: Wanted, own: ListSettings) -> str:
    for key, new in fields_of(want, own):
        found = re.search(rf"^[ \t]*{re.escape(key)}[ \t]*=[ \t]*(\"[^\"\\\n]*\"|'[^'\n]*')", text, re.MULTILINE)
        if found and fold(found[1][1:-1]) != fold(new):
            text = text[: found.start(1)] + _text(new, found[1][0]) + text[found.end(1) :]
    return text


def _item_spans(raw: str, items: Sequence[str]) -> list[tuple[int, int]]:
    """Give where the items of an array stand in its text."""
    spans, place = list[tuple[int, int]](), 1
    for item in items:
        found = _BETWEEN.match(raw, place)
        start = found.end() if found else place
        if not raw.startswith(item, start):
            raise ValueError("its items are not found again")
        place = start + len(item)
        spans.append((start, place))
    return spans


def _one_line(raw: str, spans: Sequence[tuple[int, int]], rows: Sequence[tuple[str, int]]) -> str:
    head, tail = raw[1 : spans[0][0]], raw[spans[-1][1] : -1]
    return f"[{head}{', '.join(text for text, _ in rows)}{tail}]" if rows else "[]"


def _lines(raw: str, spans: Sequence[tuple[int, int]], rows: Sequence[tuple[str, int]]) -> str:
    """Write an array of several lines with an item in each; a comment behind an item goes with it."""
    start = raw.rfind("\n", 0, spans[0][0]) + 1
    pad = raw[start : spans[0][0]]
    ends = [_end_of_line(raw, end) for _, end in spans]
    alone = all(not raw[raw.rfind("\n", 0, begin) + 1 : begin].strip() for begin, _ in spans)
    if not alone or pad.strip():
        if "#" in re.sub(r"\"[^\"]*\"|'[^']*'", "", raw):
            raise FileProblem("not-editable", "an array with comments and several items in one line")
        return _array([text for text, _ in rows], pad if pad and not pad.strip() else _INDENT)
    tails = [re.sub(r"^[ \t]*,", "", raw[end:stop]) for (_, end), stop in zip(spans, ends, strict=True)]
    trailing = "," in re.sub(r"#[^\n]*", "", raw[spans[-1][1] :])
    commas = [*([","] * len(rows))[1:], "," if trailing else ""]
    own = [tails[place] if place >= 0 else "" for _, place in rows]
    lines = [f"{pad}{text}{comma}{tail}" for (text, _), comma, tail in zip(rows, commas, own, strict=False)]
    gaps = [raw[stop + 1 : raw.rfind("\n", 0, begin) + 1] for stop, (begin, _) in zip(ends, spans[1:], strict=False)]
    if [place for _, place in rows][: len(spans)] == list(range(len(spans))):
        body = "\n".join(gap + line for gap, line in zip_longest(["", *gaps], lines, fillvalue=""))
    else:  # what a comment between items is about nobody knows
        body = "".join(gaps) + "\n".join(lines)
    # Where a comma stands alone behind the last item and its comment, it is written before the comment.
    close = re.sub(r"^((?:[ \t\n]|#[^\n]*\n)*),", r"\1", raw[ends[-1] :])
    return raw[:start] + body + (close if rows else close.removeprefix("\n"))


def _end_of_line(raw: str, place: int) -> int:
    """Give the end of the line behind an item, or the place of the bracket that closes its array there."""
    found = re.compile(r"[ \t]*,?[ \t]*(?:#[^\n]*)?").match(raw, place)
    end = found.end() if found else place
    return end if raw[end : end + 1] == "\n" else place + len(raw[place:end].rstrip())


def _table_spans(front: str, dotted: str) -> list[tuple[int, int]]:
    """Give where the tables of an array of tables begin and end, whole lines, later comments left out."""
    headers = [(found.start(), _name(found[1]), "[[" in found[0]) for found in _HEADER.finditer(front)]
    spans = []
    for place, (start, name, of_array) in enumerate(headers):
        if of_array and name == dotted.lower():
            later = (begin for begin, other, _ in headers[place + 1 :] if not other.startswith(f"{name}."))
            lines = front[start : next(later, len(front))].splitlines(keepends=True)
            while not lines[-1].strip() or lines[-1].lstrip().startswith("#"):
                lines.pop()
            spans.append((start, start + len("".join(lines))))
    return spans


def _name(text: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in text.split(".")).lower()


def _array(texts: Sequence[str], pad: str) -> str:
    return "\n".join(["[", *(f"{pad}{text}," for text in texts), "]"]) if texts else "[]"


def _item(want: Wanted, own: ListSettings, sign: str, keys: Sequence[tuple[str, str]], *, spaced: bool = True) -> str:
    """Write one item of an array."""
    if own.shape == "texts":
        return _text(want.url, sign)
    space = " " if spaced else ""
    return "{" + space + ", ".join(_pairs(want, own, keys, sign)) + space + "}"


def _pairs(want: Wanted, own: ListSettings, keys: Sequence[tuple[str, str]], sign: str) -> list[str]:
    return [f"{key} = {_text(text, sign)}" for key, text in (*(want.further or keys), *fields_of(want, own))]


def _is_of(text: str, sign: str) -> bool:
    """Tell whether a value is written so: "'" stands for literal texts, "0" for whole numbers."""
    return text.isdecimal() if sign == "0" else text.startswith(sign)


def _text(text: str, sign: str) -> str:
    import tomlkit  # noqa: PLC0415

    if sign == "0" and is_id(text):
        return text
    literal = sign == "'" and "'" not in text and text.isprintable()
    return tomlkit.string(text, literal=literal).as_string()


def _verify(before: str, after: str, wanted: Sequence[Wanted], own: ListSettings) -> None:
    """Refuse a result whose list does not read as wanted, or beside which anything is not as it was."""
    try:
        held = items_of(value_at(parse_toml(after).values, own.key), own) or []
        values = [_without(tomllib.loads(text), own.key.lower().split(".")) for text in (before, after)]
    except (FileProblem, tomllib.TOMLDecodeError) as error:
        raise FileProblem("not-editable", f"the edit would not read back: {error}") from None
    if [item.reference for item in held] != [want.url for want in wanted]:
        raise FileProblem("not-editable", f"the edited list {own.key} would not read back as written")
    if repr(values[0]) != repr(values[1]):
        raise FileProblem("not-editable", f"the edit would change another key than {own.key}")


def _without(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Give values without that at a key, nor the tables that hold nothing else."""
    out = {}
    for key, value in values.items():
        inner = value
        if key.lower() == names[0]:
            if len(names) == 1:
                continue
            inner = _without(value, names[1:]) if isinstance(value, dict) else value
            if inner == {}:
                continue
        out[key] = inner
    return out
