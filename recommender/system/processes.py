"""Work in other processes: on chunks, in order, or one thing beside another; the only owner of multiprocessing.

All processes are there before work is given out, and work is given out once: where a limit allows fewer, or none, this
process does it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from recommender.errors import RecommenderError
from recommender.system import threads

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Result = TypeVar("Result")
Other = TypeVar("Other")
Work = Callable[[Any], list[Any]]
Answer = tuple[Any, Exception | None]  # what came of some work, or its error


class WorkerLost(RecommenderError):
    """A worker process ended before its work did."""

    exit_code = 1


def in_processes(work: Work, chunks: Sequence[Any], count: int, label: str) -> Iterator[list[Any]]:
    """Give the results of chunks in order, from as many processes as start, from this one where none does."""
    workers = _start_workers(work, count)
    if not workers:
        yield from map(work, chunks)
        return
    # A thread takes what they give: the caller may be busy with other things for long.
    answers = threads.ahead(_answers([end for _, end in workers], chunks, label))
    early, due = dict[int, Answer](), 0
    try:
        for number, answer in answers:
            early[number] = answer
            while due in early:
                results, failed = early.pop(due)
                if failed:
                    raise failed
                yield results
                due += 1
    finally:
        for process, _ in workers:
            process.kill()
        for process, _ in workers:
            process.join()


def _start_workers(work: Work, count: int) -> list[tuple[BaseProcess, Connection]]:
    """Start processes that wait for chunks: fewer, maybe none, where a limit on processes or memory allows no more."""
    import multiprocessing  # noqa: PLC0415  (40 ms, which a look-up has no use for)

    # fork inherits what the work knows; where it is unsafe, spawn pickles that, once for each process.
    method = "fork" if sys.platform == "linux" else "spawn"
    context: Any = multiprocessing.get_context(method)
    workers = list[tuple["BaseProcess", "Connection"]]()
    while len(workers) < count:
        end, far_end = context.Pipe()
        ours = [end, *(other for _, other in workers)] if method == "fork" else []
        process = context.Process(target=_serve, args=(work, far_end, ours))
        try:
            process.start()
        except OSError:
            end.close()
            break
        finally:
            far_end.close()
        workers.append((process, end))
    return workers


def _answers(ends: Sequence[Connection], chunks: Sequence[Any], label: str) -> Iterator[tuple[int, Answer]]:
    """Have workers work on chunks; give the numbers of the chunks and what came of them, as they come.

    Raises:
        WorkerLost: a worker was killed.
    """
    from multiprocessing.connection import wait  # noqa: PLC0415

    left, at_work = iter(range(len(chunks))), dict[Any, int]()

    def hand_on(end: Any) -> None:
        number = next(left, None)
        if number is not None:
            at_work[end] = number
            end.send(chunks[number])

    try:
        for end in ends:
            hand_on(end)
        while at_work:
            ready: Any  # wait may give sockets too
            for ready in wait(list(at_work)):
                number, answer = at_work.pop(ready), ready.recv()
                hand_on(ready)
                yield number, answer
    except (EOFError, OSError):
        raise WorkerLost(f"{label}: a worker process was killed, maybe for want of memory; run again") from None


def _serve(work: Work, end: Connection, others: Sequence[Connection]) -> None:
    """Work on chunks until the parent is gone, whose ends must be open nowhere else for that to show."""
    _follow_parent()
    for other in others:
        other.close()
    with contextlib.suppress(EOFError, OSError):
        while True:
            end.send(_attempt(partial(work, end.recv())))


def _attempt(work: Callable[[], Any]) -> Answer:
    try:
        return work(), None
    except Exception as error:
        if not isinstance(error, RecommenderError):  # a bug, and its traceback does not travel
            error.add_note(f"In another process:\n{traceback.format_exc()}")
        return None, error


def both(there: Callable[[], Result], here: Callable[[], Other]) -> tuple[Result, Other]:
    """Do two things at the same time, the first in another process, and give what each gives.

    One after the other, here, where a limit allows no other process, and where a fork is not safe: on
    systems other than Linux, and beside other threads, whose locks the other process would find as they are.

    Raises:
        WorkerLost: the other process was killed.
    """
    started = _fork(there)
    if started is None:
        return there(), here()
    process, end = started
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


@contextlib.contextmanager
def beside(work: Callable[[], None]) -> Iterator[bool]:
    """Do something in another process, and wait for it at the end; tell whether it is done there.

    It is not where a limit or the system allows no other process, as in ``both``. What becomes of it is not looked at.
    """
    started = _fork(work)
    if started is None:
        yield False
        return
    process, end = started
    try:
        yield True
        process.join()
    finally:
        process.kill()
        process.join()
        end.close()


def _fork(work: Callable[[], Any]) -> tuple[BaseProcess, Connection] | None:
    """Have another process do some work and send what came of it; None where none can."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return None
    import multiprocessing  # noqa: PLC0415

    fork = multiprocessing.get_context("fork")
    end, far_end = fork.Pipe(duplex=False)
    process = fork.Process(target=_work_there, args=(work, far_end))
    try:
        process.start()
    except OSError:  # a limit on processes or memory
        end.close()
        return None
    finally:
        far_end.close()
    return process, end


def _work_there(work: Callable[[], Any], end: Connection) -> None:
    _follow_parent()
    end.send(_attempt(work))


def run_behind_others(main: Callable[[bytes], None]) -> None:
    """Be a program that takes its order from stdin and lets others have the processor first; its errors end it."""
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        main(sys.stdin.buffer.read())
    except (RecommenderError, OSError) as error:
        sys.exit(str(error))


def _follow_parent() -> None:
    # Ctrl-C and `timeout` signal the whole group of processes: the parent alone answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threads.start(partial(_end_with, os.getppid()))


def _end_with(parent: int) -> None:
    """End this worker when its parent is gone: a killed parent leaves no word, and its pipes stay open."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
