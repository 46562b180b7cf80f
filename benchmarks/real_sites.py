"""Lists of links for real sites whose owners keep lists of their own, and how near they come to those.

Each site is read as ``recommender init`` sets it up, with nothing edited. Every ranker is asked for the same articles
and may give only what a list may hold: shown pages of the article's own language and version, not the article's copies.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from recommender.build.pipeline import fit_model
from recommender.evaluation.evaluate import Report, evaluate_lists
from recommender.evaluation.ground_truth import Truth, curated_truth
from recommender.evaluation.rankers import Lists, by_family, compared_lists, lists_of_urls
from recommender.evaluation.significance import SEED, bootstrap_means, percentile_interval
from recommender.settings import Settings
from recommender.site.corpus import Corpus, read_corpus
from recommender.site.settings_file import Scaffolded, write_settings

SHOWN, MEASURE, WIDTH = 5, "nDCG@5", 28
# Draws of each random baseline, whose mean is taken: one draw on a small site says little.
DRAWS = 20
OURS, TFIDF = "recommender", "TF-IDF defaults"
RANKERS = ("random", "same folder", "most linked", "newest", TFIDF, OURS)
# Below that many articles with links to pages of the site, a mean says nothing.
FEWEST = 20


@dataclass(frozen=True)
class Asked:
    """A site with the links of its owner: who asks, and the families that each asking row may be given."""

    corpus: Corpus
    settings: Settings
    truth: Truth
    permitted: dict[int, list[int]]


def set_up(site: Path, folder: Path) -> Scaffolded:
    """Copy a site into a folder that is not there yet, and set it up as its owner would."""
    shutil.copytree(site, folder, symlinks=True)
    return write_settings(folder, force=True)


def asked_of(settings: Settings) -> Asked:
    """Read a site with its owner's links."""
    assert settings.content
    corpus = read_corpus(settings.content, settings)
    truth = curated_truth(corpus, {})
    asking = [row for row, family in enumerate(corpus.families) if family in truth.links]
    return Asked(corpus, settings, truth, {row: _permitted(corpus, row) for row in asking})


def _permitted(corpus: Corpus, row: int) -> list[int]:
    """Give the families that may stand in the list of a row: pages without a version are those of all."""
    own = corpus.articles[row]
    return sorted(
        {
            corpus.families[other]
            for other, article in enumerate(corpus.articles)
            if article.suggestible
            and article.language == own.language
            and ("" in (own.version, article.version) or article.version == own.version)
        }
        - {corpus.families[row]}
    )


def reports_of(asked: Asked) -> dict[str, Report]:
    """Measure every ranker on a site; the random ones by the mean of their draws."""
    links, corpus = asked.truth, asked.corpus
    own = lists_of_urls(corpus, compared_lists(fit_model(corpus, asked.settings, ""), SHOWN))
    single = {"most linked": _most_linked(asked), "newest": _newest(asked), TFIDF: tfidf(asked), OURS: own}
    found = {name: [lists] for name, lists in single.items()}
    found["random"] = [_drawn(asked, seed, folder=False) for seed in range(SEED, SEED + DRAWS)]
    found["same folder"] = [_drawn(asked, seed, folder=True) for seed in range(SEED, SEED + DRAWS)]
    return {name: _mean([_report(name, corpus, lists, links) for lists in found[name]]) for name in RANKERS}


def _report(name: str, corpus: Corpus, lists: Lists, truth: Truth) -> Report:
    return evaluate_lists(name, by_family(corpus, lists), truth, (SHOWN,))


def _mean(reports: Sequence[Report]) -> Report:
    first = reports[0]
    values = np.mean([report.values for report in reports], axis=0)
    return Report(first.name, first.rows, first.measures, values, first.weights)


def tfidf(asked: Asked) -> Lists:
    """Rank by the cosine of TfidfVectorizer's default vectors of title and text."""
    rows = TfidfVectorizer().fit_transform([" ".join(article.texts) for article in asked.corpus.articles])
    place = {family: row for row, family in reversed(list(enumerate(asked.corpus.families)))}
    found = {}
    for row, families in asked.permitted.items():
        cosines = (rows[[place[family] for family in families]] @ rows[row].T).toarray().ravel()
        best = np.argsort(-cosines, kind="stable")[:SHOWN]
        found[row] = [families[one] for one in best if cosines[one] > 0]
    return found


