"""What the command line shows: sentences, tables and JSON on stdout; progress and complaints on stderr."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from recommender.problems import Problem, printable, shorten, unread
from recommender.system import parallel

if TYPE_CHECKING:  # a look-up prints what it loaded, and needs none of the rest
    from recommender.editing.fill import Written
    from recommender.editing.link_exchange import Balance
    from recommender.editing.plan import Facts, Plan
    from recommender.model.ask import Answer, Reason
    from recommender.model.catalogue import Catalogue
    from recommender.model.model import Model
    from recommender.ranking.score import Part
    from recommender.site.audit import Audit
    from recommender.site.baseline import Comparison

progress = parallel.on_terminal
TERMS = 8
NAMED = 3
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def say(text: str) -> None:
    """Print a line, whatever the encoding of stdout; control characters of a title do nothing to a terminal."""
    encoding = sys.stdout.encoding or "utf-8"
    safe = _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)
    click.echo(safe.encode(encoding, "backslashreplace").decode(encoding))


def note(text: str) -> None:
    """Print a remark on stderr."""
    click.echo(printable(text), err=True)


def complain(text: str) -> None:
    """Print an error on stderr: one sentence."""
    click.echo(f"recommender: {printable(text)}", err=True)


def show_audit(audit: Audit, compared: Comparison | None = None, *, as_json: bool) -> None:
    """Print every error and warning in the order of the files, then the counts of all, notes included.

    With ``compared`` those are the new ones; how many a baseline knows, and which of these are fixed, is said too.
    """
    if as_json:
        fixed = [entry._asdict() for entry in compared.fixed] if compared else []
        print_json(
            {
                "totals": audit.totals,
                "verdicts": audit.verdicts,
                "counts": audit.counts(),
                **({"baseline": {"known": compared.known, "fixed": fixed}} if compared else {}),
                "problems": [problem.as_dict() for problem in audit.problems],
            }
        )
        return
    for problem in audit.problems:
        if problem.severity != "note":
            say(problem.sentence())
    say(", ".join(f"{count:,} {name}" for name, count in audit.totals.items()))
    for code, kind, count in audit.kinds():
        say(f"{count:>7,}  {kind.severity:<7}  {code:<16} {kind.summary}")
    if compared:
        _show_compared(compared)
    elif not audit.problems:
        say("no problem found")


def _show_compared(compared: Comparison) -> None:
    for entry in compared.fixed[:TERMS]:
        say(f"fixed: {entry.path}: {entry.code} {shorten(entry.target)}".rstrip())
    if len(compared.fixed) > TERMS:
        say(f"fixed: {len(compared.fixed) - TERMS:,} more")
    gone = "; `--write-baseline` takes the fixed ones out" if compared.fixed else ""
    say(f"{len(compared.new):,} new, {compared.known:,} known, {len(compared.fixed):,} fixed{gone}")


def show_build(model: Model, files: int, problems: Sequence[Problem], folder: Path, *, as_json: bool) -> None:
    """Say what a build made, and what it could not use."""
    lists = np.diff(model.chosen.indptr).tolist()
    slots = model.settings.slots
    facts = {
        "model": str(folder),
        "files": files,
        "articles": len(model),
        "terms": model.vectors.rows.columns,
        "full lists": sum(count >= slots for count in lists),
        "short lists": sum(0 < count < slots for count in lists),
        "empty lists": sum(not count for count in lists),
    }
    if as_json:
        print_json({**facts, "problems": [problem.as_dict() for problem in problems]})
        return
    say(
        f"{facts['articles']:,} of {facts['files']:,} files are articles, {facts['terms']:,} terms; lists of "
        f"{slots}: {facts['full lists']:,} full, {facts['short lists']:,} short, {facts['empty lists']:,} empty"
    )
    say(f"saved in {folder}")
    show_problems(problems)


def mention_embeddings() -> None:
    """Say on stderr what the extra for embeddings is for, where it is not installed."""
    from recommender.text.title_embeddings import REMEDY, installed

    if not installed():
        note(f"titles can be compared by what they mean, too: {REMEDY}, then set `embeddings: titles`")


def _titled(catalogue: Catalogue, row: int) -> str:
    """Give the title of an article, and its subject on a site that has any."""
    return catalogue.titles[row] + (f"  ({catalogue.subjects[row]})" if "subject" in catalogue.named else "")


def show_related(answer: Answer, *, explain: bool, as_json: bool) -> None:
    """Print the links of an article, or of a draft."""
    if as_json:
        from recommender.model import documents

        print_json(documents.answered(answer, explain=explain))
        return
    catalogue = answer.model.catalogue
    if answer.row >= 0:
        say(_titled(catalogue, answer.row))
        for copy in answer.copies:
            say(f"  copy: {catalogue.urls[copy]}")
    else:
        say(f"draft: {answer.title}")
    for rank, candidate in enumerate(answer.choice.shown, 1):
        row = candidate.row
        say(f"{rank:>3}  {candidate.score:.4f}  {_titled(catalogue, row)}")
        say(f"     {catalogue.urls[row]}")
        if explain:
            _explain(answer, row, candidate.score)
    reason = answer.choice.reason(answer.limit)
    if reason:
        say(f"     {reason}")
    if answer.note:
        note(answer.note)


def show_why(reason: Reason, *, as_json: bool) -> None:
    """Print why one article is shown or not."""
    answer = reason.answer
    if as_json:
        from recommender.model import documents

        print_json(documents.why(reason))
        return
    say(f"{answer.model.catalogue.titles[reason.row]}: {reason.sentence}")
    _explain(answer, reason.row, reason.score)


def _explain(answer: Answer, row: int, score: float) -> None:
    groups: dict[str, list[Part]] = {}
    for part in answer.parts(row):
        groups.setdefault(part.field, []).append(part)
    sums = {field: sum(part.value for part in own) for field, own in groups.items()}
    for field in sorted(groups, key=lambda field: (-sums[field], field)):
        named = ", ".join(f"{part.term} {part.value:.4f}" for part in groups[field][:TERMS] if part.term)
        rest = groups[field][TERMS:]
        more = f", {len(rest)} more terms {sum(part.value for part in rest):.4f}" if rest else ""
        say(f"       {sums[field]:.4f}  {field}{': ' if named else ''}{named}{more}")
    say(f"       {score:.4f}  score")


def show_plan(plan: Plan, model: Model, *, check: bool, as_json: bool) -> None:
    """Print the diff of a plan, or with ``check`` the names of its files, and the summary on stderr.

    As JSON each link of the lists that it changes.
    """
    if as_json:
        from recommender.editing.changes import as_dict

        out: dict[str, object] = {
            "files": [edit.path for edit in plan.edits],
            "summary": dict(sorted(plan.tally.items())),
            **_facts(plan.facts),
            "problems": [problem.as_dict() for problem in (*plan.unread, *plan.problems)],
        }
        print_json(
            out if check else out | {"lists": [as_dict(one, model) for edit in plan.edits for one in edit.lists]}
        )
        return
    for edit in plan.edits:
        if check:
            say(printable(edit.path))
        else:
            click.echo(edit.diff.encode("utf-8", "surrogateescape"), nl=False)
    show_problems(plan.problems)
    show_planned(plan)
    show_unread(plan.unread)


def show_planned(plan: Plan) -> None:
    """Sum a plan up."""
    note(f"{len(plan.edits):,} files would change; {_summary(plan.tally)}".rstrip("; "))
    for sentence in _sentences(plan.facts):
        note(sentence)


def show_unread(problems: Sequence[Problem]) -> None:
    """Say how many files are no articles for an error, and which is the first."""
    found = unread(problems)
    if found:
        what = "1 file is no article" if len(found) == 1 else f"{len(found):,} files are no articles"
        note(f"{what} for an error (`recommender audit` names all); the first: {found[0].sentence()}")


def show_undo(plan: Plan, *, as_json: bool) -> None:
    """Print the diff that takes a run back or does it again; as JSON, which files, which links it made, and why."""
    if as_json:
        files = [
            {"path": edit.path, "url": edit.url, "links": list(links), "why": dict(edit.why)}
            for edit in plan.edits
            for links in [edit.generated_before if plan.undo else edit.generated]
        ]
        print_json({"files": files, "problems": [problem.as_dict() for problem in plan.problems]})
        return
    for edit in plan.edits:
        click.echo(edit.diff.encode("utf-8", "surrogateescape"), nl=False)
    show_problems(plan.problems)
    of_links = f"; the run's {_summary(plan.tally).partition(';')[0]}" if plan.tally else ""
    note(f"{len(plan.edits):,} files would be as they were {'before' if plan.undo else 'after'} the run{of_links}")


def show_written(written: Written, *, as_json: bool) -> None:
    """Say what a writing run did."""
    if as_json:
        print_json(
            {
                "written": written.files,
                "already": written.already,
                "summary": dict(sorted(written.tally.items())),
                **_facts(written.facts),
                "problems": [problem.as_dict() for problem in (*written.unread, *written.problems)],
            }
        )
        return
    show_problems(written.problems)
    already = f", {written.already:,} were done already" if written.already else ""
    say(f"{written.files:,} files changed{already}; {_summary(written.tally)}".rstrip("; "))
    for sentence in _sentences(written.facts):
        say(sentence)
    show_unread(written.unread)


def _facts(facts: Facts) -> dict[str, object]:
    """Give what a run tells beside its counts for JSON; nothing where that is nothing."""
    return {name: value for name, value in dataclasses.asdict(facts).items() if value}


def _sentences(facts: Facts) -> Iterator[str]:
    """Say what a run tells beside its counts."""
    since = [f"{count:,} {what}" for count, what in ((facts.new, "new"), (facts.gone, "gone")) if count]
    if since:
        yield f"articles since the last run: {', '.join(since)}"
    if facts.left:
        yield f"{facts.left:,} more files would change without --max-changes"
    if facts.balance:
        yield from _balance(facts.balance)


def _balance(balance: Balance) -> Iterator[str]:
    (before, after), (score, less), exchanged = balance.orphans, balance.score, balance.exchanged
    change = round(100 * (less / score - 1), 2) if score else 0.0
    sign = "−" if change < 0 else "+" if change > 0 else ""
    yield (
        f"balance: {before:,} orphan{'s' * (before != 1)} to {after:,}; mean score of generated links "
        f"{sign}{abs(change):.2f} %; {exchanged:,} link{'s' * (exchanged != 1)} exchanged"
    )
    if balance.alone:
        yield f"no list that may change can take {_first(balance.alone)}"
    if balance.above:
        links = [f"{url} ({count:,})" for url, count in balance.above]
        yield f"more than {balance.most:,} links that stay lead to {_first(links)}"


def _first(names: Sequence[str]) -> str:
    """Name some of many, and say how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _summary(tally: Mapping[str, int]) -> str:
    dropped = {name.removeprefix("dropped "): count for name, count in sorted(tally.items()) if "dropped" in name}
    by_verdict = f" ({', '.join(f'{count:,} {name}' for name, count in dropped.items())})" if dropped else ""
    return (
        f"links: {tally.get('kept', 0):,} kept, {sum(dropped.values()):,} dropped{by_verdict}, "
        f"{tally.get('corrected', 0):,} corrected, {tally.get('added', 0):,} added; "
        f"{tally.get('slots left empty', 0):,} slots left empty"
        if tally
        else ""
    )


def show_problems(problems: Sequence[Problem]) -> None:
    """Print every problem on stderr."""
    for problem in problems:
        note(problem.sentence())


def print_json(document: object) -> None:
    """Print one JSON document, whatever the encoding of stdout."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(document, indent=1)
    sys.stdout.write(text + "\n")
