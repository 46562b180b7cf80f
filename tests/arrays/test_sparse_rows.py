"""Sparse rows and packed texts against dense arrays and plain lists."""

from __future__ import annotations

import bisect
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.arrays import sparse_rows
from recommender.arrays.sparse_rows import (
    Finder,
    Rows,
    Texts,
    ascends,
    dots_of,
    meet,
    near_dots,
    numbered,
    pack,
    shared,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
COUNTED = st.integers(-3, 3).map(float)


def rows_of(dense: NDArray[np.float64]) -> Rows:
    row, column = np.nonzero(dense)
    indptr = np.searchsorted(row, np.arange(len(dense) + 1)).astype(np.int64)
    return Rows(indptr, column.astype(np.int32), dense[row, column], dense.shape[1])


@st.composite
def matrices(draw: st.DrawFn) -> NDArray[np.float64]:
    n, columns = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    cells = st.lists(COUNTED, min_size=n * columns, max_size=n * columns)
    return np.array(draw(cells)).reshape(n, columns)


@given(matrices())
def test_a_row_is_that_of_the_dense_matrix(dense: NDArray[np.float64]) -> None:
    rows = rows_of(dense)
    assert len(rows) == len(dense)
    for number, line in enumerate(dense):
        columns, values = rows.row(number)
        assert columns.tolist() == np.flatnonzero(line).tolist()
        assert values.tolist() == line[line != 0].tolist()


@given(matrices())
def test_shared_columns_and_dots_are_the_dense_products(dense: NDArray[np.float64]) -> None:
    rows, dots = rows_of(dense), dense @ dense.T
    for one in range(len(dense)):
        assert dots_of(rows, rows.row(one), np.arange(len(dense))).tolist() == dots[one].tolist()
        for other in range(len(dense)):
            columns, products = shared(rows.row(one), rows.row(other))
            both = (dense[one] != 0) & (dense[other] != 0)
            assert columns.tolist() == np.flatnonzero(both).tolist()
            assert products.tolist() == (dense[one] * dense[other])[both].tolist()
            assert ordered_sum(products) == dots[one, other]


def test_dots_are_added_in_the_order_of_the_columns() -> None:
    random = np.random.default_rng(3)
    rows = rows_of(random.random((20, 300)) * (random.random((20, 300)) < 0.5))
    one_by_one = [ordered_sum(shared(rows.row(7), rows.row(other))[1]) for other in range(20)]
    assert dots_of(rows, rows.row(7), np.arange(20)).tolist() == one_by_one


def ordered_sum(values: np.ndarray) -> float:
    """Add from the first to the last, one after the other: the order that the contract fixes for scores."""
    return float(np.add.accumulate(values)[-1]) if len(values) else 0.0


@pytest.mark.parametrize("chunk", [1, 3, 1024])
@given(dense=matrices())
def test_near_dots_are_near_whatever_the_chunks(chunk: int, dense: NDArray[np.float64]) -> None:
    rows, dots = rows_of(dense), dense @ dense.T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparse_rows, "CHUNK", chunk)
        for one in range(len(dense)):
            assert near_dots(rows, rows.row(one)) == pytest.approx(dots[one], abs=1e-12)


@given(matrices(), st.data())
def test_dots_of_some_rows_are_those_of_all(dense: NDArray[np.float64], data: st.DataObject) -> None:
    rows = rows_of(dense)
    numbers = np.array(data.draw(st.lists(st.integers(0, len(dense) - 1), max_size=8)), np.int64)
    assert dots_of(rows, rows.row(0), numbers).tolist() == (dense @ dense[0])[numbers].tolist()


@given(matrices(), st.data())
def test_a_row_meets_others_in_the_columns_that_both_have(dense: NDArray[np.float64], data: st.DataObject) -> None:
    rows, columns = rows_of(dense), np.flatnonzero(dense[0]).astype(np.int32)
    numbers = data.draw(st.lists(st.integers(0, len(dense) - 1), max_size=8))
    met = meet(rows, columns, np.array(numbers, np.int64))
    wanted = [(owner, column) for owner, row in enumerate(numbers) for column in np.flatnonzero(dense[row] * dense[0])]
    assert list(zip(met.owners.tolist(), columns[met.own].tolist(), strict=True)) == wanted
    assert rows.indices[met.places].tolist() == [column for _, column in wanted]
    held = [(owner, column) for owner, row in enumerate(numbers) for column in np.flatnonzero(dense[row])]
    assert list(zip(met.held[0].tolist(), rows.indices[met.held[1]].tolist(), strict=True)) == held
    counts = [sum(owner == number for owner, _ in wanted) for number in range(len(numbers))]
    assert met.sums(np.ones(len(wanted))).tolist() == counts


def test_texts_that_were_looked_into_are_pickled_without_their_views() -> None:
    texts = pack(["a", "bc"])
    assert texts[1] == "bc"
    again = pickle.loads(pickle.dumps(texts))
    assert again.all() == ["a", "bc"]


