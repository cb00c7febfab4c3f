"""The desk between ledger and page: looks, and publishes what changed. It runs in the thread that owns the ledger."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any

from bss_mfg.board.document import line_document, page_document, without_moment
from bss_mfg.board.publication import Publication
from bss_mfg.core.clock import TimeZone
from bss_mfg.core.languages import ENGLISH, Language
from bss_mfg.errors import BssError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.production.line import LineWatch
from bss_mfg.production.records import LineState
from bss_mfg.workspace.failure_pictures import FailurePictures

POLL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class BoardSource:
    """Where the board's numbers come from: how the ledger is opened, and whether that must be done for each look
    (`restore` puts another file in the place of one); the pictures; the page's title; the hours that it shows; the
    operators' language."""

    open_ledger: Callable[[], AbstractContextManager[Ledger]]
    opens_anew: bool
    pictures: FailurePictures
    zone: TimeZone
    title: str
    hours: int
    language: Language = ENGLISH


class BoardDesk:
    """Publishes the line for as long as it runs. A ledger that can't be read for a time is told on the page, with the
    error's first words, and looked at again."""

    def __init__(self, source: BoardSource, publication: Publication) -> None:
        self._source, self._publication = source, publication
        self._watch = LineWatch(source.zone, source.hours)
        self._shown: dict[str, Any] = {}
        self._left = ExitStack()
        self._ledger: Ledger | None = None

    def serve(self, ended: threading.Event, tell: Callable[[str], None] = lambda words: None) -> None:
        """Look until `ended` is set, or Ctrl-C ends it with `KeyboardInterrupt`; `tell` gets troubles in words."""
        try:
            told = ""
            while not ended.is_set():
                trouble = self.look()
                if trouble != told:
                    told = trouble
                    tell(trouble or self._source.language.said("The ledger answers again."))
                ended.wait(POLL_SECONDS)
        finally:
            self._left.close()

    def look(self) -> str:
        """Look once. What is wrong with the ledger, in words; empty where nothing is."""
        try:
            if self._ledger is None:
                self._ledger = self._left.enter_context(self._source.open_ledger())
            self._ledger.home.refuse_moved()
            state, here = self._watch.look(self._ledger), self._ledger.actor.station
        except BssError as error:
            self._leave_ledger()
            self._publish({**self._shown, "trouble": True}, {})
            return error.what
        if self._source.opens_anew:
            self._leave_ledger()
        self._show(state, here)
        return ""

    def _leave_ledger(self) -> None:
        self._ledger = None
        self._left.close()

    def _show(self, state: LineState, here: str) -> None:
        found = ((one.event, self._source.pictures.find(one.event, one.digest)) for one in state.failures)
        pictures = {event: png for event, png in found if png is not None}
        document = line_document(state, self._source.zone, frozenset(pictures), here)
        paths = {f"/picture/{event}": png for event, png in pictures.items()}
        self._publish({**page_document(document, self._source.title, self._source.language), "trouble": False}, paths)

    def _publish(self, document: dict[str, Any], pictures: dict[str, bytes]) -> None:
        changed = without_moment(document) != without_moment(self._shown)
        if changed:
            kept = self._publication.now.pictures if document.get("trouble") else pictures
            self._publication.publish(json.dumps(document, ensure_ascii=True).encode(), kept)
        elif not document.get("trouble"):
            self._publication.confirm()
        self._shown = document
