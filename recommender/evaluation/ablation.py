"""What each part of the method is worth: the site's lists once more, each time without one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from recommender.build.pipeline import fit_model
from recommender.evaluation.rankers import LENGTH, Lists, compared_lists, lists_of_urls
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.system import parallel
from recommender.text.tokens import tokenize_articles

WHOLE = "all parts"


def ablations(
    corpus: Corpus, settings: Settings, progress: parallel.Progress = parallel.silent
) -> Iterator[tuple[str, Lists]]:
    """Rank with all parts of the score, then with the weight of each set to 0, then without the same-question rule.

    Each is a fit of its own, so the floor that nobody set follows the scores that are left.
    """
    # The words are counted once: no part changes them.
    counted = replace(corpus, counted=corpus.counted or tokenize_articles(corpus.articles, settings, progress))
    for name, one in _variants(settings):
        yield name, _lists(counted, one, progress)


def _variants(settings: Settings) -> Iterator[tuple[str, Settings]]:
    yield WHOLE, settings
    for part, weight in settings.parts.items():
        if weight:
            yield f"without {part}", replace(settings, parts={**settings.parts, part: 0.0})
    if settings.same_question_article or settings.same_question_list:
        yield "without the same-question rule", replace(settings, same_question_article=0.0, same_question_list=0.0)


def _lists(corpus: Corpus, settings: Settings, progress: parallel.Progress) -> Lists:
    # A model that nobody keeps needs no date.
    return lists_of_urls(corpus, compared_lists(fit_model(corpus, settings, "", progress), LENGTH))