@given(st.lists(TEXT), TEXT)
def test_the_place_of_a_text_is_where_it_would_be_put(texts: list[str], other: str) -> None:
    ordered = sorted(text.encode() for text in texts)
    packed = pack(text.decode() for text in ordered)
    assert packed.place(other.encode()) == bisect.bisect_left(ordered, other.encode())


# Few letters and much in common, so that texts meet within their first 8 bytes and behind them.
ALIKE = st.text(st.sampled_from("ab\0é"), max_size=3).flatmap(lambda end: st.sampled_from([end, f"abababa{end}"]))


@given(st.sets(ALIKE | TEXT), st.lists(ALIKE | TEXT), st.data())
def test_many_texts_are_found_as_each_is(texts: set[str], others: list[str], data: st.DataObject) -> None:
    ordered = sorted(texts, key=str.encode)
    packed = pack(ordered)
    low = data.draw(st.integers(0, len(ordered)))
    high = data.draw(st.integers(low, len(ordered)))
    asked = [*others, *ordered, "\ud800"]
    wanted = [ordered.index(one) if one in ordered[low:high] else -1 for one in asked]
    assert packed.find_all(asked, low, high) == wanted
    assert [packed.find(one, low, high) for one in asked] == wanted


def test_a_row_without_values_shares_nothing() -> None:
    rows = rows_of(np.array([[0.0, 0.0], [1.0, 2.0]]))
    assert dots_of(rows, rows.row(0), np.arange(2)).tolist() == [0.0, 0.0]
    assert len(shared(rows.row(0), rows.row(1))[0]) == 0


@given(st.lists(TEXT, max_size=12))
def test_packed_texts_come_back_one_by_one_and_all_at_once(texts: list[str]) -> None:
    packed = pack(texts)
    assert len(packed) == len(texts)
    assert packed.all() == texts == [packed[number] for number in range(len(texts))]
    assert (packed.blob.dtype, packed.offsets.dtype) == (np.uint8, np.int64)


@given(st.sets(TEXT, max_size=12), TEXT, st.data())
def test_find_is_a_search_among_sorted_texts_between_bounds(texts: set[str], other: str, data: st.DataObject) -> None:
    ordered = sorted(texts)
    packed = pack(ordered)
    low = data.draw(st.integers(0, len(ordered)))
    high = data.draw(st.integers(low, len(ordered)))
    for text in {*texts, other}:
        assert packed.find(text) == (ordered.index(text) if text in texts else -1)
        inside = text in ordered[low:high]
        assert packed.find(text, low, high) == (ordered.index(text) if inside else -1)


def test_find_looks_no_further_than_its_bounds() -> None:
    assert pack(["a", "b", "c"]).find("c", 0, 2) == -1
    assert pack(["a", "b", "c"]).find("a", 1, 3) == -1


@pytest.mark.parametrize("text", ["\udcff", "a\ud800"])
def test_a_lone_surrogate_from_a_command_line_is_not_found_and_breaks_nothing(text: str) -> None:
    assert pack(["a", "é", "\U0001f600"]).find(text) == -1


def test_bytes_that_are_no_text_are_replaced_and_stop_nothing() -> None:
    texts = Texts(np.frombuffer(b"a\xffb", np.uint8), np.array([0, 2, 3], np.int64))
    assert texts.all() == [texts[0], texts[1]] == ["a\ufffd", "b"]


@pytest.mark.parametrize(
    ("indptr", "indices", "good"),
    [
        ([0], [], True),
        ([0, 0, 0], [], True),
        ([0, 3, 3, 5], [0, 4, 9, 0, 9], True),
        ([0, 3, 3, 5], [0, 9, 4, 0, 9], False),
        ([0, 3, 3, 5], [0, 4, 4, 0, 9], False),
        ([0, 3, 3, 5], [0, 4, 9, 9, 0], False),
        ([0, 2, 5], [0, 4, 3, 0, 9], False),
    ],
)
def test_ascends(indptr: list[int], indices: list[int], good: bool) -> None:
    assert ascends(np.array(indptr, np.int64), np.array(indices, np.int32)) == good


@given(st.lists(TEXT, unique=True, max_size=40), TEXT)
def test_texts_are_found_like_in_a_dictionary(texts: list[str], other: str) -> None:
    finder, known = Finder(pack(texts)), {text: number for number, text in enumerate(texts)}
    for text in [*texts, other]:
        assert finder.find(text.encode()) == known.get(text, -1)


def test_texts_of_one_bucket_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparse_rows, "crc32", lambda data: 1)
    finder = Finder(pack(["/a", "/b", "/c"]))
    assert [finder.find(url) for url in (b"/a", b"/b", b"/c", b"/d", b"")] == [0, 1, 2, -1, -1]


@given(st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=12))
def test_texts_are_numbered_as_they_come(texts: list[str]) -> None:
    known, numbers = numbered(texts)
    assert [list(known)[number] for number in numbers] == texts
    assert list(known.values()) == list(range(len(set(texts))))
