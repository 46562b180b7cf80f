"""Url and title of a page that its front matter does not state: from the path, a pattern, the first heading."""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from recommender.addresses import is_page_url, parse
from recommender.dates import days_of, with_digits
from recommender.errors import FileProblem
from recommender.markdown.front_matter import text_at
from recommender.markdown.headings import heading_of
from recommender.markdown.yaml_nodes import Value
from recommender.site_settings import INDEX, PageSettings

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_DATED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[-_](.+)")
_NUMBERED = re.compile(r"^\d+[-_. ]+(?=\S)")
_EXTENSION = re.compile(r"\.(md|markdown|mdx)$", re.IGNORECASE)
_SUFFIXED = re.compile(r"(.*[^./])\.([\w-]+)\.(md|markdown|mdx)", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{|\{%|/:[a-z]")
_SPACE = re.compile(r"\s+")


def stated_url(keys: Sequence[str], values: Mapping[str, Value], *, filled_in: bool = False) -> str:
    """Give the url that a front matter states, "" where none; one without a slash is a place below the folder.

    Where urls may be ``filled_in``, as Eleventy and Jekyll do, a template states none.
    """
    for key in keys:
        text = text_at(values, key).strip()
        if text in ("true", "false") or (filled_in and _TEMPLATE.search(text)):
            continue
        if text.startswith("/") or parse(text).host is not None or (text and key == "url"):
            return text
        if text and is_page_url(text):
            return f"/{text}"
    return ""


def own_url(pages: PageSettings, key: str, values: Mapping[str, Value]) -> str:
    """Give the url that a page states by the settings of its site, "" where none; ``key`` is that of ``keys.url``."""
    return stated_url(pages.keys_of_url(key), values, filled_in=pages.derived)


def url_of(pages: PageSettings, values: Mapping[str, Value], path: str, title: str) -> str:
    """Give the url of a page by the pattern of its folder: that of the longest folder of the patterns that holds it.

    Raises:
        FileProblem: the pattern wants a date, and neither front matter nor file name has one.
    """
    path, language = without_language(pages, path.replace(os.sep, "/"))
    folder = max((one for one in pages.patterns if path.startswith(one)), key=len, default=None)
    if folder is None:
        raise FileProblem("missing-url", "no pattern of url.patterns is for its folder")
    parts = _Parts(pages, values, path.removeprefix(folder), title)
    # A folder's own page has the address of the folder.
    pattern = pages.patterns[folder].replace("{path}.html", "{path}/") if parts.is_index else pages.patterns[folder]
    url = PLACEHOLDER.sub(lambda found: parts.first(found[1]), pattern)
    language = "" if language == pages.apart.default else language
    url = re.sub(r"/{2,}", "/", f"/{language}/{url}")
    return re.sub(r"(?<=.)/\.html$", "/", url) if url != "/.html" else "/"


def without_language(pages: PageSettings, path: str) -> tuple[str, str]:
    """Give the path of a file without the language before its extension, and that language in small letters."""
    found = _SUFFIXED.fullmatch(path) if pages.apart.language == "suffix" else None
    if not found or found[2].lower() not in pages.apart.codes:
        return path, ""
    return f"{found[1]}.{found[3]}", found[2].lower()


class _Parts:
    """What the placeholders of a pattern stand for."""

    def __init__(self, pages: PageSettings, values: Mapping[str, Value], path: str, title: str) -> None:
        self.pages, self.values, self.title = pages, values, title
        folder, _, name = path.rpartition("/")
        stem = _EXTENSION.sub("", name)
        segments = [*folder.split("/"), stem] if folder else [stem]
        if pages.number_prefixes:
            segments = [one if _DATED.fullmatch(one) else _NUMBERED.sub("", one, count=1) for one in segments]
        if pages.lower_case:
            segments = [_SPACE.sub("-", segment.lower()) for segment in segments]
        dated = _DATED.fullmatch(segments[-1])
        self.named_date = f"{dated[1]}-{int(dated[2]):02}-{int(dated[3]):02}" if dated else ""
        self.is_index = segments[-1].lower() in pages.index
        # Where sections have a page of another name, index is that of a page with files of its own (Hugo, Zola).
        self.is_bundle = segments[-1].lower() == "index" and "_index" in pages.index
        self.folders, self.name = segments[:-1], dated[4] if dated else segments[-1]
        if self.is_bundle and self.folders and not pages.dated_names:
            self.folders[-1] = re.sub(r"^\d{4}-\d{1,2}-\d{1,2}[-_]", "", self.folders[-1])
        self.file = segments[-1] if pages.dated_names else self.name

    def first(self, names: str) -> str:
        """Give what the first of some placeholders stands for that the page has; they are parted by ``|``.

        Raises:
            FileProblem: the page has none of them.
        """
        *others, last = names.split("|")
        for name in others:
            with contextlib.suppress(FileProblem):
                if found := self.get(name):
                    return found
        return self.get(last)

    def get(self, name: str) -> str:
        """Give what one placeholder stands for.

        Raises:
            FileProblem: the page does not have it.
        """
        if name in ("path", "folder", "section", "name", "slug", "categories"):
            return quoted(self._of_path(name))
        if name == "title":
            return slugified(self.title)
        if name in ("year", "month", "day"):
            return self._date()[("year", "month", "day").index(name)]
        key = name.removeprefix("key ")
        text = text_at(self.values, key).strip().strip("/")
        if not text:
            raise FileProblem("missing-url", f"the pattern of its url needs {key}, which the front matter lacks")
        return quoted(text)

    def _of_path(self, name: str) -> str:
        if name == "path":
            return self._path()
        if name in ("folder", "section"):
            return "/".join(self.folders if name == "folder" else self.folders[:1])
        if name == "name":
            return "" if self.is_index else self.file
        if name == "categories":
            return "/".join(self._categories())
        own = text_at(self.values, "slug").strip("/ ")
        return own or (self.folders[-1] if self.is_index and self.folders else self.name)

    def _path(self) -> str:
        own = next((text for key in self.pages.slug_keys if (text := text_at(self.values, key).strip())), "")
        if own and not self.is_index:
            return own if own.startswith("/") else "/".join([*self.folders, own.strip("/")])
        if own and self.is_bundle and self.folders:
            return "/".join([*self.folders[:-1], own.strip("/")])
        return "/".join(self.folders if self.is_index else [*self.folders, self.file])

    def _categories(self) -> list[str]:
        """Give the categories as Jekyll has them: of words or of a list, in small letters."""
        words = text_at(self.values, "categories")
        several = [words] if isinstance(self.values.get("categories"), tuple) else [", ".join(words.split())]
        found = [text_at(self.values, "category"), *", ".join(several).split(", ")]
        return list(dict.fromkeys(name.strip().lower() for name in found if name.strip()))

    def _date(self) -> list[str]:
        for text in (text_at(self.values, "date").strip(), self.named_date):
            # As it is written: what day it is elsewhere does not matter to the site.
            if days_of(text):
                digits = re.sub(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", with_digits(text))
                year, month, day = [*re.findall(r"\d+", digits), "01", "01"][:3]
                return [year, month.zfill(2), day.zfill(2)]
        raise FileProblem("missing-url", "the pattern of its url needs a date, which it does not have")


def quoted(text: str) -> str:
    """Write spaces and other signs of a path as a url has them; letters of any script stay."""
    return "".join(char if char.isalnum() or char in "/-._~!$&'()*+,;=:@%" else quote(char) for char in text)


# Letters of a title that a url is made of: to put many marks of one letter in order takes quadratic time.
LONGEST = 1_000


def slugified(text: str) -> str:
    """Write a title as generators write it in urls: small letters, words joined by hyphens."""
    text = unicodedata.normalize("NFKD", text[:LONGEST])
    text = "".join(char for char in text if not unicodedata.combining(char)).lower()
    return re.sub(r"[^\w]+", "-", text).strip("-")


def title_of(sources: Sequence[str], values: Mapping[str, Value], body: str, path: str) -> str:
    """Give the title of a page, from the first of some places that has one; "" where none has."""
    for source in sources:
        if source == "heading":
            title = heading_of(body)
        elif source == "file":
            title = name_as_title(path)
        else:
            title = _SPACE.sub(" ", text_at(values, source)).strip()
        if title:
            return title
    return ""


def name_as_title(path: str) -> str:
    """Give the name of a file, or of the folder that it is the index of, as a title."""
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0]
    if stem.lower() in INDEX and folder:
        stem = os.path.basename(folder)
    dated = _DATED.fullmatch(stem)
    return _SPACE.sub(" ", re.sub(r"[-_]+", " ", dated[4] if dated else stem)).strip()
