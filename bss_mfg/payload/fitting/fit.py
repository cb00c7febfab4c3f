"""Samples in, every spec that explains them out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, product
from typing import Any

from pydantic import ValidationError

from bss_mfg.errors import InputError
from bss_mfg.payload.fitting.cut_tags import cut_tag
from bss_mfg.payload.fitting.encrypted_fields import EncryptedQuestion, decodings, encrypted_readings
from bss_mfg.payload.fitting.forms import forms_without_key
from bss_mfg.payload.fitting.known import Known, standing
from bss_mfg.payload.fitting.misses import Seen, misplaced, unexplained_fields, wrong_values
from bss_mfg.payload.fitting.other_orders import in_orders, other_orders
from bss_mfg.payload.fitting.plain_fields import Content, hold_units, plain_readings
from bss_mfg.payload.fitting.proof import explains
from bss_mfg.payload.fitting.questions import open_questions
from bss_mfg.payload.fitting.report import MOST, FitReport
from bss_mfg.payload.fitting.same_specs import distinct
from bss_mfg.payload.fitting.streams import Words
from bss_mfg.payload.fitting.strings import LIST_SEPARATORS, SplitString, split_string
from bss_mfg.payload.fitting.tally import Places, Space, Stage, Tally
from bss_mfg.payload.spec import Spec, packaged_spec
from bss_mfg.payload.spec_names import packaged_names
from bss_mfg.payload.unit_order import UnitOrder

_MOST_COMBINED = 4096


@dataclass(frozen=True, slots=True)
class FitRequest:
    """What is asked: samples of one spec, contexts to try, how many units a package will have at most, a name.
    Without `rare` only what is usual is searched: seconds, not minutes."""

    samples: tuple[Known, ...]
    words: tuple[str, ...] = ()
    max_units: int | None = None
    name: str = "fitted"
    rare: bool = True


def fit(request: FitRequest, tally: Tally | None = None) -> FitReport:
    """Search; `InputError` where a string can't be split, or the samples are of several specs. What `tally` holds is
    right at any moment, for whoever interrupts it. Units in another order than the samples' are explained where nothing
    explains them as they are listed."""
    begun, tally = time.monotonic(), tally or Tally()
    in_clear = other_orders(request.samples, tally)  # what the strings show already saves a search in vain
    report = _fit_in_orders(request, tally, in_clear)
    if report is None:
        as_listed = _fit(request, tally)
        inside = {} if as_listed.specs else other_orders(request.samples, tally)
        later = {places: orders for places, orders in inside.items() if places not in in_clear}
        report = _fit_in_orders(request, tally, later) or as_listed
    return replace(report, tried=tally.tried, seconds=time.monotonic() - begun)


def _fit_in_orders(
    request: FitRequest, tally: Tally, orders: Mapping[Places, tuple[UnitOrder, ...]]
) -> FitReport | None:
    """What explains the samples with their units in one of these orders. Where nothing does, how near that order came
    in which more fields in clear are read than as the samples list the units; None where there is none."""
    if not orders:
        return None
    best, read, nearest = None, _read_in_clear(request.samples), dict(tally.nearest)
    for places, names in orders.items():
        tally.nearest.clear()
        moved = tuple(sample.in_places(one) for sample, one in zip(request.samples, places, strict=True))
        found = _fit(replace(request, samples=moved), tally)
        if found.specs:
            return in_orders(found, names, request.samples)
        if (more := _read_in_clear(moved)) > read:
            best, read, nearest = found, more, dict(tally.nearest)
    tally.nearest.clear()
    tally.nearest.update(nearest)
    return best


def _read_in_clear(samples: Sequence[Known]) -> frozenset[str]:
    """The keys of the fields in clear that hold the units' values, in the order in which the samples have them."""
    strings = [split_string(sample.string, sample.name) for sample in samples]
    keys = _common_keys(strings, samples)
    separator = _separators(strings, samples, keys)
    return frozenset(key for key in keys if hold_units(*_present(strings, samples, key), separator))


def _fit(request: FitRequest, tally: Tally) -> FitReport:
    """Search for what explains the samples with their units as they are listed."""
    strings = [split_string(sample.string, sample.name) for sample in request.samples]
    keys = _common_keys(strings, request.samples)
    by_separator = _separators(strings, request.samples, keys)
    found = _Fields(request, strings, keys, by_separator, tally)
    readings = found.readings()
    unplaced = _unplaced(readings, request.samples)
    in_clear = unexplained_fields(strings, request.samples, readings, by_separator, tally)
    nowhere = [source for source in unplaced if source not in in_clear]
    for key in found.opened if nowhere else ():
        tally.came(Stage.VALUES_FOUND, key, f"it opens, and holds no {' or '.join(nowhere)} of the sample")
    complete = not unplaced and all(readings.values())
    specs = list(_specs(request, strings, by_separator, readings, tally)) if complete else []
    if complete and not specs and _may_be_of_one_unit(request):
        specs = list(_specs(replace(request, max_units=1), strings, by_separator, readings, tally))
    specs = distinct(specs)
    if not specs and complete:
        tally.came(Stage.VALUES_FOUND, "", "each field can be read alone, and no spec reads all of every sample")
    unread = found.unread
    wrong = () if specs else wrong_values(request.samples, unplaced, tally, Seen(in_clear, unread))
    return FitReport(
        specs=tuple(specs[:MOST]),
        explanations=len(specs),
        questions=open_questions(specs, request.samples, request.max_units),
        forms=tuple(forms_without_key(request.samples, strings, found.sealed)),
        nearest=() if specs else tally.misses,
        unplaced=() if specs else misplaced(request.samples, unplaced, wrong, unread),
        wrong=wrong,
        notes=(*found.notes, *_for_one_unit(request, specs)),
    )


