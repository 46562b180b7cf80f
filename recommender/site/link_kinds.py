"""What mappings of links say of a page beside its name, such as its collection: learned from the lists that stand."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recommender.site.link_verdicts import find_target

if TYPE_CHECKING:
    from recommender.site.corpus import Corpus

Pairs = tuple[tuple[str, str], ...]
# Links that must agree, and how many of a hundred, before a new one says the same.
FEW, SHARE = 2, 90


@dataclass
class LinkKinds:
    """By the folder of the page that is linked to, and those above it: how many links there are, and what they say."""

    links: Counter[str] = field(default_factory=Counter)
    pairs: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)

    def add(self, path: str, further: Pairs) -> None:
        """Count a link to a page."""
        for folder in _folders(path):
            self.links[folder] += 1
            self.pairs.setdefault(folder, Counter()).update(further)

    def of(self, path: str) -> Pairs:
        """Give what nearly all links to the pages beside one say; where there are too few, of the folder above."""
        folder = next((one for one in _folders(path) if self.links[one] >= FEW), None)
        if folder is None:
            return ()
        counts = self.pairs[folder].items()
        return tuple(pair for pair, count in counts if 100 * count >= SHARE * self.links[folder])


def link_kinds(corpus: Corpus, rows: Iterable[int]) -> LinkKinds:
    """Learn from the first list of some pages what links to each folder say."""
    kinds = LinkKinds()
    for row in rows:
        for link in corpus.articles[row].links:
            if link.place == 0 and (target := find_target(corpus, row, link).row) >= 0:
                kinds.add(corpus.articles[target].path, link.further)
    return kinds


def _folders(path: str) -> Iterator[str]:
    folder = os.path.dirname(path)
    while folder:
        yield folder
        folder = os.path.dirname(folder)
    yield ""
