"""A sample log as a guide prints it, and the devices in it as far as they are known: what mappings are held against."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.credentials import OOB_SIZES
from bss_mfg.errors import InputError
from bss_mfg.manifest.json_stream import stream_members
from bss_mfg.model import Secret
from bss_mfg.payload.parse import split_fields
from bss_mfg.payload.spec import Spec
from bss_mfg.payload.spec_samples import SampleUnit, SpecSample

ENVELOPE = "controlLogs"
_HEX_RUN = re.compile(r"[0-9A-Fa-f]{32,}")
_PUNCTUATION = re.compile(r"[\s:\-]")


@dataclass(frozen=True, slots=True)
class SampleLog:
    """One log of a sample: an object with its line, and its number from 1."""

    number: int
    line: int
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogSample:
    """The logs of a sample file. `enveloped`: they stand in the list `controlLogs`, as in what is uploaded; a guide may
    also print single logs."""

    name: str
    logs: tuple[SampleLog, ...]
    enveloped: bool


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A device of a sample, with what is known of its package. `values` are as the ledger has them, by source."""

    unit: SampleUnit
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownPackage:
    """A package of a sample: `values` are those of the product and of the package, by source."""

    units: tuple[KnownUnit, ...]
    values: Mapping[str, str]

    @property
    def serials(self) -> tuple[str, ...]:
        """The serials of its units, in the sample's order."""
        return tuple(one.values.get("unit.serial", "") for one in self.units)


def read_log_sample(data: bytes, name: str) -> LogSample:
    """The logs of a file: a control log, a list of logs, or one log. `InputError` with the line where it is none."""
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        whole = {ENVELOPE: None}  # the streaming reader says where
    enveloped = isinstance(whole, dict) and ENVELOPE in whole
    if enveloped:
        members = [(one.line, one.value) for one in stream_members(data, [ENVELOPE], name)]
    else:
        listed = whole if isinstance(whole, list) else [whole]
        members = [(1, one) for one in listed]
    if not members or not all(isinstance(value, dict) and value for _, value in members):
        raise InputError(
            "holds no control log",
            where=name,
            way_out='A sample is JSON: {"controlLogs": [...]}, a list of logs, or one log, each an object.',
        )
    logs = tuple(SampleLog(number, line, value) for number, (line, value) in enumerate(members, 1))
    return LogSample(name, logs, enveloped)


def known_package(sample: SpecSample, spec: Spec | None) -> KnownPackage:
    """What a spec's sample file says of its devices, as control logs name it. The spec finds the encrypted field."""
    shared = {f"product.{name}": value for name, value in sample.product.items() if name in ("pid", "upc", "ean")}
    if spec and spec.encrypted:
        try:
            fields = split_fields(sample.string, spec)
        except InputError:
            fields = ()
        for one in fields:
            if one.key == spec.encrypted[0].key:
                shared["package.encrypted"] = one.value
    return KnownPackage(tuple(KnownUnit(unit, _unit_values(unit)) for unit in sample.units), shared)


def _unit_values(unit: SampleUnit) -> dict[str, str]:
    found = {
        "unit.serial": unit.serial,
        "unit.uuid": unit.uuid.hex.upper() if unit.uuid else None,
        "unit.mac": unit.mac.replace(":", "").upper() if unit.mac else None,
    }
    return {source: value for source, value in found.items() if value}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The members of a log that are no objects, by their paths; lists as a whole."""
    if isinstance(value, Mapping) and (value or not path):
        for name, child in value.items():
            yield from leaves(child, f"{path}.{name}" if path else name)
    else:
        yield path, value


def digits_of(text: str) -> str:
    """A text as the hex digits of a UUID or MAC, whatever stands between them."""
    return _PUNCTUATION.sub("", text).upper()


def holds_key(value: Any, units: Sequence[KnownUnit]) -> bool:
    """Whether the OOB key of a device stands in a value: no message may show it then. Nothing is revealed: what could
    be a key is compared."""
    keys = [one.unit.oob for one in units if one.unit.oob]
    text = value if isinstance(value, str) else json.dumps(value)
    return bool(keys) and any(Secret(one) == key for one in _key_candidates(text) for key in keys)


def _key_candidates(text: str) -> Iterator[bytes]:
    for run in _HEX_RUN.findall(text) + _HEX_RUN.findall(_PUNCTUATION.sub("", text)):
        for size in OOB_SIZES:
            for at in range(len(run) - 2 * size + 1):
                yield bytes.fromhex(run[at : at + 2 * size])
    for word in re.findall(r"[A-Za-z0-9+/_\-]{22,}={0,2}", text):
        plain = word.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield base64.b64decode(plain + "=" * (-len(plain) % 4))
        except binascii.Error:
            continue
