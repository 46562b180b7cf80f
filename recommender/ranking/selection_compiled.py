"""The links of every article of a site: what ``choose`` takes from the candidates, in compiled loops."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.jit import Span, compiled, part
from recommender.arrays.sparse_rows import Floats, Ints, Terms
from recommender.ranking.same_question import Likeness
from recommender.ranking.selection import apart
from recommender.system.parallel import cores
from recommender.system.threads import in_threads, spans

# The same formula, one pair at a time.
_apart: Any = part(apart)


class Lists(NamedTuple):
    """Candidates of all articles: row i has ``rows[indptr[i]:indptr[i + 1]]``, best first, and scores."""

    indptr: Ints
    rows: Terms
    scores: Floats


class Facts(NamedTuple):
    """What the rules of choosing ask of the site: the arrays have one entry an article, as ``choose.Rules``."""

    families: Terms
    partitions: Terms
    excluded: NDArray[np.bool_]
    subjects: Ints  # a number for each subject
    linked_starts: Ints  # the text of article i links to linked_rows[linked_starts[i]:linked_starts[i + 1]]
    linked_rows: Terms
    floor: float
    same_question_article: float
    same_question_list: float


class _Like(NamedTuple):
    indptr: Ints
    rows: Terms
    scores: Floats


class _Members(NamedTuple):
    """The rows of each family in order: those of family f are ``rows[bounds[f]:bounds[f + 1]]``."""

    bounds: Ints
    rows: Ints


class _Site(NamedTuple):
    like: _Like
    members: _Members
    facts: Facts


def choose_all(pools: Lists, likeness: Likeness, facts: Facts, limit: int) -> Lists:
    """Choose up to ``limit`` links for every article from its candidates alone."""
    n = len(pools.indptr) - 1
    sizes = np.bincount(facts.families, minlength=n)
    members = _Members(np.concatenate([[0], np.cumsum(sizes)]), np.argsort(facts.families, kind="stable"))
    like = _Like(likeness.indptr, likeness.rows, likeness.scores)
    lengths, places = np.zeros(n, np.int64), np.zeros((n, limit), np.int64)
    site, parts = _Site(like, members, facts), spans(n)
    in_threads(cores(), lambda span: _choose(pools, site, span, (lengths, places)), parts)
    taken = places[np.arange(limit) < lengths[:, None]]
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Lists(indptr, pools.rows[taken], pools.scores[taken])


@part
def _alike(like: _Like, row: int, other: int, least: float) -> bool:
    """Tell whether two articles ask the same question by at least a threshold, 0 for none."""
    if least > 0:
        for p in range(like.indptr[row], like.indptr[row + 1]):
            if like.rows[p] == other:
                return bool(like.scores[p] >= least)
    return False


@part
def _linked(facts: Facts, row: int, other: int) -> bool:
    """Tell whether the text of an article links to another one, or to a copy of it."""
    for p in range(facts.linked_starts[row], facts.linked_starts[row + 1]):
        if facts.families[facts.linked_rows[p]] == facts.families[other]:
            return True
    return False


@part
def _representative(members: _Members, facts: Facts, row: int, subject: int) -> Any:
    """Give the member of a family that stands for it: of the asking subject, else the first allowed; -1 for none."""
    family = facts.families[row]
    standing = -1
    for p in range(members.bounds[family], members.bounds[family + 1]):
        member = members.rows[p]
        if not facts.excluded[member]:
            if facts.subjects[member] == subject:
                return member
            if standing < 0:
                standing = member
    return standing


@part
def _stopped(site: _Site, row: int, other: int, score: float) -> bool:
    """Tell whether a rule stops a candidate whatever is shown before it, as ``selection.choose`` has them."""
    facts = site.facts
    return bool(
        facts.families[other] == facts.families[row]
        or facts.excluded[other]
        or _apart(facts.partitions[row], facts.partitions[other])
        or _linked(facts, row, other)
        or score < facts.floor
        or score <= 0
        or _representative(site.members, facts, other, facts.subjects[row]) != other
        or _alike(site.like, row, other, facts.same_question_article)
    )


@compiled
def _choose(pools: Lists, site: _Site, span: Span, found: tuple[Ints, Ints]) -> None:
    """Walk the candidates of some articles, best first; write how many are shown, and their places."""
    lengths, places = found
    for row in range(span[0], span[1]):
        count = 0
        for p in range(pools.indptr[row], pools.indptr[row + 1]):
            if count == places.shape[1]:
                break
            other = pools.rows[p]
            if _stopped(site, row, other, pools.scores[p]):
                continue
            for shown in range(count):
                earlier = pools.rows[places[row, shown]]
                if site.facts.families[earlier] == site.facts.families[other]:
                    break
                if _alike(site.like, earlier, other, site.facts.same_question_list):
                    break
            else:
                places[row, count] = p
                count += 1
        lengths[row] = count
