"""What else a site has under its own addresses: pages that are no articles, told by their form or by a list of them."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from recommender.addresses import page_key, parse, unescaped
from recommender.errors import SettingsError
from recommender.settings import UrlSettings

_LOC = re.compile(r"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</(?:\w+:)?loc>", re.DOTALL)
# A name's end that tells a kind of file, as .pdf; not the 2 of /release-1.2.
_EXTENSION = re.compile(r"\.([a-zA-Z][a-zA-Z0-9]{0,7})$")
MAX_SITEMAP = 64 * 1024 * 1024  # sitemaps.org: at most 50 MB


@dataclass(frozen=True)
class SiteForm:
    """The form of a site's articles, and the pages beside them, as far as the settings list them.

    ``folders`` are the first folders that hold articles ("" is the top), ``extensions`` the ends of their urls.
    ``pages`` are the keys of all pages, None where nothing lists them; ``files`` tells whether that list has files
    that are no pages too: a sitemap has none.
    """

    folders: frozenset[str]
    extensions: frozenset[str]
    patterns: tuple[str, ...] = ()
    pages: frozenset[str] | None = None
    files: bool = False
    ignore_case: bool = False

    def is_elsewhere(self, url: str) -> bool:
        """Tell whether an address of our own that no article has is that of another page, and no dead one."""
        path = unescaped(parse(url).path)
        path = path if path.startswith("/") else f"/{path}"
        if any(fnmatchcase(path, pattern) for pattern in self.patterns):
            return True
        extension = _extension(path)
        if self.pages is not None and page_key(path, ignore_case=self.ignore_case) in self.pages:
            return True
        # A sitemap says nothing of a .pdf.
        if self.pages is not None and (self.files or extension in ("", "html", "htm", "php")):
            return False
        odd = bool(extension) and extension not in self.extensions
        return odd or _folder(path) not in self.folders or not path.strip("/")


def form_of(urls: Iterable[str], settings: UrlSettings) -> SiteForm:
    """Read the form of a site off the urls of its articles, and its other pages off what the settings name.

    Raises:
        SettingsError: the sitemap or the built folder cannot be read.
    """
    folders, extensions = set(), set()
    for url in urls:
        path = parse(url).path
        folders.add(_folder(path))
        extensions.add(_extension(path))
    pages = frozenset(page_key(path, ignore_case=settings.ignore_case) for path in _listed(settings))
    return SiteForm(
        frozenset(folders),
        frozenset(extensions - {""}),
        settings.elsewhere,
        pages if settings.sitemap or settings.built else None,
        settings.built is not None,
        settings.ignore_case,
    )


def _folder(path: str) -> str:
    first, slash, _ = unescaped(path).strip("/").partition("/")
    return first if slash else ""


def _extension(path: str) -> str:
    found = _EXTENSION.search(path.rstrip("/"))
    return found[1].lower() if found else ""


def _listed(settings: UrlSettings) -> Iterator[str]:
    if settings.sitemap is not None:
        yield from _sitemap(settings.sitemap, {settings.sitemap})
    if settings.built is not None:
        yield from _built(settings.built)


def _sitemap(file: Path, seen: set[Path]) -> Iterator[str]:
    """Give the paths that a sitemap lists, and those of the sitemaps beside it that it names."""
    try:
        if file.stat().st_size > MAX_SITEMAP:
            raise SettingsError(f"{file}: url.sitemap is larger than 50 MB; name the sitemap that lists the pages")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{file}: url.sitemap cannot be read ({error}); name an XML sitemap, uncompressed"
        ) from None
    places = [html.unescape(place) for place in _LOC.findall(text)]
    if not places:
        raise SettingsError(f"{file}: url.sitemap lists no page (<loc>); name an XML sitemap, uncompressed")
    for place in places:
        path = parse(place).path
        beside = file.with_name(path.rsplit("/", 1)[-1] or "-")
        if path.endswith(".xml") and beside not in seen and beside.is_file():
            seen.add(beside)
            yield from _sitemap(beside, seen)
        else:
            yield path


def _built(folder: Path) -> Iterator[str]:
    if not folder.is_dir():
        raise SettingsError(f"{folder}: url.built is no folder; build the site first, or take the setting out")
    for place, _, names in os.walk(folder):
        relative = Path(place).relative_to(folder).as_posix()
        top = "/" if relative == "." else f"/{relative}/"
        # Only what a server shows for it makes a folder a page.
        yield from (f"{top}{name}".replace("%", "%25") for name in names)
