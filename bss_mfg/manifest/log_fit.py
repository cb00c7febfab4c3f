"""A mapping proposed from a sample log and the devices in it: where each known value stands, and what else there is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bss_mfg.core.text import count_words, printable
from bss_mfg.core.toml_files import quote
from bss_mfg.errors import InputError
from bss_mfg.manifest.json_stream import value_at
from bss_mfg.manifest.log_check import CheckedMember, check_mapping, shown_by_samples, written_value
from bss_mfg.manifest.log_mapping import Entry, LogMapping, Source
from bss_mfg.manifest.log_reader import LogKind
from bss_mfg.manifest.log_sample import (
    KnownPackage,
    KnownUnit,
    LogSample,
    SampleLog,
    digits_of,
    holds_key,
    leaves,
)
from bss_mfg.manifest.value_forms import DEFAULT, form_names

_OF_DEVICE: tuple[Source, ...] = (
    "unit.serial", "unit.uuid", "unit.mac", "package.encrypted", "product.pid", "product.upc", "product.ean",
)  # fmt: skip
_OF_BUNDLE: tuple[Source, ...] = ("package.encrypted", "product.pid", "product.upc", "product.ean")


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A member that no entry of a mapping can write as the sample has it. `why` never holds a key."""

    kind: LogKind
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class FittedMapping:
    """A proposed mapping as the text of its file, what it could not explain, and how the sample agrees with it."""

    mapping: LogMapping
    text: str
    unexplained: tuple[Unexplained, ...]
    members: tuple[CheckedMember, ...]


@dataclass(frozen=True, slots=True)
class _OwnedLog:
    """A log with the device or the package that it is of."""

    log: SampleLog
    known: Mapping[str, Any]


def fit_mapping(sample: LogSample, packages: Sequence[KnownPackage], name: str) -> FittedMapping:
    """Propose a mapping for the spec `name`. `InputError` where no log names a device that is known."""
    units = [unit for package in packages for unit in package.units]
    owned: dict[LogKind, list[_OwnedLog]] = {LogKind.DEVICE: [], LogKind.BUNDLE: []}
    lists: set[tuple[str, str]] = set()
    for log in sample.logs:
        kind, known, place = _owner(log, packages)
        owned[kind].append(_OwnedLog(log, known))
        lists |= {place} if place else set()
    if not any(one.known for one in owned[LogKind.DEVICE]):
        raise InputError(
            "names none of the given devices",
            where=sample.name,
            way_out="Give the devices whose logs these are: --units with a sample file (docs/formats/spec-sample.md).",
        )
    unexplained: list[Unexplained] = []
    entries: dict[LogKind, list[Entry]] = {}
    for kind, logs in owned.items():
        entries[kind] = []
        for found in _fitted_members(kind, logs, lists, units):
            (unexplained if isinstance(found, Unexplained) else entries[kind]).append(found)  # type: ignore[arg-type]
    mapping = _mapping(name, entries, sample.name)
    members = check_mapping(mapping, sample, packages)
    mapping = _marked(mapping, shown_by_samples(mapping, [members]))
    return FittedMapping(mapping, _mapping_text(mapping, len(sample.logs)), tuple(unexplained), members)


def _marked(mapping: LogMapping, shown: Collection[tuple[LogKind, str]]) -> LogMapping:
    """The mapping with all that the sample does not show as assumed."""

    def entries(kind: LogKind, fitted: Sequence[Entry]) -> tuple[Entry, ...]:
        return tuple(
            one if (kind, one.path) in shown else one.model_copy(update={"status": "assumed"}) for one in fitted
        )

    return mapping.model_copy(
        update={
            "device": entries(LogKind.DEVICE, mapping.device),
            "bundle": entries(LogKind.BUNDLE, mapping.bundle),
        }
    )


def _mapping(name: str, entries: Mapping[LogKind, Sequence[Entry]], where: str) -> LogMapping:
    device, bundle = tuple(entries[LogKind.DEVICE]), tuple(entries[LogKind.BUNDLE])
    try:
        return LogMapping(format=1, name=name, title="Control logs, from a sample", device=device, bundle=bundle)
    except ValidationError as error:
        raise InputError(
            f"can't be written by a mapping: {error.errors()[0]['msg'].removeprefix('Value error, ')}",
            where=where,
            way_out="Write the mapping by hand (docs/formats/control-log.md), and hold it against the sample with "
            "`bss-mfg mapping check`.",
        ) from None


def _owner(log: SampleLog, packages: Sequence[KnownPackage]) -> tuple[LogKind, dict[str, Any], tuple[str, str] | None]:
    """The kind of a log, the known values of what it is of, and of a bundle where its serials stand."""
    for path, value in leaves(log.value):
        if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
            continue
        for member in value[0]:
            serials = [one.get(member) for one in value]
            for package in packages:
                if all(package.serials) and serials == list(package.serials):
                    return LogKind.BUNDLE, {**package.values, "package.serials": serials}, (path, member)
    texts = {value for _, value in leaves(log.value) if isinstance(value, str)}
    digits = {digits_of(text) for text in texts}
    scored = [
        (sum(value in texts or value in digits for value in unit.values.values()), {**package.values, **unit.values})
        for package in packages
        for unit in package.units
    ]
    best = max(score for score, _ in scored)
    named = [known for score, known in scored if score == best]
    return LogKind.DEVICE, named[0] if best and len(named) == 1 else {}, None


