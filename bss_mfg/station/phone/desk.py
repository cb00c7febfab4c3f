"""The desk between phones and station: takes what phones read, lets the station judge it, answers, and tells the
terminal. It runs in the thread that owns the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from bss_mfg.core.languages import ENGLISH, Language
from bss_mfg.station.answers import ScanAnswer
from bss_mfg.station.phone.access import MOST_PHONES
from bss_mfg.station.phone.requests import PhoneRequest
from bss_mfg.station.phone.server import PhoneServer
from bss_mfg.station.phone.sightings import Sightings
from bss_mfg.station.station import Station

POLL_SECONDS = 0.5
_SHOWN_MISSING = 5


@dataclass(frozen=True, slots=True)
class DeskNames:
    """What the page shows beside the counts: where its reads go."""

    batch: str
    station: str
    operator: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer in the operators' language."""

    word: str
    detail: str


class PhoneDesk:
    """Answers phones, one read after another, for as long as `serve` runs."""

    def __init__(self, server: PhoneServer, station: Station, names: DeskNames, language: Language = ENGLISH) -> None:
        self._server, self._station, self._names, self._language = server, station, names, language
        self._missing: tuple[int, list[str]] = -1, []
        self._sightings = Sightings(station, MOST_PHONES)

    def serve(self, told: Callable[[ScanAnswer], None], token_changed: Callable[[], None]) -> None:
        """Answer until Ctrl-C, which ends it with `KeyboardInterrupt`. `told` gets every new answer, `token_changed` is
        called when there is a token that was not shown yet, first of all for the first."""
        shown = ""
        self._find_missing()
        while True:
            if shown != self._server.access.token:
                shown = self._server.access.token
                token_changed()
            request = self._server.next_request(POLL_SECONDS)
            if request is None:
                self._find_missing()  # nobody waits for it now, and other stations read, too
            elif request.answered.set_running_or_notify_cancel():
                self._answer(request, told)

    def _answer(self, request: PhoneRequest, told: Callable[[ScanAnswer], None]) -> None:
        answers = []
        try:
            for read in request.reads:
                answer, new = self._sightings.answer(request.phone, read)
                for item in new:
                    told(item)
                shown = Shown(self._language(answer.word), self._language(answer.detail))
                answers.append({**asdict(answer), "shown": asdict(shown)})
        except BaseException as error:
            # The phone learns that nothing was answered; the error, or Ctrl-C, ends the command as it always does.
            request.answered.set_exception(TimeoutError(type(error).__name__))
            raise
        self._publish()
        request.answered.set_result({"answers": answers, **self._server.state})

    def _find_missing(self) -> None:
        """Look for the first missing ones again, which takes half a second in a batch of a million, and publish."""
        verified = self._station.counts.verified
        if self._missing[0] != verified:
            self._missing = verified, self._station.missing(_SHOWN_MISSING)
        self._publish()

    def _publish(self) -> None:
        counts = asdict(self._station.counts)
        self._server.publish({**asdict(self._names), "counts": counts, "missing": self._missing[1]})
