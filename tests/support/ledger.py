"""What the tests did, shown at their end: faults injected, files looked at afterwards, bytes lost; and files edited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass


@dataclass
class Entry:
    """The sums of one kind of fault."""

    faults: int = 0
    files: int = 0
    lost: int = 0


LEDGER: dict[str, Entry] = {}
EDITS: Counter[str] = Counter()  # what became of generated files, and who read the edited ones as before


def check_whole(fault: str, found: Mapping[str, bytes], *states: Mapping[str, bytes]) -> None:
    """Note one injected fault, and hold every file to be whole as it is in one of the states; no other may be there.

    A file that is gone or torn counts with all bytes of its first state.
    """
    entry = LEDGER.setdefault(fault, Entry())
    entry.faults += 1
    paths = {path for state in states for path in state}
    entry.files += len(paths)
    torn = {p for p in paths if found.get(p) not in [state.get(p) for state in states]}
    entry.lost += sum(len(states[0].get(path, b"")) for path in torn)
    assert torn == set(), f"neither old nor new after {fault}"
    assert set(found) <= paths, f"left behind by {fault}"


def handed_over() -> tuple[dict[str, tuple[int, int, int]], dict[str, int]]:
    """Give all that was noted here, as plain values for another process."""
    return {name: astuple(entry) for name, entry in LEDGER.items()}, dict(EDITS)


def add(entries: Mapping[str, tuple[int, int, int]], edits: Mapping[str, int]) -> None:
    """Add what another process handed over."""
    for name, (faults, files, lost) in entries.items():
        entry = LEDGER.setdefault(name, Entry())
        entry.faults, entry.files, entry.lost = entry.faults + faults, entry.files + files, entry.lost + lost
    EDITS.update(edits)


def table() -> list[str]:
    """Give the lines of the table; none where no fault was injected."""
    if not LEDGER:
        return []
    total = Entry(*(sum(getattr(e, name) for e in LEDGER.values()) for name in ("faults", "files", "lost")))
    rows = [*sorted(LEDGER.items()), ("together", total)]
    lines = [f"{'fault':<44} {'injected':>9} {'files checked':>14} {'bytes lost':>11}"]
    return lines + [f"{name:<44} {e.faults:>9,} {e.files:>14,} {e.lost:>11,}" for name, e in rows]
