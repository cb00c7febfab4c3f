"""A mapping held against a sample log, member by member: what it would write, and what the guide prints."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bss_mfg.core.text import printable
from bss_mfg.errors import InputError
from bss_mfg.manifest.json_stream import value_at
from bss_mfg.manifest.log_builder import LogRenderer
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
from bss_mfg.manifest.log_schema import entry_schema
from bss_mfg.manifest.value_forms import form_names, value_form

SHOWN = 60
"""Characters that are shown of a value."""


class MemberState(StrEnum):
    """What a sample says of a member of a log."""

    PROVEN = "proven"
    """The sample has what we would write for this device."""
    CONSISTENT = "consistent"
    """It is there and has the right form; whose value it should be is not known."""
    UNTESTED = "untested"
    """No log of the sample has it."""
    MISSING = "missing"
    """We would write it, and the sample's log doesn't have it."""
    UNKNOWN = "unknown"
    """The sample's log has it, and the mapping doesn't."""
    DIFFERENT = "different"
    """It is there, and has another value or form."""

    @property
    def is_fault(self) -> bool:
        """Whether mapping and sample contradict each other."""
        return self in (MemberState.MISSING, MemberState.UNKNOWN, MemberState.DIFFERENT)


@dataclass(frozen=True, slots=True)
class CheckedMember:
    """A member of one log; `log` is 0 where no log of the sample has it. `expected` and `found` are for people, and
    never hold a key."""

    log: int
    kind: LogKind
    path: str
    state: MemberState
    source: str = ""
    expected: str = ""
    found: str = ""


def check_mapping(
    mapping: LogMapping, sample: LogSample, packages: Sequence[KnownPackage] = ()
) -> tuple[CheckedMember, ...]:
    """Every member of every log of the sample, and those of the mapping that none has."""
    found = [member for log in sample.logs for member in _checked(mapping, log, packages, len(sample.logs))]
    seen = {(one.kind, one.path) for one in found if one.state is not MemberState.UNTESTED}
    kept = [one for one in found if one.state is not MemberState.UNTESTED]
    for kind, entries in ((LogKind.DEVICE, mapping.device), (LogKind.BUNDLE, mapping.bundle)):
        kept += [
            CheckedMember(0, kind, entry.path, MemberState.UNTESTED, entry.source)
            for entry in entries
            if (kind, entry.path) not in seen
        ]
    return tuple(kept)


def shown_by_samples(mapping: LogMapping, samples: Iterable[Sequence[CheckedMember]]) -> frozenset[tuple[LogKind, str]]:
    """The entries, by kind and path, that are proven in every log of these samples, always there, and, if they are
    constants, the same in two logs of that kind: of a single device nobody knows what another would have."""
    states: dict[tuple[LogKind, str], list[MemberState]] = {}
    for member in (one for members in samples for one in members):
        states.setdefault((member.kind, member.path), []).append(member.state)
    proven = {
        (kind, entry.path): entry
        for kind, entries in ((LogKind.DEVICE, mapping.device), (LogKind.BUNDLE, mapping.bundle))
        for entry in entries
        if not entry.optional and set(states.get((kind, entry.path), ())) == {MemberState.PROVEN}
    }
    return frozenset(place for place, entry in proven.items() if entry.source != "constant" or len(states[place]) > 1)


def _checked(
    mapping: LogMapping, log: SampleLog, packages: Sequence[KnownPackage], logs: int
) -> Iterator[CheckedMember]:
    is_bundle = any(
        entry.source == "package.serials" and value_at(log.value, entry.path.split(".")) is not None
        for entry in mapping.bundle
    )
    kind, entries = (LogKind.BUNDLE, mapping.bundle) if is_bundle else (LogKind.DEVICE, mapping.device)
    package, unit = _owner(log, packages, logs, is_bundle)
    known = _known_values(package, unit)
    units = [one for each in packages for one in each.units]
    members = [_member(log, kind, entry, known, units) for entry in entries]
    paths = [entry.path for entry in entries]
    for path, value in leaves(log.value):
        if not any(path == one or one.startswith(f"{path}.") or path.startswith(f"{one}.") for one in paths):
            members.append(CheckedMember(log.number, kind, path, MemberState.UNKNOWN, found=_shown(value, units)))
    yield from members
    if not any(one.state.is_fault for one in members) and (why := _not_rebuilt(log, entries, known, is_bundle)):
        yield CheckedMember(log.number, kind, "", MemberState.DIFFERENT, found=why)


def _owner(
    log: SampleLog, packages: Sequence[KnownPackage], logs: int, is_bundle: bool
) -> tuple[KnownPackage | None, KnownUnit | None]:
    """The package and the device that a log is of: the one whose values stand in it, or else the only one."""
    texts = {value for _, value in leaves(log.value) if isinstance(value, str)}
    digits = {digits_of(text) for text in texts}
    if is_bundle:
        whole = json.dumps(log.value)
        named = [one for one in packages if any(serial and json.dumps(serial) in whole for serial in one.serials)]
        return (named[0] if len(named) == 1 else packages[0] if len(packages) == 1 else None), None
    pairs = [(package, unit) for package in packages for unit in package.units]
    scored = [
        (sum(value in texts or value in digits for value in unit.values.values()), package, unit)
        for package, unit in pairs
    ]
    best = max((score for score, _, _ in scored), default=0)
    named_units = [(package, unit) for score, package, unit in scored if score == best and best]
    if len(named_units) == 1:
        return named_units[0]
    return pairs[0] if len(pairs) == 1 and logs == 1 else (None, None)


def _known_values(package: KnownPackage | None, unit: KnownUnit | None) -> dict[str, Any]:
    values: dict[str, Any] = dict(package.values) if package else {}
    if unit:
        values |= unit.values
    if package and all(package.serials):
        values["package.serials"] = list(package.serials)
    return values


def _member(
    log: SampleLog, kind: LogKind, entry: Entry, known: Mapping[str, Any], units: Sequence[KnownUnit]
) -> CheckedMember:
    def said(state: MemberState, expected: object = "", found: object = "") -> CheckedMember:
        shown = (_shown(one, units) if one != "" else "" for one in (expected, found))
        return CheckedMember(log.number, kind, entry.path, state, entry.source, *shown)

    value = value_at(log.value, entry.path.split("."))
    expected = written_value(entry, known)
    if value is None:
        if not entry.optional or expected is not None:
            return said(MemberState.MISSING, "" if expected is None else expected)
        return said(MemberState.UNTESTED)
    if expected is not None:
        same = value == expected and isinstance(value, bool) == isinstance(expected, bool)
        return said(MemberState.PROVEN) if same else said(MemberState.DIFFERENT, expected, value)
    if problem := _form_problem(entry, value):
        return said(MemberState.DIFFERENT, problem, value)
    return said(MemberState.CONSISTENT, found=value)


def written_value(entry: Entry, known: Mapping[str, Any]) -> Any:
    """What an entry writes of known values; None where its value is not known."""
    if entry.source == "constant":
        return entry.value
    value = known.get(entry.source)
    if value is None:
        return None
    if entry.source == "package.serials":
        return [{entry.member: serial} for serial in value]
    return value_form(entry.source, entry.form).write(value) if form_names(entry.source) else value


def _form_problem(entry: Entry, value: Any) -> str:
    """The form that a value should have, where it has another."""
    schema = entry_schema(entry)
    if entry.source == "package.serials":
        good = isinstance(value, list) and all(
            isinstance(one, dict) and list(one) == [entry.member] and isinstance(one[entry.member], str)
            for one in value
        )
        return "" if good and value else f'a list of {{"{entry.member}": ...}}'
    if isinstance(value, str) and re.fullmatch(schema["pattern"], value):
        return ""
    return f"{entry.source} as {entry.form}" if form_names(entry.source) else f"{entry.source}, a text"


def _not_rebuilt(log: SampleLog, entries: Sequence[Entry], known: Mapping[str, Any], is_bundle: bool) -> str:
    """Why the log that we make of the same values is another; empty where it is the same."""
    values = dict(known)
    for entry in entries:
        found = value_at(log.value, entry.path.split("."))
        if entry.source not in values and entry.source != "constant" and found is not None:
            values[entry.source] = (
                [one[entry.member] for one in found]
                if entry.source == "package.serials"
                else digits_of(found) if form_names(entry.source) else found
            )  # fmt: skip
    varying: tuple[Source, ...] = ("unit.serial", "unit.uuid", "unit.mac", "package.encrypted")
    if is_bundle:
        varying = ("package.serials", "package.encrypted")
    absent = {entry.source for entry in entries if value_at(log.value, entry.path.split(".")) is None}
    fixed = {source: text for source, text in values.items() if source.startswith("product.") and source not in absent}
    given = tuple("" if source in absent else values.get(source) or "" for source in varying)
    try:
        made = json.loads(LogRenderer(tuple(entries), fixed, varying).render(given, f"log {log.number}"))
    except InputError as error:
        return error.what
    return "" if made == log.value else "the log that the mapping makes of the same values is another"


def _shown(value: Any, units: Sequence[KnownUnit]) -> str:
    """A value for people; never a key."""
    if holds_key(value, units):
        return "(holds an OOB key)"
    return printable(value if isinstance(value, str) else json.dumps(value), SHOWN)