def _fitted_members(
    kind: LogKind, logs: Sequence[_OwnedLog], lists: set[tuple[str, str]], units: Sequence[KnownUnit]
) -> Iterator[Entry | Unexplained]:
    paths = dict.fromkeys(path for one in logs for path, _ in leaves(one.log.value))
    for path in paths:
        found = [(one, value_at(one.log.value, path.split("."))) for one in logs]
        values = [(one, value) for one, value in found if value is not None]
        optional = len(values) < len(logs)
        if not all(part.replace("_", "").replace("-", "").isalnum() and part.isascii() for part in path.split(".")):
            yield Unexplained(kind, printable(path, 80), "a mapping has names of letters, digits, _ and - only")
        elif member := next((name for place, name in lists if kind is LogKind.BUNDLE and place == path), None):
            yield Entry(
                path=path,
                status="confirmed",
                source="package.serials",
                member=member,
                note=_note(len(values), len(logs)),
            )
        elif any(holds_key(value, units) for _, value in values):
            yield Unexplained(kind, path, "it holds an OOB key in clear; a mapping can't write one")
        else:
            yield _fitted(kind, path, values, optional, len(logs))


def _fitted(
    kind: LogKind, path: str, values: Sequence[tuple[_OwnedLog, Any]], optional: bool, logs: int
) -> Entry | Unexplained:
    if not values:
        return Unexplained(kind, path, "it is null")
    note = _note(len(values), logs)
    sources = _OF_DEVICE if kind is LogKind.DEVICE else _OF_BUNDLE
    fits = [
        entry
        for source in sources
        for form in (form_names(source) or (DEFAULT,))
        if (entry := _entry(path, source, form, optional, note))
        and all(written_value(entry, one.known) == value for one, value in values)
    ]
    if fits:
        others = [one.source for one in fits[1:] if one.source != fits[0].source]
        if others:
            note = f"{note}; {' and '.join(dict.fromkeys(others))} would fit as well"
            return fits[0].model_copy(update={"note": note, "status": "assumed"})
        return fits[0]
    texts = [value for _, value in values]
    if any(value != texts[0] or isinstance(value, bool) != isinstance(texts[0], bool) for value in texts):
        return Unexplained(kind, path, "it differs from log to log, and isn't among the known values")
    value = texts[0]
    if not isinstance(value, str | int) or value == "":
        return Unexplained(
            kind, path, f"{printable(json.dumps(value), 40)} isn't a text, a whole number, true or false"
        )
    inside = [source for one, _ in values for source in sources if _is_inside(one.known.get(source), value)]
    if inside:
        return Unexplained(kind, path, f"{inside[0]} stands in it, in a form that a mapping can't write")
    if len(values) == 1:
        note += ": it may be another in the log of another device"
    return Entry(path=path, status="confirmed", source="constant", value=value, optional=optional, note=note)


def _entry(path: str, source: Source, form: Any, optional: bool, note: str) -> Entry:
    named = form if form_names(source) and form != DEFAULT else None
    return Entry(path=path, status="confirmed", source=source, format=named, optional=optional, note=note)


def _is_inside(known: Any, value: Any) -> bool:
    return isinstance(known, str) and len(known) >= 4 and isinstance(value, str) and (
        known in value or (len(known) >= 12 and known in digits_of(value))
    )  # fmt: skip


def _note(found: int, logs: int) -> str:
    return f"In {found} of {count_words(logs, 'log')} of the sample"


# --- the file ---------------------------------------------------------------------------------------------------------


def _mapping_text(mapping: LogMapping, logs: int) -> str:
    lines = [
        f"# Proposed from a sample of {count_words(logs, 'log')} by `bss-mfg mapping fit`. Compare it with the guide.",
        "",
        "format = 1",
        f"name = {quote(mapping.name)}",
        f"title = {quote(mapping.title)}",
    ]
    for kind, entries in (("device", mapping.device), ("bundle", mapping.bundle)):
        for entry in entries:
            lines += ["", f"[[{kind}]]", *_entry_lines(entry)]
    return "\n".join(lines) + "\n"


def _entry_lines(entry: Entry) -> Iterator[str]:
    yield f"path = {quote(entry.path)}"
    yield f'status = "{entry.status}"'
    yield f'source = "{entry.source}"'
    if entry.value is not None:
        yield f"value = {quote(entry.value) if isinstance(entry.value, str) else json.dumps(entry.value)}"
    if entry.format:
        yield f'format = "{entry.format}"'
    if entry.source == "package.serials":
        yield f"member = {quote(entry.member)}"
    if entry.optional:
        yield "optional = true"
    if entry.note:
        yield f"note = {quote(entry.note)}"
