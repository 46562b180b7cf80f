"""One run of ``fill``: a plan, the guards, the writing, the provenance."""

from __future__ import annotations

import dataclasses
import difflib
import fnmatch
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from recommender.editing import git_guard, plan_file, writer
from recommender.editing.accepted import Accepted
from recommender.editing.plan import NO_FACTS, Edit, Facts, Filling, Plan, make_plan
from recommender.errors import ModelError, RecommenderError
from recommender.model.model import Model
from recommender.model.versions import model_before
from recommender.problems import Problem, unread
from recommender.settings import LINKS_FILE, Settings
from recommender.site.corpus import Corpus
from recommender.site.files import printed
from recommender.site.generated_links import Generated, format_generated, read_generated
from recommender.system import parallel
from recommender.system.disk import locked, remove_leftovers
from recommender.system.user_files import check_kept, rewrite


@dataclass(frozen=True)
class Order:
    """What to fill: the site's folder, how, and which of its files.

    ``mode`` is repair, empty or regenerate, ``only`` are patterns of paths. Plans have no diffs without ``with_diff``,
    and say what becomes of each link only ``with_lists``. With ``reviewed`` no link is added but those that an editor
    said yes to, and articles without any such link stay as they are.
    ``balance``, ``keep_generated`` and ``max_changes`` are those of ``Filling``; what a model in ``model_folder`` did
    not know before is new.
    """

    root: Path
    mode: str = "repair"
    only: tuple[str, ...] = ()
    max_files: int | None = None
    allow_dirty: bool = False
    allow_no_vcs: bool = False
    links_file: Path = Path(LINKS_FILE)
    with_diff: bool = True
    with_lists: bool = False
    reviewed: bool = False
    balance: bool = False
    keep_generated: bool = False
    max_changes: int | None = None
    model_folder: Path | None = None


@dataclass(frozen=True)
class Written:
    """What a writing run did; ``tally`` counts the links of what it wrote, and the plan of a resumed one has none.

    ``unread`` are the files that are no articles for an error.
    """

    files: int
    already: int
    problems: tuple[Problem, ...]
    tally: Mapping[str, int]
    unread: tuple[Problem, ...] = ()
    facts: Facts = NO_FACTS


def rows_of(order: Order, corpus: Corpus) -> list[int]:
    """Find the articles that the order names, by path.

    Raises:
        RecommenderError: a pattern matches no article.
    """
    rows = sorted(range(len(corpus.articles)), key=lambda row: corpus.articles[row].path)
    if not order.only:
        return rows
    patterns = [printed(pattern) for pattern in order.only]
    matched = [row for row in rows if any(fnmatch.fnmatch(corpus.articles[row].path, one) for one in patterns)]
    paths = [corpus.articles[row].path for row in matched]
    for pattern in patterns:
        if not fnmatch.filter(paths, pattern):
            raise RecommenderError(f"--only {pattern!r} matches no article; {_closest(pattern, corpus)}")
    return matched


def _closest(pattern: str, corpus: Corpus) -> str:
    for problem in unread(corpus.problems):
        if fnmatch.fnmatch(problem.path, pattern):
            return problem.sentence()
    by_folder: dict[str, list[str]] = {}
    for article in corpus.articles:
        by_folder.setdefault(os.path.dirname(article.path), []).append(article.path)
    near = by_folder.get(os.path.dirname(pattern), [])
    # A name alone may be meant for a folder, or for a file at the top.
    folders = [f"{folder}/*" for folder in by_folder if folder] if not near or "/" not in pattern else []
    known = [*near, *folders] or by_folder[""]
    return f"the closest is {difflib.get_close_matches(pattern, known, 1, cutoff=0)[0]!r}"


def plan_fill(
    order: Order, corpus: Corpus, model: Model, settings: Settings, progress: parallel.Progress = parallel.silent
) -> Plan:
    """Plan the edits of the articles that the order names.

    Raises:
        RecommenderError: a pattern matches no article.
    """
    rows = rows_of(order, corpus)
    if order.reviewed:
        rows = [row for row in rows if row in corpus.decisions.accepted]
    made = make_plan(filling_of(order, corpus, model, settings), rows, progress)
    return dataclasses.replace(made, unread=unread(corpus.problems))


def filling_of(order: Order, corpus: Corpus, model: Model, settings: Settings) -> Filling:
    """Give the inputs of the run that an order asks for."""
    return Filling(
        corpus=corpus,
        chooser=Accepted(model, corpus.decisions) if order.reviewed else model,
        mode=order.mode,
        settings=settings,
        generated=read_generated(order.links_file),
        diff_prefix=diff_prefix(order.root) if order.with_diff else None,
        limit=order.max_files,
        score=model.score_between if order.with_lists else None,
        candidates=None if order.reviewed else model,
        keep_generated=order.keep_generated,
        balance=order.balance or settings.balance,
        max_changes=order.max_changes,
        known=_known(order.model_folder, model),
    )


def _known(folder: Path | None, model: Model) -> Collection[str] | None:
    """Give the urls of the articles that the model before this one had; None where there is none."""
    if folder is None:
        return None
    try:
        before = model_before(folder, model)
    except ModelError:
        return None
    return frozenset(before.catalogue.urls.all()) if before else None


