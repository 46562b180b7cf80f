"""Logs of clicks: reading, the position-based fit against a likelihood by hand, rankers compared, dead weight."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from small_sites import article, write_files

from recommender.errors import RecommenderError
from recommender.evaluation.clicks import PRIOR_VIEWS, Clicks, compare, fit, read_clicks, unfollowed
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus

LONG = "tides moon sea gravity pull water earth orbit wave shore day night"
HEAD = "day,article,link,rank,shown,clicked\n"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    files = {f"{n}.md": article(n, answer=f"{LONG} {n}.") for n in "abcdef"}
    files["a-copy.md"] = article("a-copy", answer=f"{LONG} a.")
    return read_corpus(write_files(tmp_path_factory.mktemp("clicks"), files), Settings())


def log(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "clicks.csv"
    file.write_text(text, encoding="utf-8")
    return file


def made(rows: list[tuple[int, int, int, int, int]]) -> Clicks:
    return Clicks(*np.array(rows, np.int64).reshape(-1, 5).T, ("", ""), 0)


def test_a_log_is_added_up_by_article_link_and_rank(tmp_path: Path, corpus: Corpus) -> None:
    text = HEAD + (
        "2026-01-02,/a,/b,1,100,7\n"
        "2026-01-01,https://example.org/a/,/b,1,50,3\n"  # another way to write the same
        "2026-01-03,/a-copy,/b,1,10,1\n"  # a copy is the same article
        "2026-01-02,/a,/c,2,100,2\n"
        "2026-01-02,/a,/gone,3,100,2\n"
        "2026-01-02,/a,/d,3,0,0\n"
    )
    found = read_clicks(log(tmp_path, text), corpus)
    a, b, c = (corpus.families[corpus.find(f"/{name}")] for name in "abc")
    columns = (found.articles, found.links, found.ranks, found.shown, found.clicked)
    assert [tuple(row) for row in np.stack(columns).T.tolist()] == sorted([(a, b, 1, 160, 11), (a, c, 2, 100, 2)])
    assert found.days == ("2026-01-01", "2026-01-03")
    assert found.unknown == 1


def test_columns_may_stand_in_any_order_with_others_between(tmp_path: Path, corpus: Corpus) -> None:
    found = read_clicks(log(tmp_path, "\ufeffclicked,device,shown,rank,link,article\n1,phone,4,2,/b,/a\n"), corpus)
    assert (found.clicked.tolist(), found.shown.tolist(), found.days) == ([1], [4], ("", ""))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("article,link,rank,shown\n", "line 1: no column clicked"),
        ("", "line 1: no column article"),
        (HEAD + "2026-01-01,/a,/b,0,1,1\n", "line 2: rank must be from 1 to 100, got 0"),
        (HEAD + "2026-01-01,/a,/b,1,1,2\n", "line 2: clicked is 2, more than shown, 1"),
        (HEAD + "2026-01-01,/a,/b,1,1.5,1\n", "line 2: shown must be a whole number, got '1.5'"),
        (HEAD + "2026-01-01,/a,/b,1,-1,0\n", "line 2: shown must be a whole number, got '-1'"),
        (HEAD + "yesterday,/a,/b,1,1,1\n", "line 2: day must be a date as 2026-01-31, got 'yesterday'"),
        (HEAD + "2026-01-01,/a,/b\n", "line 2: rank must be a whole number, got ''"),
        (HEAD + "2026-01-01,/a,/b,１,1,1\n", "line 2: rank must be a whole number"),
    ],
)
def test_a_log_that_means_nothing_is_refused_by_its_line(tmp_path: Path, corpus: Corpus, text: str, said: str) -> None:
    with pytest.raises(RecommenderError, match=f"clicks.csv, {said}"):
        read_clicks(log(tmp_path, text), corpus)
    with pytest.raises(RecommenderError, match="name a log of clicks"):
        read_clicks(tmp_path / "none.csv", corpus)
    (tmp_path / "bad.csv").write_bytes(b"article,\xff\n")
    with pytest.raises(RecommenderError, match="no CSV in UTF-8"):
        read_clicks(tmp_path / "bad.csv", corpus)


def drawn(seed: int, looks: list[float], links: int = 40, views: int = 400) -> Clicks:
    """Draw a log in which every link stands at two ranks."""
    draw = np.random.default_rng(seed)
    appeal = draw.uniform(0.02, 0.3, links)
    rows = []
    for link in range(links):
        for rank in sorted({1 + link % len(looks), 1 + (link + 1) % len(looks)}):
            rows.append((0, link, rank, views, int(draw.binomial(views, appeal[link] * looks[rank - 1]))))
    return made(rows)


@pytest.mark.parametrize("seed", range(4))
def test_the_fit_is_the_most_likely_one(seed: int) -> None:
    """An independent maximisation of the same likelihood, by its logarithms."""
    clicks = drawn(seed, [1.0, 0.6, 0.35], links=6)
    count = 6

    def unlikely(values: np.ndarray) -> float:
        log_looks = np.concatenate([[0.0], values[:2]])
        means = clicks.shown * np.exp(values[2:][clicks.links] + log_looks[clicks.ranks - 1])
        return float((means - clicks.clicked * np.log(means)).sum())

    best = minimize(unlikely, np.full(2 + count, -2.0), method="BFGS", options={"gtol": 1e-8})
    found = fit(clicks)
    assert found.looks == pytest.approx([1.0, *np.exp(best.x[:2])], rel=1e-3)
    views = [
        sum(clicks.shown[i] * found.looks[clicks.ranks[i] - 1] for i in np.flatnonzero(clicks.links == n))
        for n in range(count)
    ]
    got = [clicks.clicked[clicks.links == n].sum() for n in range(count)]
    for n in range(count):
        expected = (got[n] + PRIOR_VIEWS * found.mean) / (views[n] + PRIOR_VIEWS)
        assert found.appeal[0, n] == pytest.approx(expected)
        assert got[n] / views[n] == pytest.approx(math.exp(best.x[2 + n]), rel=1e-3)


def test_looks_are_found_again_where_the_best_links_stand_first() -> None:
    """What the share of clicks alone would take for looks is four times too steep."""
    looks, draw = [1.0, 0.8, 0.7], np.random.default_rng(1)
    rows = []
    for link in range(300):
        appeal = draw.uniform(0.02, 0.3)
        usual = 1 if appeal > 0.2 else 2 if appeal > 0.1 else 3
        for rank, views in ((usual, 900), (1 + link % 3, 100)):
            rows.append((0, link, rank, views, int(draw.binomial(views, appeal * looks[rank - 1]))))
    found = fit(made(rows))
    assert found.looks == pytest.approx(looks, abs=0.05)
    assert all(found.sure)
    shares = [clicked / shown for shown, clicked in zip(found.shown, found.clicked, strict=True)]
    assert shares[2] / shares[0] < 0.35


def test_ranks_whose_links_never_moved_are_said_to_be_a_guess() -> None:
    found = fit(made([(0, 1, 1, 100, 20), (0, 2, 2, 100, 10), (0, 1, 2, 100, 18), (0, 3, 3, 100, 4), (0, 4, 4, 50, 1)]))
    assert found.sure == (True, True, False, False)
    assert fit(made([])).looks == ()
    assert fit(made([(0, 1, 1, 100, 0)])).looks == (1.0,)


def test_rankers_are_compared_over_the_links_that_the_log_knows(corpus: Corpus) -> None:
    a, b, c, d, e = (corpus.families[corpus.find(f"/{name}")] for name in "abcde")
    clicks = made(
        [(a, b, 1, 1000, 200), (a, c, 2, 1000, 50), (a, c, 1, 1000, 100), (a, b, 2, 1000, 100), (e, d, 1, 10, 0)]
    )
    followed = fit(clicks)
    assert followed.looks == pytest.approx([1.0, 0.5])
    rankers = {"good": {a: [b, c]}, "poor": {a: [c, b]}, "unknown": {a: [d, e]}, "none": {}}
    good, poor, unknown, none = compare(clicks, followed, rankers, corpus, seed=7)
    at = {link: followed.appeal[a, link] for link in (b, c)}
    assert good.clicks == pytest.approx((at[b] + 0.5 * at[c]) / 1.5)
    assert poor.clicks == pytest.approx((at[c] + 0.5 * at[b]) / 1.5)
    assert good.difference is None
    assert poor.difference is not None
    assert poor.difference[0] == pytest.approx(good.clicks - poor.clicks)
    assert (good.covered, unknown.covered, unknown.clicks, none.covered) == (1.0, 0.0, 0.0, 0.0)


def test_the_interval_of_a_difference_holds_the_truth(corpus: Corpus) -> None:
    rows = [corpus.families[corpus.find(f"/{name}")] for name in "abcdef"]
    draw = np.random.default_rng(3)
    table = [
        (asks, link, rank, 2000, int(draw.binomial(2000, (0.2 if (asks + link) % 2 else 0.1) * (1.0, 0.5)[rank - 1])))
        for asks in rows for link in rows if link != asks for rank in (1, 2)
    ]  # fmt: skip
    clicks = made(table)
    better = {asks: [link for link in rows if link != asks and (asks + link) % 2][:2] for asks in rows}
    worse = {asks: [link for link in rows if link != asks and not (asks + link) % 2][:2] for asks in rows}
    _, other = compare(clicks, fit(clicks), {"better": better, "worse": worse}, corpus)
    assert other.difference is not None
    gap, low, high = other.difference
    assert low < 0.1 < high
    assert gap == pytest.approx(0.1, abs=0.02)
    assert low > 0.05


def test_links_that_nobody_follows_are_named_where_chance_does_not_explain_it() -> None:
    rows = [
        (0, 1, 1, 1000, 100),
        (0, 2, 1, 400, 0),
        (0, 3, 1, 20, 0),
        (0, 4, 2, 100, 5),
        (0, 1, 2, 1000, 50),
        (0, 5, 2, 90, 0),
    ]
    clicks = made(rows)
    followed = fit(clicks)
    found = unfollowed(clicks, followed)
    # 400 views at the first rank should have had some 36 clicks, 90 at the second 4, 20 at the first fewer than 3.
    assert found == [(0, 2, 400), (0, 5, 90)]
    assert unfollowed(replace(clicks, clicked=clicks.clicked * 0 + 1), fit(clicks)) == []
