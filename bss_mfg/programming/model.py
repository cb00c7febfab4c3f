"""What every programming format shares: what a file is marked with, what it says of a unit, and a unit's octets."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bss_mfg.credentials import OOB_SIZES, check_serial
from bss_mfg.errors import InputError
from bss_mfg.model import Secret, Unit

_MARK = re.compile(r"[A-Za-z0-9._:+-]{0,100}")


@dataclass(frozen=True, slots=True)
class About:
    """What a file is marked with where its format has room: the batch's id, the product id, the ledger's head as
    `N:hex`, and the version of bss-mfg. Plain characters only, so that they can stand in any comment."""

    batch: str
    product: str
    head: str
    version: str

    def __post_init__(self) -> None:
        for value in (self.batch, self.product, self.head, self.version):
            if not _MARK.fullmatch(value):
                raise ValueError("a mark has letters, digits, '.', '_', ':', '+' or '-'")

    def __str__(self) -> str:
        return f"batch {self.batch}, product {self.product}, ledger {self.head}, bss-mfg {self.version}"


@dataclass(frozen=True, slots=True)
class Programmed:
    """What a programming file says of one unit; `serial` is None where the format does not hold one."""

    serial: str | None
    uuid: uuid.UUID
    key: Secret


@dataclass(frozen=True, slots=True)
class Format:
    """A programming format.

    `each` says whether a file holds a whole batch or one unit. `write` gives the pieces of one file; `read` gives what
    a file says, in its order; where it is not of the format it raises `InputError`, with the row if there are rows.
    `brings`: a file also holds what the factory brought for a unit (PIN, install code ...).
    """

    name: str
    suffix: str
    each: Literal["batch", "unit"]
    write: Callable[[Iterable[Unit], About], Iterator[bytes]]
    read: Callable[[bytes], list[Programmed]]
    brings: bool = False


def octets_of(unit: Unit | Programmed) -> tuple[bytes, bytes]:
    """Device UUID (RFC 9562: most significant octet first, as in the beacon) and AuthValue (16 or 32 octets).

    The one place of the programming formats where a key is revealed.
    """
    if unit.key is None or len(unit.key) not in OOB_SIZES:
        raise InputError(
            "has no OOB key of 16 or 32 octets",
            where=f"unit {unit.serial}",
            way_out="Check that the batch is not retired. Nothing was written.",
        )
    return unit.uuid.bytes, unit.key.reveal()


def brought(unit: Unit) -> dict[str, str]:
    """What the factory brought for a unit beside its serial and Device UUID: the columns that its spec asks for, and
    with them its MAC (empty where it has none), by which a flasher may know the device. Nothing where the spec asks
    for no columns."""
    return {"mac": unit.mac or "", **unit.extra} if unit.extra else {}


def programmed(serial: str | None, device: bytes, key: bytes) -> Programmed:
    """What a file says of one unit, checked; `ValueError` says what is wrong, never a key."""
    if len(device) != 16:
        raise ValueError(f"the Device UUID has {len(device)} octets, not 16")
    if len(key) not in OOB_SIZES:
        raise ValueError(f"the OOB key has {len(key)} octets, not 16 or 32")
    return Programmed(None if serial is None else check_serial(serial), uuid.UUID(bytes=device), Secret(key))


def from_hex(text: str, what: str) -> bytes:
    """The octets of hex digits; `ValueError` without the digits."""
    if not re.fullmatch(r"([0-9A-Fa-f]{2})*", text):
        raise ValueError(f"the {what} is not pairs of hex digits")
    return bytes.fromhex(text)


def as_text(data: bytes) -> str:
    """A file's ASCII text."""
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        raise not_of("not a text file of this format", f"octet {error.start}") from None


def not_of(what: str, where: str = "") -> InputError:
    """The refusal of a file that does not say what its format says."""
    return InputError(what, where=where, way_out="Compare it with the file that bss-mfg wrote, or write it again.")


def only(units: Iterable[Unit]) -> Unit:
    """The one unit of a file that holds one."""
    (unit,) = units
    return unit
