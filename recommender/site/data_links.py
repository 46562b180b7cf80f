"""The links of pages that stand in a data file, beside those in their front matter."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.article import Article, Link
from recommender.errors import FileProblem
from recommender.markdown.data_file import DataFile, read_data_file
from recommender.markdown.link_lists import Item, items_of
from recommender.problems import Problem
from recommender.site.files import read_bytes
from recommender.site_settings import ListSettings

if TYPE_CHECKING:
    from recommender.settings import Settings
    from recommender.site.corpus import Corpus

# A list takes some 500 bytes: those of two million pages.
MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class DataLinks:
    """The data file of a site as it was read: its path from the content folder, its bytes, None where there is none.

    ``keys`` gives by its row the key under which a page's list stands; ``problem`` is why the file cannot be read.
    """

    name: str
    data: bytes | None
    file: DataFile
    keys: Mapping[int, str]
    problem: FileProblem | None = None


def with_data_links(corpus: Corpus, settings: Settings) -> Corpus:
    """Give a corpus whose articles have the links of the data file too, if the settings name one.

    Those come first, for new ones are written there; what stands in front matter follows.
    """
    links = read_data_links(settings, corpus.root, corpus.find)
    if links is None:
        return corpus
    own, rows = settings.links[0], {key: row for row, key in links.keys.items()}
    articles, problems = list(corpus.articles), list(corpus.problems)
    if links.problem:
        problems.append(Problem(links.problem.code, links.name, links.problem.line, reason=links.problem.reason))
    for entry in links.file.entries:
        items = items_of(entry.value, own)
        if items is None:
            problems.append(Problem("other-shape", links.name, entry.line, value=entry.key))
        if entry.key in rows:
            articles[rows[entry.key]] = _with_items(articles[rows[entry.key]], items or ())
        else:
            problems.append(Problem("unknown-page", links.name, entry.line, value=entry.key))
    return replace(corpus, articles=tuple(articles), problems=tuple(problems), data_links=links)


def read_data_links(settings: Settings, root: Path, find: Callable[[str], int]) -> DataLinks | None:
    """Read the data file of a site, None where the settings name none; ``find`` gives the row of a url, -1 for none."""
    if settings.data_file is None:
        return None
    name, form = os.path.relpath(settings.data_file, root).replace(os.sep, "/"), form_of_file(settings.data_file)
    data: bytes | None = None
    try:
        data = _read(settings.data_file)
        file = read_data_file(data, form) if data is not None else DataFile(form)
    except FileProblem as problem:
        return DataLinks(name, data, DataFile(form), {}, problem)
    keys: dict[int, str] = {}
    for entry in file.entries:
        if (row := find(entry.key)) >= 0:
            keys.setdefault(row, entry.key)
    return DataLinks(name, data, file, keys)


def form_of_file(path: Path) -> str:
    """Tell the form of a data file by its name: yaml or json."""
    return "json" if path.suffix == ".json" else "yaml"


def with_data_links_of(article: Article, settings: Settings) -> Article:
    """Give one article with the links of the data file, if the settings name one that can be read."""
    if settings.data_file is None:
        return article
    try:
        info = settings.data_file.stat()
    except OSError:
        return article
    lists = _lists(settings.data_file, (info.st_mtime_ns, info.st_size, info.st_ino), _Own(settings.links[0]))
    return _with_items(article, lists.get(article.url, ()))


@dataclass(frozen=True, eq=False)
class _Own:
    """A list's settings as the key of a cache, which holds them by what they say."""

    settings: ListSettings

    def __hash__(self) -> int:
        return hash(repr(self.settings))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Own) and other.settings == self.settings


@lru_cache(maxsize=1)
def _lists(path: Path, stamp: tuple[int, ...], own: _Own) -> Mapping[str, Sequence[Item]]:
    """Read all lists of a data file; ``stamp`` tells it from another of the same path."""
    try:
        file = read_data_file(_read(path) or b"", form_of_file(path))
    except FileProblem:
        return {}
    return {entry.key: items_of(entry.value, own.settings) or () for entry in file.entries}


def _read(path: Path) -> bytes | None:
    return read_bytes(str(path), MAX_BYTES)[0] if os.path.lexists(path) else None


def _with_items(article: Article, items: Sequence[Item]) -> Article:
    made = [Link(slot, 0, "", item.title, "", item.reference, 0, item.further) for slot, item in enumerate(items, 1)]
    others = [replace(link, slot=slot) for slot, link in enumerate(article.links, len(made) + 1)]
    return replace(article, links=(*made, *others))
