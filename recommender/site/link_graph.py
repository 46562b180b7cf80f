"""Who links to whom on a site, by lists and by texts, and what that graph is like; copies are one page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Ints, Terms, entries_of
from recommender.site.corpus import Corpus
from recommender.site.generated_links import Generated
from recommender.site.link_verdicts import Judged, judge_links
from recommender.site.text_links import TextLinks, judge_texts

Mask = NDArray[np.bool_]
# Pairs of rows, from whom to whom: (links, 2).
Pairs = NDArray[np.int64]
FRONT = ("/", "/index", "/index.html")


@dataclass(frozen=True)
class Pages:
    """What is known of the articles of a graph, by row.

    ``families`` has the row of each one's first copy, ``shown`` tells who is not hidden, ``wanted`` to whom new
    links may lead. ``subjects`` are numbers of subjects, -1 for none, ``front`` is that of the front page.
    """

    families: Terms
    shown: Mask
    wanted: Mask
    subjects: Ints
    front: int = -1

    @cached_property
    def shown_families(self) -> Mask:
        """Tell of each row whether it is the first copy of a family of which one is shown."""
        return self._any(self.shown)

    @cached_property
    def wanted_families(self) -> Mask:
        """Tell the same of those of which one may be linked to."""
        return self._any(self.wanted)

    def _any(self, rows: Mask) -> Mask:
        found = np.zeros(len(self.families), np.bool_)
        found[self.families[rows]] = True
        return found

    def folded(self, pairs: Pairs) -> Pairs:
        """Give links between articles as links between families: each once, none of a family to itself."""
        both = self.families[pairs].astype(np.int64).reshape(-1, 2)
        return np.unique(both[both[:, 0] != both[:, 1]], axis=0)


@dataclass(frozen=True)
class LinkGraph:
    """The links between the families of a site, by the rows of their first copies: of lists, and of texts."""

    pages: Pages
    lists: Pairs
    texts: Pairs

    @cached_property
    def links(self) -> Pairs:
        """The links of either kind, each once."""
        return np.unique(np.concatenate([self.lists, self.texts]), axis=0)

    def in_links(self, pairs: Pairs | None = None) -> Ints:
        """Count from how many families each family is linked to, by links of either kind or by those that are given."""
        return self._count(self.links if pairs is None else pairs, 1)

    def out_links(self) -> Ints:
        """Count to how many families each family links."""
        return self._count(self.links, 0)

    def _count(self, pairs: Pairs, end: int) -> Ints:
        return np.bincount(pairs[:, end], minlength=len(self.pages.families)).astype(np.int64)

    @cached_property
    def orphans(self) -> Ints:
        """The families that new links may lead to and no link leads to."""
        return np.flatnonzero(self.pages.wanted_families & (self.in_links() == 0))

    @cached_property
    def dead_ends(self) -> Ints:
        """The shown families that link to none."""
        return np.flatnonzero(self.pages.shown_families & (self.out_links() == 0))

    @property
    def gini(self) -> float:
        """How unevenly lists spread their links over the families that may be linked to: 0 evenly, 1 all to one."""
        return gini(self.in_links(self.lists)[self.pages.wanted_families])

    @property
    def reciprocity(self) -> float:
        """The share of links whose target links back."""
        if not len(self.links):
            return 0.0
        return float((np.isin(_keys(self.links), _keys(self.links[:, ::-1]))).mean())

    def busiest(self, count: int) -> list[int]:
        """Give the families that are linked to most, the most first, then by row."""
        links = self.in_links()
        order = np.argsort(-links, kind="stable")[:count]
        return [row for row in order.tolist() if links[row]]

    @property
    def start(self) -> int:
        """The family from which clicks are counted: the front page's, else the most linked one that is shown; -1."""
        if self.pages.front >= 0:
            return int(self.pages.families[self.pages.front])
        links = np.where(self.pages.shown_families, self.in_links(), -1)
        return int(links.argmax()) if len(links) and links.max() > 0 else -1

    @cached_property
    def depths(self) -> Ints:
        """Count the clicks from the start to each shown family along shown ones; -1 where no way leads there."""
        shown = self.pages.shown_families
        found = np.full(len(shown), -1, np.int64)
        if self.start < 0:
            return found
        starts = np.searchsorted(self.links[:, 0], np.arange(len(shown) + 1))
        here, depth = np.array([self.start]), 0
        while len(here):
            found[here] = depth
            reached = self.links[entries_of(starts, here)[1], 1]
            here, depth = np.unique(reached[shown[reached] & (found[reached] < 0)]), depth + 1
        return found

    def apart(self) -> list[tuple[int, int]]:
        """Give the pairs of subjects between which no link leads either way, the largest first."""
        subjects = self.pages.subjects
        own = subjects[self.pages.shown & (subjects >= 0)]
        count = int(subjects.max(initial=-1)) + 1
        sizes = np.bincount(own, minlength=count)
        joined = np.zeros((count, count), np.bool_)
        ends = subjects[self.links]
        ends = ends[(ends >= 0).all(axis=1)]
        joined[ends[:, 0], ends[:, 1]] = joined[ends[:, 1], ends[:, 0]] = True
        joined |= (sizes == 0) | (sizes == 0)[:, None]
        pairs = np.argwhere(np.triu(~joined, 1))
        order = np.argsort(-(sizes[pairs[:, 0]] * sizes[pairs[:, 1]]), kind="stable")
        return [(one, other) for one, other in pairs[order].tolist()]


