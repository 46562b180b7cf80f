"""Where curators and the model part: curated links that the model finds poor, strong suggestions that nobody made.

A sound curated link is *poor* when its score is below the floor, or below half of the weakest of the article's own
suggestions, and the model has another to show instead; the lower that share, the more extreme. On 160 judged articles
4 % of such links had grade 2 or 3, of the other curated links 61 %. A suggestion is *strong* when its score is among
the highest tenth of all suggestions of the site, and no link of the article, curated or generated, leads there yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recommender.errors import RecommenderError
from recommender.model.model import Model
from recommender.ranking.selection import Candidate
from recommender.site.corpus import Corpus
from recommender.site.generated_links import Generated
from recommender.site.link_verdicts import judge_links

POOR_SHARE = 0.5
STRONG_SHARE = 0.1


@dataclass(frozen=True)
class Search:
    """What is looked for: how many of each kind, and the subject of the articles that link, None for all."""

    limit: int
    subject: str | None = None


@dataclass(frozen=True)
class Poor:
    """A curated link that the model finds poor; ``rank`` is its place in the whole ranking, 0 for none at all.

    ``weakest`` is the score of the article's weakest suggestion, 0.0 where it has none; ``instead`` what the model
    would show that the article does not link to, best first.
    """

    row: int
    slot: int
    target: int
    score: float
    rank: int
    weakest: float
    instead: tuple[Candidate, ...]

    @property
    def share(self) -> float:
        """The score as a share of the weakest suggestion's."""
        return self.score / self.weakest if self.weakest else 0.0


@dataclass(frozen=True)
class Strong:
    """A suggestion that nobody made, with its rank among the article's suggestions and the article's sound links."""

    row: int
    target: int
    score: float
    rank: int
    links: int


@dataclass(frozen=True)
class Disagreements:
    """The most extreme of both kinds, how many there are in all, and the scores that they were measured by."""

    model: Model
    poor: tuple[Poor, ...]
    strong: tuple[Strong, ...]
    curated: int
    poor_in_all: int
    strong_in_all: int
    floor: float
    strong_score: float


@dataclass(frozen=True)
class _Asked:
    """One article of a family, its rows in corpus and model, its suggestions, and its sound links by slot."""

    row: int
    shown: list[Candidate]
    links: tuple[tuple[int, int], ...]
    curated: frozenset[int]


def find_disagreements(corpus: Corpus, model: Model, generated: Generated, search: Search) -> Disagreements:
    """Find the most extreme disagreements of a site; what model and corpus do not both hold is passed over.

    Raises:
        RecommenderError: no article has the subject.
    """
    asked = list(_asked(corpus, model, generated, search))
    if not asked and search.subject is not None:
        subjects = sorted({article.subject for article in corpus.articles})
        raise RecommenderError(f"no article has the subject {search.subject!r}; there are: {', '.join(subjects)}")
    poor = [found for one in asked for found in _poor_links(model, one)]
    poor.sort(key=lambda found: (round(found.share, 9), -round(found.weakest, 9), found.row, found.slot))
    strong_score = _strong_score(model)
    strong = sorted(
        (found for one in asked for found in _strong_suggestions(model, one, strong_score)),
        key=lambda found: (-round(found.score, 9), found.row, found.target),
    )
    return Disagreements(
        model=model,
        poor=tuple(_with_rank(model, found) for found in poor[: search.limit]),
        strong=tuple(strong[: search.limit]),
        curated=sum(len(one.curated) for one in asked),
        poor_in_all=len(poor),
        strong_in_all=len(strong),
        floor=model.floor,
        strong_score=strong_score,
    )


def _asked(corpus: Corpus, model: Model, generated: Generated, search: Search) -> Iterator[_Asked]:
    """Give the articles that are asked about, in rows of the model; of copies the first in the corpus."""
    rows = [model.catalogue.urls.find(article.url) for article in corpus.articles]
    seen: set[int] = set()
    for number, article in enumerate(corpus.articles):
        if search.subject is not None and article.subject.casefold() != search.subject.casefold():
            continue
        if rows[number] < 0 or corpus.families[number] in seen:
            continue
        seen.add(corpus.families[number])
        ours = generated.get(article.url, frozenset())
        sound = [judged for judged in judge_links(corpus, number, ours) if judged.sound and rows[judged.target] >= 0]
        yield _Asked(
            row=rows[number],
            shown=model.chosen.of(rows[number])[: model.settings.slots],
            links=tuple((judged.link.slot, rows[judged.target]) for judged in sound),
            curated=frozenset(j.link.slot for j in sound if not j.generated),
        )


def _poor_links(model: Model, one: _Asked) -> Iterator[Poor]:
    families = model.rules.families
    linked = {families[target] for _, target in one.links}
    weakest = one.shown[-1].score if one.shown else 0.0
    instead = tuple(candidate for candidate in one.shown if families[candidate.row] not in linked)
    curated = [(slot, target) for slot, target in one.links if slot in one.curated]
    if not curated or not instead:
        return
    scores = model.scores(model.query(one.row), [target for _, target in curated])
    for (slot, target), score in zip(curated, scores.tolist(), strict=True):
        if score < model.floor or score < POOR_SHARE * weakest:
            yield Poor(one.row, slot, target, score, 0, weakest, instead)


def _strong_suggestions(model: Model, one: _Asked, strong_score: float) -> Iterator[Strong]:
    families = model.rules.families
    linked = {families[target] for _, target in one.links}
    for rank, candidate in enumerate(one.shown, 1):
        if candidate.score >= strong_score and families[candidate.row] not in linked:
            yield Strong(one.row, candidate.row, candidate.score, rank, len(one.links))


def _strong_score(model: Model) -> float:
    slots, chosen = model.settings.slots, model.chosen
    places = np.arange(len(chosen.rows)) - np.repeat(chosen.indptr[:-1], np.diff(chosen.indptr))
    scores = chosen.scores[places < slots]
    return float(np.quantile(scores, 1 - STRONG_SHARE)) if len(scores) else 0.0


def _with_rank(model: Model, found: Poor) -> Poor:
    # The whole site is ranked for it, some 0.1 s on 36,000 articles: so only for those that are shown.
    rank = 0
    if found.score > 0:
        ranked = [candidate.row for candidate in model.ranked(model.query(found.row))]
        rank = ranked.index(found.target) + 1 if found.target in ranked else 0
    return Poor(found.row, found.slot, found.target, found.score, rank, found.weakest, found.instead)
