"""The floor that nobody set, by hand."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model.model import Model
from recommender.ranking.floor import default_floor

# Articles of a site -> place in the lists whose usual score is halved; 0.5 of the way between two for a half.
PLACES = {1: 5, 2: 5, 10: 5, 15: 4, 20: 3, 25: 2, 30: 1, 60: 1, 100: 1, 150: 1.5, 200: 2}
PLACES |= {300: 3, 350: 3.5, 500: 5, 900: 5}


def floor_of(lists: list[list[float]]) -> float:
    indptr = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    return default_floor(indptr, np.array([score for own in lists for score in own], np.float64))


@pytest.mark.parametrize(("articles", "place"), PLACES.items())
def test_the_place_hangs_on_the_number_of_articles(articles: int, place: float) -> None:
    usual = [0.9, 0.7, 0.5, 0.4, 0.3, 0.2]
    wanted = np.interp(place, range(1, 7), usual) / 2
    assert floor_of([usual] * articles) == pytest.approx(wanted, abs=0.0005 + 1e-9)


@given(st.integers(30, 100), st.integers(0, 2**32))
def test_it_is_half_of_the_median_of_those_that_have_one(articles: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    lists = [sorted(random.random(random.integers(0, 4)), reverse=True) for _ in range(articles)]
    best = [own[0] for own in lists if own]
    assert floor_of(lists) == pytest.approx(statistics.median(best) / 2 if best else 0.0, abs=0.0005 + 1e-9)


@pytest.mark.parametrize("lists", [[], [[]], [[]] * 50, [[0.9]] * 7])
def test_it_is_0_where_no_list_is_as_long(lists: list[list[float]]) -> None:
    assert floor_of(lists) == 0.0


def test_one_article_more_moves_it_little() -> None:
    lists = [[0.9, 0.7, 0.5, 0.4, 0.3]] * 600
    floors = [floor_of(lists[:count]) for count in range(30, 600)]
    assert max(abs(np.diff(floors))) <= 0.0015


def test_no_article_of_the_sample_site_gets_a_link_by_words_that_many_subjects_share(model: Model) -> None:
    """A telescope in an example of ambiguity, and what happens during a look-up as during a heart attack."""
    urls, titles = model.catalogue.urls.all(), model.catalogue.titles.all()
    asked = {
        "compare-refracting-and-reflecting-telescopes": "Why can one sentence have two structures?",
        "what-happens-in-the-body-during-a-heart-attack": "What happens during a DNS lookup?",
    }
    for name, stranger in asked.items():
        row = next(row for row, url in enumerate(urls) if url.endswith(name))
        # On the fifth place of the second the stranger and an article of its subject are .002 apart.
        shown = [titles[candidate.row] for candidate in model.chosen.of(row, 4)]
        assert shown
        assert stranger not in shown
