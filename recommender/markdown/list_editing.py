"""Lists of links: write them in the form that a file's own list has, and verify the result. Pure: text in, text out.

Items that stay keep their bytes, and what stands between them stays where it stood. As with blocks, the text is cut at
the marks of the YAML nodes and never dumped again.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import Any, cast

from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.editable import check_editable, check_others, reread
from recommender.markdown.front_matter import Document, Entry
from recommender.markdown.link_blocks import Wanted, fold, newline_of, quote
from recommender.markdown.link_lists import Item, items_of
from recommender.markdown.yaml_nodes import Mapped, Node, Value, last_leaf_end
from recommender.site_settings import ListSettings

# A text that every reader of YAML takes as it stands: no number, no word of YAML's, no indicator.
_PLAIN = re.compile(r"(?:[A-Za-z]|\.{0,2}/)[\w./-]*[\w/]|[A-Za-z]|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "none"}
_KIND = re.compile("_.*|type|kind|layout|collection")


@dataclass(frozen=True, slots=True)
class ListStyle:
    """How a list is written where a file has none: the sign that quotes texts, the indent, and whether in one line.

    Of lists by group, ``group`` is the name of the last.
    """

    quote: str = ""
    indent: int = 2
    flow: bool = False
    group: str = ""


def style_of_list(document: Document, own: ListSettings) -> ListStyle | None:
    """Read the style off the list of a file; None where it has none."""
    entry = _find(front_matter.parse(document.front), own.key)
    node: Any = entry.node if entry else None
    if entry is None or not isinstance(entry.value, tuple) or not items_of(entry.value, own):
        return None
    column = document.front.rfind("-", 0, node.value[0].start_mark.index) - (
        document.front.rfind("\n", 0, node.value[0].start_mark.index) + 1
    )
    return ListStyle(_quote_of(node.value), 2 if node.flow_style else column - entry.column, bool(node.flow_style))


def splice_list(document: Document, wanted: Sequence[Wanted], own: ListSettings, style: ListStyle) -> str:
    """Give the file's new text with the wanted links as the items of its list, verified.

    Raises:
        FileProblem: the list cannot be edited safely, or the result did not verify; nothing is guessed.
    """
    front = document.front
    head = own.parts[0].lower()
    entries = check_editable(document, lambda key: key.lower() == head)
    entry = _find(entries, own.key)
    change = _Change(front, tuple(wanted), own, style, newline_of(document))
    if entry is None or not entry.value:
        after = change.new_list(entries, entry)
    elif items_of(entry.value, own) is None or isinstance(entry.value, str):
        raise FileProblem("not-editable", f"{own.key} is no list of {own.shape}", entry.line)
    else:
        after = change.changed(entry)
    _verify(entries, after, wanted, own)
    return document.text[: document.start] + after + document.text[document.end :]


def _find(entries: Sequence[Entry], dotted: str) -> Entry | None:
    """Find the entry at a dotted key, whatever its capitals."""
    for entry in entries:
        if entry.key.lower() == dotted.lower():
            return entry
    head, _, rest = dotted.partition(".")
    for entry in entries:
        if rest and entry.key.lower() == head.lower() and isinstance(entry.node, Mapped):
            return _find(front_matter.entries(entry.front, entry.node), rest)
    return None


@dataclass(frozen=True, slots=True)
class _Change:
    """What a list of a front matter shall hold, and how it is written."""

    front: str
    wanted: tuple[Wanted, ...]
    own: ListSettings
    style: ListStyle
    newline: str

    def new_list(self, entries: Sequence[Entry], entry: Entry | None) -> str:
        """Write a list where none stands: in the place of an empty one, else behind the last key."""
        front, key = self.front, self.own.key
        if not self.wanted:
            return front
        if entry is not None:
            column, at, end, key = entry.column, entry.span.start, entry.span.end, entry.key
        elif "." in key:
            above, _, key = key.rpartition(".")
            parent = _find(entries, above)
            if parent is None and "." not in above:
                gap = "" if not front or front.endswith("\n") else self.newline
                lines = [f"{above}:", *self._lines_of_new(key, "  ")]
                return front + gap + self.newline.join(lines) + self.newline
            if parent is None or not isinstance(parent.node, Mapped) or parent.node.flow_style:
                raise FileProblem("not-editable", f"{self.own.key}: the file has no {above} to write into")
            inner = front_matter.entries(front, parent.node)
            column, at = inner[0].column, inner[-1].span.end
            end = at
        else:
            column, at, end = 0, len(front), len(front)
        lines = self._lines_of_new(key, " " * column)
        before = front[:at]
        gap = "" if not before or before.endswith("\n") else self.newline
        return before + gap + self.newline.join(lines) + self.newline + front[end:]

    def _lines_of_new(self, key: str, pad: str) -> list[str]:
        if self.own.shape == "url-to-title":
            return [f"{pad}{key}:", *(f"{pad}  {_pair(want)}" for want in self.wanted)]
        if self.style.flow and self.own.shape == "texts":
            texts = (_text(want.url, self.style.quote, flow=True) for want in self.wanted)
            return [f"{pad}{key}: [{', '.join(texts)}]"]
        items = (self._item(want, pad + " " * self.style.indent, ()) for want in self.wanted)
        return [f"{pad}{key}:", *itertools.chain.from_iterable(items)]

    def changed(self, entry: Entry) -> str:
        """Write a list that stands anew: items that stay keep their bytes."""
        node: Any = entry.node
        if isinstance(node, Mapped):
            return self._pairs(entry)
        nodes = list(node.value)
        sign = _quote_of(nodes) if self.own.shape == "texts" else ""
        own = replace(self, style=replace(self.style, quote=sign))
        return own._flow(entry, nodes) if node.flow_style else own._block(entry, nodes)

    def _pairs(self, entry: Entry) -> str:
        """Write a mapping of urls to titles: pairs that stay keep their bytes."""
        front, node = self.front, cast("Any", entry.node)
        pairs = front_matter.entries(front, node) if isinstance(node, Mapped) else ()
        items = items_of(entry.value, self.own) or []
        if len(items) != len(pairs) or (node.flow_style and "\n" in _raw(front, node)):
            raise FileProblem("not-editable", f"{self.own.key} is no mapping of urls to titles, a pair in a line each")
        kept = kept_items(self.wanted, items, self.own)
        if node.flow_style:
            made = [
                front[pairs[place].key_node.start_mark.index : pairs[place].node.end_mark.index]
                if whole
                else _pair(want)
                for want, (place, whole) in zip(self.wanted, kept, strict=True)
            ]
            return f"{front[: node.start_mark.index]}{{{', '.join(made)}}}{front[node.end_mark.index :]}"
        spans, pad = [one.span for one in pairs], " " * pairs[0].column
        used = [
            front[slice(*spans[place])] if whole else f"{pad}{_pair(want)}{self.newline}"
            for want, (place, whole) in zip(self.wanted, kept, strict=True)
        ]
        return self._with_lines(entry, spans, [], (used, [place for place, _ in kept]))

    def _flow(self, entry: Entry, nodes: Sequence[Node]) -> str:
        """Write a list in brackets: what stands before its first and behind its last item stays."""
        front, start, end = self.front, entry.node.start_mark.index, entry.node.end_mark.index
        spans = [(one.start_mark.index, one.end_mark.index) for one in nodes]
        between = [front[before:after] for before, after in pairwise([start + 1, *itertools.chain(*spans), end - 1])]
        head, tail, gaps = between[0], between[-1], between[2:-1:2]
        if self.own.shape == "url-to-title" or any("#" in text for text in (head, tail, *gaps)):
            raise FileProblem("not-editable", f"{self.own.key} is a list in brackets with comments or of pairs")
        items = items_in(entry.value, self.own)
        keys = shared_pairs(items, self.own)
        texts = [_raw(front, one) for item, one in zip(items, nodes, strict=True) if not item]
        for want, (place, kept) in zip(self.wanted, kept_items(self.wanted, items, self.own), strict=True):
            if place >= 0 and (kept or self.own.shape == "mappings"):
                texts.append(_raw(front, nodes[place]) if kept else self._corrected(nodes[place], spans[place], want))
            else:
                texts.append(self._flow_item(want, keys))
        pad = head.rpartition("\n")[2] if "\n" in head else " " * (entry.column + 2)
        comma = f",{self.newline}{pad}" if any("\n" in text for text in (head, *gaps)) else ", "
        return (
            f"{front[:start]}[{head}{comma.join(texts)}{tail}]{front[end:]}"
            if texts
            else f"{front[:start]}[]{front[end:]}"
        )

    def _flow_item(self, want: Wanted, keys: Sequence[tuple[str, str]]) -> str:
        if self.own.shape == "texts":
            return _text(want.url, self.style.quote, flow=True)
        pairs = [*(want.further or keys), *fields_of(want, self.own)]
        return "{" + ", ".join(f"{key}: {_text(text, '', flow=True)}" for key, text in pairs) + "}"

    def _block(self, entry: Entry, nodes: Sequence[Node]) -> str:
        front, items = self.front, items_in(entry.value, self.own)
        spans = [_lines_of(front, one) for one in nodes]
        dash = front.rfind("-", 0, nodes[0].start_mark.index)
        pad = front[front.rfind("\n", 0, dash) + 1 : dash]
        if pad.strip():
            raise FileProblem("not-editable", f"{self.own.key} is a list in an unusual form", entry.line)
        keys = shared_pairs(items, self.own)
        used: list[str] = []
        kept = kept_items(self.wanted, items, self.own)
        for want, (place, whole) in zip(self.wanted, kept, strict=True):
            if place < 0 or not (whole or self.own.shape == "mappings"):
                used.append(self.newline.join(self._item(want, pad, keys)) + self.newline)
            else:
                line = front[slice(*spans[place])] if whole else self._corrected(nodes[place], spans[place], want)
                used.append(line if line.endswith("\n") else line + self.newline)
        others = [front[slice(*span)] for span, item in zip(spans, items, strict=True) if not item]
        return self._with_lines(entry, spans, others, (used, [place for place, _ in kept]))

    def _with_lines(
        self, entry: Entry, spans: Sequence[tuple[int, int]], others: Sequence[str], wanted: tuple[list[str], list[int]]
    ) -> str:
        """Put lines in the place of those of a list; ``wanted`` are those of the links, and the places they come from.

        What is no link stays before the links, and where any goes so do comments between items: what they are about
        nobody knows.
        """
        front, (used, places) = self.front, wanted
        gaps = [front[before[1] : after[0]] for before, after in pairwise(spans)]
        if places[: len(spans)] == list(range(len(spans))):
            used = [text for pair in zip_longest(used, gaps, fillvalue="") for text in pair]
            gaps = []
        if not self.wanted and not others and not any(gaps):
            return front[: entry.span.start] + front[entry.span.end :]
        return front[: spans[0][0]] + "".join([*others, *gaps, *used]) + front[spans[-1][1] :]

    def _corrected(self, node: Node, span: tuple[int, int], want: Wanted) -> str:
        """Give the lines of a mapping with other texts, and all else as it stands: nobody else knows it."""
        texts, (place, end) = dict(fields_of(want, self.own)), span
        pieces = []
        for one in front_matter.entries(self.front, node) if isinstance(node, Mapped) else ():
            if one.key in texts and fold(str(one.value)) != fold(texts[one.key]):
                if one.style in (">", "|"):
                    raise FileProblem("not-editable", f"{one.key} is a text of several lines", one.line)
                pieces += [self.front[place : one.node.start_mark.index], _text(texts[one.key], one.style)]
                place = one.node.end_mark.index
        return "".join([*pieces, self.front[place:end]])

    def _item(self, want: Wanted, pad: str, keys: Sequence[tuple[str, str]]) -> list[str]:
        """Write one item; ``keys`` are those that all items of the file's list have with one value."""
        own = self.own
        if own.shape == "texts":
            return [f"{pad}- {_text(want.url, self.style.quote)}"]
        if own.shape == "url-to-title":
            return [f"{pad}- {_pair(want)}"]
        pairs = [*(want.further or keys), *fields_of(want, own)]
        return [f"{pad}{'  ' if number else '- '}{key}: {_text(text, '')}" for number, (key, text) in enumerate(pairs)]


