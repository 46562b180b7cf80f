"""Which links each article shall have in a fill mode: kept, corrected, dropped, added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple, Protocol

from recommender.article import Link
from recommender.editing.accepted import Accepted
from recommender.markdown import link_blocks
from recommender.markdown.link_blocks import Wanted
from recommender.model.model import Ranking
from recommender.ranking.selection import Choice
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.site.generated_links import Generated
from recommender.site.link_verdicts import Judged, judge_links, undecided
from recommender.site.page_names import reference_to

MODES = ("repair", "empty", "regenerate")


class Chooser(Protocol):
    """Whatever gives ranked links: a Model, or any other ranker."""

    def choose_for(self, row: int, kept: Sequence[int] = (), limit: int | None = None) -> Choice:
        """Choose up to ``limit`` links for a row beside those it keeps."""

    def permits(self, row: int, other: int, kept: Sequence[int]) -> bool:
        """Tell whether a link that stands in a file may stay there beside others."""


class Candidates(Protocol):
    """Whatever knows the candidates of all articles: a Model."""

    @property
    def nearest(self) -> Ranking:
        """Give the candidates of all articles."""

    def blockers(self, row: int, other: int, kept: Sequence[int]) -> tuple[int, ...] | None:
        """Give the links of a list beside which another may not stand; None where it may stand in no such list."""

    def score_between(self, row: int, other: int) -> float:
        """Give the score of an article for one that asks."""


@dataclass(frozen=True, slots=True)
class Target:
    """What one article's blocks shall be, and what that means for its links.

    ``rows`` are the articles that the wanted links lead to, -1 for none, ``open`` tells which of them may give way to
    others, ``others`` are the articles that further lists of it link to.
    """

    row: int
    wanted: tuple[Wanted, ...]
    generated: frozenset[str]
    tally: Mapping[str, int]
    changes: bool
    rows: tuple[int, ...] = ()
    open: tuple[bool, ...] = ()
    others: tuple[int, ...] = ()


class _Own(NamedTuple):
    """The links of one article as they are: of the list that is filled, of further lists, and which are generated.

    ``sources`` are those that are written as they stand where they are chosen again, by their targets, ``standing``
    the slots of links that never give way.
    """

    judged: tuple[Judged, ...]
    further: tuple[Judged, ...]
    generated: frozenset[str]
    sources: Mapping[int, Judged]
    standing: frozenset[int]


Placed = tuple[Wanted, int]  # a wanted link and its target's row


def listed_links(corpus: Corpus, row: int, context: tuple[Settings, Generated]) -> tuple[Judged, ...]:
    """Judge the links of an article's own list, as ``plan_links`` does."""
    ours = undecided(corpus, row, context[1].get(corpus.articles[row].url, frozenset()))
    return tuple(j for j in judge_links(corpus, row, ours) if j.link.place == 0)


def plan_links(corpus: Corpus, row: int, mode: str, chooser: Chooser, context: tuple[Settings, Generated]) -> Target:
    """Work out the links that one article shall have in a fill mode.

    Links to other sites and to pages that are no articles are kept in every mode.
    """
    settings, generated = context
    article, slots = corpus.articles[row], settings.slots
    own = _own_links(corpus, row, mode, generated)
    listless = bool(article.visibility.no_list)
    if mode == "empty":
        kept = own.judged
        placed = [(_as_is(j.link, j.link.slot), j.target) for j in kept]
    elif mode == "repair" or listless:
        accepted = chooser if isinstance(chooser, Accepted) and not listless else None
        kept = _with_room(corpus, row, _kept(row, own.judged, None if listless else chooser), slots, accepted)
        placed = [(_stay(corpus, row, j, slot), j.target) for slot, j in enumerate(kept, 1)]
    else:
        kept = tuple(j for j in own.judged if j.stays and not j.sound and not j.generated)
        places = _places([j.link.slot for j in kept], max(slots, len(kept)))
        placed = [(_as_is(j.link, slot), j.target) for slot, j in zip(places, kept, strict=True)]
    taken = {want.slot for want, _ in placed}
    # A link in a slot beyond the last counts too: none is added that would be one too many.
    free = [slot for slot in range(1, slots + 1) if slot not in taken][: max(0, slots - len(placed))]
    rows = [j.target for j in (*kept, *own.further) if j.target >= 0]
    new = _chosen(corpus, row, rows, len(free), chooser) if free and not listless else {}
    for slot, (target, url) in zip(free, new.items(), strict=False):
        placed.append((_put(corpus, (row, target), slot, url, own), target))
    placed = sorted(placed, key=lambda one: one[0].slot)
    if mode != "empty" and row in corpus.decisions.pins:
        placed = _pinned_first(corpus, row, placed)
    if mode == "regenerate":  # where too few were found to fill the slots before one that stays
        placed = _numbered(placed)
    return _target(corpus, row, own, placed)


