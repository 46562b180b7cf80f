"""The last writing run of a site, taken back from its record or done again; what changed since stays as it is."""

from __future__ import annotations

import os
import posixpath
from collections import Counter

from recommender.editing import plan_file
from recommender.editing.data_edit import digest_of, read_file
from recommender.editing.diff import unified_diff
from recommender.editing.fill import Order, diff_prefix
from recommender.editing.plan import Edit, Note, Plan
from recommender.editing.plan_file import Run
from recommender.errors import FileProblem, RecommenderError
from recommender.problems import Problem
from recommender.site.generated_links import read_generated


def plan_undo(order: Order, *, redo: bool = False) -> Plan:
    """Turn the edits of the last run round; writing the plan is ``write_plan``, as for any other.

    Of an interrupted run what it wrote is turned round; with ``redo`` those of a run that was taken back.

    Raises:
        RecommenderError: there is nothing to undo or redo, or a redo while a run is unfinished.
    """
    run, unfinished = _run_to_turn(order, redo=redo)
    edits, problems = [], []
    tally: Counter[str] = Counter()
    present = read_generated(order.links_file)
    generated = dict(present)
    prefix = diff_prefix(order.root) if order.with_diff else None
    for edit in run.edits:
        try:
            turned = _turned(order, edit, prefix)
        except FileProblem as problem:
            problems.append(Problem("conflict", edit.path, reason=problem.reason))
            continue
        # A file that is as before already, by the other run or by hand, may still be noted as that run would leave it.
        generated |= {note.url: frozenset(note.before) for note in edit.notes}
        if turned is not None:
            edits.append(turned)
            tally.update(edit.why)
    return Plan(tuple(edits), tuple(problems), generated, present, tally, undo=not run.undo, unfinished=unfinished)


def _run_to_turn(order: Order, *, redo: bool) -> tuple[Run, bool]:
    if redo:
        plan_file.refuse_unfinished(order.root)
    elif plan_file.plan_file(order.root).exists():
        return plan_file.read_plan(plan_file.plan_file(order.root)), True
    done = "redone" if redo else "undone"
    run = plan_file.read_plan(plan_file.record_file(order.root), f"no run of this CONTENT is recorded to be {done}")
    if redo and not run.undo:
        raise RecommenderError(f"there is nothing to redo: the last run was not taken back ({plan_file.TAKE_BACK})")
    if run.undo and not redo:
        raise RecommenderError(
            f"there is nothing to undo: the last run was taken back already; do it again: {plan_file.TAKE_BACK} --redo"
        )
    return run, False


def _turned(order: Order, edit: Edit, prefix: str | None) -> Edit | None:
    data = read_file(os.path.join(order.root, edit.path), edit)[0]
    if digest_of(data) == edit.before:
        return None
    end, held = edit.start + len(edit.text), data or b""
    before = held[: edit.start] + edit.old + held[end:] if edit.before else None
    if digest_of(data) != edit.after or digest_of(before) != edit.before:
        raise FileProblem("conflict", "the file changed after the run; it stays as it is")
    return Edit(
        path=edit.path,
        url=edit.url,
        before=edit.after,
        after=edit.before,
        start=edit.start,
        end=end,
        text=edit.old,
        diff="" if prefix is None else unified_diff(posixpath.normpath(prefix + edit.path), data, before),
        generated=edit.generated_before,
        old=edit.text,
        generated_before=edit.generated,
        why=edit.why,
        others=tuple(Note(note.url, note.before, note.generated) for note in edit.others),
    )
