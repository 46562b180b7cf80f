"""Fit: a corpus to a model. Vectorise, rank, rescore and choose for every article, in parallel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from recommender.addresses import unescaped
from recommender.arrays.compiling import always, compiles, misses_numba, require_numba
from recommender.arrays.sparse_rows import Floats, Rows, Terms, Texts, numbered, pack
from recommender.article import Article
from recommender.build.title_vectors import embed_site
from recommender.model.catalogue import NEVER, NO_LIST, Catalogue, packed_keys, packed_partitions, within
from recommender.model.model import SHOWN, Model, Ranking
from recommender.model.name_index import index_names
from recommender.model.redating import Choosing, Chunk, ranking_of
from recommender.ranking import brute_force, same_question, score, title_meaning
from recommender.ranking.near_copies import NEAR, Bodies
from recommender.ranking.same_question import Titles, titles_of
from recommender.ranking.score import Near, subject_lift, weights_of
from recommender.settings import Settings
from recommender.site.corpus import Corpus, assemble
from recommender.site.reader import Read
from recommender.site.text_links import links_of_texts
from recommender.system import parallel, processes
from recommender.system.threads import in_threads
from recommender.text.compounds import Spellings, by_spellings
from recommender.text.groups import fit_groups
from recommender.text.passages import Repeated, without_repeated
from recommender.text.tfidf import Fitted, Vectors
from recommender.text.tokens import Tokenized, Tokens, lines_of, title_words, tokenize_articles

if TYPE_CHECKING:
    from recommender.addresses import Addresses
    from recommender.build.carry_over import CarriedOver
    from recommender.ranking.nearest.search import Neighbors
    from recommender.ranking.same_question import Likeness
    from recommender.ranking.selection_compiled import Facts


LOG = logging.getLogger("recommender.build")
COMPILING = "the loops that build large sites are compiled, once for this version: some 15 s of a processor"
SLOW = "%s articles are ranked without numba, which takes several times as long: pip install 'recommender[fast]'"


@dataclass(frozen=True)
class Described:
    """All that a model takes from a corpus, which may go then: the objects of a million articles take 5 GB.

    The vocabulary of the last part of ``counted`` is packed in ``words``: texts, old or new, would lie among those of
    the articles, and one of them holds a megabyte. The words of the titles are still to be counted. ``answered`` tells
    which articles have words of their own.
    """

    words: Texts
    counted: Tokenized
    catalogue: Catalogue
    answered: NDArray[np.bool_]
    digest: str

    def with_words(self, *parts: Tokens) -> Described:
        """Give it the counted words of its articles in place of those that it has."""
        *others, last = parts
        bare = replace(self.counted, parts=(*others, replace(last, vocabulary=[])))
        return replace(self, words=pack(last.vocabulary), counted=bare)


@dataclass(frozen=True)
class Vectorised:
    """All that ranking needs of a site; ``embeddings`` are the vectors of its titles, None where these are off."""

    fitted: Fitted
    catalogue: Catalogue
    answered: NDArray[np.bool_]
    digest: str
    spellings: Spellings
    repeated: Repeated
    embeddings: NDArray[np.int8] | None = None


def fit_model(
    corpus: Corpus,
    settings: Settings,
    built_at: str,
    progress: parallel.Progress = parallel.silent,
    before: Model | None = None,
) -> Model:
    """Vectorise, rank and choose for every article of a corpus.

    ``before`` is a model that this code has made with the same settings; the result is the same without it.
    """
    vectorised = vectorise(describe(corpus, settings, progress), settings, again=before is not None)
    vectorised = replace(vectorised, embeddings=embed_site(vectorised.catalogue.titles, settings, progress))
    return rank(vectorised, settings, built_at, progress, before)


@parallel.no_collection()
def describe(corpus: Corpus, settings: Settings, progress: parallel.Progress = parallel.silent) -> Described:
    """Count the words of a corpus, where reading has not, and list what is shown of its articles."""
    counted = corpus.counted
    if counted is None:
        counted = tokenize_articles(corpus.articles, settings, progress)
    answered = np.array([article.answer_digest != "" for article in corpus.articles], np.bool_)
    described = Described(pack([]), counted, _catalogue(corpus), answered, corpus.digest)
    return described.with_words(*counted.parts) if counted.parts else described


@parallel.no_collection()
def vectorise(described: Described, settings: Settings, *, again: bool = False) -> Vectorised:
    """Weigh the words of a site; ``again`` tells that a model of it was built before."""
    *others, last = described.counted.parts
    counted = replace(described.counted, parts=(*others, replace(last, vocabulary=described.words.all())))
    counted, spellings = by_spellings(counted)
    catalogue = replace(described.catalogue, title_words=title_words(counted))
    own, repeated = without_repeated(counted, lines_of(settings), catalogue.families, catalogue.partitions)
    fitted = fit_groups(own, settings, catalogue.groups, again=again)
    return Vectorised(fitted, catalogue, described.answered, described.digest, spellings, repeated)


@parallel.no_collection()
def rank(
    vectorised: Vectorised,
    settings: Settings,
    built_at: str,
    progress: parallel.Progress = parallel.silent,
    before: Model | None = None,
) -> Model:
    """Rank and choose for every article, with the help of the model from before, as ``fit_model``."""
    fitted, catalogue = vectorised.fitted, vectorised.catalogue
    if misses_numba(len(catalogue)):
        LOG.warning(SLOW, f"{len(catalogue):,}")
    step = progress("ranking", len(catalogue))
    carried = _carried(before, vectorised)
    near = _nearest(fitted.main, settings, catalogue, carried)
    nearest, cosines, lift = _rescored(vectorised, near, settings, carried)
    step(len(catalogue))
    model = Model(
        settings=settings,
        catalogue=catalogue,
        vectors=fitted.main,
        coverage=fitted.coverage,
        titles=fitted.titles,
        spellings=vectorised.spellings,
        repeated=vectorised.repeated,
        nearest=nearest,
        cosines=cosines,
        lift=lift,
        likeness=_likeness(vectorised, near, settings),
        chosen=ranking_of([], len(catalogue)),
        corpus_digest=vectorised.digest,
        built_at=built_at,
        embeddings=vectorised.embeddings,
    )
    return _with_chosen(model)


def _likeness(site: Vectorised, near: Near, settings: Settings) -> Likeness:
    """Find the pairs that ask the same question: by the blend, or by the learned model where titles are embedded."""
    fitted, catalogue, find_likeness = site.fitted, site.catalogue, same_question.find_likeness
    if compiles(len(catalogue)):
        from recommender.ranking import same_question_compiled  # noqa: PLC0415  (numba)

        find_likeness = same_question_compiled.find_likeness
    thresholds = [t for t in (settings.same_question_article, settings.same_question_list) if t]
    least = min(thresholds, default=0.0)
    titles = _titles(site)
    pairs = Rows(near.indptr, near.rows, near.cosines, len(catalogue))
    bodies = Bodies(fitted.main, fitted.coverage)
    if site.embeddings is None:
        return find_likeness(pairs, titles, bodies, site.answered, least)
    copies = find_likeness(pairs, titles, bodies, site.answered, max(least, NEAR) if least else 0.0)
    compared = title_meaning.Compared(titles, site.embeddings, bodies)
    return title_meaning.find_duplicates(pairs, compared, copies, least)


def _titles(site: Vectorised) -> Titles:
    own, catalogue = site.fitted.titles, site.catalogue
    return titles_of(own, catalogue.groups, catalogue.title_words, catalogue.titles)


def _carried(before: Model | None, site: Vectorised) -> CarriedOver | None:
    """Find what a model from before spares; nothing on a small site, where pairs are not all compared, or not here."""
    catalogue = site.catalogue
    if before is None or not compiles(len(catalogue)) or parallel.elsewhere() or catalogue.is_partitioned:
        return None
    if max(len(before), len(catalogue)) > before.settings.exact_up_to:
        return None
    from recommender.build.carry_over import carry  # noqa: PLC0415  (numba)

    return carry(before, site.fitted, catalogue, site.embeddings)


def _nearest(vectors: Vectors, settings: Settings, catalogue: Catalogue, carried: CarriedOver | None) -> Near:
    there = parallel.elsewhere()
    if catalogue.is_partitioned:
        return _nearest_within(vectors, settings, catalogue)
    if there:
        require_numba("a search on a cluster")
        from recommender.build.cluster_search import nearest_elsewhere  # noqa: PLC0415  (numba)

        found = nearest_elsewhere(vectors.rows, settings.candidates, catalogue.families, there)
        return _near(found, settings.candidates)
    if carried:
        return _near(carried.nearest(parallel.cores()), settings.candidates)
    return _search(vectors.rows, catalogue.families, settings, len(catalogue))


def _search(rows: Rows, families: Terms, settings: Settings, articles: int) -> Near:
    """Search in the way of a site of so many articles."""
    if not compiles(articles) and len(rows) <= settings.exact_up_to:
        return brute_force.nearest(rows, settings.candidates, families)
    require_numba(f"a search among more than {settings.exact_up_to:,} articles (exact_up_to)")
    from recommender.ranking.nearest.approximate import nearest_approximate  # noqa: PLC0415  (numba)
    from recommender.ranking.nearest.search import nearest  # noqa: PLC0415  (numba)

    search = nearest if len(rows) <= settings.exact_up_to else nearest_approximate
    return _near(search(rows, settings.candidates, families, 0.0, parallel.cores()), settings.candidates)


def _near(found: Neighbors, kept: int) -> Near:
    filled = found.rows >= 0
    indptr = np.concatenate([[0], np.cumsum(filled.sum(axis=1))]).astype(np.int64)
    return Near(indptr, found.rows[filled].astype(np.int32), found.scores[filled], kept)


def _nearest_within(vectors: Vectors, settings: Settings, catalogue: Catalogue) -> Near:
    """Search the articles of each language and version among themselves."""
    owners, others, cosines = [], [], []
    for partition in np.unique(catalogue.partitions).tolist():
        rows = np.flatnonzero(within(catalogue.partitions, partition))
        part = _search(vectors.rows.some(rows), catalogue.families[rows], settings, len(catalogue))
        asking = np.repeat(rows, np.diff(part.indptr))
        own = catalogue.partitions[asking] == partition
        owners.append(asking[own])
        others.append(rows[part.rows[own]].astype(np.int32))
        cosines.append(part.cosines[own])
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    lengths = np.bincount(owner, minlength=len(catalogue))
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Near(indptr, np.concatenate(others)[order], np.concatenate(cosines)[order], settings.candidates)


def _rescored(
    site: Vectorised, near: Near, settings: Settings, carried: CarriedOver | None
) -> tuple[Ranking, Floats, float]:
    """Give the candidates by their scores, their cosines beside them, and the lift of the subjects."""
    fitted, subjects = site.fitted, site.catalogue.subjects.all()
    _, numbers = numbered(subjects)
    lift = subject_lift(near, numbers, site.catalogue.groups)
    named = np.where([subject != "" for subject in subjects], numbers, -1)
    weights, meaning = weights_of(settings.parts, lift), title_meaning.weight_of(_titles(site))
    if not compiles(len(subjects)):
        scores = score.rescore(fitted.main, fitted.coverage, near, named, weights)
        owners = np.repeat(np.arange(len(subjects)), np.diff(near.indptr))
        if site.embeddings is not None:
            scores += meaning * title_meaning.pair_cosines(site.embeddings, owners, near.rows)
        order = np.lexsort((near.rows, -np.round(scores, 9), owners))
        return Ranking(near.indptr, near.rows[order], scores[order]), near.cosines[order], lift
    from recommender.ranking.score_compiled import padded, rescore, sorted_by_score  # noqa: PLC0415  (numba)

    pairs = padded(near, named)
    if carried and carried.before.meaning_weight in (0.0, meaning):
        pairs = pairs._replace(known=carried.scores(pairs, lift, parallel.cores()))
    scores = rescore(fitted.main, fitted.coverage, pairs, weights, parallel.cores())
    if site.embeddings is not None:
        new = (pairs.rows >= 0) & np.isnan(pairs.known)
        owners = np.repeat(np.arange(len(subjects)), new.sum(axis=1))
        scores[new] += meaning * title_meaning.pair_cosines(site.embeddings, owners, pairs.rows[new])
    order = sorted_by_score(pairs.rows, scores)
    rows = np.take_along_axis(pairs.rows, order, axis=1)
    filled = rows >= 0
    scores = np.take_along_axis(scores, order, axis=1)[filled]
    cosines = np.take_along_axis(pairs.cosines, order, axis=1)[filled]
    return Ranking(near.indptr, rows[filled], scores), cosines, lift


@contextmanager
def engines(settings: Settings, files: int) -> Iterator[Callable[[], object]]:
    """Give what loads all that builds a site of so many files, to be called while other processes read it: 2 s.

    In the first build of a large site with an edition of the code that compiles its loops, which takes 12 s of a
    processor: those that count and weigh here, those that rank in one more process, which is waited for at the end.
    """
    if not compiles(files) or _import_loops():
        yield partial(_fit_made_up, settings, files)
        return
    LOG.warning(COMPILING)
    with processes.beside(partial(_fit_made_up, settings, files, counted=False)) as there:
        yield partial(_fit_made_up, settings, files, ranked=not there)


def _fit_made_up(settings: Settings, files: int, *, counted: bool = True, ranked: bool = True) -> None:
    """Fit a made-up site as one of so many files; what loads scikit-learn and the loops that count may be left out."""
    article = Article("/a", "1", "a b", "c", "", "a", "", ("a b",) * len(settings.sources), "", "0" * 32, "", (), None)
    reads = [Read(replace(article, url=url), ()) for url in ("/a", "/b")]
    compiling, corpus = compiles(files), assemble(Path(), reads, (), settings)
    with parallel.on(None):
        with always() if compiling and counted else nullcontext():
            vectorised = vectorise(describe(corpus, settings), settings, again=not counted)
        with always() if compiling else nullcontext():
            if ranked:
                rank(vectorised, settings, "")


def _import_loops() -> bool:
    """Import numba and the loops; tell whether the one that takes longest was compiled by an earlier build."""
    from recommender.arrays.jit import was_kept  # noqa: PLC0415  (numba)
    from recommender.build import carry_over as carried  # noqa: F401, PLC0415
    from recommender.ranking import same_question_compiled  # noqa: F401, PLC0415
    from recommender.ranking.nearest.bounds import search  # noqa: PLC0415
    from recommender.text import tfidf_compiled, tokens_compiled, vocabulary_compiled  # noqa: F401, PLC0415

    return was_kept(search)


def load_kernels() -> None:
    """Have numba imported and the ranking's loops compiled, or loaded where they were: 1 s."""
    _import_loops()
    from recommender.ranking.nearest.search import nearest  # noqa: PLC0415  (numba)

    nearest(Rows(np.arange(9), np.zeros(8, np.int32), np.ones(8), 1), 1, np.arange(8, dtype=np.int32), 0.0, 1)


