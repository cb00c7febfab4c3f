"""The time, for people. Callers say `clock.now()`, so that a test sets one clock for all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from bss_mfg.errors import MissingError
from bss_mfg.installation import how_to_repair

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_ZONE = re.compile(r"[A-Za-z0-9._+-]{1,30}(/[A-Za-z0-9._+-]{1,30}){0,2}")
"""A name of the IANA database."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")


def now() -> str:
    """UTC time for people to read; order comes from sequence numbers, never from the clock."""
    return datetime.now(UTC).strftime(_FORMAT)


def hours_ago(hours: float) -> str:
    """UTC time so many hours before now, written as `now` writes it."""
    return (_parsed(now()) - timedelta(hours=hours)).strftime(_FORMAT)


@dataclass(frozen=True, slots=True)
class TimeZone:
    """The time zone that people go by, by its name in the IANA database (`Europe/Berlin`); without a name UTC.

    What is stored and what programs read is UTC, as `now` writes it. `MissingError` where this computer doesn't know
    the zone.
    """

    name: str = ""

    def shown(self, moment: str) -> str:
        """A moment that was stored, for people: with the zone's offset, which `utc` reads too."""
        return moment if not self.name else _parsed(moment).astimezone(self._info).isoformat(timespec="seconds")

    def day(self, moment: str) -> date:
        """The day of a moment that was stored."""
        return _parsed(moment).astimezone(self._info).date()

    def hour(self, moment: str) -> str:
        """The start of the hour of a moment that was stored, as `shown` writes it."""
        begun = _parsed(moment).astimezone(self._info).replace(minute=0, second=0, microsecond=0)
        return begun.strftime(_FORMAT) if not self.name else begun.isoformat(timespec="seconds")

    def utc(self, text: str, *, end: bool = False) -> str:
        """What a person typed, as it is stored: a day (its first second; with `end` its last), or a moment, which is
        one of this zone if it doesn't say another. `ValueError` for anything else."""
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=end)
            moment = datetime(day.year, day.month, day.day, tzinfo=self._info).astimezone(UTC) - timedelta(seconds=end)
        elif _MOMENT.fullmatch(text):
            given = datetime.fromisoformat(text)
            moment = (given if given.tzinfo else given.replace(tzinfo=self._info)).astimezone(UTC)
        else:
            raise ValueError("neither a day nor a moment")
        return moment.strftime(_FORMAT)

    @property
    def _info(self) -> tzinfo:
        if not self.name:
            return UTC
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            if not _ZONE.fullmatch(self.name):  # zoneinfo looks for each part as a package, one inside of the other
                raise ZoneInfoNotFoundError
            return ZoneInfo(self.name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise MissingError(
                f"there is no time zone {self.name[:80]!a} on this computer",
                way_out=f"Name one such as Europe/Berlin. If none is known: {how_to_repair('tzdata')}",
            ) from None

    def checked_name(self) -> str:
        """The name, if there is such a zone; else `ValueError`."""
        try:
            self.shown(now())
        except MissingError as error:
            raise ValueError(error.what) from None
        return self.name


UTC_ZONE = TimeZone()


def _parsed(moment: str) -> datetime:
    found = datetime.fromisoformat(moment)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def seconds_of(moment: str) -> float:
    """Seconds since 1970 of a moment that was stored."""
    return _parsed(moment).timestamp()


def later(moment: str, *, minutes: float) -> str:
    """A moment some minutes after one that was stored; before it, where they are less than 0."""
    return (_parsed(moment) + timedelta(minutes=minutes)).astimezone(UTC).strftime(_FORMAT)


def utc_text(moment: str) -> str:
    """A moment as it is stored, of any that has an offset."""
    return _parsed(moment).astimezone(UTC).strftime(_FORMAT)
