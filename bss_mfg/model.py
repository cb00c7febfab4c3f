"""Frozen records that all rooms share. Nothing here knows a file, a database or a drawing."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, NoReturn

Stage = Literal["development", "production"]
LabelScope = Literal["package", "unit", "carton", "batch"]
"""What one label of a template is for."""
FillOrder = Literal["rows", "columns", "snake"]
"""In which order the places of a page are filled."""
SymbolStyle = Literal["mask", "vector"]
"""How a PDF draws symbols: one pixel a module, or one path."""


class Secret:
    """Bytes that must not be seen: an OOB key, a data key.

    `repr` and `str` are redacted, comparison takes constant time, and pickling is refused so that a secret can't
    slip into a worker process. `reveal()` and `feed()` are the ways to the bytes, easy to find in a review. `wipe()`
    overwrites them; copies that libraries made in the meantime are beyond Python's reach.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = bytearray(data)

    @classmethod
    def filled(cls, size: int, fill: Callable[[bytearray], object]) -> Secret:
        """A secret that `fill` writes where it is kept: there is no other copy, and it is gone with `wipe()`."""
        secret = cls(bytes(size))
        fill(secret._data)
        return secret

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return bytes(self._data)

    def feed(self, update: Callable[[Any], object]) -> None:
        """Hand the bytes to a digest's `update`: unlike those of `reveal()`, they are gone with `wipe()`."""
        update(self._data)

    def wipe(self) -> None:
        """Overwrite the bytes with zeros."""
        self._data[:] = bytes(len(self._data))

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"<secret, {len(self._data)} bytes>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._data, other._data)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a factory may bring for one unit: a serial, and optionally a Device UUID, a MAC address, and in `extra` the
    columns that the spec asks for. `repr` leaves those out: some are secrets."""

    serial: str
    uuid: uuid.UUID | None = None
    mac: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


class Identifier(NamedTuple):
    """A value that names or opens a device, besides serial, Device UUID and OOB key, as it is compared: `name` is `mac`
    or a column of the identities file, `value` the MAC as text or, of a column, a keyed digest. With `batch_only` it
    may come again in another batch."""

    name: str
    value: bytes
    batch_only: bool = False

    @property
    def key(self) -> tuple[str, bytes]:
        """By what two of them are the same."""
        return self.name, self.value

    @property
    def words(self) -> str:
        """It, for people; a value that may be a secret is not shown."""
        if self.name != "mac":
            return f"its {self.name}"
        digits = self.value.decode("ascii")
        return "MAC " + ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


@dataclass(frozen=True, slots=True)
class ImportedIdentity:
    """An identity that was issued before bss-mfg, as far as it is known: `row` is its row in the file, `key_digest`
    the SHA-256 of its OOB key, `identifiers` what else must not be issued again."""

    row: int
    serial: str
    uuid: uuid.UUID | None
    key_digest: bytes | None
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """One device. `number` counts from 1 within the batch; `key` is present only while a unit is being issued;
    `scrapped` units are issued for ever, and never programmed, shipped or uploaded. `extra` are the columns of the
    identities file that the spec asks for (PIN, install code ...); `repr` leaves them out: some are secrets."""

    number: int
    serial: str
    uuid: uuid.UUID
    mac: str | None = None
    key: Secret | None = None
    scrapped: bool = False
    extra: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Package:
    """One or more units under one barcode. `number` counts from 1 within the batch."""

    number: int
    payload: str
    units: tuple[Unit, ...]
    revision: int = 1
    """Counts the payloads that the package had: more than 1 where a unit of it was replaced."""

    @property
    def scrapped(self) -> bool:
        """Whether a unit in it was scrapped: its label must not leave the factory."""
        return any(unit.scrapped for unit in self.units)

    @property
    def serials_text(self) -> str:
        """The serials as people write them: one, or several joined with a comma."""
        return ", ".join(unit.serial for unit in self.units)


FIELD_PREFIX = "fields."
"""What a field of the factory's own is called by, before its name: in a batch's facts, in templates and tables."""
REQUIRE_DEVICE = "require_device"
"""The fact of a batch whose units count as ready only when their devices have proven their keys on air."""
REQUIRE_VAULT_KEY_IN = "require_vault_key_in"
"""The fact of a batch whose keys are only ever under a vault key in hardware: the kinds that will do, with commas."""


@dataclass(frozen=True, slots=True)
class Batch:
    """N units of one product, issued at once and for ever.

    `facts` is the product as it was at issue (title, pid, upc, ean ...), so that a reprint needs no other file.
    """

    id: str
    product: str
    stage: Stage
    units: int
    packages: int
    units_per_package: int
    created_at: str
    spec: str
    spec_text: str
    suite: str
    key_fingerprint: str
    template: str
    facts: Mapping[str, str]
    longest_payload: int

    @property
    def requires_device(self) -> bool:
        """Whether its packages leave only when the devices in them have proven their keys on air."""
        return bool(self.facts.get(REQUIRE_DEVICE))

    @property
    def vault_key_in(self) -> tuple[str, ...]:
        """The kinds of vault key in hardware that will do for its keys; empty: any vault key will."""
        return tuple(filter(None, self.facts.get(REQUIRE_VAULT_KEY_IN, "").split(",")))


class Rect(NamedTuple):
    """An upright box: its top left corner, and how far it reaches right and down. In millimetres from the top left
    corner of a page or label, or in pixels of a picture: whoever holds it says which."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where its right edge is."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where its lower edge is."""
        return self.y + self.height

    def is_inside(self, outer: Rect, tolerance: float = 0.0) -> bool:
        """Whether it lies in `outer`, each edge up to `tolerance` beyond."""
        return (
            outer.x <= self.x + tolerance
            and outer.y <= self.y + tolerance
            and self.right <= outer.right + tolerance
            and self.bottom <= outer.bottom + tolerance
        )

    def overlaps(self, other: Rect, tolerance: float = 0.0) -> bool:
        """Whether the two have more than `tolerance` in common, both across and down."""
        return (
            self.x < other.right - tolerance
            and other.x < self.right - tolerance
            and self.y < other.bottom - tolerance
            and other.y < self.bottom - tolerance
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a symbol lies: file, page (from 1), and the symbol's box in mm from the page's top left corner."""

    file: str
    page: int
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class LabelFile:
    """One label file that was made: which labels it holds, and where on a page their symbols lie.

    `numbers` are those of the packages in the file's order (of units or cartons, by `each`). `symbol_boxes` are those
    of one page in mm, in the order in which they are filled; the first label lies in box `start_at - 1` of page 1.
    `plan_digest` is of all that decides the file's bytes, `copy` counts sets from 1; each label is there `repeat`
    times, one after the other. `companions` are the areas of a label's other matrix symbols, in mm from the top
    left corner of the package's own. `registration_tolerance` is how far a symbol may be printed from its place, in mm;
    None where the template doesn't say. From `superseded_at` (UTC) on all labels are in others, and this file is not
    printed.
    """

    batch: str
    number: int
    file: str
    sha256: str
    plan_digest: str
    numbers: Sequence[int]
    start_at: int
    symbol_boxes: tuple[Rect, ...]
    page_mm: tuple[float, float]
    modules: int
    template_digest: str
    each: str = "package"
    copy: int = 1
    repeat: int = 1
    superseded_at: str | None = None
    companions: tuple[Rect, ...] = ()
    registration_tolerance: float | None = None

    def place_of(self, package: int) -> Place:
        """Where the symbol of package number `package` lies."""
        index = self.numbers.index(package) * self.repeat + self.start_at - 1
        page, cell = divmod(index, len(self.symbol_boxes))
        x, y, width, height = self.symbol_boxes[cell]
        return Place(self.file, page + 1, x, y, width, height)

    def packages_on(self, page: int) -> Sequence[int]:
        """The package numbers on a page (from 1)."""
        per_page = len(self.symbol_boxes)
        first = (page - 1) * per_page - (self.start_at - 1)
        if self.repeat == 1:
            return self.numbers[max(first, 0) : max(first + per_page, 0)]
        labels = range(max(first, 0), min(max(first + per_page, 0), self.labels))
        return [self.numbers[label // self.repeat] for label in labels]

    def symbol_boxes_on(self, page: int) -> Sequence[Rect]:
        """Where the symbols of `packages_on` that page lie, in the same order."""
        first = self.start_at - 1 if page == 1 else 0
        return self.symbol_boxes[first : first + len(self.packages_on(page))]

    @property
    def pages(self) -> int:
        """How many pages the file has."""
        return -(-(self.labels + self.start_at - 1) // len(self.symbol_boxes))

    @property
    def labels(self) -> int:
        """How many labels the file holds."""
        return len(self.numbers) * self.repeat


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the ledger's append-only history."""

    seq: int
    at: str
    kind: str
    batch: str | None
    data: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """The event as documents for programs have it: what it says beside when, of what kind and of which batch."""
        return {"seq": self.seq, "at": self.at, "kind": self.kind, "batch": self.batch, **self.data}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, on which station, with which version: written into every event."""

    operator: str
    station: str
    version: str
