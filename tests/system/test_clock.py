"""The time in UTC, and SOURCE_DATE_EPOCH in its place."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from small_sites import article, in_process, write_files

from recommender.errors import SettingsError
from recommender.system.clock import now, stamp, today

pytestmark = pytest.mark.slow  # runs every command at odd times


@pytest.mark.parametrize(
    ("epoch", "day", "time"),
    [
        ("0", 0, "1970-01-01T00:00:00Z"),
        ("86399", 0, "1970-01-01T23:59:59Z"),
        ("86400", 1, "1970-01-02T00:00:00Z"),
        ("1795824000", 20_785, "2026-11-28T00:00:00Z"),
        ("253402300799", 2_932_896, "9999-12-31T23:59:59Z"),
    ],
)
def test_the_variable_is_the_time(monkeypatch: pytest.MonkeyPatch, epoch: str, day: int, time: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert (today(), stamp()) == (day, time)


@pytest.mark.parametrize("unset", [True, False])
def test_without_it_the_system_tells_the_time(monkeypatch: pytest.MonkeyPatch, unset: bool) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "")
    if unset:
        monkeypatch.delenv("SOURCE_DATE_EPOCH")
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    assert before <= now() <= datetime.datetime.now(datetime.UTC)
    assert (now().tzinfo, now().microsecond) == (datetime.UTC, 0)


@pytest.mark.parametrize("epoch", ["tomorrow", "-1", "1.5", "1e9", "253402300800", "9" * 40, "١", " 5"])
def test_another_value_is_refused(monkeypatch: pytest.MonkeyPatch, epoch: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(SettingsError, match="SOURCE_DATE_EPOCH must be a whole number of seconds since 1970, got"):
        now()


@pytest.mark.parametrize("arguments", [("audit", "."), ("build", "."), ("fill", "."), ("related", "/a")])
def test_every_command_says_so_and_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    write_files(tmp_path, {f"{name}.md": article(name) for name in "abc"})
    assert in_process(tmp_path, "build", ".").returncode == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    done = in_process(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (
        2,
        "recommender: SOURCE_DATE_EPOCH must be a whole number of seconds since 1970, got 'soon'; set or unset it\n",
    )


def test_a_stamp_is_utc_in_whole_seconds() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp())
