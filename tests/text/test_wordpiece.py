"""Tokens of BERT: those that the package tokenizers gives, and any text at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.text.wordpiece import CLS, SEP, token_numbers, vocabulary


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # As tokenizers 0.23.3 gives them with the tokenizer.json of all-MiniLM-L6-v2.
        pytest.param("How do cats purr?", [2129, 2079, 8870, 16405, 12171, 1029], id="pieces"),
        pytest.param("Café STRASSE, Straße", [7668, 2358, 8180, 3366, 1010, 2358, 27807], id="accents"),
        pytest.param("C++ & C#: 1.86?", [1039, 1009, 1009, 1004, 1039, 1001, 1024, 1015, 1012, 6564, 1029], id="signs"),
        pytest.param("東京 tower", [1879, 1755, 3578], id="ideographs"),
        pytest.param("Привет, мир", [1194, 16856, 10325, 25529, 15290, 22919, 1010, 1191, 10325, 16856], id="cyrillic"),
        pytest.param("ΟΔΟΣ", [1169, 29722, 29730, 29733], id="final-sigma-as-any"),
        pytest.param("a\u200bb soft\u00adhyphen\u00a0x", [11113, 3730, 10536, 8458, 2368, 1060], id="invisible"),
        pytest.param("x" * 101 + " y", [100, 1061], id="endless-word"),
        pytest.param("👍 ok", [100, 7929], id="unknown"),
        pytest.param(" \t\n", [], id="white-space"),
        pytest.param("", [], id="empty"),
    ],
)
def test_tokens_are_those_of_the_model(text: str, tokens: list[int]) -> None:
    assert token_numbers(text, 32) == [CLS, *tokens, SEP]


@given(st.text(max_size=200), st.integers(2, 40))
def test_any_text_gives_as_many_known_tokens_as_are_allowed(text: str, most: int) -> None:
    found = token_numbers(text, most)
    assert (found[0], found[-1]) == (CLS, SEP)
    assert len(found) <= most
    assert all(0 < number < len(vocabulary()) for number in found)
    whole = token_numbers(text, 1000)
    assert found[:-1] == whole[: len(found) - 1]


def test_the_vocabulary_has_its_numbers_by_line() -> None:
    assert (len(vocabulary()), vocabulary()["[CLS]"], vocabulary()["##s"]) == (30522, CLS, 2015)


def test_a_million_letters_take_no_longer_than_their_first_words() -> None:
    assert token_numbers("word " * 200_000, 8) == [CLS, *[2773] * 6, SEP]
