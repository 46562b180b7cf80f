"""Ask: the one object that the outside talks to. A Model comes only from ``fit_model`` or ``load_model``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Floats, Ints, Terms, dots_of, entries_of, highest, near_dots
from recommender.model.catalogue import Catalogue, SavedAddresses, within
from recommender.ranking.floor import default_floor
from recommender.ranking.near_copies import Bodies, draft_shares, overlaps
from recommender.ranking.same_question import Alike, Likeness, Titles, draft_title, like_draft, titles_of
from recommender.ranking.score import (
    NAMES,
    WORD_PARTS,
    Near,
    Part,
    Query,
    asker_parts,
    explain_words,
    query_draft,
    query_of,
    returned,
    returns,
    total,
    weights_of,
    word_parts,
)
from recommender.ranking.selection import Asking, Candidate, Choice, Rules, blockers, choose
from recommender.ranking.title_meaning import PART, cosines, duplicates_of_draft, weight_of
from recommender.rules.editor_rules import NO_DECISIONS, Decisions
from recommender.settings import Settings, ranking_settings
from recommender.site.corpus import Corpus, members_of
from recommender.text.compounds import Spellings
from recommender.text.groups import group_of
from recommender.text.passages import Repeated
from recommender.text.tfidf import Coverage, Vectors
from recommender.text.title_embeddings import embed_draft
from recommender.text.tokens import Words, article_words, lines_of, tokenize_texts

SHOWN = 20
# Candidates of a draft: enough that rules never use them up before a list is full; a whole site's take 0.1 s to make.
DRAFT = 500
CHUNK = 2048
# Articles that are looked at beyond those that a build keeps, where many rules bite or many links are wanted: 7 ms.
BEYOND = 1024
# How far ``near_dots`` may be off, and more.
NEAR = 1e-9


@dataclass(frozen=True)
class Ranking:
    """Ranked lists of all articles: row i has ``rows[indptr[i]:indptr[i + 1]]`` (int32), best first, and scores."""

    indptr: Ints
    rows: Terms
    scores: Floats

    def of(self, row: int, limit: int | None = None) -> list[Candidate]:
        """Give one article's list, or the first of it."""
        start, stop = self.indptr[row : row + 2].tolist()
        stop = stop if limit is None else min(stop, start + limit)
        pairs = zip(self.rows[start:stop].tolist(), self.scores[start:stop].tolist(), strict=True)
        # A build makes two million; the constructor of a NamedTuple is Python, that of tuple is not.
        return list(map(tuple.__new__, repeat(Candidate), pairs))


