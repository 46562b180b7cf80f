"""Which links each article shall have in a fill mode: kept, corrected, dropped, added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from recommender.article import Link
from recommender.markdown import link_blocks
from recommender.markdown.link_blocks import Wanted
from recommender.ranking.selection import Choice
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.site.generated_links import Generated
from recommender.site.link_verdicts import Judged, find_target, judge_links, undecided
from recommender.site.page_names import reference_to

MODES = ("repair", "empty", "regenerate")


class Chooser(Protocol):
    """Whatever gives ranked links: a Model, or any other ranker."""

    def choose_for(self, row: int, kept: Sequence[int] = (), limit: int | None = None) -> Choice:
        """Choose up to ``limit`` links for a row beside those it keeps."""

    def permits(self, row: int, other: int, kept: Sequence[int]) -> bool:
        """Tell whether a link that stands in a file may stay there beside others."""


@dataclass(frozen=True, slots=True)
class Target:
    """What one article's blocks shall be, and what that means for its links."""

    row: int
    wanted: tuple[Wanted, ...]
    generated: frozenset[str]
    tally: Mapping[str, int]
    changes: bool


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
    ours = undecided(corpus, row, generated.get(article.url, frozenset()))
    everything = judge_links(corpus, row, ours)
    judged = tuple(j for j in everything if j.link.place == 0)
    listless = bool(article.visibility.no_list)
    if mode == "empty":
        kept = judged
        wanted = [_as_is(j.link, j.link.slot) for j in judged]
    elif mode == "repair" or listless:
        kept = _with_room(corpus, row, _kept(row, judged, None if listless else chooser), slots)
        wanted = [_stay(corpus, row, j, slot) for slot, j in enumerate(kept, 1)]
    else:
        kept = tuple(j for j in judged if j.stays and not j.sound and not j.generated)
        places = _places([j.link.slot for j in kept], max(slots, len(kept)))
        wanted = [_as_is(j.link, slot) for slot, j in zip(places, kept, strict=True)]
    taken = {want.slot for want in wanted}
    # A link in a slot beyond the last counts too: none is added that would be one too many.
    free = [slot for slot in range(1, slots + 1) if slot not in taken][: max(0, slots - len(wanted))]
    rows = [j.target for j in (*kept, *everything[len(judged) :]) if j.target >= 0]
    new = _chosen(corpus, row, rows, len(free), chooser) if free and not listless else {}
    sources = {j.target: j for j in reversed(judged) if j.sound} if mode == "regenerate" else {}
    for slot, (target, url) in zip(free, new.items(), strict=False):
        source = sources.get(target)
        wanted.append(_stay(corpus, row, source, slot) if source else new_link(corpus, target, slot, url))
    wanted = sorted(wanted, key=lambda want: want.slot)
    if mode != "empty" and row in corpus.decisions.pins:
        wanted = _pinned_first(corpus, row, wanted)
    if mode == "regenerate":  # where too few were found to fill the slots before one that stays
        wanted = [replace(want, slot=slot) for slot, want in enumerate(wanted, 1)]
    return _target(corpus, row, judged, wanted, ours)


def _chosen(corpus: Corpus, row: int, kept: Sequence[int], count: int, chooser: Chooser) -> dict[int, str]:
    """Choose new links, with the text by which a file names each; a page that no text means alone is passed over."""
    if not corpus.lists:
        return {c.row: corpus.articles[c.row].url for c in chooser.choose_for(row, kept, count).shown}
    shown = chooser.choose_for(row, kept, 2 * count).shown
    named = {c.row: reference_to(corpus, row, c.row, corpus.reference_style) for c in shown}
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


def _with_room(corpus: Corpus, row: int, kept: tuple[Judged, ...], slots: int) -> tuple[Judged, ...]:
    """Let the last generated links give way to pinned ones for which no slot is left."""
    pins = corpus.decisions.pins.get(row)
    if not pins:
        return kept
    held = {corpus.families[j.target] for j in kept if j.target >= 0}
    missing = [pin for pin in pins if corpus.families[pin] not in held]
    excess = max(0, len(kept) + len(missing) - slots) if missing else 0
    yielding = [j for j in kept if j.generated and j.target not in pins]
    gone = yielding[max(0, len(yielding) - excess) :] if excess else []
    return tuple(j for j in kept if j not in gone)


def _pinned_first(corpus: Corpus, row: int, wanted: Sequence[Wanted]) -> list[Wanted]:
    pins = [corpus.families[pin] for pin in corpus.decisions.pins[row]]

    def place(want: Wanted) -> int:
        found = find_target(corpus, row, Link(want.slot, 0, want.id, want.title, want.subject, want.url)).row
        return pins.index(corpus.families[found]) if found >= 0 and corpus.families[found] in pins else len(pins)

    return [replace(want, slot=slot) for slot, want in enumerate(sorted(wanted, key=place), 1)]


def _as_is(link: Link, slot: int) -> Wanted:
    return Wanted(slot, link.id, link.title, link.subject, link.url, source=link.slot)


def moved_links(corpus: Corpus, row: int, targets: Container[int], ours: frozenset[str]) -> Target:
    """Work out the links of an article where only the addresses of some targets are corrected."""
    judged = [j for j in judge_links(corpus, row, ours) if j.link.place == 0]
    moved = [
        _stay(corpus, row, j, j.link.slot) if j.sound and j.target in targets else _as_is(j.link, j.link.slot)
        for j in judged
    ]
    return _target(corpus, row, judged, moved, ours)


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
    corpus: Corpus, row: int, judged: Sequence[Judged], wanted: Sequence[Wanted], ours: frozenset[str]
) -> Target:
    article = corpus.articles[row]
    by_slot = {j.link.slot: j for j in judged}
    tally: Counter[str] = Counter()
    fresh = set()
    for want in wanted:
        source = by_slot.get(want.source)
        if source is None:
            tally["added"] += 1
            fresh.add(want.url)
        else:
            tally["kept" if _values(source.link) == _values(want) else "corrected"] += 1
            if source.generated:  # also where its url is corrected
                fresh.add(want.url)
    used = {want.source for want in wanted}
    for j in judged:
        if j.link.slot not in used:
            tally[f"dropped {'replaced' if j.sound else j.verdict}"] += 1
    held = {want.url for want in wanted}
    own = [link for link in article.links if link.place == 0]
    changes = [(link.slot, *_values(link)) for link in own] != [(w.slot, *_values(w)) for w in wanted]
    return Target(row, tuple(wanted), frozenset((ours | fresh) & held), tally, changes)


def _values(link: Link | Wanted) -> tuple[str, ...]:
    return (link.id, link_blocks.fold(link.title), link_blocks.fold(link.subject), link.url)
