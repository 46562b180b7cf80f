"""The pages of a site as they were before some files changed, and where each of them is now."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from recommender.article import Article, Link, site_path
from recommender.settings import Settings
from recommender.site.corpus import Corpus, SiteReads, assemble
from recommender.site.files import printed
from recommender.site.link_verdicts import find_target
from recommender.site.reader import Read, Reading
from recommender.site_settings import INDEX


@dataclass(frozen=True)
class PagesBefore:
    """A site now and before; ``paths`` gives the path now of each file that is elsewhere, "" where it is gone."""

    now: Corpus
    before: Corpus
    paths: Mapping[str, str]

    @cached_property
    def row_now(self) -> Mapping[int, int]:
        """Give the row of a page now by its row before, where it is still there."""
        rows = {article.path: row for row, article in enumerate(self.now.articles)}
        pairs = ((row, self.paths.get(article.path, article.path)) for row, article in enumerate(self.before.articles))
        return {row: rows[path] for row, path in pairs if path in rows}

    @cached_property
    def row_before(self) -> Mapping[int, int]:
        """Give the row of a page before by its row now, where it was there."""
        return {now: before for before, now in self.row_now.items()}

    def led_to(self, row: int, link: Link) -> int:
        """Give the row before of the page that a link of a page led to; -1 for none, and for a page that is new."""
        own = self.row_before.get(row, -1)
        return find_target(self.before, own, link).row if own >= 0 else -1

    def leads_to(self, row: int, link: Link) -> int:
        """Give the row now of the page that a link of a page led to; -1 where it is gone."""
        return self.row_now.get(self.led_to(row, link), -1)

    def followed(self) -> Corpus:
        """Give the site of now, where links to pages that moved count as such."""
        return replace(self.now, moved=self.leads_to)


def read_texts(files: Mapping[str, bytes], settings: Settings) -> dict[str, Read]:
    """Read the bytes of some files as those of a site, by their paths."""
    with tempfile.TemporaryDirectory() as folder:
        for path, data in files.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        reading = Reading(folder, settings)
        return {path: reading.read(path) for path in files}


def maybe_gone(moves: Iterable[tuple[str, str]], old: Mapping[str, Read], now: Mapping[str, Read]) -> list[Article]:
    """Give the articles before to which links may lead no longer: all but those that are called as they were.

    ``moves`` has the path before and now of each file that changed, "" where it was not there; ``old`` and ``now`` are
    what these files gave. An article whose url another of them states too counts as one that may be gone.
    """
    urls = Counter(read.article.url for read in now.values() if read.article)
    found = []
    for before, path in moves:
        was, there = old[before].article if before else None, now[path].article if path in now else None
        same = was and there and before == path and urls[was.url] == 1 and called(was) == called(there)
        if was and not same:
            found.append(was)
    return found


def called(article: Article) -> tuple[object, ...]:
    """Give all that links find an article by, and whether it is shown."""
    names = article.url, article.id, article.title, article.aliases, article.names
    return *names, article.language, article.version, article.visibility


def names_of(articles: Iterable[Article], settings: Settings) -> tuple[bytes, ...]:
    """Give a part of whatever a link to one of some articles can be written as, in small letters."""
    found = set[bytes]()
    titled = any(one.refer in ("title", "wikilink") for one in settings.links)
    for article in articles:
        file = os.path.splitext(os.path.basename(article.path))[0]
        ends = [site_path(url).rpartition("/")[2] for url in (article.url, *article.aliases)]
        texts = [unquote(end).removesuffix(".html") for end in ends]
        texts += [file] if file.lower() not in INDEX else []
        texts += [*article.names, *([article.id] if article.id else []), *([article.title] if titled else [])]
        for text in texts:
            found |= {unicodedata.normalize(form, text).encode().lower() for form in ("NFC", "NFD")}
    return tuple(sorted(found))


def pages_before(
    site: SiteReads, now: Corpus, moves: Iterable[tuple[str, str]], old: Mapping[str, Read]
) -> PagesBefore:
    """Compare a site with what it was before some files changed.

    ``moves`` has the path before and now of each of these, "" where it was not there; ``old`` what the first gave.
    """
    pairs = list(moves)
    fresh = {path for before, path in pairs if path != before}
    reads = {path: read for path, read in site.reads.items() if path not in fresh} | dict(old)
    before = assemble(site.root, [reads[path] for path in sorted(reads)], site.problems, site.settings)
    paths = {printed(before): printed(path) for before, path in pairs if before}
    return PagesBefore(now, before, paths)
