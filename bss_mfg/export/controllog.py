"""Control logs: what is uploaded so that Amazon knows each device before its box is scanned.

The envelope is published, names inside it are not: they come from a mapping file, each marked published or assumed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bss_mfg.errors import InputError
from bss_mfg.export.tables import shipped
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch, Package, Unit
from bss_mfg.payload import parse as payload_parse
from bss_mfg.payload.spec import Spec, from_text
from bss_mfg.tomlfile import load, parse, validate

Source = Literal[
    "constant", "product.pid", "product.upc", "product.ean", "unit.serial", "unit.uuid", "unit.mac",
    "package.encrypted", "package.serials",
]  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Strict):
    """One value: its path inside a control log, separated by dots, and where it comes from."""

    path: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*$")]
    status: Literal["published", "assumed"]
    source: Source
    value: str | None = None
    optional: bool = Field(False, description="Left out where there is no such value.")
    note: str = ""


class LogMapping(_Strict):
    """A mapping file: the entries of device logs and of bundle logs."""

    format: Literal[1]
    name: str
    title: str = ""
    device: Annotated[tuple[Entry, ...], Field(min_length=1)]
    bundle: tuple[Entry, ...] = ()

    @property
    def assumed(self) -> tuple[str, ...]:
        """Paths that Amazon's public pages do not describe."""
        return tuple(dict.fromkeys(item.path for item in (*self.device, *self.bundle) if item.status == "assumed"))


def load_mapping(spec: str, specs_folder: Path) -> LogMapping:
    """The mapping that stands beside a spec: in the workspace's specs folder, or packaged."""
    name = f"{spec}.control-log.toml"
    if (specs_folder / name).is_file():
        return validate(load(specs_folder / name, "control log mapping"), LogMapping)
    packaged = resources.files("bss_mfg.payload") / "specs" / name
    if not packaged.is_file():
        packaged = resources.files("bss_mfg.payload") / "specs" / "amazon-bss-ob04.control-log.toml"
    return validate(parse(packaged.read_text("utf-8"), packaged.name), LogMapping)


def control_log(ledger: Ledger, batch: Batch, mapping: LogMapping) -> Iterator[bytes]:
    """The control logs of a batch as one JSON document: all device logs, then the bundle logs of multi-packs.

    Streams, one log a line. Secrets appear only as the barcode's encrypted field.
    """
    spec = from_text(batch.spec_text, f"spec of batch {batch.id}").spec
    yield b'{"controlLogs":[\n'
    comma = b""
    for package in shipped(ledger, batch):
        encrypted = _encrypted(package, spec)
        for unit in package.units:
            yield comma + _log(mapping.device, batch, package, unit, encrypted)
            comma = b",\n"
    if batch.units_per_package > 1:
        if not mapping.bundle:
            raise InputError(
                f"the mapping {mapping.name} has no [[bundle]] entries, and batch {batch.id} has multi-device packages",
                way_out="Add them to the mapping file.",
            )
        for package in shipped(ledger, batch):
            yield comma + _log(mapping.bundle, batch, package, None, _encrypted(package, spec))
    yield b"\n]}\n"


def _encrypted(package: Package, spec: Spec) -> str:
    for field in payload_parse.split(package.payload, spec):
        if field.field and field.field.source == "encrypted":
            return field.value
    return ""


def _log(entries: tuple[Entry, ...], batch: Batch, package: Package, unit: Unit | None, encrypted: str) -> bytes:
    log: dict[str, Any] = {}
    values: Mapping[str, Any] = {
        "product.pid": batch.facts["pid"],
        "product.upc": batch.facts["upc"],
        "product.ean": batch.facts["ean"],
        "unit.serial": unit.serial if unit else "",
        "unit.uuid": unit.uuid.hex.upper() if unit else "",
        "unit.mac": (unit.mac or "") if unit else "",
        "package.encrypted": encrypted,
        "package.serials": [{"serialNumber": member.serial} for member in package.units],
    }
    for entry in entries:
        value = entry.value if entry.source == "constant" else values[entry.source]
        if not value:
            if entry.optional:
                continue
            raise InputError(
                f"{entry.path} of the control log has no value ({entry.source})",
                way_out="Correct the mapping file, or mark the entry optional.",
            )
        *folders, name = entry.path.split(".")
        node = log
        for step in folders:
            node = node.setdefault(step, {})
        node[name] = value
    return json.dumps(log, separators=(",", ":")).encode("ascii")
