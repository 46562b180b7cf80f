"""The nearest rows of every row by cosine from all products: for small sites, and without numba."""

from __future__ import annotations

import numpy as np

from recommender.arrays.sparse_rows import Floats, Rows, Terms, dots_of, highest
from recommender.ranking.score import Near

BLOCK = 256  # rows whose products are held at once


def nearest(matrix: Rows, k: int, families: Terms) -> Near:
    """Find the k rows of highest cosine for every row, exactly, in O(n) memory beside the matrix.

    Rows are L2-normalised or empty and nowhere negative. A row is no neighbour of its family (a label per row, int32).
    Scores are float64, summed in ascending term number, and above 0 to nine decimals; order is (-round(score, 9), row).
    """
    from scipy.sparse import csr_array  # noqa: PLC0415  (0.2 s, and asking has no use for it)

    every = csr_array((matrix.data, matrix.indices, matrix.indptr), shape=(len(matrix), matrix.columns))
    turned = every.T.tocsr()
    rows, cosines = [np.zeros(0, np.int32)], [np.zeros(0)]
    for first in range(0, len(matrix), BLOCK):
        products = (every[first : first + BLOCK] @ turned).toarray()
        products[families[first : first + BLOCK, None] == families] = 0.0
        for row, near in enumerate(products, first):
            found, scores = _best(matrix, row, near, k)
            rows.append(found)
            cosines.append(scores)
    indptr = np.cumsum([len(found) for found in rows])
    return Near(indptr, np.concatenate(rows), np.concatenate(cosines), k)


def _best(matrix: Rows, row: int, near: Floats, k: int) -> tuple[Terms, Floats]:
    """Give the nearest of one row and their cosines; ``near`` are those with all rows, summed in any order."""
    found = highest(near, np.flatnonzero(near > 0), k)
    scores = dots_of(matrix, matrix.row(row), found)
    keys = np.round(scores, 9)
    order = np.lexsort((found, -keys))[:k]
    order = order[keys[order] > 0]
    return found[order].astype(np.int32), scores[order]
