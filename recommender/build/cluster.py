"""Work on the machines of a Dask cluster; the only owner of dask, which the extra ``cluster`` installs.

Dask sends functions and data as pickles: whoever reaches the scheduler runs code on its workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.build.read_cache import key_of
from recommender.errors import RecommenderError
from recommender.settings import Settings
from recommender.system.processes import WorkerLost

if TYPE_CHECKING:
    from distributed import Client

Facts = Mapping[str, str]

ANSWER = 4.0  # s for a scheduler to answer
PATIENCE = 60.0  # s without any worker before a run gives up
LOOK = 2.0  # s between two looks at whether there are workers


class ClusterError(RecommenderError):
    """The cluster cannot be used: not there, without workers, or with workers of another kind."""


@contextlib.contextmanager
def connected(address: str, content: Path) -> Iterator[Cluster]:
    """Give a cluster whose workers all see the folder of articles under the same path, and run the same code.

    Raises:
        ClusterError: dask is not installed, no scheduler answers, it has no worker, or an unfit one.
    """
    try:
        from distributed import Client  # noqa: PLC0415  (an extra; 0.8 s)
    except ImportError:
        raise ClusterError("--scheduler needs Dask: pip install 'recommender[cluster]'") from None
    _find(address)
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what matters is said in sentences of ours
    with Client(address, timeout=ANSWER, set_as_default=False, direct_to_workers=True) as client:
        cluster = Cluster(client, facts(str(content.absolute())))
        if not cluster.threads:
            raise ClusterError(f"the scheduler at {address} has no worker; start some: `dask worker {address}`")
        cluster.check()
        yield cluster


def _find(address: str) -> None:
    """Ask who answers at an address: a Client that finds no scheduler would wait and complain when it is gone."""
    from distributed import Security  # noqa: PLC0415
    from distributed.core import rpc  # noqa: PLC0415

    async def identity() -> Any:
        secrets = Security().get_connection_args("client")
        async with rpc(address, timeout=ANSWER, connection_args=secrets) as scheduler:
            return await scheduler.identity()

    try:
        asyncio.run(asyncio.wait_for(identity(), ANSWER + 1))
    except ValueError as error:
        raise ClusterError(f"--scheduler {address}: {error}; write it as tcp://HOST:8786") from None
    except (OSError, TimeoutError):
        raise ClusterError(f"no Dask scheduler answers at {address}; start one: `dask scheduler`") from None


def facts(content: str) -> dict[str, str]:
    """Say what must be the same on all machines: code, versions, and the folder of articles."""
    try:
        seen = f"{len(os.listdir(content))} entries in {content}"
    except OSError:
        seen = f"no folder {content}"
    return {**_versions(), "CONTENT": seen, "": content}


@cache
def _versions() -> dict[str, str]:
    from importlib.metadata import version  # noqa: PLC0415

    return {
        "recommender": key_of(Settings())[:12],
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": np.__version__,
        "numba": version("numba"),
    }


def differences(wanted: Facts, found: Facts) -> str:
    """Say in what a machine differs from this one; "" where in nothing."""
    return ", ".join(f"{name} is {found[name]}, here {wanted[name]}" for name in wanted if found[name] != wanted[name])


def work_on(work: Callable[[Any], list[Any]], chunk: Any, wanted: Facts) -> list[Any]:
    """Do one task, on a worker that is as the others: one may have joined since they were looked at.

    Raises:
        ClusterError: it is not.
    """
    if unlike := differences(wanted, facts(wanted[""])):
        raise ClusterError(f"a worker on {platform.node()} is unlike this machine: {unlike}; {REMEDY}")
    return work(chunk)


NOBODY = "no worker is left; start some and run again"
REMEDY = "give all workers the same Python, recommender and CONTENT"


class Cluster:
    """The workers of a scheduler, as an executor of ``parallel``."""

    def __init__(self, client: Client, wanted: Facts) -> None:
        self._client = client
        self._wanted = wanted

    @property
    def threads(self) -> int:
        """Count the threads of all workers."""
        return sum(self._client.nthreads().values())

    def check(self) -> None:
        """Look at all workers.

        Raises:
            ClusterError: one has not the package, or is unlike this machine.
        """
        found = self._client.run(facts, self._wanted[""], on_error="return")
        for worker, answer in sorted(found.items()):
            if isinstance(answer, Exception):  # the package is not there, or has no such function
                raise ClusterError(f"worker {worker} cannot work: {answer!r}; {REMEDY}")
            if unlike := differences(self._wanted, answer):
                raise ClusterError(f"worker {worker} is unlike this machine: {unlike}; {REMEDY}")

    def map(self, work: Callable[[Any], list[Any]], chunks: Sequence[Any], label: str) -> Iterator[list[Any]]:
        """Apply a function, which travels to each worker once, to chunks; give its results in order.

        Tasks of a worker that dies are done by the others.

        Raises:
            ClusterError: a worker is unlike the others.
            WorkerLost: none is left, or one task ended several.
        """
        from concurrent.futures import CancelledError  # noqa: PLC0415

        futures = self._submit(work, chunks, label)
        for number in range(len(chunks)):
            while True:
                try:
                    yield self._result(futures[number], label)
                    break
                except CancelledError:
                    # All who held the function have died: it is sent again, for what has not come back.
                    if self._client.status != "running":
                        raise WorkerLost(f"{label}: the scheduler is gone; start it and run again") from None
                    futures[number:] = self._submit(work, chunks[number:], label)
            futures[number].release()

    def _submit(self, work: Callable[[Any], list[Any]], chunks: Sequence[Any], label: str) -> list[Any]:
        try:
            sent = self._client.scatter(work, broadcast=True, hash=False, timeout=PATIENCE)
        except TimeoutError:
            raise WorkerLost(f"{label}: {NOBODY}") from None
        return [self._client.submit(work_on, sent, chunk, self._wanted, pure=False) for chunk in chunks]

    def _result(self, future: Any, label: str) -> list[Any]:
        from distributed import KilledWorker  # noqa: PLC0415

        alone = time.monotonic()
        while True:
            try:
                found: list[Any] = future.result(timeout=LOOK)
                return found
            except TimeoutError:
                alone = alone if self._client.status == "running" and not self.threads else time.monotonic()
                if time.monotonic() - alone > PATIENCE:
                    raise WorkerLost(f"{label}: {NOBODY}") from None
            except KilledWorker:
                raise WorkerLost(f"{label}: several workers died of one task, maybe for want of memory") from None
            except RecommenderError:
                raise
            except (ImportError, AttributeError):
                self.check()
                raise
