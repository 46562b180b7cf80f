"""What a fill exchanges between the planned lists of a site: for better links, for first links, for a balance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recommender.editing.link_plan import Candidates, Target, add_links, exchange_links, reference
from recommender.ranking.balance import Bounds, Exchange, Links, Pools, Site
from recommender.site.link_verdicts import judge_links
from recommender.site.text_links import links_of_texts

if TYPE_CHECKING:
    from recommender.editing.plan import Filling

# More links than any family has.
NO_LIMIT = 2**31 - 1
LARGE_PART = 0.1
ROUNDS = 20


@dataclass(frozen=True)
class Balance:
    """What balancing did: articles without a link to them before and after, copies as one, and links exchanged.

    ``score`` is the mean of all links that may give way, before and after. ``alone`` are the urls of the articles that
    no list could take, ``above`` those that more than ``most`` links lead to, with their numbers.
    """

    orphans: tuple[int, int]
    score: tuple[float, float]
    exchanged: int
    most: int
    alone: tuple[str, ...]
    above: tuple[tuple[str, int], ...]


def exchanges(filling: Filling) -> bool:
    """Tell whether a fill exchanges links: to balance them, or where a run before it has generated any."""
    return filling.candidates is not None and (filling.balance or _margin(filling) is not None)


def exchange(filling: Filling, targets: Sequence[Target]) -> tuple[dict[int, Target], Balance | None]:
    """Exchange links between planned lists; give the lists that are others then, by their rows, and the balance."""
    candidates = filling.candidates
    if candidates is None or not exchanges(filling):
        return {}, None
    changed, bounds, filled = dict[int, Target](), _bounds(filling, targets), dict[int, Target]()
    present, first = list(targets), (-1, 0.0)
    for _ in range(ROUNDS):
        stood = {target.row: target.rows for target in present} if first[0] >= 0 else None
        present = [filled.get(target.row, target) for target in present]
        graph = _graph(filling, candidates, present, (bounds, stood))
        first = (len(graph.lacking()), graph.mean()) if first[0] < 0 else first
        planned = list(graph.targets)
        graph.settle(_margin(filling), graph.lacking() if filling.balance else _newcomers(filling, present, graph))
        made = filled | _applied(filling, present, graph, planned)
        changed |= made
        present = [changed.get(target.row, target) for target in present]
        if stood and all(set(target.rows) == set(stood[row]) for row, target in made.items()):
            break
        # What the next run would add, as exchanges made room for it, is added in this one.
        filled = {row: _filled(filling, target) for row, target in changed.items()}
        filled = {row: target for row, target in filled.items() if target is not changed[row]}
        if not filled:
            break
    return changed, _balance(filling, graph, first, (targets, changed)) if filling.balance else None


def _balance(
    filling: Filling, graph: Exchange, first: tuple[int, float], lists: tuple[Sequence[Target], Mapping[int, Target]]
) -> Balance:
    articles, most, (planned, changed) = filling.corpus.articles, filling.settings.max_in_links, lists
    gone = (set(target.rows) - set(changed[target.row].rows) for target in planned if target.row in changed)
    counts = {family: graph.counts[family] + most - graph.most[family] for family in graph.excessive()}
    return Balance(
        orphans=(first[0], len(graph.lacking())),
        score=(first[1], graph.mean()),
        exchanged=sum(map(len, gone)),
        most=most,
        alone=tuple(articles[family].url for family in graph.lacking()),
        above=tuple((articles[family].url, count) for family, count in counts.items()),
    )


def _margin(filling: Filling) -> float | None:
    """Give by what share a link must be better than a generated one; None where none gives way for that."""
    improves = filling.mode == "repair" and not filling.keep_generated and (filling.generated or filling.balance)
    return filling.settings.replace_margin if improves else None


def _graph(
    filling: Filling,
    candidates: Candidates,
    targets: Sequence[Target],
    known: tuple[Bounds, Mapping[int, tuple[int, ...]] | None],
) -> Exchange:
    """Gather the planned links of all lists that a reader sees; ``known`` are their bounds and what stood before."""
    articles, freezes = filling.corpus.articles, filling.keep_generated
    owners, rows, may_go, scores, fresh = list[int](), list[int](), list[bool](), list[float](), list[bool]()
    bounds, stood = known
    for target in targets:
        if articles[target.row].hidden:
            continue
        for want, row, may in zip(target.wanted, target.rows, target.open, strict=True):
            if row >= 0:
                owners.append(target.row)
                rows.append(row)
                may_go.append(may and not (freezes and want.source))
                scores.append(candidates.score_between(target.row, row) if may_go[-1] else 0.0)
                fresh.append(row not in stood[target.row] if stood else not want.source)
    nearest = candidates.nearest
    families = np.array(filling.corpus.families, np.int32)
    site = Site(families, Pools(nearest.indptr, nearest.rows, nearest.scores), _blockers(filling, candidates))
    links = Links(np.array(owners, np.int64), np.array(rows, np.int64), may_go, np.array(scores), fresh)
    return Exchange(site, links, bounds)


def _blockers(filling: Filling, candidates: Candidates) -> Callable[[int, int, Sequence[int]], tuple[int, ...] | None]:
    """Say what may not stand beside a candidate; one that the list cannot name may stand nowhere."""
    corpus = filling.corpus

    def blockers(row: int, other: int, kept: Sequence[int]) -> tuple[int, ...] | None:
        found = candidates.blockers(row, other, kept)
        return found if found is None or reference(corpus, row, other) else None

    return blockers


def _bounds(filling: Filling, targets: Sequence[Target]) -> Bounds:
    """Count the links that no exchange changes: those of texts, of further lists, and of articles not to be filled.

    Links from hidden pages give no article its first, and count for the most that lead to it.
    """
    corpus = filling.corpus
    shown, hidden = np.zeros(len(corpus.articles), np.int64), np.zeros(len(corpus.articles), np.int64)
    for row, other in _links_besides(filling, targets):
        (hidden if corpus.articles[row].hidden else shown)[corpus.families[other]] += 1
    least = np.zeros(len(corpus.articles), np.int64)
    least[[corpus.families[row] for row, article in enumerate(corpus.articles) if article.suggestible]] = 1
    most = np.maximum(filling.settings.max_in_links - hidden, least) if filling.balance else least + NO_LIMIT
    return Bounds(shown, least, most)


def _links_besides(filling: Filling, targets: Sequence[Target]) -> Iterator[tuple[int, int]]:
    """Give the rows of both ends of each such link."""
    corpus, planned = filling.corpus, {target.row for target in targets}
    starts, rows = links_of_texts(corpus)
    yield from zip(np.repeat(np.arange(len(starts) - 1), np.diff(starts)).tolist(), rows.tolist(), strict=True)
    for target in targets:
        of_hidden = target.rows if corpus.articles[target.row].hidden else ()
        yield from ((target.row, other) for other in (*target.others, *of_hidden) if other >= 0)
    for row, article in enumerate(corpus.articles):
        if row not in planned:
            generated = filling.generated.get(article.url, frozenset())
            yield from ((row, judged.target) for judged in judge_links(corpus, row, generated) if judged.sound)


def newcomers(filling: Filling, generated: Iterable[str]) -> set[str]:
    """Give the urls of the articles that are new since the last run, none in a first run.

    Those that the model before did not know, and those without any link that get their first ``generated`` ones; where
    no model before is at hand, those with links of a person too. A model that did not know a large part of the site
    was one of another state, and tells nothing.
    """
    noted, known, corpus = filling.generated, filling.known, filling.corpus
    if not noted:
        return set()
    unknown = [] if known is None else [article.url for article in corpus.articles if article.url not in known]
    tells = known is not None and len(unknown) <= LARGE_PART * len(corpus.articles)
    rows = [(url, corpus.row_of[url]) for url in generated if url in corpus.row_of]
    first = [url for url, row in rows if not (tells and corpus.articles[row].links)]
    return {url for url in (*first, *(unknown if tells else ())) if url not in noted}


def _newcomers(filling: Filling, targets: Sequence[Target], graph: Exchange) -> list[int]:
    """Give the families of new articles without a link to them."""
    corpus = filling.corpus
    generated = {corpus.articles[target.row].url for target in targets if target.generated}
    new = {corpus.families[corpus.row_of[url]] for url in newcomers(filling, generated)}
    return [family for family in graph.lacking() if family in new]


def _applied(filling: Filling, targets: Sequence[Target], graph: Exchange, planned: Sequence[int]) -> dict[int, Target]:
    """Write the exchanges into the planned lists; give the lists that changed by their rows."""
    by_row, made = {target.row: target for target in targets}, dict[int, Target]()
    for owner, links in graph.lists.items():
        if all(graph.targets[link] == planned[link] for link in links):
            continue
        target = by_row[owner]
        places = [place for place, row in enumerate(target.rows) if row >= 0]
        new = {
            place: (graph.targets[link], graph.reasons[link])
            for place, link in zip(places, links, strict=True)
            if graph.targets[link] != planned[link]
        }
        made[owner] = exchange_links(filling.corpus, target, filling.mode, new, filling.generated)
    return made


def _filled(filling: Filling, target: Target) -> Target:
    context = (filling.settings, filling.generated)
    return add_links(filling.corpus, target, filling.mode, filling.chooser, context)
