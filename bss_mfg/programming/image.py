"""Binary images by a layout, bare or as Intel HEX, one unit a file."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from bss_mfg.errors import InputError
from bss_mfg.model import Unit
from bss_mfg.programming.layout import CRCS, Crc, DeviceUuid, Layout, Number, Octets, OobKey, Text
from bss_mfg.programming.model import About, Format, Programmed, as_text, not_of, octets_of, only, programmed


def image_formats(layouts: tuple[Layout, ...]) -> tuple[Format, Format]:
    """`bin` and `hex` by the layout that fits a unit's key, or an image's size."""
    return (
        Format("bin", ".bin", "unit", partial(_write_bin, layouts), partial(_read_bin, layouts)),
        Format("hex", ".hex", "unit", partial(_write_hex, layouts), partial(_read_hex, layouts)),
    )


def _write_bin(layouts: tuple[Layout, ...], units: Iterable[Unit], about: About) -> Iterator[bytes]:
    yield _image_of(layouts, only(units), about)[1]


def _read_bin(layouts: tuple[Layout, ...], data: bytes) -> list[Programmed]:
    for layout in layouts:
        if len(data) == layout.size:
            return [_parsed(layout, data)]
    sizes = " or ".join(f"{layout.size} ({layout.name})" for layout in layouts)
    raise not_of(f"has {len(data)} octets, not {sizes}")


def _write_hex(layouts: tuple[Layout, ...], units: Iterable[Unit], about: About) -> Iterator[bytes]:
    from intelhex import IntelHex

    layout, image = _image_of(layouts, only(units), about)
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


def _read_hex(layouts: tuple[Layout, ...], data: bytes) -> list[Programmed]:
    from intelhex import IntelHex, IntelHexError

    try:
        whole = IntelHex(io.StringIO(as_text(data)))
    except IntelHexError:
        raise not_of("not valid Intel HEX") from None
    segments = whole.segments()
    for layout in layouts:
        if layout.address is not None and segments == [(layout.address, layout.address + layout.size)]:
            return [_parsed(layout, bytes(whole.tobinarray()))]
    raise not_of(f"does not hold exactly the image of {' or '.join(layout.name for layout in layouts)} at its address")


def _image_of(layouts: tuple[Layout, ...], unit: Unit, about: About) -> tuple[Layout, bytes]:
    device, key = octets_of(unit)
    layout = next((layout for layout in layouts if layout.key_octets == len(key)), None)
    if layout is None:
        raise InputError(
            f"the OOB key has {len(key)} octets, and the layout's region has {layouts[0].key_octets}",
            where=f"unit {unit.serial}, layout {layouts[0].name}",
            way_out=f"Set width = {len(key)} in the layout's region of the kind oob. A key is never padded or cut.",
        )
    texts = {"serial": unit.serial, "batch": about.batch, "product": about.product, "ledger": about.head}
    try:
        return layout, _built(layout, device, key, texts)
    except ValueError as error:
        raise InputError(
            str(error), where=f"unit {unit.serial}, layout {layout.name}", way_out="Widen this region of the layout."
        ) from None


def _built(layout: Layout, device: bytes, key: bytes, texts: Mapping[str, str]) -> bytes:
    image = bytearray([layout.fill]) * layout.size
    for region in layout.region:
        match region:
            case DeviceUuid():
                octets = device
            case OobKey():
                octets = key
            case Text():
                octets = _padded(region, texts[region.kind])
            case Octets():
                octets = bytes.fromhex(region.value)
            case Number():
                octets = region.value.to_bytes(region.width, region.endian)
            case Crc():
                continue
        image[region.offset : region.offset + region.width] = octets
    for region in layout.region:  # in the file's order, as the layout's check wants it
        if isinstance(region, Crc):
            total = CRCS[region.algorithm][1](bytes(image[layout.span(region)]))
            image[region.offset : region.offset + region.width] = total.to_bytes(region.width, region.endian)
    return bytes(image)


def _padded(region: Text, text: str) -> bytes:
    room = region.width - region.terminated
    if len(text) > room:
        raise ValueError(
            f"the {region.kind} {text!a} has {len(text)} characters, region {region.name} has room for {room}"
        )
    return text.encode("ascii").ljust(region.width, bytes([region.pad]))


def _parsed(layout: Layout, image: bytes) -> Programmed:
    """What an image says. Every octet must be as this layout puts it, so that a wrong layout is never believed."""
    parts = {region.kind: image[region.offset : region.offset + region.width] for region in layout.region}
    texts: dict[str, str] = {
        region.kind: as_text(parts[region.kind].rstrip(bytes([region.pad])))
        for region in layout.region
        if isinstance(region, Text)
    }
    try:
        found = programmed(texts.get("serial"), parts["uuid"], parts["oob"])
        again = _built(layout, parts["uuid"], parts["oob"], texts)
    except ValueError as error:
        raise not_of(str(error)) from None
    if again != image:
        at = next(index for index in range(layout.size) if again[index] != image[index])
        inside = [region.name for region in layout.region if region.offset <= at < region.offset + region.width]
        raise not_of(
            f"is not an image of layout {layout.name}: octet {at} ({inside[0] if inside else 'a gap'}) is another"
        )
    return found
