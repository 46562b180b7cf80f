"""Fill modes to edits: what each file shall hold, and the verified new text; writes nothing."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Protocol

from recommender.article import Article, Link
from recommender.editing.data_edit import make_data_edit, pages_gone
from recommender.editing.diff import changed_bytes, unified_diff
from recommender.editing.list_style import list_style
from recommender.errors import FileProblem
from recommender.markdown import link_blocks
from recommender.markdown.link_blocks import Wanted
from recommender.markdown.link_editing import document_of, splice_links
from recommender.markdown.list_editing import ListStyle
from recommender.problems import Problem
from recommender.ranking.selection import Choice
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.site.data_links import DataLinks
from recommender.site.files import check_writable, read_bytes
from recommender.site.generated_links import Generated
from recommender.site.link_verdicts import Judged, find_target, judge_links, undecided
from recommender.site.page_names import reference_to
from recommender.system import parallel

Outcomes = list[tuple["Target", "Edit | Problem | None"]]
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


class Note(NamedTuple):
    """The generated links of one article: once a file is written, and before."""

    url: str
    generated: tuple[str, ...]
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One file's change: ``text`` (bytes) in place of the bytes from ``start`` to ``end``; digests of both versions.

    ``generated`` are the urls of its generated links once it is written, so that a resumed run can note them too.
    ``old`` and ``generated_before`` are what an undo puts back; ``why`` counts what became of the links, ``empty`` the
    slots without one. A data file holds the lists of many articles: its ``url`` is "", and ``others`` are their notes.
    The digest of a file that is not there is "".
    """

    path: str
    url: str
    before: str
    after: str
    start: int
    end: int
    text: bytes
    diff: str = ""
    generated: tuple[str, ...] = ()
    old: bytes = b""
    generated_before: tuple[str, ...] = ()
    why: Mapping[str, int] = field(default_factory=dict)
    empty: int = 0
    others: tuple[Note, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Which links of its articles are generated."""
        return (*([Note(self.url, self.generated, self.generated_before)] if self.url else ()), *self.others)


@dataclass(frozen=True)
class Plan:
    """All edits of a run, in order of their paths, what stops others, and the counts over all but those others.

    ``generated`` is the provenance once all is written, ``generated_before`` the one that the plan started from.
    ``undo`` tells a plan that takes a run back, ``unfinished`` one that stands for the plan of an interrupted run.
    ``unread`` are the files that are no articles for an error.
    """

    edits: tuple[Edit, ...]
    problems: tuple[Problem, ...]
    generated: Mapping[str, frozenset[str]]
    generated_before: Generated
    tally: Mapping[str, int] = field(default_factory=dict)
    undo: bool = False
    unfinished: bool = False
    unread: tuple[Problem, ...] = ()


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
        wanted = [_stay(corpus, j, slot) for slot, j in enumerate(kept, 1)]
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
        wanted.append(_stay(corpus, source, slot) if source else _new(corpus, target, slot, url))
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


def _stay(corpus: Corpus, judged: Judged, slot: int) -> Wanted:
    target = corpus.articles[judged.target]
    if not judged.drift:
        kept = _as_is(judged.link, slot)
        titled = judged.generated and corpus.lists and corpus.lists[0].field("title")
        return replace(kept, title=target.title) if titled else kept
    return Wanted(slot, target.id or judged.link.id, target.title, target.subject, judged.url, source=judged.link.slot)


def _new(corpus: Corpus, row: int, slot: int, url: str) -> Wanted:
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


@dataclass(frozen=True)
class Filling:
    """The inputs of a run: what is on disk, who ranks, in which mode, and which links were generated before.

    ``diff_prefix`` stands before the paths in diffs; None where no diff is wanted. No more than ``limit`` files change.
    """

    corpus: Corpus
    chooser: Chooser
    mode: str
    settings: Settings
    generated: Generated
    diff_prefix: str | None = ""
    limit: int | None = None
    known_list_style: ListStyle | None = None

    def __call__(self, rows: Sequence[int]) -> list[tuple[Target, Edit | Problem | None]]:
        """Aim and edit a chunk of articles."""
        return [self._one(row) for row in rows]

    @cached_property
    def misnamed(self) -> frozenset[str]:
        """Paths that are written in another way than the system knows them by."""
        return frozenset(problem.path for problem in self.corpus.problems if problem.code == "bad-file-name")

    @cached_property
    def list_style(self) -> ListStyle:
        """How lists are written in files that have none."""
        corpus = self.corpus
        return self.known_list_style or list_style(corpus.root, corpus.articles, self.settings, corpus.reference_style)

    def empty(self, target: Target) -> int:
        """Count the slots of an article that stay without a link, where it may have one."""
        if self.corpus.articles[target.row].visibility.no_list:
            return 0
        return max(0, self.settings.slots - len(target.wanted))

    def _one(self, row: int) -> tuple[Target, Edit | Problem | None]:
        target = plan_links(self.corpus, row, self.mode, self.chooser, (self.settings, self.generated))
        if not target.changes or self.corpus.data_links:
            return target, None
        article = self.corpus.articles[row]
        try:
            return target, make_edit(self, article, target)
        except FileProblem as problem:
            return target, Problem(problem.code, article.path, problem.line, reason=problem.reason)


def make_plan(filling: Filling, rows: Sequence[int], progress: parallel.Progress = parallel.silent) -> Plan:
    """Plan the edits of some articles of a site; nothing is written, and one bad file stops no other."""
    edits, problems = list[Edit](), list[Problem]()
    generated = dict(filling.generated)
    tally: Counter[str] = Counter()
    planned = parallel.run(filling, rows, progress, label="planning")
    if links := filling.corpus.data_links:
        planned = _in_data_file(filling, links, list(planned), (edits, problems))
    for target, outcome in planned:
        if isinstance(outcome, Problem):
            problems.append(outcome)
            continue
        if outcome is not None:
            if len(edits) == filling.limit:
                continue
            edits.append(outcome)
        generated[filling.corpus.articles[target.row].url] = target.generated
        tally.update(target.tally)
        tally["slots left empty"] += filling.empty(target)
    known = {*filling.corpus.row_of, *_beyond(filling, whole=len(rows) == len(filling.corpus.articles))}
    generated = {url: urls for url, urls in generated.items() if url in known and urls}
    ordered = tuple(sorted(edits, key=lambda edit: edit.path))
    return Plan(ordered, tuple(problems), generated, filling.generated, tally)


def _beyond(filling: Filling, *, whole: bool) -> set[str]:
    """Give the pages that are no articles, but whose lists stay in the data file."""
    links = filling.corpus.data_links
    if links is None:
        return set()
    return {entry.key for entry in links.file.entries} - (pages_gone(filling, links) if whole else frozenset())


def _in_data_file(
    filling: Filling, links: DataLinks, planned: Outcomes, found: tuple[list[Edit], list[Problem]]
) -> Iterator[tuple[Target, Edit | Problem | None]]:
    """Give what is planned for each article, once the data file has it; nothing is where that cannot be edited."""
    edits, problems = found
    targets = [target for target, _ in planned]
    try:
        edit = make_data_edit(filling, links, targets, whole=len(targets) == len(filling.corpus.articles))
    except FileProblem as problem:
        problems.append(Problem(problem.code, links.name, problem.line, reason=problem.reason))
        return
    edits += [edit] if edit else []
    yield from planned


def make_edit(filling: Filling, article: Article, target: Target) -> Edit | None:
    """Splice one file and verify the result; None where its bytes are as wanted already.

    Raises:
        FileProblem: the file changed since it was read, or cannot be edited safely.
    """
    if article.path in filling.misnamed:
        raise FileProblem("not-editable", "the name of the file is not UTF-8: rename the file")
    path = os.path.join(filling.corpus.root, article.path)
    data, info = read_bytes(path)
    if hashlib.sha256(data).hexdigest() != article.file_digest:
        raise FileProblem("conflict", "the file changed while the site was read")
    check_writable(path, info)
    after = _with_links(filling, data, article, target)
    if after == data:
        return None
    start, end, middle = changed_bytes(data, after)
    return Edit(
        path=article.path,
        url=article.url,
        before=article.file_digest,
        after=hashlib.sha256(after).hexdigest(),
        start=start,
        end=end,
        text=middle,
        diff="" if filling.diff_prefix is None else unified_diff(filling.diff_prefix + article.path, data, after),
        generated=tuple(sorted(target.generated)),
        old=data[start:end],
        generated_before=tuple(sorted(filling.generated.get(article.url, ()))),
        why=dict(target.tally),
        empty=filling.empty(target),
    )


def _with_links(filling: Filling, data: bytes, article: Article, target: Target) -> bytes:
    """Give a file's bytes with the wanted links in its front matter."""
    document, lists = document_of(data), filling.settings.links
    if document is None:
        what = "a file without front matter in YAML or TOML is not edited"
        raise FileProblem("not-editable", f"{what}; name a data file: `write: data/related.yml` under `links:`")
    if lists:
        text = splice_links(document, target.wanted, lists[0], filling.list_style)
    elif document.closed_by == "+++":
        raise FileProblem("not-editable", "numbered blocks are written in YAML alone; name a list under `links:`")
    else:
        style = article.style or filling.corpus.style
        text = link_blocks.splice(document, target.wanted, style, filling.settings.keys.related)
    return (b"\xef\xbb\xbf" if document.bom else b"") + text.encode("utf-8")
