"""A scanned text against the ledger: what it is, and if it is wrong, why. Diagnoses and tells, never repairs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

from bss_mfg.core.text import printable
from bss_mfg.errors import InputError
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.payload import parse
from bss_mfg.payload.spec import Spec, spec_from_text
from bss_mfg.verify.keyboards import detect_layout

_AIM = re.compile(r"\](?:d[0-6]|Q[0-6]|C[0-4]|A[0-7]|E[0-4]|z[0-9A-C])")
_LINE_ENDS = re.compile(r"[\r\n\t]+\Z")


class DiagnosisKind(StrEnum):
    """What a text is to the batch at hand."""

    MATCH = "match"
    FOREIGN = "foreign"
    MISMATCHED = "mismatched"
    SCRAPPED = "scrapped"


class DiagnosisCause(Enum):
    """Why a text is what it is."""

    ISSUED = "a barcode of this batch"
    SCRAPPED_UNIT = "a barcode of this batch, of a package with a scrapped unit"
    SUPERSEDED = "the barcode that a package had before a unit of it was replaced"
    OTHER_BATCH = "a barcode of another batch"
    OTHER_FAMILY = "no barcode of a spec that is used here"
    NEVER_ISSUED = "right by its spec, and not in the ledger"
    GS1_SYMBOL = "read from a GS1 Data Matrix"
    GS1_SEPARATORS = "holds GS1 separators"
    CAPS_LOCK = "typed by a scanner while caps lock was on"
    KEYBOARD_LAYOUT = "typed by a scanner on a keyboard layout that is not its own"
    CUT_OFF = "the beginning of a barcode of this batch"
    DAMAGED = "can't be taken apart as its spec says"
    WRONG_FIELDS = "not as its spec says"
    UNIT_OF_BATCH = "carries the Device UUID of a unit of this batch, and is not its barcode"
    UNIT_OF_OTHER_BATCH = "carries the Device UUID of a unit of another batch, and is not its barcode"


_KINDS = {
    DiagnosisCause.ISSUED: DiagnosisKind.MATCH,
    DiagnosisCause.SCRAPPED_UNIT: DiagnosisKind.SCRAPPED,
    DiagnosisCause.SUPERSEDED: DiagnosisKind.SCRAPPED,
    DiagnosisCause.OTHER_BATCH: DiagnosisKind.FOREIGN,
    DiagnosisCause.OTHER_FAMILY: DiagnosisKind.FOREIGN,
    DiagnosisCause.NEVER_ISSUED: DiagnosisKind.FOREIGN,
    DiagnosisCause.UNIT_OF_OTHER_BATCH: DiagnosisKind.FOREIGN,
}


@dataclass(frozen=True, slots=True)
class ScannerMarks:
    """What a scanner added to a text: an AIM prefix such as `]d1`, and any of CR, LF and TAB at its end."""

    aim_prefix: str = ""
    line_end: bool = False

    def __bool__(self) -> bool:
        return bool(self.aim_prefix) or self.line_end

    @property
    def is_gs1(self) -> bool:
        """Whether the prefix is that of a Data Matrix with FNC1 first (ISO/IEC 15424)."""
        return self.aim_prefix == "]d2"

    @property
    def is_code128(self) -> bool:
        """Whether the prefix is that of a Code 128."""
        return self.aim_prefix.startswith("]C")

    @property
    def description(self) -> str:
        """The marks in words."""
        prefix = f"AIM prefix {self.aim_prefix}" if self.aim_prefix else ""
        return ", ".join(filter(None, (prefix, "end-of-line" if self.line_end else "")))


@dataclass(frozen=True)  # without slots, as findings: thousands travel between processes
class Diagnosis:
    """What a text is. `batch` is that of the label where it is known, `package` its number if that is the batch at
    hand; `detail` says why in words; `marks` were taken off before comparing; `serials` name the label where it is no
    match and yet known."""

    cause: DiagnosisCause
    detail: str = ""
    batch: str | None = None
    package: int | None = None
    marks: ScannerMarks = ScannerMarks()
    serials: str = ""

    @property
    def kind(self) -> DiagnosisKind:
        """What the text is to the batch at hand: it follows from the cause."""
        return _KINDS.get(self.cause, DiagnosisKind.MISMATCHED)

    @property
    def matches(self) -> bool:
        """Whether it is a barcode of the batch, as issued, and none of its units is scrapped."""
        return self.cause is DiagnosisCause.ISSUED


def strip_scanner_marks(text: str) -> tuple[str, ScannerMarks]:
    """The text without what a scanner may add, and what that was."""
    prefix = ""
    if found := _AIM.match(text):
        prefix, text = found[0], text[found.end() :]
    end = _LINE_ENDS.search(text)
    return text[: end.start()] if end else text, ScannerMarks(prefix, end is not None)


def known_specs(ledger: Ledger) -> list[Spec]:
    """The specs of all batches, each once: what a label in this factory can be."""
    texts = {batch.spec_text: batch.spec for batch in ledger.batches.all()}
    return [spec_from_text(text, f"spec {name}").spec for text, name in texts.items()]


def diagnose(data: bytes, batch_id: str, ledger: Ledger, specs: Sequence[Spec]) -> Diagnosis:
    """Compare a scanned string with the ledger: byte for byte, but for the scanner's marks."""
    text, marks = strip_scanner_marks(data.decode("utf-8", "surrogateescape"))
    if marks.is_gs1:
        return Diagnosis(DiagnosisCause.GS1_SYMBOL, "a GS1 Data Matrix (FNC1 first), not a plain one", marks=marks)
    scan = _Scan(text, marks, batch_id, ledger, specs)
    return (
        _diagnose_issued(scan) or _diagnose_superseded(scan) or _diagnose_scanner_fault(scan) or _diagnose_by_spec(scan)
    )