def _may_be_of_one_unit(request: FitRequest) -> bool:
    return request.max_units is None and all(len(sample.units) == 1 for sample in request.samples)


def _for_one_unit(request: FitRequest, specs: Sequence[Spec]) -> Iterator[str]:
    """Which fields say that packages have one unit, where nobody did."""
    if request.max_units == 1:
        return
    for key in dict.fromkeys(field.key for spec in specs for field in spec.encrypted if field.layout.is_flat):
        yield (
            f"{key}: the values stand in no list of units, so this is of packages with one unit (max_units = 1): "
            "--max-units 1 says that it is so"
        )


def _common_keys(strings: Sequence[SplitString], samples: Sequence[Known]) -> tuple[str, ...]:
    """The keys in order, with those that only some samples have; `InputError` where they are of several specs."""
    keys = list(strings[0].keys)
    for text, sample in zip(strings[1:], samples[1:], strict=True):
        signs = (text.key_separator, text.field_separator, text.bare)
        if signs != (strings[0].key_separator, strings[0].field_separator, strings[0].bare):
            raise InputError(
                "the samples have different separators, so they are of different specs",
                where=sample.name,
                way_out="Fit them one at a time.",
            )
        at = 0
        for key in text.keys:
            if key in keys:
                at = keys.index(key) + 1
            else:
                keys.insert(at, key)
                at += 1
    missing = {key for key in keys for text in strings if key not in text.keys}
    if not missing <= {"UPC", "EAN", "PID"}:
        raise InputError(
            f"the samples have different keys: {', '.join(sorted(missing))} is not in all of them",
            where=samples[0].name,
            way_out="Fit them one at a time.",
        )
    return tuple(keys)


def _separators(strings: Sequence[SplitString], samples: Sequence[Known], keys: Sequence[str]) -> str:
    """The sign between the values of several units: the one with which most fields are values of units, else that
    which cuts most into as many parts, first of one length; `_` where there is no list. `+` and `/` stand in base64
    as well, so they count where the parts have one length."""
    several = [(text, sample) for text, sample in zip(strings, samples, strict=True) if len(sample.units) > 1]
    if not several:
        return LIST_SEPARATORS[0]

    def lists(separator: str) -> int:
        return sum(hold_units(*_present(strings, samples, key), separator) for key in keys)

    def parts(separator: str, *, even: bool) -> int:
        cut = [
            (list(map(len, (text.value(key) or "").split(separator))), len(sample.units))
            for text, sample in several
            for key in keys
        ]
        any_length = not even and separator not in "+/"
        return sum(len(sizes) == units and (any_length or len(set(sizes)) == 1) for sizes, units in cut)

    return max(LIST_SEPARATORS, key=lambda one: (lists(one), parts(one, even=True), parts(one, even=False)))


def _present(strings: Sequence[SplitString], samples: Sequence[Known], key: str) -> tuple[list[str], list[Known]]:
    pairs = [
        (value, sample) for text, sample in zip(strings, samples, strict=True) if (value := text.value(key)) is not None
    ]
    return [value for value, _ in pairs], [sample for _, sample in pairs]


