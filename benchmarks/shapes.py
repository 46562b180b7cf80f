"""What is known of a site, read off its articles: what ``corpora`` makes other sites of the same shape from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.text.tokenizer import analyze

FIELDS = ("title", "answer", "seo.page_keywords")
HUNDREDTHS = np.arange(101) / 100


@dataclass(frozen=True)
class Free:
    """The numbers that cannot be read off a site and are searched for.

    ``general`` is the rank at which half of a word's uses are general, ``own`` the share of an article's other words
    that come from its own list, ``listed`` how many words a list has. A level is ``deeper`` times as likely as the
    one above it, times its number to the power of ``peak``. Neighbourhoods differ in how much is general by
    ``spread``, in how deep their words come from by ``slant``. ``repeated`` is the share of an answer's words that
    stood in it or in the title before, ``uneven`` how unlike the halves of a node are, ``twins`` the share of articles
    that vary an older one.
    """

    general: float = 155.0
    own: float = 0.02
    listed: float = 14.0
    deeper: float = 0.84
    peak: float = 1.0
    spread: float = 0.67
    slant: float = 0.73
    repeated: float = 0.33
    uneven: float = 0.74
    twins: float = 0.3


@dataclass(frozen=True)
class Shape:
    """What is known of a site: uses of its words by rank, falling; lengths, subjects, links, and the free numbers.

    ``heaps`` is the exponent by which the vocabulary grows with the articles. ``lengths`` has 101 quantiles of the
    words of title, answer and keywords, ``links`` 101 of the links of an article. ``subjects`` are shares.
    """

    articles: int
    counts: tuple[int, ...]
    heaps: float
    lengths: tuple[tuple[int, ...], ...]
    links: tuple[int, ...]
    subjects: tuple[float, ...]
    free: Free = Free()


def shape_of(corpus: Corpus, settings: Settings) -> Shape:
    """Read the shape of a site; the free numbers stay as they are."""
    place = {name: number for number, name in enumerate(settings.sources)}
    total = len(corpus.articles)
    steps = {max(1, total // part): 0 for part in (8, 4, 2, 1)}
    uses: Counter[str] = Counter()
    lengths: list[list[int]] = [[] for _ in FIELDS]
    for done, row in enumerate(np.random.default_rng(0).permutation(total).tolist(), 1):
        texts = corpus.articles[row].texts
        for field, name in enumerate(FIELDS):
            words = analyze(texts[place[name]]) if name in place else []
            lengths[field].append(len(words))
            uses.update(words)
        if done in steps:
            steps[done] = len(uses)
    heaps = float(np.polyfit(np.log(list(steps)), np.log(list(steps.values())), 1)[0]) if len(steps) > 1 else 0.5
    subjects = Counter(article.subject for article in corpus.articles)
    return Shape(
        articles=total,
        counts=tuple(sorted(uses.values(), reverse=True)),
        heaps=min(max(heaps, 0.05), 0.9),
        lengths=tuple(_hundredths(own) for own in lengths),
        links=_hundredths([len(article.links) for article in corpus.articles]),
        subjects=tuple(sorted((count / total for count in subjects.values()), reverse=True)),
    )


def _hundredths(values: list[int]) -> tuple[int, ...]:
    return tuple(int(value) for value in np.quantile(values, HUNDREDTHS))


def with_numbers(shape: Shape, numbers: dict[str, float]) -> Shape:
    """Give the same shape with other free numbers."""
    return replace(shape, free=Free(**numbers))
