"""An SVG before it is drawn: what would reach out of the file, run away, or be left out by the renderer is refused by
the element's name.

What is left is what resvg draws in full (SVG 1.1 without animation and scripts, and most static parts of SVG 2).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import unquote_to_bytes

from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.label.template.svg_filters import refused_filter, viewport
from bss_mfg.label.template.svg_style import declarations, refused_declaration, refused_sheet

MAX_DRAWN = 100_000
"""Elements that may be drawn, those that `use` repeats counted each time."""
MAX_DEPTH = LIMITS[Reader.ARTWORK].depth
"""Elements in elements, `use` followed."""
MAX_NESTED = 3
"""SVG files inside of SVG files."""
SVG = "http://www.w3.org/2000/svg"
HREFS = ("href", "{http://www.w3.org/1999/xlink}href")

REFUSED_ELEMENTS = {
    **dict.fromkeys(("animate", "animateColor", "animateMotion", "animateTransform", "set"), "it moves"),
    "script": "it holds a script",
    "foreignObject": "it holds foreign objects, which only browsers draw",
    **dict.fromkeys(
        ("flowRoot", "flowPara", "flowRegion"), "it flows text in a way that only Inkscape draws; turn texts into paths"
    ),
    **dict.fromkeys(
        ("meshgradient", "meshGradient", "mesh", "hatch", "solidcolor", "solidColor"),
        "it needs a part of SVG 2 that is hardly drawn anywhere",
    ),
    **dict.fromkeys(
        ("font", "font-face", "altGlyph", "glyphRef", "tref"), "SVG fonts aren't drawn; turn texts into paths"
    ),
    **dict.fromkeys(("video", "audio", "iframe", "canvas"), "only browsers draw it"),
}
"""Elements of SVG's namespace, and why they are refused."""


def check_svg_source(data: bytes, nested: int = 0) -> Any:
    """The SVG's root element (lxml). `NotDrawableError` names what is refused."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(data, parser).getroottree()
    except (ValueError, LookupError):  # an encoding that nobody knows
        raise NotDrawableError("it isn't well-formed XML") from None
    except etree.XMLSyntaxError as error:
        raise NotDrawableError(f"it isn't well-formed XML ({str(error)[:100]})") from None
    root, dtd = tree.getroot(), tree.docinfo.internalDTD
    if dtd is not None and next(dtd.iterentities(), None) is not None:
        raise NotDrawableError("it declares entities")
    if root.tag != f"{{{SVG}}}svg":
        raise NotDrawableError(f"it isn't an SVG: its root is {root.tag!r}")
    for item in tree.xpath("preceding-sibling::processing-instruction('xml-stylesheet') | /processing-instruction()"):
        if item.target == "xml-stylesheet":
            raise NotDrawableError("it refers to other files (a style sheet)")
    if not (root.get("viewBox") or (_is_length(root.get("width")) and _is_length(root.get("height")))):
        raise NotDrawableError("it has no size: neither a viewBox nor a width and a height")
    size = viewport(root)
    if root.get("viewBox") and size is None:
        raise NotDrawableError(f"its viewBox has no area ({root.get('viewBox')[:40]})")
    for element in root.iter():
        _check_element(element, nested, size)
    _check_amount(root)
    return root


def element_name(element: Any) -> str:
    """An element for a message: `<rect id="panel"> in line 12`."""
    tag = element.tag.rpartition("}")[2]
    name = f' id="{element.get("id")}"' if element.get("id") else ""
    return f"<{tag}{name}> in line {element.sourceline}"


def _is_length(value: str | None) -> bool:
    return bool(value) and not (value or "").strip().endswith("%")


def _check_element(element: Any, nested: int, size: tuple[float, float] | None) -> None:
    if not isinstance(element.tag, str):
        return
    namespace, _, tag = element.tag.rpartition("}")
    if namespace != f"{{{SVG}":
        return
    if tag in REFUSED_ELEMENTS:
        raise NotDrawableError(f"{element_name(element)}: {REFUSED_ELEMENTS[tag]}")
    if why := _refused_style(element, tag) or refused_filter(element, tag, size):
        raise NotDrawableError(f"{element_name(element)}: {why}")
    if tag == "a":
        return
    for name in HREFS:
        href = (element.get(name) or "").strip()
        if href and not href.startswith("#"):
            _check_embedded(element, tag, href, nested)


def _refused_style(element: Any, tag: str) -> str:
    """Why an element's attributes, or the rules of a style sheet, are refused, or nothing."""
    if tag == "style" and (why := refused_sheet("".join(element.itertext()))):
        return why
    on_root = element.getparent() is None
    found: list[tuple[str, str, bool]] = []
    for name, value in element.attrib.items():
        if name == "style":
            parts = declarations(value)
            found += [(key, part, True) for key, part in parts if not (on_root and key in ("width", "height"))]
        elif name not in ("href", "id", "d", "points") and not name.startswith("{"):
            found.append((name, value, False))
    return next((why for name, value, css in found if (why := refused_declaration(name, value, in_css=css))), "")


def _check_embedded(element: Any, tag: str, href: str, nested: int) -> None:
    """A picture inside of the SVG is a PNG, JPEG or SVG that can be drawn itself."""
    from bss_mfg.label.template.pictures import check_picture

    name = element_name(element)
    if not href.startswith("data:"):
        raise NotDrawableError(f"{name}: it refers to other files ({href[:40]})")
    if tag != "image":
        raise NotDrawableError(f"{name}: only pictures may be embedded, and this is {tag!r}")
    head, _, body = href.partition(",")
    try:
        data = base64.b64decode(re.sub(r"\s+", "", body)) if ";base64" in head else unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        raise NotDrawableError(f"{name}: its picture is cut off") from None
    try:
        if "svg" in head.partition(";")[0]:
            if nested >= MAX_NESTED:
                raise NotDrawableError(f"SVG files inside of SVG files, more than {MAX_NESTED} deep")
            check_svg_source(data, nested + 1)
        else:
            check_picture(data)
    except ValueError as error:
        raise NotDrawableError(f"{name}: {error}") from None


def _check_amount(root: Any) -> None:
    """`use` in `use` doubles with every step: what is drawn is counted before anything is drawn."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    known: dict[Any, tuple[int, int]] = {}
    under_way: set[Any] = set()

    def size(element: Any) -> tuple[int, int]:
        """(elements drawn, depth)"""
        if element in known:
            return known[element]
        if element in under_way:
            raise NotDrawableError(f"{element_name(element)}: it holds itself")
        under_way.add(element)
        parts = [child for child in element if isinstance(child.tag, str)]
        for value in _references(element):
            if value in by_id:
                parts.append(by_id[value])
        sizes = [size(part) for part in parts]
        count, depth = 1 + sum(part for part, _ in sizes), 1 + max((part for _, part in sizes), default=0)
        if count > MAX_DRAWN or depth > MAX_DEPTH:
            raise NotDrawableError(
                f"{element_name(element)}: more than {MAX_DRAWN} elements or {MAX_DEPTH} levels are drawn"
            )
        under_way.discard(element)
        known[element] = (count, depth)
        return known[element]

    size(root)


def _references(element: Any) -> list[str]:
    """The ids of what an element draws besides its children: by `use`, and by its patterns, masks, clips, markers."""
    found = [value.strip()[1:] for name in HREFS if (value := element.get(name) or "").strip().startswith("#")]
    if element.tag == f"{{{SVG}}}a":
        found = []
    for name, value in element.attrib.items():
        if name not in HREFS and "url(" in value:
            found += re.findall(r"url\(\s*[\"']?#([^)\"']+)", value)
    return found
