"""Renames that git does not see, for much of the file changed too: told by a page's id, or its title and words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import filterfalse
from pathlib import Path

from recommender.article import Article
from recommender.editing.git_changes import Change
from recommender.settings import Settings
from recommender.site.reader import Read, Reading

# Share of the shorter text's words, each as often as it stands there, that the other has too. Of 10,000 pairs of one
# subject on a site of 35,915 articles half share 0.34, and a hundredth 0.65; but these have different titles.
SIMILAR = 0.5
_WORD = re.compile(r"\w+")
_Pages = dict[str, Article]


def with_renames(root: Path, settings: Settings, files: Sequence[Change], old: Mapping[str, Read]) -> list[Change]:
    """Make one rename of a file that is gone and one that is new where both are the same page.

    They have the same id, or the same title and words; each is the only one of its side that does. ``old`` is what the
    files that are gone gave.
    """
    gone = {file.before: page for file in files if not file.path and (page := old[file.before].article)}
    reading = Reading(str(root), settings)
    fresh = {file.path: reading.read(file.path) for file in files if gone and not file.before}
    new = {path: read.article for path, read in fresh.items() if read.article}
    renamed = dict(_pairs(gone, new, lambda page: page.id))
    left = {path: page for path, page in gone.items() if path not in renamed}
    come = {path: page for path, page in new.items() if path not in renamed.values()}
    titled = _pairs(left, come, lambda page: page.title.casefold())
    renamed |= {before: path for before, path in titled if alike(left[before], come[path])}
    blobs = {file.before: file.blob for file in files}
    found = [Change("renamed", path, before, blobs[before]) for before, path in renamed.items()]
    parts = {*renamed, *renamed.values()}
    others = filterfalse(lambda file: "" in (file.path, file.before) and (file.path or file.before) in parts, files)
    return sorted([*others, *found], key=lambda file: (file.path or file.before, file.before))


def _pairs(gone: _Pages, new: _Pages, name: Callable[[Article], str]) -> Iterator[tuple[str, str]]:
    """Give the paths of pages that alone on their sides have one name."""
    befores, paths = _alone(gone, name), _alone(new, name)
    return ((befores[one], paths[one]) for one in befores if one and one in paths)


def _alone(pages: _Pages, name: Callable[[Article], str]) -> dict[str, str]:
    counts = Counter(map(name, pages.values()))
    return {name(page): path for path, page in pages.items() if counts[name(page)] == 1}


def alike(one: Article, other: Article) -> bool:
    """Tell whether two articles have most of their words in common."""
    mine, theirs = (Counter(_WORD.findall(" ".join(page.texts).casefold())) for page in (one, other))
    return (mine & theirs).total() >= SIMILAR * min(mine.total(), theirs.total()) > 0
