"""A slice of a batch made as a part: credentials, barcode strings, and the keys sealed for the ledger.

What comes out holds no key in clear: it can travel between processes and wait on a disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bss_mfg.credentials import format_serial, new_oob_key, new_uuid
from bss_mfg.ledger.sealed_rows import PackageRow, SealedRows, UnitRow, seal_packages
from bss_mfg.ledger.vault import DataKey
from bss_mfg.model import Identity, Package, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.product_keys import load_public_key
from bss_mfg.payload.spec import spec_from_text

UNITS_AT_ONCE = 256
"""Units that are made together, then encrypted together, then sealed: like work side by side."""


@dataclass(frozen=True, slots=True)
class SliceSettings:
    """What all slices of a batch share. `data_key` is what its keys are sealed with: it goes to this machine's own
    worker processes, through pipes, and `repr` leaves it out. `key` is the product public key in PEM."""

    batch: str
    spec_text: str
    facts: Mapping[str, str]
    key: str
    pid: str
    serial_pattern: str
    units_per_package: int
    oob_bytes: int
    data_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Slice:
    """Units `first` to `first + count - 1` of a batch, in whole packages. Serials are running numbers from
    `next_serial` on, or those of `given`."""

    settings: SliceSettings
    first: int
    count: int
    next_serial: int
    identities: tuple[Identity, ...] = ()


def make_slice(slice_: Slice) -> SealedRows:
    """The rows of a slice. New keys and encryption at each call: a slice counts once it is in the ledger."""
    recipe = slice_.settings
    spec = spec_from_text(recipe.spec_text, f"spec of batch {recipe.batch}").spec
    builder = PayloadBuilder(spec, recipe.facts, load_public_key(recipe.key.encode("ascii"), recipe.batch))
    data_key = DataKey.from_bytes(recipe.data_key, recipe.batch)
    size = recipe.units_per_package
    step = max(UNITS_AT_ONCE // size, 1) * size
    packages: list[PackageRow] = []
    units: list[UnitRow] = []
    for start in range(0, slice_.count, step):
        members = [_unit(slice_, index) for index in range(start, min(start + step, slice_.count))]
        groups = [tuple(members[at : at + size]) for at in range(0, len(members), size)]
        number = (slice_.first - 1 + start) // size + 1
        made = seal_packages(
            [Package(number + at, builder.build(group), group) for at, group in enumerate(groups)], data_key
        )
        packages += made[0]
        units += made[1]
    return packages, units


def _unit(slice_: Slice, index: int) -> Unit:
    recipe = slice_.settings
    given = slice_.identities[index] if slice_.identities else None
    return Unit(
        number=slice_.first + index,
        serial=given.serial if given else format_serial(recipe.serial_pattern, recipe.pid, slice_.next_serial + index),
        uuid=(given.uuid if given else None) or new_uuid(),
        mac=given.mac if given else None,
        key=new_oob_key(recipe.oob_bytes),
        extra=given.extra if given else {},
    )
