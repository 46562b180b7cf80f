"""Reports on many articles: means against another library, intervals, comparisons, subjects, values per article."""

from __future__ import annotations

import random

import numpy as np
import pytest
import pytrec_eval
from scipy import stats

from recommender.evaluation.evaluate import (
    Assessment,
    Report,
    article_values,
    assess,
    by_subject,
    evaluate_catalogue,
    evaluate_judged,
    evaluate_lists,
    evaluate_rankers,
)
from recommender.evaluation.ground_truth import Graded, Truth, curated_truth
from recommender.evaluation.judgments import Label
from recommender.evaluation.rankers import CURATED, WRITTEN, beside_references, lists_of, lists_of_urls
from recommender.model.model import Model
from recommender.site.corpus import Corpus

NAMES = ("recall", "precision", "hit rate", "MRR", "MAP", "nDCG")


def value(report: Report, measure: str, row: int) -> float:
    return float(report.values[report.rows.index(row), report.measures.index(measure)])


def test_means_are_those_of_trec_eval() -> None:
    draw = random.Random(7)
    # Queries are 100 and more, documents below: nobody is asked for itself.
    truth = {query: frozenset(draw.sample(range(30), draw.randint(1, 14))) for query in range(100, 250)}
    lists = {query: draw.sample(range(30), draw.randint(1, 20)) for query in truth}
    report = evaluate_lists("random", lists, Truth(truth, 0), (3, 7))
    assert report.measures == tuple(f"{name}@{depth}" for depth in (3, 7) for name in NAMES)
    relevant = {str(query): {str(document): 1 for document in found} for query, found in truth.items()}
    run = {str(q): {str(d): -float(rank) for rank, d in enumerate(found)} for q, found in lists.items()}
    trec = {"recall": "recall", "precision": "P", "hit rate": "success", "MAP": "map_cut", "nDCG": "ndcg_cut"}
    for depth in (3, 7):
        judge = pytrec_eval.RelevanceEvaluator(relevant, {f"{name}.{depth}" for name in trec.values()})
        theirs = judge.evaluate(run)
        for ours, name in trec.items():
            mean = np.mean([row[f"{name}_{depth}"] for row in theirs.values()])
            assert report.means()[f"{ours}@{depth}"] == pytest.approx(mean, abs=1e-12)


def test_a_missing_list_scores_zero_and_stays_in_the_mean() -> None:
    truth = Truth({1: frozenset({2}), 3: frozenset({2}), 4: frozenset()}, 0)
    report = evaluate_lists("half", {1: [2], 4: [1]}, truth)
    assert report.rows == (1, 3)
    assert (value(report, "MRR@5", 1), value(report, "MRR@5", 3)) == (1.0, 0.0)
    assert report.means()["MRR@5"] == 0.5
    assert list(report.means()) == [f"{name}@{depth}" for depth in (5, 10) for name in NAMES]


def test_nobody_asked_has_no_means() -> None:
    nobody = evaluate_lists("none", {1: [2]}, Truth({}, 0))
    assert (nobody.means(), nobody.rows) == ({}, ())
    assert assess([]) == Assessment((), {}, ())
    assert assess([nobody, nobody]).comparisons == ()


@pytest.mark.parametrize(
    ("ranked", "rank"), [([9, 2], 2), ([1, 9, 2], 2), ([9, 9, 2], 3), ([1, 1, 2], 1), ([9, 8, 7, 6, 5, 2], 0)]
)
def test_itself_takes_no_place_and_what_comes_twice_takes_two(ranked: list[int], rank: int) -> None:
    report = evaluate_lists("one", {1: ranked}, Truth({1: frozenset({2})}, 0))
    assert value(report, "MRR@5", 1) == (1 / rank if rank else 0.0)


def test_a_hit_that_comes_twice_counts_once() -> None:
    report = evaluate_lists("one", {1: [2, 2, 2]}, Truth({1: frozenset({2, 3})}, 0))
    assert (value(report, "recall@5", 1), value(report, "precision@5", 1)) == (0.5, 0.2)


GRADED = Graded({0: {2: Label(3), 3: Label(2, "a"), 4: Label(2, "a")}, 1: {2: Label(3)}, 5: {6: Label(0)}}, 0, 0)


def test_judged_articles_ask_with_their_own_list_and_shares_weigh_the_links_shown(corpus: Corpus) -> None:
    families = corpus.families
    graded = Graded(
        {row: {families[one]: label for one, label in own.items()} for row, own in GRADED.labels.items()}, 0, 0
    )
    lists = {0: [families[4], families[3], families[0]], 5: [families[6], families[7]], 9: [families[2]]}
    report = evaluate_judged("x", corpus, lists, graded, (2, 3))
    assert report.rows == (0, 1, 5)
    means = report.means()
    # The list of 1 is missing and counts as 0; no list could gain anything for 5, which counts in no mean of gains.
    assert means["useful@2"] == pytest.approx((1 / 2 + 0) / 2)
    # Of the five links shown: one repeats, one is the article itself, one is unjudged; of the first two lists' four.
    assert (means["repeats@3"], means["same@3"], means["unjudged@3"]) == pytest.approx((1 / 5, 1 / 5, 1 / 5))
    assert (means["repeats@2"], means["precision@2"]) == pytest.approx((1 / 4, 1 / 4))
    assert report.answered(3) == (0, 5)
    assert report.only([0]).means()["useful@3"] == pytest.approx(1 / 3)
    assert evaluate_lists("y", {}, Truth({1: frozenset({2})}, 0)).answered(5) == (1,)


