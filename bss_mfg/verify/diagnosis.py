"""A scanned text against the ledger: what it is, and if it is wrong, why. Diagnoses and tells, never repairs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bss_mfg.core.text import printable
from bss_mfg.errors import InputError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.payload import parse
from bss_mfg.payload.spec import Spec
from bss_mfg.verify.keyboards import detect_layout

DiagnosisKind = Literal["match", "foreign", "mismatched", "scrapped"]

_AIM = re.compile(r"\](?:d[0-6]|Q[0-6]|C[0-4]|A[0-7]|E[0-4]|z[0-9A-C])")
_LINE_ENDS = re.compile(r"[\r\n\t]+\Z")


@dataclass(frozen=True)
class Diagnosis:
    """What a text is. `batch` and `package` name the ledger's row where it is known; `detail` says why in words;
    `stripped` is what was taken off before comparing (an AIM prefix, an end-of-line); `serials` name
    a foreign label."""

    kind: DiagnosisKind
    detail: str
    batch: str | None = None
    package: int | None = None
    stripped: str = ""
    serials: str = ""


def strip_scanner_marks(text: str) -> tuple[str, str]:
    """The text without what a scanner may add, one AIM prefix and one end-of-line, and what was taken off, in words."""
    stripped = ""
    if prefix := _AIM.match(text):
        text = text[prefix.end() :]
        stripped = f"AIM prefix {prefix[0]}"
    if end := _LINE_ENDS.search(text):
        text = text[: end.start()]
        stripped += (", " if stripped else "") + "end-of-line"
    return text, stripped


def diagnose(data: bytes, batch_id: str, ledger: Ledger, specs: Sequence[Spec]) -> Diagnosis:
    """Compare a scanned string with the ledger: byte for byte after at most one AIM prefix and one end-of-line."""
    text, stripped = strip_scanner_marks(data.decode("utf-8", "surrogateescape"))
    if stripped.startswith("AIM prefix ]d2"):
        return Diagnosis("mismatched", "a GS1 Data Matrix (FNC1 first), not a plain one", stripped=stripped)
    found = ledger.packages.find_by_payload(text)
    if found:
        batch, package = found
        if batch == batch_id:
            if ledger.packages.is_scrapped(batch, package):
                detail = "a unit of this package was scrapped: take it off the line"
                return Diagnosis("scrapped", detail, batch, package, stripped, _serials(ledger, batch, package))
            return Diagnosis("match", "", batch, package, stripped)
        serials = _serials(ledger, batch, package)
        return Diagnosis("foreign", f"belongs to batch {batch}, package {package}", batch, package, stripped, serials)
    if superseded := ledger.packages.find_superseded(text):
        older = f"an older barcode of package {superseded[1]} of batch {superseded[0]}"
        detail = f"{older}, a unit of it was replaced: take it off the line"
        return Diagnosis("scrapped", detail, *superseded, stripped, _serials(ledger, *superseded))
    return _diagnose_unknown(text, batch_id, ledger, specs, stripped)


def _serials(ledger: Ledger, batch: str, package: int) -> str:
    return next(ledger.packages.stream(batch, package, 1)).serials_text


def _diagnose_unknown(text: str, batch_id: str, ledger: Ledger, specs: Sequence[Spec], stripped: str) -> Diagnosis:
    if found := ledger.packages.find_by_payload(text.swapcase()):
        return Diagnosis("mismatched", "upper and lower case are swapped: caps lock is on", *found, stripped)
    if keyboard := detect_layout(text, lambda candidate: ledger.packages.find_by_payload(candidate) is not None):
        owner = ledger.packages.find_by_payload(keyboard.text)
        also = ", and caps lock is on" if keyboard.caps_lock else ""
        return Diagnosis(
            "mismatched",
            f"the computer's keyboard layout is {keyboard.name}{also}: set it to US English, or set the scanner to "
            f"{keyboard.name}, and scan again",
            batch=owner[0] if owner else None,
            package=owner[1] if owner else None,
            stripped=stripped,
        )
    if "\x1d" in text or text.startswith("\xe8"):
        return Diagnosis("mismatched", "holds GS1 separators (FNC1)", stripped=stripped)
    spec = parse.matching_spec(text, specs) or parse.bare_spec(text, specs)
    if spec is None:
        return Diagnosis("foreign", f"is no barcode of this family: {printable(text, 60)}", stripped=stripped)
    if cut := ledger.packages.find_by_prefix(batch_id, text):
        detail = f"it is cut off after {len(text)} of {cut[1]} characters"
        serials = next(ledger.packages.stream(batch_id, cut[0], 1)).serials_text
        return Diagnosis("mismatched", detail, batch_id, cut[0], stripped, serials)
    try:
        fields = parse.split_fields(text, spec)
        problems = parse.find_faults(fields, spec)
        uuids = parse.device_uuids(fields, spec)
    except InputError as error:
        return Diagnosis("mismatched", f"{error.what}: it is cut off or damaged", stripped=stripped)
    for value in uuids:
        if known := ledger.units.find_by_uuid(value):
            batch, package, serial = known
            detail = "; ".join(problems) or "it differs from the string that was issued"
            kind: DiagnosisKind = "mismatched" if batch == batch_id else "foreign"
            detail = f"carries the Device UUID of {serial} of batch {batch}, but {detail}"
            return Diagnosis(kind, detail, batch, package, stripped, serial)
    if problems:
        return Diagnosis("mismatched", "; ".join(problems), stripped=stripped)
    unknown = f"Device UUID {', '.join(str(value).upper() for value in uuids[:2])}" if uuids else printable(text, 60)
    return Diagnosis("foreign", f"was never issued here ({unknown})", stripped=stripped)
