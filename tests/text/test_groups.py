"""Each group of articles is weighed as if it were the site."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.arrays import compiling
from recommender.arrays.sparse_rows import entries_of, pack
from recommender.settings import Settings
from recommender.text.groups import fit_groups, group_of
from recommender.text.tfidf import Coverage, Space, Vectors, fit_vectors
from recommender.text.tokens import Tokenized, Words, join, tokenize_articles
from tests.text.test_tfidf import article

SETTINGS = Settings()
SAID = ["die Katzen fangen Mäuse", "the cats die", "Katze und Maus", "cat the cafe", "café, cafés und Mäuse", ""]


def bits(values: NDArray[Any]) -> tuple[str, bytes]:
    return str(values.dtype), values.tobytes()


def read(texts: list[str], parts: int) -> Tokenized:
    """Read articles in so many parts, each with a vocabulary of its own."""
    whole = [article(number, title=text, answer=f"{text} {text}") for number, text in enumerate(texts)]
    tokens = [tokenize_articles(whole[first::parts], SETTINGS).parts for first in range(min(parts, len(whole)))]
    order = np.concatenate([np.arange(len(whole))[first::parts] for first in range(len(tokens))])
    return Tokenized(tuple(join(own) for own in tokens), np.argsort(order))


def assert_as_alone(vectors: Vectors, own: Vectors, group: int, rows: NDArray[np.int64]) -> None:
    """Compare the columns and rows of a group with those of a site of its articles alone."""
    space = vectors.space.of_group(group)
    first, last = int(space.starts[0]), int(space.starts[-1])
    assert bits(space.starts - first) == bits(own.space.starts)
    assert space.terms.some(range(first, last)) == own.space.terms.all()
    assert bits(space.idf[first:last]) == bits(own.space.idf)
    here = vectors.rows.some(rows)
    assert bits(here.indptr) == bits(own.rows.indptr)
    assert bits(here.indices - np.int32(first)) == bits(own.rows.indices)
    assert bits(here.data) == bits(own.rows.data)


@given(st.lists(st.tuples(st.sampled_from(SAID), st.integers(0, 2)), min_size=1, max_size=9), st.integers(1, 3))
def test_a_group_is_weighed_as_a_site_of_its_articles_alone(drawn: list[tuple[str, int]], parts: int) -> None:
    texts = [text for text, _ in drawn]
    groups = np.unique([group for _, group in drawn], return_inverse=True)[1].astype(np.int32)
    fitted = fit_groups(read(texts, parts), SETTINGS, groups)
    for group in range(groups.max() + 1):
        rows = np.flatnonzero(groups == group)
        alone = fit_vectors(read([texts[row] for row in rows], 1), SETTINGS)
        assert_as_alone(fitted.main, alone.main, group, rows)
        assert_as_alone(fitted.titles, alone.titles, group, rows)
        entries = entries_of(fitted.main.rows.indptr, rows)[1]
        for name in ("texts", "heads", "titles"):
            assert bits(getattr(fitted.coverage, name)[entries]) == bits(getattr(alone.coverage, name))
        assert bits(fitted.coverage.slack[rows]) == bits(alone.coverage.slack)


def test_both_ways_give_the_same_bits() -> None:
    groups = np.array([0, 1, 0, 1, 0, 1], np.int32)
    plain = fit_groups(read(SAID, 2), SETTINGS, groups)
    with compiling.always():
        compiled = fit_groups(read(SAID, 2), SETTINGS, groups, again=True)
    for one, other in ((plain.main, compiled.main), (plain.titles, compiled.titles)):
        assert bits(one.rows.data) == bits(other.rows.data)
        assert bits(one.space.idf) == bits(other.space.idf)


@pytest.mark.parametrize(("articles", "counts"), [(99, True), (100, False)])
def test_a_site_of_100_articles_tells_of_ten_what_most_of_them_share(articles: int, counts: bool) -> None:
    """ "gut" is in six of ten German articles, and in less than half of all."""
    texts = [f"gut wort{number}" if number < 6 else f"word{number}" for number in range(articles)]
    groups = (np.arange(articles) >= 10).astype(np.int32)
    space = fit_groups(read(texts, 1), SETTINGS, groups).main.space.of_group(0)
    number = space.terms.find("gut", *space.starts[:2].tolist())
    assert bool(space.idf[number] > 0) is counts


def space_of(*groups: list[str]) -> Space:
    starts = np.cumsum([0, *map(len, groups)])
    return Space(("text",), (1.0,), starts, pack(word for own in groups for word in own), np.ones(starts[-1]))


@pytest.mark.parametrize(
    ("words", "group"),
    [
        (["die", "katze"], 1),
        (["die", "cat"], 0),  # as many are of both
        (["cat", "die", "katze", "maus"], 1),
        (["chat"], 0),
    ],
)
def test_a_draft_counts_in_the_group_that_has_most_of_its_words(words: list[str], group: int) -> None:
    assert group_of(space_of(["cat", "die", "the"], ["die", "katze", "maus"]), Words([words], [], [])) == group
    assert group_of(space_of(["cat", "die", "the"]), Words([words], [], [])) == 0


def test_texts_are_as_long_as_those_of_their_group() -> None:
    empty, groups = np.zeros(0, np.uint16), np.array([0, 1, 0, 1], np.int32)
    lengths = np.array([10.0, 100.0, 30.0, 300.0])
    coverage = Coverage(empty, empty, np.zeros(0, np.uint8), lengths, groups)
    assert coverage.means.tolist() == [20.0, 200.0]
    assert coverage.slack.tolist() == [coverage.slack_of(lengths[[row]], int(groups[row]))[0] for row in range(4)]
    assert coverage.slack[0] == coverage.slack[1] == 1.5 * (0.25 + 0.75 * 0.5)