def is_first(order: Order) -> bool:
    """Tell whether no run of this site is known: neither the record of one nor which links it generated."""
    return not order.links_file.exists() and not plan_file.record_file(order.root).exists()


def diff_prefix(root: Path) -> str:
    """Give what stands before paths in a diff, so that ``git apply`` works from the top of the work tree."""
    top = git_guard.top_level(root) or Path.cwd()
    relative = os.path.relpath(os.path.realpath(root), os.path.realpath(top))
    return "" if relative == "." or relative.startswith("..") else relative.replace(os.sep, "/") + "/"


def writing(root: Path, write: bool) -> AbstractContextManager[None]:
    """Hold a folder's lock for a run that writes, from before it reads on; a run that only prints needs none.

    Taken after reading, it let two runs plan from files that the other was rewriting: exit code 1 and conflicts.

    Raises:
        LockHeld: another run writes to the same folder.
    """
    return locked(root) if write else nullcontext()


def write_plan(order: Order, made: Plan, progress: parallel.Progress = parallel.silent) -> Written:
    """Check the guards, store the plan, then write; call it under ``writing``, as the plan was made.

    Raises:
        RecommenderError: an earlier run is unfinished.
        GitGuard: a file to change is not safe in git.
        WriteStopped: the disk failed half-way; the run can be resumed.
        Interrupted: a signal; the run can be resumed.
    """
    if not made.unfinished:
        plan_file.refuse_unfinished(order.root)
    git_guard.check_guard(order.root, made.edits, allow_dirty=order.allow_dirty, allow_no_vcs=order.allow_no_vcs)
    _remove_leftovers(order.root, made.edits)
    if made.edits:
        check_kept(order.links_file)
    present = read_generated(order.links_file)
    generated = _merged(present, made)
    # What no edit stands behind is noted before the plan is stored: a resumed run knows of its own files only.
    edited = {note.url for edit in made.edits for note in edit.notes}
    others = {url: urls for url, urls in generated.items() if url not in edited}
    settled = {**others, **{url: urls for url, urls in present.items() if url in edited}}
    if settled != present:
        _write_generated(order, settled)
    if made.edits:
        plan_file.write_plan(plan_file.plan_file(order.root), made.edits, undo=made.undo)
    elif made.unfinished:
        plan_file.drop_plan(order.root)
    applied = _apply(order, made.edits, (settled, generated), progress)
    problems = (*made.problems, *applied.problems)
    return Written(
        applied.written, applied.already, problems, _tally_but(made, applied.problems), made.unread, made.facts
    )


def _tally_but(made: Plan, problems: Sequence[Problem]) -> Mapping[str, int]:
    left = {problem.path for problem in problems}
    tally = Counter(made.tally)
    for edit in made.edits:
        if edit.path in left:
            tally.subtract({**edit.why, "slots left empty": edit.empty})
    return +tally if left else made.tally


def resume(order: Order, progress: parallel.Progress) -> Written:
    """Finish an interrupted run from its stored plan; files that changed since are left and reported.

    Call it under ``writing``. Raises as ``write_plan`` does.
    """
    run = plan_file.read_plan(plan_file.plan_file(order.root))
    if not run.undo:  # what an undo changes is in its plan, byte for byte
        git_guard.check_guard(order.root, run.edits, allow_dirty=order.allow_dirty, allow_no_vcs=order.allow_no_vcs)
    _remove_leftovers(order.root, run.edits)
    # The run may have been stopped before it noted which of its links are generated.
    noted = {note.url: frozenset(note.generated) for edit in run.edits for note in edit.notes}
    present = read_generated(order.links_file)
    applied = _apply(order, run.edits, (present, {**present, **noted}), progress)
    return Written(applied.written, applied.already, applied.problems, {})


def _remove_leftovers(root: Path, edits: Sequence[Edit]) -> None:
    writer.remove_leftovers(root)
    for folder in {(root / edit.path).parent for edit in edits if not edit.url}:
        remove_leftovers(folder)


def _apply(
    order: Order, edits: Sequence[Edit], notes: tuple[Generated, Generated], progress: parallel.Progress
) -> writer.Applied:
    """Edit the files, and note which of their links are generated; ``notes`` are those of now and those to be.

    Before the files, what was noted and what will be: a link that is noted and does not stand in its file does no
    harm, one that stands there and is not noted counts as curated. What no file needs any more goes last.
    """
    before, generated = notes
    both = {url: before.get(url, frozenset()) | generated.get(url, frozenset()) for url in {*before, *generated}}
    _write_generated(order, both)
    applied = writer.apply_edits(order.root, edits, progress)
    left = {problem.path for problem in applied.problems}
    as_it_was = {
        note.url: both.get(note.url, frozenset()) for edit in edits if edit.path in left for note in edit.notes
    }
    _write_generated(order, {**generated, **as_it_was})
    plan_file.keep_record(order.root)
    return applied


def _merged(present: Generated, made: Plan) -> Generated:
    if present == made.generated_before:
        return made.generated
    # Another run, of another CONTENT with the same settings, wrote since our plan: its entries stay.
    return {**present, **{note.url: frozenset(note.generated) for edit in made.edits for note in edit.notes}}


def _write_generated(order: Order, generated: Generated) -> None:
    remove_leftovers(order.links_file.parent)
    rewrite(order.links_file, format_generated(generated))
