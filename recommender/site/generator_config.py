"""What a generator's own configuration states of urls: patterns and the host; what is program code is not read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recommender.errors import FileProblem
from recommender.markdown import front_matter


def configuration(place: Path, preset: str) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
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
