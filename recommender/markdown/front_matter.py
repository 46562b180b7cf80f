"""The text between the fences: found, and read key by key. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from recommender.errors import FileProblem
from recommender.markdown import yaml_nodes
from recommender.markdown.yaml_nodes import Mapped, Node, Scalar, Value, line_of

_FENCE = re.compile(r"(---)[ \t]*\r?$", re.MULTILINE)
# Begins with a literal line feed, which re looks for faster than for a line's start.
_CLOSING = re.compile(r"\n(---|\.\.\.)[ \t]*\r?(?=\n|\Z)")
# What may end a document, and line breaks of YAML 1.1.
_MARKERS = ("---", "...", "%")
_ENDS = (*(f"\n{marker}" for marker in _MARKERS), "\r", "\x85", "\u2028", "\u2029", "\ufeff")
# Fences as python-frontmatter reads them: any number of dashes, behind blank lines too.
_NEARLY = re.compile(r"\s*(-{3,})[ \t]*\r?\n(.*?\n)-{3,}[ \t]*\r?(?:\n|\Z)", re.DOTALL)
_LONGER = re.compile(r"^-{4,}(?=[ \t]*\r?$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text without its byte order mark; the front matter is ``text[start:end]``, whole lines."""

    text: str
    start: int
    end: int
    bom: bool
    closed_by: str

    @property
    def front(self) -> str:
        """Text between the fences, with its last line break."""
        return self.text[self.start : self.end]

    @property
    def body(self) -> str:
        """Text behind the closing fence."""
        return self.text[self.end :].partition("\n")[2]


class Span(NamedTuple):
    """Where a key stands in the front matter: from ``start`` to ``end``, whole lines, later comments left out."""

    start: int
    end: int


class Entry(NamedTuple):
    """One key of a mapping: its text, its value as texts, and where it stands; a tuple, for a site has a million."""

    key: str
    value: Value
    front: str
    key_node: Node
    node: Node

    @property
    def span(self) -> Span:
        """Whole lines of the key and its value."""
        return _span(self.front, self.key_node, self.node)

    @property
    def line(self) -> int:
        """Line of the key in the file, from 1."""
        return line_of(self.front, self.key_node.start_mark.index)

    @property
    def column(self) -> int:
        """Spaces before the key."""
        return int(self.key_node.start_mark.column)

    @property
    def style(self) -> str:
        """Sign that opens the value: ``>``, ``|``, a quote, or "" for a plain text."""
        return getattr(self.node, "style", None) or ""


def split(data: bytes) -> Document | None:
    """Find the front matter of a file; None where the file does not begin with any.

    Raises:
        FileProblem: not UTF-8, or a fence that is opened and never closed.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileProblem("not-utf8", f"byte {error.start} is not UTF-8", line) from None
    bom = text.startswith("\ufeff")
    text = text[1:] if bom else text
    if not text.startswith("---"):
        return None
    first = _FENCE.match(text)
    if first is None:
        opening = text.split("\n", 1)[0].rstrip(" \t\r")
        if set(opening) == {"-"}:
            return None
        raise FileProblem("broken-fence", f"the first line is {opening[:40]!r}, not ---", 1)
    start = first.end() + 1
    closing = _CLOSING.search(text, start - 1)
    if closing is None:
        raise _longer_fence(text[start:]) or FileProblem("broken-fence", "no line --- closes the front matter", 1)
    return Document(text, start, closing.start() + 1, bom, closing.group(1))


def misfenced(data: bytes, keys: Collection[str]) -> FileProblem | None:
    """Tell why a file has no front matter, where some tools read one with any of these keys; None for a plain page."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    found = _NEARLY.match(text)
    try:
        read = parse(found[2]) if found else ()
    except FileProblem:
        return None
    if found is None or not any(entry.key in keys for entry in read):
        return None
    line = text.count("\n", 0, found.start(1)) + 1
    reason = f"{found[1]} opens the front matter, not ---" if found[1] != "---" else "front matter begins below"
    return FileProblem("broken-fence", reason, line)


def _longer_fence(front: str) -> FileProblem | None:
    found = _LONGER.search(front)
    if found is None:
        return None
    return FileProblem("broken-fence", f"{found[0]} does not close the front matter", line_of(front, found.start()))


