"""Work in several processes: the same results in the same order as without, and errors that come through."""

from __future__ import annotations

import io
import multiprocessing
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from recommender.system import parallel
from recommender.system.parallel import (
    CHUNK,
    FEW,
    TASKS,
    both,
    cores,
    give_back,
    on_terminal,
    run,
    silent,
)
from recommender.system.processes import WorkerLost, beside
from recommender.system.threads import in_threads


def double(numbers: Sequence[int]) -> list[int]:
    return [2 * number for number in numbers]


def processes(numbers: Sequence[int]) -> list[int]:
    return [os.getpid() for _ in numbers]


@dataclass(frozen=True)
class Failing:
    at: int

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        if self.at in numbers:
            raise LookupError(f"no {self.at}")
        return list(numbers)


class Watched:
    """A progress that notes what it is told."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int]] = []
        self.done: list[int] = []

    def __call__(self, label: str, total: int) -> parallel.Step:
        self.started.append((label, total))
        return self.done.append


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, FEW, FEW + 1, 5 * CHUNK + 7])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_order_and_progress_adds_up(count: int, workers: int):
    watched = Watched()
    assert list(run(double, range(count), watched, workers)) == [2 * number for number in range(count)]
    assert watched.started == [("reading", count)]
    assert sum(watched.done) == count
    assert all(0 < step <= CHUNK for step in watched.done)
    # Enough of them for the last to be short.
    assert len(watched.done) >= min(count, TASKS * workers) // 2


@dataclass
class Cluster:
    """Many threads elsewhere, in this one."""

    threads: int = 100
    tasks: int = 0

    def map(self, work: Callable[[Any], list[Any]], chunks: Sequence[Any], label: str) -> Iterator[list[Any]]:
        self.tasks = len(chunks)
        return map(work, chunks)


def test_a_cluster_has_tasks_for_all_its_threads():
    cluster = Cluster()
    with parallel.on(cluster):
        assert list(run(double, range(20 * FEW))) == [2 * number for number in range(20 * FEW)]
    assert cluster.tasks >= TASKS * cluster.threads // 2


def test_few_items_or_one_worker_start_no_process():
    own = {os.getpid()}
    assert set(run(processes, range(FEW), workers=2)) == own
    assert set(run(processes, range(3 * FEW), workers=1)) == own


def test_many_items_are_worked_on_by_others():
    found = set(run(processes, range(3 * FEW), workers=2))
    assert os.getpid() not in found
    assert 1 <= len(found) <= 2


@pytest.mark.parametrize("count", [10, 3 * FEW])
def test_an_error_of_the_work_comes_through(count: int):
    with pytest.raises(LookupError, match="no 7"):
        list(run(Failing(7), range(count), workers=2))


def test_cores_are_those_this_process_may_use():
    assert cores() >= 1
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("no processor affinity on this system")
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cores() == len(allowed)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch):
    plain, terminal = io.StringIO(), Terminal()
    monkeypatch.setattr(sys, "stderr", plain)
    on_terminal("reading", 5)(5)
    assert plain.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", terminal)
    step = on_terminal("reading", 5)
    step(2)
    step(3)
    assert "reading" in terminal.getvalue()
    assert "0/5" in terminal.getvalue()
    # The bar is wiped when it is full.
    assert terminal.getvalue().endswith("\r")


def test_silent_takes_any_step():
    assert silent("x", 3)(2) is None


def test_work_in_threads_is_done_in_order_also_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_threads(4, str, range(100)) == [str(number) for number in range(100)]

    def refuse(*arguments: object, **named: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert in_threads(4, str, range(100)) == [str(number) for number in range(100)]
    with pytest.raises(ZeroDivisionError):
        in_threads(4, (1).__floordiv__, [1, 0])


LINUX = sys.platform == "linux"


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no other thread: bars of earlier tests leave one."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)


@pytest.mark.usefixtures("alone")
def test_two_things_are_done_at_the_same_time() -> None:
    begun = threading.Event()
    large = b"x" * 3_000_000  # more than a pipe holds
    (there, given), here = both(lambda: (os.getpid(), large), lambda: begun.set() or os.getpid())
    assert begun.is_set() and here == os.getpid() and given == large
    assert (there == here) != LINUX


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("at", ["there", "here"])
def test_an_error_of_either_comes_through(at: str) -> None:
    def fail() -> None:
        raise WorkerLost("of old age")

    with pytest.raises(WorkerLost, match=r"^of old age$"):
        both(fail if at == "there" else list, fail if at == "here" else list)


@pytest.mark.usefixtures("alone")
@pytest.mark.skipif(not LINUX, reason="no other process works there")
def test_a_killed_process_is_a_sentence_and_none_outlives_its_use() -> None:
    parent = os.getpid()
    with pytest.raises(WorkerLost, match="was killed"):
        both(lambda: os.getpid() == parent or os.kill(os.getpid(), signal.SIGKILL), list)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        both(lambda: time.sleep(600), lambda: signal.raise_signal(signal.SIGINT))
    assert time.monotonic() - start < 60
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("alone")
@pytest.mark.skipif(not LINUX, reason="no other process works there")
def test_what_is_done_beside_is_waited_for_and_ends_with_an_error(tmp_path: Path) -> None:
    done = tmp_path / "done"

    def work() -> None:
        time.sleep(0.3)
        done.write_text(str(os.getpid()))

    with beside(work) as there:
        assert there and not done.exists()
    assert int(done.read_text()) != os.getpid()
    start = time.monotonic()
    with pytest.raises(WorkerLost), beside(lambda: time.sleep(600)):
        raise WorkerLost("of old age")
    assert time.monotonic() - start < 60
    assert not multiprocessing.active_children()
    # What becomes of it is not looked at.
    with beside(lambda: os.kill(os.getpid(), signal.SIGKILL)) as there:
        assert there


def test_beside_other_threads_nothing_is_forked() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert both(os.getpid, os.getpid) == (os.getpid(), os.getpid())
        with beside(lambda: None) as there:
            assert not there
    finally:
        over.set()
        thread.join()


def test_names_that_were_looked_up_last_are_let_go() -> None:
    name = "".join(["never_", "looked_up"])
    before = sys.getrefcount(name)
    assert getattr(parallel, name, None) is None
    give_back()
    assert sys.getrefcount(name) == before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library keeps no heaps of threads")
def test_what_a_thread_freed_goes_back_to_the_system() -> None:
    def take(number: int) -> list[bytes]:
        # Among many pieces that go, one that stays: the heap cannot shrink by itself.
        pieces = [b"x" * 100_000 for _ in range(600)]
        return pieces[-1:]

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(take, 1).result()
        before = resident()
        give_back()
        assert before - resident() > 20 * 2**20
    assert len(held[0]) == 100_000


TOP = """
import sys, threading
from pathlib import Path
from recommender.system.parallel import give_back, one_heap
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
if sys.argv[1] == "one":
    one_heap()
b"x" * 30_000_000  # from now on glibc keeps 60 MB at the end of a heap
def work():
    pieces = [b"x" * 100_000 for _ in range(300)]
    del pieces
    give_back()
before = resident()
thread = threading.Thread(target=work)
thread.start()
thread.join()
print((resident() - before) // 2**20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library keeps no heaps of threads")
def test_the_end_of_a_threads_heap_goes_back_where_all_threads_have_one() -> None:
    kept = {}
    for heaps in ("many", "one"):
        done = subprocess.run([sys.executable, "-c", TOP, heaps], capture_output=True, text=True, check=True)
        kept[heaps] = int(done.stdout)
    assert kept["one"] <= 3
    assert kept["many"] >= 10


def resident() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
