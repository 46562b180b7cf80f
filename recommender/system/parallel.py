"""Work on many items in several processes, or elsewhere, in order, with progress; the only owner of tqdm."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from recommender.system import processes
from recommender.system.threads import spans

Item = TypeVar("Item")
Result = TypeVar("Result")
Other = TypeVar("Other")
Progress = Callable[[str, int], "Step"]
Step = Callable[[int], None]

# Items of one task: a thousand files name a word that they share once, so that their words are soon merged, but no
# process shall wait long for the last one's.
CHUNK = 1024
TASKS = 16  # of each process, where there are that many
# Below this many items, at some 0.5 ms each, starting processes is not worth it.
FEW = 512
M_ARENA_MAX = -8  # of malloc.h


class Executor(Protocol):
    """Something that works elsewhere: on the machines of a cluster."""

    @property
    def threads(self) -> int:
        """Count what works at the same time, now."""

    def map(self, work: Callable[[Any], list[Any]], chunks: Sequence[Any], label: str) -> Iterator[list[Any]]:
        """Apply a picklable function, which travels to each worker once, to chunks; give its results in order."""


_executor: ContextVar[Executor | None] = ContextVar("executor", default=None)


def elsewhere() -> Executor | None:
    """Give what works in place of this machine; None where nothing does."""
    return _executor.get()


@contextlib.contextmanager
def on(executor: Executor | None) -> Iterator[None]:
    """Have an executor do the work of ``run``, and the ranking; with None this machine does."""
    token = _executor.set(executor)
    try:
        yield
    finally:
        _executor.reset(token)


def silent(label: str, total: int) -> Step:
    """Report no progress."""
    return lambda done: None


def on_terminal(label: str, total: int) -> Step:
    """Draw a progress bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        return silent(label, total)
    import tqdm  # noqa: PLC0415  (40 ms, which a look-up has no use for)

    bar = tqdm.tqdm(total=total, desc=label, unit=" files", file=sys.stderr, leave=False)

    def step(done: int) -> None:
        bar.update(done)
        if bar.n >= total:
            bar.close()

    return step


def run(
    work: Callable[[Sequence[Item]], list[Result]],
    items: Sequence[Item],
    progress: Progress = silent,
    workers: int = 0,
    label: str = "reading",
) -> Iterator[Result]:
    """Apply a picklable function to chunks of items and give its results in the order of the items.

    ``workers`` 0 means one for each core that this process may use; with 1, or few items, no process is started.
    """
    step = progress(label, len(items))
    there = elsewhere()
    count = workers or cores()
    chunks = _cut(items, there.threads if there else count)
    if there is not None and len(items) > FEW:
        with no_collection():
            for chunk, results in zip(chunks, there.map(work, chunks, label), strict=True):
                yield from results
                step(len(chunk))
        return
    if count <= 1 or len(items) <= FEW:
        for chunk in chunks:
            yield from work(chunk)
            step(len(chunk))
        return
    with no_collection():
        for chunk, results in zip(chunks, processes.in_processes(work, chunks, count, label), strict=True):
            yield from results
            step(len(chunk))


def _cut(items: Sequence[Item], workers: int) -> list[Sequence[Item]]:
    size = min(CHUNK, 1 + len(items) // (TASKS * max(workers, 1)))
    return [items[first:last] for first, last in spans(len(items), size)]


def both(there: Callable[[], Result], here: Callable[[], Other]) -> tuple[Result, Other]:
    """Do two things at the same time, as ``processes.both``; one after the other, here, on a cluster."""
    return (there(), here()) if elsewhere() else processes.both(there, here)


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Keep the collector of cycles off what is read or built: it would walk a million objects again and again.

    Freezing also spares the children from copying the pages that a collection would touch.
    """
    was_on = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


def one_heap() -> None:
    """Have threads that are yet to start allocate from the heap of all; of a heap of its own glibc gives nothing back.

    With Python's lock few threads allocate at the same time.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Have what was freed return to the system; of a million articles that is 6 GB, as much as ranking them takes.

    Three things keep it: cycles; the names that CPython looked up last, 4,096 of them, for those that unpickling looked
    up lie among the articles, and one is enough to hold a megabyte; and glibc, which keeps a thread's heaps of 64 MB.
    """
    gc.collect()
    getattr(sys, "_clear_type_cache", list)()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library that is not glibc has no such function
            ctypes.CDLL(None).malloc_trim(0)


def cores() -> int:
    """Count the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
