"""The other codes of our labels: a serial, a Device UUID, a UPC, a GS1 code. A scanner that is pointed at a label reads
whichever it meets first, and the answer is which one that was, and which one to scan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from bss_mfg import gs1
from bss_mfg.core.languages import phrase
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.named_units import NamedUnit, named_unit
from bss_mfg.model import Batch, LabelFile, LabelScope
from bss_mfg.payload.spec import Spec

_CARTONS = "12345678"
_MOST_BATCHES = 50
"""Other batches whose labels are asked for a code that nothing else explains."""
_GTIN_DIGITS = (8, 12, 13, 14)
_SEPARATOR = "\x1d"
_SSCC = "00"
_SSCC_DIGITS = 20
"""With its identifier, as scanners send it."""
_KINDS: tuple[LabelScope, ...] = ("carton", "unit", "package")


class LabelCodes(Protocol):
    """Says which label a code is on."""

    def find(self, label_file: LabelFile, texts: Sequence[str]) -> Mapping[str, int]:
        """Of codes' texts those that one label alone of a file's kind has, with its number."""


@dataclass(frozen=True, slots=True)
class OwnCode:
    """A code that names a unit or the product of the batch: what it says, in words. `wrong`: its label is none of this
    batch's, or is not to be used any more."""

    words: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class OwnCodes:
    """Looks up what codes say that are no packages' barcodes."""

    ledger: Ledger
    batch: Batch
    specs: Sequence[Spec]
    """Of the barcodes of packages: what holds the beginning of one is damaged, and no other code."""
    labels: LabelCodes | None = None
    """What is on the labels that were made; without it codes that name no unit are not known by their label."""

    def find(self, text: str) -> OwnCode | None:
        """What a code is; None where nothing of it is known here."""
        if not text.replace(_SEPARATOR, "").isprintable():
            return None
        if any(start in text for spec in self.specs if (start := _beginning(spec))):
            return None
        values = dict.fromkeys(_values(text))
        for value in values:
            if unit := named_unit(self.ledger, value, self.batch.id):
                return self._of_unit(unit)
        if code := next((code for value in values if (code := self._of_product(value))), None):
            return code
        return (
            self._of_label(self.batch.id, list(values))
            or next((code for value in values if (code := self._of_other(value))), None)
            or self._of_other_label(list(values))
        )

    def _of_unit(self, unit: NamedUnit) -> OwnCode:
        if unit.batch != self.batch.id:
            return OwnCode(
                phrase("names unit {serial} of batch {batch}", serial=unit.serial, batch=unit.batch), wrong=True
            )
        if new := self.ledger.units.successors(unit.batch, [unit.serial]).get(unit.serial):
            words = phrase(
                "names unit {serial}, which was replaced by {new}: take it off the line", serial=unit.serial, new=new
            )
            return OwnCode(words, wrong=True)
        if self.ledger.packages.is_scrapped(unit.batch, unit.package):
            words = phrase("names unit {serial}, whose package was scrapped: take it off the line", serial=unit.serial)
            return OwnCode(words, wrong=True)
        words = phrase(
            "a code with the serial {serial}, of package {package}", serial=unit.serial, package=unit.package
        )
        return OwnCode(words)

    def _of_product(self, value: str) -> OwnCode | None:
        """The product's number in retail, of one or of a carton."""
        what = _retail_number(self.batch.facts, value, phrase("the product"))
        return OwnCode(what) if what else None

    def _of_other(self, value: str) -> OwnCode | None:
        """The same of another product that was issued here: a box that it is on is not one of the batch."""
        for batch in self.ledger.batches.all():
            other = phrase("another product, {product}", product=batch.product)
            if batch.product != self.batch.product and (what := _retail_number(batch.facts, value, other)):
                return OwnCode(what, wrong=True)
        return None

    def _of_other_label(self, values: Sequence[str]) -> OwnCode | None:
        """The same of another batch, of the newest ones: its carton does not belong here."""
        others = [batch for batch in reversed(self.ledger.batches.all()) if batch.id != self.batch.id]
        return next((code for batch in others[:_MOST_BATCHES] if (code := self._of_label(batch.id, values))), None)

    def _of_label(self, batch_id: str, values: Sequence[str]) -> OwnCode | None:
        """A label of a batch that alone has such a code, as a carton's with its SSCC."""
        if self.labels is None:
            return None
        texts = [f"({_SSCC}){text[2:]}" if _is_sscc(text) else text for text in values]
        for each in _KINDS:
            files = self.ledger.prints.in_force(batch_id, each).files
            for label_file in {file.template_digest: file for file in files}.values():
                for text, number in self.labels.find(label_file, texts).items():
                    code = phrase("the SSCC") if text.startswith(f"({_SSCC})") else phrase("a code")
                    is_other = batch_id != self.batch.id
                    where = phrase("batch {batch}", batch=batch_id) if is_other else phrase("the batch")
                    return OwnCode(
                        phrase("{code} of {label} of {batch}", code=code, label=_numbered(each, number), batch=where),
                        wrong=is_other,
                    )
        return None


def _numbered(each: LabelScope, number: int) -> str:
    match each:
        case "carton":
            return phrase("carton {number}", number=number)
        case "unit":
            return phrase("unit {number}", number=number)
    return phrase("package {number}", number=number)


def _retail_number(facts: Mapping[str, str], value: str, product: str) -> str:
    """Which number of a product in retail a text is; empty where it is none."""
    if not (value.isascii() and value.isdecimal()) or len(value) not in _GTIN_DIGITS:
        return ""
    for name in ("upc", "ean"):
        known = facts.get(name, "").zfill(14)
        if not known.strip("0"):
            continue
        if value.zfill(14) == known:
            return phrase("the {code} of {product}", code=name.upper(), product=product)
        if len(value) == 14 and value[0] in _CARTONS and value == gs1.carton_gtin(known, int(value[0])):
            return phrase(
                "the number of a carton of {product} (its {code} with a digit in front)",
                code=name.upper(),
                product=product,
            )
    return ""


def _is_sscc(text: str) -> bool:
    return len(text) == _SSCC_DIGITS and text.startswith(_SSCC) and text.isascii() and text.isdecimal()


def _beginning(spec: Spec) -> str:
    first = spec.field[0]
    return f"{first.key}{spec.key_separator}{first.value}" if first.source == "constant" else ""


def _values(text: str) -> Iterator[str]:
    """A code's text, and the values of a GS1 code: with identifiers in brackets, or as scanners send it."""
    yield text
    with suppress(ValueError):
        yield from (element.value for element in gs1.read_element_string(text))
    for piece in text.split(_SEPARATOR):
        if piece.startswith("01") and piece[2:16].isdecimal() and len(piece) >= 16:
            yield piece[2:16]
            piece = piece[16:]
        if piece.startswith("21"):
            yield piece[2:]