def _with_chosen(model: Model) -> Model:
    """Choose for all articles."""
    choosing, count = Choosing(model, max(SHOWN, model.settings.slots)), len(model)
    chunks = _chosen_at_once(choosing) if compiles(count) else _chosen_singly(choosing, range(count))
    return replace(model, chosen=ranking_of(list(chunks), count))


def _chosen_at_once(choosing: Choosing) -> Iterable[Chunk]:
    """Choose from the candidates of all articles at once, then for the few whose lists these do not fill."""
    from recommender.ranking.selection_compiled import Lists, choose_all  # noqa: PLC0415  (numba)

    model, slots = choosing.model, choosing.model.settings.slots
    pools = Lists(model.nearest.indptr, model.nearest.rows, model.nearest.scores)
    found = choose_all(pools, model.likeness, _facts(model), choosing.limit)
    lengths = np.diff(found.indptr)
    listless = model.catalogue.bars & NO_LIST != 0
    few = np.flatnonzero((lengths < slots) & ~listless).tolist()
    short = [row for row in few if not model.exhausted(row, model.floor)]
    owners = np.repeat(np.arange(len(model)), lengths)
    kept = ~(np.isin(owners, short) | listless[owners])
    return [(owners[kept], found.rows[kept], found.scores[kept]), *_chosen_singly(choosing, short)]


