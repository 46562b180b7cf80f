"""What tells nothing of a topic, though few articles have it: common words of a language of few, and words of no topic.

They are told by the counts of the site alone, so that a build after edits tells the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Ints
from recommender.text.vocabulary import Merged

# An article is of another language than the site where the site's commonest terms are less than so much of what they
# are of the median article, and so many of its terms at least stand in no article of the site's language.
OF_MEDIAN, OWN_TERMS, LEAST_WORDS = 0.35, 0.6, 10
# On fewer articles, of one topic maybe, what all share is what they are about.
LEAST_ARTICLES = 20
# There a term tells nothing that so many of the articles share: more than one, for few.
FOREIGN_SHARE, TIMES = 0.2, 10
# An article of few terms is of no topic where hardly one of them stands in less than a tenth of the articles. Below
# 50 articles a tenth is too few to tell (five pages in five versions share all they say), and so are three terms.
LEAST_TERMS, FEW_TERMS, COMMON_SHARE, RARE_TERMS, ENOUGH = 4, 20, 0.1, 0.1, 50


def foreign_terms(merged: Merged, field: int, common: NDArray[np.bool_], frequency: Ints) -> NDArray[np.bool_]:
    """Tell which terms are the common ones of a language that few articles of the site are in.

    ``common`` are the terms that too many articles share to tell anything: in another language they hardly stand.
    """
    counts, articles = merged.data[:, field].astype(np.float64), len(merged.indptr) - 1
    owners = np.repeat(np.arange(articles), np.diff(merged.indptr))
    lengths = np.bincount(owners, counts, articles)
    shares = np.bincount(owners, counts * common[merged.indices], articles) / np.maximum(lengths, 1)
    few = (lengths >= LEAST_WORDS) & (shares < OF_MEDIAN * np.median(shares))
    found = np.zeros(len(merged.vocabulary), np.bool_)
    if articles < LEAST_ARTICLES or not few.any() or not common.any():
        return found
    held = counts > 0
    within = np.bincount(merged.indices[held & few[owners]], minlength=len(found))
    own = within == frequency
    kinds = np.bincount(owners[held], minlength=articles)
    few &= np.bincount(owners[held], own[merged.indices[held]], articles) >= OWN_TERMS * kinds
    within = np.bincount(merged.indices[held & few[owners]], minlength=len(found))
    size = np.count_nonzero(few)
    # A word of both languages ("die") is of the one in which it is so many times as common.
    outside = (frequency - within) * size * TIMES
    found = (within > max(1, FOREIGN_SHARE * size)) & (within * (articles - size) > outside)
    # Beside them what is common in both.
    return found | common if found.any() else found


def of_articles_without_topic(merged: Merged, field: int, frequency: Ints) -> NDArray[np.bool_]:
    """Tell which entries are of articles that say nothing but what many say: "What is this, and why?"."""
    articles = len(merged.indptr) - 1
    if articles < ENOUGH:
        return np.zeros(len(merged.indices), np.bool_)
    owners, held = np.repeat(np.arange(articles), np.diff(merged.indptr)), merged.data[:, field] > 0
    rare = held & (frequency <= max(2, COMMON_SHARE * articles))[merged.indices]
    terms, rare_terms = (np.bincount(owners[of], minlength=articles) for of in (held, rare))
    without: NDArray[np.bool_] = (terms >= LEAST_TERMS) & (terms < FEW_TERMS) & (rare_terms <= RARE_TERMS * terms)
    return without[owners]
