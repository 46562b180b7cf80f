"""The numbers of a link graph, each beside the plainest way to work it out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_sites import answer_of, article, block, link

from recommender.site.corpus import Corpus
from recommender.site.link_graph import LinkGraph, Pages, gini, graph_of, graph_today, pairs_of, subjects_of

COUNT = 9


@st.composite
def graphs(draw: st.DrawFn) -> tuple[LinkGraph, list[tuple[int, int]], list[tuple[int, int]]]:
    """Draw articles of which some are copies, hidden or not to be linked to, and links of lists and of texts."""
    flags = st.lists(st.booleans(), min_size=COUNT, max_size=COUNT)
    families: list[int] = []
    for row in range(COUNT):
        families.append(draw(st.sampled_from([row, row, *families])) if row else 0)
    families = [families[family] for family in families]
    shown = draw(flags)
    wanted = [one and other for one, other in zip(shown, draw(flags), strict=True)]
    subjects = draw(st.lists(st.integers(-1, 3), min_size=COUNT, max_size=COUNT))
    pages = Pages(
        np.array(families, np.int32),
        np.array(shown),
        np.array(wanted),
        np.array(subjects),
        draw(st.sampled_from([-1, *[row for row in range(COUNT) if shown[row]]])),
    )
    pairs = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=20)
    lists, texts = draw(pairs), draw(pairs)
    return graph_of(pages, *(np.array(own, np.int64).reshape(-1, 2) for own in (lists, texts))), lists, texts


def by_hand(graph: LinkGraph, pairs: list[tuple[int, int]]) -> set[tuple[int, int]]:
    families = graph.pages.families.tolist()
    return {(families[a], families[b]) for a, b in pairs if families[a] != families[b]}


def some(graph: LinkGraph, flags: np.ndarray) -> set[int]:
    return {int(graph.pages.families[row]) for row in range(COUNT) if flags[row]}


@given(graphs())
def test_links_orphans_and_dead_ends_are_those_that_sets_give(
    drawn: tuple[LinkGraph, list[tuple[int, int]], list[tuple[int, int]]],
) -> None:
    graph, lists, texts = drawn
    of_lists, of_texts = by_hand(graph, lists), by_hand(graph, texts)
    links = of_lists | of_texts
    assert {tuple(pair) for pair in graph.links.tolist()} == links
    assert len(graph.links) == len(links)
    for pairs, own in ((graph.lists, of_lists), (graph.texts, of_texts), (None, links)):
        assert graph.in_links(pairs).tolist() == [sum(b == row for _, b in own) for row in range(COUNT)]
    assert set(graph.orphans.tolist()) == some(graph, graph.pages.wanted) - {b for _, b in links}
    assert set(graph.dead_ends.tolist()) == some(graph, graph.pages.shown) - {a for a, _ in links}
    returned = [pair for pair in links if pair[::-1] in links]
    assert graph.reciprocity == pytest.approx(len(returned) / len(links) if links else 0)
    counts = [graph.in_links().tolist()[row] for row in graph.busiest(COUNT)]
    assert counts == sorted((sum(b == row for _, b in links) for row in {b for _, b in links}), reverse=True)


@given(graphs())
def test_clicks_are_those_of_a_search_in_breadth(
    drawn: tuple[LinkGraph, list[tuple[int, int]], list[tuple[int, int]]],
) -> None:
    graph, lists, texts = drawn
    links, shown = by_hand(graph, lists) | by_hand(graph, texts), some(graph, graph.pages.shown)
    start, most = graph.start, max((sum(b == row for _, b in links) for row in shown), default=0)
    if graph.pages.front >= 0:
        assert start == graph.pages.families[graph.pages.front]
    elif most == 0:
        assert start == -1
    else:
        assert start in shown and sum(b == start for _, b in links) == most
    clicks, waiting = ({start: 0}, deque([start])) if start >= 0 else ({}, deque())
    while waiting:
        here = waiting.popleft()
        for one, other in links:
            if one == here and other in shown and other not in clicks:
                clicks[other] = clicks[here] + 1
                waiting.append(other)
    assert graph.depths.tolist() == [clicks.get(row, -1) for row in range(COUNT)]


@given(graphs())
def test_subjects_apart_are_the_pairs_that_no_link_joins(
    drawn: tuple[LinkGraph, list[tuple[int, int]], list[tuple[int, int]]],
) -> None:
    graph, lists, texts = drawn
    subjects = graph.pages.subjects.tolist()
    joined = {frozenset((subjects[a], subjects[b])) for a, b in by_hand(graph, lists) | by_hand(graph, texts)}
    there = {subjects[row] for row in range(COUNT) if graph.pages.shown[row]} - {-1}
    wanted = {pair for pair in combinations(sorted(there), 2) if frozenset(pair) not in joined}
    found = graph.apart()
    assert set(found) == wanted
    assert len(found) == len(wanted)


@given(st.lists(st.integers(0, 50), max_size=30))
def test_gini_is_the_mean_difference_of_all_pairs(counts: list[int]) -> None:
    differences = sum(abs(one - other) for one in counts for other in counts)
    wanted = differences / (2 * len(counts) * sum(counts)) if sum(counts) else 0.0
    assert gini(np.array(counts, np.int64)) == pytest.approx(wanted)


def test_gini_counts_list_links_to_those_that_may_be_linked_to() -> None:
    pages = Pages(np.arange(4, dtype=np.int32), np.ones(4, bool), np.array([True, True, True, False]), np.zeros(4, int))
    graph = graph_of(pages, pairs_of([[1], [2], [1], [1]]), pairs_of([[2], [0], [], [0]]))
    assert graph.gini == pytest.approx(gini(np.array([0, 3, 1])))


Small = Callable[[Mapping[str, str | bytes]], Corpus]


def test_a_site_is_read_to_its_graph(small: Small) -> None:
    """Dead, hidden and repeated links are none; a copy and its original are one page; texts count beside lists."""
    files = {
        "a.md": article("a", link(1, "b"), link(2, "c"), block(3, "", "Gone", "", "/gone"), link(4, "hidden")),
        "b.md": article("b", link(1, "a"), subject="Other"),
        "c.md": article("c", body="See [d](/d)."),
        "copy.md": article("copy", answer=answer_of("c")),
        "d.md": article("d", link(1, "copy"), subject="Other"),
        "e.md": article("e", subject="Third"),
        "hidden.md": article("hidden", link(1, "e"), extra="no_index: true\n"),
    }
    corpus = small(files)
    rows = {one.url[1:]: row for row, one in enumerate(corpus.articles)}
    graph = graph_today(corpus, {})

    def named(pairs: np.ndarray) -> set[str]:
        names = {row: name for name, row in rows.items()}
        return {f"{names[a]}{names[b]}" for a, b in pairs.tolist()}

    assert named(graph.lists) == {"ab", "ac", "ba", "dc", "hiddene"}
    assert named(graph.texts) == {"cd"}
    assert graph.orphans.tolist() == []
    assert [corpus.articles[row].url for row in graph.dead_ends] == ["/e"]
    assert subjects_of(corpus) == ["Other", "Things", "Third"]
    assert graph.apart() == [(0, 2)]  # the link to e is of a hidden page, whose subject is Things
    assert graph.start == rows["c"]


def test_the_front_page_is_where_clicks_begin(small: Small) -> None:
    corpus = small({"a.md": article("a", link(1, "b")), "b.md": article("b"), "index.md": article("x", url="/")})
    graph = graph_today(corpus, {})
    assert corpus.articles[graph.start].url == "/"
    assert (graph.depths >= 0).sum() == 1
