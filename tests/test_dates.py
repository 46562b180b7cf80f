"""Texts to days: what is read as a date, in which zone, and what is none."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.dates import days_of, iso

DAY = "2026-11-28"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        *((text, DAY, DAY) for text in (DAY, "2026/11/28", "20261128", f"  {DAY}\t")),
        ("2026-1-5", "2026-01-05", "2026-01-05"),
        ("2026/1/5 9:03:00", "2026-01-05", "2026-01-05"),
        ("2026-11-28 10:00 +0200", DAY, DAY),
        ("2026-11-28 10:00:00 +0200", DAY, DAY),
        ("2026-11-28T10:00:00Z", DAY, DAY),
        ("2026-11-28t10:00:00.123456z", DAY, DAY),
        ("2026-11-28 10:00:00 UTC", DAY, DAY),
        ("2026-11-28T23:59:60Z", DAY, DAY),
        # The same moment is another day in UTC.
        ("2026-11-28 01:30 +0200", "2026-11-27", "2026-11-27"),
        ("2026-11-28T23:30:00-05:00", "2026-11-29", "2026-11-29"),
        ("2026-11-28T23:30:00-0500", "2026-11-29", "2026-11-29"),
        ("2026-12-31 23:30 -1", "2027-01-01", "2027-01-01"),
        # Timestamps as the YAML specification writes them.
        ("2001-12-14t21:59:43.10-05:00", "2001-12-15", "2001-12-15"),
        ("2001-12-14 21:59:43.10 -5", "2001-12-15", "2001-12-15"),
        ("2001-12-15 2:59:43.10", "2001-12-15", "2001-12-15"),
        # The month by its English name.
        *((text, DAY, DAY) for text in ("Nov 28, 2026", "28 nov. 2026", "November 28th 2026", "Sat, 28 November 2026")),
        ("Sat, 28 Nov 2026 23:30:00 -0500", "2026-11-29", "2026-11-29"),
        ("Sept 5 2026 10:00", "2026-09-05", "2026-09-05"),
        # Less than a day is known.
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-11", "2026-11-01", "2026-11-30"),
        ("2024/02", "2024-02-01", "2024-02-29"),
        ("0001-01-01", "0001-01-01", "0001-01-01"),
        ("9999-12-31", "9999-12-31", "9999-12-31"),
    ],
)
def test_a_date(text: str, first: str, last: str) -> None:
    days = days_of(text)
    assert days is not None
    assert tuple(map(iso, days)) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "", "tomorrow", "YYYY-MM-DD", "2026-02-30", "2026-13-01", "2026-00-10", "2026-13", "0000-01-01", "2026-11/28",
        "28-11-2026", "12/05/2013", "28.11.2026", "Nov 31, 2026", "Non 28, 2026", "28 Nov",
        "Nov 2026", "28 Nov 26", "20261301", "1700000000", "3600", "1", "12345",
        "2026-11-28 24:00", "2026-11-28 10:60", "2026-11-28 10:00 +1600", "2026-11-28Z", "2026-11-28 or later",
        "２０２６-11-28", "2026-11-28\n2026-11-29", "v2026-11-28", "git Last Modified",
    ],
)  # fmt: skip
def test_no_date(text: str) -> None:
    assert days_of(text) is None


@given(
    st.datetimes(min_value=datetime.datetime(2, 1, 1), max_value=datetime.datetime(9998, 12, 31)),
    st.integers(-900, 900),
)
def test_a_moment_is_on_its_day_in_utc(moment: datetime.datetime, minutes: int) -> None:
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    moment = moment.replace(tzinfo=zone)
    day = moment.astimezone(datetime.UTC).date().isoformat()
    for sign in ("T", " "):
        found = days_of(moment.isoformat(sep=sign))
        assert found is not None
        assert tuple(map(iso, found)) == (day, day)


@given(st.text(max_size=40))
def test_any_text_is_read_or_is_none(text: str) -> None:
    found = days_of(text)
    assert found is None or found[0] <= found[1]
