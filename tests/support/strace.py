"""Faults in system calls, injected by strace into a child process of the tests."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from recommender.errors import RecommenderError

DONE, REFUSED, SYSTEM, BUG, KILLED = 0, 1, 2, 3, -signal.SIGKILL
_PR_SET_PTRACER = 0x59616D61


def outcome_of(work: Callable[[], object]) -> int:
    """Run work to its end: DONE, REFUSED in a sentence, an error of the SYSTEM that the command line words, or BUG."""
    try:
        work()
    except RecommenderError:
        return REFUSED
    except OSError:
        return SYSTEM
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        return BUG
    return DONE


def in_child(work: Callable[[], object]) -> int:
    """Run work in a child process, and give its outcome."""
    child = os.fork()
    if not child:
        code = BUG
        try:
            code = outcome_of(work)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def struck(work: Callable[[], object], call: str, fault: str, number: int) -> tuple[int, bool]:
    """Run work in a child whose ``number``-th system call of a kind meets a fault; tell its outcome, and if one did.

    ``fault`` is what strace calls it: ``signal=SIGKILL``, ``error=EIO``, ``retval=7``. Every thread counts for itself.
    """
    code, log = traced(work, ["-e", f"inject={call}:{fault}:when={number}", "-e", f"trace={call}"])
    return code, "(INJECTED)" in log or code == KILLED or bool(re.search("killed by SIGKILL", log))


def traced(work: Callable[[], object], options: Sequence[str]) -> tuple[int, str]:
    """Run work in a child process under strace; give its outcome, and what strace wrote."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed, so no system call can be watched or made to fail")
    folder = tempfile.mkdtemp()
    go = os.path.join(folder, "go")
    child = os.fork()
    if not child:
        code = BUG
        try:
            # Where only parents may trace (yama), this lets strace in, which is a sister.
            ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
            while not os.path.exists(go):  # a call of no kind that is struck
                time.sleep(0.0005)
            code = outcome_of(work)
        finally:
            os._exit(code)
    log = os.path.join(folder, "log")
    try:
        words = ["strace", "-f", "-o", log, *options, "-p", str(child)]
        tracer = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        assert tracer.stderr is not None
        told = tracer.stderr.readline()
        Path(go).touch()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        tracer.communicate()
        if "attached" not in told:
            pytest.skip(f"strace may not trace here: {told.strip()}")
        return code, Path(log).read_text(errors="replace")
    finally:
        shutil.rmtree(folder)


def sweep(work: Callable[[int], Callable[[], object]], call: str, fault: str, numbers: range) -> list[tuple[int, int]]:
    """Strike a kind of call at each of the numbers until one is beyond the last; give numbers and outcomes."""
    found = []
    for number in numbers:
        code, met = struck(work(number), call, fault, number)
        if not met:
            break
        found.append((number, code))
    return found
