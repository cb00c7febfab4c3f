"""The words in which a packing table, with or without a radio, and a returns desk answer; what is said by a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from bss_mfg.core.languages import phrase
from bss_mfg.ledger.package_way import WayStep
from bss_mfg.ledger.packing_records import PackRefusal
from bss_mfg.station.answers import Tone


class PackWord(StrEnum):
    """What a read is called, as the screen shows it."""

    PACKED = phrase("PACKED")
    CARTON_CLOSED = phrase("CARTON CLOSED")
    PALLET_CLOSED = phrase("PALLET CLOSED")
    ON_PALLET = phrase("ON THE PALLET")
    NOT_ON_PALLET = phrase("NOT ON THE PALLET")
    OFF_PALLET = phrase("OFF THE PALLET")
    REMOVED = phrase("REMOVED")
    SCAN_TO_REMOVE = phrase("SCAN WHAT TO REMOVE")
    REMOVE_ENDED = phrase("NOTHING REMOVED")
    LABELS_SENT = phrase("LABELS SENT")
    TWICE = phrase("TWICE")
    NOT_VERIFIED = phrase("NOT VERIFIED")
    NOT_PROVEN = phrase("NOT PROVEN")
    FLASH_FAILED = phrase("FLASH FAILED")
    PROVEN = phrase("PROVEN")
    NO_DEVICE = phrase("NO DEVICE")
    OTHER_DEVICE = phrase("OTHER DEVICE")
    TWINS = phrase("TWINS")
    SCRAPPED = phrase("SCRAPPED")
    SHIPPED = phrase("SHIPPED")
    IN_ANOTHER = phrase("IN ANOTHER")
    OTHER_PRODUCT = phrase("OTHER PRODUCT")
    OTHER_MARKET = phrase("OTHER MARKET")
    BATCH_CLOSED = phrase("BATCH CLOSED")
    FULL = phrase("FULL")
    CLOSED = phrase("CLOSED")
    NOT_PACKED = phrase("NOT PACKED")
    REFUSED = phrase("REFUSED")
    LABEL_NOT_SENT = phrase("LABEL NOT SENT")
    OTHER_CODE = phrase("OTHER CODE")
    WRONG_LABEL = phrase("WRONG LABEL")
    RETURNED = phrase("RETURNED")
    VERIFIED_AGAIN = phrase("VERIFIED AGAIN")
    NOT_SHIPPED = phrase("NOT SHIPPED")


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
