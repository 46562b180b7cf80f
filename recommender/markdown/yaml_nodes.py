"""YAML text to guarded nodes, and nodes to texts. Pure; the only owner of yaml.

No YAML constructor ever runs: values are the texts of the nodes, so ``No``, ``012`` and dates stay what was
written, and no constructor's trap (merge bombs, sexagesimal floods, impossible dates) can occur.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from recommender.errors import FileProblem

Node = yaml.Node
Scalar = yaml.ScalarNode
Mapped = yaml.MappingNode

Value = str | None | tuple["Value", ...] | Mapping[str, "Value"]

MAX_FRONT_MATTER = 256 * 1024
MAX_DEPTH = 16
MAX_NODES = 20_000
# libyaml's composer recurses: an 8 MiB stack dies at depth 24,965 and a 1 MiB one at 3,113 (measured). Every
# nested collection needs one of these characters, so below this count depth cannot reach any of them.
SAFE_OPENERS = 2_000
_OPENERS = "[{-?:"
_PROPERTIES = ("&", "!", "*")
NULLS = {"", "~", "null", "Null", "NULL"}


class _TextResolver(yaml.resolver.BaseResolver):
    """Tell null from text and nothing else: PyYAML's own resolver tries eight patterns on every value."""

    # Called on the way into and out of every node, for path resolvers, of which there are none: the cheapest callables.
    descend_resolver: Any = staticmethod(operator.is_)
    ascend_resolver: Any = staticmethod(dict)

    def resolve(self, kind: type, value: str, implicit: tuple[bool, bool]) -> str:
        if kind is Scalar:
            return "null" if implicit[0] and value in NULLS else "str"
        return "seq" if kind is yaml.SequenceNode else "map"


class _StrictLoader(Reader, Scanner, Parser, Composer, _TextResolver):
    """Pure-Python PyYAML with the same resolver."""

    def __init__(self, stream: str) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _TextResolver.__init__(self)


try:
    from yaml._yaml import CParser

    class Loader(CParser, _TextResolver):
        """Compose nodes with libyaml; no constructor exists, so no value can be turned into anything but text."""

        def __init__(self, stream: str) -> None:
            CParser.__init__(self, stream)
            _TextResolver.__init__(self)

except ImportError:
    # Slower by a factor of 12 (measured) and stricter about tabs; everything else reads alike.
    Loader = _StrictLoader  # type: ignore[misc,assignment]


def compose(front: str, most: int = MAX_FRONT_MATTER) -> yaml.Node | None:
    """Compose the node tree of at most so many characters, after the guards that keep libyaml's stack from overflowing.

    Raises:
        FileProblem: too large, too deep, or not YAML.
    """
    if len(front) > most:
        raise FileProblem("too-large", f"the front matter has {len(front):,} characters")
    if sum(map(front.count, _OPENERS)) > SAFE_OPENERS:
        _guard_depth(front)
    try:
        node: yaml.Node | None = yaml.compose(front, Loader=cast("Any", Loader))
    except yaml.YAMLError as error:
        raise _bad_yaml(front, error) from None
    except RecursionError:  # pure Python alone: its stack ends long before SAFE_OPENERS
        raise FileProblem("unsafe-yaml", f"values are nested deeper than {MAX_DEPTH} levels") from None
    return node


def compose_strictly(front: str) -> yaml.Node | None:
    """Compose with pure-Python PyYAML, which is stricter about tabs than libyaml; None where it refuses."""
    try:
        return yaml.compose(front, Loader=cast("Any", _StrictLoader))
    except (yaml.YAMLError, RecursionError):
        return None


def find_property(front: str, node: yaml.Node) -> int | None:
    """Give the place of the first anchor, alias or explicit tag below a node; None without any.

    A node with one begins at it, and an alias is the node that it names, so no second parse is needed.
    """
    found = []
    waiting: list[Any] = [node]
    while waiting:
        one = waiting.pop()
        start = one.start_mark.index
        if front[start : start + 1] in _PROPERTIES:
            found.append(int(start))
        elif isinstance(one, yaml.MappingNode):
            for pair in one.value:
                waiting += pair
        elif isinstance(one, yaml.SequenceNode):
            waiting += one.value
    return min(found, default=None)


