"""A plan on disk, so that an interrupted run can be resumed: JSON lines below the user's state folder.

``plan.jsonl`` is that of a run which has not come to its end, ``last.jsonl`` that of the last one which has.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.editing.plan import Edit, Note
from recommender.errors import RecommenderError, WriteStopped
from recommender.system.disk import make_folders, remove_leftovers, replace_file, sync_folder

RESUME, TAKE_BACK = "recommender fill --resume", "recommender undo --write"
UNFINISHED = f"a run of this CONTENT was interrupted; finish it: {RESUME}, or take it back: {TAKE_BACK}"


@dataclass(frozen=True)
class Run:
    """The edits of a run as they are stored, and whether it takes another one back."""

    edits: tuple[Edit, ...]
    undo: bool = False


def state_folder() -> Path:
    """Give the folder for plans: ``$XDG_STATE_HOME/recommender``, by default below ``~/.local/state``."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(home) / "recommender"


def plan_file(root: Path) -> Path:
    """Give the place of the plan for a folder of articles, in a folder of its own."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:16]
    return state_folder() / name / "plan.jsonl"


def record_file(root: Path) -> Path:
    """Give the place of the last run's plan, which is kept for an undo."""
    return plan_file(root).with_name("last.jsonl")


def refuse_unfinished(root: Path) -> None:
    """Let no run begin before an interrupted one is finished or taken back: its plan would be lost.

    Raises:
        RecommenderError: there is one.
    """
    if plan_file(root).exists():
        raise RecommenderError(UNFINISHED)


def drop_plan(root: Path) -> None:
    """Forget an interrupted run that has written nothing."""
    plan_file(root).unlink(missing_ok=True)
    sync_folder(str(plan_file(root).parent))


def keep_record(root: Path) -> None:
    """Make the plan of a run that came to its end the record of the last run."""
    with contextlib.suppress(FileNotFoundError):
        plan_file(root).replace(record_file(root))
        # Else an undo after a failure of power would take back the run before this one.
        sync_folder(str(record_file(root).parent))


def write_plan(file: Path, edits: Sequence[Edit], *, undo: bool = False) -> None:
    """Store a plan durably before the first file is touched.

    Raises:
        WriteStopped: the plan cannot be written; no article was touched.
    """
    try:
        make_folders(file.parent, mode=0o700)
        remove_leftovers(file.parent)
        lines = [json.dumps(_edit_as_dict(edit)) for edit in edits]
        end = json.dumps({"edits": len(edits)} | ({"undo": True} if undo else {}))
        replace_file(file, "".join(line + "\n" for line in [*lines, end]).encode())
    except OSError as error:
        raise WriteStopped(
            f"{file}: the plan cannot be written ({error.strerror}); no article was touched; "
            "free space or set XDG_STATE_HOME"
        ) from None


def read_plan(
    file: Path, missing: str = "there is no interrupted run of this CONTENT to resume; run fill without --resume"
) -> Run:
    """Read a stored plan.

    Raises:
        RecommenderError: there is none, or it is not whole.
    """
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        undo = rows[-1] == {"edits": len(rows) - 1, "undo": True}
        if not undo and rows[-1] != {"edits": len(rows) - 1}:
            raise ValueError("no closing line")
        return Run(tuple(_edit_from_dict(row) for row in rows[:-1]), undo)
    except FileNotFoundError:
        raise RecommenderError(missing) from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise RecommenderError(f"{file}: not a whole plan; remove it and run fill without --resume") from None


def _edit_as_dict(edit: Edit) -> dict[str, Any]:
    return {
        "path": edit.path,
        "url": edit.url,
        "before": edit.before,
        "after": edit.after,
        "start": edit.start,
        "end": edit.end,
        "text": base64.b64encode(edit.text).decode("ascii"),
        "generated": list(edit.generated),
        "old": base64.b64encode(edit.old).decode("ascii"),
        "generated_before": list(edit.generated_before),
        "why": dict(edit.why),
        **({"others": edit.others} if edit.others else {}),
    }


def _note(row: list[Any]) -> Note:
    url, *lists = row
    texts = [text for one in lists for text in one]
    if len(lists) != len(Note._fields) - 1 or not all(isinstance(text, str) for text in (url, *texts)):
        raise ValueError("a note of another form")
    return Note(url, *map(tuple, lists))


def _edit_from_dict(row: dict[str, Any]) -> Edit:
    texts = [row[key] for key in ("path", "url", "before", "after", "text", "old")]
    numbers = [row[key] for key in ("start", "end")]
    lists = [row[key] for key in ("generated", "generated_before")]
    if not all(isinstance(found, list) for found in lists):
        raise ValueError("a list of another type")
    if not all(isinstance(text, str) for text in (*texts, *lists[0], *lists[1])):
        raise ValueError("a text of another type")
    if not all(type(number) is int and number >= 0 for number in (*numbers, *row["why"].values())):
        raise ValueError("a number of another type")
    text, old = (base64.b64decode(one, validate=True) for one in texts[4:])
    return Edit(
        path=row["path"],
        url=row["url"],
        before=row["before"],
        after=row["after"],
        start=row["start"],
        end=row["end"],
        text=text,
        generated=tuple(row["generated"]),
        old=old,
        generated_before=tuple(row["generated_before"]),
        why=row["why"],
        others=tuple(map(_note, row.get("others", ()))),
    )
