"""A control log read back, by the paths of its mapping: for the comparison with the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, BinaryIO, NamedTuple

from bss_mfg.manifest.json_stream import JsonMember, stream_members, value_at
from bss_mfg.manifest.log_mapping import Entry, LogMapping
from bss_mfg.manifest.log_schema import compile_check, log_schema
from bss_mfg.manifest.value_forms import DEFAULT, form_names, value_form


class LogKind(StrEnum):
    """What a log is of."""

    DEVICE = "device"
    BUNDLE = "bundle"
    """The package of several devices."""


@dataclass(frozen=True, slots=True)
class ReadLog:
    """One log as the file has it. `line` counts from 1; `values` are the texts by source, `serials` those of a bundle.

    `problems` says what the schema does not allow; the values are then those that could be read all the same. Texts
    are the file's and may hold anything.
    """

    line: int
    kind: LogKind
    values: Mapping[str, str]
    serials: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def serial(self) -> str:
        """The device's serial; empty where there is none, as with all of these."""
        return self.values.get("unit.serial", "")

    @property
    def uuid(self) -> str:
        """The Device UUID as the file has it: 32 upper-case hex digits, where the schema allows it."""
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
    """The logs of a file in their order; only one is held at a time, of an open file also a block of its text.

    `InputError` with the line where the file is not a control log document; `name` is used in it.
    """
    yield from _logs(stream_members(source, ["controlLogs"], name, exclusive=True), mapping)


def read_log_lines(data: bytes, mapping: LogMapping, line: int) -> Iterator[ReadLog]:
    """The logs in a block of a document's list, which begins in line `line` of its file; as `read_logs`."""
    members = stream_members(b"[" + data + b"]", [], "")
    yield from _logs((JsonMember(line - 1 + item.line, item.value) for item in members), mapping)


def _logs(members: Iterable[JsonMember], mapping: LogMapping) -> Iterator[ReadLog]:
    kinds = _compiled_kinds(mapping)
    lists = [item.path for item in kinds[LogKind.BUNDLE].entries if item.entry.source == "package.serials"]
    for line, value in members:
        is_bundle = any(value_at(value, path) is not None for path in lists)
        yield _read(line, LogKind.BUNDLE if is_bundle else LogKind.DEVICE, value, kinds)


class _EntryPath(NamedTuple):
    """An entry of the mapping, with its path in steps."""

    entry: Entry
    path: list[str]


class _CompiledKind(NamedTuple):
    """The entries of one kind of log, and the check of its schema: an empty string where a value is right."""

    entries: list[_EntryPath]
    check: Callable[[Any], str]


@lru_cache(maxsize=8)
def _compiled_kinds(mapping: LogMapping) -> dict[LogKind, _CompiledKind]:
    """Both kinds of log, kept: to compile a schema takes longer than a thousand checks."""
    kinds = {LogKind.DEVICE: mapping.device, LogKind.BUNDLE: mapping.bundle}
    return {
        kind: _CompiledKind(
            [_EntryPath(entry, entry.path.split(".")) for entry in entries], compile_check(log_schema(entries))
        )
        for kind, entries in kinds.items()
    }


def _read(line: int, kind: LogKind, log: Any, kinds: Mapping[LogKind, _CompiledKind]) -> ReadLog:
    entries, check = kinds[kind]
    problems = [problem] if (problem := check(log)) else []
    values: dict[str, str] = {}
    serials: tuple[str, ...] = ()
    for entry, path in entries:
        value = value_at(log, path)
        if entry.source == "package.serials":
            found = [value_at(item, [entry.member]) for item in value] if isinstance(value, list) else []
            serials = tuple(serial for serial in found if isinstance(serial, str))
        elif entry.source != "constant" and isinstance(value, str):
            said = _digits(entry, value)
            if said != values.setdefault(entry.source, said):
                problems.append(f"{entry.path} differs from an earlier path of {entry.source}")
    return ReadLog(line, kind, values, serials, tuple(problems))


def _digits(entry: Entry, value: str) -> str:
    """A UUID or a MAC as the ledger has it, where it is written as the mapping says; else as it is."""
    if entry.form == DEFAULT or not form_names(entry.source):
        return value
    form = value_form(entry.source, entry.form)
    return form.read(value) if re.fullmatch(form.pattern, value) else value
