"""Fit and ask: the one object that the outside talks to. A Model comes only from ``fit_model`` or ``load_model``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender import parallel
from recommender.choose import Asking, Candidate, Choice, Rules, choose
from recommender.corpus import Corpus
from recommender.families import Likeness, find_likeness, like_draft, members_of
from recommender.settings import Settings
from recommender.sparse import Floats, Ints, Rows, Terms, Texts, all_dots, dots_of, near_dots, ordered_sum, pack, shared
from recommender.text import analyze
from recommender.vectors import Vectors, field_words, fit_vectors, stem, transform

SHOWN = 20
# Candidates of a draft: enough that rules never use them up before a list is full; a whole site's take 0.1 s to make.
DRAFT = 500
# How far ``near_dots`` may be off, and more.
NEAR = 1e-9


@dataclass(frozen=True)
class Catalogue:
    """What is known of each article beside its vector, sorted by url; ``order_by_id`` sorts rows by (id, row).

    ``sources`` has the 16 bytes of each article's ``source_digest``: they tell which files changed since.
    """

    urls: Texts
    ids: Texts
    titles: Texts
    subjects: Texts
    paths: Texts
    hidden: NDArray[np.uint8]
    families: Terms
    order_by_id: Terms
    sources: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.urls)


@dataclass(frozen=True)
class Ranking:
    """Ranked lists of all articles: row i has ``rows[indptr[i]:indptr[i + 1]]`` (int32), best first, and scores."""

    indptr: Ints
    rows: Terms
    scores: Floats

    def of(self, row: int, limit: int | None = None) -> list[Candidate]:
        """Give one article's list, or the first of it."""
        start, stop = int(self.indptr[row]), int(self.indptr[row + 1])
        stop = stop if limit is None else min(stop, start + limit)
        pairs = zip(self.rows[start:stop].tolist(), self.scores[start:stop].tolist(), strict=True)
        return [Candidate(*pair) for pair in pairs]


@dataclass(frozen=True)
class Part:
    """One named, signed part of a score: a term of a field."""

    field: str
    term: str
    value: float


