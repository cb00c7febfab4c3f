"""Layout files: which bytes of a binary image hold what. TOML, checked when it is loaded, each mistake by its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from bss_mfg.core.models import FileModel
from bss_mfg.core.text import count_words, one_or
from bss_mfg.core.toml_files import TomlDocument, load_toml, parse_toml, validate
from bss_mfg.core.toml_lines import FieldPath
from bss_mfg.errors import InputError
from bss_mfg.programming.crc import CRC_ALGORITHMS

_LARGEST = 1 << 24
_SPACE = 1 << 32
_TEXT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:_+-")


def _hex(value: str) -> str:
    try:
        bytes.fromhex(value)
    except ValueError:
        raise ValueError("should be pairs of hex digits") from None
    return value


def _not_a_text_byte(value: int) -> int:
    if value in _TEXT:
        raise ValueError("a letter, digit or mark of a serial can't be told from padding; take 0, 32 or 255")
    return value


class _Region(FileModel):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    offset: Annotated[int, Field(ge=0, le=_LARGEST)]


class DeviceUuid(_Region):
    """The Device UUID, most significant byte first."""

    kind: Literal["uuid"]
    width: Literal[16] = 16


class OobKey(_Region):
    """The AuthValue: exactly as many bytes as the batch's keys have."""

    kind: Literal["oob"]
    width: Literal[16, 32]


class Text(_Region):
    """ASCII text, padded at its end and never cut."""

    kind: Literal["serial", "batch", "product", "ledger"]
    width: Annotated[int, Field(ge=1, le=4096)]
    pad: Annotated[int, Field(ge=0, le=255), AfterValidator(_not_a_text_byte)] = 0
    terminated: bool = False


class ConstantBytes(_Region):
    """Constant bytes."""

    kind: Literal["octets"]
    value: Annotated[str, Field(min_length=2), AfterValidator(_hex)]

    @property
    def width(self) -> int:
        """Bytes of the value."""
        return len(bytes.fromhex(self.value))


class ConstantNumber(_Region):
    """A constant number."""

    kind: Literal["number"]
    width: Literal[1, 2, 4, 8]
    endian: Literal["little", "big"]
    value: Annotated[int, Field(ge=0)]


class Crc(_Region):
    """A check sum over the image's bytes from the start of one region to the end of another, gaps with them."""

    kind: Literal["crc"]
    algorithm: Literal["crc32", "crc16-ccitt-false", "crc16-xmodem", "crc16-kermit"]
    endian: Literal["little", "big"]
    first: str
    last: str

    @property
    def width(self) -> int:
        """Bytes of the check sum."""
        return CRC_ALGORITHMS[self.algorithm][0]


Region = Annotated[DeviceUuid | OobKey | Text | ConstantBytes | ConstantNumber | Crc, Field(discriminator="kind")]


class ImageLayout(FileModel):
    """A layout file."""

    format: Literal[1]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    size: Annotated[int, Field(ge=1, le=_LARGEST)]
    fill: Annotated[int, Field(ge=0, le=255)] = 0xFF
    address: Annotated[int, Field(ge=0, lt=_SPACE)] | None = None
    region: Annotated[tuple[Region, ...], Field(min_length=1)]

    def region_of_kind(self, kind: str) -> DeviceUuid | OobKey | Text | ConstantBytes | ConstantNumber | Crc | None:
        """The first region of a kind."""
        return next((region for region in self.region if region.kind == kind), None)

    @property
    def key_size(self) -> int:
        """How many bytes an OOB key must have."""
        return next(region.width for region in self.region if isinstance(region, OobKey))

    def span(self, crc: Crc) -> slice:
        """The bytes that a check sum is over."""
        named = {region.name: region for region in self.region}
        last = named[crc.last]
        return slice(named[crc.first].offset, last.offset + last.width)


def load_layout(path: Path) -> ImageLayout:
    """Read and check a layout file; `InputError` names file, line and field."""
    return _validate_layout(load_toml(path, "layout file"))


@lru_cache(maxsize=1)
def packaged_layouts() -> tuple[ImageLayout, ...]:
    """The layouts that come with bss-mfg, one for each width of the OOB key. They have no address: only who knows the
    device's flash can give one."""
    folder = resources.files("bss_mfg.programming") / "layouts"
    names = ("mesh-16.toml", "mesh-32.toml")
    return tuple(_validate_layout(parse_toml((folder / name).read_text("utf-8"), name)) for name in names)


