"""Codes on a page that are not ours: told from foreign labels, held against what the product expects, and listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import dist

from bss_mfg.core.code_patterns import CodePattern, as_printed, matching_pattern, symbol_kind
from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.imaging.companions import lies_in
from bss_mfg.imaging.geometry import Quad, overlap_share
from bss_mfg.imaging.label_content import ContentFault, ContentFinding
from bss_mfg.imaging.zxing_reader import Read, read_other_codes
from bss_mfg.verify.batch_labels import BatchLabels
from bss_mfg.verify.diagnosis import DiagnosisCause, diagnose
from bss_mfg.verify.findings import OtherCode
from bss_mfg.verify.page_findings import PageSymbol
from bss_mfg.verify.page_reading import PageReading
from bss_mfg.verify.scanned import SymbolContent

_NO_ELEMENT = -1
"""Of a finding that is about no element of the label's template."""


@dataclass(slots=True)
class PageCodes:
    """The codes on one page that are not ours, and what was read there."""

    reading: PageReading
    batch: BatchLabels
    patterns: Sequence[CodePattern]
    found: list[tuple[Read, CodePattern | None]]

    def rows(self) -> tuple[OtherCode, ...]:
        """The codes as they are listed, from top to bottom."""
        page, found = self.reading.page, sorted(self.found, key=lambda one: (one[0].box[1], one[0].box[0]))
        rows = []
        for read, pattern in found:
            x, y = (round(at / page.dpi * MM_PER_INCH, 1) if page.dpi else None for at in read.box[:2])
            name = pattern.name if pattern else ""
            kind = symbol_kind(read.symbology)
            rows.append(OtherCode(page.file, page.number, kind, as_printed(_text(read), kind), name, x, y))
        return tuple(rows)


def take_other_codes(
    reading: PageReading,
    batch: BatchLabels,
    patterns: Sequence[CodePattern],
    symbols: Sequence[PageSymbol],
    companions: Sequence[Quad],
) -> tuple[list[PageSymbol], PageCodes]:
    """The symbols of a page without the codes that are not ours, and these. Only beside a label of this factory: by
    itself, what says something else than a label is a foreign one, and in the place of a label of a sheet, too."""
    codes = PageCodes(reading, batch, patterns, [])
    if not any(item.identified_package or (item.diagnosis and item.diagnosis.batch) for item in symbols):
        return list(symbols), codes
    kept = []
    for item in symbols:
        pattern = matching_pattern(patterns, _text(item.read), symbol_kind(item.read.symbology))
        if item.in_place_of is None and _is_other(item, batch, pattern):
            codes.found.append((item.read, pattern))
        else:
            kept.append(item)
    if reading.frame is None or patterns:
        known = [item.read for item in symbols]
        for read in read_other_codes(reading.page.grey):
            pattern = matching_pattern(patterns, _text(read), symbol_kind(read.symbology))
            beside = not lies_in(read, companions) and not any(overlap_share(read.box, one.box) > 0.2 for one in known)
            if pattern or (beside and not _is_ours(read, batch, symbols)):
                codes.found.append((read, pattern))
    return kept, codes


def _is_other(item: PageSymbol, batch: BatchLabels, pattern: CodePattern | None) -> bool:
    """Whether a symbol that was read as a label is another code: of no spec, and nothing of an issued string in it."""
    if item.diagnosis is None:
        return False
    cause = item.diagnosis.cause
    if cause in (DiagnosisCause.GS1_SYMBOL, DiagnosisCause.GS1_SEPARATORS):
        bare = SymbolContent(item.read.data.replace(b"\x1d", b""))
        cause = diagnose(bare, batch.batch_id, batch.ledger, batch.specs).cause
    if cause is DiagnosisCause.OTHER_FAMILY:
        return True
    # Where labels are bare serials, any code looks like one: there, the product's word counts.
    return batch.linear and pattern is not None and cause is DiagnosisCause.NEVER_ISSUED


def _is_ours(read: Read, batch: BatchLabels, symbols: Sequence[PageSymbol]) -> bool:
    """Whether a code that is no package's symbol belongs to our labels: it says what they say in other codes."""
    text = _text(read)
    facts = batch.ledger.batches.get(batch.batch_id).facts
    if text.lstrip("0") in {value.lstrip("0") for name in ("upc", "ean") if (value := facts.get(name, ""))}:
        return True
    packages = {item.diagnosis.package for item in symbols if item.diagnosis and item.diagnosis.matches}
    named = batch.serials_of(number for number in packages if number).values()
    if any(serial in text for serials in named for serial in serials.split(", ") if serial):
        return True
    said = SymbolContent(read.data, read.symbology)
    return diagnose(said, batch.batch_id, batch.ledger, batch.specs).batch is not None


def _text(read: Read) -> str:
    return read.data.decode("utf-8", "replace")


def with_missing_codes(symbols: Sequence[PageSymbol], codes: PageCodes) -> list[PageSymbol]:
    """The symbols of a page, those of right labels with the codes that must be beside them and are not. Of several
    boxes in a picture, each code counts for one, the nearest first."""
    frame = codes.reading.frame
    labels = [at for at, item in enumerate(symbols) if item.diagnosis and item.diagnosis.matches]
    checked = list(symbols)
    for pattern in codes.patterns:
        if not pattern.must or (frame is not None and not pattern.on_sheets):
            continue
        seen = [read for read, fits in codes.found if fits == pattern]
        for at in _without_own([symbols[at].read for at in labels], seen):
            item = checked[labels[at]]
            fault = ContentFinding(ContentFault.MISSING_CODE, _NO_ELEMENT, f"other code {pattern.name}")
            checked[labels[at]] = replace(item, content=(*item.content, fault))
    return checked


def _without_own(labels: Sequence[Read], codes: Sequence[Read]) -> Iterable[int]:
    """The labels that no code is left for."""
    pairs = sorted(
        (dist(label.center, code.center), at, of) for at, label in enumerate(labels) for of, code in enumerate(codes)
    )
    served: set[int] = set()
    taken: set[int] = set()
    for _, at, of in pairs:
        if at not in served and of not in taken:
            served.add(at)
            taken.add(of)
    return (at for at in range(len(labels)) if at not in served)
