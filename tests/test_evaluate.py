"""Measures against another library, and who is asked about what."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import pytrec_eval
from conftest import article, link
from hypothesis import given
from hypothesis import strategies as st

from recommender.corpus import Corpus
from recommender.errors import RecommenderError
from recommender.evaluate import (
    Report,
    Truth,
    baselines,
    curated_truth,
    evaluate_lists,
    lists_of_urls,
    measures,
    read_rankings,
)

Small = Callable[[Mapping[str, str]], Corpus]
NAMES = {
    "recall": "recall_{}",
    "precision": "P_{}",
    "hit rate": "success_{}",
    "MRR": "recip_rank",
    "nDCG": "ndcg_cut_{}",
}


def test_measures_are_those_of_trec_eval() -> None:
    draw = random.Random(7)
    # Queries are 100 and more, documents below: nobody is asked for itself.
    truth = {query: frozenset(draw.sample(range(30), draw.randint(1, 14))) for query in range(100, 250)}
    lists = {query: draw.sample(range(30), draw.randint(1, 20)) for query in truth}
    report = evaluate_lists("random", lists, Truth(truth, 0))
    assert len(report.values) == 10
    relevant = {str(query): {str(document): 1 for document in found} for query, found in truth.items()}
    for depth in (5, 10):
        judge = pytrec_eval.RelevanceEvaluator(relevant, {"recall", "P", "success", "recip_rank", "ndcg_cut"})
        # trec_eval cuts every measure but the reciprocal rank, so the lists are cut beforehand.
        run = {str(q): {str(d): -float(rank) for rank, d in enumerate(found[:depth])} for q, found in lists.items()}
        theirs = judge.evaluate(run)
        for name, trec in NAMES.items():
            values = {str(query): value for query, value in report.values[f"{name}@{depth}"].items()}
            wanted = {query: row[trec.format(depth)] for query, row in theirs.items()}
            assert values == pytest.approx(wanted, abs=1e-12)
            assert report.means()[f"{name}@{depth}"] == pytest.approx(sum(wanted.values()) / len(truth), abs=1e-12)


@pytest.mark.parametrize(
    ("ranked", "relevant", "depth", "wanted"),
    [
        ([1, 2, 3], {1, 3, 9}, 3, (2 / 3, 2 / 3, 1.0, 1.0, (1 + 0.5) / (1 + 1 / math.log2(3) + 0.5))),
        ([4, 1], {1}, 5, (1.0, 0.2, 1.0, 0.5, 1 / math.log2(3))),
        ([4, 5, 1], {1}, 2, (0.0, 0.0, 0.0, 0.0, 0.0)),
        ([], {1, 2}, 5, (0.0, 0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_measures_by_hand(ranked: list[int], relevant: set[int], depth: int, wanted: tuple[float, ...]) -> None:
    found = measures(ranked, frozenset(relevant), depth)
    assert list(found) == list(NAMES)
    assert tuple(found.values()) == pytest.approx(wanted, abs=1e-15)


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), min_size=1), st.integers(1, 12))
def test_measures_are_shares_and_perfect_lists_are_perfect(ranked: list[int], relevant: set[int], depth: int) -> None:
    found = measures(ranked, frozenset(relevant), depth)
    assert all(0 <= value <= 1 + 1e-12 for value in found.values())
    best = measures([*relevant, *(set(range(12)) - relevant)], frozenset(relevant), depth)
    assert all(found[name] <= best[name] + 1e-12 for name in found)
    assert (best["nDCG"], best["MRR"], best["hit rate"]) == pytest.approx((1.0, 1.0, 1.0))


def test_a_missing_list_scores_zero_and_stays_in_the_mean() -> None:
    truth = Truth({1: frozenset({2}), 3: frozenset({2}), 4: frozenset()}, 0)
    report = evaluate_lists("half", {1: [2], 4: [1]}, truth)
    assert report.values["MRR@5"] == {1: 1.0, 3: 0.0}
    assert report.means()["MRR@5"] == 0.5
    assert list(report.means()) == [f"{name}@{depth}" for depth in (5, 10) for name in NAMES]


def test_nobody_asked_has_no_means() -> None:
    assert evaluate_lists("none", {1: [2]}, Truth({}, 0)).means() == {}
    assert Report("empty", {"MRR@5": {}}).means() == {"MRR@5": 0.0}


@pytest.mark.parametrize(
    ("ranked", "rank"), [([9, 2], 2), ([1, 9, 2], 2), ([9, 9, 2], 3), ([1, 1, 2], 1), ([9, 8, 7, 6, 5, 2], 0)]
)
def test_itself_takes_no_place_and_what_comes_twice_takes_two(ranked: list[int], rank: int) -> None:
    report = evaluate_lists("one", {1: ranked}, Truth({1: frozenset({2})}, 0))
    assert report.values["MRR@5"][1] == (1 / rank if rank else 0.0)


def test_a_hit_that_comes_twice_counts_once() -> None:
    report = evaluate_lists("one", {1: [2, 2, 2]}, Truth({1: frozenset({2, 3})}, 0))
    assert (report.values["recall@5"][1], report.values["precision@5"][1]) == (0.5, 0.2)


@pytest.fixture
def copies(small: Small) -> Corpus:
    """Rows: a 0, a-copy 1, b 2, b-copy 3, c 4, hidden 5, lone 6."""
    return small(
        {
            "a.md": article("a", link(1, "b"), answer="One."),
            "a-copy.md": article("a-copy", link(1, "b-copy"), link(2, "c"), link(3, "a"), answer="One."),
            "b.md": article("b", link(1, "nowhere"), link(2, "hidden"), link(3, "b"), answer="Two."),
            "b-copy.md": article("b-copy", answer="Two.", subject="Other"),
            "c.md": article("c", link(1, "b"), link(2, "b-copy")),
            "hidden.md": article("hidden", link(1, "c"), extra="no_index: true\n"),
            "lone.md": article("lone"),
        }
    )


def test_copies_ask_once_with_the_links_of_all_and_unsound_links_are_no_truth(copies: Corpus) -> None:
    assert [one.url for one in copies.articles] == ["/a", "/a-copy", "/b", "/b-copy", "/c", "/hidden", "/lone"]
    truth = curated_truth(copies, {})
    assert truth == Truth({0: frozenset({2, 4}), 4: frozenset({2}), 5: frozenset({4})}, 0)


def test_generated_links_are_left_out_and_counted(copies: Corpus) -> None:
    generated = {"/a": frozenset({"/b"}), "/c": frozenset({"/b", "/nowhere"}), "/gone": frozenset({"/a"})}
    truth = curated_truth(copies, generated)
    # The link to b of a is generated, the one of its copy is not. Of c, the second is repeated, so never truth.
    assert truth == Truth({0: frozenset({2, 4}), 5: frozenset({4})}, 2)


@pytest.mark.parametrize(
    ("lists", "found"),
    [
        ({"/a": ["/b", "/c"]}, {0: [2, 4]}),
        ({"/a-copy": ["/b-copy", "/unknown", "/c"]}, {0: [2, -2, 4]}),
        ({"/a-copy": ["/c"], "/a": ["/b"]}, {0: [2]}),
        ({"https://example.org/a/": ["https://example.org/c?x"]}, {0: [4]}),
        ({"/unknown": ["/a"]}, {}),
        ({"/c": []}, {4: []}),
    ],
)
def test_urls_become_families(copies: Corpus, lists: dict[str, list[str]], found: dict[int, list[int]]) -> None:
    assert lists_of_urls(copies, lists) == found


def test_any_copy_is_a_hit(copies: Corpus) -> None:
    truth = curated_truth(copies, {})
    for asked in ("/a", "/a-copy"):
        for named in ("/b", "/b-copy"):
            report = evaluate_lists("x", lists_of_urls(copies, {asked: [named]}), truth)
            assert report.values["recall@5"] == {0: 0.5, 4: 0.0, 5: 0.0}


def test_baselines_of_the_sample_site_are_drawn_alike_each_time(corpus: Corpus) -> None:
    truth = curated_truth(corpus, {})
    assert len(truth.links) > 90
    lists = baselines(corpus, truth)
    assert list(lists) == ["random", "same subject", "most linked"]
    assert lists == baselines(corpus, truth)
    for name, by_family in lists.items():
        assert by_family.keys() == truth.links.keys()
        for family, found in by_family.items():
            assert family not in found
            assert len(set(found)) == len(found) <= 10
            assert not any(corpus.articles[other].hidden for other in found)
            if name == "same subject":
                subject = corpus.articles[family].subject
                members = [[o for o, f in enumerate(corpus.families) if f == other] for other in found]
                assert all(subject in {corpus.articles[o].subject for o in rows} for rows in members)
            else:
                assert len(found) == 10
    means = {name: evaluate_lists(name, found, truth).means()["nDCG@10"] for name, found in lists.items()}
    assert means["random"] < means["same subject"]


def test_most_linked_leaves_the_own_links_out(corpus: Corpus) -> None:
    truth = curated_truth(corpus, {})
    for family, found in baselines(corpus, truth)["most linked"].items():
        counts = [sum(other in links for f, links in truth.links.items() if f != family) for other in range(142)]
        others = [other for other in range(142) if other != family and any(other in t for t in truth.links.values())]
        assert list(found) == sorted(others, key=lambda other: (-counts[other], other))[:10]


def test_a_subject_without_others_falls_back_on_all(copies: Corpus) -> None:
    lists = baselines(copies, Truth({2: frozenset({0})}, 0))
    assert set(lists["random"][2]) == {0, 4, 6}
    assert baselines(copies, Truth({}, 0)) == {"random": {}, "same subject": {}, "most linked": {}}


def ranking_file(folder: Path, *lines: str | bytes) -> Path:
    file = folder / "lists.jsonl"
    file.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return file


def test_rankings_are_read_line_by_line(tmp_path: Path) -> None:
    rows: Sequence[Mapping[str, object]] = [{"url": "/ä", "related": ["/b", "/c"]}, {"url": "/b", "related": []}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    file = ranking_file(tmp_path, lines[0] + "\r", "", lines[1], "  ", "")
    assert read_rankings(file) == {"/ä": ["/b", "/c"], "/b": []}


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '"/a"',
        "5",
        "null",
        '{"url": "/a"}',
        '{"related": []}',
        '{"url": 5, "related": []}',
        '{"url": "/a", "related": "/b"}',
        '{"url": "/a", "related": [5]}',
        '{"url": "/a", "related": null}',
        "[" * 100_000,
    ],
)
def test_a_line_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    file = ranking_file(tmp_path, '{"url": "/a", "related": []}', line)
    with pytest.raises(
        RecommenderError, match=r"lists.jsonl, line 2: not .*; name a file that `export` wrote"
    ) as caught:
        read_rankings(file)
    assert caught.value.exit_code == 2


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for file in (tmp_path / "none.jsonl", tmp_path, ranking_file(tmp_path, b'{"url": "\xff"}')):
        with pytest.raises(RecommenderError, match=r"cannot be read .*; name a file that `export` wrote"):
            read_rankings(file)
