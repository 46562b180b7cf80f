"""Copies, and the relation that tells same questions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Rows, pack
from recommender.ranking.same_question import (
    FULL_TITLE,
    RAREST_SHARE,
    TITLE_SHARE,
    DraftTitle,
    Titles,
    like_draft,
    likeness,
    titles_of,
)
from recommender.site.corpus import members_of

Dense = NDArray[np.float64]
RARITY = np.array([0.0, 0.3, 0.6, 1.0])


def rows_of(dense: Dense) -> Rows:
    row, column = np.nonzero(dense)
    indptr = np.searchsorted(row, np.arange(len(dense) + 1)).astype(np.int64)
    return Rows(indptr, column.astype(np.int32), dense[row, column], dense.shape[1])


def normalised(dense: Dense) -> Dense:
    norms = np.sqrt((dense**2).sum(axis=1, keepdims=True))
    return dense / np.where(norms > 0, norms, 1)


@st.composite
def sites(draw: st.DrawFn) -> tuple[Dense, Dense, list[int], int]:
    """Draw scores of all pairs, title vectors, lengths of titles, and how many nearest each article keeps."""
    n = draw(st.integers(1, 7))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    articles = normalised(random.integers(0, 3, (n, 4)).astype(float))
    titles = normalised(random.integers(0, 2, (n, 4)).astype(float))
    lengths = draw(st.lists(st.integers(0, 12), min_size=n, max_size=n))
    return articles @ articles.T, titles, lengths, draw(st.integers(0, n))


def titles_with(dense: Dense, lengths: list[int], texts: Sequence[str] = ()) -> Titles:
    """Make titles of vectors; their texts differ in words where none are given."""
    texts = texts or [f"title {'x' * number}" for number in range(len(lengths))]
    return Titles(rows_of(dense), RARITY, np.array(lengths, np.float64), pack(texts))


def blend(score: float, titles: tuple[NDArray[np.float64], NDArray[np.float64]], words: int) -> float:
    """Blend by the description: 0.65 articles, 0.15 titles, 0.2 for the rarest word that only one title has."""
    one, other = (set(np.flatnonzero(title).tolist()) for title in titles)
    rarest = max((float(RARITY[column]) for column in one ^ other), default=0.0)
    return min(1.0, words / 8) * (0.65 * score + 0.15 * float(titles[0] @ titles[1]) + 0.2 * (1 - rarest))


@pytest.mark.parametrize(
    ("words", "share"), [(0, 0.0), (1, 0.125), (4, 0.5), (7, 0.875), (8, 1.0), (9, 1.0), (100, 1.0)]
)
def test_a_short_title_counts_less(words: int, share: float) -> None:
    one = np.array([1.0])
    assert likeness(one, one, 1 - one, np.array([float(words)])) == pytest.approx([share], abs=1e-15)
    assert (FULL_TITLE, TITLE_SHARE, RAREST_SHARE) == (8, 0.15, 0.2)


@pytest.mark.parametrize(
    ("score", "cosine", "rarest", "like"),
    [
        (1.0, 0.0, 1.0, 0.65),
        (0.0, 1.0, 1.0, 0.15),
        (0.0, 0.0, 0.0, 0.2),
        (0.0, 0.0, 0.5, 0.1),
        (0.5, 0.5, 0.5, 0.5),
        (0.0, 0.0, 1.0, 0.0),
        (1.0, 1.0, 0.0, 1.0),
    ],
)
def test_the_shares_of_a_likeness(score: float, cosine: float, rarest: float, like: float) -> None:
    found = likeness(np.array([score]), np.array([cosine]), np.array([rarest]), np.array([8.0]))
    assert found == pytest.approx([like], abs=1e-15)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 40))
def test_a_likeness_is_between_0_and_1_and_never_above_its_parts(
    score: float, cosine: float, rarest: float, words: float
) -> None:
    found = float(likeness(np.array([score]), np.array([cosine]), np.array([rarest]), np.array([words]))[0])
    assert 0 <= found <= max(score, cosine, 1 - rarest) + 1e-15


@pytest.mark.parametrize(("articles", "seen"), [(1, [1]), (9, [1, 2, 9]), (99, [1, 50, 99])])
def test_rarity_is_a_share_of_that_of_a_word_that_no_article_has(articles: int, seen: list[int]) -> None:
    idf = np.array([np.log((1 + articles) / (1 + count)) + 1 for count in seen])
    rows = Rows(np.zeros(articles + 1, np.int64), np.zeros(0, np.int32), np.zeros(0), len(seen))
    rarity = titles_of(rows, idf, np.zeros(articles, np.int32), pack([""] * articles)).rarity
    nowhere = np.log((1 + articles) / (1 + 0)) + 1
    assert rarity == pytest.approx(idf / nowhere, abs=1e-15)
    assert list(rarity) == sorted(rarity, reverse=True) and 0 < rarity[-1] <= rarity[0] < 1


@hypothesis_settings(deadline=None)
@given(sites(), st.integers(0, 12), st.booleans())
def test_a_draft_is_judged_by_the_same_rule(
    site: tuple[Dense, Dense, list[int], int], own_words: int, unknown: bool
) -> None:
    scores, titles, lengths, _ = site
    own = titles_with(titles, lengths)
    among = np.arange(len(scores))[::-1]
    draft = DraftTitle("A draft", own.rows.row(0), own_words, unknown)
    found = like_draft(own, draft, among, scores[0, among], np.zeros(len(among)))
    assert list(found) == among.tolist()
    for row, like in found.items():
        words = min(lengths[row], own_words)
        wanted = blend(scores[0, row], (titles[0], titles[row]), words)
        if unknown:
            # A word that no title has is as rare as can be.
            wanted = min(1.0, words / 8) * (0.65 * scores[0, row] + 0.15 * float(titles[0] @ titles[row]))
        assert like == pytest.approx(wanted, abs=1e-12)


def test_a_draft_without_neighbours_is_like_none() -> None:
    titles = titles_with(np.ones((2, 4)), [8, 8])
    draft = DraftTitle("A draft", titles.rows.row(0), 8, unknown=False)
    assert like_draft(titles, draft, np.zeros(0, np.int64), np.zeros(0), np.zeros(0)) == {}


def test_a_draft_is_like_its_near_copies_and_like_no_part_of_its_series() -> None:
    titles = titles_with(np.eye(4)[:, :4], [2] * 4, ["Other", "Tides, part 2", "Tides, part 3", "Tides, part 1"])
    draft = DraftTitle("Tides, part 1", (np.zeros(0, np.int32), np.zeros(0)), 2, unknown=True)
    found = like_draft(titles, draft, np.arange(4), np.full(4, 0.8), np.array([0.95, 0.95, 1.0, 0.0]))
    assert found == pytest.approx({0: 0.95, 1: 0.0, 2: 1.0, 3: 0.25 * 0.65 * 0.8})


@pytest.mark.parametrize(
    ("families", "members"),
    [
        ([], {}),
        ([0, 1, 2], {}),
        ([0, 0, 2, 0], {0: (0, 1, 3)}),
        ([0, 1, 1, 0, 4], {0: (0, 3), 1: (1, 2)}),
    ],
)
def test_members_are_listed_for_families_of_several(families: list[int], members: dict[int, tuple[int, ...]]) -> None:
    assert members_of(families) == members
