"""The text between the fences: found, guarded, parsed to nodes and given as texts. Pure; the only owner of yaml.

No YAML constructor ever runs: values are the texts of the nodes, so ``No``, ``012`` and dates stay what was
written, and no constructor's trap (merge bombs, sexagesimal floods, impossible dates) can occur.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from recommender.errors import FileProblem

try:
    from yaml.cyaml import CParser as _Parser

    _PARTS: tuple[type, ...] = (_Parser,)
except ImportError:
    # Slower by a factor of 12 (measured) and stricter about tabs; everything else reads alike.
    from yaml.composer import Composer
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    _PARTS = (Reader, Scanner, Parser, Composer)

NULLS = {"", "~", "null", "Null", "NULL"}

class _TextResolver(yaml.resolver.BaseResolver):
    """Tell null from text and nothing else: PyYAML's own resolver tries eight patterns on every value."""

    def resolve(self, kind: type, value: str, implicit: tuple[bool, bool]) -> str:
        if kind is yaml.ScalarNode:
            return "null" if implicit[0] and value in NULLS else "str"
        return "seq" if kind is yaml.SequenceNode else "map"


class Loader(*_PARTS, _TextResolver):  # type: ignore[misc]
    """Compose nodes; no constructor exists, so no value can be turned into anything but text."""

    def __init__(self, stream: str) -> None:
        for part in _PARTS:
            part.__init__(self, *([stream] if part in _PARTS[:1] else []))
        _TextResolver.__init__(self)


Value = str | None | tuple["Value", ...] | Mapping[str, "Value"]

MAX_FRONT_MATTER = 256 * 1024
MAX_DEPTH = 16
MAX_NODES = 20_000
# libyaml's composer recurses: an 8 MiB stack dies at depth 24,965 and a 1 MiB one at 3,113 (measured). Every
# nested collection needs one of these characters, so below this count depth cannot reach any of them.
SAFE_OPENERS = 2_000
_OPENERS = "[{-?:"

