"""Exchanges over generated sites: what must hold after any, and what they cost beside a linear programme."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from recommender.ranking.balance import FEW, Bounds, Exchange, Links, Pools, Site

SLOTS, FLOOR = 3, 0.2


def site_of(seed: int, count: int) -> tuple[Site, Links, Bounds]:
    """Make a site with lists of the best candidates above the floor; every fourth list belongs to a person."""
    chance = np.random.default_rng(seed)
    lists = [chance.permutation(np.delete(np.arange(count), row))[: min(8, count - 1)] for row in range(count)]
    scores = [np.sort(np.round(chance.uniform(0.05, 1, len(rows)), 6))[::-1] for rows in lists]
    indptr = np.concatenate([[0], np.cumsum([len(rows) for rows in lists])]).astype(np.int64)
    pools = Pools(indptr, np.concatenate(lists).astype(np.int32), np.concatenate(scores))

    def blockers(row: int, other: int, kept: Sequence[int]) -> tuple[int, ...] | None:
        own = dict(zip(lists[row].tolist(), scores[row].tolist(), strict=True))
        return None if own.get(other, 0.0) < FLOOR else tuple(one for one in kept if one == other)

    taken = [(row, place) for row in range(count) for place in range(SLOTS) if scores[row][place : place + 1] >= FLOOR]
    links = Links(
        np.array([row for row, _ in taken], np.int64),
        np.array([lists[row][place] for row, place in taken], np.int64),
        [row % 4 != 3 for row, _ in taken],
        np.array([scores[row][place] for row, place in taken], np.float64),
        [True] * len(taken),
    )
    bounds = Bounds(np.zeros(count, np.int64), np.ones(count, np.int64), np.full(count, 2 * SLOTS, np.int64))
    return Site(np.arange(count, dtype=np.int32), pools, blockers), links, bounds


def settled(seed: int, count: int, margin: float | None = None) -> tuple[Exchange, Site, Links, Bounds]:
    site, links, bounds = site_of(seed, count)
    graph = Exchange(site, links, bounds)
    graph.settle(margin, graph.lacking())
    return graph, site, links, bounds


sites = {"seed": st.integers(0, 10_000), "count": st.integers(5, 30)}


@given(**sites)
def test_an_exchange_keeps_every_promise(seed: int, count: int) -> None:
    graph, site, links, bounds = settled(seed, count)
    before = Exchange(site, links, bounds)
    for link, (was, target) in enumerate(zip(before.targets, graph.targets, strict=True)):
        if was == target:
            continue
        assert links.may_go[link], "a person's link was exchanged"
        beside = [one for other, one in enumerate(graph.targets) if graph.owners[other] == graph.owners[link]]
        if target >= 0:
            assert site.blockers(graph.owners[link], target, ()) == (), "below the floor"
            assert beside.count(target) == 1, "a list has a link twice"
    assert graph.counts == np.bincount([one for one in graph.targets if one >= 0], minlength=count).tolist()
    assert set(graph.lacking()) <= set(before.lacking()), "an article lost its only link"
    fixed = np.bincount(links.targets[~np.array(links.may_go)], minlength=count)
    assert all(graph.counts[family] == fixed[family] for family in graph.excessive()), "a kept surplus got more"


@given(**sites, margin=st.sampled_from([None, 0.0, 0.1]))
def test_a_second_time_nothing_is_exchanged(seed: int, count: int, margin: float | None) -> None:
    graph, site, links, bounds = settled(seed, count, margin)
    stay = [link for link, target in enumerate(graph.targets) if target >= 0]
    again = Links(
        links.owners[stay],
        np.array(graph.targets)[stay],
        [links.may_go[link] for link in stay],
        np.array(graph.scores)[stay],
        [False] * len(stay),
    )
    second = Exchange(site, again, bounds)
    second.settle(margin, second.lacking())
    assert second.targets == again.targets.tolist()


def best(site: Site, links: Links, bounds: Bounds) -> float | None:
    """Give the highest sum of scores of lists that are as long, with as many links to each article as are allowed."""
    owners = np.repeat(np.arange(len(site.families)), np.diff(site.pools.indptr))
    rows, scores = site.pools.rows, site.pools.scores
    free = np.bincount(links.owners[np.array(links.may_go)], minlength=len(site.families))
    may = np.array(links.may_go)
    fixed = {(a, b) for a, b in zip(links.owners[~may].tolist(), links.targets[~may].tolist(), strict=True)}
    kept = np.bincount(links.targets[~may], minlength=len(site.families))
    allowed = [
        n for n in range(len(rows)) if scores[n] >= FLOOR and free[owners[n]] and (owners[n], rows[n]) not in fixed
    ]
    of_list = np.array([[owners[n] == row for n in allowed] for row in range(len(free))], float)
    to = np.array([[rows[n] == row for n in allowed] for row in range(len(free))], float)
    least = np.maximum(bounds.least - kept, 0)
    found = scipy.optimize.linprog(
        -scores[allowed],
        A_ub=np.vstack([to, -to]),
        b_ub=np.concatenate([bounds.most - kept, -least]),
        A_eq=of_list,
        b_eq=free,
        bounds=(0, 1),
        method="highs",
    )
    return -float(found.fun) if found.status == 0 else None


@pytest.mark.slow  # solves two hundred linear programmes
def test_exchanges_cost_nearly_as_little_as_can_be() -> None:
    gaps, compared = list[float](), 0
    for seed in range(200):
        graph, site, links, bounds = settled(seed, 24)
        highest = best(site, links, bounds)
        if highest is None:
            continue
        assert not graph.lacking(), "the linear programme helps all, the exchanges did not"
        assert not graph.excessive()
        compared += 1
        sums = sum(score for score, may in zip(graph.scores, links.may_go, strict=True) if may)
        gaps.append((highest - sums) / highest)
        assert -1e-9 < gaps[-1] < 0.02
    assert compared > 100
    assert np.mean(gaps) < 0.001


def test_a_better_link_comes_by_the_margin_alone_and_never_to_a_target_with_many() -> None:
    pools = Pools(np.array([0, 2, 2, 2]), np.array([1, 2], np.int32), np.array([0.55, 0.5]))
    site = Site(np.arange(3, dtype=np.int32), pools, lambda row, other, kept: ())
    links = Links(np.array([0]), np.array([2]), [True], np.array([0.5]), [False])

    def target(margin: float, besides: tuple[int, int, int]) -> int:
        graph = Exchange(site, links, Bounds(np.array(besides), np.zeros(3, np.int64), np.full(3, 99)))
        graph.settle(margin, [])
        return graph.targets[0]

    assert target(0.05, (0, 0, 1)) == 1
    assert target(0.2, (0, 0, 1)) == 2
    assert [target(0.05, (0, count, 1)) for count in (FEW - 1, FEW)] == [1, 2]


def test_the_only_link_to_an_article_stays_however_much_better_another_is() -> None:
    pools = Pools(np.array([0, 2, 2, 2]), np.array([1, 2], np.int32), np.array([0.9, 0.3]))
    site = Site(np.arange(3, dtype=np.int32), pools, lambda row, other, kept: ())
    links = Links(np.array([0]), np.array([2]), [True], np.array([0.3]), [False])
    for besides, target in ((0, 2), (1, 1)):
        graph = Exchange(site, links, Bounds(np.array([0, 1, besides]), np.ones(3, np.int64), np.full(3, 99)))
        graph.settle(0.1, [])
        assert graph.targets == [target]


def test_what_has_a_place_gives_it_up_where_it_finds_another() -> None:
    """Article 3 can stand in the list of 0 alone, where 2 stands; 2 has a second place in the list of 1."""
    pools = Pools(np.array([0, 2, 4, 4, 4, 4]), np.array([2, 3, 4, 2], np.int32), np.array([0.9, 0.8, 0.9, 0.7]))
    site = Site(np.arange(5, dtype=np.int32), pools, lambda row, other, kept: ())
    links = Links(np.array([0, 1]), np.array([2, 4]), [True, True], np.array([0.9, 0.9]), [False, False])
    graph = Exchange(site, links, Bounds(np.array([1, 1, 0, 0, 1]), np.ones(5, np.int64), np.full(5, 9)))
    graph.settle(None, graph.lacking())
    assert (graph.targets, graph.lacking()) == ([3, 2], [])


def test_a_link_that_nothing_can_replace_is_dropped_where_its_target_has_too_many() -> None:
    pools = Pools(np.array([0, 1, 2, 2]), np.array([2, 2], np.int32), np.array([0.9, 0.8]))
    site = Site(np.arange(3, dtype=np.int32), pools, lambda row, other, kept: ())
    links = Links(np.array([0, 1]), np.array([2, 2]), [True, True], np.array([0.9, 0.8]), [True, True])
    graph = Exchange(site, links, Bounds(np.zeros(3, np.int64), np.zeros(3, np.int64), np.ones(3, np.int64)))
    graph.settle(None, [])
    assert (graph.targets, graph.counts[2]) == ([2, -1], 1)
