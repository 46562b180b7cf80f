"""Clicks on related links: the log that any server or analytics export can give, and what it tells of links.

The log is CSV with a header: ``article, link, rank, shown, clicked`` and, if wanted, ``day``; counts of a day, of
nobody in particular. How often a reader looks at a rank is told apart from how good its links are by links that were
shown at several ranks (the position-based model: Richardson, Dominowska and Ragno 2007; Craswell et al. 2008).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.errors import RecommenderError
from recommender.evaluation.rankers import Lists, by_family
from recommender.evaluation.significance import SEED, Floats, bootstrap_means, percentile_interval, weighted_means
from recommender.site.corpus import Corpus

REQUIRED = ("article", "link", "rank", "shown", "clicked")
MAX_RANK = 100
# Views by which the clicks of a rarely shown link are drawn to the mean of all: one click of two views is no half.
PRIOR_VIEWS = 20.0
# Rounds of the fit; on logs of 5 ranks and 2,000 links the largest change is below 1e-6 after 60.
ROUNDS = 200
# A link is said to be followed by nobody where chance alone (Poisson) leaves it without a click once in 20 times.
UNFOLLOWED = 3.0

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Clicks:
    """Counts by article, link and rank: parallel int64 arrays, families of a site.

    ``days`` are the first and last day, "" where none is given; ``unknown`` are the lines whose article or link is not
    in the content.
    """

    articles: Ints
    links: Ints
    ranks: Ints
    shown: Ints
    clicked: Ints
    days: tuple[str, str]
    unknown: int


@dataclass(frozen=True)
class Followed:
    """How links were followed: by rank views, clicks and how often a reader looks there, the first rank being 1.

    ``sure`` tells of which ranks that is told by links that also stood elsewhere; of the others it is taken from their
    clicks, as though links of all ranks were as good. ``appeal`` is by article and link: clicks a view, if it were
    looked at as the first rank is.
    """

    ranks: tuple[int, ...]
    shown: tuple[int, ...]
    clicked: tuple[int, ...]
    looks: tuple[float, ...]
    sure: tuple[bool, ...]
    appeal: Mapping[tuple[int, int], float]
    mean: float


@dataclass(frozen=True)
class Expected:
    """Clicks a view that a ranker's links would get at the first rank, with the 95 % interval over articles.

    ``covered`` is the share of its links, weighted by views, that the log knows. ``difference`` is that of the first
    ranker to this one, with its interval; None for the first.
    """

    name: str
    clicks: float
    interval: tuple[float, float]
    covered: float
    difference: tuple[float, float, float] | None


def read_clicks(file: Path, corpus: Corpus) -> Clicks:
    """Read a log of clicks.

    Raises:
        RecommenderError: it cannot be read, lacks a column, or a line has a value that means nothing.
    """
    counts: dict[tuple[int, int, int], list[int]] = {}
    days, unknown = set[str](), 0
    for line, row in _rows(file):
        rank, shown, clicked = (_whole(file, line, name, row[name]) for name in ("rank", "shown", "clicked"))
        if not 1 <= rank <= MAX_RANK:
            raise _wrong(file, line, f"rank must be from 1 to {MAX_RANK}, got {rank}")
        if clicked > shown:
            raise _wrong(file, line, f"clicked is {clicked}, more than shown, {shown}")
        if row.get("day"):
            days.add(_day(file, line, row["day"]))
        found = [corpus.find(row[name]) for name in ("article", "link")]
        if min(found) < 0:
            unknown += 1
            continue
        key = (corpus.families[found[0]], corpus.families[found[1]], rank)
        held = counts.setdefault(key, [0, 0])
        held[0] += shown
        held[1] += clicked
    table = np.array([(*key, *held) for key, held in sorted(counts.items()) if held[0]], np.int64).reshape(-1, 5)
    articles, links, ranks, views, got = table.T
    return Clicks(articles, links, ranks, views, got, (min(days, default=""), max(days, default="")), unknown)


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="")
            missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
            if missing:
                raise _wrong(file, 1, f"no column {missing[0]}; the header needs {', '.join(REQUIRED)}")
            return [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise RecommenderError(f"{file}: {error.strerror}; name a log of clicks") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecommenderError(f"{file}: no CSV in UTF-8 ({error}); export the log anew") from None


def _whole(file: Path, line: int, name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise _wrong(file, line, f"{name} must be a whole number, got {text[:40]!r}")
    return int(text)


def _day(file: Path, line: int, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _wrong(file, line, f"day must be a date as 2026-01-31, got {text[:40]!r}") from None


def _wrong(file: Path, line: int, reason: str) -> RecommenderError:
    return RecommenderError(f"{file}, line {line}: {reason}; mend it and ask again")


def fit(clicks: Clicks) -> Followed:
    """Tell how often readers look at each rank from how good its links are, by maximum likelihood.

    Clicks of a link at a rank are Poisson with mean views · appeal · look. One after the other of the two is set to
    what fits best with the other held, from looks that are the ranks' clicks a view.
    """
    ranks, place = np.unique(clicks.ranks, return_inverse=True)
    pairs, pair = np.unique(np.stack([clicks.articles, clicks.links]), axis=1, return_inverse=True)
    pair = pair.reshape(-1)
    shown, clicked = clicks.shown.astype(np.float64), clicks.clicked.astype(np.float64)
    by_rank = [_sums(place, values, len(ranks)) for values in (shown, clicked)]
    looks = _ratio(by_rank[1], by_rank[0])
    looks = looks / looks[0] if len(looks) and looks[0] else np.ones(len(ranks))
    clicks_of_pair = _sums(pair, clicked, pairs.shape[1])
    for _ in range(ROUNDS):
        appeal = _ratio(clicks_of_pair, _sums(pair, shown * looks[place], pairs.shape[1]))
        looks = _ratio(by_rank[1], _sums(place, shown * appeal[pair], len(ranks)))
        looks = looks / looks[0] if len(looks) and looks[0] else np.ones(len(ranks))
    views = _sums(pair, shown * looks[place], pairs.shape[1])
    mean = float(clicked.sum() / views.sum()) if views.sum() else 0.0
    drawn = (clicks_of_pair + PRIOR_VIEWS * mean) / (views + PRIOR_VIEWS)
    known = {(int(a), int(b)): float(value) for a, b, value in zip(*pairs, drawn, strict=True)}
    sure = _connected(place, pair, len(ranks))
    return Followed(
        ranks=tuple(ranks.tolist()),
        shown=tuple(by_rank[0].astype(int).tolist()),
        clicked=tuple(by_rank[1].astype(int).tolist()),
        looks=tuple(looks.tolist()),
        sure=tuple(sure.tolist()),
        appeal=known,
        mean=mean,
    )


def _connected(place: Ints, pair: Ints, count: int) -> NDArray[np.bool_]:
    """Tell which ranks hang together with the first by links that were shown at both."""
    reached = np.zeros(count, bool)
    reached[:1] = True
    while True:
        linked = np.isin(pair, pair[reached[place]])
        grown = reached | np.isin(np.arange(count), place[linked])
        if np.array_equal(grown, reached):
            return reached
        reached = grown


def compare(
    clicks: Clicks, followed: Followed, rankers: Mapping[str, Lists], corpus: Corpus, seed: int = SEED
) -> list[Expected]:
    """Give what each ranker's links would be clicked, over the articles that readers saw, by their views."""
    depth = max(followed.ranks, default=0)
    look = dict(zip(followed.ranks, followed.looks, strict=True))
    at_first = clicks.ranks == clicks.ranks.min() if len(clicks.ranks) else np.zeros(0, bool)
    views = _sums(clicks.articles[at_first], clicks.shown[at_first].astype(np.float64), len(corpus.articles))
    seen = np.flatnonzero(views)
    values, weights, covered = list[Floats](), list[Floats](), list[float]()
    for one in rankers.values():
        lists = by_family(corpus, one)
        known = np.array(
            [_of_article(lists.get(row, ())[:depth], row, followed, look) for row in seen.tolist()], np.float64
        ).reshape(-1, 3)
        values.append(_ratio(known[:, 0], known[:, 1]))
        weights.append(known[:, 1] * views[seen])
        total = float((known[:, 2] * views[seen]).sum())
        covered.append(float(weights[-1].sum()) / total if total else 0.0)
    table: Floats = np.column_stack(values)
    weight: Floats = np.column_stack(weights)
    means, draws = weighted_means(table, weight), bootstrap_means(table, weight, seed)
    bounds, gaps = percentile_interval(draws).T, percentile_interval(draws[:, :1] - draws).T
    return [
        Expected(
            name,
            float(means[n]),
            (float(bounds[n][0]), float(bounds[n][1])),
            covered[n],
            (float(means[0] - means[n]), float(gaps[n][0]), float(gaps[n][1])) if n else None,
        )
        for n, name in enumerate(rankers)
    ]


