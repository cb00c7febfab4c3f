"""A slice of a batch made as a task: credentials, barcode strings, and the keys sealed for the ledger.

What comes out holds no key in clear: it can travel between processes and wait on a disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bss_mfg.core.portable_tasks import NeverLeaves
from bss_mfg.credentials import format_serial, new_oob_key, new_uuid
from bss_mfg.ledger.sealed_rows import PackageRow, SealedRows, UnitRow, seal_packages
from bss_mfg.ledger.vault import DataKey
from bss_mfg.model import Identity, Package, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.product_keys import load_public_key
from bss_mfg.payload.spec import SpecFile, spec_from_text
from bss_mfg.workspace.product import LoadedProduct

SLICE_UNITS = 2_048
"""Units that a process makes at once."""


UNITS_AT_ONCE = 256
"""Units that are made together, then encrypted together, then sealed: like work side by side."""


@dataclass(frozen=True, slots=True)
class SliceSettings(NeverLeaves):
    """What all slices of a batch share. `data_key` is what its keys are sealed with, `token_random` what a token adds
    to them: both go to this machine's own worker processes, through pipes, and `repr` leaves them out. `public_key` is
    the product's, in PEM."""

    batch_id: str
    spec_text: str
    facts: Mapping[str, str]
    public_key: str
    pid: str
    serial_pattern: str
    units_per_package: int
    oob_bytes: int
    data_key: bytes = field(repr=False)
    token_random: bytes = field(repr=False)


def slice_settings(
    batch_id: str, loaded: LoadedProduct, spec: SpecFile, data_key: bytes, token_random: bytes = b""
) -> SliceSettings:
    """The settings for a batch of a product."""
    product = loaded.product
    return SliceSettings(
        batch_id=batch_id,
        spec_text=spec.text,
        facts=product.facts,
        public_key=loaded.key.pem,
        pid=product.pid,
        serial_pattern=product.serial,
        units_per_package=product.units_per_package,
        oob_bytes=product.oob_bytes,
        data_key=data_key,
        token_random=token_random,
    )


@dataclass(frozen=True, slots=True)
class Slice:
    """Units `first` to `first + count - 1` of a batch, in whole packages. Serials are made of `numbers`, or those of
    `identities`."""

    settings: SliceSettings
    first: int
    count: int
    numbers: Sequence[int]
    identities: tuple[Identity, ...] = ()


def make_slice(slice_: Slice) -> SealedRows:
    """The rows of a slice. New keys and encryption at each call: a slice counts once it is in the ledger."""
    settings = slice_.settings
    spec = spec_from_text(settings.spec_text, f"spec of batch {settings.batch_id}").spec
    public_key = load_public_key(settings.public_key.encode("ascii"), settings.batch_id)
    builder = PayloadBuilder(spec, settings.facts, public_key)
    data_key = DataKey.from_bytes(settings.data_key, settings.batch_id)
    size = settings.units_per_package
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
    settings, number = slice_.settings, slice_.first + index
    if slice_.identities:
        return new_unit(number, slice_.identities[index], settings.oob_bytes, settings.token_random)
    serial = format_serial(settings.serial_pattern, settings.pid, slice_.numbers[index])
    return new_unit(number, Identity(serial), settings.oob_bytes, settings.token_random)


def new_unit(number: int, identity: Identity, oob_bytes: int, token_random: bytes = b"") -> Unit:
    """A unit with a new OOB key of so many bytes, and a new Device UUID where the identity has none."""
    return Unit(
        number=number,
        serial=identity.serial,
        uuid=identity.uuid or new_uuid(token_random, number),
        mac=identity.mac,
        key=new_oob_key(oob_bytes, token_random, number),
        extra=identity.extra,
    )
