"""Settings of a site's shape: where its pages stand, which urls and titles they have, where their links are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from recommender.errors import SettingsError
from recommender.presets import EXCLUDED, PRESETS, README, Include
from recommender.settings_values import check_known, mapping_in, text_in, texts_in

SHAPES = ("texts", "mappings", "grouped", "url-to-title")
REFERENCES = ("url", "path", "slug", "file", "wikilink", "title", "id")
PLACEHOLDERS = ("path", "folder", "section", "name", "slug", "categories", "title", "year", "month", "day")
FRONT_MATTER = "front matter"
DATA_FILES = (".yml", ".yaml", ".json")
_KEY = re.compile(r"key \S+")
# Files that stand for their folder.
INDEX = ("index", "_index", "readme")


@dataclass(frozen=True)
class Apart:
    """Where the language and the version of a page stand, "" where the site itself is to tell.

    ``language`` is ``suffix`` (x.de.md, of the ``codes``), ``folder N`` or ``key NAME``, ``version`` one of the last
    two; ``default`` is the language of pages that have none.
    """

    language: str = ""
    version: str = ""
    codes: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True)
class PageSettings:
    """What tells the url and the title of a page; the fields are those of a ``Preset``.

    ``derived`` tells that urls follow from paths wherever none is stated; else that is so where most pages state none.
    """

    preset: str = ""
    folders: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    url_keys: tuple[str, ...] | None = None
    patterns: Mapping[str, str] = field(default_factory=lambda: {"": "/{path}/"})
    title: tuple[str, ...] = ()
    index: tuple[str, ...] = INDEX
    number_prefixes: bool = False
    lower_case: bool = False
    derived: bool = False
    bare: bool = True
    slug_keys: tuple[str, ...] = ()
    dated_names: bool = True
    includes: tuple[Include, ...] = ()
    source_key: str = ""
    apart: Apart = Apart()

    def keys_of_url(self, key: str) -> tuple[str, ...]:
        """Give the keys that may state a url; ``key`` is that of ``keys.url``, alone where nothing else is set."""
        own = (key,) if self.url_keys is None else self.url_keys
        return own if self.url_keys is None or key == "url" or key in own else (key, *own)


@dataclass(frozen=True)
class ListSettings:
    """A list of links: its dotted key in the front matter, its shape, how its items name a page, and their fields.

    Where ``write`` names a data file, the list of each page stands there, by the page's url, and it has no key.
    """

    key: str
    shape: str = "texts"
    refer: str = "url"
    fields: Mapping[str, str] = field(default_factory=dict)
    write: str = ""

    @property
    def name(self) -> str:
        """What to call it: its key, or the name of the data file."""
        return self.write or self.key

    @property
    def parts(self) -> list[str]:
        """The keys that lead to it, from the top; the url of a page in a data file is one, whatever its dots."""
        return [self.key] if self.write else self.key.split(".")

    def field(self, noun: str) -> str:
        """Give the key of an item that holds a noun, ``url`` or ``title``; "" where items hold none."""
        return self.fields.get(noun, "")


def pages_in(values: Mapping[str, Any], file: Path, title_key: str) -> PageSettings:
    """Read what is said of the pages of a site; ``title_key`` is that of ``keys.title``.

    Raises:
        SettingsError: an unknown preset, or a pattern that cannot be one.
    """
    name = text_in("site", values["site"], file) if values.get("site") is not None else ""
    if name:
        check_known({name: None}, list(PRESETS), "site", file)
    made = PageSettings()
    if name:
        preset = PRESETS[name]
        shared = {own.name for own in fields(PageSettings)} & {own.name for own in fields(preset)}
        own = {one: getattr(preset, one) for one in shared}
        usual = [one for one in EXCLUDED if one != README or not preset.readme_pages]
        own |= {"excluded": (*usual, *preset.excluded), "title": tuple(dict.fromkeys((title_key, *preset.title)))}
        made = PageSettings(preset=name, derived=True, **own)
    url = values["url"] if isinstance(values.get("url"), Mapping) else {}
    if values.get("except") is not None:
        made = replace(made, excluded=texts_in("except", values["except"], file))
    if values.get("title") is not None:
        made = replace(made, title=texts_in("title", values["title"], file))
    if url.get("keys") is not None:
        made = replace(made, url_keys=texts_in("url.keys", url["keys"], file) if url["keys"] else ())
    if url.get("patterns") is not None:
        made = replace(made, patterns={**made.patterns, **_patterns(url["patterns"], file)}, derived=True)
    return replace(made, apart=_apart(values["apart"], file)) if values.get("apart") is not None else made


_PLACE = re.compile(r"folder [1-9]( [1-9])*|key \S+")


def _apart(value: Any, file: Path) -> Apart:
    values = mapping_in("apart", value, file)
    check_known(values, [own.name for own in fields(Apart)], "setting of apart", file)
    made: dict[str, Any] = {}
    for name, own in values.items():
        if name == "codes":
            made[name] = tuple(code.lower() for code in texts_in("apart.codes", own, file))
        elif own is not None:
            made[name] = " ".join(text_in(f"apart.{name}", own, file).split())
    for name in ("language", "version"):
        place = made.get(name, "")
        if place and not _PLACE.fullmatch(place) and (place != "suffix" or name == "version"):
            known = "folder N, key NAME" + (", suffix" if name == "language" else "")
            raise SettingsError(f"{file}: apart.{name} {place!r} is no place; known: {known}")
    if made.get("language") == "suffix" and not made.get("codes"):
        raise SettingsError(f"{file}: apart.language suffix needs the codes that are suffixes: `codes: [de, fr]`")
    return Apart(**made)


def _patterns(value: Any, file: Path) -> Mapping[str, str]:
    patterns = {"": value} if isinstance(value, str) else mapping_in("url.patterns", value, file)
    found = {}
    for folder, pattern in patterns.items():
        text = text_in(f"url.patterns {folder!r}", pattern, file)
        if not text.startswith("/"):
            raise SettingsError(f"{file}: url.patterns {folder!r}: {text!r} must begin with a slash")
        for name in [one for names in re.findall(r"\{([^{}]*)\}", text) for one in names.split("|")]:
            if name not in PLACEHOLDERS and not _KEY.fullmatch(name):
                known = ", ".join((*PLACEHOLDERS, "key NAME"))
                raise SettingsError(f"{file}: url.patterns {folder!r}: {{{name}}} is no placeholder; known: {known}")
        if text.count("{") != text.count("}"):
            raise SettingsError(f"{file}: url.patterns {folder!r}: a brace of {text!r} has no partner")
        found[folder and folder.strip("/") + "/"] = text
    return found


def lists_in(value: Any, file: Path) -> tuple[ListSettings, ...]:
    """Read ``links``: one mapping, or a list of them.

    Raises:
        SettingsError: an unknown shape or form of reference.
    """
    found = tuple(_list(one, file) for one in (value if isinstance(value, tuple) else (value,)))
    for own in found[1:]:
        if own.write:
            raise SettingsError(f"{file}: links.write {own.write}: links are written into the first list; put it first")
    return found


def _list(value: Any, file: Path) -> ListSettings:
    values = mapping_in("links", value, file)
    check_known(values, ("key", "shape", "refer", "fields", "write"), "setting of links", file)
    write = _write_in(values, file)
    key = "" if write else text_in("links.key", values.get("key"), file)
    shape = text_in("links.shape", values.get("shape", "mappings" if write else "texts"), file)
    refer = " ".join(text_in("links.refer", values.get("refer", "url"), file).split())
    check_known({shape: None}, SHAPES, "shape", file)
    if not _KEY.fullmatch(refer):
        check_known({refer: None}, (*REFERENCES, "key NAME"), "form of reference", file)
    fields = {name: text_in(f"links.fields.{name}", text, file) for name, text in (values.get("fields") or {}).items()}
    check_known(fields, ("url", "title"), "field of links", file)
    if shape in ("mappings", "grouped") and "url" not in fields:
        fields["url"] = "url" if refer == "url" else refer.removeprefix("key ")
    if write and shape == "mappings":
        fields.setdefault("title", "title")
    return ListSettings(key, shape, refer, fields, write)


def _write_in(values: Mapping[str, Any], file: Path) -> str:
    """Read where new links are written: "" for the front matter, else the data file."""
    write = text_in("links.write", values.get("write") or FRONT_MATTER, file)
    if write == FRONT_MATTER:
        return ""
    if not write.endswith(DATA_FILES):
        known = f"{FRONT_MATTER!r}, or a data file that ends in {', '.join(DATA_FILES)}"
        raise SettingsError(f"{file}: links.write must be {known}, got {write!r}")
    if values.get("key") is not None:
        raise SettingsError(
            f"{file}: links.key is of front matter, links.write of a data file; make two lists of links of them"
        )
    if values.get("shape") not in (None, "texts", "mappings"):
        raise SettingsError(f"{file}: links.shape of a data file must be texts or mappings, got {values['shape']!r}")
    return write
