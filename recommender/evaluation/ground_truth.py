"""What ranked lists are held against: the sound curated links of a site, and the grades of its editors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recommender.errors import RecommenderError
from recommender.evaluation.judgments import Judgments, Label, parse_label
from recommender.evaluation.rankers import asking_rows, family_of
from recommender.site.corpus import Corpus
from recommender.site.generated_links import Generated
from recommender.site.link_verdicts import judge_links


@dataclass(frozen=True)
class Truth:
    """What curators linked: family that asks -> families that it links to; ``left_out`` counts generated links."""

    links: Mapping[int, frozenset[int]]
    left_out: int


@dataclass(frozen=True)
class Graded:
    """What editors judged: row that asks -> family -> label; how many judged articles and candidates are no more.

    A candidate that is not in the content stays, under a number of its own: the best list may hold it.
    """

    labels: Mapping[int, Mapping[int, Label]]
    missing: int
    unknown: int


def curated_truth(corpus: Corpus, generated: Generated) -> Truth:
    """Collect the sound curated links of every family; generated ones are left out and counted."""
    links: dict[int, set[int]] = {}
    left_out = 0
    for row, article in enumerate(corpus.articles):
        ours = generated.get(article.url, frozenset())
        for judged in judge_links(corpus, row, ours):
            if judged.sound and judged.generated:
                left_out += 1
            elif judged.sound:
                links.setdefault(corpus.families[row], set()).add(corpus.families[judged.target])
    return Truth({family: frozenset(found - {family}) for family, found in links.items()}, left_out)


def graded_truth(corpus: Corpus, judgments: Judgments) -> Graded:
    """Find the judged articles and candidates in a corpus; of copies that were judged both, the later label counts.

    Raises:
        RecommenderError: none of the judged articles is in the corpus, or one is named by two urls.
    """
    labels: dict[int, dict[int, Label]] = {}
    unknown = 0
    for row, url in asking_rows(corpus, judgments, "judgments").items():
        labels[row] = {family_of(corpus, one): parse_label(label) for one, label in judgments[url].items()}
        unknown += sum(family < 0 for family in labels[row])
    if not labels:
        raise RecommenderError(
            f"none of the {len(judgments):,} judged articles is in {corpus.root}; name judgments of this site"
        )
    return Graded(labels, len(judgments) - len(labels), unknown)
