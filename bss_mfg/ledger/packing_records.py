"""Cartons and pallets as records: what they are, how they begin, and why something does not go into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bss_mfg import gs1
from bss_mfg.core.languages import phrase
from bss_mfg.errors import InputError
from bss_mfg.model import FIELD_PREFIX, Batch

UnitKind = Literal["carton", "pallet"]
Place = tuple[str, int]
"""A package: id of its batch, and its number."""

MARKET = f"{FIELD_PREFIX}market"
"""The field of a product or batch that says where its packages are sold."""
_SSCC_DIGITS = 17
"""Without the check digit."""


@dataclass(frozen=True, slots=True)
class LogisticUnit:
    """A carton or a pallet: its number in the ledger, how many packages or cartons it takes and holds, the table where
    it was packed, the pallet that a carton is on, the file of its label, and whether a printer has that."""

    number: int
    kind: UnitKind
    size: int
    mixed: bool
    sscc: str | None
    station: str
    opened_at: str
    closed_at: str | None
    pallet: int | None
    label: str | None
    sent: bool
    held: int

    @property
    def words(self) -> str:
        """What it is called."""
        if self.kind == "carton":
            return phrase("carton {number}", number=self.number)
        return phrase("pallet {number}", number=self.number)

    @property
    def full(self) -> bool:
        """Whether nothing more goes in."""
        return self.held >= self.size


@dataclass(frozen=True, slots=True)
class PackedUnits:
    """In how many cartons, and on how many pallets, packages of a batch are."""

    cartons: int
    pallets: int


@dataclass(frozen=True, slots=True)
class NewLogisticUnit:
    """How a table begins a carton or pallet: its size; the extension digit and company prefix of its SSCC, empty for
    none; whether a pallet may hold several products."""

    size: int
    sscc_prefix: str = ""
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class ClosingLabel:
    """The label of what is closed: its file's name and SHA-256, what puts it in place, and for which contents it was
    drawn."""

    contents: Sequence[Place]
    file: str
    sha256: str
    put: Callable[[], None]


class PackRefusal(StrEnum):
    """Why a box or carton was not taken."""

    NOT_VERIFIED = "not verified"
    NOT_PROVEN = "not proven"
    FLASH_FAILED = "flash failed"
    SCRAPPED = "scrapped"
    SHIPPED = "shipped"
    TWICE = "twice"
    IN_ANOTHER = "in another"
    OTHER_PRODUCT = "other product"
    OTHER_MARKET = "other market"
    BATCH_CLOSED = "batch closed"
    FULL = "full"
    CLOSED = "closed"
    OPEN = "open"
    NOT_PACKED = "not packed"


@dataclass(frozen=True, slots=True)
class Refused:
    """That nothing was changed, why, and what to do."""

    kind: PackRefusal
    words: str


def off_pallet_words(carton: str) -> str:
    """How a carton, by its words, is taken off its pallet."""
    typed = f"`{carton}`"
    return phrase("in `bss-mfg pack`: `remove`, then its label or {typed}", typed=typed)


def closed_words(unit: LogisticUnit) -> str:
    """That nothing is taken out of what is closed, and what to do: a carton leaves its pallet first."""
    way_out = f"`bss-mfg {unit.kind} reopen {unit.number} --reason TEXT`"
    if unit.pallet:
        return phrase(
            "{unit} is closed, and on pallet {pallet}: take it off ({how}), then {command}",
            unit=unit.words, pallet=unit.pallet, how=off_pallet_words(unit.words), command=way_out,
        )  # fmt: skip
    return phrase("{unit} is closed: {command} first", unit=unit.words, command=way_out)


def close_first(unit: LogisticUnit) -> str:
    """How an open carton or pallet is closed, typed at its table."""
    return f"close it first (`bss-mfg pack --close-{unit.kind} --reason TEXT`)"


def other_goods(first: Batch, batch: Batch, *, mixed: bool = False) -> Refused | None:
    """Why something is not for the same carton or pallet as `first`: another product, unless that is mixed, or another
    market."""
    if batch.product != first.product and not mixed:
        words = phrase("it is {product}, and {other} is packed here", product=batch.product, other=first.product)
        return Refused(PackRefusal.OTHER_PRODUCT, words)
    here, there = first.facts.get(MARKET, ""), batch.facts.get(MARKET, "")
    if here != there:
        return Refused(PackRefusal.OTHER_MARKET, other_market_words(there, here))
    return None


def other_market_words(market: str, here: str) -> str:
    """That a package is for another market than those that are packed."""
    none = phrase("none")
    return phrase("its market is {market}, and {other} is packed here", market=market or none, other=here or none)


def sscc_of(prefix: str, number: int) -> str | None:
    """The SSCC of a number: extension digit and company prefix, the number, a check digit (GS1 General Specifications,
    2.2.1); None without a prefix."""
    if not prefix:
        return None
    digits = _SSCC_DIGITS - len(prefix)
    if len(str(number)) > digits:
        raise InputError(
            f"carton number {number} has no room behind {prefix}: an SSCC leaves {digits} digits",
            where="bss-mfg.toml, packing.sscc_prefix",
            way_out="Choose another extension digit, the first digit.",
        )
    return gs1.sscc(f"{prefix}{number:0{digits}}")
