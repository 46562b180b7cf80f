"""Lists of links of every shape, written into YAML or TOML. Pure: text in, text out.

A list by group is written group by group: links that stay do so in their group, new ones join the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.formats import read_front, toml_document
from recommender.markdown.front_matter import Document, value_at
from recommender.markdown.link_blocks import Wanted
from recommender.markdown.link_lists import items_of
from recommender.markdown.list_editing import ListStyle, splice_list, style_of_list
from recommender.markdown.toml_editing import splice_toml_list, toml_style_of_list
from recommender.markdown.yaml_nodes import Value
from recommender.site_settings import ListSettings


def document_of(data: bytes) -> Document | None:
    """Find the front matter of a file in YAML or TOML; None where it has none that is edited.

    Raises:
        FileProblem: as ``split``.
    """
    return front_matter.split(data) or toml_document(data)


def splice_links(document: Document, wanted: Sequence[Wanted], own: ListSettings, style: ListStyle) -> str:
    """Give the file's new text with the wanted links in its list, verified.

    Raises:
        FileProblem: the list cannot be edited safely, or the result did not verify; nothing is guessed.
    """
    if own.shape != "grouped":
        return _splice(document, wanted, own, style)
    text, held = document.text, 0
    groups = list(_groups(document, own))
    for name, value in groups or [(style.group, ())]:
        group = _group(own, name, value)
        count = len(items_of(value, group) or ())
        local = [replace(want, source=want.source - held) for want in wanted if held < want.source <= held + count]
        held += count
        if name == (groups[-1][0] if groups else style.group):
            local += [want for want in wanted if not want.source]
        now = document_of(text.encode())
        text = _splice(now, local, group, style) if now else text
    return text


def style_of_links(document: Document, own: ListSettings) -> ListStyle | None:
    """Read the style off the list of a file; None where it has none."""
    groups = list(_groups(document, own)) if own.shape == "grouped" else []
    own = _group(own, *groups[-1]) if groups else own
    found = toml_style_of_list(document, own) if document.closed_by == "+++" else style_of_list(document, own)
    return replace(found, group=groups[-1][0]) if found and groups else found


def _splice(document: Document, wanted: Sequence[Wanted], own: ListSettings, style: ListStyle) -> str:
    if document.closed_by == "+++":
        return splice_toml_list(document, wanted, own, style)
    return splice_list(document, wanted, own, style)


def _groups(document: Document, own: ListSettings) -> Sequence[tuple[str, Value]]:
    """Give the groups of a list that are lists, by their names."""
    value = value_at(read_front(document.text.encode()).values, own.key)
    found = value.items() if isinstance(value, Mapping) else ()
    return [(name, inner) for name, inner in found if isinstance(inner, tuple)]


def _group(own: ListSettings, name: str, value: Value) -> ListSettings:
    """Give the settings of one group, a list of texts or of mappings."""
    if not name or "." in name:
        raise FileProblem("not-editable", f"{own.key}: no group of links to write into")
    mappings = isinstance(value, tuple) and bool(value) and all(isinstance(one, Mapping) for one in value)
    group = replace(own, key=f"{own.key}.{name}", shape="mappings" if mappings else "texts")
    if items_of(value, group) is None:
        raise FileProblem("not-editable", f"{group.key} holds other things than links of one shape")
    return group
