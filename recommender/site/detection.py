"""Which generator made a site, where its pages stand, and which lists of links their front matter holds."""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from recommender.errors import FileProblem
from recommender.markdown import front_matter
from recommender.markdown.formats import read_front
from recommender.markdown.front_matter import value_at
from recommender.markdown.link_blocks import is_block
from recommender.markdown.link_lists import FLAGS, items_of
from recommender.markdown.yaml_nodes import Value
from recommender.presets import PRESETS, is_language
from recommender.settings_values import check_known
from recommender.site.files import is_article_name, read_bytes, walk
from recommender.site_settings import ListSettings

# Files whose front matter is looked at, evenly spread: enough for keys that one page in a hundred has.
SAMPLE = 3000
DEPTH = 3
# Files of one folder that are looked at, and folders that are named one by one.
FEW, MANY = 100, 3
# Names of lists of links, as 72 public repositories have them.
_LIST = re.compile(
    r"(?i)(related|see_?-?also|further_?-?reading|recommended|read_?-?(more|next)|similar)(_?-?(posts?|articles?|pages?|"
    r"links?|rules?|resources?|docs?|content|guides?|topics?|entries|items?|notes?))?"
)
_URL_FIELDS = ("url", "link", "href", "path", "slug", "page", "item", "ref", "id", "uuid", "file")
_TITLE_FIELDS = ("title", "text", "name", "label")


@dataclass(frozen=True)
class Detected:
    """What a site looks like: its generator and the file that tells it, its folders, urls and host."""

    preset: str
    marker: str
    content: tuple[str, ...]
    patterns: Mapping[str, str]
    host: tuple[str, ...]
    notes: tuple[str, ...] = ()


def detect(top: Path, preset: str = "") -> Detected:
    """Look at a site: at the files that tell generators apart, the generator's own configuration, the front matter.

    Raises:
        SettingsError: an unknown preset is named.
    """
    if preset:
        check_known({preset: None}, list(PRESETS), "preset", top)
    found, places = _generator(top, preset)
    name, marker = found or (preset or "plain", "")
    content = tuple(dict.fromkeys(folder for place in places for folder in _content(top, place, name)))
    patterns, host, notes = _configuration(top / places[0] if places else top, name)
    if name == "mkdocs" and len(content) == 1:
        content, own = _languages_beside(top, content[0])
        patterns = patterns or own
    own_pattern = PRESETS[name].patterns.get(f"{content[0].rpartition('/')[2]}/") if len(content) == 1 else None
    if own_pattern:
        patterns = {"": own_pattern, **patterns}  # patterns are of folders below the content
    if not content or (content == (".",) and name == "plain"):
        content = _plain_content(top)
    return Detected(name, marker, content, patterns, host, notes)


