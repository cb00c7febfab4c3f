"""What a fit found: explanations, what tells them apart, and how near the nearest came."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bss_mfg.payload.fitting.tally import NearMiss, ValueOf
from bss_mfg.payload.spec import Spec


class Vary(Enum):
    """What another sample should have otherwise, so that explanations differ."""

    UNITS = "units"
    OOB_SIZE = "oob-size"
    VALUE_LENGTH = "value-length"
    LETTERS = "letters"
    PADDING = "padding"
    PRODUCT = "product"
    KEY = "private-key"
    UNIT_ORDER = "unit-order"


@dataclass(frozen=True, slots=True)
class Question:
    """What the samples leave open: of which field, the readings in a few words, and what another sample should vary."""

    key: str
    readings: tuple[str, ...]
    vary: Vary


@dataclass(frozen=True, slots=True)
class Form:
    """What the length and form of a field allow without a key, and what they exclude."""

    key: str
    formats: tuple[str, ...]
    sizes: tuple[int, ...]
    possible: tuple[str, ...]
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FitReport:
    """The outcome. `specs` are all explanations (at most `MOST` of them; `explanations` counts all), the likeliest
    first. `unplaced` are values of the samples that stand nowhere, by their sources; `wrong` says of which units."""

    specs: tuple[Spec, ...]
    explanations: int
    questions: tuple[Question, ...] = ()
    forms: tuple[Form, ...] = ()
    nearest: tuple[NearMiss, ...] = ()
    unplaced: tuple[str, ...] = ()
    wrong: tuple[ValueOf, ...] = ()
    tried: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


MOST = 32
"""Explanations that are written out."""