def parse(front: str) -> tuple[Entry, ...]:
    """Read the top-level keys of a front matter in order, values as texts, aliases resolved within bounds.

    Raises:
        FileProblem: too large, too deep, not YAML, or not a mapping; line numbers count from the file's first line.
    """
    try:
        root = yaml_nodes.compose(front)
    except FileProblem as problem:
        raise (problem.code == "bad-yaml" and _longer_fence(front)) or problem from None
    if root is None:
        return ()
    if not isinstance(root, Mapped):
        raise FileProblem("not-a-mapping", "the front matter is a list or a text", line_of(front, 0))
    return entries(front, root)


def parse_before(front: str, end: int) -> tuple[Entry, ...] | None:
    """Read the top-level keys before a line that begins with another key.

    Gives None where that line might not be read so: where what stands before it is not whole, or no block of keys at
    the left margin. Such a block ends at a key, whatever its last value is: none of its values can go on at the margin
    but a quoted text or a flow collection, and those have ends of their own.
    """
    before = front[:end]
    if before.startswith(_MARKERS) or any(sign in before for sign in _ENDS):
        return None
    try:
        root = yaml_nodes.compose(before)
    except FileProblem:
        return None
    if not isinstance(root, Mapped) or root.flow_style or root.value[0][0].start_mark.column:
        return None
    return entries(before, root)


def entries(front: str, mapping: Mapped, *, every: bool = False) -> tuple[Entry, ...]:
    """Give the keys of one mapping node in order; a key that is no text is left out, or "" with ``every``."""
    budget = iter(range(yaml_nodes.MAX_NODES))
    found = []
    for key, node in mapping.value:
        if every or isinstance(key, Scalar):
            value = yaml_nodes.plain(node, budget, 1)
            found.append(Entry(key.value if isinstance(key, Scalar) else "", value, front, key, node))
    return tuple(found)


def inner_entries(entry: Entry) -> tuple[Entry, ...]:
    """Give the keys of an entry whose value is a block of keys; () for any other."""
    if isinstance(entry.node, Mapped) and not entry.node.flow_style:
        return entries(entry.front, entry.node)
    return ()


def twins(found: Iterable[Entry], above: str = "") -> Iterator[tuple[str, Entry]]:
    """Give the keys that stand twice in one mapping, however deep: the dotted name, and the later one."""
    seen = set()
    for entry in found:
        name = above + entry.key
        if name in seen:
            yield name, entry
        seen.add(name)
        waiting = [entry.node]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Mapped):
                yield from twins(entries(entry.front, node), f"{name}.")
            elif not isinstance(node, Scalar):
                waiting += reversed(node.value)


def text_at(entries_by_key: Mapping[str, Value], dotted: str) -> str:
    """Give the text at a dotted key (``seo.page_keywords``); a list of texts is joined by commas; "" where none is."""
    return ", ".join(texts_at(entries_by_key, dotted))


Look = Callable[[Mapping[str, Value], str], Value]


def value_at(
    entries_by_key: Mapping[str, Value], dotted: str, look: Look = lambda values, key: values.get(key)
) -> Value:
    """Give what stands at a dotted key, None where nothing does; ``look`` finds the value of one key."""
    value = look(entries_by_key, dotted)
    if value is None and "." in dotted:
        value = entries_by_key
        for part in dotted.split("."):
            value = look(value, part) if isinstance(value, Mapping) else None
    return value


def texts_at(
    entries_by_key: Mapping[str, Value],
    dotted: str,
    look: Look = lambda values, key: values.get(key),
) -> tuple[str, ...]:
    """Give the text at a dotted key, or the texts of the list there; none where there is neither.

    ``look`` finds the value of one key.
    """
    value = value_at(entries_by_key, dotted, look)
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, tuple) else ()


def _span(front: str, key: Node, node: Node) -> Span:
    start = front.rfind("\n", 0, key.start_mark.index) + 1
    end = max(yaml_nodes.last_leaf_end(node), key.end_mark.index)
    # A block scalar's end mark lies behind its blank lines, any other node's before its line break.
    text_end = start + len(front[start:end].rstrip(" \t\r\n"))
    line_break = front.find("\n", text_end)
    return Span(start, len(front) if line_break < 0 else line_break + 1)