def _languages_beside(top: Path, content: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Give the folders of other languages beside docs/LANG/docs, with the urls of all."""
    parts = content.split("/")
    if len(parts) < 3 or not is_language(parts[-2]):
        return (content,), {}
    above, name = "/".join(parts[:-2]), parts[-1]
    codes = [code for code in _subfolders(top / above) if is_language(code) and (top / above / code / name).is_dir()]
    patterns = {f"{code}/{name}/": f"/{code}/{{path}}/" for code in codes}
    return tuple(f"{above}/{code}/{name}" for code in codes), {**patterns, f"{parts[-2]}/{name}/": "/{path}/"}


def _generator(top: Path, preset: str) -> tuple[tuple[str, str] | None, list[str]]:
    """Find the generator by its markers, in the folder nearest to the top; and all folders that have the same."""
    for depth in range(DEPTH):
        hits = [
            (name, marker, place)
            for place in _folders(top, depth)
            for name, known in PRESETS.items()
            if name == (preset or name)
            for marker in [_marker(top / place, known.markers)]
            if marker
        ]
        if hits:
            order = list(PRESETS)
            name, marker, _ = min(hits, key=lambda hit: order.index(hit[0]))
            places = [place for own, _, place in hits if own == name]
            return (name, marker), places
    return None, []


def _folders(top: Path, depth: int) -> list[str]:
    found = ["."]
    for _ in range(depth):
        found = [os.path.normpath(os.path.join(place, name)) for place in found for name in _subfolders(top / place)]
    return found


def _subfolders(folder: Path) -> list[str]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [
        name for name in names if not name.startswith((".", "_")) and name not in ("node_modules", "vendor", "build")
    ]


def _marker(folder: Path, markers: Sequence[str]) -> str:
    """Give the name of the file by which a folder has one of the markers; "" for none."""
    try:
        names = os.listdir(folder)
    except OSError:
        return ""
    for marker in markers:
        first = ""
        for part in marker.split("&"):
            wanted = part.removeprefix("!")
            hit = next((name for name in sorted(names) if fnmatchcase(name, wanted)), "")
            hit = hit or (wanted if "/" in wanted and (folder / wanted).exists() else "")
            if bool(hit) == part.startswith("!"):
                break
            first = first or hit
        else:
            return first
    return ""


def _content(top: Path, place: str, preset: str) -> Iterator[str]:
    """Give the folders of a generator's pages that hold any."""
    for folder in PRESETS[preset].content:
        own = os.path.normpath(os.path.join(place, folder))
        if (top / own).is_dir() and any(True for _ in _articles(top / own)):
            yield own.replace(os.sep, "/")
            if folder == "." or preset not in ("docusaurus", "astro"):
                return


def _articles(folder: Path) -> Iterator[str]:
    for place, _, names in walk(str(folder)):
        yield from (os.path.join(place, name) for name in sorted(names) if is_article_name(name))


def has_articles(folder: Path) -> bool:
    """Tell whether any Markdown file is below a folder."""
    return next(_articles(folder), None) is not None


def _plain_content(top: Path) -> tuple[str, ...]:
    """Give the folders of a site of no known generator: the deepest ones that hold all pages.

    Where more than a half of a folder's files have no front matter, it is no folder of pages, if others are.
    """
    folder = top
    while True:
        parts: dict[str, list[str]] = {}
        for path in _articles(folder):
            parts.setdefault(os.path.relpath(path, folder).split(os.sep)[0], []).append(path)
        used = [name for name, paths in parts.items() if _half_stated(paths)] or list(parts)
        alone = all((folder / name).is_dir() for name in used)
        if len(used) != 1 or not alone:
            break
        folder = folder / used[0]
    found = [folder / name for name in sorted(used)] if alone and 0 < len(used) <= MANY else [folder]
    return tuple(os.path.relpath(one, top).replace(os.sep, "/") for one in found)


def _half_stated(paths: Sequence[str]) -> bool:
    """Tell of some files whether at least half have front matter."""
    some = paths[:: max(1, len(paths) // FEW)]
    return 2 * sum(bool(_values(path)) for path in some) >= len(some)


def _values(path: str) -> Mapping[str, Value]:
    """Give the front matter of a page; none for a page without, or one that cannot be read."""
    try:
        return read_front(read_bytes(path)[0]).values
    except FileProblem:
        return {}


# --- the generator's own configuration


def _configuration(place: Path, preset: str) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
    """Give the url patterns and the host that a generator's configuration states, and what could not be read."""
    readers = {"jekyll": _jekyll, "hexo": _hexo, "hugo": _hugo, "mkdocs": _mkdocs, "zola": _zola}
    notes: list[str] = []
    values = _config_values(place, notes)
    patterns, url = readers[preset](values) if preset in readers else ({}, "")
    host = re.match(r"https?://([^/:]+)", url)
    return patterns, (host[1],) if host else (), tuple(notes)


_CONFIGS = (
    "_config.yml",
    "hugo.toml",
    "hugo.yaml",
    "hugo.yml",
    "config.toml",
    "config.yaml",
    "config.yml",
    "config/_default/hugo.toml",
    "config/_default/config.toml",
    "config/_default/hugo.yaml",
    "config/_default/config.yaml",
    "mkdocs.yml",
    "mkdocs.yaml",
)


def _config_values(place: Path, notes: list[str]) -> dict[str, Any]:
    for name in _CONFIGS:
        file = place / name
        if not file.is_file():
            continue
        try:
            text = file.read_text(encoding="utf-8")
            if name.endswith(".toml"):
                return tomllib.loads(text)
            return {entry.key: entry.value for entry in front_matter.parse(_plain_yaml(text))}
        except (OSError, ValueError, FileProblem) as error:
            notes.append(f"{name} cannot be read ({error}); its urls are not known: set `url: {{patterns: …}}`")
    return {}


def _plain_yaml(text: str) -> str:
    """Leave out what only a generator's own reader understands: tags such as !!python/name."""
    return re.sub(r"!![\w/:.]+(?:\[\])?", "", text if text.endswith("\n") else text + "\n").removeprefix("---\n")


_JEKYLL = {
    "categories": "",
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "title": "{slug}",
    "slug": "{slug}",
    "path": "{path}",
    "name": "{slug}",
    "output_ext": ".html",
    "collection": "",
    "i_month": "{month}",
    "i_day": "{day}",
}
_STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title:output_ext",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
}


def _jekyll(values: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    patterns = {}
    permalink = values.get("permalink")
    if isinstance(permalink, str):
        pattern = _STYLES.get(permalink, permalink)
        patterns["_posts/"] = patterns["_drafts/"] = _from_colons(pattern, _JEKYLL)
    collections = values.get("collections")
    for name, own in collections.items() if isinstance(collections, Mapping) else ():
        link = own.get("permalink") if isinstance(own, Mapping) else None
        pattern = link if isinstance(link, str) else f"/{name}/:path.html"
        patterns[f"_{name}/"] = _from_colons(pattern.replace(":collection", name), _JEKYLL)
    return patterns, str(values.get("url") or "")


def _hexo(values: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    link = values.get("permalink")
    words = _JEKYLL | {"title": "{slug}", "name": "{slug}", "category": ""}
    patterns = {"_posts/": _from_colons(f"/{link}", words)} if isinstance(link, str) else {}
    return patterns, str(values.get("url") or "")


def _hugo(values: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    words = {
        "year": "{year}",
        "month": "{month}",
        "day": "{day}",
        "slug": "{slug}",
        "title": "{title}",
        "filename": "{slug}",
        "contentbasename": "{slug}",
        "slugorfilename": "{slug}",
        "slugorcontentbasename": "{slug}",
        "sections": "{folder}",
        "section": "{section}",
    }
    own = values.get("permalinks")
    links = own.get("page", own) if isinstance(own, Mapping) else {}
    patterns = {
        f"{name}/": _from_colons(f"/{link.strip('/')}/", words).replace("{section}", name)
        for name, link in links.items()
        if isinstance(link, str)
    }
    return patterns, str(values.get("baseURL") or values.get("baseurl") or "")


def _mkdocs(values: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    pretty = str(values.get("use_directory_urls", "true")).lower() != "false"
    return {} if pretty else {"": "/{path}.html"}, str(values.get("site_url") or "")


def _zola(values: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    return {}, str(values.get("base_url") or "")


def _from_colons(pattern: str, words: Mapping[str, str]) -> str:
    """Write a pattern with words behind colons as ours is written; what a page may lack is left out."""
    text = re.sub(r":(\w+?)(?=:|[^\w]|$|_ext)", lambda found: words.get(found[1].lower(), f":{found[1]}"), pattern)
    text = text.replace("{path}_ext", ".html").replace(":output_ext", ".html").replace("output_ext", ".html")
    text = re.sub(r":\w+", "", text)
    return re.sub(r"/{2,}", "/", f"/{text}")


# --- lists of links


def detect_lists(top: Path, paths: Sequence[str]) -> list[ListSettings]:
    """Find the lists of links in the front matter of some files, the most frequent first; how items refer is open."""
    values = [found for path in paths[:: max(1, len(paths) // SAMPLE)] if (found := _values(os.path.join(top, path)))]
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
    if all(isinstance(one, str) for one in value):
        return ListSettings(key, "texts")
    if not all(isinstance(one, Mapping) for one in value):
        return None
    fields = _fields(value[0])
    if fields:
        return ListSettings(key, "mappings", fields=fields)
    single = all(len(one) == 1 for one in value if isinstance(one, Mapping))
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
        for key, value in _values(os.path.join(top, path)).items():
            if isinstance(value, str) and value in references:
                hits[key] += 1
    return [key for key, _ in hits.most_common(3)]


def references_of(top: Path, paths: Iterable[str], own: ListSettings) -> Iterator[str]:
    """Give the references of one list in some files."""
    for path in paths:
        for item in items_of(value_at(_values(os.path.join(top, path)), own.key), own) or ():
            yield item.reference


def sampled_keys(top: Path, content: Sequence[str]) -> Counter[str]:
    """Count the front matter keys of some pages, dotted ones of the second level too; "" counts the pages."""
    paths = [path for folder in content for path in _articles(top / folder)]
    counts: Counter[str] = Counter()
    for path in paths[:: max(1, len(paths) // SAMPLE)]:
        values = _values(path)
        counts[""] += bool(values)
        counts.update(values.keys())
        counts.update(
            f"{key}.{inner}" for key, value in values.items() if isinstance(value, Mapping) for inner in value
        )
    return counts


def nested_title(keys: Counter[str]) -> str:
    """Give the dotted key of the titles, where most pages have one; "" where they do not."""
    found = [(count, key) for key, count in keys.items() if key.endswith(".title")]
    count, key = max(found, default=(0, ""))
    return key if 2 * count >= keys[""] else ""


def has_yaml(top: Path, content: Sequence[str]) -> bool:
    """Tell whether at least half of some pages have front matter in YAML, into which links can be written."""
    paths = [path for folder in content for path in _articles(top / folder)]
    some = paths[:: max(1, len(paths) // FEW)]
    return 2 * sum(_is_yaml(path) for path in some) >= len(some)


def _is_yaml(path: str) -> bool:
    try:
        return front_matter.split(read_bytes(path)[0]) is not None
    except FileProblem:
        return False
