"""Lists of links in a front matter: texts, mappings, groups of them, or urls with their titles. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from recommender.article import Link
from recommender.markdown.front_matter import text_at, value_at
from recommender.markdown.yaml_nodes import Value
from recommender.site_settings import ListSettings

_WIKILINK = re.compile(r"!?\[\[([^\[\]|]*)(?:\|([^\[\]]*))?\]\]")
_MARKDOWN = re.compile(r"\[([^\]]*)\]\(\s*<?([^<>\s]+?)>?(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)")
# `path, title`: what stands before the comma has a slash and no space.
_TITLED = re.compile(r"(/?[^\s,]*/[^\s,]*),\s+(\S.*)")
# What tells a kind; a sentence or a number is of one link alone.
_WORD = re.compile(r"[^\W\d][\w-]*")
FLAGS = ("true", "false", "yes", "no", "on", "off")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: how it names a page, its title, "" where it has none, and the words at its other keys."""

    reference: str
    title: str = ""
    further: tuple[tuple[str, str], ...] = ()


def items_of(value: Value, settings: ListSettings) -> list[Item] | None:
    """Read the items of a list; [] where there is none or a flag of the same name; None for another shape."""
    if not value or (isinstance(value, str) and (value.strip().lower() in FLAGS or not value.strip())):
        return []
    found = list(_SHAPES[settings.shape](value, settings))
    return None if None in found else [item for item in found if item and item.reference]


def _listed(value: Value, settings: ListSettings) -> Iterator[Item | None]:
    for one in value if isinstance(value, tuple) else (None,):
        yield _item(one, settings)


def _grouped(value: Value, settings: ListSettings) -> Iterator[Item | None]:
    """Give the items of all lists of a mapping; its texts are no links."""
    if not isinstance(value, Mapping):
        yield None
        return
    for inner in value.values():
        if isinstance(inner, tuple):
            yield from _listed(inner, settings)


def _url_to_title(value: Value, settings: ListSettings) -> Iterator[Item | None]:
    for pair in value if isinstance(value, tuple) else (value,):
        if isinstance(pair, Mapping):
            for url, title in pair.items():
                yield Item(url, title if isinstance(title, str) else "")
        else:
            yield None


_SHAPES: Mapping[str, Callable[[Value, ListSettings], Iterator[Item | None]]] = {
    "texts": _listed,
    "mappings": _listed,
    "grouped": _grouped,
    "url-to-title": _url_to_title,
}


def _item(one: Value, settings: ListSettings) -> Item | None:
    if isinstance(one, str):
        return item_of_text(one) if settings.shape in ("texts", "grouped") else None
    if isinstance(one, Mapping) and settings.shape in ("mappings", "grouped"):
        reference = text_at(one, settings.field("url")).strip()
        title = text_at(one, settings.field("title")).strip() if settings.field("title") else ""
        named = settings.fields.values()
        words = ((key, text) for key, text in one.items() if key not in named and isinstance(text, str))
        further = tuple(pair for pair in words if _WORD.fullmatch(pair[1]))
        return Item(reference, title, further) if reference else None
    return None


def item_of_text(text: str) -> Item:
    """Read an item that is a text: a wikilink, a Markdown link, ``path, title``, or the reference alone."""
    text = text.strip()
    if wiki := _WIKILINK.fullmatch(text):
        return Item(text, (wiki[2] or "").strip())
    if markdown := _MARKDOWN.fullmatch(text):
        return Item(markdown[2], markdown[1].strip())
    if titled := _TITLED.fullmatch(text):
        return Item(titled[1], titled[2].strip())
    return Item(text)


def wiki_target(text: str) -> str:
    """Give the page that a wikilink names, without its heading."""
    wiki = _WIKILINK.fullmatch(text.strip())
    return (wiki[1] if wiki else text).partition("#")[0].strip()


def read_lists(
    values: Mapping[str, Value], lists: Sequence[ListSettings], line: Mapping[str, int]
) -> tuple[tuple[Link, ...], list[str]]:
    """Read the links of all lists of a page, numbered from 1 on; and the keys that hold another shape."""
    links: list[Link] = []
    odd = []
    for place, settings in enumerate(lists):
        if settings.write:
            continue
        items = items_of(value_at(values, settings.key), settings)
        if items is None:
            odd.append(settings.key)
            continue
        for item in items:
            links.append(
                Link(len(links) + 1, line.get(settings.key, 0), "", item.title, "", item.reference, place, item.further)
            )
    return tuple(links), odd
