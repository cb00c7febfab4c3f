"""The words in which a packing table, with or without a radio, and a returns desk answer; what is said by a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from bss_mfg.ledger.package_way import WayStep
from bss_mfg.ledger.packing_records import PackRefusal
from bss_mfg.station.answers import Tone


class PackWord(StrEnum):
    """What a read is called, as the screen shows it."""

    PACKED = "PACKED"
    CARTON_CLOSED = "CARTON CLOSED"
    PALLET_CLOSED = "PALLET CLOSED"
    ON_PALLET = "ON THE PALLET"
    NOT_ON_PALLET = "NOT ON THE PALLET"
    OFF_PALLET = "OFF THE PALLET"
    REMOVED = "REMOVED"
    SCAN_TO_REMOVE = "SCAN WHAT TO REMOVE"
    REMOVE_ENDED = "NOTHING REMOVED"
    LABELS_SENT = "LABELS SENT"
    TWICE = "TWICE"
    NOT_VERIFIED = "NOT VERIFIED"
    NOT_PROVEN = "NOT PROVEN"
    FLASH_FAILED = "FLASH FAILED"
    PROVEN = "PROVEN"
    NO_DEVICE = "NO DEVICE"
    OTHER_DEVICE = "OTHER DEVICE"
    SCRAPPED = "SCRAPPED"
    SHIPPED = "SHIPPED"
    IN_ANOTHER = "IN ANOTHER"
    OTHER_PRODUCT = "OTHER PRODUCT"
    OTHER_MARKET = "OTHER MARKET"
    BATCH_CLOSED = "BATCH CLOSED"
    FULL = "FULL"
    CLOSED = "CLOSED"
    NOT_PACKED = "NOT PACKED"
    REFUSED = "REFUSED"
    LABEL_NOT_SENT = "LABEL NOT SENT"
    OTHER_CODE = "OTHER CODE"
    WRONG_LABEL = "WRONG LABEL"
    RETURNED = "RETURNED"
    VERIFIED_AGAIN = "VERIFIED AGAIN"
    NOT_SHIPPED = "NOT SHIPPED"


_NOTES = frozenset({PackWord.SCAN_TO_REMOVE, PackWord.REMOVE_ENDED, PackWord.TWICE, PackWord.OTHER_CODE})
_QUIET = frozenset({PackWord.SCAN_TO_REMOVE, PackWord.REMOVE_ENDED, PackWord.OTHER_CODE})
"""Notes that are no fault."""
_GOOD = frozenset(
    {
        PackWord.PACKED,
        PackWord.CARTON_CLOSED,
        PackWord.PALLET_CLOSED,
        PackWord.ON_PALLET,
        PackWord.OFF_PALLET,
        PackWord.REMOVED,
        PackWord.LABELS_SENT,
        PackWord.RETURNED,
        PackWord.VERIFIED_AGAIN,
        PackWord.PROVEN,
    }
)
REFUSALS: Mapping[PackRefusal, PackWord] = {
    PackRefusal.NOT_VERIFIED: PackWord.NOT_VERIFIED,
    PackRefusal.NOT_PROVEN: PackWord.NOT_PROVEN,
    PackRefusal.FLASH_FAILED: PackWord.FLASH_FAILED,
    PackRefusal.SCRAPPED: PackWord.SCRAPPED,
    PackRefusal.SHIPPED: PackWord.SHIPPED,
    PackRefusal.TWICE: PackWord.TWICE,
    PackRefusal.IN_ANOTHER: PackWord.IN_ANOTHER,
    PackRefusal.OTHER_PRODUCT: PackWord.OTHER_PRODUCT,
    PackRefusal.OTHER_MARKET: PackWord.OTHER_MARKET,
    PackRefusal.BATCH_CLOSED: PackWord.BATCH_CLOSED,
    PackRefusal.FULL: PackWord.FULL,
    PackRefusal.CLOSED: PackWord.CLOSED,
    PackRefusal.OPEN: PackWord.REFUSED,
    PackRefusal.NOT_PACKED: PackWord.NOT_PACKED,
}
"""What a refusal of the ledger is called."""


@dataclass(frozen=True, slots=True)
class DeskAnswer:
    """The answer to one read: `word` is what the screen shows large, `detail` says why and what to do; the package that
    was read, and at a returns desk its way. The fields are keys of JSON."""

    tone: Tone
    word: str
    detail: str
    batch: str | None = None
    package: int | None = None
    serials: str = ""
    way: tuple[WayStep, ...] = field(default=())

    @property
    def is_fault(self) -> bool:
        """Whether it rings: something is wrong, or was scanned twice."""
        return self.tone is not Tone.GOOD and self.word not in _QUIET


def desk_answer(word: PackWord, detail: str, place: tuple[str, int] | None = None, serials: str = "") -> DeskAnswer:
    """An answer in the tone that belongs to its word."""
    batch, package = place or (None, None)
    return DeskAnswer(tone_of_word(word), word, detail, batch, package, serials)


def tone_of_word(word: PackWord) -> Tone:
    """How a word is shown, and what it counts as."""
    return Tone.GOOD if word in _GOOD else Tone.NOTE if word in _NOTES else Tone.BAD


ControlAct = Literal["remove", "label", "close carton", "close pallet"]


@dataclass(frozen=True, slots=True)
class Control:
    """What an operator says instead of scanning a box: an act, and why."""

    act: ControlAct
    reason: str = ""

    @property
    def text(self) -> str:
        """The code for it. Letters and spaces alone: most keyboard layouts leave them alone."""
        return " ".join(filter(None, ("PACK", self.act.upper(), self.reason)))


_CONTROL = re.compile(
    r"(?:\](?:[A-Za-z]\d))?(?:pack )?(remove|label|close carton|close pallet)(?:[ :]+(.*))?", re.IGNORECASE
)
CONTROLS = (
    Control("remove"),
    Control("label"),
    *(
        Control(act, reason)
        for act in ("close carton", "close pallet")
        for reason in ("end of batch", "end of order", "end of shift")
    ),
)
"""Those on the control sheet."""


def control_of(text: str) -> Control | None:
    """What a typed word or a code of the control sheet says; None for any other text."""
    found = _CONTROL.fullmatch(text.strip())
    if found is None:
        return None
    act: ControlAct = next(act for act in _ACTS if act == found[1].lower())
    return Control(act, (found[2] or "").strip())


_ACTS: tuple[ControlAct, ...] = ("remove", "label", "close carton", "close pallet")
