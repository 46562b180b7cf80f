"""What a generator's own configuration states of pages and urls; what is program code is not read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recommender.presets import PRESETS, is_language
from recommender.site.config_files import read_config


@dataclass(frozen=True)
class Configuration:
    """Url patterns by folder, the host, folders of pages and what keeps languages apart; ``notes`` tell what is to do.

    Folders are relative to that of the configuration; the pattern of "" is for all pages without another.
    """

    patterns: Mapping[str, str] = field(default_factory=dict)
    host: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    apart: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def configuration(place: Path, preset: str) -> Configuration:
    """Give what a generator's configuration states, and what could not be read."""
    values, notes = read_config(place)
    made = _READERS[preset](place, values) if preset in _READERS else Configuration()
    url = next((text for key in _HOST_KEYS if isinstance(text := values.get(key), str) and text), "")
    host = re.match(r"https?://([^/:]+)", url)
    patterns, content, more = dict(made.patterns), made.content, made.notes
    if preset in ("cloudcannon", "plain", "astro", "eleventy"):
        own, folders, more = _cloudcannon(place, values)
        patterns |= own
        content = folders if preset == "cloudcannon" else content
    return Configuration(patterns, (host[1],) if host else (), content, made.apart, (*notes, *made.notes, *more))


_HOST_KEYS = ("baseURL", "baseurl", "base_url", "site_url", "url")
_JEKYLL = {
    "categories": "{categories}",
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


def _jekyll(place: Path, values: Mapping[str, Any]) -> Configuration:
    patterns = {}
    permalink = values.get("permalink")
    if isinstance(permalink, str):
        pattern = _STYLES.get(permalink, permalink)
        patterns["_posts/"] = patterns["_drafts/"] = _from_colons(pattern, _JEKYLL)
        # A site's style is that of its other pages too.
        if pattern.endswith("/"):
            patterns[""] = "/{path}/"
        elif not pattern.endswith((":output_ext", ".html")):
            patterns[""] = "/{path}"
    patterns |= _jekyll_defaults(values)
    for name, own in _mapping(values.get("collections")).items():
        link = _mapping(own).get("permalink")
        pattern = link if isinstance(link, str) else f"/{name}/:path.html"
        patterns[f"_{name}/"] = _from_colons(pattern.replace(":collection", name), _JEKYLL)
    return Configuration(patterns)


def _jekyll_defaults(values: Mapping[str, Any]) -> dict[str, str]:
    """Read the permalinks that a site sets by kinds of pages and by folders."""
    found, defaults = dict[str, str](), values.get("defaults")
    for one in defaults if isinstance(defaults, list | tuple) else ():
        link = _mapping(_mapping(one).get("values")).get("permalink")
        scope = _mapping(_mapping(one).get("scope"))
        kind, folder = scope.get("type"), _folder(scope.get("path"), "")
        if isinstance(link, str):
            places = [f"{folder}/"] if folder else [f"_{kind}/"] if kind and kind != "pages" else [""]
            pattern = _from_colons(_STYLES.get(link, link).replace(":collection", str(kind)), _JEKYLL)
            found |= dict.fromkeys(places, pattern)
    return found


def _hexo(place: Path, values: Mapping[str, Any]) -> Configuration:
    link, source = values.get("permalink"), _folder(values.get("source_dir"), "source")
    words = _JEKYLL | {"title": "{slug}", "name": "{slug}", "category": ""}
    patterns = {f"{source}/_posts/": _from_colons(f"/{link}", words)} if isinstance(link, str) else {}
    return Configuration(patterns, content=(source,))


_HUGO = {
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "slug": "{key slug|title}",
    "title": "{title}",
    "filename": "{name}",
    "contentbasename": "{name}",
    "slugorfilename": "{slug}",
    "slugorcontentbasename": "{slug}",
    "sections": "{folder}",
    "section": "{section}",
}


def _hugo(place: Path, values: Mapping[str, Any]) -> Configuration:
    links = _mapping(values.get("permalinks"))
    links = {name: link for name, link in (_mapping(links.get("page")) or links).items() if isinstance(link, str)}
    content = _folder(values.get("contentDir"), "content")
    folders = _language_folders(place, values, content)
    default, below = str(values.get("defaultContentLanguage") or "en"), values.get("defaultContentLanguageInSubdir")
    patterns: dict[str, str] = {}
    for language, folder in folders.items() or {"": content}.items():
        prefix = f"/{language}" if language and (language != default or str(below).lower() == "true") else ""
        if language:
            patterns[f"{folder}/"] = f"{prefix}/{{path}}/"
        for name, link in links.items():
            if not language or (place / folder / name).is_dir():
                pattern = _from_colons(f"/{link.strip('/')}/", _HUGO).replace("{section}", name)
                patterns[f"{folder}/{name}/"] = prefix + pattern
    return Configuration(patterns, content=tuple(folders.values()) or (content,), apart={"default": default})


def _language_folders(place: Path, values: Mapping[str, Any], content: str) -> dict[str, str]:
    """Give the folder of each language that has one of its own.

    Where the languages are not known, but the default one is named and has a folder among others, these are theirs.
    """
    known = _mapping(values.get("languages"))
    named = {language: _folder(_mapping(own).get("contentDir"), "") for language, own in known.items()}
    found = {language: folder for language, folder in named.items() if folder}
    default = values.get("defaultContentLanguage")
    if found or known or not default or not (place / content / str(default)).is_dir():
        return found
    codes = sorted(one.name for one in (place / content).iterdir() if one.is_dir() and is_language(one.name))
    return {code: f"{content}/{code}" for code in codes} if len(codes) > 1 else {}


def _mkdocs(place: Path, values: Mapping[str, Any]) -> Configuration:
    pretty = str(values.get("use_directory_urls", "true")).lower() != "false"
    patterns = {} if pretty else {"": "/{path}.html"}
    default = next(
        (str(one.get("locale")) for one in _locales(values) if str(one.get("default")).lower() == "true"), ""
    )
    content = _folder(values.get("docs_dir"), "docs")
    return Configuration(patterns, content=(content,), apart={"default": default} if default else {})


def _locales(values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the languages of the plugin mkdocs-static-i18n."""
    plugins = values.get("plugins")
    for plugin in plugins if isinstance(plugins, list | tuple) else ():
        languages = _mapping(_mapping(plugin).get("i18n")).get("languages")
        if isinstance(languages, list | tuple):
            yield from (one for one in languages if isinstance(one, Mapping))


def _zola(place: Path, values: Mapping[str, Any]) -> Configuration:
    return Configuration(apart={"default": str(values.get("default_language") or "en")})


def _docusaurus(place: Path, values: Mapping[str, Any]) -> Configuration:
    """Read the folders of versions and translations, where Docusaurus alone has them."""
    latest = _latest_version(place)
    posts = PRESETS["docusaurus"].patterns["blog/"]
    patterns = {"docs/": "/docs/next/{path}"} if latest else {}
    patterns |= _versions(place, "versioned_docs", "", latest)
    languages = sorted(one.name for one in _folders(place / "i18n") if is_language(one.name))
    content = [name for name in PRESETS["docusaurus"].content if (place / name).is_dir()]
    content += ["versioned_docs"] * (place / "versioned_docs").is_dir()
    for code in languages:
        docs, blog = (f"i18n/{code}/docusaurus-plugin-content-{kind}" for kind in ("docs", "blog"))
        patterns[f"{docs}/current/"] = f"/{code}/docs/{'next/' if latest else ''}{{path}}"
        patterns |= _versions(place, docs, f"/{code}", latest)
        patterns[f"{blog}/"] = f"/{code}{posts}"
        content += [folder for folder in (docs, blog) if (place / folder).is_dir()]
    if not languages and not latest:
        return Configuration()
    apart = {"language": "folder 2", "default": "en"} if languages else {}
    return Configuration(patterns, content=tuple(content), apart=apart | ({"version": "folder 2 4"} if latest else {}))


def _latest_version(place: Path) -> str:
    try:
        versions = json.loads((place / "versions.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        versions = None
    if isinstance(versions, list) and versions and isinstance(versions[0], str):
        return versions[0]
    named = [one.name.removeprefix("version-") for one in _folders(place / "versioned_docs")]
    return max(named, key=lambda name: [int(digits) for digits in re.findall(r"\d+", name)], default="")


def _versions(place: Path, folder: str, prefix: str, latest: str) -> dict[str, str]:
    names = [one.name for one in _folders(place / folder) if one.name.startswith("version-")]
    urls = {name: "" if name == f"version-{latest}" else f"{name.removeprefix('version-')}/" for name in names}
    return {f"{folder}/{name}/": f"{prefix}/docs/{url}{{path}}" for name, url in urls.items()}


def _folders(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []


_READERS: Mapping[str, Callable[[Path, Mapping[str, Any]], Configuration]] = {
    "jekyll": _jekyll,
    "hexo": _hexo,
    "hugo": _hugo,
    "mkdocs": _mkdocs,
    "zola": _zola,
    "docusaurus": _docusaurus,
}

# What CloudCannon calls the parts of a path or a value: https://cloudcannon.com/documentation/ (template strings).
_CLOUDCANNON = {
    "[relative_base_path]/[slug]": "{path}",
    "[full_slug]": "{path}",
    "[relative_base_path]": "{folder}",
    "[slug]": "{name}",
    "{title}": "{title}",
    "{title|slugify}": "{title}",
    "{date|year}": "{year}",
    "{date|month}": "{month}",
    "{date|day}": "{day}",
}


def _cloudcannon(place: Path, values: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
    """Give the url patterns and the folders of the collections of CloudCannon, and notes on what is not understood."""
    source = _folder(values.get("source"), "")
    patterns, folders, notes = dict[str, str](), list[str](), list[str]()
    for name, own in _mapping(values.get("collections_config")).items():
        url, path = _mapping(own).get("url"), _mapping(own).get("path")
        if not isinstance(url, str) or not url:
            continue
        folder = "/".join(part for part in (source, str(path if path is not None else name).strip("/")) if part) or "."
        pattern = _from_brackets(url.replace("[collection]", str(name)))
        if pattern is None:
            notes.append(f"the url of the collection {name}, {url}, is not understood: set `url: {{patterns: …}}`")
        else:
            patterns["" if folder == "." else f"{folder}/"] = pattern
        folders.append(folder)
    return patterns, tuple(dict.fromkeys(folders)), tuple(notes)


def _from_brackets(url: str) -> str | None:
    """Write a template string of CloudCannon as a pattern; None where it holds what we have no placeholder for."""
    marks: list[str] = []

    def marked(found: re.Match[str]) -> str:
        written = re.sub(r"\s*\|\s*", "|", found[0])
        value = re.fullmatch(r"\{([\w.]+)(?:\|slugify)?\}", written)
        ours = _CLOUDCANNON.get(written) or (f"{{key {value[1]}}}" if value else "")
        marks.append(ours)
        return f"\0{len(marks) - 1}\0" if ours else found[0]

    text = re.sub(r"\[relative_base_path\]/\[slug\]|\[\w+\]|\{[^{}]*\}", marked, url)
    if re.search(r"[\[\]{}]", text):
        return None
    text = re.sub("\0(\\d+)\0", lambda found: marks[int(found[1])], text)
    return re.sub(r"/{2,}", "/", f"/{text}")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _folder(value: Any, usual: str) -> str:
    """Give a folder that a configuration names."""
    return (value.strip("/") or usual) if isinstance(value, str) else usual


def _from_colons(pattern: str, words: Mapping[str, str]) -> str:
    """Write a pattern with words behind colons as ours is written; what a page may lack is left out."""
    text = re.sub(r":(\w+?)(?=:|[^\w]|$|_ext)", lambda found: words.get(found[1].lower(), f":{found[1]}"), pattern)
    text = text.replace("{path}_ext", ".html").replace(":output_ext", ".html").replace("output_ext", ".html")
    text = re.sub(r":\w+", "", text)
    return re.sub(r"/{2,}", "/", f"/{text}")
