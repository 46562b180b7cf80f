"""Whatever ranks articles, as lists of families by the row that asks: models, files, the curated fields, baselines."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from recommender.article import digest
from recommender.errors import RecommenderError
from recommender.evaluation.significance import SEED
from recommender.model.model import Model
from recommender.site.corpus import Corpus
from recommender.site.generated_links import Generated
from recommender.site.link_verdicts import find_target
from recommender.system.json_lines import Form, read_by_url, texts

BASELINES = ("random", "same subject", "most linked", "newest")
# What a baseline's list holds at least: its draw does not change with the depth that is looked at.
LENGTH = 20
FORM = Form(
    '{"url": "...", "related": ["...", ...]}', "name a file that `export` wrote", lambda row: texts(row["related"])
)
CURATED, WRITTEN = "curated links", "links as written"

# Row that asks -> families, best first; what is no article of the site is a negative number of its own.
Lists = Mapping[int, Sequence[int]]
# Url that asks -> urls, best first.
UrlLists = Mapping[str, Sequence[str]]


def lists_of(model: Model, limit: int) -> dict[str, list[str]]:
    """Give the links that the build chose for every article, as urls."""
    urls = model.catalogue.urls.all()
    return {url: [urls[c.row] for c in model.chosen.of(row)[:limit]] for row, url in enumerate(urls)}


def compared_lists(model: Model, limit: int) -> dict[str, list[str]]:
    """Give what the build chose as though texts linked to nothing: a curated list may repeat what its text links to."""
    lists, starts, urls = lists_of(model, limit), model.catalogue.linked_starts, model.catalogue.urls
    if model.settings.skip_linked:
        anew = replace(model, settings=replace(model.settings, skip_linked=False))
        for row in np.flatnonzero(np.diff(starts)).tolist():
            shown = anew.choose_for(row, limit=limit, enough=model.settings.slots).shown
            lists[urls[row]] = [urls[candidate.row] for candidate in shown]
    return lists


def read_rankings(file: Path) -> dict[str, list[str]]:
    """Read ranked lists: JSON lines of ``{"url": "...", "related": ["url", ...]}``, best first.

    Raises:
        RecommenderError: the file cannot be read, a line is of another form, or two are of one url.
    """
    return read_by_url(file, FORM)


def lists_of_urls(corpus: Corpus, lists: UrlLists) -> dict[int, list[int]]:
    """Turn ranked urls into ranked families; unknown urls keep their place, as misses."""
    found: dict[int, list[int]] = {}
    for url in sorted(lists):
        row = corpus.find(url)
        if row >= 0:
            found.setdefault(row, [family_of(corpus, other) for other in lists[url]])
    return found


def asking_rows(corpus: Corpus, urls: Iterable[str], source: object) -> dict[int, str]:
    """Find the articles that a file names by their urls; what is no article is left out.

    Raises:
        RecommenderError: it names one by two urls.
    """
    found: dict[int, str] = {}
    for url in urls:
        row = corpus.find(url)
        if row >= 0 and found.setdefault(row, url) != url:
            raise RecommenderError(f"{source}: {found[row]} and {url} are one article; keep one of them")
    return found


def by_family(corpus: Corpus, lists: Lists) -> dict[int, Sequence[int]]:
    """Give each family the list of its first member that has one: copies ask once."""
    found: dict[int, Sequence[int]] = {}
    for row in sorted(lists):
        found.setdefault(corpus.families[row], lists[row])
    return found


def written_lists(corpus: Corpus, generated: Generated, *, curated_only: bool) -> dict[int, list[int]]:
    """Give the links of every file that has any, in order of the slots, sound or not: what its readers see.

    ``curated_only`` leaves out those in ``generated``: the files as they were before a fill.
    """
    found = {}
    for row, article in enumerate(corpus.articles):
        ours = generated.get(article.url, frozenset()) if curated_only else frozenset()
        links = [link for link in sorted(article.links, key=lambda link: link.slot) if link.url not in ours]
        targets = [(link, find_target(corpus, row, link).row) for link in links]
        if links:
            found[row] = [corpus.families[t] if t >= 0 else stranger(link.url or link.id) for link, t in targets]
    return found


def baselines(corpus: Corpus, links: Mapping[int, frozenset[int]], length: int) -> dict[str, Lists]:
    """Give the lists of four rankers that read no text: random, random in the same subject, most linked, newest.

    ``links`` are those that count as curated, by family. Newest compares dates as text; without one comes last.
    """
    shown = [row for row, article in enumerate(corpus.articles) if article.suggestible]
    popular = Counter(target for targets in links.values() for target in targets)
    most = sorted(popular, key=lambda family: (-popular[family], family))
    dates: dict[int, str] = {}
    for row in shown:
        family = corpus.families[row]
        dates[family] = max(dates.get(family, ""), corpus.articles[row].date)
    newest = sorted(sorted(dates), key=dates.__getitem__, reverse=True)
    rows = range(len(corpus.articles))
    return {
        **_drawn_lists(corpus, shown, length),
        "most linked": {row: _popular(corpus.families[row], most, popular, (links, length)) for row in rows},
        "newest": {row: _others(newest, corpus.families[row], length) for row in rows},
    }


def beside_references(
    corpus: Corpus, systems: Mapping[str, Lists], generated: Generated, links: Mapping[int, frozenset[int]], length: int
) -> dict[str, Lists]:
    """Put beside some systems, which come first, what is written in the files, and the baselines."""
    found: dict[str, Lists] = {**systems, CURATED: written_lists(corpus, generated, curated_only=True)}
    if generated:
        found[WRITTEN] = written_lists(corpus, generated, curated_only=False)
    return {**found, **baselines(corpus, links, length)}


def linkable(corpus: Corpus) -> set[int]:
    """Give the families that a link may lead to: those with an article that may be suggested."""
    return {f for f, article in zip(corpus.families, corpus.articles, strict=True) if article.suggestible}


def unique_label(wanted: str, taken: Iterable[str]) -> str:
    """Give a ranker a name that no other has: a file called like a baseline does not hide it."""
    held = {*taken, *BASELINES, CURATED, WRITTEN}
    names = [wanted, f"./{wanted}", *(f"{wanted} ({number})" for number in range(2, len(held) + 2))]
    return next(name for name in names if name not in held)


def family_of(corpus: Corpus, url: str) -> int:
    """Find the family of a url; a negative number of its own where no article has it."""
    row = corpus.find(url)
    return corpus.families[row] if row >= 0 else stranger(url)


def stranger(url: str) -> int:
    """Give the negative number that stands for a url which no article has: the same for the same url."""
    return -1 - int(digest(url)[:15], 16)


def _drawn_lists(corpus: Corpus, shown: Sequence[int], length: int) -> dict[str, Lists]:
    everyone = sorted({corpus.families[row] for row in shown})
    by_subject: dict[str, dict[int, None]] = {}
    for row in shown:
        by_subject.setdefault(corpus.articles[row].subject, {})[corpus.families[row]] = None
    near = {subject: list(families) for subject, families in by_subject.items()}
    found: dict[str, Lists] = {}
    for name, pools in (("random", {}), ("same subject", near)):
        draw = random.Random(SEED)  # noqa: S311  (a baseline, not a secret)
        found[name] = {
            row: _drawn(draw, pools.get(article.subject, everyone), corpus.families[row], length)
            for row, article in enumerate(corpus.articles)
        }
    return found


def _drawn(draw: random.Random, pool: Sequence[int], family: int, length: int) -> list[int]:
    return _others(draw.sample(pool, min(len(pool), length + 1)), family, length)


def _popular(
    family: int, order: Sequence[int], popular: Counter[int], known: tuple[Mapping[int, frozenset[int]], int]
) -> list[int]:
    links, length = known
    # The article's own links are not counted, or the baseline would know the answer.
    own = links.get(family, frozenset())
    near = order[: length * 4]
    if own.isdisjoint(near):
        return _others(near, family, length)
    return _others(sorted(near, key=lambda other: (-(popular[other] - (other in own)), other)), family, length)


def _others(ranked: Sequence[int], family: int, length: int) -> list[int]:
    others: Iterator[int] = (other for other in ranked if other != family)
    return list(islice(others, length))