def items_in(value: Value, own: ListSettings) -> list[Item | None]:
    """Give the links of a list by the places of its items, None where one is no link."""
    found = (items_of((one,), own) for one in (value if isinstance(value, tuple) else ()))
    return [items[0] if items else None for items in found]


def kept_items(wanted: Sequence[Wanted], items: Sequence[Item | None], own: ListSettings) -> list[tuple[int, bool]]:
    """Give for each wanted link the place of the item that it comes from, -1 for a new one, and whether it stays."""
    place_of = dict(enumerate((place for place, item in enumerate(items) if item), 1))
    found = []
    for want in wanted:
        place = place_of.get(want.source, -1)
        item = items[place] if place >= 0 else None
        same_title = item is not None and (not own.field("title") or fold(item.title) == fold(want.title))
        found.append((place, item is not None and item.reference == want.url and same_title))
    return found


def fields_of(want: Wanted, own: ListSettings) -> list[tuple[str, str]]:
    """Give the keys and texts of a link in a list of mappings."""
    title = [(own.field("title"), want.title)] if own.field("title") else []
    return [*title, (own.field("url"), want.url)]


def shared_pairs(items: Sequence[Item | None], own: ListSettings) -> tuple[tuple[str, str], ...]:
    """Give what a new mapping gets beside its url and title: what tells the kind of all mappings of the list.

    That is a word that all of them have at a key; of one mapping alone, at a key by whose name it tells a kind. A
    score or a reason is of one link, and nobody can make it for another.
    """
    held = [item.further for item in items if item]
    if own.shape != "mappings" or not held:
        return ()
    shared = (pair for pair in held[0] if all(pair in further for further in held))
    return tuple(pair for pair in shared if len(held) > 1 or _KIND.fullmatch(pair[0]))


