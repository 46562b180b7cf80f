"""Url patterns that the links in a site's own texts tell, where the generator's configuration is program code."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from recommender.addresses import page_key, parse, unescaped
from recommender.errors import FileProblem
from recommender.markdown.text_links import links_in
from recommender.markdown.yaml_nodes import Value
from recommender.settings import Settings
from recommender.site.corpus import listed
from recommender.site.detection import front_values
from recommender.site.files import read_bytes
from recommender.site.page_urls import own_url, title_of, url_of
from recommender.site.references import ends_of, segments_of

# Generators whose configuration of urls is program code, and sites of no known one.
CODED = ("docusaurus", "vitepress", "starlight", "astro", "eleventy", "cloudcannon", "plain")
# Files whose texts are looked at, evenly spread, and pages of a folder that links must lead to before they tell its
# pattern.
SAMPLE, LEAST = 400, 3


class _Told(NamedTuple):
    """The page that a link means, and the pattern by which it does, with the folder that it is for."""

    path: str
    folder: str
    pattern: str


# The pages that tell each pattern of a folder.
_Votes = Mapping[str, Mapping[str, Collection[str]]]


def patterns_of_links(content: Path, settings: Settings) -> dict[str, str]:
    """Give the patterns by folder that most links to the pages of a folder agree on, where these have other urls.

    A link means the page whose path ends as it does, by more of it than all others. What stands before that end is the
    folder in the path, and in the link what the urls of the folder begin with. Pages that state their url tell nothing.

    Raises:
        ContentError: the folder holds no page.
    """
    site = _Site(content, settings, listed(content, settings.pages)[0])
    told: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    fitting = set[str]()
    index = _paths_by_end(site.paths)
    for link in site.rooted_links():
        one = _told_by(index, link)
        if one is None or site.states_url(one.path):
            continue
        if page_key(site.url(one.path, {})) == page_key(link):
            fitting.add(one.path)
        elif page_key(site.url(one.path, {one.folder: one.pattern})) == page_key(link):
            told[one.folder][one.pattern].add(one.path)
    return _agreed(site, told, fitting)


@dataclass(frozen=True)
class _Site:
    """The files of a site, by their paths with slashes, and what is read of them."""

    content: Path
    settings: Settings
    paths: Sequence[str]
    fronts: dict[str, Mapping[str, Value]] = field(default_factory=dict)

    def rooted_links(self) -> list[str]:
        """Give the paths of links in some pages that begin at the root of the site, each once."""
        found = set[str]()
        for path in self.paths[:: max(1, len(self.paths) // SAMPLE)]:
            try:
                text = read_bytes(os.path.join(self.content, path))[0].decode(errors="replace")
            except FileProblem:
                continue
            links = map(parse, links_in(text))
            found.update(link.path for link in links if link.host is None and link.path.startswith("/"))
        return sorted(found)

    def states_url(self, path: str) -> bool:
        return bool(own_url(self.settings.pages, self.settings.keys.url, self._front(path)))

    def url(self, path: str, patterns: Mapping[str, str]) -> str:
        """Give the url of a page with some patterns more; "" where it has none."""
        pages = self.settings.pages
        pages = replace(pages, patterns={**pages.patterns, **patterns})
        front = self._front(path)
        try:
            return url_of(pages, front, path, title_of(pages.title, front, "", path))
        except FileProblem:
            return ""

    def repeated(self, patterns: Mapping[str, str]) -> int:
        """Count the pages that share a url."""
        urls = Counter(page_key(self.url(path, patterns)) for path in self.paths)
        return sum(count for count in urls.values() if count > 1)

    def _front(self, path: str) -> Mapping[str, Value]:
        if path not in self.fronts:
            self.fronts[path] = front_values(os.path.join(self.content, path))
        return self.fronts[path]


def _paths_by_end(paths: Sequence[str]) -> dict[str, list[str]]:
    """List files by all ends of their paths, with and without the dates and numbers of names."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        ends = {end.casefold() for segments in segments_of(path) for end in ends_of(segments)}
        for end in ends:
            found[end].append(path)
    return found


def _told_by(index: Mapping[str, Sequence[str]], link: str) -> _Told | None:
    """Find the page that a link means by its longest end, and the pattern that it tells; None where several have it."""
    segments = segments_of(unescaped(link))[0]
    for start in range(len(segments)):
        paths = index.get("/".join(segments[start:]).casefold(), ())
        if not paths:
            continue
        if len(paths) > 1:
            return None
        own = segments_of(paths[0])[0]
        above = own[: len(own) - len(segments) + start]
        before = "/".join(segments[:start])
        named = own[-1].casefold() == segments[-1].casefold()
        rest = "{path}" if named else "{folder}/{slug}"
        end = ".html" if link.endswith(".html") else "/" if link.endswith("/") else ""
        pattern = f"/{before}/{rest}{end}".replace("//", "/")
        return _Told(paths[0], "".join(f"{one}/" for one in above), pattern)
    return None


def _agreed(site: _Site, told: _Votes, fitting: Collection[str]) -> dict[str, str]:
    """Give the patterns that more pages tell than all others of their folder and than fit already, if urls differ."""
    agreed: dict[str, str] = {}
    repeated = site.repeated({}) if told else 0
    for folder, patterns in sorted(told.items()):
        pattern, paths = max(patterns.items(), key=lambda pair: len(pair[1]))
        others = len({path for some in patterns.values() for path in some}) - len(paths)
        fit = sum(path.startswith(folder) for path in fitting)
        if len(paths) >= LEAST and len(paths) > max(others, fit):
            more = {**agreed, folder: pattern}
            agreed = more if site.repeated(more) <= repeated else agreed
    return agreed
