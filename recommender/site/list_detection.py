"""Which lists of links the front matter of a site holds, and in which shapes."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from recommender.markdown.link_blocks import is_block
from recommender.markdown.link_lists import FLAGS
from recommender.markdown.yaml_nodes import Value
from recommender.site.detection import SAMPLE, front_values
from recommender.site_settings import ListSettings

# Names of lists of links, as 72 public repositories have them.
_LIST = re.compile(
    r"(?i)(related|see_?-?also|further_?-?reading|recommended|read_?-?(more|next)|similar)(_?-?(posts?|articles?|pages?|"
    r"links?|rules?|resources?|docs?|content|guides?|topics?|entries|items?|notes?))?"
)
_URL_FIELDS = ("url", "link", "href", "path", "slug", "page", "item", "ref", "id", "uuid", "file")
_TITLE_FIELDS = ("title", "text", "name", "label")


def detect_lists(top: Path, paths: Sequence[str]) -> list[ListSettings]:
    """Find the lists of links in the front matter of some files, the most frequent first; how items refer is open."""
    values = [
        found for path in paths[:: max(1, len(paths) // SAMPLE)] if (found := front_values(os.path.join(top, path)))
    ]
    shapes: dict[str, list[ListSettings | None]] = {}
    for one in values:
        for key, value in _named(one):
            if value and not (isinstance(value, str) and value.strip().lower() in FLAGS):
                shapes.setdefault(key, []).append(_shape(key, value))
    usual = [max(found, key=found.count) for found in sorted(shapes.values(), key=len, reverse=True)]
    return [own for own in usual if own is not None]


def _named(values: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Give the values under names of lists of links, at the top and one level below."""
    written = {key.lower() for key in values if key != key.lower()}
    for key, value in values.items():
        # A key with capitals is there in small letters too.
        if is_block(key, "related_article") or key in written:
            continue
        if _LIST.fullmatch(key):
            yield key, value
        elif isinstance(value, Mapping):
            for inner, below in value.items():
                if _LIST.fullmatch(inner):
                    yield f"{key}.{inner}", below


def _shape(key: str, value: Value) -> ListSettings | None:
    """Tell the shape of one list; None for what is none."""
    if isinstance(value, Mapping):
        lists = [one for one in value.values() if isinstance(one, tuple) and one]
        if lists:
            return ListSettings(key, "grouped", fields=_fields(lists[0][0]))
        return ListSettings(key, "url-to-title") if value and all("/" in one for one in value) else None
    if not isinstance(value, tuple) or not value:
        return None
    items = [one for one in value if isinstance(one, Mapping)]
    # Of a list that mixes both the commoner kind is the shape, and reading names the file.
    if 2 * len(items) < len(value):
        return ListSettings(key, "texts") if any(isinstance(one, str) for one in value) else None
    fields = _fields(items[0])
    if fields:
        return ListSettings(key, "mappings", fields=fields)
    single = all(len(one) == 1 for one in items)
    return ListSettings(key, "url-to-title") if single else None


def _fields(item: Value) -> dict[str, str]:
    """Give the keys of an item that hold a url, or what stands for it, and a title."""
    fields: dict[str, str] = {}
    if not isinstance(item, Mapping):
        return fields
    for noun, names in (("url", _URL_FIELDS), ("title", _TITLE_FIELDS)):
        name = next((name for name in names if isinstance(item.get(name), str)), "")
        if name:
            fields[noun] = name
    return fields if "url" in fields else {}


def keys_of_values(top: Path, paths: Iterable[str], references: frozenset[str]) -> list[str]:
    """Give the front matter keys whose values references name, those that hit most often first."""
    hits: Counter[str] = Counter()
    for path in paths:
        for key, value in front_values(os.path.join(top, path)).items():
            if isinstance(value, str) and value in references:
                hits[key] += 1
    return [key for key, _ in hits.most_common(3)]
