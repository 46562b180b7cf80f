"""Why an article should link to another, in words for an editor: no score, which moves with every build."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from recommender.model.model import Model
from recommender.text.tfidf import columns_of

WORDS = 3
# ln((1 + n) / (1 + df)) + 1 of a word that a tenth of the articles has, to a quarter: a commoner one is no reason.
RARE = 3.25


def reason_in_words(model: Model, row: int, other: int) -> str:
    """Say why an article should link to another: an editor's rule, the words that count most, the subject."""
    if other in model.decisions.pins.get(row, ()):
        return "pinned by an editor"
    sums = defaultdict[str, float](float)
    parts = model.explain(model.query(row), other)
    for part in parts:
        sums[part.term] += part.value if part.term else 0.0
    rare = _rare(model, (term for term in sums if sums[term] > 0))
    words = sorted(rare, key=lambda term: (-round(sums[term], 6), term))[:WORDS]
    reasons = [f"both about {', '.join(words)}"] if words else []
    reasons += ["same subject"] if any(part.field == "same_subject" for part in parts) else []
    return "; ".join(reasons) or "close to each other"


def _rare(model: Model, terms: Iterable[str]) -> list[str]:
    """Keep the words that few articles have in any of the fields."""
    space, words = model.vectors.space, list(terms)
    idf = defaultdict[str, list[float]](list)
    for number in range(len(space.fields)):
        for word, column in columns_of(space, number, words).items():
            idf[word].append(float(space.idf[column]))
    return [word for word in words if min(idf[word], default=0.0) >= RARE and len(word) > 1]
