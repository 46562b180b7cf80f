"""Work in threads: every item is worked on once, however many threads the system starts, and errors come through."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from recommender.cli.main import main
from recommender.system.threads import ahead, in_threads, share_out, spans, start

Refuse = Callable[[int], None]


@pytest.mark.parametrize("allowed", range(5))
@pytest.mark.parametrize("count", [0, 1, 3, 100])
def test_each_item_is_worked_on_once_however_many_threads_start(refuse_from: Refuse, allowed: int, count: int) -> None:
    refuse_from(allowed)
    done = list[int]()
    assert in_threads(4, lambda item: done.append(item) or -item, range(count)) == [-item for item in range(count)]
    assert Counter(done) == dict.fromkeys(range(count), 1)


@pytest.mark.parametrize("allowed", range(4))
def test_an_error_of_the_work_is_raised_and_nothing_is_done_again(refuse_from: Refuse, allowed: int) -> None:
    """RuntimeError too, which is also what the system says where no thread starts."""
    refuse_from(allowed)
    done = list[int]()

    def work(item: int) -> None:
        done.append(item)
        if item == 7:
            raise RuntimeError("can't start new thread")

    with pytest.raises(RuntimeError):
        in_threads(3, work, range(1000))
    assert max(Counter(done).values()) == 1
    assert set(range(8)) <= set(done)
    assert len(done) < 1000


def test_of_several_errors_the_one_at_the_earliest_item_is_raised() -> None:
    later = threading.Event()

    def work(item: int) -> None:
        if item == 0:
            later.wait()
        later.set()
        raise LookupError(str(item))

    for _ in range(20):
        later.clear()
        with pytest.raises(LookupError, match=r"^0$"):
            in_threads(2, work, range(10))


def test_several_threads_work_at_the_same_time_this_one_among_them() -> None:
    meeting = threading.Barrier(3, timeout=60)
    seen = in_threads(3, lambda _: (meeting.wait(), threading.get_ident())[1], range(3))
    assert len(set(seen)) == 3
    assert threading.get_ident() in seen


def test_ctrl_c_stops_the_others_before_it_is_raised() -> None:
    done, main = list[int](), threading.get_ident()

    def work(items: Iterator[int]) -> None:
        for item in items:
            done.append(item)
            if threading.get_ident() == main:
                raise KeyboardInterrupt
            time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt):
        share_out(2, work, range(100_000))
    ended = len(done)
    time.sleep(0.05)
    assert len(done) == ended < 100_000


@pytest.mark.parametrize("allowed", [0, 1])
def test_an_iterator_is_run_through_ahead_also_without_a_thread(refuse_from: Refuse, allowed: int) -> None:
    refuse_from(allowed)
    ran = list[int]()

    def numbers() -> Iterator[int]:
        for number in range(5):
            ran.append(number)
            yield number
        raise LookupError("at the end")

    found = ahead(numbers())
    assert next(found) == 0
    until = time.monotonic() + 60
    while allowed and len(ran) < 5 and time.monotonic() < until:
        time.sleep(0.001)
    assert len(ran) == (5 if allowed else 1)
    assert list(islice(found, 4)) == [1, 2, 3, 4]
    with pytest.raises(LookupError, match="at the end"):
        next(found)


def test_where_no_thread_starts_there_is_none(refuse_from: Refuse) -> None:
    over = threading.Event()
    thread = start(over.set, "name")
    assert thread is not None and thread.name == "name"
    assert over.wait(60)
    refuse_from(0)
    assert start(over.set) is None


@pytest.mark.parametrize(
    ("command", "allowed"), [("watch", 0), ("watch", 1), ("serve --port 0", 0), ("serve --port 0", 5)]
)
def test_a_command_that_needs_threads_says_so(
    site: Path,
    refuse_from: Refuse,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    allowed: int,
) -> None:
    monkeypatch.chdir(site)
    refuse_from(allowed)
    assert main(command.split()) == 1
    assert capsys.readouterr().err.endswith(
        "recommender: the system starts no other thread; raise the limit on processes (ulimit -u), or end some\n"
    )


@pytest.mark.parametrize(
    ("count", "size", "wanted"),
    [(0, 4, []), (3, 4, [(0, 3)]), (4, 4, [(0, 4)]), (9, 4, [(0, 4), (4, 8), (8, 9)])],
)
def test_spans(count: int, size: int, wanted: list[tuple[int, int]]) -> None:
    assert spans(count, size) == wanted
