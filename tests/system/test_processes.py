"""Work in other processes: as many as the system starts, each chunk once, and a site that is the same for all that."""

from __future__ import annotations

import errno
import multiprocessing.process
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from small_sites import article, open_to_others, write_files
from strace import outcome_of

from recommender.build.pipeline import fit_model
from recommender.errors import ContentError
from recommender.model.store import save_model
from recommender.settings import Settings
from recommender.site.corpus import read_corpus
from recommender.system import processes
from recommender.system.parallel import run

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
LINUX = sys.platform == "linux"


def where(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return [(number, os.getpid()) for number in numbers]


CHUNKS = [range(first, first + 10) for first in range(0, 200, 10)]


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Give a function that has the system start so many processes more, and no other."""

    def limit(left: int) -> None:
        counter, begin = iter(range(left)), multiprocessing.process.BaseProcess.start

        def start(process: multiprocessing.process.BaseProcess) -> None:
            if next(counter, None) is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            begin(process)

        monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", start)

    return limit


@pytest.mark.parametrize("allowed_threads", [0, 1])
@pytest.mark.parametrize("allowed", range(4))
def test_as_many_processes_work_as_start(
    forks: Callable[[int], None],
    refuse_from: Callable[[int], None],
    allowed: int,
    allowed_threads: int,
) -> None:
    forks(allowed)
    refuse_from(allowed_threads)
    found = [pair for results in processes.in_processes(where, CHUNKS, 3, "reading") for pair in results]
    assert [number for number, _ in found] == list(range(200))
    workers = {process for _, process in found}
    assert (os.getpid() in workers) == (allowed == 0)
    assert len(workers) <= max(1, min(allowed, 3))
    assert not multiprocessing.active_children()


@pytest.mark.skipif(not LINUX, reason="no other process works there")
def test_where_no_other_process_starts_one_thing_is_done_after_the_other(
    forks: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    forks(1)
    there, here = processes.both(os.getpid, os.getpid)
    assert there != here == os.getpid()
    assert processes.both(os.getpid, os.getpid) == (os.getpid(), os.getpid())


def broken(numbers: Sequence[int]) -> list[int]:
    if 150 in numbers:
        raise ContentError("in a sentence") if 7 in numbers else ZeroDivisionError("a bug")
    return list(numbers)


def test_an_error_comes_in_its_turn_and_a_bug_with_its_traceback() -> None:
    found = list[int]()
    with pytest.raises(ZeroDivisionError) as failed:
        for results in processes.in_processes(broken, CHUNKS, 2, "reading"):
            found += results
    assert found == list(range(150))
    assert "in broken" in failed.value.__notes__[0]
    with pytest.raises(ContentError) as refused:
        list(processes.in_processes(broken, [[7, 150]], 2, "reading"))
    assert not hasattr(refused.value, "__notes__")
    assert not multiprocessing.active_children()


def test_a_worker_that_is_killed_is_a_sentence() -> None:
    parent = os.getpid()

    def die(numbers: Sequence[int]) -> list[int]:
        if os.getpid() != parent and 50 in numbers:
            os.kill(os.getpid(), signal.SIGKILL)
        return list(numbers)

    if not LINUX:
        pytest.skip("a function of a function cannot be pickled")
    with pytest.raises(processes.WorkerLost, match=r"^reading: a worker process was killed, maybe for want of memory"):
        list(processes.in_processes(die, CHUNKS, 2, "reading"))
    assert not multiprocessing.active_children()


def test_what_is_left_unread_ends_its_workers() -> None:
    reading = processes.in_processes(where, CHUNKS, 2, "reading")
    next(reading)
    reading.close()
    assert not multiprocessing.active_children()


ORPHANS = """
import os, sys, time
from recommender.system import processes
from recommender.system import threads
if sys.argv[1] == "no":
    threads.start = lambda work, name=None: None
def sleep(chunk):
    os.write(1, b"%d\\n" % os.getpid())  # in one: under PYTHONUNBUFFERED two workers' prints mix within a line
    return []
if __name__ == "__main__":
    for _ in processes.in_processes(sleep, [[1], [2], [3], [4]], 2, "reading"):
        time.sleep(600)
"""


@pytest.mark.skipif(not LINUX, reason="a function of a script cannot be pickled")
@pytest.mark.parametrize("with_threads", ["yes", "no"])
def test_no_worker_outlives_a_killed_parent(with_threads: str) -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHANS, with_threads], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        workers = {int(parent.stdout.readline()) for _ in range(2)}
        parent.kill()
        parent.stdout.read()  # to the end: nobody holds it any more
    until = time.monotonic() + 60
    while any(Path(f"/proc/{worker}/stat").exists() for worker in workers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [worker for worker in workers if Path(f"/proc/{worker}/stat").exists()]


# --- a site under limits

WORDS = "moon sun orbit planet star light wave sound string cell gene atom bond acid salt river rock ice wind"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a site of more articles than one thread takes at a time, and than one process reads."""
    files, words = {}, WORDS.split()
    for number in range(1100):
        chosen = [words[(number * step + step) % len(words)] for step in (1, 2, 3, 5, 7)]
        files[f"{number}.md"] = article(f"n{number}", answer=f"All of {number}, {' '.join(chosen)}.", id=str(number))
    return write_files(tmp_path_factory.mktemp("limits") / "content", files)


def version(site: Path, folder: Path) -> str:
    return save_model(fit_model(read_corpus(site, Settings()), Settings(), "2026-11-22T12:00:00Z"), folder)


@pytest.fixture(scope="module")
def undisturbed(site: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return version(site, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    return


@pytest.mark.slow  # builds in many processes
@pytest.mark.usefixtures("by_compiled_loops", "four_cores")
def test_a_model_is_the_same_at_whichever_thread_the_system_begins_to_refuse(
    site: Path, undisturbed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begin, seen, allowed = threading.Thread.start, list[int](), 10_000

    def start_thread(thread: threading.Thread) -> None:
        seen.append(1)
        if len(seen) > allowed:
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start_thread)
    corpus = read_corpus(site, Settings())

    def built(number: int) -> str:
        return save_model(fit_model(corpus, Settings(), "2026-11-22T12:00:00Z"), tmp_path / str(number))

    seen.clear()
    assert built(0) == undisturbed
    started = len(seen)
    assert started > 10
    for allowed in range(started):
        seen.clear()
        assert built(1 + allowed) == undisturbed, f"only {allowed} threads start"


@pytest.mark.slow  # builds in many processes
@pytest.mark.skipif(not LINUX, reason="limits on processes are not this system's")
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 6])
def test_a_model_is_the_same_under_a_limit_on_processes(
    site: Path, undisturbed: str, tmp_path: Path, limit: int
) -> None:
    """Root heeds no limit, so a user of whom nothing runs builds here; any other user may start nothing more."""
    user = 700_000 + os.getpid()
    if not os.geteuid():
        open_to_others(tmp_path)
        os.chmod(site.parent, 0o755)
        os.chown(tmp_path, user, user)

    def limited() -> None:
        if not os.geteuid():
            os.setgroups([])
            os.setgid(user)
        resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
        if not os.geteuid():
            os.setuid(user)
        (tmp_path / "version").write_text(version(site, tmp_path / "model"))

    child = os.fork()
    if not child:
        os._exit(outcome_of(limited))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (tmp_path / "version").read_text() == undisturbed


def test_reading_needs_no_other_process(site: Path, forks: Callable[[int], None]) -> None:
    paths = sorted(os.listdir(site))
    forks(0)
    assert list(run(where, range(len(paths)), workers=4)) == [(n, os.getpid()) for n in range(len(paths))]