def _chosen_singly(choosing: Choosing, rows: Sequence[int]) -> Iterable[Chunk]:
    """Choose for articles one by one, 20 ms where their candidates do not fill their lists: of numpy, in threads."""
    if len(rows) > parallel.FEW:
        return parallel.run(choosing, rows)
    return chain.from_iterable(in_threads(parallel.cores(), lambda row: choosing([row]), rows))


def _facts(model: Model) -> Facts:
    from recommender.ranking.selection_compiled import Facts  # noqa: PLC0415  (numba)

    rules, catalogue, skipped = model.rules, model.catalogue, model.settings.skip_linked
    return Facts(
        families=model.catalogue.families,
        partitions=model.catalogue.partitions,
        excluded=np.array([rule != "" for rule in rules.excluded]),
        subjects=model.catalogue.subject_numbers[1],
        linked_starts=catalogue.linked_starts if skipped else np.zeros(len(catalogue) + 1, np.int64),
        linked_rows=catalogue.linked_rows if skipped else np.zeros(0, np.int32),
        floor=rules.floor,
        same_question_article=rules.same_question_article,
        same_question_list=rules.same_question_list,
    )


def _bars(article: Article) -> int:
    return NEVER * bool(article.visibility.never) | NO_LIST * bool(article.visibility.no_list)


