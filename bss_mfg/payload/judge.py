"""What is wrong with a barcode string by its spec alone: one judge for what is scanned and what is explained."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from bss_mfg.core.languages import OR, counted, joined, phrase
from bss_mfg.errors import InputError
from bss_mfg.payload import parse
from bss_mfg.payload.build import plaintext_size
from bss_mfg.payload.formats import format_label
from bss_mfg.payload.spec import Spec, SpecField

_KEY_BITS = (2048, 3072, 4096)
"""Sizes of an RSA product key; on P-256 the sealed size does not depend on it."""
_FEW = 6
"""Sizes that a message names."""
_PRODUCT_VALUES = {"product.pid": r"[A-Za-z0-9]{4}", "product.upc": r"[0-9]{12}", "product.ean": r"[0-9]{8}|[0-9]{13}"}


class LetterCase(Enum):
    """What a computer or scanner did to the letters of a string. The values are for people."""

    SWAPPED = phrase("upper and lower case are swapped: caps lock is on")
    SMALL = phrase("all letters are small: the scanner or the computer changes them; set it to leave the case alone")
    CAPITAL = phrase(
        "all letters are capitals: the scanner or the computer changes them; set it to leave the case alone"
    )


@dataclass(frozen=True, slots=True)
class Judgement:
    """A string by its spec. `damaged` says why it can't be taken apart as a whole (empty: it can); `problems` are all
    that is wrong of it."""

    fields: tuple[parse.ParsedField, ...] = ()
    uuids: tuple[uuid.UUID, ...] = ()
    problems: tuple[str, ...] = ()
    damaged: str = ""


def judge_string(text: str, spec: Spec) -> Judgement:
    """What a string of a spec says, and what is wrong with it."""
    cut = spec.terminator and not spec.bare and not text.endswith(spec.terminator)
    problems: list[str] = (
        [phrase("it does not end with {end}: it is cut off", end=repr(spec.terminator))] if cut else []
    )
    try:
        fields = parse.split_fields(text, spec)
    except InputError as error:
        return Judgement(problems=(*problems, error.what), damaged=error.what)
    problems += parse.find_faults(fields, spec)
    problems += [fault for item in fields for fault in _value_faults(item, spec, parse.told_units(fields, spec))]
    try:
        uuids = parse.device_uuids(fields, spec)
    except InputError as error:
        return Judgement(fields, problems=(*problems, error.what), damaged=error.what)
    return Judgement(fields, uuids, tuple(problems))


def lacks_product_code(fields: Sequence[parse.ParsedField], spec: Spec) -> bool:
    """Whether a string has neither UPC nor EAN where its spec knows both: right only where the package shows none."""
    keys = {field.key for field in spec.field if field.source in ("product.upc", "product.ean")}
    return len(keys) > 1 and keys.isdisjoint(item.key for item in fields)


def changed_case(text: str, specs: Iterable[Spec]) -> LetterCase | None:
    """What was done to the letters of a string whose beginning fits a spec but for their case."""
    known = list(specs)
    if parse.matching_spec(text, known) or parse.matching_spec(text.swapcase(), known) is None:
        return None
    return LetterCase.SMALL if text == text.lower() else LetterCase.SWAPPED


def _value_faults(item: parse.ParsedField, spec: Spec, units: int | None) -> list[str]:
    """What is wrong with a value that is of the product, or encrypted; `units` where the string says how many."""
    described = item.field
    if described is None:
        return []
    if (pattern := _PRODUCT_VALUES.get(described.source)) and not re.fullmatch(pattern, item.value):
        name = described.source.removeprefix("product.").upper()
        return [
            phrase("the value {value} of {key} isn't a {code}", value=ascii(item.value[:20]), key=item.key, code=name)
        ]
    if described.encryption is None:
        return []
    try:
        found = [len(parse.value_bytes(value, described.format)) for value in parse.ciphertexts(item, spec)]
    except InputError:
        kind = format_label(described.format)
        return [phrase("the value of {key} is not {kind}: a character is wrong or missing", key=item.key, kind=kind)]
    counts: Iterable[int] = range(1, spec.max_units + 1) if units is None else (units,)
    counts = (1,) if described.each == "unit" else counts
    sizes = sorted({size for count in counts for size in _sealed_sizes(described, count)})
    for size in found:
        if sizes and size not in sizes:
            found_size = {"key": item.key, "bytes": counted("{count:,} byte", "{count:,} bytes", size)}
            if len(sizes) > _FEW:
                words = phrase(
                    "the value of {key} has {bytes}, as no package has: it is cut off or damaged", **found_size
                )
            else:
                words = phrase(
                    "the value of {key} has {bytes}, {sizes} are wanted: it is cut off or damaged",
                    sizes=joined(OR, map(str, sizes)), **found_size,
                )  # fmt: skip
            return [words]
    return []


@lru_cache(maxsize=256)
def _sealed_sizes(field: SpecField, units: int) -> tuple[int, ...]:
    """How many bytes the ciphertext of so many units can have; none where a value of any length is in it."""
    suite = field.encryption
    if suite is None or not field.layout.has_fixed_size:
        return ()
    if any(not value.has_fixed_size or value.source.startswith("product.") for value in field.plaintext):
        return ()
    found: set[int] = set()
    for oob in (16, 32):
        for bits in _KEY_BITS:
            try:
                found.add(suite.sealed_size(plaintext_size(field, {}, units, oob), bits))
            except InputError:  # a key of this size holds less
                continue
    return tuple(sorted(found))
