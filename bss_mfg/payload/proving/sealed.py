"""What a sample says of an encrypted field: opened, compared value by value, rebuilt, sealed and opened anew."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bss_mfg.core.text import count_words
from bss_mfg.errors import InputError
from bss_mfg.model import Unit
from bss_mfg.payload import parse
from bss_mfg.payload.build import value_getter
from bss_mfg.payload.formats import FORMATS, format_of
from bss_mfg.payload.parse import ParsedField
from bss_mfg.payload.product_keys import PrivateKey
from bss_mfg.payload.proving.evidence import Alternative, Fault, FaultKind, Observation
from bss_mfg.payload.proving.known import (
    Examination,
    as_unit,
    compose,
    formats_of,
    part_of,
    same_plaintext,
    source_known,
)
from bss_mfg.payload.proving.variants import layout_parts, scheme_parts
from bss_mfg.payload.sources import column_of
from bss_mfg.payload.spec import SpecField
from bss_mfg.payload.suites import Suite

_KEY_BITS = (2048, 3072, 4096)
_SEALED_ANEW = 8
"""How often a plaintext is sealed to see which lengths that can make."""
_ENOUGH = 8
"""Bytes of known values that a plaintext does not hold by chance."""
_PACKED = Alternative("another way to compress the same")
_STRIDE = 5
"""Every fifth byte is changed to see whether a scheme notices."""
Values = dict[str, bytes]
"""The values of one unit out of a plaintext, by their sources."""


@dataclass(frozen=True, slots=True)
class _Field:
    """An encrypted field of a sample: its description, its ciphertexts, how they are sealed."""

    seen: Examination
    described: SpecField
    ciphertexts: tuple[bytes, ...]
    suite: Suite

    @property
    def groups(self) -> list[list[int]]:
        """The units (from 0) that each ciphertext is of."""
        count = len(self.seen.units)
        return [[index] for index in range(count)] if self.described.each == "unit" else [list(range(count))]

    def fault(self, kind: FaultKind, part: str, what: str, **more: object) -> None:
        """Note a contradiction."""
        fault = Fault(kind, self.seen.name, self.described.key, part, what, **more)  # type: ignore[arg-type]
        self.seen.faults.append(fault)

    def observe(self, name: str, left: Sequence[Alternative] = (), *, excludes: bool = True) -> None:
        """Note what the sample says of a part."""
        self.seen.observations.append(Observation(part_of(self.described, name), frozenset(left), excludes))


def examine_sealed(seen: Examination, item: ParsedField, described: SpecField) -> None:
    """Say what an encrypted field proves."""
    suite = described.encryption
    texts = parse.ciphertexts(item, seen.spec)
    if suite is None:
        return
    try:
        found = tuple(parse.value_bytes(text, described.format) for text in texts)
    except InputError as error:
        seen.faults.append(Fault(FaultKind.UNREADABLE, seen.name, described.key, "format", error.what))
        return
    field = _Field(seen, described, found, suite)
    wanted = len(field.groups)
    if len(found) != wanted:
        what = f"{described.key} holds {count_words(len(found), 'ciphertext')}, {wanted} are wanted"
        field.fault(FaultKind.UNITS, "units", what, expected=str(wanted), found=str(len(found)))
        return
    _observe_format(field, texts)
    if described.each == "unit" and seen.spec.max_units > 1:
        several = len(seen.units) > 1
        field.observe("units", () if several else [Alternative("another separator")], excludes=several)
    if seen.spec.max_units > 1:
        several = len(seen.units) > 1
        other = "package" if described.each == "unit" else "unit"
        field.observe("each", () if several else [Alternative(other)], excludes=several)
    if seen.loaded.private_key is None:
        _compare_lengths(field)
    else:
        _open(field, seen.loaded.private_key)


def _observe_format(field: _Field, texts: Sequence[str]) -> None:
    left = []
    for name in formats_of("encrypted"):
        if name == field.described.format:
            continue
        try:
            same = tuple(FORMATS[name].read_strict(text) for text in texts) == field.ciphertexts
        except ValueError:
            same = False
        left += [Alternative(name)] if same else []
    ours = format_of(field.described.format)
    if not ours.is_fixed and any(ours.write(one) != text for one, text in zip(field.ciphertexts, texts, strict=True)):
        left.append(_PACKED)
    field.observe("format", left)


def _compare_lengths(field: _Field) -> None:
    """Without the private key: whether the ciphertexts are as long as they should be."""
    units = _units(field)
    opaque = [Alternative("anything of this length: there is no private key")]
    fits = True
    values, layout = field.described.plaintext, field.described.layout
    is_fixed = layout.has_fixed_size and all(value.has_fixed_format for value in values)
    for group, ciphertext in zip(field.groups, field.ciphertexts, strict=True):
        plaintext = _rebuilt(field, [units[index] for index in group]) if _all_known(field) and is_fixed else None
        sizes = set() if plaintext is None else _sealed_sizes(field.suite, len(plaintext))
        if sizes and len(ciphertext) not in sizes:
            what = f"the ciphertext has {count_words(len(ciphertext), 'byte')}"
            wanted = " or ".join(map(str, sorted(sizes)))
            field.fault(FaultKind.LENGTH, "scheme", what, expected=wanted, found=str(len(ciphertext)))
        fits = fits and len(ciphertext) in sizes
    field.observe("scheme", opaque, excludes=fits)
    field.observe("layout", opaque, excludes=fits)
    for value in field.described.plaintext:
        if value.is_of_unit and not value.each_unit:
            field.observe(value.source, opaque, excludes=False)


def _sealed_sizes(suite: Suite, plaintext: int) -> set[int]:
    found = set()
    for bits in _KEY_BITS:
        try:
            found.add(suite.sealed_size(plaintext, bits))
        except InputError:  # a key of this size holds less
            continue
    return found


def _all_known(field: _Field) -> bool:
    sources = [value.source for value in field.described.plaintext if value.source.startswith("unit.")]
    return all(source_known(unit, source) for unit in field.seen.units for source in sources)


def _open(field: _Field, key: PrivateKey) -> None:
    seen, described = field.seen, field.described
    try:
        plaintexts = [field.suite.open(key, ciphertext) for ciphertext in field.ciphertexts]
    except InputError as error:
        field.fault(FaultKind.NOT_OPENED, "scheme", error.what)
        return
    seen.opened = True
    try:
        values = parse.split_plaintexts(plaintexts, described, len(seen.units))
    except InputError as error:
        field.fault(FaultKind.LAYOUT, "layout", error.what)
        return
    before = len(seen.faults)
    _compare_values(field, values)
    if len(seen.faults) > before:
        return
    units = [_filled(unit, described, found) for unit, found in zip(_units(field), values, strict=True)]
    rebuilt = [_rebuilt(field, [units[index] for index in group]) for group in field.groups]
    for number, (ours, theirs) in enumerate(zip(rebuilt, plaintexts, strict=True), 1):
        if ours is not None and not same_plaintext(described, ours, theirs):
            at = next((at for at, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), len(theirs))
            what = f"the plaintext of ciphertext {number}, built anew, is another from byte {at + 1} on"
            field.fault(FaultKind.LAYOUT, "layout", what, expected=f"{len(ours)} bytes", found=f"{len(theirs)} bytes")
            return
    _seal_anew(field, key, plaintexts)
    untold = _untold(field) + ([] if None not in rebuilt else [Alternative("what the sample does not tell")])
    is_exact = rebuilt == plaintexts
    if not is_exact and None not in rebuilt:
        untold.append(_PACKED)
    _observe_values(field, values)
    for name, left, excludes in layout_parts(seen.spec, described, _Rewriter(field, units, plaintexts, is_exact).same):
        field.observe(name, [*map(Alternative, left), *untold], excludes=excludes)
    enough = _known_bytes(field, values) >= _ENOUGH or _authenticates(field, key)
    doubt = [] if enough else [Alternative("another scheme: too little is known of what is in it")]
    for name, left, excludes in scheme_parts(field.suite, key, field.ciphertexts, plaintexts):
        field.observe(name, [*map(Alternative, left), *doubt], excludes=excludes)


def _units(field: _Field) -> list[Unit]:
    return [as_unit(number, unit) for number, unit in field.seen.numbered]


def _compare_values(field: _Field, values: Sequence[Values]) -> None:
    for (number, unit), found in zip(field.seen.numbered, values, strict=True):
        ready = as_unit(number, unit)
        for value in field.described.plaintext:
            if not value.source.startswith("unit.") or not source_known(unit, value.source):
                continue
            try:
                expected = value_getter(value.source, value.format, field.described.key)(ready)
            except InputError as error:
                field.fault(FaultKind.VALUE, value.source, error.what, unit=number)
                continue
            if found.get(value.source) != expected:
                what = f"{field.described.key} holds another {value.source} of unit {number} than the sample tells"
                field.fault(FaultKind.VALUE, value.source, what, unit=number)


def _filled(unit: Unit, described: SpecField, found: Values) -> Unit:
    """A unit, and what its sample does not tell out of the plaintext."""
    opened = parse.opened_unit(found)
    columns = {
        column: _column_text(value.format, found[value.source])
        for value in described.plaintext
        if (column := column_of(value.source)) and value.source in found
    }
    return replace(
        unit,
        serial=opened.serial or unit.serial,
        uuid=opened.uuid or unit.uuid,
        mac=opened.mac or unit.mac,
        key=opened.key or unit.key,
        extra={**columns, **unit.extra},
    )


def _column_text(format: str | tuple[str, ...], data: bytes) -> str:
    """A column's value as the identities file holds it."""
    parse_input = bytes.fromhex if format == "raw" else format_of(format).parse_input
    for text in (data.hex(), data.decode("latin-1"), base64.b64encode(data).decode("ascii")):
        try:
            if parse_input(text) == data:
                return text
        except ValueError:
            continue
    return ""


