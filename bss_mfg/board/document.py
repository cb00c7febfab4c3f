"""The line as the page shows it: one JSON document, with times in the workspace's time zone. No barcode string, no key,
no name of a person is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict
from typing import Any

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.languages import ENGLISH, Language
from bss_mfg.core.text import printable_name
from bss_mfg.production.records import TROUBLES, Failure, LineState
from bss_mfg.report.production_data import counts_document

_HOUR = slice(11, 13)
_MINUTE = slice(11, 16)


def line_document(state: LineState, zone: TimeZone, pictures: Set[int] = frozenset(), here: str = "") -> dict[str, Any]:
    """What `board --json` prints and the page is sent; `pictures` are the failures, by event, that have one `here`, at
    this station. Of what another one verified it is said where a picture may lie: pictures are not in the ledger."""
    return {
        "at": zone.shown(state.at),
        "head": state.head,
        "hours": list(state.hours),
        "counts": counts_document(state.counts),
        "by_hour": [{"hour": one.hour, "station": one.station, **counts_document(one.counts)} for one in state.by_hour],
        "stations": [
            {
                "station": one.station,
                "per_hour": one.per_hour,
                "last_at": zone.shown(one.last_at),
                **counts_document(one.counts),
            }
            for one in state.stations
        ],
        "batches": [{**asdict(one), "last_at": zone.shown(one.last_at)} for one in state.batches],
        "waiting": [{**asdict(one), "trouble": one.work in TROUBLES} for one in state.waiting],
        "scrap_reasons": [asdict(one) for one in state.scrap_reasons],
        "failures": [_failure_document(one, zone, one.event in pictures, here) for one in state.failures],
    }


def page_document(document: Mapping[str, Any], title: str, language: Language = ENGLISH) -> dict[str, Any]:
    """The document with what the page needs besides: its title, moments as a clock shows them, and verdicts in
    the operators' language."""
    return {
        **document,
        "title": title,
        "clock": _clock(document["at"]),
        "hour_names": [hour[_HOUR] for hour in document["hours"]],
        "stations": [{**one, "clock": _clock(one["last_at"])} for one in document["stations"]],
        "batches": [{**one, "clock": _clock(one["last_at"])} for one in document["batches"]],
        "failures": [
            {**one, "clock": _clock(one["at"]), "words": _verdict_words(one["verdict"], language)}
            for one in document["failures"]
        ],
    }


def _verdict_words(verdict: str, language: Language) -> str:
    """A verification's verdict, or what a station called a read, of which the history has the small letters."""
    called = language(verdict.upper())
    return called if called != verdict.upper() else language(verdict)


def _clock(moment: str) -> str:
    return moment[_MINUTE]


def _failure_document(failure: Failure, zone: TimeZone, pictured: bool, here: str) -> dict[str, Any]:
    elsewhere = failure.page is not None and not pictured and failure.station != here  # a scanner takes none
    return {
        "event": failure.event,
        "at": zone.shown(failure.at),
        "station": failure.station,
        "batch": failure.batch,
        "verdict": failure.verdict,
        "package": failure.package,
        "serials": failure.serials,
        "file": None if failure.file is None else printable_name(failure.file),
        "page": failure.page,
        "settled": failure.settled,
        "picture": f"/picture/{failure.event}" if pictured else None,
        "picture_at": failure.station if elsewhere else None,
    }


def without_moment(document: Mapping[str, Any], names: Sequence[str] = ("at", "clock", "head")) -> dict[str, Any]:
    """The document without what changes though nothing happened."""
    return {name: value for name, value in document.items() if name not in names}
