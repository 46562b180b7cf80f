"""States by the day, the reasons that are told, and the text that an index and a model keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.visibility import ALWAYS, FIRST, GONE, LAST, TO_COME, VISIBLE, Visibility, read_visibility


@pytest.mark.parametrize(
    ("visibility", "states"),
    [
        (ALWAYS, {FIRST: VISIBLE, 0: VISIBLE, LAST: VISIBLE}),
        (Visibility(first=100, to_come="date"), {99: TO_COME, 100: VISIBLE, 101: VISIBLE}),
        (Visibility(last=100, gone="expires"), {99: VISIBLE, 100: VISIBLE, 101: GONE}),
        (Visibility(100, "date", 200, "expires"), {99: TO_COME, 100: VISIBLE, 200: VISIBLE, 201: GONE}),
        # A page that expires before it is published: gone, not to come.
        (Visibility(200, "date", 100, "expires"), {99: TO_COME, 100: TO_COME, 101: GONE, 200: GONE, 300: GONE}),
        (Visibility(first=LAST, to_come="draft: true"), {FIRST: TO_COME, 0: TO_COME, LAST - 1: TO_COME}),
        (Visibility(last=FIRST, gone="no_index: true"), {FIRST + 1: GONE, 0: GONE, LAST: GONE}),
    ],
)
def test_the_state_of_a_day(visibility: Visibility, states: dict[int, int]) -> None:
    assert {day: visibility.state(day) for day in states} == states


@pytest.mark.parametrize(
    ("visibility", "state", "reason"),
    [
        (ALWAYS, VISIBLE, ""),
        (Visibility(first=47_117, to_come="date"), TO_COME, "date: 2099-01-01 is to come"),
        (Visibility(first=47_117, to_come="date"), VISIBLE, ""),
        (Visibility(last=11_323, gone="expires"), GONE, "expires: 2001-01-01 is past"),
        (Visibility(first=LAST, to_come="draft: true"), TO_COME, "draft: true"),
        (Visibility(last=FIRST, gone="no_index: yes"), GONE, "no_index: yes"),
    ],
)
def test_the_reason(visibility: Visibility, state: int, reason: str) -> None:
    assert visibility.reason(state) == reason


WORDS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1)
DAYS = st.integers(FIRST, LAST)


@given(DAYS, WORDS, DAYS, WORDS, st.lists(WORDS), st.lists(WORDS))
def test_what_is_written_is_read(
    first: int, to_come: str, last: int, gone: str, never: list[str], no_list: list[str]
) -> None:
    whole = Visibility(first, to_come, last, gone, tuple(never), tuple(no_list))
    assert read_visibility(whole.written()) == whole
    assert read_visibility(whole._replace(first=FIRST, to_come="").written()).first == FIRST
    assert ALWAYS.written() == ""


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(read_visibility(text), Visibility)