def _of_article(
    links: Sequence[int], row: int, followed: Followed, look: Mapping[int, float]
) -> tuple[float, float, float]:
    """Give an article's expected clicks over the links that the log knows, the looks at these, and at all links."""
    clicks = known = total = 0.0
    for rank, link in enumerate(links, 1):
        seen = look.get(rank, 0.0)
        total += seen
        if (row, link) in followed.appeal:
            clicks += seen * followed.appeal[row, link]
            known += seen
    return clicks, known, total


def unfollowed(clicks: Clicks, followed: Followed) -> list[tuple[int, int, int]]:
    """Give links that nobody followed, though so often shown that chance alone does not explain it.

    Article, link and views, most views first. At the mean of all links at its ranks each should have had 3 clicks.
    """
    look = dict(zip(followed.ranks, followed.looks, strict=True))
    totals: dict[tuple[int, int], list[float]] = {}
    columns = (clicks.articles, clicks.links, clicks.ranks, clicks.shown, clicks.clicked)
    for article, link, rank, shown, clicked in zip(*(column.tolist() for column in columns), strict=True):
        held = totals.setdefault((article, link), [0.0, 0.0, 0.0])
        held[0] += shown
        held[1] += shown * look[rank] * followed.mean
        held[2] += clicked
    found = [(a, b, int(shown)) for (a, b), (shown, due, got) in totals.items() if not got and due >= UNFOLLOWED]
    return sorted(found, key=lambda one: (-one[2], one[0], one[1]))


def _sums(groups: Ints, values: Floats, count: int) -> Floats:
    """Add up values by group."""
    return np.bincount(groups, values, count).astype(np.float64)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    out: Floats = np.divide(top, bottom, out=np.zeros(np.shape(top)), where=bottom > 0)
    return out
