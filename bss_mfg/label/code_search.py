"""From what a code says to the label that it is on: of a unit, a carton or a package.

The texts of a template's codes are turned round: what stands in the place of a serial, a number or an address names
labels that may say this, and a label's own row then proves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bss_mfg.errors import InputError
from bss_mfg.label.expected_places import encoded_text
from bss_mfg.label.layout.label_rows import LabelRow, RowMaker, label_count
from bss_mfg.label.template.expressions import CompiledText
from bss_mfg.label.template.symbol_elements import TextCode
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.named_units import named_unit

_OF_UNITS = frozenset(("serial", "serials", "first_serial", "last_serial", "uuid", "mac"))
_NUMBERS = frozenset(("carton", "package"))
_ENDS = ("", r"\d")
"""Some codes of GS1 have one more digit than their template says: the check digit."""


def find_labels(maker: RowMaker, ledger: Ledger, texts: Sequence[str]) -> dict[str, int]:
    """Of some texts of codes those that one label alone has, with its number (from 1)."""
    found = {}
    for text in dict.fromkeys(texts):
        proved = [
            number for number in sorted(set(_candidates(maker, ledger, text))) if _says(maker, ledger, number, text)
        ]
        if len(proved) == 1:
            found[text] = proved[0]
    return found


def _says(maker: RowMaker, ledger: Ledger, number: int, text: str) -> bool:
    return any(text in _code_texts(maker, row) for row in maker.rows(ledger, [number]))


def _code_texts(maker: RowMaker, row: LabelRow) -> Iterator[str]:
    """What the codes of a label encode."""
    for plan, text in zip(maker.layout.codes, row.codes, strict=True):
        element = plan.placed_element.element
        if text and isinstance(element, TextCode):
            try:
                yield encoded_text(element, text)[1]
            except InputError:
                continue


def _candidates(maker: RowMaker, ledger: Ledger, text: str) -> Iterator[int]:
    """The labels that may say a text in a code."""
    batch, each = maker.batch, maker.layout.template.definition.each
    last = label_count(batch, each, maker.per_carton)
    for package, place in _units(maker, ledger, text):
        number = {"unit": place, "package": package, "carton": -(-package // maker.per_carton)}.get(each, 0)
        if 1 <= number <= last:
            yield number
    for name, number in _numbers(maker, text):
        if name == each and 1 <= number <= last:
            yield number
        elif name == "package":
            size = batch.units_per_package
            first, count = ((number - 1) * size + 1, size) if each == "unit" else (-(-number // maker.per_carton), 1)
            yield from (at for at in range(first, first + count) if 1 <= at <= last)


def _units(maker: RowMaker, ledger: Ledger, text: str) -> Iterator[tuple[int, int]]:
    """Package and place of the units of the batch that a text may name."""
    batch = maker.batch.id
    for name, value in _parts(maker, text):
        if name in _OF_UNITS and (unit := named_unit(ledger, value.split(",")[0], batch)) and unit.batch == batch:
            yield unit.package, unit.place
    if (unit := named_unit(ledger, text, batch)) and unit.batch == batch:
        yield unit.package, unit.place


def _numbers(maker: RowMaker, text: str) -> Iterator[tuple[str, int]]:
    for name, value in _parts(maker, text):
        digits = value.replace(",", "")
        if name in _NUMBERS and digits.isdecimal() and len(digits) <= 12:
            yield name, int(digits)


def _parts(maker: RowMaker, text: str) -> Iterator[tuple[str, str]]:
    """The values that stand in a text where a template's codes have placeholders, by their names."""
    for plan in maker.layout.codes:
        compiled = plan.slot.text.with_constants(maker.constants)
        names = [token[0] for token in compiled.tokens if not isinstance(token, str)]
        for end in _ENDS:
            if found := re.search(_pattern(compiled) + end + r"\Z", text):
                yield from zip(names, found.groups(), strict=True)


def _pattern(compiled: CompiledText) -> str:
    return "".join(re.escape(token) if isinstance(token, str) else "(.+?)" for token in compiled.tokens)
