"""A disk that loses its power: from a recorded run, every state in which its files may be found afterwards.

The disk keeps no more than it promised. An fsync of a file promises its bytes, one of a folder the names in it. All
else is open at each system call: of the names made, renamed and removed since, any may have reached the disk and any
not (a rename as one step), in whatever order; a file's bytes may be those of its last fsync, the new ones, half of
them, none, or zeros of the new length. What has its name in a folder that is lost is lost too. So ALICE (Pillai and
others, OSDI 2014) and CrashMonkey (Mohan and others, OSDI 2018) look at file systems, which mostly promise a bit more.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from small_sites import contents

TOP = 0
ALL = 8  # of up to so many open changes every subset is tried, of more a sample
_CALL = re.compile(r"(?P<thread>\d+) +(?:<\.\.\. )?(?P<name>\w+)(?: resumed>|\()(?P<rest>.*)")
_WORD = re.compile(r'(?:AT_FDCWD|\d+)<(?P<place>[^>]*)>|"(?P<text>[^"]*)"')
_KNOWN = ("openat", "write", "fsync", "fdatasync", "rename", "unlink", "unlinkat", "mkdir", "rmdir", "chmod", "fchmod")
# Seen too, so that none of them changes a file behind the model's back: each fails the test that uses it.
_UNKNOWN = (
    *("open", "creat", "pwrite64", "writev", "pwritev", "pwritev2", "truncate", "ftruncate", "fallocate", "link"),
    *("linkat", "symlink", "symlinkat", "renameat", "renameat2", "mkdirat", "fchmodat", "copy_file_range", "sendfile"),
)
CALLS = ",".join(f"?{name}" for name in (*_KNOWN, *_UNKNOWN))


@dataclass(frozen=True)
class Call:
    """A system call as it ended; ``begun`` is true for the first half of one that other threads' calls came into."""

    thread: str
    name: str
    words: tuple[bytes, ...]
    flags: str
    result: int
    begun: bool = False


def calls_of(log: str) -> Iterator[Call]:
    """Read what ``strace -f -y -xx`` wrote; calls that failed are left out."""
    open_calls: dict[str, str] = {}
    for line in log.splitlines():
        found = _CALL.match(line)
        if not found:
            continue
        thread, name, rest = found.group("thread", "name", "rest")
        if rest.endswith("<unfinished ...>"):
            open_calls[thread] = rest.removesuffix("<unfinished ...>")
            yield _call(thread, name, open_calls[thread], 0, begun=True)
            continue
        rest = open_calls.pop(thread, "") + rest if "resumed>" in line else rest
        ended = re.search(r"\) += (\d+)[^=]*$", rest)
        if ended:
            yield _call(thread, name, rest[: ended.start()], int(ended[1]))


def _call(thread: str, name: str, rest: str, result: int, *, begun: bool = False) -> Call:
    words = tuple(_bytes_of(found["place"] or found["text"] or "") for found in _WORD.finditer(rest))
    return Call(thread, name, words, _WORD.sub("", rest), result, begun)


