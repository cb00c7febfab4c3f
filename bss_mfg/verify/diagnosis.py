"""What was scanned against the ledger: what it is, and if it is wrong, why. Diagnoses and tells, never repairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum

from bss_mfg.core.languages import COMMA, OR, SEMICOLON, joined, phrase
from bss_mfg.core.text import printable
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.payload import parse
from bss_mfg.payload.judge import Judgement, LetterCase, changed_case, judge_string
from bss_mfg.payload.spec import Spec, spec_from_text
from bss_mfg.verify.issued_strings import LedgerStrings
from bss_mfg.verify.keyboards.detect import Fault as KeyboardFault
from bss_mfg.verify.keyboards.detect import detect_keyboard
from bss_mfg.verify.scanned import NO_MARKS, Scanned, ScannerMarks, SymbolContent, WedgeLine
from bss_mfg.verify.scanner_settings import Setting, detect_scanner_setting


class DiagnosisKind(StrEnum):
    """What a text is to the batch at hand."""

    MATCH = "match"
    FOREIGN = "foreign"
    MISMATCHED = "mismatched"
    SCRAPPED = "scrapped"


class DiagnosisCause(Enum):
    """Why a text is what it is."""

    ISSUED = "a barcode of this batch"
    UNNAMED_LABEL = "a code that all labels of a kind carry: what says which it is was not read"
    SCRAPPED_UNIT = "a barcode of this batch, of a package with a scrapped unit"
    SUPERSEDED = "the barcode that a package had before a unit of it was replaced"
    OTHER_BATCH = "a barcode of another batch"
    OTHER_FAMILY = "no barcode of a spec that is used here"
    NEVER_ISSUED = "right by its spec, and not in the ledger"
    GS1_SYMBOL = "read from a GS1 Data Matrix"
    GS1_SEPARATORS = "holds GS1 separators"
    CAPS_LOCK = "typed by a scanner while caps lock was on"
    CHANGED_CASE = "typed by a scanner that makes all letters small, or all capitals"
    KEYBOARD_LAYOUT = "typed by a scanner on a keyboard layout that is not its own"
    INPUT_METHOD = "typed by a scanner while an input method was on"
    SCANNER_EXTRA = "with more that the scanner is set to add"
    JOINED_READS = "several barcodes that the scanner put into one line"
    SPLIT_READ = "the end of a barcode that the scanner sent in several lines"
    CUT_OFF = "the beginning of a barcode of this batch"
    DAMAGED = "can't be taken apart as its spec says"
    WRONG_FIELDS = "not as its spec says"
    UNIT_OF_BATCH = "carries the Device UUID of a unit of this batch, and is not its barcode"
    EXTRA_CONTENT = "a barcode with more encoded in its symbol than was issued"
    OTHER_SYMBOL = "a barcode in another kind of symbol than was issued"
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


COMPANION_CAUSES = frozenset(
    (DiagnosisCause.OTHER_FAMILY, DiagnosisCause.GS1_SYMBOL, DiagnosisCause.GS1_SEPARATORS, DiagnosisCause.CUT_OFF)
)
"""What the other symbols of a label say, compared with barcodes."""


@dataclass(frozen=True)  # without slots, as findings: thousands travel between processes
class Diagnosis:
    """What a text is. `batch` is that of the label where it is known, `package` its number if that is the batch at
    hand; `detail` says why in words; `marks` were taken off before comparing; `serials` name the label where it is no
    match and yet known."""

    cause: DiagnosisCause
    detail: str = ""
    batch: str | None = None
    package: int | None = None
    marks: ScannerMarks = NO_MARKS
    serials: str = ""

    @property
    def kind(self) -> DiagnosisKind:
        """What the text is to the batch at hand: it follows from the cause."""
        return _KINDS.get(self.cause, DiagnosisKind.MISMATCHED)

    @property
    def matches(self) -> bool:
        """Whether it is a barcode of the batch, as issued, and none of its units is scrapped."""
        return self.cause is DiagnosisCause.ISSUED


def known_specs(ledger: Ledger) -> list[Spec]:
    """The specs of all batches, each once: what a label in this factory can be."""
    texts = {batch.spec_text: batch.spec for batch in ledger.batches.all()}
    return [spec_from_text(text, f"spec {name}").spec for text, name in texts.items()]


def diagnose(said: Scanned, batch_id: str, ledger: Ledger, specs: Sequence[Spec]) -> Diagnosis:
    """Compare what was scanned with the ledger: byte for byte, but for what a hand scanner adds to its lines."""
    if said.is_gs1:
        detail = phrase("a GS1 symbol (FNC1 first), not a plain one")
        return Diagnosis(DiagnosisCause.GS1_SYMBOL, detail, marks=said.marks)
    scan = _Scan(said.text, said.marks, batch_id, ledger, specs)
    found = (
        (_diagnose_symbol(scan, said) if isinstance(said, SymbolContent) else None)
        or _diagnose_issued(scan)
        or _diagnose_superseded(scan)
        or (_diagnose_scanner_fault(scan) if isinstance(said, WedgeLine) else None)
        or _diagnose_separators(scan)
        or _diagnose_by_spec(scan)
    )
    # Another batch's package has a number of its own: it is none of this batch's.
    return found if found.batch in (None, batch_id) or not batch_id else replace(found, package=None)


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
        return Diagnosis(cause, detail, batch, package, self.marks)

    def diagnosis_with_serials(self, cause: DiagnosisCause, detail: str, owner: tuple[str, int]) -> Diagnosis:
        """The same, with the serials of its label."""
        batch, package = owner
        serials = next(self.ledger.packages.stream(batch, package, 1)).serials_text
        return Diagnosis(cause, detail, batch, package, self.marks, serials)


def _diagnose_symbol(scan: _Scan, said: SymbolContent) -> Diagnosis | None:
    """A symbol with a string that was issued, and with more in it, or of a kind that is not ours."""
    bare = said.without_marks
    if bare != scan.text and (owner := scan.ledger.packages.find_by_payload(bare)):
        batch, package = owner
        more = printable(scan.text.replace(bare, " ... ", 1).strip(" "), 40)
        detail = phrase(
            "its symbol encodes more than the string of package {package} of batch {batch}: {more}",
            package=package, batch=batch, more=more,
        )  # fmt: skip
        return scan.diagnosis_with_serials(_cause_in(scan, owner, DiagnosisCause.EXTRA_CONTENT), detail, owner)
    if not said.is_plain and (owner := scan.ledger.packages.find_by_payload(scan.text)):
        batch, package = owner
        detail = phrase(
            "the string of package {package} of batch {batch} in another kind of symbol ({symbology})",
            package=package, batch=batch, symbology=said.symbology,
        )  # fmt: skip
        return scan.diagnosis_with_serials(_cause_in(scan, owner, DiagnosisCause.OTHER_SYMBOL), detail, owner)
    return None


def _cause_in(scan: _Scan, owner: tuple[str, int], cause: DiagnosisCause) -> DiagnosisCause:
    """The cause for a label of this batch; one of another batch is foreign whatever else is wrong with it."""
    return cause if owner[0] == scan.batch_id else DiagnosisCause.OTHER_BATCH


def _diagnose_issued(scan: _Scan) -> Diagnosis | None:
    owner = scan.ledger.packages.find_by_payload(scan.text)
    if owner is None:
        return None
    batch, package = owner
    if batch != scan.batch_id:
        detail = phrase("belongs to batch {batch}, package {package}", batch=batch, package=package)
        return scan.diagnosis_with_serials(DiagnosisCause.OTHER_BATCH, detail, owner)
    if scan.ledger.packages.is_scrapped(batch, package):
        detail = phrase("a unit of this package was scrapped: take it off the line")
        return scan.diagnosis_with_serials(DiagnosisCause.SCRAPPED_UNIT, detail, owner)
    return scan.diagnosis(DiagnosisCause.ISSUED, "", owner)


def _diagnose_superseded(scan: _Scan) -> Diagnosis | None:
    old = scan.ledger.packages.find_superseded(scan.text)
    if old is None:
        return None
    successors = old.successors.items()
    detail = phrase(
        "the old barcode of package {package} of batch {batch}: {replaced}; take it off the line",
        package=old.package,
        batch=old.batch_id,
        replaced=joined(
            COMMA, (phrase("{serial} was replaced by {new}", serial=serial, new=new) for serial, new in successors)
        ),
    )
    serials = ", ".join(old.serials)
    return Diagnosis(DiagnosisCause.SUPERSEDED, detail, old.batch_id, old.package, scan.marks, serials)


def _diagnose_scanner_fault(scan: _Scan) -> Diagnosis | None:
    """A scanner or computer that is set up wrongly, whatever label was read."""
    if owner := scan.ledger.packages.find_by_payload(scan.text.swapcase()):
        detail = phrase("upper and lower case are swapped: caps lock is on")
        return scan.diagnosis(DiagnosisCause.CAPS_LOCK, detail, owner)
    issued = LedgerStrings(scan.ledger, scan.batch_id, scan.specs)
    if setting := detect_scanner_setting(scan.text, issued.is_known, issued.starts):
        return scan.diagnosis(_SETTING_CAUSES[setting.setting], setting.detail, issued.owner(setting.text))
    if case := changed_case(scan.text, scan.specs):  # before keyboards: a layout with caps lock might explain it, too
        return scan.diagnosis(_CASE_CAUSES[case], phrase(case.value), _owner_but_for_case(scan, scan.text.swapcase()))
    if keyboard := detect_keyboard(scan.text, issued):
        return scan.diagnosis(_KEYBOARD_CAUSES[keyboard.fault], keyboard.description, issued.owner(keyboard.text))
    return None


_SETTING_CAUSES = {
    Setting.EXTRA: DiagnosisCause.SCANNER_EXTRA,
    Setting.JOINED: DiagnosisCause.JOINED_READS,
    Setting.SPLIT: DiagnosisCause.SPLIT_READ,
}
_KEYBOARD_CAUSES = {
    KeyboardFault.LAYOUT: DiagnosisCause.KEYBOARD_LAYOUT,
    KeyboardFault.UNKNOWN_LAYOUT: DiagnosisCause.KEYBOARD_LAYOUT,
    KeyboardFault.INPUT_METHOD: DiagnosisCause.INPUT_METHOD,
}


def _diagnose_separators(scan: _Scan) -> Diagnosis | None:
    if "\x1d" in scan.text or scan.text.startswith("\xe8"):
        return scan.diagnosis(DiagnosisCause.GS1_SEPARATORS, phrase("holds GS1 separators (FNC1)"))
    return None


def _diagnose_by_spec(scan: _Scan) -> Diagnosis:
    """A text that was never issued, by what its fields say."""
    text, batch_id = scan.text, scan.batch_id
    spec = parse.matching_spec(text, scan.specs) or parse.find_bare_spec(text, scan.specs)
    if spec is None:
        if case := changed_case(text, scan.specs):
            owner = _owner_but_for_case(scan, text.swapcase())
            return scan.diagnosis(_CASE_CAUSES[case], phrase(case.value), owner)
        detail = phrase("isn't a barcode of this family: {text}", text=printable(text, 60))
        return scan.diagnosis(DiagnosisCause.OTHER_FAMILY, detail)
    if batch_id and (beginning := scan.ledger.packages.find_by_prefix(batch_id, text)):
        detail = phrase("it is cut off after {length} of {whole} characters", length=len(text), whole=beginning[1])
        return scan.diagnosis_with_serials(DiagnosisCause.CUT_OFF, detail, (batch_id, beginning[0]))
    judged = judge_string(text, spec)
    for known in filter(None, map(scan.ledger.units.find_by_uuid, judged.uuids)):
        return _diagnose_unit(scan, judged, known)
    if judged.damaged:
        detail = phrase("{damaged}: it is cut off or damaged", damaged=judged.damaged)
        return scan.diagnosis(DiagnosisCause.DAMAGED, detail)
    problems = [*judged.problems, *_product_faults(judged.fields, scan.ledger)]
    if problems:
        return scan.diagnosis(DiagnosisCause.WRONG_FIELDS, joined(SEMICOLON, problems))
    uuids = judged.uuids
    unknown = f"Device UUID {', '.join(str(value).upper() for value in uuids[:2])}" if uuids else printable(text, 60)
    return scan.diagnosis(DiagnosisCause.NEVER_ISSUED, phrase("was never issued here ({text})", text=unknown))


_CASE_CAUSES = {
    LetterCase.SWAPPED: DiagnosisCause.CAPS_LOCK,
    LetterCase.SMALL: DiagnosisCause.CHANGED_CASE,
    LetterCase.CAPITAL: DiagnosisCause.CHANGED_CASE,
}


def _diagnose_unit(scan: _Scan, judged: Judgement, known: tuple[str, int, str]) -> Diagnosis:
    """A text that carries the Device UUID of a unit that was issued here, and is not its barcode."""
    batch, package, serial = known
    text, issued = scan.text, scan.ledger.packages.get(batch, package).payload
    if text == text.upper() and text == issued.upper():
        return scan.diagnosis(DiagnosisCause.CHANGED_CASE, phrase(LetterCase.CAPITAL.value), (batch, package))
    why = joined(SEMICOLON, judged.problems) or phrase("it differs from the string that was issued")
    cause = DiagnosisCause.UNIT_OF_BATCH if batch == scan.batch_id else DiagnosisCause.UNIT_OF_OTHER_BATCH
    detail = phrase(
        "carries the Device UUID of {serial} of batch {batch}, but {why}", serial=serial, batch=batch, why=why
    )
    return Diagnosis(cause, detail, batch, package, scan.marks, serial)


def _owner_but_for_case(scan: _Scan, text: str) -> tuple[str, int] | None:
    """The batch and package whose string a text is, but for the case of its letters."""
    spec = parse.matching_spec(text, scan.specs)
    for value in judge_string(text, spec).uuids if spec else ():
        if known := scan.ledger.units.find_by_uuid(value):
            batch, package, _ = known
            if scan.ledger.packages.get(batch, package).payload.lower() == text.lower():
                return batch, package
    return None


def _product_faults(fields: Sequence[parse.ParsedField], ledger: Ledger) -> list[str]:
    """Where a string has another UPC or EAN than all batches of the products with its PID, or none."""
    said = {item.field.source: item.value for item in fields if item.field}
    pid = said.get("product.pid", "")
    facts = [batch.facts for batch in ledger.batches.all() if batch.facts["pid"] == pid]
    found: list[str] = []
    for name in ("upc", "ean"):
        value, known = said.get(f"product.{name}", ""), {one[name] for one in facts}
        if known and value not in known:
            ours = joined(OR, sorted(known - {""})) or phrase("none")
            said_now = {"code": name.upper(), "value": value or phrase("missing"), "pid": pid, "known": ours}
            found.append(phrase("its {code} is {value}, the product with PID {pid} has {known}", **said_now))
    return found


def diagnose_anywhere(said: Scanned, ledger: Ledger, specs: Sequence[Spec]) -> Diagnosis:
    """The same where no batch is at hand: a text is held against the batch that it belongs to, if any."""
    text = said.without_marks if isinstance(said, SymbolContent) else said.text
    found = diagnose(said, _batch_of(text, ledger, specs), ledger, specs)
    if found.batch and found.package and not found.serials:
        return replace(found, serials=ledger.packages.get(found.batch, found.package).serials_text)
    return found


def _batch_of(text: str, ledger: Ledger, specs: Sequence[Spec]) -> str:
    """The batch of a barcode string, or of a unit that it names; empty where there is none."""
    if owner := ledger.packages.find_by_payload(text):
        return owner[0]
    if old := ledger.packages.find_superseded(text):
        return old.batch_id
    spec = parse.matching_spec(text, specs)
    uuids = judge_string(text, spec).uuids if spec else ()
    return next((known[0] for known in map(ledger.units.find_by_uuid, uuids) if known), "")