class _Fields:
    """The readings of every field."""

    def __init__(
        self, request: FitRequest, strings: Sequence[SplitString], keys: Sequence[str], separator: str, tally: Tally
    ) -> None:
        self._request, self._strings, self._keys, self._separator, self._tally = (
            request,
            strings,
            keys,
            separator,
            tally,
        )
        self.sealed: list[str] = []
        self.opened: list[str] = []
        self.notes: tuple[str, ...] = ()

    @property
    def unread(self) -> frozenset[str]:
        """The samples of which an encrypted field was not opened."""
        names = {sample.name for sample in self._request.samples}
        nearest = (self._tally.nearest.get(key) for key in self.sealed if key not in self.opened)
        return frozenset().union(*(names - (miss.opened if miss else frozenset()) for miss in nearest))

    def readings(self) -> dict[str, list[Content]]:
        """By key; none of a field that can't be explained."""
        samples = self._request.samples
        found: dict[str, list[Content]] = {}
        for key in self._keys:
            values, having = _present(self._strings, samples, key)
            found[key] = plain_readings(key, values, having, self._separator)
            if len(having) < len(samples):
                found[key] = [{**one, "optional": True} for one in found[key] if one["source"].startswith("product.")]
        words = Words(self._request.words, tuple(_suggested(self._strings, samples)))
        elsewhere = frozenset(one["source"] for some in found.values() for one in some)
        for key in self._keys:
            values, having = _present(self._strings, samples, key)
            known = any(not one["source"].startswith(("constant", "package")) for one in found[key])
            if known or len(having) < len(samples) or not decodings(values, samples, self._separator):
                continue
            if all(standing(one.units, value.encode()) for value, one in zip(values, having, strict=True)):
                continue  # whose units stand in it in clear is not encrypted
            self.sealed.append(key)
            question = EncryptedQuestion(
                key, tuple(values), samples, self._separator, words, self._tally, self._request.rare, elsewhere
            )
            opened = encrypted_readings(question)
            if opened:
                elsewhere |= {source for one in opened for source in _sources(one.content)}
                self.opened.append(key)
                self._tally.nearest.pop(key, None)
                found[key] = [one.content for one in opened]
                if not opened[0].sure:
                    self.notes += (f"{key}: no MAC says that it was opened rightly, only the units' values in it",)
                if cut := cut_tag(opened[0].content["scheme"]):
                    told = f"its tag has {cut[0]} bytes of {cut[1]}, or the string is cut off: compare its length"
                    self.notes += (f"{key}: {told}",)
                if opened[0].opened < len(samples):
                    self.notes += (f"{key}: {len(samples) - opened[0].opened} samples have no private key",)
        return found


def _suggested(strings: Sequence[SplitString], samples: Sequence[Known]) -> Iterator[str]:
    """Contexts that the samples and the packaged specs suggest."""
    yield from _packaged_contexts()
    abv = strings[0].value("ABV")
    pid = samples[0].facts.get("pid") or strings[0].value("PID")
    yield from (f"text:{word}" for word in (abv, pid) if word)


@cache
def _packaged_contexts() -> tuple[str, ...]:
    fields = (field for name in packaged_names() for field in packaged_spec(name).spec.field)
    return tuple(f"text:{field.info}" for field in fields if field.info)


def _unplaced(readings: Mapping[str, Sequence[Content]], samples: Sequence[Known]) -> tuple[str, ...]:
    """The values that the samples give and no field holds, by their sources."""
    wanted = {source for sample in samples for unit in sample.units for source in unit.sources}
    wanted |= {f"product.{name}" for sample in samples for name in sample.facts}
    placed: set[str] = set()
    for some in readings.values():
        of_key = [_sources(one) for one in some]
        placed |= set.union(*of_key) if of_key else set()
    return tuple(sorted(wanted - placed))


def _sources(content: Content) -> set[str]:
    return {content["source"], *(value.source for value in content.get("plaintext", ()))}


def _specs(
    request: FitRequest, strings: Sequence[SplitString], separator: str, readings: Mapping[str, Sequence[Content]],
    tally: Tally,
) -> Iterator[Spec]:  # fmt: skip
    """Every combination of readings that is a spec and explains all samples."""
    terminators = {text.terminator for text in strings}
    first = replace(strings[0], terminator=max(terminators))
    for chosen in islice(product(*readings.values()), _MOST_COMBINED):
        content: dict[str, Any] = {
            "format": 1,
            "name": request.name,
            "title": "Fitted to samples",
            "key_separator": first.key_separator,
            "field_separator": first.field_separator,
            "terminator": first.terminator,
            "list_separator": separator,
            "field": [_field(key, one) for key, one in zip(readings, chosen, strict=True)],
        }
        if request.max_units:
            content["max_units"] = request.max_units
        if first.bare:
            content |= {"symbology": "code-128", "symbology_status": "assumed", "max_units": 1}
        if all(_sources(one).isdisjoint({"unit.oob"}) for one in chosen) and _gives_oob(request.samples):
            continue
        try:
            spec = Spec.model_validate(content)
        except ValidationError:
            continue
        tally.at("", Space.JOINING)
        if all(explains(spec, sample) for sample in request.samples):
            yield spec


def _gives_oob(samples: Sequence[Known]) -> bool:
    return any("unit.oob" in unit.values for sample in samples for unit in sample.units)


_PUBLISHED = {"product.pid": "PID", "product.upc": "UPC", "product.ean": "EAN"}


def _field(key: str, content: Content) -> dict[str, Any]:
    published = _PUBLISHED.get(content["source"]) == key or (key == "ABV" and content.get("value") == "OB04")
    note = "As Amazon's public pages say." if published else "Fitted to samples."
    return {"key": key, "status": "published" if published else "assumed", **content, "note": note}
