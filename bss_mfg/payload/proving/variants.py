"""Which members of a scheme and a layout a sample tells from everything else that could stand in their place.

A description that always does the same as ours (an option that has no meaning here) is no alternative. Whether it does
is tried out on other plaintexts and other units.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import TypeAdapter, ValidationError

from bss_mfg.errors import InputError
from bss_mfg.model import Secret, Unit
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue
from bss_mfg.payload.product_keys import PrivateKey
from bss_mfg.payload.proving.alternatives import changed, valid
from bss_mfg.payload.proving.known import compose
from bss_mfg.payload.schemes.descriptions import SchemeDescription
from bss_mfg.payload.sources import column_of
from bss_mfg.payload.spec import Spec, SpecField
from bss_mfg.payload.suites import Suite, described

_PROBE_SIZES = (1, 8, 15, 16, 17, 31, 40)
_FACTS = {"pid": "Qx7Z", "upc": "012345678905", "ean": "4006381333931"}
PartLeft = tuple[str, tuple[str, ...], bool]
"""A part, the alternatives that a sample leaves, and whether it excludes any."""
_SCHEMES: TypeAdapter[SchemeDescription] = TypeAdapter(SchemeDescription)


def scheme_parts(
    suite: Suite, key: PrivateKey, ciphertexts: Sequence[bytes], plaintexts: Sequence[bytes]
) -> Iterator[PartLeft]:
    """Each member of a scheme. An alternative is left where it opens the ciphertexts to the same plaintexts."""
    found: dict[str, tuple[list[str], bool]] = {}
    for change in changed(suite.scheme):
        if (other := _suite(change.data)) is None:
            continue
        left, excludes = found.setdefault(change.path, ([], False))
        if not _opens(other, key, ciphertexts, plaintexts):
            found[change.path] = (left, True)
        elif not _is_same_scheme(suite, other, key, max(map(len, plaintexts))):
            left.append(change.what)
    yield ("scheme", (), True)
    for path, (left, excludes) in found.items():
        if left or excludes:
            yield (f"scheme.{path}", tuple(left), excludes)


def _suite(data: Mapping[str, object]) -> Suite | None:
    try:
        return described(_SCHEMES.validate_python(data))
    except (ValidationError, ValueError, InputError):
        return None


def _opens(suite: Suite, key: PrivateKey, ciphertexts: Sequence[bytes], plaintexts: Sequence[bytes]) -> bool:
    try:
        return all(suite.open(key, one) == text for one, text in zip(ciphertexts, plaintexts, strict=True))
    except InputError:
        return False


def _is_same_scheme(ours: Suite, other: Suite, key: PrivateKey, size: int) -> bool:
    """Whether each opens what the other seals, whatever its length."""
    public = key.public_key()
    for count in (*_PROBE_SIZES, size):
        text = secrets.token_bytes(count)
        for sealing, opening in ((ours, other), (other, ours)):
            try:
                sealed = sealing.sealer(public)(text)
            except (InputError, ValueError):
                continue  # too long for this key
            if not _opens(opening, key, [sealed], [text]):
                return False
    return True


def layout_parts(spec: Spec, field: SpecField, same: Callable[[SpecField], bool]) -> Iterator[PartLeft]:
    """Each member of a layout and of the values in it. An alternative is left where `same` says that it makes the same
    plaintexts."""
    probes = _Probes(field, spec.max_units if field.each == "package" else 1)
    found: dict[str, tuple[list[str], bool]] = {}
    for path, what, other in _other_layouts(field):
        left, excludes = found.setdefault(path, ([], False))
        if not same(other):
            found[path] = (left, True)
        elif not probes.are_written_the_same(other):
            left.append(what)
    yield ("layout", (), True)
    for path, (left, excludes) in found.items():
        if left or excludes:
            yield (path, tuple(left), excludes)


def _other_layouts(field: SpecField) -> Iterator[tuple[str, str, SpecField]]:
    for change in changed(field.layout):
        if (layout := valid(Layout, change.data)) and (other := _with(field, layout=layout)):
            yield f"layout.{change.path}", change.what, other
    for index, value in enumerate(field.plaintext):
        for change in changed(value):
            if one := valid(PlaintextValue, change.data):
                plaintext = (*field.plaintext[:index], one, *field.plaintext[index + 1 :])
                if other := _with(field, plaintext=plaintext):
                    yield f"plaintext[{index + 1}].{change.path}", change.what, other
        if index:
            plaintext = (
                *field.plaintext[: index - 1],
                value,
                field.plaintext[index - 1],
                *field.plaintext[index + 1 :],
            )
            if other := _with(field, plaintext=plaintext):
                yield "plaintext", "another order", other


def _with(field: SpecField, **members: object) -> SpecField | None:
    dumped = {name: getattr(field, name) for name in type(field).model_fields}
    return valid(SpecField, {**dumped, **members})


@dataclass(frozen=True)
class _Probes:
    """Made-up units, and what a field makes of them."""

    field: SpecField
    most_units: int

    def are_written_the_same(self, other: SpecField) -> bool:
        """Whether another layout makes the same of any units."""
        return bool(self._written) and all(_composed(other, units) == ours for units, ours in self._written)

    @cached_property
    def _written(self) -> list[tuple[list[Unit], bytes]]:
        """Once for all layouts that are compared."""
        packages = [
            [_probe(number, self.field, oob) for number in range(1, count + 1)]
            for count in (1, 2, 3, 5)
            if count <= self.most_units
            for oob in (16, 32)
        ]
        return [(units, ours) for units in packages if (ours := _composed(self.field, units)) is not None]


def _composed(field: SpecField, units: Sequence[Unit]) -> bytes | None:
    """The plaintext; None where these units have none."""
    try:
        return compose(field, units, _FACTS)
    except (InputError, ValueError, OverflowError):
        return None


def _probe(number: int, field: SpecField, oob: int) -> Unit:
    """A made-up unit; its serial is as long as its number makes it."""
    extra = {}
    for value in field.plaintext:
        if column := column_of(value.source):
            size = value.octets or 8
            is_text = value.format in ("text", "alphanumeric")
            extra[column] = secrets.token_hex(size)[:size] if is_text else secrets.token_hex(size)
    serial = "P" + secrets.token_hex(9)[: 7 + number]
    mac = f"0200{secrets.token_hex(4)}".upper()
    return Unit(number, serial, uuid.uuid4(), mac, Secret(secrets.token_bytes(oob)), extra=extra)
