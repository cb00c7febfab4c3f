"""Binary images by a layout, bare or as Intel HEX, one unit a file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from bss_mfg.core.text import count_words
from bss_mfg.errors import InputError, ValueProblem
from bss_mfg.model import Unit
from bss_mfg.programming.crc import CRC_ALGORITHMS
from bss_mfg.programming.format import (
    FileMark,
    Format,
    ProgrammedUnit,
    ascii_text,
    format_error,
    programmed_unit,
    single_unit,
    uuid_and_key,
)
from bss_mfg.programming.image_layout import ConstantBytes, ConstantNumber, Crc, DeviceUuid, ImageLayout, OobKey, Text


def image_formats(layouts: tuple[ImageLayout, ...]) -> tuple[Format, Format]:
    """`bin` and `hex` by the layout that fits a unit's key, or an image's size."""
    return (
        Format("bin", ".bin", "unit", partial(_write_bin, layouts), partial(_read_bin, layouts)),
        Format("hex", ".hex", "unit", partial(_write_hex, layouts), partial(_read_hex, layouts)),
    )


def _write_bin(layouts: tuple[ImageLayout, ...], units: Iterable[Unit], mark: FileMark) -> Iterator[bytes]:
    yield _unit_image(layouts, single_unit(units), mark).image


def _read_bin(layouts: tuple[ImageLayout, ...], data: bytes) -> list[ProgrammedUnit]:
    for layout in layouts:
        if len(data) == layout.size:
            return [_parse(layout, data)]
    sizes = " or ".join(f"{layout.size} ({layout.name})" for layout in layouts)
    raise format_error(f"has {count_words(len(data), 'byte')}, not {sizes}")


def _write_hex(layouts: tuple[ImageLayout, ...], units: Iterable[Unit], mark: FileMark) -> Iterator[bytes]:
    from intelhex import IntelHex

    layout, image = _unit_image(layouts, single_unit(units), mark)
    if layout.address is None:
        raise InputError(
            "the layout has no address, and Intel HEX needs one",
            where=f"layout {layout.name}",
            way_out="Give a layout file with address = 0x…, where the image lies in the device's flash.",
        )
    lines = io.StringIO()
    whole = IntelHex()
    whole.frombytes(image, layout.address)
    whole.write_hex_file(lines)
    yield lines.getvalue().encode("ascii")


def _read_hex(layouts: tuple[ImageLayout, ...], data: bytes) -> list[ProgrammedUnit]:
    from intelhex import IntelHex, IntelHexError

    try:
        whole = IntelHex(io.StringIO(ascii_text(data)))
    except IntelHexError:
        raise format_error("not valid Intel HEX") from None
    segments = whole.segments()
    for layout in layouts:
        if layout.address is not None and segments == [(layout.address, layout.address + layout.size)]:
            return [_parse(layout, bytes(whole.tobinarray()))]
    raise format_error(
        f"does not hold exactly the image of {' or '.join(layout.name for layout in layouts)} at its address"
    )


class _UnitImage(NamedTuple):
    layout: ImageLayout
    image: bytes


def _unit_image(layouts: tuple[ImageLayout, ...], unit: Unit, mark: FileMark) -> _UnitImage:
    uuid_bytes, key = uuid_and_key(unit)
    layout = next((layout for layout in layouts if layout.key_size == len(key)), None)
    if layout is None:
        raise InputError(
            f"the OOB key has {len(key)} bytes, and the layout's region has {layouts[0].key_size}",
            where=f"unit {unit.serial}, layout {layouts[0].name}",
            way_out=f"Set width = {len(key)} in the layout's region of the kind oob. A key is never padded or cut.",
        )
    texts = {"serial": unit.serial, "batch": mark.batch, "product": mark.product, "ledger": mark.ledger_head}
    try:
        return _UnitImage(layout, _build(layout, uuid_bytes, key, texts))
    except ValueProblem as error:
        raise InputError(
            str(error), where=f"unit {unit.serial}, layout {layout.name}", way_out="Widen this region of the layout."
        ) from None


def _build(layout: ImageLayout, uuid_bytes: bytes, key: bytes, texts: Mapping[str, str]) -> bytes:
    image = bytearray([layout.fill]) * layout.size
    for region in layout.region:
        match region:
            case DeviceUuid():
                content = uuid_bytes
            case OobKey():
                content = key
            case Text():
                content = _pad_text(region, texts[region.kind])
            case ConstantBytes():
                content = bytes.fromhex(region.value)
            case ConstantNumber():
                content = region.value.to_bytes(region.width, region.endian)
            case Crc():
                continue
        image[region.offset : region.offset + region.width] = content
    for region in layout.region:  # in the file's order, as the layout's check needs it
        if isinstance(region, Crc):
            total = CRC_ALGORITHMS[region.algorithm][1](bytes(image[layout.span(region)]))
            image[region.offset : region.offset + region.width] = total.to_bytes(region.width, region.endian)
    return bytes(image)


def _pad_text(region: Text, text: str) -> bytes:
    room = region.width - region.terminated
    if len(text) > room:
        raise ValueProblem(
            f"the {region.kind} {text!a} has {len(text)} characters, region {region.name} has room for {room}"
        )
    return text.encode("ascii").ljust(region.width, bytes([region.pad]))


def _parse(layout: ImageLayout, image: bytes) -> ProgrammedUnit:
    """What an image says. Every byte must be as this layout has it, so that a wrong layout is never believed."""
    values = {region.kind: image[region.offset : region.offset + region.width] for region in layout.region}
    texts: dict[str, str] = {
        region.kind: ascii_text(values[region.kind].rstrip(bytes([region.pad])))
        for region in layout.region
        if isinstance(region, Text)
    }
    try:
        found = programmed_unit(texts.get("serial"), values["uuid"], values["oob"])
        again = _build(layout, values["uuid"], values["oob"], texts)
    except ValueProblem as error:
        raise format_error(str(error)) from None
    if again != image:
        at = next(index for index in range(layout.size) if again[index] != image[index])
        inside = [region.name for region in layout.region if region.offset <= at < region.offset + region.width]
        raise format_error(
            f"is not an image of layout {layout.name}: byte {at} ({inside[0] if inside else 'a gap'}) differs"
        )
    return found