def _bytes_of(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


@dataclass(frozen=True)
class Change:
    """One step in the names of a folder: each name with the file that it means from then on, None for no more."""

    folder: int
    names: tuple[tuple[bytes, int | None], ...]


@dataclass(frozen=True)
class State:
    """What may be found after the power is back: files with their bytes, and folders, by path."""

    files: Mapping[str, bytes]
    folders: frozenset[str]


@dataclass
class Disk:
    """What a recorded run did to the tree below a folder: as the programs see it, and as the disk has promised it."""

    top: Path
    passing: Callable[[str], bool]  # tells the paths of temporary files and folders
    names: dict[tuple[int, bytes], int] = field(default_factory=dict)
    kept_names: dict[tuple[int, bytes], int] = field(default_factory=dict)
    open_changes: list[Change] = field(default_factory=list)
    data: dict[int, bytes] = field(default_factory=dict)
    kept_data: dict[int, bytes] = field(default_factory=dict)
    folders: set[int] = field(default_factory=lambda: {TOP})
    modes: set[int] = field(default_factory=set)  # files whose rights changed since their last fsync
    _begun: dict[str, tuple[bytes, list[Change]]] = field(default_factory=dict)
    _count: int = TOP

    @classmethod
    def of(cls, top: Path, passing: Callable[[str], bool]) -> Disk:
        """Take a folder as it lies there, all of it on the disk."""
        disk = cls(top, passing)
        for folder, _, names in os.walk(top):
            for path in [Path(folder)] if Path(folder) != top else []:
                disk._make(os.fsencode(path), disk._folder())
            for name in names:
                disk._make(os.fsencode(Path(folder, name)), disk._file(Path(folder, name).read_bytes()))
        disk.kept_names, disk.kept_data, disk.open_changes = dict(disk.names), dict(disk.data), []
        return disk

    def run(self, call: Call) -> bool:
        """Follow one call; tell whether it changed or promised anything below the folder."""
        paths = [word for word in call.words if word == self._top or word.startswith(self._top + b"/")]
        if not paths or (call.name == "openat" and "O_CREAT" not in call.flags and "O_TRUNC" not in call.flags):
            return False
        assert call.name in _KNOWN, f"a call that the model does not know: {call.name}"
        path = paths[-1] if call.name == "openat" else paths[0]
        if call.name in ("fsync", "fdatasync"):
            return self._sync(path, call)
        if call.begun:
            return False
        if call.name == "rename":
            self._rename(*paths)
        elif call.name in ("unlink", "unlinkat", "rmdir"):
            self._step((b"/".join(call.words), None))
        elif call.name == "mkdir":
            self._make(path, self._folder())
        elif call.name == "write":
            self.data[self._at(path)] += call.words[1][: call.result]
        elif call.name in ("chmod", "fchmod"):
            self.modes.add(self._at(path))
        else:
            self._open(path)
        return True

    def seen(self) -> State:
        """Give what the programs see; a test holds it to what is really there, which holds the model to the world."""
        files, folders = self._tree(self.names)
        return State({path: self.data[one] for path, one in files.items()}, folders)

    def states(self) -> Iterator[State]:
        """Give every state that a loss of power may leave now; of what is passing, one content stands for all."""
        done = set()
        free = self._free_changes()
        rest = [change for change in self.open_changes if change not in free]
        for kept in [*_subsets(free), *([*rest, *kept] for kept in _subsets(free) if rest)]:
            names = dict(self.kept_names)
            for change in sorted(kept, key=self.open_changes.index):
                _apply(names, change)
            files, folders = self._tree(names)
            key = frozenset(files.items()), folders
            if key not in done:
                done.add(key)
                yield from self._states_of(files, folders)

    def _free_changes(self) -> list[Change]:
        # Of what was done in a folder that is passing, or gone, all is kept or nothing.
        paths = [path for path in self._tree(self.names)[1] if not self.passing(path)]
        there = {TOP, *(self._at(self._top + b"/" + os.fsencode(path)) for path in paths)}
        return [change for change in self.open_changes if change.folder in there]

    def _states_of(self, files: Mapping[str, int], folders: frozenset[str]) -> Iterator[State]:
        unsure = sorted({one for path, one in files.items() if not self.passing(path) and self._is_unsure(one)})
        yield State({path: self.data[one] for path, one in files.items()}, folders)
        for chosen in [*([one] for one in unsure), unsure]:
            for variant in range(4 if chosen else 0):
                data = {**self.data, **{one: self._other(one, variant) for one in chosen}}
                yield State({path: data[one] for path, one in files.items()}, folders)

    def _is_unsure(self, file: int) -> bool:
        return self.data[file] != self.kept_data.get(file)

    def _other(self, file: int, variant: int) -> bytes:
        new = self.data[file]
        return (self.kept_data.get(file, b""), b"", new[: len(new) // 2], bytes(len(new)))[variant]

    def _tree(self, names: Mapping[tuple[int, bytes], int]) -> tuple[dict[str, int], frozenset[str]]:
        below: dict[int, list[tuple[bytes, int]]] = {}
        for (folder, name), one in names.items():
            below.setdefault(folder, []).append((name, one))
        files, folders, left = {}, set(), [(b"", TOP)]
        while left:
            path, folder = left.pop()
            for name, one in below.get(folder, ()):
                if one in self.folders:
                    folders.add(os.fsdecode(path + name))
                    left.append((path + name + b"/", one))
                else:
                    files[os.fsdecode(path + name)] = one
        return files, frozenset(folders)

    @property
    def _top(self) -> bytes:
        return os.fsencode(self.top)

    def _at(self, path: bytes) -> int:
        at = TOP
        for name in path.removeprefix(self._top).split(b"/")[1:]:
            at = self.names[at, name]
        return at

    def _split(self, path: bytes) -> tuple[int, bytes]:
        folder, _, name = path.rpartition(b"/")
        return self._at(folder), name

    def _step(self, *changes: tuple[bytes, int | None]) -> None:
        places = [self._split(path) for path, _ in changes]
        assert len({folder for folder, _ in places}) == 1, "a rename between folders, which the model does not know"
        change = Change(places[0][0], tuple((name, new) for (_, name), (_, new) in zip(places, changes, strict=True)))
        _apply(self.names, change)
        self.open_changes.append(change)

    def _make(self, path: bytes, one: int) -> None:
        self._step((path, one))

    def _rename(self, old: bytes, new: bytes) -> None:
        one = self._at(old)
        assert one not in self.modes, f"{new!r} gets rights that no fsync has promised"
        self._step((old, None), (new, one))

    def _open(self, path: bytes) -> None:
        folder, name = self._split(path)
        if (folder, name) in self.names:
            self.data[self.names[folder, name]] = b""
        else:
            self._make(path, self._file(b""))

    def _file(self, data: bytes) -> int:
        self._count += 1
        self.data[self._count] = data
        return self._count

    def _folder(self) -> int:
        self._count += 1
        self.folders.add(self._count)
        return self._count

    def _sync(self, path: bytes, call: Call) -> bool:
        one = self._at(path)
        now = self.data.get(one, b""), [change for change in self.open_changes if change.folder == one]
        if call.begun:
            # What comes while it runs is not promised by it.
            self._begun[call.thread] = now
            return False
        data, changes = self._begun.pop(call.thread, now)
        if one not in self.folders:
            self.kept_data[one] = data
        for change in changes:
            if change in self.open_changes:
                _apply(self.kept_names, change)
                self.open_changes.remove(change)
        self.modes.discard(one)
        return True


def _apply(names: dict[tuple[int, bytes], int], change: Change) -> None:
    for name, one in change.names:
        names.pop((change.folder, name), None)
        if one is not None:
            names[change.folder, name] = one


def _subsets(changes: Sequence[Change]) -> Iterator[list[Change]]:
    count = len(changes)
    if count <= ALL:
        for bits in range(1 << count):
            yield [change for place, change in enumerate(changes) if bits >> place & 1]
        return
    for place in range(count + 1):
        yield list(changes[:place])
        yield list(changes[place:])
        yield [*changes[:place], *changes[place + 1 :]]
        yield list(changes[place : place + 1])
    draw = random.Random(count)
    for _ in range(64):
        yield [change for change in changes if draw.random() < 0.5]


def crash_states(top: Path, disk: Disk, log: str) -> Iterator[tuple[bool, State]]:
    """Follow a recorded run call by call; give the states that a loss of power may leave after each of them.

    Those after the last are told apart: what a run says that it did must not be lost then.
    """
    yield from ((False, state) for state in disk.states())
    for call in calls_of(log):
        if disk.run(call):
            yield from ((False, state) for state in disk.states())
    assert dict(disk.seen().files) == contents(top), "the model has lost track of the run"
    yield from ((True, state) for state in disk.states())


def put(state: State, top: Path) -> None:
    """Make a folder what a state says."""
    shutil.rmtree(top, ignore_errors=True)
    for folder in sorted(state.folders | {"."}):
        (top / folder).mkdir(parents=True, exist_ok=True)
    for path, data in state.files.items():
        (top / path).write_bytes(data)