@dataclass(frozen=True)
class Model:
    """A fitted site: immutable, and all of it plain arrays.

    ``titles`` are the vectors that tell same questions, ``spellings`` the words that count as others, ``repeated`` the
    passages that count nowhere, ``nearest`` holds the candidates of each article by their scores, ``cosines`` beside
    them, ``chosen`` up to 20 links that choosing took from them; ``lift`` is what the site's subjects tell of nearness.
    ``corpus_digest`` tells whether it still fits a folder; ``built_at`` is UTC, ISO 8601. ``decisions`` are those of
    the editors' rules, which no build keeps: ``with_rules`` gives them. ``embeddings`` are the vectors of the titles,
    (articles, 384) int8, None where the setting ``embeddings`` is off.
    """

    settings: Settings
    catalogue: Catalogue
    vectors: Vectors
    coverage: Coverage
    titles: Vectors
    spellings: Spellings
    repeated: Repeated
    nearest: Ranking
    cosines: Floats
    lift: float
    likeness: Likeness
    chosen: Ranking
    corpus_digest: str
    built_at: str
    decisions: Decisions = NO_DECISIONS
    embeddings: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.catalogue)

    @cached_property
    def rules(self) -> Rules:
        """What choosing needs to know, from the arrays."""
        # A view: 36,000 numbers as objects are 1.7 MB in each worker of the service.
        families, numbers = self.catalogue.families.data, self.catalogue.subject_numbers[1].data
        subjects = list(self.catalogue.subject_numbers[0])
        return Rules(
            families=families,
            excluded=self.catalogue.excluded(),
            subject=lambda row: subjects[numbers[row]],
            members=members_of(families),
            like=self.likeness.of,
            floor=self.floor,
            same_question_article=self.settings.same_question_article,
            same_question_list=self.settings.same_question_list,
            apart=self.catalogue.apart,
        )

    @cached_property
    def in_lists(self) -> Ints:
        """Count in how many lists, with as many links as the site has slots, each article stands."""
        starts, stops = self.chosen.indptr[:-1], self.chosen.indptr[1:]
        place = np.arange(len(self.chosen.rows)) - np.repeat(starts, stops - starts)
        return np.bincount(self.chosen.rows[place < self.settings.slots], minlength=len(self)).astype(np.int64)

    @cached_property
    def floor(self) -> float:
        """Give the lowest score that is shown: the setting, else half of what near candidates usually score."""
        set_by_hand = self.settings.floor
        return default_floor(self.nearest.indptr, self.nearest.scores) if set_by_hand is None else set_by_hand

    @cached_property
    def usual_score(self) -> float:
        """Give what near candidates of the site usually score."""
        return 2 * default_floor(self.nearest.indptr, self.nearest.scores)

    @cached_property
    def address_index(self) -> SavedAddresses:
        """Where its articles are found by their addresses."""
        return SavedAddresses(self.catalogue, self.settings.url)

    @cached_property
    def _near(self) -> Near:
        return Near(self.nearest.indptr, self.nearest.rows, self.cosines, self.settings.candidates)

    @cached_property
    def _weights(self) -> Floats:
        weights = weights_of(self.settings.parts, self.lift)
        return weights if self.embeddings is None else np.append(weights, self.meaning_weight)

    @property
    def meaning_weight(self) -> float:
        """Give the weight of what titles mean in a score, 0 where they are not embedded."""
        return 0.0 if self.embeddings is None else weight_of(self._titles)

    @property
    def _names(self) -> tuple[str, ...]:
        return NAMES if self.embeddings is None else (*NAMES, PART)

    @cached_property
    def _titles(self) -> Titles:
        known = self.catalogue
        return titles_of(self.titles, known.groups, known.title_words, known.titles)

    def candidates(self, row: int) -> list[Candidate]:
        """Give the nearest articles of an article as the build kept them, best first."""
        return self.nearest.of(row)

    def query(self, row: int) -> Query:
        """Ask for one article of the site."""
        query = query_of(self.vectors, self.coverage, row, self.catalogue.subjects[row])
        return query if self.embeddings is None else replace(query, meaning=self.embeddings[row])

    def part_values(self, query: Query, numbers: Ints) -> NDArray[np.float64]:
        """Give the parts of the scores of some articles before they are weighted: (articles, 6 or 7) float64."""
        words = word_parts(self.vectors, self.coverage, query, numbers)
        back = returned(self._near, query, words[:, 0], numbers)
        same = self.catalogue.of_subject(query.subject, numbers)
        return np.column_stack([words, back, same, *self._meaning(query, numbers)])

    def _meaning(self, query: Query, numbers: Ints) -> list[Floats]:
        """Give the part that compares titles, 0 where that of who asks has no vector; nothing where none has."""
        if self.embeddings is None:
            return []
        return [np.zeros(len(numbers)) if query.meaning is None else cosines(query.meaning, self.embeddings[numbers])]

    def scores(self, query: Query, numbers: Sequence[int] | Ints) -> Floats:
        """Score some articles for one that asks."""
        rows = np.array(numbers, np.int64)
        # A chunk's entries take some 30 MB, a whole site's a gigabyte.
        chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
        found = [self.weighed(self.part_values(query, chunk)) for chunk in chunks]
        return np.concatenate([np.zeros(0), *found])

    def weighed(self, values: NDArray[np.float64]) -> Floats:
        """Add up parts to scores: (articles, 6 or 7) to (articles,)."""
        return total(values, self._weights)

    def scores_of_askers(self, query: Query, numbers: Sequence[int]) -> Floats:
        """Score a draft for some articles that may link to it; near in return is where the draft would find them."""
        rows = np.array(numbers, np.int64)
        if not len(rows):
            return np.zeros(0)
        words = asker_parts(self.vectors, self.coverage, query, rows)
        before = np.empty(len(rows), np.int64)
        before[np.lexsort((rows, -np.round(words[:, 0], 9)))] = np.arange(len(rows))
        kept = self.settings.candidates
        back = returns(kept)[np.minimum(before, kept)]
        return self.weighed(np.column_stack([words, back, np.zeros(len(rows)), *self._meaning(query, rows)]))

    def ranked(self, query: Query, count: int | None = None) -> list[Candidate]:
        """Rank the whole site, or the ``count`` of highest cosine, by (-score, url); all share a word with who asks."""
        near = near_dots(self.vectors.rows, query.vector)
        rows = np.flatnonzero(near > NEAR)
        rows = rows[rows != query.row]
        if count is not None:
            rows = highest(near, rows, count)
        return _in_order(rows, self.scores(query, rows))

    def pools(self, row: int, among: NDArray[np.bool_] | None = None) -> Iterator[list[Candidate]]:
        """Give an article's candidates, then these with up to 1,024 others behind them, of ``among`` where it is given.

        Each begins like the one before, so that a longer list begins like a shorter one.
        """
        pool = self.candidates(row)
        yield pool
        query, numbers = self.query(row), self._further(row, among)
        values = self.part_values(query, numbers)
        near = values[:, 0] > NEAR  # all share a word with who asks
        yield pool + _in_order(numbers[near], self.weighed(values[near]))

    def _further(self, row: int, among: NDArray[np.bool_] | None) -> Ints:
        """Give the rows to look at beyond an article's candidates, ascending.

        All where they are few, else the candidates of its candidates: those with the highest sums of products of the
        two scores on each way there. On 36,000 articles they hold 99 % of the 50 best, 64 included.
        """
        far = within(self.catalogue.partitions, int(self.catalogue.partitions[row]))
        far = far if among is None else far & among
        starts, rows, scores = self.nearest.indptr, self.nearest.rows, self.nearest.scores
        own = slice(*starts[row : row + 2].tolist())
        far[row], far[rows[own]] = False, False
        if np.count_nonzero(far) <= BEYOND:
            return np.flatnonzero(far)
        bounds, places = entries_of(starts, rows[own].astype(np.int64))
        products = np.repeat(scores[own], np.diff(bounds)) * scores[places]
        promise = np.bincount(rows[places], products, len(self)) * far
        found = np.flatnonzero(promise)
        if len(found) <= BEYOND:
            return found
        return np.sort(found[np.argpartition(promise[found], len(found) - BEYOND)[len(found) - BEYOND :]])

    def choose_for(
        self, row: int, kept: Sequence[int] = (), limit: int | None = None, enough: int | None = None
    ) -> Choice:
        """Choose links for one article beside the rows that it keeps.

        Where the kept candidates run out before ``limit`` or ``enough`` links are found, more of the site is looked at,
        but not where the last candidate is below the floor already.
        """
        wanted = self.settings.slots - len(kept) if limit is None else limit
        target = wanted if enough is None else min(wanted, enough)
        asking, choice = self.asking(row), Choice((), ())
        for pool in self.pools(row):
            choice = choose(asking, pool, kept, wanted, self.rules)
            if len(choice.shown) >= target or choice.no_list or self.exhausted(row, self.floor):
                break
        return choice

    def exhausted(self, row: int, least: float) -> bool:
        """Tell whether nothing of at least a score is looked for beyond an article's candidates.

        Beyond ``exact_up_to`` articles nothing is: a few in a thousand have too few candidates.
        """
        if len(self) > self.settings.exact_up_to:
            return True
        start, stop = self.nearest.indptr[row : row + 2].tolist()
        return stop - start < self.settings.candidates or float(self.nearest.scores[stop - 1]) < least

    def permits(self, row: int, other: int, kept: Sequence[int]) -> bool:
        """Tell whether no rule of choosing stops a link beside others, whatever its rank."""
        candidate = Candidate(other, self.score_between(row, other))
        asking = self.asking(row)
        asking = replace(asking, pinned=tuple(pin for pin in asking.pinned if pin.row == other))
        return bool(choose(asking, [candidate], kept, 1, self.rules).shown)

    def score_between(self, row: int, other: int) -> float:
        """Score one article for another: as the build did where it is a candidate."""
        own = slice(*self.nearest.indptr[row : row + 2].tolist())
        place = np.flatnonzero(self.nearest.rows[own] == other)
        return float(self.nearest.scores[own][place[0]]) if len(place) else self.score(self.query(row), other)

    def blockers(self, row: int, other: int, kept: Sequence[int]) -> tuple[int, ...] | None:
        """Give the links of a list beside which another may not stand; None where it may stand in no such list."""
        return blockers(self.asking(row), Candidate(other, self.score_between(row, other)), kept, self.rules)

    def asking(self, row: int) -> Asking:
        """Say who asks, for one article of the site."""
        catalogue, families = self.catalogue, self.rules.families
        linked = catalogue.linked(row) if self.settings.skip_linked else ()
        asking = Asking(
            families[row],
            catalogue.subjects[row],
            self.likeness.of(row),
            catalogue.no_list(row),
            row,
            frozenset(families[other] for other in linked),
        )
        pins, blocks = self.decisions.pins.get(row, ()), self.decisions.blocks.get(row, ())
        if not pins and not blocks:
            return asking
        scores = self.scores(self.query(row), pins).tolist()
        blocked = frozenset(families[other] for other in blocks)
        return replace(asking, pinned=tuple(map(Candidate, pins, scores)), blocked=blocked)

    def ask_draft(
        self, texts: dict[str, str], subject: str = "", own: int = -1
    ) -> tuple[Query, Asking, list[Candidate]]:
        """Give an unpublished article's query, who asks, and its ranking; its texts are given by source.

        A revision is asked for with the row of the article that it is of: that and its copies are passed over.
        """
        words = self._words(texts, own)
        text = texts.get(self.settings.keys.title, "")
        group = int(self.catalogue.groups[own]) if own >= 0 else group_of(self.vectors.space, words)
        query = replace(query_draft(self.vectors, self.coverage, words, group), subject=subject)
        if self.embeddings is not None:
            query = replace(query, meaning=embed_draft(text))
        candidates = self._of_one_language(self.ranked(query, DRAFT), own)
        numbers = np.array([candidate.row for candidate in candidates[: 4 * SHOWN]], np.int64)
        title = draft_title(self._titles, self.titles.space.of_group(group), text, words.title)
        written = texts.get(self.settings.keys.answer) or texts.get("body", "")
        vectors = replace(self.vectors, space=self.vectors.space.of_group(group))
        bodies, cosine = Bodies(vectors, self.coverage), dots_of(vectors.rows, query.vector, numbers)
        shared = overlaps(bodies, query.asked.saturations[0], numbers)
        alike = Alike(cosine, shared, draft_shares(bodies, written, words, numbers))
        like = like_draft(self._titles, title, numbers, alike)
        if self.embeddings is not None and query.meaning is not None:
            meaning = cosines(query.meaning, self.embeddings[numbers])
            like = duplicates_of_draft(self._titles, title, like, alike, meaning)
        if own < 0:
            return query, Asking(-1, subject, like), candidates
        asking = self.asking(own)
        like = {row: value for row, value in like.items() if self.rules.families[row] != asking.family}
        return query, replace(asking, subject=subject, like=like), candidates

    def _words(self, texts: dict[str, str], own: int) -> Words:
        """Give the words of a draft that count: those of an article with its texts, as the build counted them."""
        partition = int(self.catalogue.partitions[own]) if own >= 0 else None
        tokens = self.spellings.put_into(tokenize_texts(texts, self.settings))
        return article_words(self.repeated.left_out_of(tokens, lines_of(self.settings), partition), self.settings)

    def _of_one_language(self, candidates: list[Candidate], own: int) -> list[Candidate]:
        """Keep the candidates of a draft that are of its language and version: of the first's, where nobody says."""
        if not self.catalogue.is_partitioned or not candidates:
            return candidates
        known = own if own >= 0 else candidates[0].row
        allowed = within(self.catalogue.partitions, int(self.catalogue.partitions[known]))
        return [candidate for candidate in candidates if allowed[candidate.row]]

    def explain(self, query: Query, other: int) -> tuple[Part, ...]:
        """Split a score into its terms and the parts that have none, largest first; they add up to the score."""
        words = explain_words(self.vectors, self.coverage, query, other)
        values = self.part_values(query, np.array([other]))[0, len(WORD_PARTS) :].tolist()
        others = zip(self._names[len(WORD_PARTS) :], values, strict=True)
        parts = [*words, *((name, Part(name, "", value)) for name, value in others)]
        weight = dict(zip(self._names, self._weights.tolist(), strict=True))
        weighed = [Part(part.field, part.term, part.value * weight[name]) for name, part in parts]
        held = [part for part in weighed if part.value]
        return tuple(sorted(held, key=lambda part: (-part.value, part.field, part.term)))

    def score(self, query: Query, other: int) -> float:
        """Score one article for one that asks."""
        return float(self.scores(query, [other])[0])

    def fits(self, corpus: Corpus, settings: Settings) -> bool:
        """Tell whether the model was built from this content with settings that rank alike."""
        return self.corpus_digest == corpus.digest and ranking_settings(self.settings) == ranking_settings(settings)


def _in_order(rows: Ints, scores: Floats) -> list[Candidate]:
    """Put articles in the order of their scores, highest first, then of their urls."""
    order = np.lexsort((rows, -np.round(scores, 9)))
    return [Candidate(*pair) for pair in zip(rows[order].tolist(), scores[order].tolist(), strict=True)]
