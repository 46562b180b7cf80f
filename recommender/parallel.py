"""Work on many items in several processes, in order, with progress; the only owner of multiprocessing and tqdm."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from recommender.errors import RecommenderError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Result = TypeVar("Result")
Other = TypeVar("Other")
Progress = Callable[[str, int], "Step"]
Step = Callable[[int], None]

# Items of one task: a thousand files name a word that they share once, so that their words are soon merged, but no
# process shall wait long for the last one's.
CHUNK = 1024
TASKS = 16  # of each process, where there are that many
SPAN = 1024  # rows of one task of a thread, where a row is not compared with all others
# Below this many items, at some 0.5 ms each, starting processes is not worth it.
FEW = 512


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


def in_threads(threads: int, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply a function to items in threads, in order; in this one where a limit on processes allows no other."""
    if threads > 1:
        with contextlib.suppress(RuntimeError), ThreadPoolExecutor(threads) as pool:  # can't start new thread
            return list(pool.map(work, items))
    return [work(item) for item in items]


def spans(count: int, size: int = SPAN) -> list[tuple[int, int]]:
    """Cut a number of items into parts of one size: the first of each, and the one after its last."""
    return [(first, min(first + size, count)) for first in range(0, count, size)]


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
    # Imported here: 40 ms, which a look-up has no use for.
    import multiprocessing  # noqa: PLC0415
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    # fork inherits what the parent has read (no copy of 160 MB of text); where it is unsafe, spawn pickles it.
    method = "fork" if sys.platform == "linux" else "spawn"
    # The work goes to each process once: with a task it would be pickled again for every chunk.
    context = multiprocessing.get_context(method)
    with no_collection(), ProcessPoolExecutor(count, context, _keep, (work,)) as pool:
        try:
            for chunk, results in zip(chunks, pool.map(_work_on, chunks), strict=True):
                yield from results
                step(len(chunk))
        except BrokenProcessPool:
            raise WorkerLost(f"{label}: a worker process was killed, maybe for want of memory; run again") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _cut(items: Sequence[Item], workers: int) -> list[Sequence[Item]]:
    size = min(CHUNK, 1 + len(items) // (TASKS * max(workers, 1)))
    return [items[first:last] for first, last in spans(len(items), size)]


def both(there: Callable[[], Result], here: Callable[[], Other]) -> tuple[Result, Other]:
    """Do two things at the same time, the first in another process, and give what each gives.

    One after the other, here, on a cluster, and where a fork is not safe: on systems other than Linux, and beside other
    threads, whose locks the other process would find as they are.

    Raises:
        WorkerLost: the other process was killed.
    """
    if sys.platform != "linux" or elsewhere() or threading.active_count() > 1:
        return there(), here()
    import multiprocessing  # noqa: PLC0415

    fork = multiprocessing.get_context("fork")
    end, far_end = fork.Pipe(duplex=False)
    process = fork.Process(target=_work_there, args=(there, far_end))
    process.start()
    far_end.close()
    try:
        own = here()
        result, failed = end.recv()
    except EOFError:
        raise WorkerLost("a process that read the site was killed, maybe for want of memory; run again") from None
    finally:
        process.kill()
        process.join()
        end.close()
    if failed:
        raise failed
    return result, own


def _work_there(work: Callable[[], Any], end: Connection) -> None:
    _follow_parent()
    result, failed = None, None
    try:
        result = work()
    except Exception as error:
        failed = error
    end.send((result, failed))


class WorkerLost(RecommenderError):
    """A worker process ended before its work did."""

    exit_code = 1


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


_kept: list[Callable[[Sequence[Any]], list[Any]]] = []


def _keep(work: Callable[[Sequence[Any]], list[Any]]) -> None:
    _follow_parent()
    _kept[:] = [work]


def _follow_parent() -> None:
    # Ctrl-C and `timeout` signal the whole group of processes: the parent alone answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this worker when its parent is gone: a killed parent leaves no word, and its pipes stay open."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _work_on(chunk: Sequence[Any]) -> list[Any]:
    return _kept[0](chunk)


def cores() -> int:
    """Count the cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
