"""The last writing run of a site, taken back from its record; a file that changed since stays as it is."""

from __future__ import annotations

import hashlib
import os
from collections import Counter

from recommender import planfile
from recommender.apply import RESUME
from recommender.diff import unified_diff
from recommender.errors import FileProblem, RecommenderError
from recommender.files import read_bytes
from recommender.filling import Order, diff_prefix
from recommender.plan import Edit, Plan
from recommender.problems import Problem
from recommender.provenance import read_generated


def plan_undo(order: Order) -> Plan:
    """Turn the edits of the last run round; writing the plan is ``filling.write``, as for any other.

    Raises:
        RecommenderError: no run is recorded for this CONTENT, or the last one was interrupted.
    """
    if planfile.plan_file(order.root).exists():
        # The record is that of the run before, and the plan of this one would be lost.
        raise RecommenderError(f"the last run was interrupted; finish it, then undo it: {RESUME}")
    edits, problems = [], []
    tally: Counter[str] = Counter()
    prefix = diff_prefix(order.root) if order.with_diff else None
    for edit in planfile.read_plan(planfile.record_file(order.root), "no run of this CONTENT is recorded to be undone"):
        try:
            turned = _turned(order, edit, prefix)
        except FileProblem as problem:
            problems.append(Problem("conflict", edit.path, reason=problem.reason))
            continue
        if turned is not None:
            edits.append(turned)
            tally.update(edit.why)
    present = read_generated(order.links_file)
    generated = {**present, **{edit.url: frozenset(edit.generated) for edit in edits}}
    return Plan(tuple(edits), tuple(problems), generated, present, tally)


def _turned(order: Order, edit: Edit, prefix: str | None) -> Edit | None:
    data, _ = read_bytes(os.path.join(order.root, edit.path))
    found = hashlib.sha256(data).hexdigest()
    if found == edit.before:
        return None
    end = edit.start + len(edit.text)
    before = data[: edit.start] + edit.old + data[end:]
    if found != edit.after or hashlib.sha256(before).hexdigest() != edit.before:
        raise FileProblem("conflict", "the file changed after the run that is to be undone; it stays as it is")
    return Edit(
        path=edit.path,
        url=edit.url,
        before=edit.after,
        after=edit.before,
        start=edit.start,
        end=end,
        text=edit.old,
        diff="" if prefix is None else unified_diff(prefix + edit.path, data, before),
        generated=edit.generated_before,
        old=edit.text,
        generated_before=edit.generated,
        why=edit.why,
    )
