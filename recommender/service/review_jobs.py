"""The work behind the review page, in other processes and one piece at a time: planning, writing what is accepted."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recommender.errors import RecommenderError
from recommender.rules.editor_rules import NO_RULES, EditorRules
from recommender.service.review_plan import Planned, read_planned
from recommender.service.site_scan import order_of
from recommender.service.site_scanner import path_of_package
from recommender.settings import Settings, load_rules
from recommender.system.threads import start

LOG = logging.getLogger("recommender.service")


@dataclass(frozen=True)
class Job:
    """What is at work: its step, how far that is, and of how many files."""

    step: str
    done: int = 0
    total: int = 0


@dataclass
class ReviewJobs:
    """The newest list of changes, and who makes the next one; ``said`` is how the last piece of work ended."""

    content: Path
    model: Path
    settings: Settings
    planned: Planned | None = None
    job: Job | None = None
    said: str = ""
    trouble: str = ""
    _rules: tuple[tuple[int, ...], EditorRules] = ((), NO_RULES)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def rules(self) -> EditorRules:
        """Give the editors' rules as their file is now."""
        file = self.settings.rules_file
        with contextlib.suppress(FileNotFoundError):
            info = os.stat(file)
            seen = (info.st_ino, info.st_mtime_ns, info.st_size)
            if seen != self._rules[0]:
                self._rules = seen, load_rules(file)
            return self._rules[1]
        return NO_RULES

    def plan(self) -> bool:
        """Have the list made; False where other work is in hand."""
        return self._begin("reading", write=False)

    def write(self) -> bool:
        """Have the accepted files written as the command does it, then the list made again; False as ``plan``."""
        return self._begin("writing", write=True)

    def _begin(self, step: str, *, write: bool) -> bool:
        with self._lock:
            if self.job is not None:
                return False
            self.job, self.trouble = Job(step), ""
        if start(lambda: self._run(write=write), "review") is None:
            self.job, self.trouble = None, "the system starts no thread"
        return True

    def _run(self, *, write: bool) -> None:
        try:
            if write:
                self._fill()
            self._plan()
        except (OSError, ValueError, RecommenderError) as error:
            self.trouble = str(error)
            LOG.warning("the review: %s", error)
        finally:
            self.job = None

    def _plan(self) -> None:
        with tempfile.TemporaryDirectory(prefix="recommender-") as folder:
            out = Path(folder, "changes.json")
            order = order_of(self.model, self.content, self.settings, out)
            for line in _lines(["recommender.service.review_plan"], order, None):
                step, done, total = line.rsplit(maxsplit=2)
                self.job = Job(step, int(done), int(total))
            self.planned = read_planned(out)

    def _fill(self) -> None:
        wish = [
            "fill",
            os.path.realpath(self.content),
            "--model",
            os.path.realpath(self.model),
            "--reviewed",
            "--write",
            "--yes",
            "--json",
        ]
        document = "".join(_lines(["recommender", *wish], b"", self.settings.home))
        done: dict[str, Any] = json.loads(document)
        refused = done["problems"]
        left = f"; {len(refused)} refused, the first: {refused[0]['path']} ({refused[0]['code']})" if refused else ""
        self.said = f"{done['written']:,} files written{left}"


def _lines(command: list[str], given: bytes, folder: Path | None) -> Iterator[str]:
    """Run one of our modules and give its lines as they come.

    Raises:
        RecommenderError: it ended otherwise than well, with what it said.
    """
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            # -P: the module is ours, whatever lies in the working directory.
            [sys.executable, "-P", "-m", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path_of_package()},
        )
        with child:
            if child.stdin and child.stdout:
                with contextlib.suppress(BrokenPipeError):
                    child.stdin.write(given)
                    child.stdin.close()
                for line in child.stdout:
                    yield line.decode("utf-8", "replace")
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace").strip()
    if child.returncode not in (0, 1) or (child.returncode and command[0] != "recommender"):
        last = said.rpartition("\n")[2].removeprefix("recommender: ")
        raise RecommenderError(last or f"it ended with code {child.returncode}")
