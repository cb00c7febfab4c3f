"""Lengths that a spec leaves free: samples prove those that their values have, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bss_mfg.core.text import count_words
from bss_mfg.errors import InputError
from bss_mfg.payload.sources import column_of
from bss_mfg.payload.spec import Spec, SpecFile
from bss_mfg.payload.spec_samples import SampleUnit, SpecSample


@dataclass(frozen=True, slots=True)
class ShownLengths:
    """How many characters the values of a source (`unit.serial`, a column) have in samples, of a field that allows
    others as well."""

    key: str
    source: str
    sizes: tuple[int, ...]

    @property
    def words(self) -> str:
        """The lengths that are proven."""
        listed = ", ".join(map(str, self.sizes[:-1]))
        return f"{listed} and {self.sizes[-1]} characters" if listed else count_words(self.sizes[-1], "character")


def shown_lengths(spec: Spec, samples: Iterable[SpecSample]) -> tuple[ShownLengths, ...]:
    """What samples show of each assumed field whose values may have several lengths; nothing of values that no sample
    tells: no sample proves anything of these."""
    units = [unit for sample in samples for unit in sample.units]
    found = []
    for key, source in _free(spec):
        sizes = {len(value) for unit in units if (value := _told(unit, source))}
        found += [ShownLengths(key, source, tuple(sorted(sizes)))] if sizes else []
    return tuple(found)


def signed_lengths(file: SpecFile) -> tuple[ShownLengths, ...]:
    """The lengths that the samples of a confirmed spec had, of the fields that nobody signed for by name. None of a
    confirmation that an older version wrote: it does not have them, and goes on to count."""
    signed = file.spec.confirmation
    if signed is None:
        return ()
    return tuple(
        ShownLengths(key, source, signed.lengths[source])
        for key, source in _free(file.spec)
        if signed.lengths.get(source) and key not in signed.signed
    )


def require_shown(file: SpecFile, used: Mapping[str, Iterable[int]]) -> None:
    """Refuse values (their lengths by source) of a production batch that are of other lengths than the samples'."""
    for shown in signed_lengths(file):
        others = sorted(set(used.get(shown.source, ())) - set(shown.sizes))
        if not others:
            continue
        name, what = file.spec.name, shown.source.removeprefix("unit.")
        ways = [f"Give it {what}s of a length that a sample shows (serials: the product's pattern)"]
        if file.origin == "workspace":  # a batch's own spec is as it was
            ways.append("add a sample")
            ways.append(
                "or look it up in Amazon's guide, and sign for it by name: "
                f"`bss-mfg spec confirm {name} --sign {shown.key}`"
            )
        raise InputError(
            f"a {what} of {count_words(others[0], 'character')} is to be issued, and the samples show {what}s of "
            f"{shown.words} only, so that {shown.key} can have another length is not proven",
            where=f"spec {name}",
            way_out=f"{'; '.join(ways)}.",
        )


def _free(spec: Spec) -> Iterator[tuple[str, str]]:
    """(key, source) of the assumed fields whose values have no one length, each source once: in clear, else inside."""
    in_clear = {field.source: field for field in spec.field}
    for field in spec.field:
        if field.status == "assumed" and field.varies and not (field.min_length and field.max_length):
            yield field.key, field.source
        is_inside = any(value.source == "unit.serial" for value in field.plaintext)
        if field.status == "assumed" and is_inside and "unit.serial" not in in_clear:
            yield field.key, "unit.serial"


def _told(unit: SampleUnit, source: str) -> str | None:
    if source == "unit.serial":
        return unit.serial
    return unit.extra.get(column_of(source) or "")
