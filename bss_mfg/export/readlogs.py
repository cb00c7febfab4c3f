"""A control log read back, by the paths of its mapping: for the comparison with the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bss_mfg.export.jsonlist import at, members
from bss_mfg.export.logschema import checker, log_schema
from bss_mfg.export.mapping import Entry, LogMapping


@dataclass(frozen=True, slots=True)
class ReadLog:
    """One log as the file has it. `line` counts from 1; `values` are the texts by source, `serials` those of a bundle.

    `problems` says what the schema does not allow; the values are then those that could be read all the same. Texts
    come from the file and may hold anything.
    """

    line: int
    kind: Literal["device", "bundle"]
    values: Mapping[str, str]
    serials: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def serial(self) -> str:
        """The device's serial; empty where there is none, as with all of these."""
        return self.values.get("unit.serial", "")

    @property
    def uuid(self) -> str:
        """The Device UUID as it stands there: 32 upper-case hex digits, where it holds the schema."""
        return self.values.get("unit.uuid", "")

    @property
    def mac(self) -> str:
        return self.values.get("unit.mac", "")

    @property
    def pid(self) -> str:
        return self.values.get("product.pid", "")

    @property
    def encrypted(self) -> str:
        """The encrypted field of the package's barcode."""
        return self.values.get("package.encrypted", "")


def read_logs(data: bytes, mapping: LogMapping, name: str = "control log") -> Iterator[ReadLog]:
    """The logs of a file in their order; only one is held at a time beside the file itself.

    `InputError` with the line where the file is not a control log document; `name` is used in it.
    """
    kinds: dict[Literal["device", "bundle"], tuple[Entry, ...]] = {"device": mapping.device, "bundle": mapping.bundle}
    paths = {kind: [(entry, entry.path.split(".")) for entry in entries] for kind, entries in kinds.items()}
    checks = {kind: checker(log_schema(entries)) for kind, entries in kinds.items()}
    lists = [path for entry, path in paths["bundle"] if entry.source == "package.serials"]
    for line, value in members(data, ["controlLogs"], name, alone=True):
        kind: Literal["device", "bundle"] = "bundle" if any(at(value, path) is not None for path in lists) else "device"
        problem = checks[kind](value)
        yield _read(line, kind, value, paths[kind], [problem] if problem else [])


def _read(
    line: int, kind: Literal["device", "bundle"], log: Any, paths: list[tuple[Entry, list[str]]], problems: list[str]
) -> ReadLog:
    values: dict[str, str] = {}
    serials: tuple[str, ...] = ()
    for entry, path in paths:
        value = at(log, path)
        if entry.source == "package.serials":
            found = [at(item, [entry.member]) for item in value] if isinstance(value, list) else []
            serials = tuple(serial for serial in found if isinstance(serial, str))
        elif entry.source != "constant" and isinstance(value, str) and value != values.setdefault(entry.source, value):
            problems.append(f"{entry.path} says otherwise than an earlier path of {entry.source}")
    return ReadLog(line, kind, values, serials, tuple(problems))
