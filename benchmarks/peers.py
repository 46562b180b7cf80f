"""Plain rankers that recommender is measured beside: small, from scikit-learn and scipy, each as its users set it up.

A ranker takes the site's texts, the rows that ask, and how many links it may give; it gives rows, best first, never
the asking one. Copies of an article are candidates like any other: to leave them out is a ranker's own business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from recommender.settings import Settings
from recommender.site.corpus import Corpus

CHUNK = 256
# BM25 (Robertson and Zaragoza 2009) with the values of most libraries; 1.2 and 0.9 rank the judged site a little worse.
K1, B = 1.5, 0.75
# Title cosines from which two articles are the same, found on the judged site: to the article, and within one list.
SAME_TITLE, SAME_IN_LIST = 0.7, 0.6

Ranker = Callable[["Texts", Sequence[int], int], list[list[int]]]


@dataclass(frozen=True, eq=False)
class Texts:
    """What rankers read of every article; ``whole`` is title, answer and keywords in one. Equal to itself alone."""

    titles: list[str]
    answers: list[str]
    keywords: list[str]
    dates: list[str]

    @property
    def whole(self) -> list[str]:
        """Join the texts of each article."""
        return [" ".join(parts) for parts in zip(self.titles, self.answers, self.keywords, strict=True)]


def texts_of(corpus: Corpus, settings: Settings) -> Texts:
    """Take the texts of a corpus, with line breaks in place of the two characters that stand for them."""
    place = {name: number for number, name in enumerate(settings.sources)}
    rows = [[text.replace("\\n", "\n") for text in article.texts] for article in corpus.articles]
    return Texts(
        titles=[article.title for article in corpus.articles],
        answers=[row[place["answer"]] for row in rows],
        keywords=[row[place["seo.page_keywords"]] for row in rows],
        dates=[article.date for article in corpus.articles],
    )


def tfidf_defaults(texts: Texts, asking: Sequence[int], count: int) -> list[list[int]]:
    """Rank by the cosine of TfidfVectorizer's default vectors."""
    rows = _whole(texts)
    return list(_best(rows[asking], rows, asking, count))


def latent_semantics(texts: Texts, asking: Sequence[int], count: int) -> list[list[int]]:
    """Rank by the cosine of the same vectors in their 256 main dimensions (Deerwester et al. 1990)."""
    rows = _whole(texts)
    dense = TruncatedSVD(min(256, rows.shape[1] - 1), random_state=0).fit_transform(rows)
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-12)
    return list(_best(dense[asking], dense, asking, count))


def fields_343(texts: Texts, asking: Sequence[int], count: int) -> list[list[int]]:
    """Rank by three fields, each with vectors of its own: 0.3 title, 0.4 answer, 0.3 keywords, sublinear."""
    rows = _fields(texts, (0.3, 0.4, 0.3))
    return list(_best(rows[asking], rows, asking, count))


def fields_262(texts: Texts, asking: Sequence[int], count: int) -> list[list[int]]:
    """Rank by 0.2 title, 0.6 answer, 0.2 keywords, sublinear."""
    rows = _fields(texts, (0.2, 0.6, 0.2))
    return list(_best(rows[asking], rows, asking, count))


def fields_without_twins(texts: Texts, asking: Sequence[int], count: int) -> list[list[int]]:
    """Rank by 0.2, 0.6, 0.2 and drop links whose title is much like the article's or an earlier link's."""
    titles = TfidfVectorizer(sublinear_tf=True).fit_transform(texts.titles)
    lists = fields_262(texts, asking, 20 * count)
    return [_without_twins(titles, row, ranked, count) for row, ranked in zip(asking, lists, strict=True)]


