"""What time it is for the site: UTC, and where SOURCE_DATE_EPOCH is set, the time that it names."""

from __future__ import annotations

import datetime
import os

from recommender.errors import SettingsError

VARIABLE = "SOURCE_DATE_EPOCH"
# Days of the calendar count from 1970-01-01, like the seconds of the variable.
EPOCH = datetime.date(1970, 1, 1).toordinal()


def now() -> datetime.datetime:
    """Give the time in UTC, in whole seconds.

    Raises:
        SettingsError: SOURCE_DATE_EPOCH is no number of seconds since 1970.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    # Twelve digits reach beyond the year 9999, the last that a date can have.
    if text.isascii() and text.isdigit() and len(text) <= 12 and int(text) < 253_402_300_800:
        return datetime.datetime.fromtimestamp(int(text), datetime.UTC)
    raise SettingsError(f"{VARIABLE} must be a whole number of seconds since 1970, got {text[:40]!r}; set or unset it")


def today() -> int:
    """Give the day in UTC as days since 1970-01-01.

    Raises:
        SettingsError: SOURCE_DATE_EPOCH is no number of seconds since 1970.
    """
    return now().date().toordinal() - EPOCH


def stamp(moment: datetime.datetime | None = None) -> str:
    """Give a time in UTC, by default the present one, ISO 8601, whole seconds."""
    return (moment or now()).strftime("%Y-%m-%dT%H:%M:%SZ")
