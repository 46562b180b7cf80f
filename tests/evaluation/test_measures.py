"""Measures of one list and of all lists, against other libraries and by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import dcg_score, ndcg_score

from recommender.evaluation.judgments import Label, parse_label
from recommender.evaluation.measures import binary_measures, catalogue_measures, gini, graded_measures

NAMES = {
    "recall": "recall_{}",
    "precision": "P_{}",
    "hit rate": "success_{}",
    "MRR": "recip_rank",
    "MAP": "map_cut_{}",
    "nDCG": "ndcg_cut_{}",
}
ME = 1000


@pytest.mark.parametrize("depth", [1, 5, 10])
def test_binary_measures_are_those_of_trec_eval(depth: int) -> None:
    draw = random.Random(7)
    truth = {query: frozenset(draw.sample(range(30), draw.randint(1, 14))) for query in range(150)}
    lists = {query: draw.sample(range(30), draw.randint(1, 20)) for query in truth}
    relevant = {str(query): {str(document): 1 for document in found} for query, found in truth.items()}
    judge = pytrec_eval.RelevanceEvaluator(relevant, {name.replace("_{}", f".{depth}") for name in NAMES.values()})
    # trec_eval cuts every measure but the reciprocal rank, so the lists are cut beforehand.
    run = {str(q): {str(d): -float(rank) for rank, d in enumerate(found[:depth])} for q, found in lists.items()}
    theirs = judge.evaluate(run)
    for query, found in lists.items():
        ours = binary_measures(found, truth[query], depth)
        wanted = {name: theirs[str(query)][trec.format(depth)] for name, trec in NAMES.items()}
        assert {name: share.value for name, share in ours.items()} == pytest.approx(wanted, abs=1e-12)
        assert {share.weight for share in ours.values()} == {1.0}


@pytest.mark.parametrize(
    ("ranked", "relevant", "depth", "wanted"),
    [
        ([1, 2, 3], {1, 3, 9}, 3, (2 / 3, 2 / 3, 1.0, 1.0, (1 + 2 / 3) / 3, 1.5 / (1.5 + 1 / math.log2(3)))),
        ([4, 1], {1}, 5, (1.0, 0.2, 1.0, 0.5, 0.5, 1 / math.log2(3))),
        ([4, 5, 1], {1}, 2, (0.0,) * 6),
        ([], {1, 2}, 5, (0.0,) * 6),
    ],
)
def test_binary_measures_by_hand(ranked: list[int], relevant: set[int], depth: int, wanted: tuple[float, ...]) -> None:
    found = binary_measures(ranked, frozenset(relevant), depth)
    assert list(found) == list(NAMES)
    assert tuple(share.value for share in found.values()) == pytest.approx(wanted, abs=1e-15)


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), min_size=1), st.integers(1, 12))
def test_measures_are_shares_and_perfect_lists_are_perfect(ranked: list[int], relevant: set[int], depth: int) -> None:
    found = binary_measures(ranked, frozenset(relevant), depth)
    assert all(0 <= share.value <= 1 + 1e-12 for share in found.values())
    best = binary_measures([*relevant, *(set(range(12)) - relevant)], frozenset(relevant), depth)
    assert all(found[name].value <= best[name].value + 1e-12 for name in found)
    assert (best["nDCG"].value, best["MRR"].value, best["hit rate"].value) == pytest.approx((1.0, 1.0, 1.0))


def labels(text: str) -> dict[int, Label]:
    """Read "1:3a 2:D": article 1 has the label 3a, article 2 the label D."""
    return {int(one.split(":")[0]): parse_label(one.split(":")[1]) for one in text.split()}


def gains(ranked: Sequence[int], graded: dict[int, Label]) -> list[int]:
    """Give the gain of each place by the rule in words, written apart from the package."""
    out: list[int] = []
    for place, document in enumerate(ranked):
        before = [graded[other].group for other in ranked[:place] if other in graded]
        label = graded.get(document, Label(0))
        repeated = document in ranked[:place] or document == ME or (label.group and label.group in before)
        out.append(0 if repeated else 2**label.grade - 1)
    return out


def drawn_labels(draw: random.Random, letters: str) -> dict[int, Label]:
    texts = ["D", "0", "1", "2", "3", *(grade + letter for grade in "123" for letter in letters)]
    return {document: parse_label(draw.choice(texts)) for document in draw.sample(range(40), 20)}


@pytest.mark.parametrize("depth", [1, 5, 10])
def test_graded_ndcg_is_that_of_trec_eval_and_scikit_learn_where_nothing_repeats(depth: int) -> None:
    draw = random.Random(3)
    for _ in range(60):
        graded = drawn_labels(draw, "")
        ranked = draw.sample(range(40), draw.randint(1, 20))
        ours = graded_measures(ranked, ME, graded, depth)["nDCG"]
        everyone = sorted({*graded, *ranked})
        gain = [2 ** graded[one].grade - 1 if one in graded else 0 for one in everyone]
        place = {document: -rank for rank, document in enumerate(ranked[:depth])}
        score = [place.get(one, -1000) for one in everyone]
        run = {"q": {str(document): -float(rank) for rank, document in enumerate(ranked[:depth])}}
        judge = pytrec_eval.RelevanceEvaluator(
            {"q": {str(o): g for o, g in zip(everyone, gain, strict=True)}}, {f"ndcg_cut.{depth}"}
        )
        trec = judge.evaluate(run)["q"][f"ndcg_cut_{depth}"]
        assert ours.value == pytest.approx(trec, abs=1e-12)
        if len(ranked) >= depth:  # what is not in the list would share a place there
            assert ours.value == pytest.approx(ndcg_score([gain], [score], k=depth, ignore_ties=True), abs=1e-9)
        assert ours.weight == float(any(gain))


@pytest.mark.parametrize("depth", [1, 5, 10])
def test_graded_ndcg_with_repetitions_is_a_ratio_of_scikit_learns_gains(depth: int) -> None:
    draw = random.Random(4)
    repeated = 0
    for _ in range(100):
        graded = drawn_labels(draw, "abc")
        ranked = [draw.choice([*range(40), ME]) for _ in range(draw.randint(2, 20))]
        best: dict[str, int] = {}
        for number, label in enumerate(graded.values()):
            key = label.group or f"alone {number}"
            best[key] = max(best.get(key, 0), 2**label.grade - 1)
        ideal = sorted(best.values(), reverse=True)
        shown = gains(ranked, graded)
        top, bottom = (
            dcg_score([[*row, 0]], [[-float(place) for place in range(len(row) + 1)]], k=depth, ignore_ties=True)
            for row in (shown, ideal)
        )
        found = graded_measures(ranked, ME, graded, depth)
        assert found["nDCG"].value == pytest.approx(top / bottom, abs=1e-12)
        assert found["useful"].value == sum(gain >= 3 for gain in shown[:depth]) / depth
        assert found["precision"].value == pytest.approx(sum(g >= 3 for g in shown[:depth]) / len(ranked[:depth]))
        repeated += found["repeats"].value > 0
    assert repeated > 20 or depth == 1


@pytest.mark.parametrize(
    ("ranked", "text", "wanted"),
    [
        # nDCG by hand: gains 7, 3, 1 over log2 of 2, 3, 4.
        ([1, 2, 3], "1:3 2:2 3:1", {"nDCG": 1.0, "useful": 0.4, "precision": 2 / 3, "unjudged": 0.0}),
        ([9, 1], "1:3", {"nDCG": 1 / math.log2(3), "unjudged": 0.5, "nDCG judged": 1.0, "useful judged": 0.2}),
        ([1, 1], "1:3", {"nDCG": 1.0, "repeats": 0.5, "precision": 0.5}),
        ([1, 2], "1:2a 2:3a", {"nDCG": 3 / 7, "repeats": 0.5, "useful": 0.2}),
        ([ME, 1], "1:3", {"nDCG": 1 / math.log2(3), "same": 0.5, "nDCG judged": 1 / math.log2(3)}),
        ([1, 2], "1:D 2:3", {"nDCG": 1 / math.log2(3), "same": 0.5, "repeats": 0.0}),
        ([ME, ME], "1:3", {"nDCG": 0.0, "same": 1.0, "repeats": 0.0}),
        ([9, 9], "1:3", {"unjudged": 0.5, "repeats": 0.5}),
        ([], "1:3", {"nDCG": 0.0, "useful": 0.0, "precision": 0.0, "unjudged": 0.0}),
    ],
)
def test_graded_measures_by_hand(ranked: list[int], text: str, wanted: dict[str, float]) -> None:
    found = graded_measures(ranked, ME, labels(text), 5)
    assert {name: found[name].value for name in wanted} == pytest.approx(wanted, abs=1e-12)


def test_shares_of_the_links_shown_weigh_as_many_and_a_hopeless_article_counts_in_no_mean() -> None:
    found = graded_measures([1, 2, 9], ME, labels("1:0 2:D"), 5)
    weights = {name: share.weight for name, share in found.items()}
    assert weights == {
        **dict.fromkeys(("nDCG", "useful", "nDCG judged", "useful judged"), 0.0),
        **dict.fromkeys(("precision", "same", "repeats", "unjudged"), 3.0),
    }
    assert graded_measures([], ME, labels("1:3"), 5)["same"].weight == 0


def test_catalogue_measures_by_hand() -> None:
    # Rows 0 to 5; 1 is a copy of 0, and 5 may not be linked to.
    families = [0, 0, 2, 3, 4, 5]
    lists = {0: [2, 3], 1: [2, 0], 2: [3, 3], 3: [2, -7], 4: []}
    found = catalogue_measures(lists, families, {0, 2, 3, 4}, 2)
    # Links between families: 0-2, 0-3, 2-3, 3-2; in-links of 0, 2, 3, 4: 0, 2, 2, 0.
    assert found == pytest.approx(
        {
            "links per article": 8 / 6,
            "coverage": 2 / 4,
            "linked from nowhere": 3 / 5,
            "Gini": 0.5,
            "repeated": 2 / 8,
        }
    )
    assert catalogue_measures(lists, families, {0, 2, 3, 4}, 1)["repeated"] == 0
    empty = dict.fromkeys(found, 0.0)
    assert catalogue_measures({}, [], set(), 5) == empty
    assert catalogue_measures({}, [0, 1], {0, 1}, 5) == {**empty, "linked from nowhere": 1.0}


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_gini_is_half_the_relative_mean_difference(counts: list[int]) -> None:
    array = np.array(counts)
    differences = np.abs(np.subtract.outer(array, array)).mean()
    wanted = differences / (2 * array.mean()) if array.any() else 0.0
    assert gini(array) == pytest.approx(wanted, abs=1e-12)