def exchange_links(
    corpus: Corpus, target: Target, mode: str, new: Mapping[int, tuple[int, str]], generated: Generated
) -> Target:
    """Put other articles into a planned list: by the place in ``wanted`` the row, -1 for none, and why."""
    own = _own_links(corpus, target.row, mode, generated)
    reasons, placed = dict[int, str](), list[Placed]()
    for place, (want, row) in enumerate(zip(target.wanted, target.rows, strict=True)):
        other, reasons[want.source] = new.get(place, (row, ""))
        if other == row:
            placed.append((want, row))
        elif other >= 0:
            url = reference(corpus, target.row, other)
            placed.append((_put(corpus, (target.row, other), want.slot, url, own), other))
    return _target(corpus, target.row, own, placed if len(placed) == len(target.wanted) else _numbered(placed), reasons)


def add_links(
    corpus: Corpus, target: Target, mode: str, chooser: Chooser, context: tuple[Settings, Generated]
) -> Target:
    """Fill what is left empty of a planned list, where an exchange made room for what it stopped before."""
    settings, generated = context
    free = settings.slots - len(target.wanted)
    rows = [row for row in (*target.rows, *target.others) if row >= 0]
    new = _chosen(corpus, target.row, rows, free, chooser) if free > 0 else {}
    if not new:
        return target
    own = _own_links(corpus, target.row, mode, generated)
    last = max((want.slot for want in target.wanted), default=0)
    added = [
        (_put(corpus, (target.row, other), slot, url, own), other)
        for slot, (other, url) in enumerate(new.items(), last + 1)
    ]
    return _target(corpus, target.row, own, [*zip(target.wanted, target.rows, strict=True), *added])


def _own_links(corpus: Corpus, row: int, mode: str, generated: Generated) -> _Own:
    article = corpus.articles[row]
    ours = undecided(corpus, row, generated.get(article.url, frozenset()))
    everything = judge_links(corpus, row, ours)
    judged = tuple(j for j in everything if j.link.place == 0)
    sources = {j.target: j for j in reversed(judged) if j.sound} if mode == "regenerate" else {}
    stays = mode == "empty" or bool(article.visibility.no_list)
    standing = frozenset(j.link.slot for j in judged if stays or not j.generated)
    return _Own(judged, everything[len(judged) :], ours, sources, standing)


def _put(corpus: Corpus, ends: tuple[int, int], slot: int, url: str, own: _Own) -> Wanted:
    row, target = ends
    return (
        _stay(corpus, row, own.sources[target], slot) if target in own.sources else new_link(corpus, target, slot, url)
    )


def _numbered(placed: Sequence[Placed]) -> list[Placed]:
    return [(replace(want, slot=slot), row) for slot, (want, row) in enumerate(placed, 1)]


def reference(corpus: Corpus, row: int, other: int) -> str:
    """Give the text by which a file's list names another article; "" where no text means that one alone."""
    return reference_to(corpus, row, other, corpus.reference_style) if corpus.lists else corpus.articles[other].url


def _chosen(corpus: Corpus, row: int, kept: Sequence[int], count: int, chooser: Chooser) -> dict[int, str]:
    """Choose new links, with the text by which a file names each; a page that no text means alone is passed over."""
    shown = chooser.choose_for(row, kept, 2 * count if corpus.lists else count).shown
    named = {c.row: reference(corpus, row, c.row) for c in shown}
    return dict([pair for pair in named.items() if pair[1]][:count])


def _places(slots: Sequence[int], count: int) -> list[int]:
    """Give links that stay their own slots, or where another has it or there is none such, the next ones."""
    places: list[int] = []
    for left, slot in zip(range(len(slots), 0, -1), slots, strict=True):
        lowest = places[-1] + 1 if places else 1
        places.append(min(max(slot, lowest), count - left + 1))
    return places


def _kept(row: int, judged: Sequence[Judged], chooser: Chooser | None) -> tuple[Judged, ...]:
    # A person's link that stays always does; a generated one as long as it is sound and no rule speaks against it, so
    # that diffs stay small. Where an article gets no list nobody is asked.
    kept = [j for j in judged if j.stays and not j.generated]
    for j in judged:
        beside = [k.target for k in kept if k.target >= 0]
        if j.sound and j.generated and (chooser is None or chooser.permits(row, j.target, beside)):
            kept.append(j)
    return tuple(sorted(kept, key=lambda j: j.link.slot))


