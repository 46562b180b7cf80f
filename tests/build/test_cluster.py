"""A real Dask scheduler and worker processes on this machine: a local build's bytes, whoever dies or joins."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cluster_work import end, halves, process_of
from small_sites import ROOT

from recommender.build import cluster
from recommender.build.cluster import Cluster, ClusterError, connected, differences, facts
from recommender.cli.main import main
from recommender.model.store import read_manifest
from recommender.system import parallel
from recommender.system.processes import WorkerLost

pytest.importorskip("distributed", reason="dask is not installed: pip install '.[cluster]'")
# Threads of a closed client let go of their sockets a little later.
pytestmark = [
    pytest.mark.slow,  # starts a scheduler and its workers
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

WORKER = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
# As `dask worker` on a machine where the package is not installed.
WITHOUT = "import sys; sys.modules['recommender'] = None; from distributed.cli.dask_worker import main; main()"


@dataclass
class Dask:
    """A scheduler and its workers; all end with the test."""

    address: str
    folder: Path
    stack: ExitStack

    def worker(self, *start: str, path: Path = ROOT) -> subprocess.Popen[bytes]:
        """Start a worker and wait until the scheduler knows it."""
        words = [*(start or ("-m", "dask", "worker")), self.address, *WORKER, "--local-directory", str(self.folder)]
        log = self.folder / f"worker-{len(list(self.folder.iterdir()))}"
        process = launch(words, log, path, self.stack)
        wait_until(lambda: "Registered to" in log.read_text(), log)
        return process


def launch(words: list[str], log: Path, path: Path, stack: ExitStack) -> subprocess.Popen[bytes]:
    surroundings = {**os.environ, "PYTHONPATH": f"{path}{os.pathsep}{ROOT / 'tests' / 'support'}"}
    with log.open("wb") as stream:
        process = subprocess.Popen([sys.executable, *words], cwd=log.parent, env=surroundings, stderr=stream)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def wait_until(true: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def start_scheduler(folder: Path, stack: ExitStack) -> tuple[Dask, subprocess.Popen[bytes]]:
    address, log = free_address(), folder / "scheduler"
    words = ["-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", address.split(":")[-1], "--no-dashboard"]
    process = launch(words, log, ROOT, stack)
    wait_until(lambda: "Scheduler at" in log.read_text(), log)
    return Dask(address, folder, stack), process


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """A scheduler that the tests share; each ends the workers that it starts."""
    with ExitStack() as stack:
        yield start_scheduler(tmp_path_factory.mktemp("dask"), stack)[0]


@pytest.fixture
def dask(running: Dask) -> Iterator[Dask]:
    with ExitStack() as stack:
        yield Dask(running.address, running.folder, stack)


@contextmanager
def after(results: int, do: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, label: str = "") -> Iterator[None]:
    """Do something once, when so many results of a label have come back."""
    plain, seen = Cluster._result, list[str]()

    def result(self: Cluster, future: Any, name: str) -> list[Any]:
        found = plain(self, future, name)
        seen.append(name)
        if seen.count(label or name) == results and seen[-1] == (label or name):
            do()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Cluster, "_result", result)
        yield
    assert seen.count(label or seen[0]) > results, "it was not in the middle of the run"


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("victim", ["", "reading", "ranking"])
def test_a_build_on_workers_has_the_bytes_of_a_local_one(
    dask: Dask, site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], victim: str
) -> None:
    monkeypatch.chdir(site)
    monkeypatch.setattr(parallel, "CHUNK", 16)
    monkeypatch.setattr(parallel, "FEW", 16)
    workers = [dask.worker(), dask.worker()]
    with ExitStack() as stack:
        if victim:
            stack.enter_context(after(2, lambda: kill(workers[0]), monkeypatch, victim))
        assert main(["build", "--model", "there", "--scheduler", dask.address]) == 0
    here, there = (read_manifest(site / folder) for folder in ("models/default", "there"))
    assert {**here, "built_at": ""} == {**there, "built_at": ""}
    assert capsys.readouterr().out.endswith("104 full, 36 short, 2 empty\nsaved in there\n")


def test_a_worker_that_joins_late_takes_part(dask: Dask, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processes = [dask.worker()]
    with connected(dask.address, site) as there, after(2, lambda: processes.append(dask.worker()), monkeypatch):
        found = [pid for part in there.map(process_of, [range(1)] * 60, "test") for pid in part]
    assert set(found) == {process.pid for process in processes}


def test_the_only_worker_dies_and_another_comes(dask: Dask, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = dask.worker()

    def replace() -> None:
        kill(first)
        dask.worker()

    with connected(dask.address, site) as there, after(2, replace, monkeypatch):
        found = [pid for part in there.map(process_of, [range(1)] * 12, "test") for pid in part]
    assert len(found) == 12
    assert len(set(found)) == 2


def test_workers_that_die_of_a_task_and_errors_of_the_work(
    dask: Dask, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask.worker()
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    monkeypatch.setattr(cluster, "LOOK", 0.2)
    with connected(dask.address, site) as there:
        assert list(there.map(halves, [[1, 2], [4]], "test")) == [[1.0, 0.5], [0.25]]
        with pytest.raises(ZeroDivisionError):
            list(there.map(halves, [[1], [0]], "test"))
        with pytest.raises(WorkerLost, match="no worker is left; start some") as lost:
            list(there.map(end, [[1]], "test"))
    assert lost.value.exit_code == 1


def test_workers_of_another_kind(dask: Dask, site: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(site)
    shutil.copytree(ROOT / "recommender", tmp_path / "recommender")
    with (tmp_path / "recommender" / "text" / "tokenizer.py").open("a", encoding="utf-8") as stream:
        stream.write("# of another day\n")
    kinds = [
        (
            ("-m", "dask", "worker"),
            tmp_path,
            r"worker tcp://.* is unlike this machine: recommender is [0-9a-f]{12}, here ",
        ),
        (("-c", WITHOUT), ROOT, r"worker tcp://.* cannot work: .*ModuleNotFoundError"),
    ]
    for start, path, words in kinds:
        process = dask.worker(*start, path=path)
        assert main(["build", "--scheduler", dask.address, "--model", "none"]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert re.search(words, err), err
        assert "give all workers the same Python, recommender and CONTENT" in err
        kill(process)
    assert not (site / "none").exists()


def test_a_scheduler_that_is_not_there_or_has_no_worker(site: Path, monkeypatch, capsys, tmp_path: Path) -> None:
    monkeypatch.chdir(site)
    monkeypatch.setattr(cluster, "ANSWER", 1.0)
    begun = time.monotonic()
    cases = [
        (free_address(), "no Dask scheduler answers at tcp://127.0.0.1"),
        ("nonsense://x:1", "unknown address scheme 'nonsense'"),
        ("", "write it as tcp://HOST:8786"),
    ]
    for address, words in cases:
        assert main(["build", "--scheduler", address]) == 2
        err = capsys.readouterr().err
        assert (words in err, err.count("\n")) == (True, 1)
    assert time.monotonic() - begun < 30
    with ExitStack() as stack:
        empty, _ = start_scheduler(tmp_path, stack)
        assert main(["build", "--scheduler", empty.address]) == 2
        assert "has no worker; start some: `dask worker tcp://" in capsys.readouterr().err


def test_a_scheduler_that_dies(site: Path, monkeypatch, capsys, tmp_path: Path) -> None:
    monkeypatch.chdir(site)
    monkeypatch.setattr(cluster, "ANSWER", 1.0)
    with ExitStack() as stack:
        dask, process = start_scheduler(tmp_path, stack)
        dask.worker()
        plain = Cluster._submit

        def submit(self: Cluster, *order: Any) -> list[Any]:
            futures = plain(self, *order)
            kill(process)
            return futures

        monkeypatch.setattr(Cluster, "_submit", submit)
        assert main(["build", "--model", "none", "--scheduler", dask.address]) == 1
    assert capsys.readouterr().err == "recommender: ranking: the scheduler is gone; start it and run again\n"
    assert not list(site.glob("none/manifest.json"))


def test_without_dask_the_remedy_is_said(site: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(site)
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["build", "--scheduler", "tcp://127.0.0.1:8786"]) == 2
    assert capsys.readouterr().err == "recommender: --scheduler needs Dask: pip install 'recommender[cluster]'\n"


def test_what_must_be_the_same_everywhere(site: Path) -> None:
    here = facts(str(site / "content"))
    assert differences(here, here) == ""
    assert set(here) == {"recommender", "Python", "numpy", "numba", "CONTENT", ""}
    gone = facts(str(site / "nowhere"))
    assert gone["CONTENT"] == f"no folder {site / 'nowhere'}"
    assert differences(here, {**here, "numpy": "1.0"}) == f"numpy is 1.0, here {here['numpy']}"
    with pytest.raises(ClusterError, match="unlike this machine: numba is "):
        cluster.work_on(halves, [1], {**here, "numba": "0.1"})
