"""A control log read back, by the paths of its mapping: for the comparison with the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO, Literal

from bss_mfg.manifest.jsonlist import at, members
from bss_mfg.manifest.logschema import checker, log_schema
from bss_mfg.manifest.mapping import Entry, LogMapping

Kind = Literal["device", "bundle"]


@dataclass(frozen=True, slots=True)
class ReadLog:
    """One log as the file has it. `line` counts from 1; `values` are the texts by source, `serials` those of a bundle.

    `problems` says what the schema does not allow; the values are then those that could be read all the same. Texts
    come from the file and may hold anything.
    """

    line: int
    kind: Kind
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


def read_logs(source: bytes | BinaryIO, mapping: LogMapping, name: str = "control log") -> Iterator[ReadLog]:
    """The logs of a file in their order; only one is held at a time, of an open file also a piece of its text.

    `InputError` with the line where the file is not a control log document; `name` is used in it.
    """
    yield from _logs(members(source, ["controlLogs"], name, alone=True), mapping)


def read_list(data: bytes, mapping: LogMapping, line: int) -> Iterator[ReadLog]:
    """The logs in a piece of a document's list, which begins in line `line` of its file; as `read_logs`."""
    yield from _logs(((line - 1 + at, log) for at, log in members(b"[" + data + b"]", [], "")), mapping)


def _logs(values: Iterable[tuple[int, Any]], mapping: LogMapping) -> Iterator[ReadLog]:
    kinds = _kinds(mapping)
    lists = [path for entry, path in kinds["bundle"][0] if entry.source == "package.serials"]
    for line, value in values:
        kind: Kind = "bundle" if any(at(value, path) is not None for path in lists) else "device"
        paths, check = kinds[kind]
        problem = check(value)
        yield _read(line, kind, value, paths, [problem] if problem else [])


@lru_cache(maxsize=8)
def _kinds(mapping: LogMapping) -> dict[Kind, tuple[list[tuple[Entry, list[str]]], Callable[[Any], str]]]:
    """Of each kind of log its paths, and the check of its schema, which takes longer to make than a thousand checks."""
    kinds: dict[Kind, tuple[Entry, ...]] = {"device": mapping.device, "bundle": mapping.bundle}
    return {
        kind: ([(entry, entry.path.split(".")) for entry in entries], checker(log_schema(entries)))
        for kind, entries in kinds.items()
    }


def _read(line: int, kind: Kind, log: Any, paths: list[tuple[Entry, list[str]]], problems: list[str]) -> ReadLog:
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