def _pair(want: Wanted) -> str:
    """Write one pair of a url and a title."""
    return f"{_text(want.url, '')}: {_text(want.title, '', flow=True)}"


def _lines_of(front: str, node: Node) -> tuple[int, int]:
    """Give where the whole lines of an item begin and end, its dash included."""
    dash = front.rfind("-", 0, node.start_mark.index)
    start = front.rfind("\n", 0, dash) + 1
    end = front.find("\n", max(last_leaf_end(node) - 1, node.start_mark.index))
    return start, len(front) if end < 0 else end + 1


def plain_text(text: str) -> str:
    """Write a text without quotes where every reader of YAML takes it as it stands."""
    return _text(text, "")


def _text(text: str, sign: str, *, flow: bool = False) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    if sign == "'" and "'" not in text and text.isprintable():
        return f"'{text}'"
    if sign == '"' or not plain or (flow and re.search(r"[,\[\]{}]", text)):
        return quote(text)
    return text


def _quote_of(nodes: Sequence[Node]) -> str:
    signs = [getattr(node, "style", None) or "" for node in nodes]
    return max(set(signs), key=signs.count) if signs else ""


def _raw(front: str, node: Node) -> str:
    return front[node.start_mark.index : node.end_mark.index]


def _verify(before: Sequence[Entry], after: str, wanted: Sequence[Wanted], own: ListSettings) -> None:
    """Refuse a result whose list does not read as wanted, or whose other keys are not as they were."""
    head = own.parts[0].lower()
    entries = reread(after, lambda key: key.lower() == head)
    found = _find(entries, own.key)
    held: list[Item] = (items_of(found.value, own) if found else []) or []
    if [item.reference for item in held] != [want.url for want in wanted]:
        raise FileProblem("not-editable", f"the edited list {own.key} would not read back as written")
    if len(own.parts) > 1 and not _same_beside(before, entries, own.key):
        raise FileProblem("not-editable", f"the edit would change another key below {head!r}")
    check_others(before, entries, lambda key: key.lower() == head)


def _same_beside(before: Sequence[Entry], after: Sequence[Entry], dotted: str) -> bool:
    """Tell whether all that stands beside a dotted key is as it was."""
    values = [{entry.key: entry.value for entry in entries} for entries in (before, after)]
    left, right = (_without(one, dotted) for one in values)
    return left == right


def _without(values: Mapping[str, Value], dotted: str) -> Mapping[str, Value]:
    head, _, rest = dotted.partition(".")
    out = dict(values)
    inner = out.get(head)
    if not rest:
        out.pop(head, None)
    elif isinstance(inner, Mapping):
        out[head] = _without(inner, rest)
        if not out[head]:  # a key that is made for the list alone
            out.pop(head)
    return out
