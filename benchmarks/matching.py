"""Fit the generator of corpora to a site, print how well a generated site matches it, and write one.

python benchmarks/matching.py CONTENT [--articles N --output FOLDER] [--tries N] [--seed N]
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
from corpora import counted, tables_of, write
from shapes import Shape, shape_of, with_numbers

from recommender.build.collection import collect
from recommender.ranking.nearest.search import nearest
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.text.tfidf import fit_vectors
from recommender.text.tokens import Tokenized, arrange, join

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = 4000  # articles that the free numbers are fitted on
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
RANKS = (0, 10, 100, 300, 1000, 3000, 10000, 30000)
NEAR = (1, 10, 64)
# Bounds of the free numbers; those from 4 on are searched by factors.
BOUNDS = {
    "general": (10.0, 2000.0),
    "own": (0.0, 0.6),
    "listed": (4.0, 100.0),
    "deeper": (0.5, 1.15),
    "peak": (0.0, 4.0),
    "spread": (0.0, 1.0),
    "slant": (0.0, 2.0),
    "repeated": (0.0, 0.7),
    "uneven": (0.0, 0.98),
    "twins": (0.0, 0.7),
}
Figures = dict[str, list[float]]


def figures_of(words: Tokenized) -> Figures:
    """Measure a site: terms of a row, cosines of neighbours, terms of each field, articles of its r-th term."""
    fitted = fit_vectors(words, Settings())
    rows, starts = fitted.main.rows, fitted.main.space.starts
    found = nearest(rows, max(NEAR), np.arange(len(rows), dtype=np.int32), 0.0, 2)
    figures = {"terms of an article": np.quantile(np.diff(rows.indptr), QUANTILES).tolist()}
    for place in NEAR:
        figures[f"cosine of neighbour {place}"] = np.quantile(found.scores[:, place - 1], QUANTILES).tolist()
    frequency = np.bincount(rows.indices, minlength=rows.columns)
    for number, name in enumerate(fitted.main.space.fields):
        own = np.sort(frequency[starts[number] : starts[number + 1]])[::-1]
        figures[f"{name}: terms"] = [float(len(own))]
        figures[f"{name}: articles of term {', '.join(map(str, RANKS))}"] = own[
            [r for r in RANKS if r < len(own)]
        ].tolist()
    return figures


def sample_of(words: Tokenized, size: int) -> Tokenized:
    """Draw articles of a site."""
    total = len(words.order)
    row = np.full(total, -1)
    drawn = np.sort(np.random.default_rng(0).choice(total, min(size, total), replace=False))
    row[drawn] = np.arange(len(drawn))
    place = np.empty(total, np.int64)
    place[words.order] = row
    return arrange(join(words.parts), place)


def distance(one: Figures, other: Figures) -> float:
    """Give the mean absolute logarithm of the ratios of two sites' figures."""
    ratios = []
    for name, values in one.items():
        held = min(len(values), len(other[name]))
        own, its = np.maximum(values[:held], 1e-3), np.maximum(other[name][:held], 1e-3)
        ratios.append(np.abs(np.log(own / its)).mean())
    return float(np.mean(ratios))


def fitted_shape(shape: Shape, words: Tokenized, tries: int) -> Shape:
    """Search the free numbers: change some at random, keep what brings a generated sample nearer to the site's."""
    wanted = figures_of(sample_of(words, SAMPLE))
    size, random = min(SAMPLE, shape.articles), np.random.default_rng(1)
    best = asdict(shape.free)
    least = distance(figures_of(counted(tables_of(shape, 1), size, Settings())), wanted)
    step = 0.3
    for _ in range(tries):
        numbers = dict(best)
        for name in random.choice(list(BOUNDS), random.integers(1, 4), replace=False):
            low, high = BOUNDS[name]
            by = step * random.normal()
            changed = numbers[name] * np.exp(by) if low >= 4 else numbers[name] + 0.5 * by * (high - low)
            numbers[name] = float(np.clip(changed, low, high))
        found = distance(figures_of(counted(tables_of(with_numbers(shape, numbers), 1), size, Settings())), wanted)
        step = max(step * 0.95, 0.05)
        if found < least:
            best, least, step = numbers, found, min(step * 1.3, 0.5)
    return with_numbers(shape, best)


def print_match(shape: Shape, words: Tokenized, seed: int) -> None:
    """Print the figures of the site beside those of a generated one of the same size."""
    site = figures_of(words)
    made = figures_of(counted(tables_of(shape, seed), shape.articles, Settings()))
    print(f"{shape.articles:,} articles; quantiles are {', '.join(map(str, QUANTILES))}\n")
    print("| figure | site | generated |\n|---|---|---|")
    for name, values in site.items():
        print(f"| {name} | {_shown(values)} | {_shown(made[name])} |")
    print(f"\nmean distance: a factor of {np.exp(distance(made, site)):.2f}", flush=True)


def _shown(values: list[float]) -> str:
    return ", ".join(f"{value:,.0f}" if value >= 5 else f"{value:.3f}".rstrip("0").rstrip(".") for value in values)


def main() -> int:
    """Fit, compare, and write where an output folder is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("content", nargs="?", type=Path, default=ROOT / "data/articles")
    parser.add_argument("--articles", type=int, default=36_000)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--tries", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    settings = Settings()
    shape = shape_of(read_corpus(options.content, settings), settings)
    words = collect(options.content, settings).words()
    assert words is not None, "reading was asked to count"
    shape = fitted_shape(shape, words, options.tries)
    print(", ".join(f"{name} {value:.3g}" for name, value in asdict(shape.free).items()))
    print_match(shape, words, options.seed)
    if options.output:
        write(shape, options.articles, options.output, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
