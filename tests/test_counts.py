"""Counted words against Counter, however the articles are cut."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.counts import Counts, arrange, article_words, count_texts
from recommender.settings import Settings

SETTINGS = Settings(fields={"title": 1.0, "text": 1.0}, text={"answer": 1, "title": 3}, lead_words=2, lead_times=2)
WORDS = st.lists(st.sampled_from(["sun", "moon", "star", "ring", "Io"]), max_size=7).map(" ".join)
SITES = st.lists(st.tuples(WORDS, WORDS), max_size=6)


def table(counts: Counts) -> list[dict[str, int]]:
    return [
        {counts.vocabulary[counts.indices[at]]: int(counts.data[at]) for at in range(start, stop)}
        for start, stop in zip(counts.indptr[:-1].tolist(), counts.indptr[1:].tolist(), strict=True)
    ]


def wanted(title: str, answer: str) -> list[Counter[str]]:
    words, long = title.lower().split(), answer.lower().split()
    return [Counter(words), Counter(long + 2 * long[:2] + 3 * words), Counter(long[:2] + 3 * words), Counter(words)]


@given(SITES)
def test_words_are_counted_field_by_field(site: list[tuple[str, str]]) -> None:
    assert SETTINGS.sources == ("title", "answer")
    counted = count_texts(site, SETTINGS)
    found = [table(counts) for counts in counted]
    assert found == [[dict(row) for row in column] for column in zip(*(wanted(*own) for own in site), strict=True)] or (
        not site and found == [[], [], [], []]
    )
    assert [set().union(*rows) for rows in found] == [set(counts.vocabulary) for counts in counted]


@given(SITES, st.integers(0, 99))
def test_arranged_chunks_have_the_rows_that_stay_in_their_new_order(site: list[tuple[str, str]], seed: int) -> None:
    draw = np.random.default_rng(seed)
    stays = draw.random(len(site)) < 0.7
    rows = np.full(len(site), -1)
    rows[stays] = draw.permutation(int(stays.sum()))
    cut = len(site) // 2
    chunks = [count_texts(site[:cut], SETTINGS), count_texts(site[cut:], SETTINGS)]
    counted = arrange(chunks, [rows[:cut].tolist(), rows[cut:].tolist()])
    for field in range(4):
        flat = [row for chunk in counted.chunks for row in table(chunk[field])]
        names = [place for place in np.argsort(rows, kind="stable").tolist() if stays[place]]
        assert [flat[place] for place in counted.order.tolist()] == [dict(wanted(*site[name])[field]) for name in names]
        for chunk in counted.chunks:
            assert set(chunk[field].vocabulary) == set().union(*table(chunk[field]))


def test_the_title_is_counted_last_even_where_it_has_no_weight() -> None:
    settings = Settings(fields={"text": 1.0}, text={"answer": 1})
    words = article_words({"title": "A b", "answer": "c"}, settings)
    assert (words.fields, words.head, words.title) == ([["c", "c", "c"]], ["c"], ["a", "b"])
    assert table(count_texts([("A b", "c")], settings)[-1]) == [{"a": 1, "b": 1}]
