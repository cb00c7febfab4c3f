"""What a verification asks of every page."""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.core.code_patterns import CodePattern
from bss_mfg.imaging.reflectance import Calibration
from bss_mfg.ledger.events import ReadSubject
from bss_mfg.ledger.place import LedgerPlace
from bss_mfg.model import Actor, LabelScope
from bss_mfg.verify.label_source import LabelSource


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is asked of all pages, and where the ledger lies that they are compared with."""

    ledger: LedgerPlace
    actor: Actor
    batch_id: str
    each: LabelScope = "package"
    """What the labels are for that are read."""
    second_reader: bool = False
    grade: bool = False
    patience: int = 1
    """How many times the usual work a page may cost beyond quick reading."""
    of: ReadSubject | None = None
    """What the files are, where the person said so."""
    labels: LabelSource | None = None
    """What is to be on the labels besides their symbols, where that is compared."""
    calibration: Calibration | None = None
    """What a reflectance card says of the pictures' light."""
    pictures: bool = False
    """Whether texts, codes and artwork that are wrong are shown in pictures."""
    min_grade: float | None = None
    """The least grade, 4 to 0, with which a label is right."""
    expected: tuple[CodePattern, ...] = ()
    """The codes that are expected beside labels."""