@dataclass(frozen=True)
class Model:
    """A fitted site: immutable, and all of it plain arrays.

    ``titles`` are the vectors that tell same questions, ``nearest`` holds the best
    candidates of each article, ``chosen`` up to 20 links that choosing took from them.
    ``corpus_digest`` tells whether it still fits a folder; ``built_at`` is UTC, ISO 8601.
    """

    settings: Settings
    catalogue: Catalogue
    vectors: Vectors
    titles: Vectors
    nearest: Ranking
    likeness: Likeness
    chosen: Ranking
    corpus_digest: str
    built_at: str

    def __len__(self) -> int:
        return len(self.catalogue)

    @cached_property
    def rules(self) -> Rules:
        """What choosing needs to know, from the arrays."""
        hidden, ids = self.catalogue.hidden.tolist(), self.catalogue.ids.offsets
        has_id = (np.diff(ids) > 0).tolist()
        families = self.catalogue.families.tolist()
        return Rules(
            families=families,
            barred=["hidden" if h else "" if i else "no-id" for h, i in zip(hidden, has_id, strict=True)],
            subjects=self.catalogue.subjects,
            members=members_of(families),
            like=self.likeness.of,
            floor=self.settings.floor,
            same_question_article=self.settings.same_question_article,
            same_question_list=self.settings.same_question_list,
        )

    def candidates(self, row: int) -> list[Candidate]:
        """Give the nearest articles of an article as the build kept them, best first."""
        return self.nearest.of(row)

    def every_candidate(self, vector: tuple[Terms, Floats]) -> list[Candidate]:
        """Rank the whole site for one row of the space: all with a score above 0, by (-score, url)."""
        scores = all_dots(self.vectors.rows, vector)
        rows = np.flatnonzero(scores > 0)
        order = np.lexsort((rows, -np.round(scores[rows], 9)))
        ranked = rows[order]
        return [Candidate(row, score) for row, score in zip(ranked.tolist(), scores[ranked].tolist(), strict=True)]

    def best_candidates(self, vector: tuple[Terms, Floats], count: int, least: float = 0.0) -> list[Candidate]:
        """Rank the best ``count`` of the site for one row of the space, of those with at least a score."""
        near = near_dots(self.vectors.rows, vector)
        rows = np.flatnonzero(near >= least - NEAR if least else near > 0)
        if len(rows) > count:
            # As many as are wanted, and all that are as near as the last of them.
            last = np.partition(near[rows], len(rows) - count)[len(rows) - count]
            rows = rows[near[rows] >= last - NEAR]
        scores = dots_of(self.vectors.rows, vector, rows)
        order = np.lexsort((rows, -np.round(scores, 9)))
        pairs = zip(rows[order].tolist(), scores[order].tolist(), strict=True)
        return [Candidate(*pair) for pair in pairs if pair[1] >= least and pair[1] > 0][:count]

    def choose_for(
        self, row: int, kept: Sequence[int] = (), limit: int | None = None, enough: int | None = None
    ) -> Choice:
        """Choose links for one article beside the rows that it keeps.

        Where the kept candidates run out before ``limit`` or ``enough`` links are found, the whole site is ranked
        (0.1 s on 36,000 articles, so not done where the last candidate is below the floor already).
        """
        wanted = self.settings.slots - len(kept) if limit is None else limit
        asking = self.asking(row)
        candidates = self.candidates(row)
        choice = choose(asking, candidates, kept, wanted, self.rules)
        cut_off = len(candidates) >= self.settings.candidates and candidates[-1].score >= self.settings.floor
        if len(choice.shown) < (wanted if enough is None else min(wanted, enough)) and cut_off:
            everything = [c for c in self.every_candidate(self.vectors.rows.row(row)) if c.row != row]
            choice = choose(asking, everything, kept, wanted, self.rules)
        return choice

    def permits(self, row: int, other: int, kept: Sequence[int]) -> bool:
        """Tell whether no rule of choosing stops a link beside others, whatever its rank."""
        score = self.score(self.vectors.rows.row(row), other)
        return bool(choose(self.asking(row), [Candidate(other, score)], kept, 1, self.rules).shown)

    def asking(self, row: int) -> Asking:
        """Say who asks, for one article of the site."""
        return Asking(self.rules.families[row], self.catalogue.subjects[row], self.likeness.of(row))

    def ask_draft(self, texts: dict[str, str]) -> tuple[tuple[Terms, Floats], Asking, list[Candidate]]:
        """Give an unpublished article's row, who asks, and its ranking; its texts are given by source."""
        words = field_words(texts, self.settings)
        vector = transform(self.vectors.space, words)
        candidates = self.best_candidates(vector, DRAFT)
        near = [(c.row, c.score, len(analyze(self.catalogue.titles[c.row]))) for c in candidates[: 4 * SHOWN]]
        title = transform(self.titles.space, [[stem(word) for word in words[-1]]])
        like = like_draft(self.titles.rows, title, len(words[-1]), near)
        return vector, Asking(-1, "", like), candidates

    def explain(self, one: tuple[Terms, Floats], other: int) -> tuple[Part, ...]:
        """Split a score into its terms, largest first; the parts add up to the score."""
        columns, values = shared(one, self.vectors.rows.row(other))
        space = self.vectors.space
        parts = [
            Part(
                space.fields[int(np.searchsorted(space.starts, column, side="right")) - 1],
                space.terms[column],
                value,
            )
            for column, value in zip(columns.tolist(), values.tolist(), strict=True)
        ]
        return tuple(sorted(parts, key=lambda part: (-part.value, part.field, part.term)))

    def score(self, one: tuple[Terms, Floats], other: int) -> float:
        """Score one pair: float64, summed in ascending term number."""
        return ordered_sum(shared(one, self.vectors.rows.row(other))[1])

    def fits(self, corpus: Corpus, settings: Settings) -> bool:
        """Tell whether the model was built from this content with settings that rank alike."""
        return self.corpus_digest == corpus.digest and ranking_settings(self.settings) == ranking_settings(settings)


