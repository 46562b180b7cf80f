"""How sure a mean is: bootstrap intervals over articles, and a paired randomisation test. Pure numpy.

A mean is Σ value·weight / Σ weight over the articles, so that shares of the links shown are means too. Columns are
measures (of any number of systems), rows are the articles that all of them answered for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SEED = 20260101
RESAMPLES = 2000
FLIPS = 10_000
LEVEL = 95
# Rows of a matrix of weights at once: some 20 MB for 24,000 articles.
_CHUNK = 100


def weighted_means(values: Floats, weights: Floats) -> Floats:
    """Average each column, 0 where nothing has a weight; both are float64, articles × columns."""
    return _ratio((values * weights).sum(axis=0), weights.sum(axis=0))


def bootstrap_means(values: Floats, weights: Floats, seed: int = SEED, resamples: int = RESAMPLES) -> Floats:
    """Draw the articles with replacement and average each column: float64, resamples × columns.

    All columns see the same draws, so that the difference of two is a resample of the difference (Efron 1979).
    """
    count = len(values)
    draw = np.random.default_rng(seed)
    tops, bottoms = values * weights, weights
    out = np.zeros((resamples, values.shape[1]))
    for start in range(0, resamples if count else 0, _CHUNK):
        size = min(_CHUNK, resamples - start)
        drawn = draw.integers(0, count, (size, count))
        times = np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(np.float64)
        out[start : start + size] = _ratio(times @ tops, times @ bottoms)
    return out


def percentile_interval(replicates: Floats) -> Floats:
    """Give the 95 % percentile interval of each column of replicates: float64, 2 × columns, low and high."""
    tail = (100 - LEVEL) / 2
    found: Floats = np.percentile(replicates, [tail, 100 - tail], axis=0)
    return found


def randomisation_test(
    one: tuple[Floats, Floats], other: tuple[Floats, Floats], seed: int = SEED, flips: int = FLIPS
) -> Floats:
    """Give the two-sided p-value of each column's difference: how often chance alone makes one as large.

    Each side is (values, weights). The two systems' answers for an article change places by a coin (Fisher 1935;
    Smucker, Allan and Carterette 2007); p = (as large + 1) / (flips + 1).
    """
    tops = [values * weights for values, weights in (one, other)]
    bottoms = [weights for _, weights in (one, other)]
    sums = [pair[0].sum(axis=0) + pair[1].sum(axis=0) for pair in (tops, bottoms)]
    gaps = [pair[0] - pair[1] for pair in (tops, bottoms)]
    # Where every article counts alike, as in most measures, half of the work is none.
    fixed = not gaps[1].any()
    observed = np.abs(_difference(sums, [gap.sum(axis=0) for gap in gaps]))
    draw = np.random.default_rng(seed)
    count = len(tops[0])
    as_large = np.zeros(tops[0].shape[1])
    for start in range(0, flips if count else 0, _CHUNK):
        size = min(_CHUNK, flips - start)
        signs = draw.integers(0, 2, (size, count), dtype=np.int8) * 2.0 - 1
        moved = [signs @ gaps[0], np.zeros_like(sums[1]) if fixed else signs @ gaps[1]]
        as_large += (np.abs(_difference(sums, moved)) >= observed - 1e-12).sum(axis=0)
    p: Floats = (as_large + 1) / (flips + 1)
    return p if count else np.ones_like(p)


def _difference(sums: list[Floats], gaps: list[Floats]) -> Floats:
    """Give the difference of two means from the sums over both systems and the gaps between them."""
    left, right = ([(total + sign * gap) for total, gap in zip(sums, gaps, strict=True)] for sign in (1, -1))
    return _ratio(left[0], left[1]) - _ratio(right[0], right[1])


def _ratio(top: Floats, bottom: Floats) -> Floats:
    top, bottom = np.broadcast_arrays(top, bottom)
    out: Floats = np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0)
    return out