def gini(counts: Ints) -> float:
    """Give the Gini coefficient of some counts; 0 where there are none, or all are 0.

    With the counts x in ascending order, i from 1: Σ (2i − n − 1) x_i / (n Σ x) (Sen, On Economic Inequality, 1973).
    """
    ordered, number, whole = np.sort(counts), len(counts), int(counts.sum())
    if not whole:
        return 0.0
    return float(((2 * np.arange(1, number + 1) - number - 1) * ordered).sum() / (number * whole))


def pairs_of(targets: Iterable[Iterable[int]]) -> Pairs:
    """Give the links from each row to some others."""
    found = [(row, other) for row, others in enumerate(targets) for other in others]
    return np.array(found, np.int64).reshape(-1, 2)


def pages_of(corpus: Corpus) -> Pages:
    """Give what a graph knows of the articles of a site."""
    articles = corpus.articles
    names = {name: number for number, name in enumerate(subjects_of(corpus))}
    return Pages(
        families=np.array(corpus.families, np.int32),
        shown=np.array([not article.hidden for article in articles], np.bool_),
        wanted=np.array([article.suggestible for article in articles], np.bool_),
        subjects=np.array([names.get(article.subject, -1) for article in articles], np.int64),
        front=front_page(corpus),
    )


def front_page(corpus: Corpus) -> int:
    """Find the row of the front page; -1 where it is no article, or hidden."""
    found = (corpus.find(url) for url in FRONT)
    return next((row for row in found if row >= 0 and not corpus.articles[row].hidden), -1)


def subjects_of(corpus: Corpus) -> list[str]:
    """Name the subjects of a site, sorted."""
    return sorted({article.subject for article in corpus.articles} - {""})


def graph_of(pages: Pages, lists: Pairs, texts: Pairs) -> LinkGraph:
    """Make the graph of the links between articles."""
    return LinkGraph(pages, pages.folded(lists), pages.folded(texts))


def list_links(judged: Sequence[Sequence[Judged]]) -> Pairs:
    """Give the sound links of lists."""
    return pairs_of([one.target for one in links if one.sound] for links in judged)


def text_links(texts: TextLinks) -> Pairs:
    """Give the links of texts to articles."""
    found = [(row, other) for row, others in texts.linked.items() for other in sorted(others)]
    return np.array(found, np.int64).reshape(-1, 2)


def graph_today(corpus: Corpus, generated: Generated) -> LinkGraph:
    """Make the graph of the links that stand in the files of a site."""
    judged = (judge_links(corpus, row, generated.get(a.url, frozenset())) for row, a in enumerate(corpus.articles))
    return graph_of(pages_of(corpus), list_links(list(judged)), text_links(judge_texts(corpus)))


def _keys(pairs: Pairs) -> Ints:
    return (pairs[:, 0] << 32) | pairs[:, 1]
