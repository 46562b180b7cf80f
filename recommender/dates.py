"""Dates as people write them in front matter, to days of the calendar. Pure."""

from __future__ import annotations

import calendar
import datetime
import re
from functools import lru_cache

from recommender.system.clock import EPOCH

_DAY = r"(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})"
_ZONE = r"(?P<zone>Z|UTC|GMT|(?P<east>[+-])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-9]{2}))?)"
_TIME = rf"(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-5][0-9])(?::(?:[0-5][0-9]|60)(?:[.,][0-9]*)?)?(?:\s*{_ZONE})?"
_DATE = re.compile(rf"(?P<year>[0-9]{{4}})(?P<sign>[-/]){_DAY}(?:(?:[T]|\s+){_TIME})?", re.ASCII | re.IGNORECASE)
_MONTH = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})", re.ASCII)
_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
# As JavaScript and Ruby read them, to which Astro and Jekyll leave dates: Jul 08 2022; Fri, 8 July 2022 10:00.
_NAMED = re.compile(
    r"(?:[a-z]{3,9},?\s+)?(?:(?P<before>[0-9]{1,2})(?:st|nd|rd|th)?\s+(?P<month>[a-z]{3,9})\.?,?"
    r"|(?P<name>[a-z]{3,9})\.?\s+(?P<after>[0-9]{1,2})(?:st|nd|rd|th)?,?)\s+(?P<year>[0-9]{4}),?(?P<rest>\s.*)?",
    re.ASCII | re.IGNORECASE,
)
_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
# A number of four digits beyond these is hardly a year.
YEARS = range(1900, 2200)


@lru_cache(8192)
def days_of(text: str) -> tuple[int, int] | None:
    """Give the first and the last day that a text may mean, as days since 1970-01-01 in UTC; None for no date.

    Read are ISO 8601 and what YAML, Hugo, Jekyll and Hexo take, the year first: ``2026-11-28``, ``2026/11/28 10:00``,
    ``2026-11-28 10:00:00 +0200``, ``2026-11-28T10:00:00Z``, ``20261128``, and English names of months,
    ``28 Nov 2026``; a month and a year mean any of their days.
    """
    text = with_digits(text)
    try:
        if whole := _DATE.fullmatch(text):
            day = _day(int(whole["year"]), int(whole["month"]), int(whole["day"])) + _turned(whole)
            return day, day
        if digits := _DIGITS.fullmatch(text):
            day = _day(*map(int, digits.groups()))
            return day, day
        if part := _MONTH.fullmatch(text):
            year, month = map(int, part.groups())
            return _day(year, month, 1), _day(year, month, calendar.monthrange(year, month)[1])
    except ValueError:  # the 30th of February
        return None
    if text.isascii() and text.isdigit() and len(text) == 4 and int(text) in YEARS:
        return _day(int(text), 1, 1), _day(int(text), 12, 31)
    return None


def with_digits(text: str) -> str:
    """Write a date with an English name of its month as ISO 8601 has it: ``Nov 28, 2026`` is ``2026-11-28``."""
    text = text.strip()
    found = _NAMED.fullmatch(text)
    name = (found["month"] or found["name"]).lower() if found else ""
    month = next((number for number, known in enumerate(_MONTHS, 1) if known.startswith(name)), 0)
    if not found or not month:
        return text
    return f"{found['year']}-{month:02}-{found['before'] or found['after']}{found['rest'] or ''}"


def iso(day: int) -> str:
    """Write a day as ISO 8601 has it."""
    low, high = datetime.date.min.toordinal(), datetime.date.max.toordinal()
    return datetime.date.fromordinal(min(max(day + EPOCH, low), high)).isoformat()


def _day(year: int, month: int, day: int) -> int:
    return datetime.date(year, month, day).toordinal() - EPOCH


def _turned(found: re.Match[str]) -> int:
    """Give the days between the date as it is written and the one in UTC: -1, 0 or 1."""
    if found["hour"] is None:
        return 0
    if int(found["hour"]) > 23:
        raise ValueError(found["hour"])
    minutes = 60 * int(found["hour"]) + int(found["minute"])
    if found["east"]:
        away = 60 * int(found["hours"]) + int(found["minutes"] or 0)
        if away > 15 * 60:
            raise ValueError(found["zone"])
        minutes -= away if found["east"] == "+" else -away
    return minutes // (24 * 60)
