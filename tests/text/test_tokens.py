"""Words in order and their counts against Counter, however the articles are cut."""

from __future__ import annotations

import gc
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.settings import Settings
from recommender.text.tokenizer import at_most
from recommender.text.tokens import (
    HEADS,
    TITLES,
    Tokenized,
    Tokens,
    arrange,
    article_words,
    columns_of_lines,
    join,
    lines_of,
    number_words,
    say,
    take,
    title_words,
    tokenize_texts,
)
from recommender.text.vocabulary import Merged, merge

SETTINGS = Settings(fields={"title": 1.0, "text": 1.0}, text={"answer": 1, "title": 3}, lead_words=2, lead_times=2)
WORDS = st.lists(st.sampled_from(["sun", "moon", "star", "ring", "Io"]), max_size=7).map(" ".join)
SITES = st.lists(st.tuples(WORDS, WORDS), max_size=6)


def words_in(texts: Sequence[Sequence[str]], settings: Settings) -> Tokens:
    return number_words([say(texts, settings)], settings)


def counts_of(site: Tokenized, settings: Settings) -> Merged:
    return merge(site, str, columns_of_lines(settings))


def counted(texts: Sequence[Sequence[str]], settings: Settings) -> Merged:
    return counts_of(arrange(words_in(texts, settings), np.arange(len(texts))), settings)


def table(counts: Merged, column: int) -> list[dict[str, int]]:
    words, times = [counts.vocabulary[number] for number in counts.indices.tolist()], counts.data[:, column].tolist()
    return [
        {words[at]: times[at] for at in range(start, stop) if times[at]}
        for start, stop in itertools.pairwise(counts.indptr.tolist())
    ]


def written(tokens: Tokens) -> list[str]:
    """Give every line as text, with a bar between passages."""
    words = [*tokens.vocabulary, "|"]
    return [" ".join(words[n] for n in tokens.numbers[a:b]) for a, b in itertools.pairwise(tokens.starts.tolist())]


def wanted(title: str, answer: str) -> list[Counter[str]]:
    words, long = title.lower().split(), answer.lower().split()
    return [Counter(words), Counter(long + 2 * long[:2] + 3 * words), Counter(long[:2] + 3 * words), Counter(words)]


@given(SITES)
def test_words_are_counted_field_by_field(site: list[tuple[str, str]]) -> None:
    assert SETTINGS.sources == ("title", "answer")
    counts = counted(site, SETTINGS)
    found = [table(counts, column) for column in range(4)]
    assert found == [[dict(wanted(*own)[column]) for own in site] for column in range(4)]
    assert set().union(*(row for rows in found for row in rows)) == set(counts.vocabulary)
    assert counts.data.any(axis=1).all()


@given(SITES, st.integers(0, 99))
def test_arranged_chunks_have_the_rows_that_stay_in_their_new_order(site: list[tuple[str, str]], seed: int) -> None:
    draw = np.random.default_rng(seed)
    stays = draw.random(len(site)) < 0.7
    rows = np.full(len(site), -1)
    rows[stays] = draw.permutation(int(stays.sum()))
    cut = len(site) // 2
    tokens = join([words_in(site[:cut], SETTINGS), words_in(site[cut:], SETTINGS)])
    found = arrange(tokens, rows)
    names = [place for place in np.argsort(rows, kind="stable").tolist() if stays[place]]
    for field in range(4):
        assert table(counts_of(found, SETTINGS), field) == [dict(wanted(*site[name])[field]) for name in names]
    assert title_words(found).tolist() == [len(site[name][0].split()) for name in names]
    kept = take(tokens, found.order)
    assert written(kept) == [line for name in names for line in (site[name][0].lower(), site[name][1].lower(), "")]
    assert sorted(kept.vocabulary) == sorted({word for line in written(kept) for word in line.split()})


def test_the_title_is_counted_last_even_where_it_has_no_weight() -> None:
    settings = Settings(fields={"text": 1.0}, text={"answer": 1})
    words = article_words(tokenize_texts({"title": "A b", "answer": "c"}, settings), settings)
    assert (words.fields, words.head, words.title) == ([["c", "c", "c"]], ["c"], ["a", "b"])
    assert table(counted([("A b", "c")], settings), TITLES) == [{"a": 1, "b": 1}]


TEXT = st.lists(st.sampled_from(["sun", "moon", "star", "\n\n~~~\n", "?"]), max_size=9).map(" ".join)
TIMES = st.integers(0, 3)


@given(st.tuples(TEXT, TEXT, TEXT, TEXT), st.tuples(TIMES, TIMES, TIMES, TIMES, TIMES, TIMES, TIMES))
def test_a_text_counts_as_a_draft_is_composed(texts: tuple[str, ...], times: tuple[int, ...]) -> None:
    names = ("title", "seo.page_keywords", "answer", "body")
    settings = Settings(
        fields={"title": 0.5, "text": 1.0, "body": 0.5},
        text=dict(zip(names, times, strict=False)),
        lead_words=times[4],
        lead_times=times[5],
        code_times=times[6],
    )
    own = dict(zip(names, texts, strict=True))
    counts = counted([[own[name] for name in settings.sources]], settings)
    words = article_words(tokenize_texts(own, settings), settings)
    assert [table(counts, column)[0] for column in range(len(words.fields))] == [Counter(f) for f in words.fields]
    assert (table(counts, HEADS)[0], table(counts, TITLES)[0]) == (Counter(words.head), Counter(words.title))


def test_a_word_of_code_counts_so_many_times_at_most() -> None:
    text = "foo foo\n\n```\nfoo foo foo bar\n```\n\nlast"
    settings = Settings(fields={"text": 1.0}, text={"body": 1}, lead_times=0, lead_words=0, code_times=2)
    assert table(counted([["", text]], settings), 0) == [{"foo": 4, "last": 1, "bar": 1}]
    assert table(counted([["", text]], replace(settings, code_times=0)), 0) == [{"foo": 2, "last": 1}]
    assert at_most(["a", "b", "a", "a", "b"], 2) == ["a", "b", "a", "b"]


def test_sentences_lines_and_lists_of_long_texts_are_passages() -> None:
    settings = Settings(fields={"text": 1.0}, text={"answer": 1})
    assert lines_of(settings).sources == ("title", "answer", "answer")
    text = "One. Two!\n- three\n  1. x\n\n```\nfour\nfive\n```\n 日本。 中国"
    lines = written(words_in([["A. B", text]], settings))
    assert lines == ["a b", "one | two | three 1 x | 日本 | 中国", "four | five |"]


def test_numbering_leaves_no_cycles() -> None:
    # A build collects none while it reads: what is in a cycle stays, and a million articles' memory with it.
    chunks = [words_in([("moon", "the tide")], SETTINGS) for _ in range(2)]
    gc.collect()
    gc.freeze()  # what other tests have left may become garbage at any time
    gc.disable()
    try:
        found = join([words_in([("sun", "the wave")], SETTINGS), *chunks])
        assert gc.collect() == 0
    finally:
        gc.enable()
        gc.unfreeze()
    assert sorted(found.vocabulary) == ["moon", "sun", "the", "tide", "wave"]
