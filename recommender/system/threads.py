"""Work shared out among threads; with ``parallel`` the only one that starts any."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import TypeVar

from recommender.errors import RecommenderError

Item = TypeVar("Item")
Result = TypeVar("Result")

SPAN = 1024  # rows of one task of a thread, where a row is not compared with all others


class NoThread(RecommenderError):
    """The system starts no other thread, where the work needs one."""

    exit_code = 1

    def __init__(self) -> None:
        super().__init__("the system starts no other thread; raise the limit on processes (ulimit -u), or end some")


def share_out(threads: int, work: Callable[[Iterator[Item]], object], items: Sequence[Item]) -> None:
    """Share out items among some threads, this one among them; each item is given out once, in order.

    Where a limit on processes allows fewer threads, fewer work, at least this one. ``work`` takes items until there are
    none. After an error no more items are given out; of several the one at the earliest item is raised, when all have
    stopped.
    """
    left, lock, failures = enumerate(items), threading.Lock(), list[tuple[int, BaseException]]()

    def take_part() -> None:
        number = -1

        def given() -> Iterator[Item]:
            nonlocal number
            while not failures:
                with lock:
                    found = next(left, None)
                if found is None:
                    return
                number, item = found
                yield item

        try:
            work(given())
        except BaseException as error:
            failures.append((number, error))

    others = list[threading.Thread]()
    try:
        while len(others) + 1 < min(threads, len(items)) and (thread := start(take_part)):
            others.append(thread)
        take_part()
        _wait_for(others)
    except BaseException as error:  # Ctrl-C: the others stop after what they have in hand
        failures.append((-1, error))
        _wait_for(others)
    if failures:
        raise min(failures, key=itemgetter(0))[1]


def in_threads(threads: int, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply a function to items in some threads and give the results in the order of the items, as ``share_out``."""
    results: dict[int, Result] = {}

    def apply(numbers: Iterator[int]) -> None:
        for number in numbers:
            results[number] = work(items[number])

    share_out(threads, apply, range(len(items)))
    return [results[number] for number in range(len(items))]


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Give the items of an iterator that a thread runs through meanwhile; without a thread, one by one as asked for."""
    taken = queue.SimpleQueue[tuple[list[Item], BaseException | None]]()

    def take() -> None:
        failed = None
        try:
            for item in items:
                taken.put(([item], None))
        except BaseException as error:
            failed = error
        taken.put(([], failed))

    thread = start(take)
    if thread is None:
        yield from items
        return
    while (found := taken.get())[0]:
        yield from found[0]
    thread.join()
    if found[1]:
        raise found[1]


def start(work: Callable[[], object], name: str | None = None) -> threading.Thread | None:
    """Start a thread that ends with this process; None where a limit on processes allows no other."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # can't start new thread
        return None
    return thread


def require(count: int) -> None:
    """Raise NoThread unless the system starts so many threads beside this one, as a library is about to."""
    over = threading.Event()
    found = [start(over.wait) for _ in range(count)]
    over.set()
    started = [thread for thread in found if thread]
    _wait_for(started)
    if len(started) < count:
        raise NoThread


def spans(count: int, size: int = SPAN) -> list[tuple[int, int]]:
    """Cut a number of items into parts of one size: the first of each, and the one after its last."""
    return [(first, min(first + size, count)) for first in range(0, count, size)]


def _wait_for(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
