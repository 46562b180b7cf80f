"""What makes articles copies of one another: equal answers that have words of their own."""

from __future__ import annotations

from recommender.article import digest

# An answer of fewer own words tells nothing ("Coming soon."). One that is shorter than a sentence may stand on any page
# that is not written yet: it makes copies only under one title. On twenty sites placeholders have at most 10 words, and
# the shortest true copies under different titles 14.
LEAST, SENTENCE = 4, 12


def answer_digest(title: str, answer: str, own: int) -> str:
    """Digest what tells copies, by how many words of its own an answer has; "" where too few tell anything."""
    if own < LEAST:
        return ""
    return digest(answer) if own >= SENTENCE else digest(title, answer)
