"""Why an article should link to another, in words for an editor: no score, which moves with every build."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

from recommender.model.model import Model
from recommender.ranking.score import Part
from recommender.text.tfidf import columns_of

WORDS = 3
# ln((1 + n) / (1 + df)) + 1 of a word that a tenth of the articles has, to a quarter: a commoner one is no reason.
RARE = 3.25


def reasons_in_words(model: Model, row: int, others: Sequence[int]) -> list[str]:
    """Say why an article should link to some others: an editor's rule, or what makes up the scores."""
    pins, query = model.decisions.pins.get(row, ()), model.query(row)
    return [
        "pinned by an editor" if other in pins else score_in_words(model, model.explain(query, other), other)
        for other in others
    ]


def score_in_words(model: Model, parts: Sequence[Part], other: int) -> str:
    """Say what makes up the score of an article: the words that count most, the subject."""
    group = int(model.catalogue.groups[other])
    sums = defaultdict[str, float](float)
    for part in parts:
        sums[part.term] += part.value if part.term else 0.0
    counting = sorted((term for term in sums if sums[term] > 0), key=lambda term: (-round(sums[term], 6), term))
    words = list(islice((term for term in counting if len(term) > 1 and _is_rare(model, term, group)), WORDS))
    reasons = [f"both about {', '.join(words)}"] if words else []
    reasons += ["same subject"] if any(part.field == "same_subject" for part in parts) else []
    return "; ".join(reasons) or "close to each other"


def _is_rare(model: Model, word: str, group: int) -> bool:
    """Tell whether few articles of a group have a word in any of the fields."""
    space = model.vectors.space.of_group(group)
    columns = [columns_of(space, number, [word]).get(word) for number in range(len(space.fields))]
    found = [float(space.idf[column]) for column in columns if column is not None]
    return min(found, default=0.0) >= RARE
