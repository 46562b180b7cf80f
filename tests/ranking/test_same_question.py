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
    Alike,
    DraftTitle,
    Titles,
    like_draft,
    likeness,
    titles_of,
)
from recommender.site.corpus import members_of
from recommender.text.tfidf import Space, Vectors

Dense = NDArray[np.float64]
RARITY = np.array([0.0, 0.25, 0.5, 1.0])


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
    return Titles(
        rows_of(dense),
        RARITY,
        np.ones(len(dense)),
        np.array(lengths, np.float64),
        asking=True,
        texts=pack(texts),
    )


def blend(
    score: float, overlap: float, titles: tuple[NDArray[np.float64], NDArray[np.float64]], words: int, unknown: int = 0
) -> float:
    """Blend by the description: 0.6 articles, 0.15 titles, 0.2 shared words, 0.168 less what one title alone has."""
    one, other = (set(np.flatnonzero(title).tolist()) for title in titles)
    alone = [float(RARITY[column]) for column in one ^ other] + [1.0] * unknown
    apart = 0.15 * max(alone, default=0.0) + 0.01 * sum(alone)
    whole = 0.6 * score + 0.15 * float(titles[0] @ titles[1]) + 0.2 * overlap + 0.168 - apart
    return min(1.0, words / 8) * min(1.0, max(0.0, whole))


@pytest.mark.parametrize(
    ("words", "share"), [(0, 0.0), (1, 0.125), (4, 0.5), (7, 0.875), (8, 1.0), (9, 1.0), (100, 1.0)]
)
def test_a_short_title_counts_less(words: int, share: float) -> None:
    one, none = np.ones(1), np.zeros(1)
    assert likeness(one, one, (one, none, none), np.array([float(words)])) == pytest.approx([share], abs=1e-15)


@pytest.mark.parametrize(
    ("score", "overlap", "titles", "like"),
    [
        (1.0, 0.0, (0.0, 0.0, 0.0), 0.768),
        (0.0, 1.0, (0.0, 0.0, 0.0), 0.368),
        (0.0, 0.0, (1.0, 0.0, 0.0), 0.318),
        (0.0, 0.0, (0.0, 1.0, 1.0), 0.008),
        (0.0, 0.0, (0.0, 1.0, 3.0), 0.0),
        (0.5, 0.5, (0.5, 0.5, 1.0), 0.558),
        (1.0, 1.0, (1.0, 0.0, 0.0), 1.0),
    ],
)
def test_the_shares_of_a_likeness(
    score: float, overlap: float, titles: tuple[float, float, float], like: float
) -> None:
    compared = (np.array([titles[0]]), np.array([titles[1]]), np.array([titles[2]]))
    found = likeness(np.array([score]), np.array([overlap]), compared, np.array([8.0]))
    assert found == pytest.approx([like], abs=1e-15)


@given(*[st.floats(0, 1)] * 4, st.floats(0, 20), st.floats(0, 40))
def test_a_likeness_is_between_0_and_1_and_falls_with_every_word_that_one_title_alone_has(
    score: float, overlap: float, cosine: float, rarest: float, alone: float, words: float
) -> None:
    one, other, length = np.array([score]), np.array([overlap]), np.array([words])
    compared = np.array([cosine]), np.array([rarest]), np.array([alone])
    found = float(likeness(one, other, compared, length)[0])
    assert 0 <= found <= 1
    assert float(likeness(one, other, (*compared[:2], compared[2] + 1), length)[0]) <= found


def titles_as_written(*texts: str) -> Titles:
    """Make titles of eight words each."""
    rows = Rows(np.zeros(len(texts) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0), 1)
    vectors = Vectors(Space(("title",), (1.0,), np.array([0, 1]), pack(["a"]), np.ones(1)), rows)
    return titles_of(vectors, np.zeros(len(texts), np.int32), np.full(len(texts), 8, np.int32), pack(texts))


@pytest.mark.parametrize("mark", ["?", "\uff1f", "\u061f", "\u037e", "\u055e"])
def test_a_title_that_does_not_ask_names_a_thing_on_a_site_where_few_ask(mark: str) -> None:
    named, asked = ["Set up tides", "Überblick: tides", ""] * 25, f"What moves the tides{mark}"
    few = titles_as_written(*named, "The tides", *[asked] * 24)
    assert (few.asking, few.lengths.tolist()) == (False, [0] * 76 + [8] * 24)
    many = titles_as_written(*named, *[asked] * 25)
    assert (many.asking, many.lengths.tolist()) == (True, [8] * 100)
    # Of fewer titles nothing is told.
    small = titles_as_written(*named)
    assert (small.asking, small.lengths.tolist()) == (True, [8] * 75)