@pytest.fixture
def reports() -> list[Report]:
    draw = np.random.default_rng(3)
    rows = tuple(range(40))
    ones = np.ones((40, 2))
    first = draw.random((40, 2))
    other = np.clip(first + draw.normal(-0.05, 0.2, (40, 2)), 0, 1)
    return [Report(name, rows, ("nDCG@5", "MRR@5"), found, ones) for name, found in (("a", first), ("b", other))]


def test_intervals_and_differences_are_those_of_scipy(reports: list[Report]) -> None:
    found = assess(reports)
    assert found == assess(reports) != assess(reports, seed=1)
    assert [(one.one, one.other, one.measure) for one in found.comparisons] == [
        ("a", "b", "nDCG@5"),
        ("a", "b", "MRR@5"),
    ]
    for place, one in enumerate(found.comparisons):
        columns = [report.values[:, place] for report in reports]
        gap = columns[0] - columns[1]
        checked = [
            ((one.low, one.high), gap),
            *(
                (found.intervals[report.name][one.measure], column)
                for report, column in zip(reports, columns, strict=True)
            ),
        ]
        for ours, data in checked:
            theirs = stats.bootstrap(
                (data,), np.mean, method="percentile", n_resamples=5000, rng=np.random.default_rng(2)
            ).confidence_interval
            assert ours == pytest.approx(tuple(theirs), abs=0.12 * (theirs.high - theirs.low))
        assert one.difference == pytest.approx(gap.mean())
        theirs = stats.permutation_test(
            (gap,), np.mean, permutation_type="samples", n_resamples=5000, vectorized=True, rng=np.random.default_rng(2)
        ).pvalue
        assert one.p == pytest.approx(theirs, abs=0.03)


def test_subjects_split_the_mean(corpus: Corpus, model: Model) -> None:
    truth = curated_truth(corpus, {})
    report = evaluate_lists("model", lists_of_urls(corpus, lists_of(model, 20)), truth)
    found = by_subject(corpus, [report], "nDCG@5")
    assert list(found) == sorted(found)
    assert sum(row["articles"] for row in found.values()) == len(report.rows) == 102
    mean = sum(row["articles"] * row["model"] for row in found.values()) / 102
    assert mean == pytest.approx(report.means()["nDCG@5"])
    own = [value(report, "nDCG@5", row) for row in report.rows if corpus.articles[row].subject == "Astronomy"]
    assert found["Astronomy"] == {"articles": len(own), "model": pytest.approx(np.mean(own))}
    assert by_subject(corpus, [], "nDCG@5") == {}


def test_values_of_all_articles_stand_in_one_table(corpus: Corpus) -> None:
    linked = evaluate_lists("a", {0: [1]}, Truth({0: frozenset({1}), 7: frozenset({2})}, 0), (5,))
    judged = evaluate_judged("b", corpus, {0: [2]}, Graded({0: {2: Label(0)}}, 0, 0), (5,))
    table = article_values(corpus, {"curated links": [linked], "judgments": [judged]})
    assert table[0] == ["against", "ranker", "url", "subject", *linked.measures[:5], "nDCG@5", *table[0][10:]]
    first, second, third = (dict(zip(table[0], row, strict=True)) for row in table[1:])
    assert (first["against"], first["ranker"], first["url"]) == ("curated links", "a", corpus.articles[0].url)
    assert (first["nDCG@5"], second["nDCG@5"], first["useful@5"]) == (1.0, 0.0, "")
    # No candidate of the judged article is of use: its nDCG counts in no mean.
    assert (third["nDCG@5"], third["precision@5"], third["recall@5"]) == ("", 0.0, "")


def test_what_is_written_is_not_measured_against_itself(corpus: Corpus, model: Model) -> None:
    truth = curated_truth(corpus, {})
    mine = lists_of_urls(corpus, lists_of(model, 20))
    row = next(iter(truth.links))
    generated = {corpus.articles[row].url: frozenset({corpus.articles[next(iter(truth.links[row]))].url})}
    rankers = beside_references(corpus, {"model": mine}, generated, truth.links, 5)
    graded = Graded({row: {family: Label(2) for family in truth.links[row]}}, 0, 0)
    found = evaluate_rankers(corpus, rankers, (truth, graded), (5,), seed=9)
    assert [report.name for report in found.curated.reports] == [n for n in rankers if n not in (CURATED, WRITTEN)]
    assert found.judged is not None
    assert [report.name for report in found.judged.reports] == list(rankers) == list(found.catalogue)
    assert {one.one for one in found.judged.comparisons} == {"model"}
    assert found.judged.reports[2].means()["useful@5"] == len(truth.links[row]) / 5
    assert found.judged.reports[1].means()["useful@5"] == (len(truth.links[row]) - 1) / 5
    assert (found.depths, found.seed, found.graded) == ((5,), 9, graded)
    assert evaluate_rankers(corpus, rankers, (truth, None)).judged is None


def test_the_catalogue_counts_families_that_may_be_linked_to(corpus: Corpus) -> None:
    lists = {row: [corpus.families[0]] for row in range(142)}
    found = evaluate_catalogue(corpus, lists, (1,))
    families = {f for f, a in zip(corpus.families, corpus.articles, strict=True) if a.id and not a.hidden}
    assert found["coverage@1"] == pytest.approx(1 / len(families))
    assert found["linked from nowhere@1"] == pytest.approx(1 - 1 / len(set(corpus.families)))
    assert found["links per article@1"] == 1.0