def _most_linked(asked: Asked) -> Lists:
    """Rank by how many owners' lists hold a family; the article's own list does not count."""
    counts = Counter(family for targets in asked.truth.links.values() for family in targets)
    found = {}
    for row, families in asked.permitted.items():
        own = asked.truth.links[asked.corpus.families[row]]
        found[row] = sorted(families, key=lambda family, own=own: (-(counts[family] - (family in own)), family))[:SHOWN]
    return found


def _newest(asked: Asked) -> Lists:
    dates: dict[int, str] = {}
    for family, article in zip(asked.corpus.families, asked.corpus.articles, strict=True):
        dates[family] = max(dates.get(family, ""), article.date)
    return {
        row: sorted(families, key=dates.__getitem__, reverse=True)[:SHOWN] for row, families in asked.permitted.items()
    }


def _drawn(asked: Asked, seed: int, *, folder: bool) -> Lists:
    """Draw from all that is permitted, or first from the article's folder."""
    draw = random.Random(seed)
    folders = {family: PurePath(asked.corpus.articles[family].path).parent for family in asked.corpus.families}
    found = {}
    for row, families in asked.permitted.items():
        own = PurePath(asked.corpus.articles[row].path).parent
        near = [family for family in families if folder and folders[family] == own]
        pool = near or families
        found[row] = draw.sample(pool, min(SHOWN, len(pool)))
    return found


def sites_with_lists(folder: Path) -> Iterator[tuple[str, Asked]]:
    """Read every site whose owner keeps lists of enough articles."""
    for site in sorted(path for path in folder.iterdir() if path.is_dir()):
        with tempfile.TemporaryDirectory() as place:
            asked = asked_of(set_up(site, Path(place) / "site").settings)
        if len(asked.truth.links) >= FEWEST:
            yield site.name, asked


def print_table(folder: Path) -> None:
    """Print nDCG@5 of every ranker on every site, and by how much ours leads the best of the others [95 %]."""
    print("\nnDCG@5 against the owners' lists of real sites, inside each language and version")
    print(f"{'':<{WIDTH}}{'asking':>8}" + "".join(f"{name:>16}" for name in RANKERS) + "   lead over the best")
    for name, asked in sites_with_lists(folder):
        reports = reports_of(asked)
        means = {ranker: report.means()[MEASURE] for ranker, report in reports.items()}
        cells = "".join(f"{mean:>16.3f}" for mean in means.values())
        best = max(RANKERS[:-1], key=means.__getitem__)
        low, high = lead(reports[OURS], reports[best])
        print(f"{name[:WIDTH]:<{WIDTH}}{len(asked.truth.links):>8,}{cells}", end="")
        print(f"   {means[OURS] - means[best]:+.3f} [{low:+.3f}, {high:+.3f}]", flush=True)


def print_builds(folder: Path) -> None:
    """Print how long the commands init and build take on every site, and how many of its lists are full."""
    print(f"\n{'':<{WIDTH}}{'pages':>8}{'full lists':>12}{'init, s':>10}{'build, s':>10}")
    for site in sorted(path for path in folder.iterdir() if path.is_dir()):
        with tempfile.TemporaryDirectory() as place:
            top = Path(shutil.copytree(site, Path(place) / "site", symlinks=True))
            seconds, printed = zip(*(_timed(top, command) for command in ("init", "build")), strict=True)
        built = json.loads(printed[1])
        cells = f"{built['articles']:>8,}{built['full lists']:>12,}"
        print(f"{site.name[:WIDTH]:<{WIDTH}}{cells}" + "".join(f"{one:>10.1f}" for one in seconds), flush=True)


def _timed(top: Path, command: str) -> tuple[float, str]:
    call = [sys.executable, "-m", "recommender", command, "--json"]
    start = time.perf_counter()
    done = subprocess.run(call, cwd=top, capture_output=True, text=True, check=False)
    return time.perf_counter() - start, done.stdout


def lead(ours: Report, other: Report) -> tuple[float, float]:
    """Give the 95 % interval of the mean difference, over the articles that ask."""
    place = slice(ours.measures.index(MEASURE), ours.measures.index(MEASURE) + 1)
    difference = ours.values[:, place] - other.values[:, place]
    low, high = percentile_interval(bootstrap_means(difference, ours.weights[:, place])).ravel()
    return float(low), float(high)
