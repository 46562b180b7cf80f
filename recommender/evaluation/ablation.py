"""What each part of the method is worth: the site's lists once more, each time without one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from recommender.arrays.sparse_rows import pack
from recommender.build.pipeline import describe, rank, vectorise
from recommender.build.title_vectors import embed_site
from recommender.evaluation.rankers import LENGTH, Lists, compared_lists, lists_of_urls
from recommender.settings import OFF, Settings
from recommender.site.corpus import Corpus
from recommender.system import parallel
from recommender.text.tokens import tokenize_articles

WHOLE = "all parts"


def ablations(
    corpus: Corpus, settings: Settings, progress: parallel.Progress = parallel.silent
) -> Iterator[tuple[str, Lists]]:
    """Rank with all parts of the score, then with each weight at 0, without the same-question rule and embeddings.

    Each is a fit of its own, so the floor that nobody set follows the scores that are left.
    """
    # The words are counted once, and the titles embedded: no part changes them.
    counted = replace(corpus, counted=corpus.counted or tokenize_articles(corpus.articles, settings, progress))
    embeddings = embed_site(pack(article.title for article in corpus.articles), settings, progress)
    for name, one in _variants(settings):
        vectorised = vectorise(describe(counted, one, progress), one)
        vectorised = replace(vectorised, embeddings=None if one.embeddings == OFF else embeddings)
        # A model that nobody keeps needs no date.
        model = rank(vectorised, one, "", progress)
        yield name, lists_of_urls(corpus, compared_lists(model, LENGTH))


def _variants(settings: Settings) -> Iterator[tuple[str, Settings]]:
    yield WHOLE, settings
    for part, weight in settings.parts.items():
        if weight:
            yield f"without {part}", replace(settings, parts={**settings.parts, part: 0.0})
    if settings.same_question_article or settings.same_question_list:
        yield "without the same-question rule", replace(settings, same_question_article=0.0, same_question_list=0.0)
    if settings.embeddings != OFF:
        yield "without embeddings", replace(settings, embeddings=OFF)
