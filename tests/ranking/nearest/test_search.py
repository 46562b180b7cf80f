"""The fast search against a dense float64 brute force."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Rows
from recommender.ranking import brute_force
from recommender.ranking.nearest import search
from recommender.ranking.nearest.search import nearest


def rows_of(dense: NDArray[np.float64]) -> Rows:
    norms = np.sqrt((dense**2).sum(axis=1, keepdims=True))
    dense = dense / np.where(norms > 0, norms, 1)
    row, column = np.nonzero(dense)
    indptr = np.searchsorted(row, np.arange(len(dense) + 1)).astype(np.int64)
    return Rows(indptr, column.astype(np.int32), dense[row, column], dense.shape[1])


def cosines(matrix: Rows) -> NDArray[np.float64]:
    """Give all scores, each summed in ascending term number."""
    dense = np.zeros((len(matrix), matrix.columns))
    for i in range(len(matrix)):
        terms, weights = matrix.row(i)
        dense[i, terms] = weights
    scores = np.zeros((len(matrix), len(matrix)))
    for column in dense.T:
        scores += np.outer(column, column)
    return scores


def lists(matrix: Rows, k: int, families: NDArray[np.int32], floor: float) -> list[list[tuple[int, float]]]:
    scores, result = cosines(matrix), []
    for x, own in enumerate(scores):
        allowed = (families != families[x]) & (own > floor) & (np.rint(own * 1e9) > 0)
        order = sorted(np.flatnonzero(allowed), key=lambda y: (-np.rint(own[y] * 1e9), y))
        result.append([(int(y), float(own[y])) for y in order[:k]])
    return result


def answer(matrix: Rows, k: int, families: NDArray[np.int32], floor: float = 0.0, threads: int = 2):
    found = nearest(matrix, k, families, floor, threads)
    assert found.rows.shape == found.scores.shape == (len(matrix), k)
    assert (found.rows.dtype, found.scores.dtype) == (np.int32, np.float64)
    assert not found.scores[found.rows < 0].any()
    pairs = zip(found.rows, found.scores, strict=True)
    return [[(int(y), float(s)) for y, s in zip(r, v, strict=True) if y >= 0] for r, v in pairs]


@st.composite
def matrices(draw: st.DrawFn) -> Rows:
    """Few different weights for many ties; empty and repeated rows; some terms nearly everywhere."""
    n, columns = draw(st.integers(1, 90)), draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    dense = random.random((n, columns)) < random.random(columns) ** draw(st.integers(1, 4))
    weights = random.integers(1, 4, dense.shape) if draw(st.booleans()) else random.random(dense.shape)
    dense = dense * weights
    if draw(st.booleans()):
        dense[:, 0] = draw(st.sampled_from([1e-9, 1.0, 50.0]))
    dense[random.random(n) < 0.1] = 0
    return rows_of(dense[random.integers(0, n, n)] if draw(st.booleans()) else dense)


@pytest.mark.slow  # generated sites
@settings(max_examples=120, deadline=None)
@given(matrices(), st.integers(1, 12), st.integers(1, 100), st.sampled_from([0.0, 0.2, 0.7]))
def test_nearest_is_the_brute_force(matrix: Rows, k: int, labels: int, floor: float) -> None:
    families = (np.arange(len(matrix)) * 7 % labels).astype(np.int32)
    if labels > 50:
        families = np.arange(len(matrix), dtype=np.int32) - 3
    assert answer(matrix, k, families, floor) == lists(matrix, k, families, floor)


def site(n: int = 700, columns: int = 1500) -> Rows:
    """Give rows like a site's: word frequencies after Zipf, so that common and rare terms both exist."""
    random = np.random.default_rng(5)
    dense = np.zeros((n, columns))
    for row in dense:
        words = np.minimum(random.zipf(1.3, 120), columns) - 1
        np.add.at(row, words, 1)
    present = (dense > 0).sum(axis=0)
    return rows_of(np.log1p(dense) * (np.log((1 + n) / (1 + present)) + 1))


