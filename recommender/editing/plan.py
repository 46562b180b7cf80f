"""Edits of files: the verified new text of each, and the plan of a run; writes nothing."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from recommender.article import Article
from recommender.editing.changes import ListChange, Scoring, list_change
from recommender.editing.data_edit import make_data_edit, pages_gone
from recommender.editing.diff import changed_bytes, unified_diff
from recommender.editing.link_exchange import Balance, exchange, exchanges, newcomers
from recommender.editing.link_plan import Candidates, Chooser, Target, listed_links, plan_links
from recommender.editing.list_style import list_style
from recommender.editing.useful import useful_rows
from recommender.errors import FileProblem
from recommender.markdown import link_blocks
from recommender.markdown.link_editing import document_of, splice_links
from recommender.markdown.list_editing import ListStyle
from recommender.problems import Problem
from recommender.settings import Settings
from recommender.site.corpus import Corpus
from recommender.site.data_links import DataLinks
from recommender.site.files import check_writable, read_bytes
from recommender.site.generated_links import Generated
from recommender.system import parallel

Outcome = tuple[Target, "Edit | Problem | None"]


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
    The digest of a file that is not there is "". ``lists`` are its articles with each of their links, where a plan is
    to be read link by link.
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
    lists: tuple[ListChange, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Which links of its articles are generated."""
        return (*([Note(self.url, self.generated, self.generated_before)] if self.url else ()), *self.others)


@dataclass(frozen=True)
class Facts:
    """What a run tells beside its counts: articles that are new or gone since the last one, what balancing did.

    ``left`` counts the files that would change too but for the limit on changes.
    """

    new: int = 0
    gone: int = 0
    left: int = 0
    balance: Balance | None = None


NO_FACTS = Facts()


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
    facts: Facts = NO_FACTS


@dataclass(frozen=True)
class Filling:
    """The inputs of a run: what is on disk, who ranks, in which mode, and which links were generated before.

    ``diff_prefix`` stands before the paths in diffs; None where no diff is wanted. No more than ``limit`` files change.
    With ``score`` edits say what becomes of each link, and what new ones score.
    Links are exchanged where the ``candidates`` are known: generated ones for better ones, but with ``keep_generated``,
    and with ``balance`` so that each article is linked and none too often. No more than ``max_changes`` links change.
    ``known`` are the urls of the articles that are not new to the site, as far as that is known.
    """

    corpus: Corpus
    chooser: Chooser
    mode: str
    settings: Settings
    generated: Generated
    diff_prefix: str | None = ""
    limit: int | None = None
    candidates: Candidates | None = None
    keep_generated: bool = False
    balance: bool = False
    max_changes: int | None = None
    known: Collection[str] | None = None
    known_list_style: ListStyle | None = None
    score: Scoring | None = None

    def __call__(self, rows: Sequence[int]) -> list[Outcome]:
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

    def lists(self, targets: Sequence[Target]) -> tuple[ListChange, ...]:
        """Say what becomes of each link of some articles, if that is wanted."""
        if self.score is None:
            return ()
        context = self.settings, self.generated
        return tuple(
            list_change(
                self.corpus, target.row, listed_links(self.corpus, target.row, context), target.wanted, self.score
            )
            for target in targets
        )

    def _one(self, row: int) -> Outcome:
        target = plan_links(self.corpus, row, self.mode, self.chooser, (self.settings, self.generated))
        return target, self.edit(target)

    def edit(self, target: Target) -> Edit | Problem | None:
        """Make the edit of one article's file, or say what forbids it; None where nothing is to change."""
        if not target.changes or self.corpus.data_links:
            return None
        article = self.corpus.articles[target.row]
        try:
            return make_edit(self, article, target)
        except FileProblem as problem:
            return Problem(problem.code, article.path, problem.line, reason=problem.reason)


def make_plan(filling: Filling, rows: Sequence[int], progress: parallel.Progress = parallel.silent) -> Plan:
    """Plan the edits of some articles of a site; nothing is written, and one bad file stops no other."""
    edits, problems = list[Edit](), list[Problem]()
    generated = dict(filling.generated)
    tally: Counter[str] = Counter()
    planned: Iterable[Outcome] = parallel.run(filling, rows, progress, label="planning")
    planned, balance = _exchanged(filling, planned)
    planned, left = _most_useful(planned, filling.max_changes)
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
    return Plan(
        ordered, tuple(problems), generated, filling.generated, tally, facts=_facts(filling, generated, left, balance)
    )


def _exchanged(filling: Filling, planned: Iterable[Outcome]) -> tuple[Iterable[Outcome], Balance | None]:
    """Exchange links between the planned lists, where that is wanted."""
    if not exchanges(filling):
        return planned, None
    planned = list(planned)
    changed, balance = exchange(filling, [target for target, _ in planned])
    return [
        (new, filling.edit(new)) if (new := changed.get(old.row)) else (old, edit) for old, edit in planned
    ], balance


def _most_useful(planned: Iterable[Outcome], count: int | None) -> tuple[Iterable[Outcome], int]:
    """Leave out what goes beyond a limit on changed links, and say how many lists that are."""
    if count is None:
        return planned, 0
    planned = list(planned)
    changing = [target for target, outcome in planned if target.changes and not isinstance(outcome, Problem)]
    put_off = {target.row for target in changing} - useful_rows(changing, count)
    return [one for one in planned if one[0].row not in put_off], len(put_off)


def _facts(filling: Filling, generated: Generated, left: int, balance: Balance | None) -> Facts:
    known = filling.generated
    new = len(newcomers(filling, generated))
    return Facts(new, sum(url not in filling.corpus.row_of for url in known), left, balance)


def _beyond(filling: Filling, *, whole: bool) -> set[str]:
    """Give the pages that are no articles, but whose lists stay in the data file."""
    links = filling.corpus.data_links
    if links is None:
        return set()
    return {entry.key for entry in links.file.entries} - (pages_gone(filling, links) if whole else frozenset())


def _in_data_file(
    filling: Filling, links: DataLinks, planned: list[Outcome], found: tuple[list[Edit], list[Problem]]
) -> Iterator[Outcome]:
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
        lists=filling.lists([target]),
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
