"""The numbering loop and its plain twin: words that look alike, that are many, and that stand often."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.settings import Settings
from recommender.text import tokens, tokens_compiled, vocabulary, vocabulary_compiled
from recommender.text.tokens import MOST, TITLES, Tokenized, Tokens, columns_of_lines, say
from recommender.text.vocabulary import Merged

# Composed of the answer alone, so that its column is the answer's words; no words lead.
SETTINGS = Settings(fields={"text": 1.0}, text={"answer": 1}, lead_words=0)
TEXT = 0


def number_words(said: list[bytes], settings: Settings) -> Tokens:
    """Number in both ways, which give the same arrays."""
    found, plain = (module.number_words(said, settings) for module in (tokens_compiled, tokens))
    assert (found.vocabulary, found.lines) == (plain.vocabulary, plain.lines)
    for name in ("starts", "numbers"):
        one, other = getattr(found, name), getattr(plain, name)
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    return found


def count_words(said: list[bytes], settings: Settings) -> Merged:
    """Count in both ways, which give the same arrays."""
    words = number_words(said, settings)
    site, columns = Tokenized((words,), np.arange(words.articles)), columns_of_lines(settings)
    found, plain = (module.merge(site, str, columns) for module in (vocabulary_compiled, vocabulary))
    assert found.vocabulary == plain.vocabulary
    for name in ("indptr", "indices", "data"):
        one, other = getattr(found, name), getattr(plain, name)
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    return found


def rows(counts: Merged, column: int) -> list[dict[str, int]]:
    words, times = [counts.vocabulary[number] for number in counts.indices.tolist()], counts.data[:, column].tolist()
    return [
        {words[at]: times[at] for at in range(start, stop) if times[at]}
        for start, stop in itertools.pairwise(counts.indptr.tolist())
    ]


# Of 7, 8, 9 and 17 bytes, alike but for the last; "é" takes two.
STEMS = ("", "abcdef", "abcdefg", "abcdefgh", "abcdefghijklmnop", "ééé", "éééé")
ALIKE = [stem + end for stem in STEMS for end in ("x", "y", "é", "xx")]
SAID = st.lists(st.sampled_from(ALIKE), max_size=40)
BETWEEN = st.sampled_from([" , ", ". ", " ", "\n\n", "!?"])


@given(st.lists(st.tuples(SAID, SAID), max_size=5), st.integers(0, 5), BETWEEN)
def test_words_that_look_alike_are_told_apart(site: list[tuple[list[str], list[str]]], cut: int, between: str) -> None:
    texts = [(" ".join(title), between.join([*answer, ""])) for title, answer in site]
    counts = count_words([say(texts[:cut], SETTINGS), say(texts[cut:], SETTINGS)], SETTINGS)
    assert rows(counts, TITLES) == [Counter(title) for title, _ in site]
    assert rows(counts, TEXT) == [Counter(answer) for _, answer in site]
    assert len(set(counts.vocabulary)) == len(counts.vocabulary)


CODE = Settings(fields={"title": 0.5, "text": 1.0}, text={"answer": 2, "body": 1}, lead_words=4, code_times=2)
PROSE_AND_CODE = st.lists(st.sampled_from([*ALIKE[:5], "\n\n```\n", ".", " "]), max_size=30).map(" ".join)


@given(st.lists(st.tuples(SAID.map(" ".join), PROSE_AND_CODE, PROSE_AND_CODE), max_size=4))
def test_code_is_counted_as_by_the_plain_twin(site: list[tuple[str, str, str]]) -> None:
    assert len(count_words([say(site, CODE)], CODE).indptr) == len(site) + 1


def test_a_chunk_of_words_that_are_all_different_is_numbered() -> None:
    # Far more than the usual share of them: the table of words grows several times.
    draw = np.random.default_rng(7)
    words = [f"{number:x}" for number in draw.integers(0, 1 << 60, 30_000).tolist()]
    words += [f"{word}{word}" for word in words[:9_000]]
    texts = [("", " ".join(words[first : first + 3_000])) for first in range(0, len(words), 3_000)]
    found = number_words([say(texts, SETTINGS)], SETTINGS)
    assert found.vocabulary == list(dict.fromkeys(words))
    assert [found.vocabulary[number] for number in found.numbers.tolist()] == words


def test_a_count_ends_at_the_most_that_two_bytes_hold() -> None:
    counts = count_words([say([("", "la " * 70_000 + "lu " * 65_535 + "li")], SETTINGS)], SETTINGS)
    assert rows(counts, TEXT) == [{"la": MOST, "lu": MOST, "li": 1}]


def test_the_lead_runs_from_the_answer_into_the_body_whatever_their_order() -> None:
    for text in ({"body": 1, "answer": 1}, {"answer": 1, "body": 1}):
        settings = Settings(fields={"text": 1.0}, text=text, lead_words=3, lead_times=10)
        texts = {"title": "", "answer": "one two", "body": "three four one"}
        counts = count_words([say([[texts[name] for name in settings.sources]], settings)], settings)
        assert rows(counts, TEXT) == [{"one": 12, "two": 11, "three": 11, "four": 1}]


def test_a_site_without_words_has_all_columns() -> None:
    for said in ([], [b""], [say([("", "")], SETTINGS)]):
        counts = count_words(said, SETTINGS)
        assert (counts.vocabulary, counts.data.shape, counts.indices.tolist()) == ([], (0, 3), [])
        assert counts.indptr.tolist() == [0] * (1 + sum(map(bool, said)))
