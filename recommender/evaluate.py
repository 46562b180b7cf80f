"""Ranked lists against the sound curated links of a site: values per article, from which the means are derived.

Copies count as one article: a family asks once, with the links of all its members, and is found by any of them.
An article with curated links and without suggestions scores 0 and stays in the mean.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recommender.article import url_forms
from recommender.corpus import Corpus
from recommender.errors import RecommenderError
from recommender.links import judge_links
from recommender.provenance import Generated

DEPTHS = (5, 10)
SEED = 20260101

Lists = Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Truth:
    """What curators linked: family that asks -> families that it links to; ``left_out`` counts generated links."""

    links: Mapping[int, frozenset[int]]
    left_out: int


@dataclass(frozen=True)
class Report:
    """One ranker's values: measure -> family that asks -> value in 0 … 1."""

    name: str
    values: Mapping[str, Mapping[int, float]]

    def means(self) -> dict[str, float]:
        """Average every measure over all articles that have curated links."""
        return {measure: sum(rows.values()) / max(1, len(rows)) for measure, rows in self.values.items()}


def curated_truth(corpus: Corpus, generated: Generated) -> Truth:
    """Collect the sound curated links of every family; generated ones are left out and counted."""
    links: dict[int, set[int]] = {}
    left_out = 0
    for row, article in enumerate(corpus.articles):
        ours = generated.get(article.url, frozenset())
        for judged in judge_links(corpus, row):
            if judged.sound and corpus.articles[judged.target].url in ours:
                left_out += 1
            elif judged.sound:
                links.setdefault(corpus.families[row], set()).add(corpus.families[judged.target])
    return Truth({family: frozenset(found - {family}) for family, found in links.items()}, left_out)


def evaluate_lists(name: str, lists: Lists, truth: Truth) -> Report:
    """Judge ranked lists of families, best first, by family that asks."""
    values: dict[str, dict[int, float]] = {}
    for family, relevant in truth.links.items():
        if not relevant:
            continue
        ranked = _distinct(lists.get(family, ()), family)
        for depth in DEPTHS:
            for measure, value in measures(ranked, relevant, depth).items():
                values.setdefault(f"{measure}@{depth}", {})[family] = value
    return Report(name, values)


def measures(ranked: Sequence[int], relevant: frozenset[int], depth: int) -> dict[str, float]:
    """Compute the measures of one list, cut at a depth, with binary gain.

    precision divides by the depth, recall by the number of relevant ones, nDCG discounts by log2(rank + 1) and
    divides by the best possible list (Järvelin and Kekäläinen 2002); MRR is 1 / rank of the first hit.
    """
    hits = [rank for rank, family in enumerate(ranked[:depth], 1) if family in relevant]
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(depth, len(relevant)) + 1))
    return {
        "recall": len(hits) / len(relevant),
        "precision": len(hits) / depth,
        "hit rate": float(bool(hits)),
        "MRR": 1 / hits[0] if hits else 0.0,
        "nDCG": sum(1 / math.log2(rank + 1) for rank in hits) / ideal,
    }


def lists_of_urls(corpus: Corpus, lists: Mapping[str, Sequence[str]]) -> dict[int, list[int]]:
    """Turn ranked urls into ranked families; unknown urls keep their place, as misses."""
    found: dict[int, list[int]] = {}
    for url in sorted(lists):
        row = _row(corpus, url)
        if row is not None:
            rows = [_row(corpus, other) for other in lists[url]]
            ranked = [-1 - n if r is None else corpus.families[r] for n, r in enumerate(rows)]
            found.setdefault(corpus.families[row], ranked)
    return found


def read_rankings(file: Path) -> dict[str, list[str]]:
    """Read ranked lists: JSON lines of ``{"url": "...", "related": ["url", ...]}``, best first.

    Raises:
        RecommenderError: the file cannot be read, or a line is of another form.
    """
    lists: dict[str, list[str]] = {}
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines, 1):  # noqa: B007  (the error below names it)
            if line.strip():
                row = json.loads(line)
                url, related = row["url"], row["related"]
                if (
                    not isinstance(url, str)
                    or not isinstance(related, list)
                    or not all(isinstance(r, str) for r in related)
                ):
                    raise TypeError
                lists[url] = related
    except (OSError, UnicodeDecodeError) as error:
        raise RecommenderError(f"{file}: cannot be read ({error}); name a file that `export` wrote") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RecommenderError(
            f'{file}, line {number}: not {{"url": "...", "related": ["...", ...]}}; name a file that `export` wrote'
        ) from None
    return lists


def baselines(corpus: Corpus, truth: Truth) -> dict[str, Lists]:
    """Give the lists of three rankers that read no text: random, random in the same subject, most linked."""
    shown = [row for row, article in enumerate(corpus.articles) if article.id and not article.hidden]
    families = sorted({corpus.families[row] for row in shown})
    by_subject: dict[str, list[int]] = {}
    for row in shown:
        by_subject.setdefault(corpus.articles[row].subject, []).append(corpus.families[row])
    popular = Counter(target for targets in truth.links.values() for target in targets)
    order = sorted(popular, key=lambda family: (-popular[family], family))
    pools: dict[str, Callable[[int], Sequence[int]]] = {
        "random": lambda family: families,
        "same subject": lambda family: by_subject.get(corpus.articles[family].subject, families),
    }
    lists: dict[str, Lists] = {}
    for name, pool in pools.items():
        draw = random.Random(SEED)  # noqa: S311  (a baseline, not a secret)
        lists[name] = {f: _drawn(draw, pool(f), f) for f in sorted(truth.links)}
    lists["most linked"] = {f: _popular(f, order, popular, truth) for f in truth.links}
    return lists


def _drawn(draw: random.Random, pool: Sequence[int], family: int) -> list[int]:
    found = draw.sample(pool, min(len(pool), 2 * DEPTHS[-1]))
    return [other for other in dict.fromkeys(found) if other != family][: DEPTHS[-1]]


def _popular(family: int, order: Sequence[int], popular: Counter[int], truth: Truth) -> list[int]:
    # The article's own links are not counted, or the baseline would know the answer.
    own = truth.links[family]
    near = order[: DEPTHS[-1] * 4]
    ranked = sorted(near, key=lambda other: (-(popular[other] - (other in own)), other))
    return [other for other in ranked if other != family][: DEPTHS[-1]]


def _distinct(ranked: Sequence[int], family: int) -> list[int]:
    """Drop the article itself; a family that comes again keeps its place and counts as a miss."""
    seen: set[int] = {family}
    out = []
    for place, other in enumerate(ranked):
        out.append(-1_000_000 - place if other in seen else other)
        seen.add(other)
    return [other for other, original in zip(out, ranked, strict=True) if original != family]


def _row(corpus: Corpus, url: str) -> int | None:
    return next((corpus.row_of[form] for form in url_forms(url) if form in corpus.row_of), None)
