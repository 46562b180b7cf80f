"""The difference of two versions of a file: as one span of bytes, and as a diff that git applies."""

from __future__ import annotations

import difflib


def changed_bytes(before: bytes, after: bytes) -> tuple[int, int, bytes]:
    """Give the one span of bytes that differs (start, end) and what stands there afterwards."""
    start = _common(before, after)
    tail = _common(before[start:][::-1], after[start:][::-1])
    return start, len(before) - tail, after[start : len(after) - tail]


def _common(one: bytes, other: bytes) -> int:
    """Length of the common prefix, by bisection: comparing slices is faster than any loop over bytes."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def unified_diff(name: str, before: bytes | None, after: bytes | None) -> str:
    """Give the diff of one file as ``git apply`` reads it; lines end at line feeds alone. None stands for no file."""
    old, new = _lines(before or b""), _lines(after or b"")
    # difflib is slow on long files: only the lines around the change are compared.
    same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    skip = max(0, same - 3)
    names = ["/dev/null" if data is None else _path(side + name) for side, data in (("a/", before), ("b/", after))]
    out = [f"--- {names[0]}\n", f"+++ {names[1]}\n"]
    for group in difflib.SequenceMatcher(None, old[skip:], new[skip:], autojunk=False).get_grouped_opcodes(3):
        first, last = group[0], group[-1]
        spans = _range(first[1] + skip, last[2] + skip), _range(first[3] + skip, last[4] + skip)
        out.append(f"@@ -{spans[0]} +{spans[1]} @@\n")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                out += [" " + line for line in old[skip + i1 : skip + i2]]
                continue
            out += ["-" + line for line in old[skip + i1 : skip + i2]]
            out += ["+" + line for line in new[skip + j1 : skip + j2]]
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in out)


def _path(path: str) -> str:
    """Quote a path with control characters as git does: a line break or tab would end it."""
    if not any(char < " " or char == "\x7f" for char in path):
        return path
    escaped = (f"\\{ord(char):03o}" if char < " " or char in '"\\\x7f' else char for char in path)
    return f'"{"".join(escaped)}"'


def _lines(data: bytes) -> list[str]:
    parts = data.decode("utf-8").split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _range(start: int, stop: int) -> str:
    length = stop - start
    return f"{start + 1}" if length == 1 else f"{start + (length > 0)},{length}"
