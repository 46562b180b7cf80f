"""When the content is surveyed: once at first, then with rests of ten times what a survey took, failed or not."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recommender.service import site_scanner as module
from recommender.service.live_model import LiveModel
from recommender.service.site_scan import order_of
from recommender.service.site_scanner import Attempt, SiteScanner
from recommender.settings import Settings

pytestmark = pytest.mark.slow  # waits for surveys


class Runs:
    """Surveys that are not run: how each ends, when they began, and a clock that is ours."""

    def __init__(self, surveys: SiteScanner, current: LiveModel, monkeypatch: pytest.MonkeyPatch) -> None:
        self.surveys, self.current = surveys, current
        self.begun: list[float] = []
        self.now, self.takes, self.code, self.said = 1_000_000.0, 1.0, 0, b""
        monkeypatch.setattr(module, "subprocess", SimpleNamespace(run=self.run))
        monkeypatch.setattr(module, "time", SimpleNamespace(time=self.clock, monotonic=self.clock))

    def clock(self) -> float:
        return self.now

    def run(self, *_: Any, input: bytes, **__: Any) -> subprocess.CompletedProcess[bytes]:
        if json.loads(input)["out"] != str(self.surveys._file):  # of an application that another test has left
            return subprocess.CompletedProcess([], 0, b"", b"")
        self.begun.append(self.now)
        self.now += self.takes
        return subprocess.CompletedProcess([], self.code, b"", self.said)

    def pass_time(self, seconds: float) -> None:
        """Tick twice a second, as a process of the service does."""
        until = self.now + seconds
        while self.now < until:
            self.now += 0.5
            self.surveys.look()
            before = len(self.begun)
            self.surveys.order_if_due(self.current)
            if self.surveys._running:
                self.surveys._running.join()
            if len(self.begun) > before:  # the disk has a clock of its own
                os.utime(self.surveys._stamp, (self.now, self.now))

    def share(self) -> float:
        """Give the share of the time that surveys took, from the first to the last that was begun."""
        return self.takes * (len(self.begun) - 1) / (self.begun[-1] - self.begun[0])


@pytest.fixture
def runs(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    current = LiveModel(saved)
    assert current.look()
    surveys = SiteScanner(tmp_path, Settings())
    yield Runs(surveys, current, monkeypatch)
    surveys.close()


@pytest.mark.parametrize(("code", "said"), [(0, b""), (1, b"recommender.links.jsonl, line 1: not so"), (-9, b"")])
@pytest.mark.parametrize("takes", [0.01, 1.0, 30.0])
def test_surveys_take_at_most_a_tenth_of_the_time_whatever_comes_of_them(
    runs: Runs, code: int, said: bytes, takes: float
) -> None:
    runs.code, runs.said, runs.takes = code, said, takes
    runs.pass_time(400 + 22 * takes)
    assert len(runs.begun) >= 3
    assert runs.share() <= 0.1
    assert min(late - early for early, late in zip(runs.begun, runs.begun[1:], strict=False)) >= 2.0


def test_a_new_model_is_surveyed_soon_and_once(runs: Runs) -> None:
    """Its survey waits for no rest of the one before; after that it rests as well."""
    runs.takes = 30.0
    runs.pass_time(40)
    assert len(runs.begun) == 1
    served = runs.current.served
    assert served is not None
    runs.current.served = type(served)(served.model, served.version, "another")
    runs.pass_time(280)
    assert len(runs.begun) == 2


def test_every_process_rests_from_the_survey_of_another(runs: Runs, saved: Path) -> None:
    runs.takes, runs.code = 30.0, 1
    runs.pass_time(40)
    other = SiteScanner(runs.surveys.content, Settings())
    other.close()
    other = SiteScanner.__new__(SiteScanner)
    other.__dict__.update(runs.surveys.__dict__, _running=None, _last=Attempt(), _last_seen=0)
    runs.surveys = other
    runs.pass_time(200)
    assert len(runs.begun) == 1


def test_why_a_survey_failed_is_known_and_logged_once(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    tag = runs.current.require().tag
    runs.code, runs.said = 1, b"recommender.links.jsonl, line 1: not so"
    runs.pass_time(100)
    assert len(runs.begun) >= 5
    assert runs.surveys.trouble(tag) == "recommender.links.jsonl, line 1: not so"
    assert runs.surveys.trouble("another") == ""
    assert [record.getMessage() for record in caplog.records].count(
        "the content could not be surveyed: recommender.links.jsonl, line 1: not so"
    ) == 1
    runs.code = -9
    runs.said = b""
    runs.pass_time(100)
    assert runs.surveys.trouble(tag) == "it ended with code -9"
    runs.code = 0
    runs.pass_time(100)
    assert runs.surveys.trouble(tag) == ""


@pytest.mark.parametrize("stamp", [b"", b"0", b"1.5", b"{}", b'{"tag": 1}', b"[]", b'{"other": 1}', b"\xff"])
def test_a_damaged_note_of_a_survey_does_no_harm(runs: Runs, stamp: bytes) -> None:
    runs.surveys._stamp.write_bytes(stamp)
    runs.pass_time(30)
    assert len(runs.begun) >= 1


def test_a_damaged_links_file_is_found_before_the_content_is_read(site: Path) -> None:
    """A thousandth of the work: 142 files were read every two seconds to find the same fault again."""
    (site / "recommender.links.jsonl").write_text("{\n")
    # What would be read after it is not there at all.
    order = order_of(site / "no-model", site / "no-content", Settings(home=site), site / "survey.npz")
    done = subprocess.run(
        [sys.executable, "-m", "recommender.service.site_scan"], input=order, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.decode().strip().endswith("restore the file from git")
    assert "recommender.links.jsonl, line 1" in done.stderr.decode()


def test_an_attempt_is_written_as_it_is_read() -> None:
    attempt = Attempt("tag", 1.25, "trouble")
    assert Attempt(**json.loads(json.dumps(asdict(attempt)))) == attempt