@dataclass(frozen=True, slots=True)
class _Scan:
    """A scanned text, and what it is compared with."""

    text: str
    marks: ScannerMarks
    batch_id: str
    ledger: Ledger
    specs: Sequence[Spec]

    def diagnosis(self, cause: DiagnosisCause, detail: str, owner: tuple[str, int] | None = None) -> Diagnosis:
        """A diagnosis of this text; `owner` is the batch and package that it belongs to."""
        batch, package = owner or (None, None)
        return Diagnosis(cause, detail, batch, package if batch == self.batch_id else None, self.marks)

    def diagnosis_with_serials(self, cause: DiagnosisCause, detail: str, owner: tuple[str, int]) -> Diagnosis:
        """The same, with the serials of its label."""
        batch, package = owner
        serials = next(self.ledger.packages.stream(batch, package, 1)).serials_text
        return Diagnosis(cause, detail, batch, package if batch == self.batch_id else None, self.marks, serials)


def _diagnose_issued(scan: _Scan) -> Diagnosis | None:
    owner = scan.ledger.packages.find_by_payload(scan.text)
    if owner is None:
        return None
    batch, package = owner
    if batch != scan.batch_id:
        return scan.diagnosis_with_serials(
            DiagnosisCause.OTHER_BATCH, f"belongs to batch {batch}, package {package}", owner
        )
    if scan.ledger.packages.is_scrapped(batch, package):
        detail = "a unit of this package was scrapped: take it off the line"
        return scan.diagnosis_with_serials(DiagnosisCause.SCRAPPED_UNIT, detail, owner)
    return scan.diagnosis(DiagnosisCause.ISSUED, "", owner)


def _diagnose_superseded(scan: _Scan) -> Diagnosis | None:
    owner = scan.ledger.packages.find_superseded(scan.text)
    if owner is None:
        return None
    older = f"an older barcode of package {owner[1]} of batch {owner[0]}"
    return scan.diagnosis_with_serials(
        DiagnosisCause.SUPERSEDED, f"{older}, a unit of it was replaced: take it off the line", owner
    )


def _diagnose_scanner_fault(scan: _Scan) -> Diagnosis | None:
    """A scanner or computer that is set up wrongly, whatever label was read."""
    find = scan.ledger.packages.find_by_payload
    if owner := find(scan.text.swapcase()):
        return scan.diagnosis(DiagnosisCause.CAPS_LOCK, "upper and lower case are swapped: caps lock is on", owner)
    if keyboard := detect_layout(scan.text, lambda candidate: find(candidate) is not None):
        also = ", and caps lock is on" if keyboard.caps_lock else ""
        detail = (
            f"the computer's keyboard layout is {keyboard.name}{also}: set it to US English, or set the scanner to "
            f"{keyboard.name}, and scan again"
        )
        return scan.diagnosis(DiagnosisCause.KEYBOARD_LAYOUT, detail, find(keyboard.text))
    if "\x1d" in scan.text or scan.text.startswith("\xe8"):
        return scan.diagnosis(DiagnosisCause.GS1_SEPARATORS, "holds GS1 separators (FNC1)")
    return None


def _diagnose_by_spec(scan: _Scan) -> Diagnosis:
    """A text that was never issued, by what its fields say."""
    text, batch_id = scan.text, scan.batch_id
    spec = parse.matching_spec(text, scan.specs) or parse.find_bare_spec(text, scan.specs)
    if spec is None:
        return scan.diagnosis(DiagnosisCause.OTHER_FAMILY, f"is no barcode of this family: {printable(text, 60)}")
    if beginning := scan.ledger.packages.find_by_prefix(batch_id, text):
        detail = f"it is cut off after {len(text)} of {beginning[1]} characters"
        return scan.diagnosis_with_serials(DiagnosisCause.CUT_OFF, detail, (batch_id, beginning[0]))
    try:
        fields = parse.split_fields(text, spec)
        problems = parse.find_faults(fields, spec)
        uuids = parse.device_uuids(fields, spec)
    except InputError as error:
        return scan.diagnosis(DiagnosisCause.DAMAGED, f"{error.what}: it is cut off or damaged")
    for known in filter(None, map(scan.ledger.units.find_by_uuid, uuids)):
        batch, package, serial = known
        why = "; ".join(problems) or "it differs from the string that was issued"
        cause = DiagnosisCause.UNIT_OF_BATCH if batch == batch_id else DiagnosisCause.UNIT_OF_OTHER_BATCH
        detail = f"carries the Device UUID of {serial} of batch {batch}, but {why}"
        return Diagnosis(cause, detail, batch, package if batch == batch_id else None, scan.marks, serial)
    if problems:
        return scan.diagnosis(DiagnosisCause.WRONG_FIELDS, "; ".join(problems))
    unknown = f"Device UUID {', '.join(str(value).upper() for value in uuids[:2])}" if uuids else printable(text, 60)
    return scan.diagnosis(DiagnosisCause.NEVER_ISSUED, f"was never issued here ({unknown})")