def bm25(texts: Texts, asking: Sequence[int], count: int) -> list[list[int]]:
    """Rank by BM25, asked for the article's title and keywords."""
    counter = CountVectorizer(dtype=np.float32)
    counts = csr_matrix(counter.fit_transform(texts.whole))
    articles = counts.shape[0]
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    inverse = np.log1p((articles - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
    length = np.asarray(counts.sum(axis=1)).ravel()
    slack = np.repeat(K1 * (1 - B + B * length / length.mean()), np.diff(counts.indptr)).astype(np.float32)
    counts.data = inverse[counts.indices] * counts.data * (K1 + 1) / (counts.data + slack)
    queries = counter.transform([f"{texts.titles[row]} {texts.keywords[row]}" for row in asking])
    return list(_best(queries, counts, asking, count))


def hugo_keywords(texts: Texts, asking: Sequence[int], count: int) -> list[list[int]]:
    """Rank as Hugo's Related Content does with its index of keywords: by how many are equal, then the newest.

    Like Hugo by default, nothing that is newer than the article is related to it.
    """
    held = [list(dict.fromkeys(filter(None, map(str.strip, own.split(","))))) for own in texts.keywords]
    articles: dict[str, list[int]] = {}
    for row, own in enumerate(held):
        for keyword in own:
            articles.setdefault(keyword, []).append(row)
    newest = np.argsort(np.argsort(np.array(texts.dates, dtype=str), kind="stable"))
    lists = []
    for row in asking:
        shared = Counter(
            other
            for keyword in held[row]
            for other in articles[keyword]
            if other != row and texts.dates[other] <= texts.dates[row]
        )
        lists.append(sorted(shared, key=lambda other, shared=shared: (-shared[other], -newest[other]))[:count])
    return lists


def _fields(texts: Texts, weights: tuple[float, float, float]) -> csr_matrix:
    return hstack([own * np.sqrt(w) for own, w in zip(_columns(texts), weights, strict=True)], "csr", np.float32)


# The words of a large site take half a minute: two rankers each share these.
@lru_cache(maxsize=1)
def _whole(texts: Texts) -> csr_matrix:
    return TfidfVectorizer(dtype=np.float32).fit_transform(texts.whole)


@lru_cache(maxsize=1)
def _columns(texts: Texts) -> tuple[csr_matrix, ...]:
    return tuple(map(_field, (texts.titles, texts.answers, texts.keywords)))


def _field(column: list[str]) -> csr_matrix:
    if not any(column):  # a site without keywords
        return csr_matrix((len(column), 0), dtype=np.float32)
    return TfidfVectorizer(sublinear_tf=True, dtype=np.float32).fit_transform(column)


def _without_twins(titles: csr_matrix, row: int, ranked: Sequence[int], count: int) -> list[int]:
    near = (titles[[row, *ranked]] @ titles[[row, *ranked]].T).toarray()
    kept: list[int] = []
    for place in range(1, len(ranked) + 1):
        if near[place, 0] < SAME_TITLE and all(near[place, other] < SAME_IN_LIST for other in kept):
            kept.append(place)
        if len(kept) == count:
            break
    return [ranked[place - 1] for place in kept]


def _best(
    queries: csr_matrix | NDArray[np.float32], rows: csr_matrix | NDArray[np.float32], asking: Sequence[int], count: int
) -> Iterator[list[int]]:
    """Give the rows of the highest products with each query, above 0, equal ones in order of the rows."""
    turned = rows.T if isinstance(rows, np.ndarray) else rows.T.tocsr()
    for start in range(0, len(asking), CHUNK):
        product = queries[start : start + CHUNK] @ turned
        scores = product if isinstance(product, np.ndarray) else product.toarray()
        own = np.array(asking[start : start + CHUNK])
        scores[np.arange(len(own)), own] = 0
        kept = min(count, scores.shape[1])
        last = -np.partition(-scores, kept - 1, axis=1)[:, kept - 1]
        for values, least in zip(scores, last, strict=True):
            found = np.flatnonzero((values >= least) & (values > 0))
            yield found[np.argsort(-values[found], kind="stable")][:kept].tolist()
