"""What evaluation prints, line by line, and that JSON and CSV hold the values behind it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from recommender.cli import evaluation_tables
from recommender.cli.printing import print_json
from recommender.evaluation.disagreements import Disagreements, Search, find_disagreements
from recommender.evaluation.evaluate import DEPTHS, Evaluation, Report, assess, evaluate_rankers
from recommender.evaluation.ground_truth import Graded, Truth, curated_truth
from recommender.evaluation.judgments import Agreement, Label
from recommender.evaluation.rankers import beside_references, lists_of, lists_of_urls
from recommender.evaluation.tuning import Tuned, Worth
from recommender.model.model import Model
from recommender.site.corpus import Corpus


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def report(name: str, *columns: list[float], measures: tuple[str, ...] = ("MRR@5", "nDCG@5")) -> Report:
    values = np.array(columns).T
    return Report(name, tuple(range(len(values))), measures, values, np.ones(values.shape))


def evaluation(*reports: Report, graded: Graded | None = None, judged: tuple[Report, ...] = ()) -> Evaluation:
    catalogue = {one.name: {"coverage@5": 0.25, "Gini@5": 1.0} for one in reports}
    truth = Truth({0: frozenset({1})}, 7)
    return Evaluation(truth, assess(reports), graded, assess(judged) if judged else None, catalogue, (5,), 3)


def test_rankers_stand_side_by_side(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    found = evaluation(report("model", [1.0, 0.5], [1.0, 1.0]), report("most linked", [0.0, 0.0], [0.0, 0.0]))
    evaluation_tables.show_evaluation(corpus, found, subjects=True)
    subject = corpus.articles[0].subject
    assert corpus.articles[1].subject == subject
    p = found.curated.comparisons[1].p
    assert p == pytest.approx(0.5, abs=0.02)  # of four swaps of two articles, two are as large
    assert lines(capsys) == [
        "2 articles with sound curated links; 7 generated links left out",
        "@5              MRR                   nDCG",
        "model        0.7500  1.0000 [1.000, 1.000]",
        "most linked  0.0000  0.0000 [0.000, 0.000]",
        "                         difference in nDCG@5       p",
        f"model - most linked  +1.0000 [+1.000, +1.000]  {p:.4f}",
        "nDCG@5 by subject",
        f"{'':<{len(subject)}}  articles   model  most linked",
        f"{subject}         2  1.0000       0.0000",
        "",
        "142 articles: what the lists do to the whole site",
        "@5           coverage    Gini",
        "model          0.2500  1.0000",
        "most linked    0.2500  1.0000",
        "",
        "[low, high]: 95 % intervals, 2,000 bootstrap draws of the articles; p: 10,000 random swaps of the",
        "two rankers, article by article; seed 3",
    ]


def test_what_means_hide_is_said(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    measures = ("nDCG@5", "unjudged@5")
    full = report("model", [1.0, 0.5], [0.03, 0.03], measures=measures)
    values = np.array([[0.5, 1.0], [0.0, 0.0]])
    half = Report("old", (0, 1), measures, values, np.array([[1.0, 5.0], [1.0, 0.0]]))
    graded = Graded({0: {1: Label(3)}, 1: {2: Label(3)}}, 4, 5)
    found = evaluation(report("model", [1.0], [1.0]), graded=graded, judged=(full, half))
    evaluation_tables.show_evaluation(corpus, found, subjects=False)
    shown = lines(capsys)
    start = shown.index("2 judged articles; 4 more are not in the content, nor are 5 judged candidates")
    assert shown[start + 4 : start + 6] == [
        "old: 1 of 2 articles have any; over those nDCG@5 0.5000",
        "over 3% of the links unjudged, so a lower bound: old",
    ]
    assert not any("by subject" in line for line in shown)


def test_nothing_to_judge_is_said(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = Truth({}, 0)
    rankers = beside_references(corpus, {"model": {}}, {}, {}, 5)
    found = evaluate_rankers(corpus, rankers, (nobody, None))
    evaluation_tables.show_evaluation(corpus, found, subjects=True)
    assert lines(capsys)[:3] == [
        "0 articles with sound curated links; 0 generated links left out",
        "",
        "142 articles: what the lists do to the whole site",
    ]
    print_json(evaluation_tables.evaluation_as_dict(corpus, found))
    document = json.loads(capsys.readouterr().out)
    assert (document["articles"], document["means"]["model"], document["comparisons"][:1]) == (0, {}, [])


@pytest.fixture(scope="module")
def whole(corpus: Corpus, model: Model) -> Evaluation:
    truth = curated_truth(corpus, {})
    rankers = beside_references(corpus, {"model": lists_of_urls(corpus, lists_of(model, 20))}, {}, truth.links, 10)
    graded = Graded({0: {5: Label(3), 6: Label(1)}, 3: {2: Label(2, "a"), 4: Label(2, "a")}}, 1, 0)
    return evaluate_rankers(corpus, rankers, (truth, graded))


def test_the_document_holds_all_numbers(corpus: Corpus, whole: Evaluation, capsys: pytest.CaptureFixture[str]) -> None:
    print_json(evaluation_tables.evaluation_as_dict(corpus, whole))
    found = json.loads(capsys.readouterr().out)
    assert list(found)[:6] == ["articles", "generated links left out", "means", "intervals", "comparisons", "subjects"]
    assert list(found)[6:] == ["judged", "catalogue", "seed", "draws", "swaps"]
    assert whole.judged is not None
    for section, assessed in ((found, whole.curated), (found["judged"], whole.judged)):
        assert section["means"] == {one.name: one.means() for one in assessed.reports}
        assert section["comparisons"] == [vars(one) for one in assessed.comparisons]
        for name, own in section["intervals"].items():
            for measure, (low, high) in own.items():
                assert low <= section["means"][name][measure] + 1e-9
                assert section["means"][name][measure] <= high + 1e-9
    assert set(found["subjects"]) == {"nDCG@5", "nDCG@10"}
    assert set(found["judged"]["subjects"]["useful@5"]) == {corpus.articles[row].subject for row in (0, 3)}
    assert (found["judged"]["articles not in the content"], found["judged"]["articles"]) == (1, 2)
    assert found["catalogue"] == whole.catalogue


def test_the_values_of_the_articles_give_the_means(corpus: Corpus, whole: Evaluation, tmp_path: Path, capsys) -> None:
    file = tmp_path / "values.csv"
    evaluation_tables.write_values(corpus, whole, file)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert whole.judged is not None
    count = 5 * len(whole.curated.reports[0].rows) + 6 * 2
    assert (len(rows), capsys.readouterr().err) == (count, f"{count:,} lines written to {file}\n")
    for against, assessed in (("curated links", whole.curated), ("judgments", whole.judged)):
        for one in assessed.reports:
            own = [row for row in rows if (row["against"], row["ranker"]) == (against, one.name)]
            for depth in DEPTHS:
                values = [float(row[f"nDCG@{depth}"]) for row in own]
                assert np.mean(values) == pytest.approx(one.means()[f"nDCG@{depth}"])


@pytest.fixture(scope="module")
def parted(corpus: Corpus, model: Model) -> Disagreements:
    return find_disagreements(corpus, model, {}, Search(2))


def test_disagreements_name_both_ends_and_what_is_better(parted: Disagreements, model: Model, capsys) -> None:
    evaluation_tables.show_disagreements(parted, as_json=False)
    shown = lines(capsys)
    titles, urls = model.catalogue.titles, model.catalogue.urls
    poor, strong = parted.poor[1], parted.strong[1]
    assert shown[0].startswith(
        f"{parted.poor_in_all} of {parted.curated} curated links look poor: a score below the floor"
    )
    assert shown[4:7] == [
        f"{poor.score:.4f}  {titles[poor.row]}  {urls[poor.row]}",
        f"        slot {poor.slot}   {titles[poor.target]}  {urls[poor.target]}, rank {poor.rank}",
        f"        better   {titles[poor.instead[0].row]}  {urls[poor.instead[0].row]}, {poor.instead[0].score:.4f}",
    ]
    assert shown[8].startswith(f"{parted.strong_in_all} strong suggestions that nobody made: a score of ")
    assert shown[11:] == [
        f"{strong.score:.4f}  {titles[strong.row]}  {urls[strong.row]}, links: {strong.links}",
        f"        rank {strong.rank}   {titles[strong.target]}  {urls[strong.target]}",
    ]


def test_disagreements_as_json(parted: Disagreements, model: Model, capsys) -> None:
    evaluation_tables.show_disagreements(parted, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["curated", "poor", "strong", "floor", "strong score", "poor links", "strong suggestions"]
    first, poor = found["poor links"][0], parted.poor[0]
    assert list(first) == ["article", "slot", "link", "score", "rank", "weakest suggestion", "instead"]
    assert (first["article"]["url"], first["link"]["title"]) == (
        model.catalogue.urls[poor.row],
        model.catalogue.titles[poor.target],
    )
    assert [one["url"] for one in first["instead"]] == [model.catalogue.urls[c.row] for c in poor.instead]
    assert [one["rank"] for one in found["strong suggestions"]] == [one.rank for one in parted.strong]


def test_agreement_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    evaluation_tables.show_agreement(Agreement(3, 1200, 0.875, 0.81, float("nan"), 0.92), as_json=False)
    assert lines(capsys) == [
        "1,200 candidates of 3 articles graded by both, 87.5% alike",
        "kappa not defined  useful or not",
        "kappa 0.8100  five labels",
        "kappa 0.9200  grades, quadratic weights",
    ]
    evaluation_tables.show_agreement(Agreement(3, 1200, 0.875, 0.81, float("nan"), 0.92), as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "articles": 3,
        "candidates": 1200,
        "same label": 0.875,
        "kappa": {"useful or not": None, "five labels": 0.81, "grades, quadratic weights": 0.92},
    }


@pytest.mark.parametrize(("start", "said"), [("model", "the model's weights"), ("equal", "equal weights")])
def test_learned_weights_say_where_they_started(start: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    worth = Worth(20, 0.5, 0.625, 0.5625, 0.0625, 0.01, 0.1)
    found = Tuned({"cosine": 0.3}, {"links": worth}, 7, start)
    evaluation_tables.show_tuned(found, {"cosine": 0.4}, as_json=False)
    assert lines(capsys) == [
        "learned on the links of 20 articles; mean nDCG@5 0.5000 with the model's weights",
        "  0.6250 in-sample: on the articles they were learned on",
        "  0.5625 half to half, on other articles: +0.0625 [+0.0100, +0.1000]",
        f"started from {said}, the better of two starts half to half",
        "parts:",
        "  cosine: 0.3  # 0.4 in the model",
    ]
    evaluation_tables.show_tuned(found, {"cosine": 0.4}, as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert (printed["start"], printed["validated"], printed["seed"]) == (start, 0.5625, 7)
