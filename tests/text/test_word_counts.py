"""Counted words against Counter, however the articles are cut."""

from __future__ import annotations

import gc
import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.settings import Settings
from recommender.text.word_counts import HEADS, TITLES, Counts, arrange, article_words, join, say, title_words
from recommender.text.word_counts_compiled import count_words

SETTINGS = Settings(fields={"title": 1.0, "text": 1.0}, text={"answer": 1, "title": 3}, lead_words=2, lead_times=2)
WORDS = st.lists(st.sampled_from(["sun", "moon", "star", "ring", "Io"]), max_size=7).map(" ".join)
SITES = st.lists(st.tuples(WORDS, WORDS), max_size=6)


def count_texts(texts: Sequence[Sequence[str]], settings: Settings) -> Counts:
    return count_words([say(texts, settings)], settings)


def table(counts: Counts, column: int) -> list[dict[str, int]]:
    words, times = [counts.vocabulary[number] for number in counts.indices.tolist()], counts.data[:, column].tolist()
    return [
        {words[at]: times[at] for at in range(start, stop) if times[at]}
        for start, stop in itertools.pairwise(counts.indptr.tolist())
    ]


def wanted(title: str, answer: str) -> list[Counter[str]]:
    words, long = title.lower().split(), answer.lower().split()
    return [Counter(words), Counter(long + 2 * long[:2] + 3 * words), Counter(long[:2] + 3 * words), Counter(words)]


@given(SITES)
def test_words_are_counted_field_by_field(site: list[tuple[str, str]]) -> None:
    assert SETTINGS.sources == ("title", "answer")
    counted = count_texts(site, SETTINGS)
    found = [table(counted, column) for column in range(4)]
    assert found == [[dict(wanted(*own)[column]) for own in site] for column in range(4)]
    assert set().union(*(row for rows in found for row in rows)) == set(counted.vocabulary)
    assert counted.data.any(axis=1).all()


@given(SITES, st.integers(0, 99))
def test_arranged_chunks_have_the_rows_that_stay_in_their_new_order(site: list[tuple[str, str]], seed: int) -> None:
    draw = np.random.default_rng(seed)
    stays = draw.random(len(site)) < 0.7
    rows = np.full(len(site), -1)
    rows[stays] = draw.permutation(int(stays.sum()))
    cut = len(site) // 2
    counted = arrange(join([count_texts(site[:cut], SETTINGS), count_texts(site[cut:], SETTINGS)]), rows)
    for field in range(4):
        flat = table(counted.counts, field)
        names = [place for place in np.argsort(rows, kind="stable").tolist() if stays[place]]
        assert [flat[place] for place in counted.order.tolist()] == [dict(wanted(*site[name])[field]) for name in names]
    assert title_words(counted).tolist() == [len(site[name][0].split()) for name in names]
    counts = counted.counts
    assert sorted(counts.vocabulary) == sorted({w for field in range(4) for row in table(counts, field) for w in row})


def test_the_title_is_counted_last_even_where_it_has_no_weight() -> None:
    settings = Settings(fields={"text": 1.0}, text={"answer": 1})
    words = article_words({"title": "A b", "answer": "c"}, settings)
    assert (words.fields, words.head, words.title) == ([["c", "c", "c"]], ["c"], ["a", "b"])
    assert table(count_texts([("A b", "c")], settings), TITLES) == [{"a": 1, "b": 1}]


TEXT = st.lists(st.sampled_from(["sun", "moon", "star"]), max_size=9).map(" ".join)
TIMES = st.integers(0, 3)


@given(st.tuples(TEXT, TEXT, TEXT, TEXT), st.tuples(TIMES, TIMES, TIMES, TIMES, TIMES, TIMES))
def test_a_chunk_counts_as_a_draft_is_composed(texts: tuple[str, ...], times: tuple[int, ...]) -> None:
    names = ("title", "seo.page_keywords", "answer", "body")
    settings = Settings(
        fields={"title": 0.5, "text": 1.0, "body": 0.5},
        text=dict(zip(names, times, strict=False)),
        lead_words=times[4],
        lead_times=times[5],
    )
    own = dict(zip(names, texts, strict=True))
    counts = count_texts([[own[name] for name in settings.sources]], settings)
    words = article_words(own, settings)
    assert [table(counts, column)[0] for column in range(len(words.fields))] == [Counter(f) for f in words.fields]
    assert (table(counts, HEADS)[0], table(counts, TITLES)[0]) == (Counter(words.head), Counter(words.title))


def test_counting_leaves_no_cycles() -> None:
    # A build collects none while it reads: what is in a cycle stays, and a million articles' memory with it.
    chunks = [count_texts([("moon", "the tide")], SETTINGS) for _ in range(2)]
    gc.collect()
    gc.freeze()  # what other tests have left may become garbage at any time
    gc.disable()
    try:
        found = join([count_texts([("sun", "the wave")], SETTINGS), *chunks])
        assert gc.collect() == 0
    finally:
        gc.enable()
        gc.unfreeze()
    assert sorted(found.vocabulary) == ["moon", "sun", "the", "tide", "wave"]