def ranking_settings(settings: Settings) -> dict[str, object]:
    """Give the settings that change which links are chosen, as plain values; the order of the fields counts."""
    names = (
        "slots",
        "lead_words",
        "lead_times",
        "floor",
        "candidates",
        "same_question_article",
        "same_question_list",
    )
    fields = [[name, weight] for name, weight in settings.weighted.items()]
    text = [[name, times] for name, times in settings.text.items() if times]
    return {
        "fields": fields,
        "text": text,
        "keys": vars(settings.keys),
        **{name: getattr(settings, name) for name in names},
    }


def fit_model(
    corpus: Corpus, settings: Settings, built_at: str, progress: parallel.Progress = parallel.silent
) -> Model:
    """Vectorise, rank and choose for every article of a corpus."""
    articles = corpus.articles
    vectors, titles = fit_vectors(articles, settings, progress, _load_kernels)
    from recommender.neighbors import nearest  # noqa: PLC0415  (numba: 0.4 s; only a build ranks a whole site)

    families = np.array(corpus.families, np.int32)
    step = progress("ranking", len(articles))
    found = nearest(vectors.rows, settings.candidates, families, 0.0, parallel.cores())
    step(len(articles))
    filled = found.rows >= 0
    indptr = np.concatenate([[0], np.cumsum(filled.sum(axis=1))]).astype(np.int64)
    near = Ranking(indptr, found.rows[filled].astype(np.int32), found.scores[filled])
    thresholds = [t for t in (settings.same_question_article, settings.same_question_list) if t]
    lengths = np.array([len(analyze(article.title)) for article in articles], np.float64)
    pairs = Rows(near.indptr, near.rows, near.scores, len(articles))
    model = Model(
        settings=settings,
        catalogue=_catalogue(corpus),
        vectors=vectors,
        titles=titles,
        nearest=near,
        likeness=find_likeness(pairs, titles.rows, lengths, min(thresholds, default=0.0)),
        chosen=Ranking(np.zeros(len(articles) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0)),
        corpus_digest=corpus.digest,
        built_at=built_at,
    )
    return _with_chosen(model, progress)


def _load_kernels() -> None:
    """Have the ranking's loops compiled, or their code loaded, by ranking next to nothing."""
    from recommender.neighbors import nearest  # noqa: PLC0415

    rows = Rows(np.arange(9), np.zeros(8, np.int32), np.ones(8), 1)
    nearest(rows, 1, np.arange(8, dtype=np.int32), 0.0, 1)


def _with_chosen(model: Model, progress: parallel.Progress) -> Model:
    limit = max(SHOWN, model.settings.slots)
    chunks = list(parallel.run(_Choosing(model, limit), range(len(model)), progress, label="choosing"))
    lengths, rows, scores = (np.concatenate(parts) for parts in zip(*chunks, strict=True))
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return replace(model, chosen=Ranking(indptr, rows.astype(np.int32), scores.astype(np.float64)))


@dataclass(frozen=True)
class _Choosing:
    model: Model
    limit: int

    def __call__(self, rows: Sequence[int]) -> list[tuple[NDArray[Any], ...]]:
        """Give lengths, rows and scores of a chunk's lists: arrays travel between processes at once."""
        slots = self.model.settings.slots
        lists = [self.model.choose_for(row, limit=self.limit, enough=slots).shown for row in rows]
        flat = [candidate for shown in lists for candidate in shown]
        lengths = np.array([len(shown) for shown in lists])
        return [(lengths, np.array([c.row for c in flat], np.int32), np.array([c.score for c in flat]))]


def _catalogue(corpus: Corpus) -> Catalogue:
    articles = corpus.articles
    ids = [article.id for article in articles]
    return Catalogue(
        urls=pack(article.url for article in articles),
        ids=pack(ids),
        titles=pack(article.title for article in articles),
        subjects=pack(article.subject for article in articles),
        paths=pack(article.path for article in articles),
        hidden=np.array([article.hidden for article in articles], np.uint8),
        families=np.array(corpus.families, np.int32),
        order_by_id=np.array(sorted(range(len(ids)), key=lambda row: (ids[row].encode(), row)), np.int32),
        sources=np.frombuffer(bytes.fromhex("".join(a.source_digest for a in articles)), np.uint8).reshape(-1, 16),
    )
