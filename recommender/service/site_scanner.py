"""The surveys of the content: one worker at a time has them made, all read the newest."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.sparse_rows import Terms, Texts
from recommender.article import Style
from recommender.editing.planned_links import Exchanged, read_exchanged
from recommender.errors import RecommenderError
from recommender.service.live_model import LiveModel
from recommender.service.site_scan import FINDING, order_of
from recommender.settings import Settings
from recommender.site.link_graph import LinkGraph, Pages, graph_of
from recommender.system.disk import LockHeld, locked, replace_file
from recommender.system.threads import start

LOG = logging.getLogger("recommender.service")
# A survey is begun at most every 2 s, and those of one model take at most a tenth of the time, at low priority,
# whatever comes of them: one that fails may cost as much as one that does not.
SHORTEST_PAUSE, SHARE = 2.0, 10


@dataclass(frozen=True, eq=False)
class SiteScan:
    """What one survey found; arrays have one entry an article of the model with the same tag."""

    tag: str
    facts: dict[str, Any]
    arrays: Mapping[str, NDArray[Any]]

    @property
    def in_links(self) -> Terms:
        """How many sound links of lists lead to each article."""
        return self.arrays["in_links"]

    @property
    def changed(self) -> int:
        """Number of articles that are new, gone or changed since the model was built."""
        return int(self.facts["changed"])

    @property
    def style(self) -> Style:
        """The commonest style of the site's blocks."""
        indent, folded = self.facts["style"]
        return Style(int(indent), bool(folded))

    def links_of(self, row: int) -> list[int]:
        """Give the rows that a person linked to, in the order of the slots; sound links only."""
        start, stop = self.arrays["links_indptr"][row : row + 2].tolist()
        found: list[int] = self.arrays["links_rows"][start:stop].tolist()
        return found

    @cached_property
    def graph(self) -> LinkGraph:
        """Who links to whom, by lists and by texts."""
        arrays = self.arrays
        families, shown, wanted, subjects = (arrays[name] for name in ("families", "shown", "wanted", "subjects"))
        pages = Pages(families, shown, wanted, subjects, int(arrays["front"][0]))
        return graph_of(pages, arrays["lists"], arrays["texts"])

    def linking(self, row: int) -> dict[str, list[int]]:
        """Give the articles of which a list, and those of which a text, links to an article or a copy of it."""
        families = self.arrays["families"]
        return {
            kind: sorted(set(pairs[families[pairs[:, 1]] == families[row], 0].tolist()))
            for kind, pairs in (("list", self.arrays["lists"]), ("text", self.arrays["texts"]))
        }

    @cached_property
    def findings(self) -> Texts:
        """All findings in the order of their kinds, as JSON."""
        return Texts(self.arrays["findings"], self.arrays["findings_offsets"])

    def exchanged(self, row: int) -> Exchanged | None:
        """Give the list of an article after the exchanges of a fill; None where they leave it as it is planned."""
        place = int(np.searchsorted(self.arrays["exchanged_rows"], row))
        if place == len(self.arrays["exchanged_rows"]) or self.arrays["exchanged_rows"][place] != row:
            return None
        return read_exchanged(Texts(self.arrays["exchanged"], self.arrays["exchanged_offsets"])[place])

    def finding(self, number: int) -> dict[str, Any]:
        """Give one finding, and the row of its article, -1 where it is about none."""
        said = dict(zip(FINDING, json.loads(self.findings[number]), strict=True))
        return {**said, "row": int(self.arrays["findings_rows"][number])}


@dataclass(frozen=True)
class Attempt:
    """The last survey that was begun, in whichever process: for which model, how long it took, what went wrong."""

    tag: str = ""
    seconds: float = 0.0
    trouble: str = ""


class SiteScanner:
    """Has the content surveyed in the background and holds the newest survey."""

    def __init__(self, content: Path, settings: Settings) -> None:
        self.content = content
        self.settings = settings
        self._folder = Path(tempfile.mkdtemp(prefix="recommender-"))
        self._file, self._stamp = self._folder / "survey.npz", self._folder / "stamp"
        self._newest: SiteScan | None = None
        self._seen: tuple[int, int] | None = None
        self._last, self._last_seen = Attempt(), 0
        self._running: threading.Thread | None = None
        self.close = weakref.finalize(self, _remove, self._folder, os.getpid())

    def of(self, tag: str) -> SiteScan | None:
        """Give the newest survey if it was made for the model of this tag."""
        survey = self._newest
        return survey if survey is not None and survey.tag == tag else None

    def trouble(self, tag: str) -> str:
        """Say why the last survey for the model of this tag came to nothing, "" where it did not."""
        return self._last.trouble if self._last.tag == tag else ""

    def look(self) -> None:
        """Read the survey on the disk, and how the last one went, if they are others than before."""
        with contextlib.suppress(OSError, ValueError, TypeError):  # there is none yet, or it is being written
            seen = self._stamp.stat().st_mtime_ns
            if seen != self._last_seen:
                self._last, self._last_seen = Attempt(**json.loads(self._stamp.read_bytes())), seen
        try:
            info = self._file.stat()
        except OSError:
            return
        if (info.st_ino, info.st_mtime_ns) == self._seen:
            return
        self._seen = info.st_ino, info.st_mtime_ns
        with np.load(self._file, allow_pickle=False) as found:
            facts = json.loads(found["facts"].tobytes())
            arrays = {name: found[name] for name in found.files if name != "facts"}
        self._newest = SiteScan(facts["tag"], facts, arrays)

    def order_if_due(self, current: LiveModel) -> None:
        """Have the content surveyed in another process, if none is at work and the last one is long enough ago."""
        if current.served is None or not self.close.alive or (self._running is not None and self._running.is_alive()):
            return
        tag = current.served.tag
        rest = SHARE * self._last.seconds if self._last.tag == tag else 0.0
        if 0 <= time.time() - self._last_seen / 1e9 < max(SHORTEST_PAUSE, rest):  # below 0: the clock was put back
            return
        order = order_of(current.folder, self.content, self.settings, self._file)
        self._running = start(partial(self._run, order, tag), "survey")

    def _run(self, order: bytes, tag: str) -> None:
        try:
            with self._alone():
                begun = time.monotonic()
                self._note(Attempt(tag, 0.0, self.trouble(tag)))
                done = subprocess.run(
                    # -P: the module is ours, whatever lies in the working directory.
                    [sys.executable, "-P", "-m", "recommender.service.site_scan"],
                    input=order,
                    env={**os.environ, "PYTHONPATH": path_of_package()},
                    capture_output=True,
                    check=False,
                )
                said = done.stderr.decode("utf-8", "replace").strip()[-500:]
                trouble = (said or f"it ended with code {done.returncode}") if done.returncode else ""
                if trouble and trouble != self.trouble(tag):
                    LOG.warning("the content could not be surveyed: %s", trouble)
                self._note(Attempt(tag, time.monotonic() - begun, trouble))
        except LockHeld:  # another worker is at it
            return
        except (OSError, RecommenderError) as error:
            if self.close.alive:
                LOG.warning("the content could not be surveyed: %s", error)

    def _note(self, attempt: Attempt) -> None:
        """Write down how a survey goes, for all processes."""
        replace_file(self._stamp, json.dumps(asdict(attempt)).encode(), durable=False)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with locked(self._folder) if os.name == "posix" else contextlib.nullcontext():
            yield


def path_of_package() -> str:
    """Give the path on which a child process finds the package that runs here."""
    here = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])


def _remove(folder: Path, owner: int) -> None:
    """Delete the folder where the process that made it ends; workers that were forked from it leave it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
