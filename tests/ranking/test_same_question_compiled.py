"""Which pairs of a site ask the same question."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Rows, pack
from recommender.ranking import same_question
from recommender.ranking.near_copies import Bodies, DraftBody, shares_with
from recommender.ranking.same_question_compiled import find_likeness
from recommender.text.tfidf import Coverage, Space, Vectors
from tests.ranking.test_same_question import Dense, blend, rows_of, sites, titles_with


def nearest_of(scores: Dense, kept: int) -> list[list[int]]:
    n = len(scores)
    ranked = [sorted(range(n), key=lambda other: (-scores[row, other], other)) for row in range(n)]
    return [[other for other in ranked[row] if other != row and scores[row, other] > 0][:kept] for row in range(n)]


def as_rows(scores: Dense, nearest: list[list[int]]) -> Rows:
    indptr = np.cumsum([0, *map(len, nearest)]).astype(np.int64)
    flat = np.array([other for others in nearest for other in others], np.int32)
    values = np.array([scores[row, other] for row, others in enumerate(nearest) for other in others], np.float64)
    return Rows(indptr, flat, values, len(scores))


Counts = NDArray[np.int64]
# Of few words, so that many bodies are near copies, and of short ones too.
BODIES = [[0, 0, 0, 0], [12, 11, 0, 0], [12, 12, 0, 0], [12, 12, 1, 0], [12, 12, 2, 0], [12, 12, 0, 3], [30, 0, 0, 1]]
IDF = np.array([2.25, 0.5, 1.0, 3.75])
NAMES = ["Tides", "The moon", "Tides 1", "Tides 2", "The moon, part 1", "The moon, part 2"]


@st.composite
def told(draw: st.DrawFn, count: int) -> tuple[Counts, NDArray[np.bool_], list[str]]:
    """Draw counts of words in bodies, which of these have words of their own, and titles."""
    bodies = [draw(st.sampled_from(BODIES)) for _ in range(count)]
    answered = [draw(st.booleans()) or any(body) for body in bodies]
    return np.array(bodies), np.array(answered), [draw(st.sampled_from(NAMES)) for _ in range(count)]


def bodies_with(counts: Counts) -> Bodies:
    """Make bodies of counts; each word stands three times in the head too, and some in other fields alone."""
    rows = rows_of(counts.astype(np.float64) + 1)
    heads = np.where(counts.ravel() > 0, 3, 0).astype(np.uint16)
    texts = (heads + counts.ravel()).astype(np.uint16)
    coverage = Coverage(texts, heads, np.zeros(counts.size, np.uint8), counts.sum(axis=1).astype(np.float64))
    space = Space(("text",), (1.0,), np.array([0, counts.shape[1]]), pack([]), IDF)
    return Bodies(Vectors(space, rows), coverage)


def overlap(one: list[int], other: list[int]) -> float:
    """Give the share of the words of both texts that both have, by their idf."""
    both = [min(pair) > 0 for pair in zip(one, other, strict=True)]
    either = [max(pair) > 0 for pair in zip(one, other, strict=True)]
    return float(IDF[both].sum()) / max(1.0, float(IDF[either].sum()))


def equal_words(one: list[int], other: list[int]) -> float:
    """Give the share of the words of both that both have; 0 below 0.9, or where one has fewer than 24."""
    both = sum(map(min, one, other))
    share = both / max(1, sum(one) + sum(other) - both)
    return share if share >= 0.9 and min(sum(one), sum(other)) >= 24 else 0.0


def wanted_likeness(blended: float, share: float, titles: tuple[str, str]) -> float:
    """Of a series are titles that differ in their last word, a number, or lack it, and those of two numbers."""
    frames = {title.rstrip("12 ") for title in titles}
    numbers = {title[-1] for title in titles if title[-1].isdigit()}
    series = len(numbers) == 2 or (len(frames) == 1 and titles[0] != titles[1])
    return 0.0 if series and share < 1 else max(blended, share)


@hypothesis_settings(deadline=None, max_examples=300)
@given(sites(), st.data(), st.sampled_from([0.05, 0.31, 0.5, 0.95]))
def test_it_holds_the_pairs_of_which_one_is_near_the_other_and_that_reach_the_threshold(
    site: tuple[Dense, Dense, list[int], int], data: st.DataObject, threshold: float
) -> None:
    scores, vectors, lengths, kept = site
    counts, answered, names = data.draw(told(len(scores)))
    nearest, titles, bodies = nearest_of(scores, kept), titles_with(vectors, lengths, names), bodies_with(counts)
    found = find_likeness(as_rows(scores, nearest), titles, bodies, answered, threshold)
    plain = same_question.find_likeness(as_rows(scores, nearest), titles, bodies, answered, threshold)
    for one, other in zip(astuple(found), astuple(plain), strict=True):
        assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes())
    words = np.where(answered[:, None], counts, 0).tolist()
    for one in range(len(scores)):
        wanted = {}
        for other in range(len(scores)):
            shared = overlap(counts[one].tolist(), counts[other].tolist())
            pair = vectors[one], vectors[other]
            blended = blend(scores[one, other], shared, pair, min(lengths[one], lengths[other]))
            like = wanted_likeness(blended, equal_words(words[one], words[other]), (names[one], names[other]))
            near = other in nearest[one] or one in nearest[other]
            # Within a rounding of the threshold either answer is right.
            if near and like >= threshold - 1e-12:
                wanted[other] = like
        held = found.of(one)
        assert {row for row, like in wanted.items() if like >= threshold + 1e-12} <= held.keys() <= wanted.keys()
        assert list(held) == sorted(held)
        for other, like in held.items():
            assert like == pytest.approx(wanted[other], abs=1e-12)
            assert threshold <= like <= 1 + 1e-12
            assert found.of(other)[one] == like


@given(st.data(), st.integers(1, 6), st.integers(0, 2))
def test_a_draft_shares_words_as_an_article_does(data: st.DataObject, count: int, unknown: int) -> None:
    counts, _, _ = data.draw(told(count))
    columns = np.flatnonzero(counts[0]).astype(np.int32)
    draft = DraftBody(columns, counts[0][columns], unknown)
    among = np.arange(count)[::-1]
    found = shares_with(bodies_with(counts), draft, among)
    wanted = [equal_words([*counts[0].tolist(), unknown], [*counts[row].tolist(), 0]) for row in among]
    assert found == pytest.approx(wanted, abs=1e-12)


@given(sites())
def test_threshold_0_is_off(site: tuple[Dense, Dense, list[int], int]) -> None:
    scores, vectors, lengths, kept = site
    rows, count = as_rows(scores, nearest_of(scores, kept)), len(scores)
    bodies = bodies_with(np.full((count, 4), 12))
    for find in (find_likeness, same_question.find_likeness):
        found = find(rows, titles_with(vectors, lengths), bodies, np.ones(count, np.bool_), 0.0)
        assert [found.of(row) for row in range(count)] == [{}] * count