def _catalogue(corpus: Corpus) -> Catalogue:
    articles = corpus.articles
    ids = [article.id for article in articles]
    names = (f"{unescaped(article.url)} {article.title} {article.id}" for article in articles)
    linked_starts, linked_rows = links_of_texts(corpus)
    keys, key_rows = packed_keys(cast("Addresses", corpus.address_index))
    partitions, languages, versions = packed_partitions(corpus.partitions)
    return Catalogue(
        urls=pack(map(attrgetter("url"), articles)),
        ids=pack(ids),
        titles=pack(map(attrgetter("title"), articles)),
        subjects=pack(map(attrgetter("subject"), articles)),
        paths=pack(map(attrgetter("path"), articles)),
        visibility=pack(article.visibility.written() for article in articles),
        keys=keys,
        key_rows=key_rows,
        hidden=np.array([article.state for article in articles], np.uint8),
        days=np.array([(a.visibility.first, a.visibility.last) for a in articles], np.int32).reshape(-1, 2),
        bars=np.array([_bars(article) for article in articles], np.uint8),
        families=np.array(corpus.families, np.int32),
        partitions=partitions,
        languages=languages,
        versions=versions,
        further=pack(map(attrgetter("further"), articles)),
        order_by_id=np.array(sorted(range(len(ids)), key=lambda row: (ids[row].encode(), row)), np.int32),
        title_words=np.zeros(0, np.int32),
        linked_starts=linked_starts,
        linked_rows=linked_rows,
        names=index_names(names),
        sources=np.frombuffer(bytes.fromhex("".join(a.source_digest for a in articles)), np.uint8).reshape(-1, 16),
    )