def _with_room(
    corpus: Corpus, row: int, kept: tuple[Judged, ...], slots: int, accepted: Accepted | None
) -> tuple[Judged, ...]:
    """Let the last generated links give way to pinned ones for which no slot is left, in a review the weakest ones."""
    own = [j.target for j in kept if j.target >= 0 and not j.generated]
    pins = accepted.wanted(row, own) if accepted else corpus.decisions.pins.get(row)
    if not pins:
        return kept
    held = {corpus.families[j.target] for j in kept if j.target >= 0}
    missing = [pin for pin in pins if corpus.families[pin] not in held]
    excess = max(0, len(kept) + len(missing) - slots) if missing else 0
    yielding = [j for j in kept if j.generated and j.target not in pins]
    if accepted:
        yielding.sort(key=lambda j: -accepted.model.score_between(row, j.target))
    gone = yielding[max(0, len(yielding) - excess) :] if excess else []
    return tuple(j for j in kept if j not in gone)


def _pinned_first(corpus: Corpus, row: int, placed: Sequence[Placed]) -> list[Placed]:
    pins = [corpus.families[pin] for pin in corpus.decisions.pins[row]]

    def place(one: Placed) -> int:
        found = one[1]
        return pins.index(corpus.families[found]) if found >= 0 and corpus.families[found] in pins else len(pins)

    return _numbered(sorted(placed, key=place))


def _as_is(link: Link, slot: int) -> Wanted:
    return Wanted(slot, link.id, link.title, link.subject, link.url, source=link.slot)


def moved_links(corpus: Corpus, row: int, targets: Container[int], ours: frozenset[str]) -> Target:
    """Work out the links of an article where only the addresses of some targets are corrected."""
    own = _own_links(corpus, row, "empty", {corpus.articles[row].url: ours})
    moved = [
        _stay(corpus, row, j, j.link.slot) if j.sound and j.target in targets else _as_is(j.link, j.link.slot)
        for j in own.judged
    ]
    return _target(corpus, row, own, [(want, j.target) for want, j in zip(moved, own.judged, strict=True)])


def _stay(corpus: Corpus, row: int, judged: Judged, slot: int) -> Wanted:
    target = corpus.articles[judged.target]
    if not judged.drift:
        kept = _as_is(judged.link, slot)
        titled = judged.generated and corpus.lists and corpus.lists[0].field("title")
        return replace(kept, title=target.title) if titled else kept
    url = judged.url
    if corpus.moved and corpus.lists and "moved" in judged.drift:
        url = reference_to(corpus, row, judged.target, corpus.reference_style) or url
    return Wanted(slot, target.id or judged.link.id, target.title, target.subject, url, source=judged.link.slot)


def new_link(corpus: Corpus, row: int, slot: int, url: str) -> Wanted:
    """Give a link that no file has yet; ``url`` is the text by which the file names its target."""
    target = corpus.articles[row]
    mappings = bool(corpus.lists) and corpus.lists[0].shape == "mappings"
    further = corpus.link_kinds.of(target.path) if mappings else ()
    return Wanted(slot, target.id, target.title, target.subject, url, further=further)


def _target(
    corpus: Corpus, row: int, own: _Own, placed: Sequence[Placed], reasons: Mapping[int, str] = MappingProxyType({})
) -> Target:
    """Sum up what a list shall be; ``reasons`` say by their slots why links gave way."""
    article = corpus.articles[row]
    by_slot = {j.link.slot: j for j in own.judged}
    tally: Counter[str] = Counter()
    fresh = set()
    for want, _ in placed:
        source = by_slot.get(want.source)
        if source is None:
            tally["added"] += 1
            fresh.add(want.url)
        else:
            tally["kept" if _values(source.link) == _values(want) else "corrected"] += 1
            if source.generated:  # also where its url is corrected
                fresh.add(want.url)
    used = {want.source for want, _ in placed}
    for j in own.judged:
        if j.link.slot not in used:
            tally[f"dropped {reasons.get(j.link.slot) or 'replaced' if j.sound else j.verdict}"] += 1
    wanted = tuple(want for want, _ in placed)
    held = {want.url for want in wanted}
    links = [link for link in article.links if link.place == 0]
    changes = [(link.slot, *_values(link)) for link in links] != [(w.slot, *_values(w)) for w in wanted]
    pins = {corpus.families[pin] for pin in corpus.decisions.pins.get(row, ())}
    may = tuple(
        other >= 0 and corpus.families[other] not in pins and want.source not in own.standing for want, other in placed
    )
    rows, others = tuple(other for _, other in placed), tuple(j.target for j in own.further if j.sound)
    return Target(row, wanted, frozenset((own.generated | fresh) & held), tally, changes, rows, may, others)


def _values(link: Link | Wanted) -> tuple[str, ...]:
    return (link.id, link_blocks.fold(link.title), link_blocks.fold(link.subject), link.url)
