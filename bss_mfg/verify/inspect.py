"""Any barcode string explained field by field, and opened with a development key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from bss_mfg.core.text import printable
from bss_mfg.errors import InputError
from bss_mfg.ledger.named_units import NamedUnit
from bss_mfg.payload import parse
from bss_mfg.payload.formats import SPKI
from bss_mfg.payload.judge import changed_case, judge_string, lacks_product_code
from bss_mfg.payload.product_keys import SAMPLE_FINGERPRINTS, PrivateKey, load_public_key
from bss_mfg.payload.spec import Spec
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisKind
from bss_mfg.verify.scanned import Scanned, SymbolContent, WedgeLine


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a barcode string says. `payload` is the string made harmless, `spec` the name of the spec that it follows
    (None: unknown), `notes` what a scanner added. The rows are those of the JSON document of `inspect`."""

    payload: str
    spec: str | None
    notes: list[str]
    fields: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    issued: dict[str, Any] | None = None
    """Batch, package and serials of the label, where the ledger knows it; of a device's label, those of its unit."""

    def as_json(self) -> dict[str, Any]:
        """The record as it is printed."""
        return {
            "payload": self.payload,
            "spec": self.spec,
            "notes": self.notes,
            "fields": self.fields,
            "problems": self.problems,
            "units": self.units,
            "issued": self.issued,
        }


def explain(
    said: Scanned,
    specs: Sequence[Spec],
    key: PrivateKey | None = None,
    look_up: Callable[[Scanned], Diagnosis] | None = None,
) -> Explanation:
    """What a barcode string says. An OOB key is shown only as its SHA-256: enough to compare, useless to attack.

    `look_up` says what the ledger of a workspace knows of a string, as the station would.
    """
    found = _explain_by_spec(said, specs, key)
    return found if look_up is None else _with_diagnosis(found, look_up(said))


@dataclass(frozen=True, slots=True)
class CodeExplainer:
    """Explains the codes of a picture, each beside the others. `look_up` and `name_unit` ask the ledger of a workspace,
    where there is one: what a barcode is, and which unit any other code names."""

    specs: Sequence[Spec]
    key: PrivateKey | None = None
    look_up: Callable[[Scanned], Diagnosis] | None = None
    name_unit: Callable[[str], NamedUnit | None] | None = None
    has_bars: bool = False
    """Whether packages have Code 128 symbols here: then any of these may be a package's."""

    def explain_all(self, found: Sequence[Scanned]) -> list[Explanation]:
        """What each says. Beside a code of ours, one that is none of ours is no fault."""
        explained = [(said, self._explain(said)) for said in found]
        ours = any(item.issued or (item.spec and not said.is_code128) for said, item in explained)
        return [self._beside_ours(said, item) if ours else item for said, item in explained]

    def _explain(self, said: Scanned) -> Explanation:
        found = explain(said, self.specs, self.key, self.look_up)
        if not self.name_unit or found.issued or (found.spec and not said.is_code128):
            return found
        unit = self.name_unit(said.text)
        if unit is None:
            return found
        told = {"batch": unit.batch, "package": unit.package, "serials": unit.serial}
        return Explanation(found.payload, None, [f"a code that names unit {unit.serial}"], issued=told)

    def _beside_ours(self, said: Scanned, found: Explanation) -> Explanation:
        if found.issued or not isinstance(said, SymbolContent):
            return found
        if said.is_plain and not (said.is_code128 and not self.has_bars):  # as a package's symbol: there, it is a fault
            return found
        return Explanation(found.payload, None, [OTHER_CODE])


OTHER_CODE = "another code: it follows no spec, and names no unit"