def quoted(node: yaml.Node | None) -> list[tuple[int, int]]:
    """Give where the quoted texts below a node begin and end, quotes included."""
    return [
        (one.start_mark.index, one.end_mark.index) for one in _below(node) if getattr(one, "style", "") in ("'", '"')
    ]


def any_key(node: yaml.Node, wanted: Callable[[str], bool]) -> bool:
    """Tell whether any mapping below a node has a key of the wanted kind."""
    mappings = (one for one in _below(node) if isinstance(one, Mapped))
    return any(isinstance(key, Scalar) and wanted(key.value) for one in mappings for key, _ in one.value)


def _below(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Walk a node and all below it; what aliases name comes once, however often it is named."""
    waiting: list[Any] = [node] if node else []
    seen = set()
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            if isinstance(one, yaml.MappingNode):
                waiting += itertools.chain.from_iterable(one.value)
            elif isinstance(one, yaml.SequenceNode):
                waiting += one.value


def same_node(one: yaml.Node, other: yaml.Node) -> bool:
    """Tell whether two nodes have the same tags, styles, texts and aliases all the way down."""
    # A node that aliases name is compared once: a few lines may name one a billion times, or itself.
    partner: dict[int, yaml.Node] = {}
    waiting: list[Any] = [(one, other)]
    while waiting:
        # Any, not Node: a scalar has a style, a collection a flow_style.
        left, right = waiting.pop()
        if id(left) in partner:
            if partner[id(left)] is not right:
                return False
            continue
        partner[id(left)] = right
        if type(left) is not type(right) or left.tag != right.tag:
            return False
        if isinstance(left, yaml.ScalarNode):
            # A plain scalar has the style "" in libyaml and None in pure Python.
            if left.value != right.value or (left.style or "") != (right.style or ""):
                return False
            continue
        if left.flow_style != right.flow_style or len(left.value) != len(right.value):
            return False
        pairs = list(zip(left.value, right.value, strict=True))
        if isinstance(left, yaml.MappingNode):
            waiting += [both for (a, b), (c, d) in pairs for both in ((a, c), (b, d))]
        else:
            waiting += pairs
    return True


def line_of(front: str, index: int) -> int:
    """Line in the file, from 1, of a place in the front matter; only line feeds count, as in every editor."""
    return front.count("\n", 0, index) + 2


def plain(node: yaml.Node, budget: Iterator[int], depth: int) -> Value:
    """Give a node as texts: a text, None for null, a tuple, or a mapping of texts; ``budget`` bounds its size."""
    if depth > MAX_DEPTH or next(budget, None) is None:
        raise FileProblem("unsafe-yaml", f"deeper than {MAX_DEPTH} levels or more than {MAX_NODES:,} values")
    if isinstance(node, Scalar):
        text: str = node.value
        return None if node.tag == "null" else text
    if isinstance(node, yaml.SequenceNode):
        return tuple(plain(item, budget, depth + 1) for item in node.value)
    return {key.value: plain(value, budget, depth + 1) for key, value in node.value if isinstance(key, Scalar)}


def last_leaf(node: yaml.Node) -> yaml.Node:
    """Give the last scalar or flow collection of a node; an empty node is its own."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    return node


def last_leaf_end(node: yaml.Node) -> int:
    """End of the last leaf of a node: the end mark of a block mapping itself also covers later comments."""
    return int(last_leaf(node).end_mark.index)


def _guard_depth(front: str) -> None:
    depth = 0
    try:
        for event in yaml.parse(front, Loader=cast("Any", Loader)):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                line = line_of(front, cast("Any", event.start_mark).index)
                raise FileProblem("unsafe-yaml", f"values are nested deeper than {MAX_DEPTH} levels", line)
    except yaml.YAMLError as error:
        raise _bad_yaml(front, error) from None


def _bad_yaml(front: str, error: yaml.YAMLError) -> FileProblem:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    if isinstance(error, yaml.reader.ReaderError):
        # Its position counts bytes in libyaml and characters in pure Python; the character is the same.
        return FileProblem("bad-yaml", str(reason), line_of(front, front.find(chr(cast("Any", error.character)))))
    return FileProblem("bad-yaml", str(reason), line_of(front, mark.index) if mark else 0)