def _validate_layout(document: TomlDocument) -> ImageLayout:
    layout = validate(document, ImageLayout)
    problems = list(_problems(layout))
    if problems:
        raise InputError(
            problems[0].text,
            where=document.locate(problems[0].field),
            problems=[f"also {document.locate(problem.field)}: {problem.text}" for problem in problems[1:6]],
            way_out="Correct the file and run the command again.",
        )
    return layout


class _Problem(NamedTuple):
    """What is wrong with a layout, and the field that is to be corrected."""

    field: FieldPath
    text: str


def _problems(layout: ImageLayout) -> Iterator[_Problem]:
    """What no field shows by itself: regions against each other and against the image."""
    yield from _address_problems(layout)
    yield from _missing_or_repeated_kinds(layout)
    yield from _region_problems(layout)
    yield from _overlaps(layout)
    names = _first_by_name(layout)
    for index, region in enumerate(layout.region):
        if isinstance(region, Crc):
            yield from _crc_problems(layout, index, region, names)


def _address_problems(layout: ImageLayout) -> Iterator[_Problem]:
    if layout.address is not None and layout.address + layout.size > _SPACE:
        yield _Problem(("address",), f"the image's {layout.size} bytes reach beyond a 32-bit address")


def _missing_or_repeated_kinds(layout: ImageLayout) -> Iterator[_Problem]:
    for kind, needed in (("uuid", True), ("oob", True), ("serial", False)):
        count = sum(region.kind == kind for region in layout.region)
        if count > 1 or (needed and not count):
            wanted = "exactly one is needed" if needed else "at most one is allowed"
            regions = f"{count_words(count, 'region')} {one_or(count, 'is', 'are')}"
            yield _Problem(("region",), f"{regions} of the kind {kind}; {wanted}")


def _first_by_name(layout: ImageLayout) -> dict[str, int]:
    """The index of the first region of each name."""
    names: dict[str, int] = {}
    for index, region in enumerate(layout.region):
        names.setdefault(region.name, index)
    return names


def _region_problems(layout: ImageLayout) -> Iterator[_Problem]:
    names = _first_by_name(layout)
    for index, region in enumerate(layout.region):
        here: FieldPath = ("region", index)
        if (first := names[region.name]) != index:
            yield _Problem((*here, "name"), f"{region.name!r} is also the name of region {first + 1}")
        end = region.offset + region.width
        if end > layout.size:
            yield _Problem((*here, "offset"), f"{region.name} ends at byte {end}, the image has {layout.size}")
        if isinstance(region, ConstantNumber) and region.value >= 1 << 8 * region.width:
            yield _Problem((*here, "value"), f"{region.value} does not fit into {count_words(region.width, 'byte')}")


def _overlaps(layout: ImageLayout) -> Iterator[_Problem]:
    order = sorted(range(len(layout.region)), key=lambda index: layout.region[index].offset)
    for before, after in pairwise(order):
        first, second = layout.region[before], layout.region[after]
        end = first.offset + first.width
        if end > second.offset:
            text = f"{second.name} overlaps {first.name}, which ends at byte {end}"
            yield _Problem(("region", after, "offset"), text)


def _crc_problems(layout: ImageLayout, index: int, crc: Crc, names: Mapping[str, int]) -> Iterator[_Problem]:
    here: FieldPath = ("region", index)
    unknown = [field for field in ("first", "last") if getattr(crc, field) not in names]
    for field in unknown:
        text = f"there is no region {getattr(crc, field)!r}; known are {', '.join(names)}"
        yield _Problem((*here, field), text)
    if unknown:
        return
    span = layout.span(crc)
    if span.start >= span.stop:
        yield _Problem((*here, "last"), f"{crc.last} lies before {crc.first}")
    for later in layout.region[index:]:
        if isinstance(later, Crc) and later.offset < span.stop and span.start < later.offset + later.width:
            what = "itself" if later is crc else f"{later.name}, which is computed after it"
            yield _Problem((*here, "last"), f"{crc.name} is over {what}")