def _explain_by_spec(said: Scanned, specs: Sequence[Spec], key: PrivateKey | None) -> Explanation:
    shown = printable(said.line if isinstance(said, WedgeLine) else said.text, 4000)
    text, marks = said.text, said.marks
    notes = [f"the scanner added its {marks.description}: not part of the string"] if marks else []
    spec = _find_spec(said, specs)
    if spec is None:
        case = changed_case(text, specs)
        return Explanation(
            shown, None, notes, problems=[case.value if case else "no known spec begins like this string"]
        )
    judged = judge_string(text, spec)
    fields, problems = judged.fields, list(judged.problems)
    if not judged.damaged and lacks_product_code(fields, spec):
        notes.append("it has neither UPC nor EAN: right only if the package shows none")
    rows = [_field_row(item, spec) for item in fields]
    if key is None or judged.damaged:
        units = [{"uuid": value.hex.upper()} for value in judged.uuids]
        return Explanation(shown, spec.name, notes, rows, problems, units)
    uuids = judged.uuids
    opened = parse.open_package(fields, spec, key)
    units = [_unit_row(unit, unit.uuid or (uuids[index] if uuids else None)) for index, unit in enumerate(opened)]
    return Explanation(
        shown, spec.name, notes, rows, problems + _differences_inside(opened, uuids, _clear_macs(fields, spec)), units
    )


def _with_diagnosis(found: Explanation, diagnosis: Diagnosis) -> Explanation:
    """An explanation with what the ledger knows of the string."""
    if diagnosis.kind is DiagnosisKind.FOREIGN:
        note = [] if found.problems else ["it was not issued in this workspace"]
        return replace(found, notes=found.notes + note)
    told = {"batch": diagnosis.batch, "package": diagnosis.package, "serials": diagnosis.serials}
    problems = list(found.problems)
    if not diagnosis.matches and diagnosis.detail not in problems:
        # What the spec says already is in the ledger's words too.
        problems = [one for one in problems if one not in diagnosis.detail] + [diagnosis.detail]
    return replace(found, problems=problems, issued=told if diagnosis.batch else None)


def _find_spec(said: Scanned, specs: Sequence[Spec]) -> Spec | None:
    """The spec of a string. Only a symbol that is known to be a Code 128 is taken for a bare value: any word would pass
    for one."""
    spec = parse.matching_spec(said.text, specs)
    return parse.find_bare_spec(said.text, specs) if spec is None and said.is_code128 else spec


def _field_row(item: parse.ParsedField, spec: Spec) -> dict[str, Any]:
    return {
        "key": printable(item.key, 40),
        "value": printable(item.value, 2000),
        "status": item.field.status if item.field else "unknown",
        "source": item.field.source if item.field else None,
        "note": item.field.note if item.field else "",
        "means": _meaning(item, spec),
    }


def _unit_row(unit: parse.OpenedUnit, uuid: UUID | None) -> dict[str, Any]:
    """What the encrypted field says of a unit."""
    return {
        "uuid": uuid.hex.upper() if uuid else None,
        "oob_key_octets": len(unit.key) if unit.key else None,
        "oob_key_sha256": hashlib.sha256(unit.key.reveal()).hexdigest() if unit.key else None,
        **({"mac": unit.mac} if unit.mac else {}),
        **{f"{name}_sha256": hashlib.sha256(value.reveal()).hexdigest() for name, value in unit.extra.items()},
    }


def _clear_macs(fields: Sequence[parse.ParsedField], spec: Spec) -> list[str]:
    """The MAC addresses that the string says in clear."""
    return [
        value.upper()
        for item in fields
        if item.field and item.field.source == "unit.mac"
        for value in parse.unit_values(item, spec)
    ]


def _differences_inside(opened: Sequence[parse.OpenedUnit], uuids: Sequence[UUID], macs: Sequence[str]) -> list[str]:
    """Where the encrypted field says otherwise than the string in clear."""
    found: list[str] = []
    sealed = [unit.uuid for unit in opened if unit.uuid]
    if uuids and sealed and list(uuids) != sealed:
        found.append("the Device UUIDs inside the encrypted field are not those in clear")
    inside = [unit.mac for unit in opened if unit.mac]
    if macs and inside and list(macs) != inside:
        found.append("the MACs inside the encrypted field are not those in clear")
    return found


def _meaning(item: parse.ParsedField, spec: Spec) -> str:
    """What a value is beyond its characters: how many units a list names, the fingerprint of a key."""
    if item.field is None:
        return ""
    if item.field.format == SPKI:
        try:
            key = load_public_key(parse.value_bytes(item.value, SPKI), item.key)
        except InputError:
            return ""
        known = ", the key of Amazon's public samples" if key.fingerprint in SAMPLE_FINGERPRINTS else ""
        return f"{key.kind} public key, point compressed, fingerprint {key.fingerprint}{known}"
    values = parse.unit_values(item, spec)
    return f"{len(values)} units" if len(values) > 1 else ""
