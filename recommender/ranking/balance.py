"""Links that give way to others: to better ones, to the first link of an article, and off targets that have too many.

An exchange puts another candidate of an article in the place of a link of its list. Links are counted by families:
each has a least and a most. What lacks a link gets it along the path of exchanges that costs the least score: its link
takes the place of one to a family that can spare it, or of one that finds another place in turn. These are the
successive shortest paths of a min-cost flow (Ahuja, Magnanti and Orlin 1993, chapter 9), without potentials: tests
compare what they cost to the optimum of the linear programme.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from recommender.arrays.sparse_rows import Floats, Ints, Terms

# A link gives way for its score alone only to an article with fewer links than that: so a new article, however good,
# changes no more files than that.
FEW = 9
# Why a link gave way.
OUTRANKED, FIRST, BALANCED = "outranked", "for a first link", "for balance"


class Pools(NamedTuple):
    """Candidates of all articles: row i has ``rows[indptr[i]:indptr[i + 1]]``, best first, and their scores."""

    indptr: Ints
    rows: Terms
    scores: Floats


@dataclass(frozen=True)
class Site:
    """What exchanging asks of a site.

    ``families`` has the number of each article's family. ``blockers`` gives for a row, a candidate and the rows of a
    list those beside which the candidate may not stand, None where it may stand in no list of that row.
    """

    families: Terms
    pools: Pools
    blockers: Callable[[int, int, Sequence[int]], tuple[int, ...] | None]


@dataclass(frozen=True)
class Links:
    """All links of all lists: in whose list each stands, its target's row, whether it may give way, and its score.

    ``fresh`` are links that no file has yet.
    """

    owners: Ints
    targets: Ints
    may_go: Sequence[bool]
    scores: Floats
    fresh: Sequence[bool]


@dataclass(frozen=True)
class Bounds:
    """Of each family the number of links that do not stand in the lists, and the least and the most of all of them."""

    besides: Ints
    least: Ints
    most: Ints


class Step(NamedTuple):
    """One exchange that may be: what it costs, which link goes, what comes, its score, and the family that is next."""

    cost: float
    link: int
    row: int
    score: float
    family: int


class Exchange:
    """The lists of a site while links are exchanged; ``targets`` has -1 for a link that was dropped."""

    def __init__(self, site: Site, links: Links, bounds: Bounds) -> None:
        self.site = site
        self.families: list[int] = site.families.tolist()
        self.owners: list[int] = links.owners.tolist()
        self.targets: list[int] = links.targets.tolist()
        self.scores: list[float] = links.scores.tolist()
        self.may_go = list(links.may_go)
        self.fresh = list(links.fresh)
        self.least: list[int] = bounds.least.tolist()
        self.most: list[int] = bounds.most.tolist()
        self.reasons: dict[int, str] = {}
        counts = np.bincount(site.families[links.targets], minlength=len(self.families)) + bounds.besides
        self.counts: list[int] = counts.tolist()
        self.lists: dict[int, list[int]] = {}
        self.held: dict[int, set[int]] = {}
        for link, owner in enumerate(self.owners):
            self.lists.setdefault(owner, []).append(link)
            if self.may_go[link]:
                self.held.setdefault(self.families[self.targets[link]], set()).add(link)

    def settle(self, margin: float | None, needy: Sequence[int]) -> None:
        """Exchange links until nothing is left to: for better ones where a margin is given, for first ones of some."""
        moved = True
        while moved:
            moved = margin is not None and self.improve(margin)
            for family in needy:
                while self.counts[family] < self.least[family] and self.give_first(family, FIRST):
                    moved = True
            for family in self.excessive():
                while self.counts[family] > self.most[family] and self.relieve(family, BALANCED):
                    moved = True

    def lacking(self) -> list[int]:
        """Give the families with fewer links than their least, ascending."""
        return [family for family, count in enumerate(self.counts) if count < self.least[family]]

    def excessive(self) -> list[int]:
        """Give the families with more links than their most, ascending."""
        return [family for family, count in enumerate(self.counts) if count > self.most[family]]

    def mean(self) -> float:
        """Give the mean score of the links that may give way, 0 where there is none."""
        scores = [
            score for score, may, row in zip(self.scores, self.may_go, self.targets, strict=True) if may and row >= 0
        ]
        return sum(scores) / max(1, len(scores))

    def improve(self, margin: float) -> bool:
        """Exchange links for others that score more by a share of theirs; tell whether any was."""
        best = [(step.cost, owner) for owner in self._owners_of_less(margin)
                for step in [self._better(owner, margin)] if step]  # fmt: skip
        for _, owner in sorted(best):
            while step := self._better(owner, margin):
                self._take(step, OUTRANKED)
        return bool(best)

    def give_first(self, family: int, why: str) -> bool:
        """Give a family a link along the cheapest path of exchanges; tell whether there is one."""
        return self._follow(family, self._places_for, lambda other: self.counts[other] > self.least[other], why)

    def relieve(self, family: int, why: str) -> bool:
        """Take a link from a family that has too many: by an exchange, else it is dropped; False where none may go."""
        if self._follow(family, self._instead_of, lambda other: self.counts[other] < self.most[other], why):
            return True
        links = self.held.get(family)
        if not links:
            return False
        # Fresh ones first: what a next run would add again, it then drops again.
        link = min(links, key=lambda one: (not self.fresh[one], self.scores[one], one))
        self._leave(link)
        self.targets[link], self.reasons[link] = -1, why
        return True

    def _follow(
        self, start: int, steps: Callable[[int], Iterator[Step]], is_end: Callable[[int], bool], why: str
    ) -> bool:
        """Find the cheapest path of exchanges from a family to one that ends it, and make them; False for none."""
        heap = [(step, -1) for step in steps(start)]
        heapq.heapify(heap)
        passed, done = list[tuple[Step, int]](), {start}
        while heap:
            step, before = heapq.heappop(heap)
            if step.family in done or self.owners[step.link] in self._owners_on(passed, before):
                continue
            if not self._fits(step):
                continue
            passed.append((step, before))
            if is_end(step.family):
                self._make(passed, why)
                return True
            done.add(step.family)
            for further in steps(step.family):
                heapq.heappush(heap, (further._replace(cost=step.cost + further.cost), len(passed) - 1))
        return False

    def _owners_on(self, passed: Sequence[tuple[Step, int]], last: int) -> set[int]:
        """Give whose lists a path has changed: each is changed once, as steps are judged by the lists as they are."""
        found = set()
        while last >= 0:
            step, last = passed[last]
            found.add(self.owners[step.link])
        return found

    def _make(self, passed: Sequence[tuple[Step, int]], why: str) -> None:
        place = len(passed) - 1
        while place >= 0:
            step, place = passed[place]
            self._take(step, why)

    def _places_for(self, family: int) -> Iterator[Step]:
        """Give the links in whose place one to a family could stand; next is the family whose link goes."""
        starts, entries, askers = self._by_target
        for entry in entries[starts[family] : starts[family + 1]].tolist():
            owner, row = int(askers[entry]), int(self.site.pools.rows[entry])
            links = self.lists.get(owner, [])
            if family in self._families_in(links):
                continue
            score = float(self.site.pools.scores[entry])
            for link in links:
                if self.may_go[link] and self.targets[link] >= 0:
                    yield Step(self.scores[link] - score, link, row, score, self.families[self.targets[link]])

    def _instead_of(self, family: int) -> Iterator[Step]:
        """Give what could stand in place of the links to a family; next is the family that comes."""
        for link in self.held.get(family, ()):
            owner = self.owners[link]
            present = self._families_in(self.lists[owner])
            for row, score in self._candidates(owner):
                if self.families[row] not in present:
                    yield Step(self.scores[link] - score, link, row, score, self.families[row])

    def _candidates(self, owner: int) -> Iterator[tuple[int, float]]:
        pools = self.site.pools
        own = slice(*pools.indptr[owner : owner + 2].tolist())
        return zip(pools.rows[own].tolist(), pools.scores[own].tolist(), strict=True)

    def _families_in(self, links: Sequence[int]) -> set[int]:
        return {self.families[self.targets[link]] for link in links if self.targets[link] >= 0}

    def _fits(self, step: Step) -> bool:
        owner = self.owners[step.link]
        blocked = self.site.blockers(owner, step.row, self._rows_of(owner))
        return blocked is not None and set(blocked) <= {self.targets[step.link]}

    def _rows_of(self, owner: int) -> list[int]:
        return [self.targets[link] for link in self.lists[owner] if self.targets[link] >= 0]

    def _take(self, step: Step, why: str) -> None:
        self._leave(step.link)
        family = self.families[step.row]
        self.counts[family] += 1
        self.held.setdefault(family, set()).add(step.link)
        self.targets[step.link], self.scores[step.link], self.reasons[step.link] = step.row, step.score, why

    def _leave(self, link: int) -> None:
        family = self.families[self.targets[link]]
        self.counts[family] -= 1
        self.held[family].discard(link)

    def _better(self, owner: int, margin: float) -> Step | None:
        """Find the exchange in one list that gains the most, by more than the margin."""
        links = [link for link in self.lists[owner] if self.targets[link] >= 0]
        free = [link for link in links if self.may_go[link] and self._can_spare(link)]
        present, rows, best = self._families_in(links), self._rows_of(owner), None
        least = min((self.scores[link] for link in free), default=np.inf) * (1 + margin)
        for row, score in self._candidates(owner):
            if score <= least or (best and best.cost <= least / (1 + margin) - score):
                break
            family = self.families[row]
            if family in present or self.counts[family] >= min(FEW, self.most[family]):
                continue
            blocked = self.site.blockers(owner, row, rows)
            if blocked is None:
                continue
            for link in free:
                if set(blocked) <= {self.targets[link]} and score > self.scores[link] * (1 + margin):
                    step = Step(self.scores[link] - score, link, row, score, family)
                    best = min(best or step, step)
        return best

    def _can_spare(self, link: int) -> bool:
        family = self.families[self.targets[link]]
        return self.counts[family] > self.least[family]

    def _owners_of_less(self, margin: float) -> list[int]:
        """Give whose lists may have a link that scores less than another candidate by the margin, ascending."""
        pools, n = self.site.pools, len(self.families)
        lowest = np.full(n, np.inf)
        for link, owner in enumerate(self.owners):
            if self.may_go[link] and self.targets[link] >= 0 and self._can_spare(link):
                lowest[owner] = min(lowest[owner], self.scores[link])
        askers = self._by_target[2]
        families = self.site.families[pools.rows]
        few = np.array(self.counts) < np.minimum(FEW, self.most)
        places = np.flatnonzero((pools.scores > (lowest * (1 + margin))[askers]) & few[families])
        present = [owner * n + self.families[self.targets[link]] for link, owner in enumerate(self.owners)
                   if self.targets[link] >= 0]  # fmt: skip
        new = ~np.isin(askers[places].astype(np.int64) * n + families[places], np.array(present, np.int64))
        found: list[int] = np.unique(askers[places[new]]).tolist()
        return found

    @cached_property
    def _by_target(self) -> tuple[Ints, Ints, Ints]:
        """Sort the candidates by their families: where each begins, their places, and whose candidate each is."""
        pools = self.site.pools
        families = self.site.families[pools.rows]
        places = np.argsort(families, kind="stable")
        starts = np.searchsorted(families[places], np.arange(len(self.families) + 1))
        return starts, places, np.repeat(np.arange(len(pools.indptr) - 1), np.diff(pools.indptr))
