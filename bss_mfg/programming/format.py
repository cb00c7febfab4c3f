"""What every programming format shares: what a file is marked with, what it says of a unit, and a unit's bytes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bss_mfg.credentials import OOB_SIZES, check_serial
from bss_mfg.errors import InputError, Location, ValueProblem
from bss_mfg.model import Secret, Unit

_MARK = re.compile(r"[A-Za-z0-9._:+-]{0,100}")


@dataclass(frozen=True, slots=True)
class FileMark:
    """What a file is marked with where its format has room: the batch's id, the product id, the ledger's head as
    `N:hex`, and the version of bss-mfg. Plain characters only, so that they can stand in any comment."""

    batch: str
    product: str
    ledger_head: str
    version: str

    def __post_init__(self) -> None:
        for value in (self.batch, self.product, self.ledger_head, self.version):
            if not _MARK.fullmatch(value):
                raise ValueError("a mark has letters, digits, '.', '_', ':', '+' or '-'")

    def __str__(self) -> str:
        return f"batch {self.batch}, product {self.product}, ledger {self.ledger_head}, bss-mfg {self.version}"


@dataclass(frozen=True, slots=True)
class ProgrammedUnit:
    """What a programming file says of one unit; `serial` is None where the format does not hold one."""

    serial: str | None
    uuid: uuid.UUID
    key: Secret


@dataclass(frozen=True, slots=True)
class Format:
    """A programming format.

    `one_file_per` says whether a file holds a whole batch or one unit. `write` gives the content of one file; `read`
    what a file says, in its order; where it is not of the format it raises `InputError`, with the row if there are
    rows. `has_extra_columns`: a file also holds what the factory gave for a unit (PIN, install code ...).
    """

    name: str
    suffix: str
    one_file_per: Literal["batch", "unit"]
    write: Callable[[Iterable[Unit], FileMark], Iterator[bytes]]
    read: Callable[[bytes], list[ProgrammedUnit]]
    has_extra_columns: bool = False


def uuid_and_key(unit: Unit | ProgrammedUnit) -> tuple[bytes, bytes]:
    """Device UUID (RFC 9562: most significant byte first, as in the beacon) and AuthValue (16 or 32 bytes).

    The one place of the programming formats where a key is revealed.
    """
    if unit.key is None or len(unit.key) not in OOB_SIZES:
        raise InputError(
            "has no OOB key of 16 or 32 bytes",
            where=f"unit {unit.serial}",
            way_out="Check that the batch is not retired. Nothing was written.",
        )
    return unit.uuid.bytes, unit.key.reveal()


def extra_columns(unit: Unit) -> dict[str, str]:
    """What the factory gave for a unit beside its serial and Device UUID: the columns that its spec needs, and with
    them its MAC (empty where it has none), by which a flasher may know the device. Nothing where the spec needs no
    columns."""
    return {"mac": unit.mac or "", **unit.extra} if unit.extra else {}


def programmed_unit(serial: str | None, uuid_bytes: bytes, key: bytes) -> ProgrammedUnit:
    """What a file says of one unit, checked; `ValueProblem` says what is wrong, never a key."""
    if len(uuid_bytes) != 16:
        raise ValueProblem(f"the Device UUID has {len(uuid_bytes)} bytes, not 16")
    if len(key) not in OOB_SIZES:
        raise ValueProblem(f"the OOB key has {len(key)} bytes, not 16 or 32")
    return ProgrammedUnit(None if serial is None else check_serial(serial), uuid.UUID(bytes=uuid_bytes), Secret(key))


def bytes_from_hex(text: str, what: str) -> bytes:
    """The bytes of hex digits; `ValueProblem` without the digits."""
    if not re.fullmatch(r"([0-9A-Fa-f]{2})*", text):
        raise ValueProblem(f"the {what} is not pairs of hex digits")
    return bytes.fromhex(text)


def ascii_text(data: bytes) -> str:
    """A file's ASCII text."""
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        raise format_error("not a text file of this format", f"byte {error.start}") from None


def format_error(what: str, where: Location | str = "") -> InputError:
    """The refusal of a file that is not of its format."""
    return InputError(what, where=where, way_out="Compare it with the file that bss-mfg wrote, or write it again.")


def row_error(what: str, row: int) -> InputError:
    """The refusal of a row."""
    return format_error(what, Location("", row=row))


def single_unit(units: Iterable[Unit]) -> Unit:
    """The one unit of a file that holds one."""
    (unit,) = units
    return unit