@pytest.mark.slow  # many searches
@pytest.mark.parametrize("frequent", [0, 1, 40, 300, 4096])
def test_where_frequent_terms_end_changes_nothing(monkeypatch: pytest.MonkeyPatch, frequent: int) -> None:
    matrix = site(300)
    families = (np.arange(300) // 2).astype(np.int32)
    monkeypatch.setattr(search, "FREQUENT", frequent)
    index = search._build(search.by_frequency(matrix))
    assert (index.terms.size > 0, index.rows.size > 0) == (frequent > 0, frequent < 1000)
    for k in (1, 10, 64, 299, 400):
        assert answer(matrix, k, families) == lists(matrix, k, families, 0.0)


@pytest.mark.slow  # many searches
@pytest.mark.parametrize("k", [1, 10, 64])
def test_a_site_of_many_blocks_is_exact_with_little_room(monkeypatch: pytest.MonkeyPatch, k: int) -> None:
    matrix = site()
    families = (np.arange(len(matrix)) // 2).astype(np.int32)
    monkeypatch.setattr(search, "CAPACITY", 40)
    monkeypatch.setattr(search, "MAXIMA", 2 * k)
    monkeypatch.setattr(search, "FREQUENT", 100)
    assert answer(matrix, k, families) == lists(matrix, k, families, 0.0)


def odd_sites() -> dict[str, NDArray[np.float64]]:
    """Give sites that a bound in 16 bits could get wrong, or a search by blocks could."""
    random = np.random.default_rng(3)
    everywhere = 1 + random.random((200, 30)) * 1e-3
    long = np.where(random.random((60, 9000)) < 0.9, 1 + random.random((60, 9000)), 0)
    tiny = np.where(random.random((150, 12)) < 0.4, 1e-4 * random.random((150, 12)), 0)
    tiny[:, -1] = random.random(150) < 0.1
    alike = np.repeat(random.random((4, 20)), 300, axis=0)
    return {
        "every row nearly the same": everywhere,
        "rows of thousands of terms, whose weights lie below the smallest": long,
        "weights that are nearly 0 beside one that is nearly 1": tiny,
        "hundreds of copies": alike,
        "no two rows share a term": np.eye(100),
        "one pair in a hundred rows": np.vstack([np.eye(100, 101), np.eye(1, 101, 5)]),
    }


@pytest.mark.slow  # many searches
@pytest.mark.parametrize("name", odd_sites())
@pytest.mark.parametrize("frequent", [5, 4096])
def test_odd_sites_are_exact(monkeypatch: pytest.MonkeyPatch, name: str, frequent: int) -> None:
    matrix = rows_of(odd_sites()[name])
    families = np.arange(len(matrix), dtype=np.int32)
    monkeypatch.setattr(search, "FREQUENT", frequent)
    for floor in (0.0, 0.5):
        assert answer(matrix, 20, families, floor) == lists(matrix, 20, families, floor)


def test_shuffled_rows_have_the_same_neighbours() -> None:
    matrix = site(400)
    order = np.random.default_rng(1).permutation(400)
    parts = [matrix.row(i) for i in order]
    indptr = np.concatenate([[0], np.cumsum([len(terms) for terms, _ in parts])]).astype(np.int64)
    terms, weights = (np.concatenate(values) for values in zip(*parts, strict=True))
    families = np.arange(400, dtype=np.int32)
    plain = answer(matrix, 10, families)
    mixed = answer(Rows(indptr, terms, weights, matrix.columns), 10, families)
    for place, row in enumerate(order):
        assert {(int(order[y]), s) for y, s in mixed[place]} == set(plain[row])


def test_equal_rows_come_by_row_number_and_only_k_of_them() -> None:
    matrix = rows_of(np.ones((500, 3)))
    assert [y for y, _ in answer(matrix, 3, np.arange(500, dtype=np.int32))[1]] == [0, 2, 3]
    assert answer(matrix, 3, np.zeros(500, np.int32)) == [[]] * 500


def test_a_score_equal_to_the_floor_is_left_out() -> None:
    matrix = rows_of(np.array([[1.0, 0.0], [1.0, 0.0], [0.6, 0.8]]))
    families = np.arange(3, dtype=np.int32)
    score = cosines(matrix)[0, 2]
    assert [y for y, _ in answer(matrix, 2, families, score)[0]] == [1]
    assert [y for y, _ in answer(matrix, 2, families, np.nextafter(score, 0))[0]] == [1, 2]


def test_no_list_is_asked_for() -> None:
    assert nearest(site(50), 0, np.arange(50, dtype=np.int32), 0.0, 2).rows.shape == (50, 0)


@settings(max_examples=150)
@given(matrices(), st.integers(1, 9), st.data())
def test_brute_force_finds_the_same_to_the_bit(matrix: Rows, k: int, data: st.DataObject) -> None:
    n = len(matrix)
    families = np.array(data.draw(st.lists(st.integers(0, n), min_size=n, max_size=n)), np.int32)
    found, block = nearest(matrix, k, families, 0.0, 2), data.draw(st.integers(1, n))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(brute_force, "BLOCK", block)
        plain = brute_force.nearest(matrix, k, families)
    held = found.rows >= 0
    assert plain.indptr.tolist() == [0, *np.cumsum(held.sum(axis=1)).tolist()]
    assert plain.rows.tolist() == found.rows[held].tolist()
    assert plain.cosines.tobytes() == found.scores[held].tobytes()


def test_importing_brings_neither_sparse_matrices_nor_scikit_learn() -> None:
    script = "import sys, recommender.ranking.nearest.search; print({'scipy.sparse', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()", done.stdout


def test_the_answer_is_the_same_for_every_number_of_threads() -> None:
    matrix = site()
    families = np.arange(len(matrix), dtype=np.int32) // 2
    expected = answer(matrix, 7, families, threads=1)
    assert all(answer(matrix, 7, families, threads=threads) == expected for threads in (1, 2, 5))


@pytest.mark.parametrize(("n", "columns"), [(0, 0), (1, 0), (3, 0), (1, 5)])
def test_nothing_to_compare_gives_nothing(n: int, columns: int) -> None:
    matrix = rows_of(np.ones((n, columns)))
    assert answer(matrix, 3, np.arange(n, dtype=np.int32)) == [[] for _ in range(n)]
