"""What an encrypted field can be: its encoding, whether it is of the package or of each unit, its scheme and layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.payload.fitting.known import Known, Needles, needles, other_order, standing
from bss_mfg.payload.fitting.layout_binary import Candidate, Plain
from bss_mfg.payload.fitting.layouts_found import find_layouts
from bss_mfg.payload.fitting.other_keys import other_key
from bss_mfg.payload.fitting.plain_fields import Content
from bss_mfg.payload.fitting.schemes_found import FoundScheme, SchemeQuestion, find_schemes
from bss_mfg.payload.fitting.spoiled import is_hex
from bss_mfg.payload.fitting.streams import Words
from bss_mfg.payload.fitting.tally import NearMiss, Stage, Tally, ValueOf
from bss_mfg.payload.formats import BINARY, format_of
from bss_mfg.payload.product_keys import PrivateKey
from bss_mfg.payload.suites import described

LEAST_SEALED = 32
"""Bytes below which nothing can be an encrypted field."""
_OF_HEX_DIGITS = ("hex-upper", "hex-lower", "decimal")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A field's values in all samples as bytes: one of each package, or one of each unit."""

    formats: tuple[str, ...]
    each: str
    data: tuple[tuple[bytes, ...], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class EncryptedReading:
    """A way to read an encrypted field; `sure` as of its scheme, `opened` the samples whose ciphertext was opened."""

    content: Content
    sure: bool
    opened: int


def decodings(values: Sequence[str], samples: Sequence[Known], separator: str) -> list[Decoded]:
    """The bytes that values can be. Encodings that make the same bytes are one; the strictest comes first."""
    found: list[Decoded] = []
    several = any(len(sample.units) > 1 for sample in samples)
    for each in ("package", "unit") if several else ("package",):
        split = [value.split(separator) if each == "unit" else [value] for value in values]
        if each == "unit" and any(len(p) != len(s.units) for p, s in zip(split, samples, strict=True)):
            continue
        by_data: dict[tuple[tuple[bytes, ...], ...], list[str]] = {}
        for name in (*BINARY, "text"):
            try:
                data = tuple(tuple(_read(name, part) for part in parts) for parts in split)
            except ValueError:
                continue
            if all(len(one) >= LEAST_SEALED for parts in data for one in parts):
                by_data.setdefault(data, []).append(name)
        found += [Decoded(tuple(names), each, data) for data, names in by_data.items()]
    return found


def _read(name: str, text: str) -> bytes:
    if name == "text":  # a container that is a text itself, as a JWE
        if text.count(".") != 4:
            raise ValueError("no JWE")
        return text.encode("ascii")
    if name not in _OF_HEX_DIGITS and is_hex(text) and len(text) >= LEAST_SEALED:
        raise ValueError("digits of hex are not another encoding by chance")
    return format_of(name).read_strict(text)


@dataclass(frozen=True, slots=True)
class EncryptedQuestion:
    """A field to be opened: its key and values in all samples; `elsewhere`: sources that other fields hold."""

    key: str
    values: tuple[str, ...] = field(repr=False)
    samples: tuple[Known, ...]
    separator: str
    words: Words
    tally: Tally
    rare: bool = True
    elsewhere: frozenset[str] = frozenset()


def encrypted_readings(question: EncryptedQuestion) -> list[EncryptedReading]:
    """All ways to read an encrypted field; empty where none was found, and the tally says how near one came."""
    for decoded in decodings(question.values, question.samples, question.separator):
        sizes = ", ".join(str(len(one)) for one in decoded.data[0])
        question.tally.came(Stage.DECODED, question.key, f"{sizes} bytes as {' or '.join(decoded.formats)}")
        if _is_for_another_key(question, decoded):
            return []
        found = list(_opened(question, decoded))
        if found:
            return found
    return []


def _is_for_another_key(question: EncryptedQuestion, decoded: Decoded) -> bool:
    """Whether a sample holds a key on another curve than that of its private key, so that no search opens it."""
    for sample, texts in zip(question.samples, decoded.data, strict=True):
        whose = f" of {sample.name}" if len(question.samples) > 1 else ""
        if sample.key and (other := other_key(texts[0], sample.key, whose)):
            question.tally.came(Stage.OTHER_KEY, question.key, other.told)
            if other.sure:
                return True
    return False


def _opened(question: EncryptedQuestion, decoded: Decoded) -> Iterator[EncryptedReading]:
    keyed = [number for number, sample in enumerate(question.samples) if sample.key]
    if not keyed:
        return
    first = min(keyed, key=lambda number: len(decoded.data[number][0]))
    sample = question.samples[first]
    if sample.key is None:
        return
    units = sample.units if decoded.each == "package" else sample.units[:1]
    ask = SchemeQuestion(
        question.key, decoded.data[first][0], sample.key, question.words, needles(units), question.tally, question.rare
    )
    for hits in find_schemes(ask):
        found = [reading for hit in hits for reading in _laid_out(question, decoded, keyed, hit)]
        if found:
            yield from found
            return
        if any(hit.sure for hit in hits) and _is_in_other_order(question):  # no other scheme is asked for then
            return


def _is_in_other_order(question: EncryptedQuestion) -> bool:
    """Whether the values of the units stand in what was opened, and not as the samples list them."""
    miss = question.tally.nearest.get(question.key)
    return miss is not None and any(list(places) != sorted(places) for _, places in miss.places)


def _laid_out(
    question: EncryptedQuestion, decoded: Decoded, keyed: Sequence[int], hit: FoundScheme
) -> Iterator[EncryptedReading]:
    suite = described(hit.scheme)
    plains: list[Plain] = []
    first_units: list[tuple[Known, int]] = []
    closed: list[tuple[Known, int]] = []
    for number in keyed:
        sample = question.samples[number]
        texts = [_open(suite, sample.key, data) for data in decoded.data[number]]
        of = [sample.units] if decoded.each == "package" else [(unit,) for unit in sample.units]
        for text, units in zip(texts, of, strict=True):
            if text is None:
                closed.append((sample, units[0].number))
            else:
                plains.append(Plain(text, units, dict(sample.facts)))
                first_units.append((sample, units[0].number))
    if closed:
        stands = {
            value for plain, (sample, _) in zip(plains, first_units, strict=True)
            for value, needle in _values(plain, sample) if needle.stand_in(plain.data)
        }  # fmt: skip
        miss = _partly_opened(question.key, decoded.each, first_units, closed)
        question.tally.note(replace(miss, stands=frozenset(stands)))
        return
    layouts = find_layouts(plains, question.tally.count)
    if not layouts:
        question.tally.note(_miss(question, plains, first_units))
    for values, layout in layouts:
        for format in decoded.formats:
            yield EncryptedReading(_content(hit, decoded.each, format, (values, layout)), hit.sure, len(keyed))


def _partly_opened(
    key: str, each: str, opened: Sequence[tuple[Known, int]], closed: Sequence[tuple[Known, int]]
) -> NearMiss:
    """Which samples open, or units of samples, and which do not."""
    samples = {sample.name for sample, _ in (*opened, *closed)}

    def named(some: Sequence[tuple[Known, int]]) -> str:
        names = [
            " of ".join([f"unit {number}"] * (each == "unit") + [sample.name] * (len(samples) > 1))
            for sample, number in some
        ]
        return " and ".join(names) + (" does" if len(names) == 1 else " do")

    opens = "opens" if len(opened) == 1 else "open"
    told = f"{named(opened).rpartition(' ')[0]} {opens}, and {named(closed)} not: "
    told += "another test key, " if len(samples) > 1 else ""
    told += "a character of the string that is wrong, or not copied whole"
    names = {sample.name for sample, _ in opened} - {sample.name for sample, _ in closed}
    return NearMiss(Stage.OPENED, key, told, opened=frozenset(names))


def _open(suite: Any, key: PrivateKey | None, data: bytes) -> bytes | None:
    try:
        found: bytes = suite.open(key, data)
        return found
    except InputError:
        return None


def _content(hit: FoundScheme, each: str, format: str, candidate: Candidate) -> Content:
    values, layout = candidate
    how = {"format": format, "scheme": hit.scheme, "each": each}
    return {"source": "encrypted", **how, "plaintext": values, "layout": layout}


def _miss(question: EncryptedQuestion, plains: Sequence[Plain], first_units: Sequence[tuple[Known, int]]) -> NearMiss:
    """What stands in the plaintexts and what does not, told of the first in which a value is missing."""
    stands: set[ValueOf] = set()
    told = order = ""
    several = len({sample.name for sample, _ in first_units}) > 1
    fixed = any(source.startswith("unit.") for source in question.elsewhere)
    for plain, (sample, _) in zip(plains, first_units, strict=True):
        values = _values(plain, sample)
        there = [value for value, needle in values if needle.stand_in(plain.data)]
        stands |= set(there)
        missing = [
            value
            for value, needle in values
            if value not in there and value.source not in question.elsewhere and not needle.stand_in(sample.text)
        ]
        where = f" ({sample.name})" if several else ""
        if missing and not told:
            told = _told(len(plain.data), there, missing) + where
            if not there and (others := _whose(question.samples, sample, plain.data)):
                told += f"; units of {others} do"
        if not missing and not told and (order := other_order(plain.units, plain.data, fixed=fixed)):
            told = f"it opens to {len(plain.data)} bytes with the units {order}{where}"
    told = told or f"it opens to {len(plains[0].data)} bytes with all values in them, in no known layout"
    opened = frozenset(sample.name for sample, _ in first_units)
    stage = Stage.VALUES_FOUND if stands else Stage.OPENED
    places = tuple(_places(plains, first_units))
    return NearMiss(stage, question.key, told, frozenset(stands), opened, places, other_order=bool(order))


def _places(plains: Sequence[Plain], first_units: Sequence[tuple[Known, int]]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Where the units of each sample stand in all that was opened of it."""
    whole: dict[str, tuple[Known, bytes]] = {}
    for plain, (sample, _) in zip(plains, first_units, strict=True):
        whole[sample.name] = (sample, whole.get(sample.name, (sample, b""))[1] + plain.data)
    for name, (sample, data) in whole.items():
        if places := standing(sample.units, data):
            yield name, places


def _values(plain: Plain, sample: Known) -> list[tuple[ValueOf, Needles]]:
    """The values of a plaintext's units, each with what finds it."""
    return [
        (ValueOf(sample.name, unit.number, source), Needles((unit.written_values[source],)))
        for unit in plain.units
        for source in unit.sources
    ]


def _told(size: int, there: Sequence[ValueOf], missing: Sequence[ValueOf]) -> str:
    if not there:
        return f"it opens to {size} bytes, and no value of the sample's units stands in them"
    return f"it opens to {size} bytes with {_named(there)} in them, without {_named(missing)}"


def _named(values: Sequence[ValueOf]) -> str:
    return ", ".join(f"{value.source} of unit {value.unit}" for value in values)


def _whose(samples: Sequence[Known], own: Known, data: bytes) -> str:
    """The sample whose units stand in some bytes, of all but one."""
    others = (sample for sample in samples if sample is not own)
    return next((sample.name for sample in others if needles(sample.units).stand_in(data)), "")