def test_a_likeness_of_names_is_that_of_near_copies_alone() -> None:
    titles = titles_as_written("Set up the reminders", "Set up reminders", "What is it?", *["Terms"] * 97)
    vector = np.zeros(0, np.int32), np.zeros(0)
    alike = Alike(np.full(3, 0.9), np.full(3, 0.9), np.array([0.0, 0.95, 0.0]))
    named, asked = (
        like_draft(titles, DraftTitle(text, vector, words, 0), np.arange(3), alike)
        for text, words in (("Set up a reminder", 0), ("Is it?", 8))
    )
    assert named == {0: 0.0, 1: 0.95, 2: 0.0}
    assert asked == pytest.approx({0: 0.0, 1: 0.95, 2: 0.6 * 0.9 + 0.2 * 0.9 + 0.168})


@pytest.mark.parametrize(("articles", "seen"), [(1, [1]), (9, [1, 2, 9]), (99, [1, 50, 99])])
def test_a_word_that_no_article_has_is_rarer_than_all(articles: int, seen: list[int]) -> None:
    idf = np.array([np.log((1 + articles) / (1 + count)) + 1 for count in seen])
    # Of a group of two articles beside these, and not of them, such a word is less rare.
    groups, count = np.repeat(np.array([0, 1], np.int32), [articles, 2]), articles + 2
    space = Space(("title",), (1.0,), np.array([0, len(seen), len(seen)]), pack(map(str, seen)), idf)
    vectors = Vectors(space, Rows(np.zeros(count + 1, np.int64), np.zeros(0, np.int32), np.zeros(0), len(seen)))
    titles = titles_of(vectors, groups, np.zeros(count, np.int32), pack([""] * count))
    highest = np.log((1 + np.array([articles, 2])) / (1 + 0)) + 1
    assert titles.highest.tolist() == pytest.approx(np.repeat(highest, [articles, 2]).tolist(), abs=1e-15)
    assert (titles.idf < titles.highest[0]).all()


@hypothesis_settings(deadline=None)
@given(sites(), st.integers(0, 12), st.integers(0, 3), st.floats(0, 1))
def test_a_draft_is_judged_by_the_same_rule(
    site: tuple[Dense, Dense, list[int], int], own_words: int, unknown: int, overlap: float
) -> None:
    scores, titles, lengths, _ = site
    own = titles_with(titles, lengths)
    among = np.arange(len(scores))[::-1]
    draft = DraftTitle("A draft", own.rows.row(0), own_words, unknown)
    alike = Alike(scores[0, among], np.full(len(among), overlap), np.zeros(len(among)))
    found = like_draft(own, draft, among, alike)
    assert list(found) == among.tolist()
    for row, like in found.items():
        wanted = blend(scores[0, row], overlap, (titles[0], titles[row]), min(lengths[row], own_words), unknown)
        assert like == pytest.approx(wanted, abs=1e-12)


def test_a_draft_without_neighbours_is_like_none() -> None:
    titles = titles_with(np.ones((2, 4)), [8, 8])
    draft = DraftTitle("A draft", titles.rows.row(0), 8, unknown=0)
    assert like_draft(titles, draft, np.zeros(0, np.int64), Alike(*[np.zeros(0)] * 3)) == {}


def test_a_draft_is_like_its_near_copies_and_like_no_part_of_its_series() -> None:
    titles = titles_with(np.eye(4)[:, :4], [2] * 4, ["Other", "Tides, part 2", "Tides, part 3", "Tides, part 1"])
    draft = DraftTitle("Tides, part 1", (np.zeros(0, np.int32), np.zeros(0)), 2, unknown=1)
    alike = Alike(np.full(4, 0.8), np.zeros(4), np.array([0.95, 0.95, 1.0, 0.0]))
    found = like_draft(titles, draft, np.arange(4), alike)
    # The title of the draft has a word that no other has; each of the others one of its own.
    assert found == pytest.approx({0: 0.95, 1: 0.0, 2: 1.0, 3: 0.25 * (0.6 * 0.8 + 0.168 - 0.15 - 0.02)})


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