def _rebuilt(field: _Field, units: Sequence[Unit]) -> bytes | None:
    """The plaintext of some units as the spec lays it out; None where a value of them or the product is not known."""
    try:
        return compose(field.described, units, field.seen.facts)
    except (InputError, ValueError, OverflowError):
        return None


def _seal_anew(field: _Field, key: PrivateKey, plaintexts: Sequence[bytes]) -> None:
    """Encrypt to the public half: what comes out is as long as the sample's, and opens to the same."""
    seal = field.suite.sealer(key.public_key())
    for plaintext, theirs in zip(plaintexts, field.ciphertexts, strict=True):
        sealed = [seal(plaintext) for _ in range(_SEALED_ANEW)]
        if any(field.suite.open(key, one) != plaintext for one in sealed[:1]):
            field.fault(FaultKind.NOT_OPENED, "scheme", "what is sealed anew does not open to the same")
        sizes = {len(one) for one in sealed}
        if len(theirs) not in sizes:
            wanted = " or ".join(map(str, sorted(sizes)))
            what = "what is sealed anew has another length"
            field.fault(FaultKind.LENGTH, "scheme", what, expected=wanted, found=str(len(theirs)))


def _authenticates(field: _Field, key: PrivateKey) -> bool:
    """Whether a ciphertext with any bit changed does not open: then it is of this scheme, whatever is in it."""
    whole = field.ciphertexts[0]
    for at in (*range(0, len(whole), _STRIDE), len(whole) - 1):
        try:
            field.suite.open(key, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        except InputError:
            continue
        return False
    return True


def _untold(field: _Field) -> list[Alternative]:
    sources = dict.fromkeys(v.source for v in field.described.plaintext if v.source.startswith("unit."))
    return [
        Alternative(f"what the sample does not tell: {source}")
        for source in sources
        if not all(source_known(unit, source) for unit in field.seen.units)
    ]


def _known_bytes(field: _Field, values: Sequence[Values]) -> int:
    return sum(
        len(data)
        for unit, found in zip(field.seen.units, values, strict=True)
        for source, data in found.items()
        if source.startswith("unit.") and source_known(unit, source)
    )


def _observe_values(field: _Field, values: Sequence[Values]) -> None:
    seen = field.seen
    for value in field.described.plaintext:
        source = value.source
        if source == "constant":
            shown = value.name or f"plaintext[{field.described.plaintext.index(value) + 1}].value"
            field.observe(shown, [Alternative("a value that is not always the same", seen.tag)])
        elif source == "package.units":
            field.observe(source, [Alternative("a constant", str(len(seen.units)))])
        elif source.startswith("product."):
            told = source.removeprefix("product.") in seen.loaded.sample.product
            field.observe(source, () if told else [Alternative("another value: the sample does not tell it")])
        elif source.startswith("unit."):
            if not all(source_known(unit, source) for unit in seen.units):
                field.observe(source, [Alternative("another value: the sample does not tell it")])
            else:
                field.observe(source, _other_sources(source, values))
    if any(value.source == "unit.oob" for value in field.described.plaintext):
        shown_sizes = {len(found["unit.oob"]) for found in values}
        for size in (16, 32):
            left = () if size in shown_sizes else [Alternative(f"anything: no sample has a key of {size} bytes")]
            field.observe(f"oob-{size}", left, excludes=size in shown_sizes)


def _other_sources(source: str, values: Sequence[Values]) -> list[Alternative]:
    own = [found[source] for found in values]
    left = [] if sum(map(len, set(own))) >= 4 else [Alternative("chance: so few bytes")]
    others = [other for other in values[0] if other != source and other.startswith("unit.")]
    return left + [Alternative(other) for other in others if [found.get(other) for found in values] == own]


@dataclass(frozen=True, slots=True)
class _Rewriter:
    """Whether another layout makes the same plaintexts of the same units."""

    field: _Field
    units: Sequence[Unit]
    plaintexts: Sequence[bytes]
    is_exact: bool
    """Our own layout makes them byte for byte, whatever is compressed in them."""

    def same(self, described: SpecField) -> bool:
        """Whether it does."""
        try:
            made = [
                compose(described, [self.units[index] for index in group], self.field.seen.facts)
                for group in self.field.groups
            ]
        except (InputError, ValueError, OverflowError):
            return False
        if self.is_exact:
            return made == list(self.plaintexts)
        pairs = zip(made, self.plaintexts, strict=True)
        return all(same_plaintext(described, ours, theirs) for ours, theirs in pairs)