_FENCE = re.compile(r"^(---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
# Line breaks for YAML 1.1 but not for 1.2: readers disagree about where lines end. A lone CR likewise.
ODD_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")


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


@dataclass(frozen=True, slots=True)
class Span:
    """Where a key stands in the front matter: from ``start`` to ``end``, whole lines, later comments left out."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping: its text, its value as texts, and where it stands."""

    key: str
    value: Value
    front: str
    key_node: yaml.Node
    node: yaml.Node

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
    if first is None or first.group(1) != "---":
        opening = text.split("\n", 1)[0].rstrip("\r")
        if set(opening) == {"-"}:
            return None
        raise FileProblem("broken-fence", f"the first line is {opening[:40]!r}, not ---", 1)
    start = first.end() + 1
    closing = _FENCE.search(text, start)
    if closing is None:
        raise FileProblem("broken-fence", "no line --- closes the front matter", 1)
    return Document(text, start, closing.start(), bom, closing.group(1))


def parse(front: str) -> tuple[Entry, ...]:
    """Read the top-level keys of a front matter in order, values as texts, aliases resolved within bounds.

    Raises:
        FileProblem: too large, too deep, not YAML, or not a mapping; line numbers count from the file's first line.
    """
    root = compose(front)
    if root is None:
        return ()
    if not isinstance(root, yaml.MappingNode):
        raise FileProblem("not-a-mapping", "the front matter is a list or a text", line_of(front, 0))
    return entries(front, root)


def entries(front: str, mapping: yaml.MappingNode) -> tuple[Entry, ...]:
    """Give the keys of one mapping node in order; a key that is no text is left out."""
    budget = iter(range(MAX_NODES))
    found = []
    for key, node in mapping.value:
        if isinstance(key, yaml.ScalarNode):
            value = _plain(node, budget, 1)
            found.append(Entry(key.value, value, front, key, node))
    return tuple(found)


def inner_entries(entry: Entry) -> tuple[Entry, ...]:
    """Give the keys of an entry whose value is a block of keys; () for any other."""
    if isinstance(entry.node, yaml.MappingNode) and not entry.node.flow_style:
        return entries(entry.front, entry.node)
    return ()


def compose(front: str) -> yaml.Node | None:
    """Compose the node tree after the guards that keep libyaml from overflowing its stack.

    Raises:
        FileProblem: too large, too deep, or not YAML.
    """
    if len(front) > MAX_FRONT_MATTER:
        raise FileProblem("too-large", f"the front matter has {len(front):,} characters")
    if sum(map(front.count, _OPENERS)) > SAFE_OPENERS:
        _guard_depth(front)
    try:
        node: yaml.Node | None = yaml.compose(front, Loader=Loader)
    except yaml.YAMLError as error:
        raise _bad_yaml(front, error) from None
    return node


def check_editable(document: Document) -> tuple[Entry, ...]:
    """Give the top-level entries of a front matter that can be edited without any reader seeing another change.

    Raises:
        FileProblem: ``not-editable`` with the reason. Of 80,000 mutated documents, the edits that these checks let
            through were read alike by PyYAML, js-yaml and eemeli/yaml; odd line breaks made all disagreements.
    """
    front = document.front
    odd = ODD_BREAK.search(front)
    if odd:
        raise _uneditable(front, f"a line break that YAML readers disagree about ({odd.group()!r})", odd.start())
    marker = re.search(r"^(---|\.\.\.|%)", front, re.MULTILINE)
    if marker or document.closed_by != "---":
        at = marker.start() if marker else len(front)
        raise _uneditable(front, "a document marker or directive inside the front matter", at)
    root = compose(front)
    if root is None:
        return ()
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise _uneditable(front, "not a block of `key: value` lines", 0)
    if has_anchor(front):
        raise _uneditable(front, "anchors, aliases or explicit tags", 0)
    _check_keys(front, root)
    if "\t" in front:
        _check_tabs(front, root)
    return entries(front, root)


def _check_keys(front: str, root: yaml.MappingNode) -> None:
    seen = set()
    for key, node in root.value:
        at = key.start_mark.index
        if not isinstance(key, yaml.ScalarNode) or front[at : at + 1] in "?|>":
            raise _uneditable(front, "a key that is not a plain or quoted text", at)
        if key.start_mark.column or front[front.rfind("\n", 0, at) + 1 : at]:
            raise _uneditable(front, f"key {key.value!r} does not start its line", at)
        if key.value in seen:
            raise _uneditable(front, f"key {key.value!r} stands twice", at)
        if node.start_mark.index < key.end_mark.index:
            raise _uneditable(front, f"the value of {key.value!r} stands elsewhere", at)
        seen.add(key.value)


def _check_tabs(front: str, root: yaml.Node) -> None:
    # Tabs after a colon or before a comment: libyaml reads them, pure-Python PyYAML and ruamel.yaml do not.
    try:
        other = yaml.compose(front, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        raise _uneditable(front, "a tab that not every YAML reader accepts", front.index("\t")) from None
    if other is None or not same_node(root, other):
        raise _uneditable(front, "a tab that YAML readers read differently", front.index("\t"))


def _uneditable(front: str, reason: str, index: int) -> FileProblem:
    return FileProblem("not-editable", reason, line_of(front, index))


def has_anchor(front: str) -> bool:
    """Tell whether any anchor, alias or explicit tag stands in a front matter that composes."""
    return any(
        isinstance(event, yaml.AliasEvent)
        or (isinstance(event, yaml.NodeEvent) and event.anchor is not None)
        or (isinstance(event, yaml.ScalarEvent) and event.tag is not None)
        or (isinstance(event, yaml.CollectionStartEvent) and event.tag is not None)
        for event in yaml.parse(front, Loader=Loader)
    )


def line_of(front: str, index: int) -> int:
    """Line in the file, from 1, of a place in the front matter; only line feeds count, as in every editor."""
    return front.count("\n", 0, index) + 2


def same_node(one: yaml.Node, other: yaml.Node) -> bool:
    """Tell whether two nodes have the same tags, styles and texts all the way down."""
    if type(one) is not type(other) or one.tag != other.tag:
        return False
    if isinstance(one, yaml.ScalarNode):
        return bool(one.value == other.value and one.style == other.style)
    if one.flow_style != other.flow_style or len(one.value) != len(other.value):
        return False
    pairs = zip(one.value, other.value, strict=True)
    if isinstance(one, yaml.MappingNode):
        return all(same_node(a, c) and same_node(b, d) for (a, b), (c, d) in pairs)
    return all(same_node(a, b) for a, b in pairs)


def text_at(entries_by_key: Mapping[str, Value], dotted: str) -> str:
    """Give the text at a dotted key (``seo.page_keywords``); a list of texts is joined by commas; "" where none is."""
    value: Value = entries_by_key.get(dotted)
    if value is None and "." in dotted:
        value = entries_by_key
        for part in dotted.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return ", ".join(item for item in value if isinstance(item, str))
    return ""


def last_leaf_end(node: yaml.Node) -> int:
    """End of the last scalar of a node: the end mark of a block mapping itself also covers later comments."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    return int(node.end_mark.index)


def _span(front: str, key: yaml.Node, node: yaml.Node) -> Span:
    start = front.rfind("\n", 0, key.start_mark.index) + 1
    end = max(last_leaf_end(node), key.end_mark.index)
    # A block scalar's end mark lies behind its blank lines, any other node's before its line break.
    text_end = start + len(front[start:end].rstrip(" \t\r\n"))
    line_break = front.find("\n", text_end)
    return Span(start, len(front) if line_break < 0 else line_break + 1)


def _plain(node: yaml.Node, budget: Iterator[int], depth: int) -> Value:
    if depth > MAX_DEPTH or next(budget, None) is None:
        raise FileProblem("unsafe-yaml", f"deeper than {MAX_DEPTH} levels or more than {MAX_NODES:,} values")
    if isinstance(node, yaml.ScalarNode):
        text: str = node.value
        return None if node.tag == "null" else text
    if isinstance(node, yaml.SequenceNode):
        return tuple(_plain(item, budget, depth + 1) for item in node.value)
    return {
        key.value: _plain(value, budget, depth + 1)
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode)
    }


def _guard_depth(front: str) -> None:
    depth = 0
    try:
        for event in yaml.parse(front, Loader=Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                line = line_of(front, event.start_mark.index)
                raise FileProblem("unsafe-yaml", f"values are nested deeper than {MAX_DEPTH} levels", line)
    except yaml.YAMLError as error:
        raise _bad_yaml(front, error) from None


def _bad_yaml(front: str, error: yaml.YAMLError) -> FileProblem:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    return FileProblem("bad-yaml", str(reason), line_of(front, mark.index) if mark else 0)
