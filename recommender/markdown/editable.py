"""Whether a front matter can be edited without any reader of YAML seeing another change. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest

from recommender.errors import FileProblem
from recommender.markdown import yaml_nodes
from recommender.markdown.front_matter import Document, Entry, entries
from recommender.markdown.yaml_nodes import Mapped, Node, Scalar, line_of, same_node

# A block scalar whose blank lines at its end are part of its value.
_KEPT_BREAKS = re.compile(r"(?:[&!]\S*\s+)*[|>][1-9]?\+[^\n]*\n(.*\n)? *\r?\n", re.DOTALL)
# Line breaks for YAML 1.1 but not for 1.2: readers disagree about where lines end. A lone CR likewise.
ODD_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")


def open_end(entries: Sequence[Entry]) -> str:
    """Give the key whose text takes in the blank lines that end the front matter; "" where there is none.

    gray-matter cuts off the line break before the closing fence, so such a text hangs on what follows it.
    """
    for entry in entries[-1:]:
        leaves = yaml_nodes.last_leaf(entry.node), yaml_nodes.last_leaf(entry.key_node)
        for leaf in leaves:
            end = leaf.end_mark.index
            if end >= len(entry.front) and _KEPT_BREAKS.fullmatch(entry.front, leaf.start_mark.index):
                return entry.key or "?"
    return ""


def reread(front: str, touched: Callable[[str], bool]) -> tuple[Entry, ...]:
    """Give the entries of an edited front matter, as ``check_editable`` reads them.

    Raises:
        FileProblem: it would not read back.
    """
    document = Document(f"---\n{front}---\n", 4, 4 + len(front), bom=False, closed_by="---")
    try:
        return check_editable(document, touched)
    except FileProblem as problem:
        raise FileProblem("not-editable", f"the edit would not read back: {problem.reason}") from None


def check_others(before: Sequence[Entry], after: Sequence[Entry], touched: Callable[[str], bool]) -> None:
    """Refuse an edit by which any key but the touched ones reads otherwise.

    Raises:
        FileProblem: with the key.
    """
    rest = [[entry for entry in found if not touched(entry.key)] for found in (before, after)]
    for one, other in zip_longest(*rest):
        if not (one and other and same_node(one.key_node, other.key_node) and same_node(one.node, other.node)):
            line, key = (one.line, one.key) if one else (0, "")
            raise FileProblem("not-editable", f"the edit would change another key, {key!r}", line)
    if open_end(before) != open_end(after):
        reason = "the edit would change which text keeps the blank lines at the end"
        raise FileProblem("not-editable", reason, before[-1].line if before else 0)


def check_editable(document: Document, touched: Callable[[str], bool]) -> tuple[Entry, ...]:
    """Give all top-level entries of a front matter that can be edited without any reader seeing another change.

    ``touched`` tells by its key what the edit may change. An entry whose key is no text has the key "".

    Raises:
        FileProblem: ``not-editable`` with the reason. Of 80,000 mutated documents, the edits that these checks let
            through were read alike by PyYAML, js-yaml and eemeli/yaml; odd line breaks made all disagreements.
    """
    front = document.front
    odd = [] if front.isascii() and "\r" not in front else [found.start() for found in ODD_BREAK.finditer(front)]
    marker = re.search(r"^(---|\.\.\.|%)", front, re.MULTILINE)
    if marker or document.closed_by != "---":
        at = marker.start() if marker else len(front)
        raise _uneditable(front, "a document marker or directive inside the front matter", at)
    try:
        root = yaml_nodes.compose(front)
    except FileProblem as problem:
        raise _odd_break(front, odd[0]) if odd else problem from None
    if odd:
        # Between quotes such a break ends no line of keys, whoever reads it.
        spans = yaml_nodes.quoted(root)
        for at in odd:
            if not any(start < at < end for start, end in spans):
                raise _odd_break(front, at)
    if root is None:
        return ()
    if not isinstance(root, Mapped) or root.flow_style:
        raise _uneditable(front, "not a block of `key: value` lines", 0)
    _check_keys(front, root, touched)
    if "\t" in front:
        _check_tabs(front, root)
    return entries(front, root, every=True)


def _odd_break(front: str, at: int) -> FileProblem:
    return _uneditable(front, f"a line break that YAML readers disagree about ({front[at]!r})", at)


def _check_keys(front: str, root: Mapped, touched: Callable[[str], bool]) -> None:
    seen = set()
    if (
        root.value
        and root.start_mark.index != root.value[0][0].start_mark.index
        and front[root.start_mark.index] in "&!"
    ):
        raise _uneditable(front, "anchors, aliases or explicit tags of the whole", root.start_mark.index)
    for key, node in root.value:
        at = key.start_mark.index
        if root.start_mark.column:
            raise _uneditable(front, f"key {getattr(key, 'value', '')!r} does not start its line", at)
        if not isinstance(key, Scalar):
            continue
        if front[at : at + 1] in "?|>!":
            raise _uneditable(front, "a key that is not a plain or quoted text", at)
        if key.value in seen:
            raise _uneditable(front, f"key {key.value!r} stands twice", at)
        seen.add(key.value)
        if key.value == "<<" and yaml_nodes.any_key(node, touched):
            raise _uneditable(front, "a related block that a merge key brings", at)
        if touched(key.value):
            _check_touched(front, key, node)


def _check_touched(front: str, key: Scalar, node: Node) -> None:
    at = key.start_mark.index
    if yaml_nodes.find_property(front, key) is not None or yaml_nodes.find_property(front, node) is not None:
        raise _uneditable(front, f"anchors, aliases or explicit tags in {key.value}", at)
    if front[front.rfind("\n", 0, at) + 1 : at]:
        raise _uneditable(front, f"key {key.value!r} does not start its line", at)
    if node.start_mark.index < key.end_mark.index:
        raise _uneditable(front, f"the value of {key.value!r} stands elsewhere", at)


def _check_tabs(front: str, root: Node) -> None:
    # Tabs after a colon or before a comment: libyaml reads them, pure-Python PyYAML and ruamel.yaml do not.
    other = yaml_nodes.compose_strictly(front)
    if other is None or not yaml_nodes.same_node(root, other):
        raise _uneditable(front, "a tab that YAML readers read differently", front.index("\t"))


def _uneditable(front: str, reason: str, index: int) -> FileProblem:
    return FileProblem("not-editable", reason, line_of(front, index))
