"""Coverage against a plain count of words, for small sites of every kind and the sample site."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from score_by_hand import ByHand, Site, site_of, sites

from recommender.model.model import Model
from recommender.ranking.coverage import (
    Weights,
    asked_of,
    covered_by,
    heads_covered,
    shares,
    targets,
    texts_covered,
    titles_covered,
)
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.text.tfidf import K1, B, Coverage


def text_terms(model: Model) -> dict[int, str]:
    """Name the columns of the composed text."""
    space = model.vectors.space
    spans = [(int(space.starts[n]), int(space.starts[n + 1])) for n, name in enumerate(space.fields) if name == "text"]
    return {column: space.terms[column] for start, stop in spans for column in range(start, stop)}


def by_word(weights: Weights, terms: dict[int, str]) -> dict[str, float]:
    columns = weights[0].tolist()
    assert columns == sorted(set(columns))
    return {terms[column]: value for column, value in zip(columns, weights[1].tolist(), strict=True)}


def covers(model: Model, asking: int) -> dict[str, list[float]]:
    """Give the three coverages of one article with every other."""
    rows, idf = model.vectors.rows, model.vectors.space.idf
    asked = asked_of(model.coverage, rows, idf, asking)
    found = targets(model.coverage, rows, rows.row(asking)[0], np.arange(len(rows)))
    return {
        "head_covered": covered_by(found, asked.head).tolist(),
        "text_covered": covered_by(found, asked.text).tolist(),
        "title_covered": titles_covered(found, idf, asked.saturations).tolist(),
    }


def check_counts(model: Model, hand: ByHand) -> None:
    coverage, rows, terms = model.coverage, model.vectors.rows, text_terms(model)
    for row, said in enumerate(hand.said):
        start, stop = rows.indptr[row : row + 2].tolist()
        for name, wanted in (("texts", said.text), ("heads", said.head), ("titles", said.title)):
            pairs = zip(rows.indices[start:stop].tolist(), getattr(coverage, name)[start:stop].tolist(), strict=True)
            assert {terms[column]: count for column, count in pairs if count} == {
                word: count for word, count in wanted.items() if hand.idf(word)
            }
    if terms:
        assert coverage.lengths.tolist() == [said.length for said in hand.said]


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites())
def test_counts_stand_beside_the_entries_of_the_text(site: Site) -> None:
    check_counts(site.build(), ByHand(site))


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites())
def test_shares_are_those_of_a_plain_count_and_sum_to_1(site: Site) -> None:
    built, hand = site.build(), ByHand(site)
    terms = text_terms(built)
    for row, said in enumerate(hand.said):
        asked = asked_of(built.coverage, built.vectors.rows, built.vectors.space.idf, row)
        wanted = {
            "head": hand.shares(said.head, lambda idf, count: idf**2 * count),
            "text": hand.shares(said.text, lambda idf, count: idf * math.sqrt(count)),
            "title": hand.shares(said.title, lambda idf, count: idf),
            "saturations": {word: hand.saturations(row, word) for word in said.text},
        }
        for name, values in wanted.items():
            own = by_word(getattr(asked, name), terms)
            assert own == pytest.approx(values, abs=1e-12)
            if name != "saturations" and own:
                assert math.fsum(own.values()) == pytest.approx(1, abs=1e-12)
        assert all(0 < value < 1 for value in by_word(asked.saturations, terms).values())


@hypothesis_settings(deadline=None, max_examples=25)
@given(sites())
def test_every_pair_is_covered_as_by_hand(site: Site) -> None:
    built, hand = site.build(), ByHand(site)
    for asking in range(len(built)):
        found = covers(built, asking)
        for target in range(len(built)):
            for name, terms in hand.covered_terms(asking, target).items():
                assert found[name][target] == pytest.approx(math.fsum(terms.values()), abs=1e-12)
                assert 0 <= found[name][target] < 1


@hypothesis_settings(deadline=None, max_examples=20)
@given(sites())
def test_who_is_asked_by_all_is_covered_as_where_each_asks(site: Site) -> None:
    built = site.build()
    rows, idf = built.vectors.rows, built.vectors.space.idf
    for one in range(len(rows)):
        own = asked_of(built.coverage, rows, idf, one)
        found = targets(built.coverage, rows, rows.row(one)[0], np.arange(len(rows)))
        others = [covers(built, other) for other in range(len(rows))]
        for name, values in (
            ("head_covered", heads_covered(found, idf, own.saturations)),
            ("text_covered", texts_covered(found, idf, own.saturations)),
            ("title_covered", covered_by(found, own.title)),
        ):
            assert values.tolist() == pytest.approx([other[name][one] for other in others], abs=1e-12)


def test_the_sample_site_is_covered_as_by_hand(corpus: Corpus, model: Model) -> None:
    hand = ByHand(Site(tuple(corpus.articles), tuple(corpus.families), model.settings))
    check_counts(model, hand)
    # Words of more than half of the articles say nothing.
    assert sum(not hand.idf(word) for word in hand.seen) > 5
    for asking in range(0, len(model), 20):
        found = covers(model, asking)
        for target in range(0, len(model), 3):
            for name, terms in hand.covered_terms(asking, target).items():
                assert found[name][target] == pytest.approx(math.fsum(terms.values()), abs=1e-12)


@pytest.mark.parametrize(
    ("count", "length", "saturations"),
    [
        # In a text of mean length the saturation of a word that stands once is 1 / (1 + k1).
        (1, 100, 0.4),
        (3, 100, 3 / 4.5),
        (1, 0, 1 / 1.375),
        (1, 200, 1 / 3.625),
        (60_000, 100, 60_000 / 60_001.5),
    ],
)
def test_the_saturation_of_a_word_by_its_count_and_the_length_of_the_text(
    count: int, length: int, saturations: float
) -> None:
    empty = np.zeros(0, np.uint16)
    coverage = Coverage(empty, empty, np.zeros(0, np.uint8), np.array([100.0, 50.0, 150.0]))
    slack = float(coverage.slack_of(np.array([float(length)]))[0])
    asked = shares(
        np.array([7], np.int32), np.array([2.0]), (np.array([float(count)]), np.zeros(1), np.zeros(1)), slack
    )
    assert asked.saturations[1].tolist() == pytest.approx([saturations], abs=1e-15)
    assert (K1, B) == (1.5, 0.75)
    assert coverage.slack.tolist() == coverage.slack_of(coverage.lengths).tolist() == [1.5, 0.9375, 2.0625]


@given(st.integers(1, 60_000), st.floats(0.01, 100), st.floats(0.01, 100))
def test_more_of_a_word_is_spoken_of_more_and_in_a_longer_text_less(count: int, length: float, longer: float) -> None:
    empty = np.zeros(0, np.uint16)
    coverage = Coverage(empty, empty, np.zeros(0, np.uint8), np.ones(3))
    slacks = coverage.slack_of(np.array([length, length + longer])).tolist()

    def saturations(times: int, slack: float) -> float:
        counts = np.array([float(times)]), np.zeros(1), np.zeros(1)
        return float(shares(np.zeros(1, np.int32), np.ones(1), counts, slack).saturations[1][0])

    assert 0 < saturations(count, slacks[1]) < saturations(count, slacks[0]) < saturations(count + 1, slacks[0]) < 1


@pytest.mark.parametrize(
    ("settings", "texts"),
    [
        (Settings(fields={"title": 1.0}), [{"title": "moon"}, {"title": "moon"}]),
        (Settings(), [{"answer": ""}, {"answer": "moon"}]),
        (Settings(), [{}]),
    ],
)
def test_nothing_is_covered_where_no_word_of_a_text_is_shared(settings: Settings, texts: list[dict[str, str]]) -> None:
    built = site_of(texts, settings).build()
    for row in range(len(texts)):
        others = [other for other in range(len(texts)) if other != row]
        assert all(values[other] == 0 for values in covers(built, row).values() for other in others)
    assert np.isfinite(built.coverage.slack).all()


def test_targets_come_in_the_order_in_which_they_are_named(model: Model) -> None:
    numbers = np.array([7, 3, 3, 140])
    rows, idf = model.vectors.rows, model.vectors.space.idf
    asked = asked_of(model.coverage, rows, idf, 11)
    columns = rows.row(11)[0]
    some = covered_by(targets(model.coverage, rows, columns, numbers), asked.text)
    assert some.tolist() == [covers(model, 11)["text_covered"][number] for number in numbers.tolist()]
    none = targets(model.coverage, rows, columns, np.zeros(0, np.int64))
    assert covered_by(none, asked.text).shape == titles_covered(none, idf, asked.saturations).shape == (0,)
