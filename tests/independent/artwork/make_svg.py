# ruff: noqa: E501, UP031  (drawings in one line each read best)
"""The SVG drawings beside this: `python -m tests.independent.artwork.make_svg` writes them again.

A drawing is 120 x 80 units, if it does not say otherwise. Those that must be refused say with which words.
"""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

FOLDER = Path(__file__).parent / "drawings"
NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
BASE = f'<svg {NS} width="120" height="80" viewBox="0 0 120 80">'
STAR = "M60 8 L78 62 L30 28 L90 28 L42 62 Z"
GROUND = '<rect x="10" y="10" width="60" height="50" fill="#1f6fb4"/>'
DISC = '<circle cx="72" cy="44" r="26" fill="#d83a2b"{}/>'
SANS = 'font-family="Liberation Sans"'


def _picture(mode: str, form: str) -> str:
    """A small picture with a sharp pattern, as data: URL."""
    from PIL import Image

    picture = Image.new("RGBA", (24, 16), (255, 255, 255, 255))
    for x in range(24):
        for y in range(16):
            clear = 0 if (x - 12) ** 2 + (y - 8) ** 2 > 60 and mode == "RGBA" else 255
            picture.putpixel((x, y), (30 if x < 12 else 230, 30 if y < 8 else 200, 60, clear))
    out = BytesIO()
    picture.convert(mode).save(out, form, **({"quality": 95, "subsampling": 0} if form == "JPEG" else {}))
    return f"data:image/{form.lower()};base64,{base64.b64encode(out.getvalue()).decode()}"


def drawings() -> dict[str, str]:
    """name -> the SVG, of those that must print."""
    inside = {
        # shapes
        "shape-rect": '<rect x="10" y="10" width="100" height="60"/>',
        "shape-rounded": '<rect x="10" y="10" width="100" height="60" rx="20" ry="10" fill="#333"/>',
        "shape-circle": '<circle cx="60" cy="40" r="30"/>',
        "shape-ellipse": '<ellipse cx="60" cy="40" rx="50" ry="20"/>',
        "shape-line": '<line x1="10" y1="70" x2="110" y2="10" stroke="#000" stroke-width="6"/>',
        "shape-polyline": '<polyline points="10,70 30,10 50,70 70,10 90,70" fill="none" stroke="#000" stroke-width="4"/>',
        "shape-polygon": '<polygon points="60,8 110,72 10,72" fill="#205020"/>',
        "shape-curves": '<path d="M10 40 C 20 0 50 0 60 40 S 100 80 110 40 Q 80 70 60 70 T 10 40 Z"/>',
        "shape-arcs": '<path d="M20 40 A 30 20 30 1 1 60 60 A 20 20 0 0 0 100 40 L 60 10 Z" fill="#222"/>',
        "shape-relative": '<path d="m20 20 h40 v20 h-20 v20 h60 l10 -40 z m10 5 h5 v5 h-5 z" fill-rule="evenodd"/>',
        "shape-evenodd": f'<path d="{STAR}" fill-rule="evenodd"/>',
        "shape-nonzero": f'<path d="{STAR}"/>',
        "shape-fine": "".join(f'<rect x="{x}" y="10" width="1" height="60"/>' for x in range(10, 110, 4)),
        # strokes
        "stroke-joins": "".join(
            f'<path d="M{x} 60 l12 -40 l12 40" fill="none" stroke="#000" stroke-width="8" stroke-linejoin="{join}"/>'
            for x, join in ((10, "miter"), (48, "round"), (86, "bevel"))
        ),
        "stroke-caps": "".join(
            f'<path d="M20 {y} H100" stroke="#000" stroke-width="10" stroke-linecap="{cap}"/>'
            for y, cap in ((15, "butt"), (40, "round"), (65, "square"))
        ),
        "stroke-dashes": '<path d="M10 20 H110" stroke="#000" stroke-width="6" stroke-dasharray="12 4 2 4"/>'
        '<circle cx="60" cy="52" r="20" fill="none" stroke="#000" stroke-width="5" stroke-dasharray="8" '
        'stroke-dashoffset="4"/>',
        "stroke-miterlimit": '<path d="M10 60 L60 20 L110 60" fill="none" stroke="#000" stroke-width="10" '
        'stroke-miterlimit="1"/>',
        "stroke-paint-order": '<circle cx="60" cy="40" r="25" fill="#fc0" stroke="#000" stroke-width="16" '
        'paint-order="stroke"/>',
        "stroke-opacity": GROUND + '<path d="M5 40 H115" stroke="#000" stroke-width="20" stroke-opacity=".5"/>',
        "stroke-gradient": '<linearGradient id="g"><stop stop-color="#000"/><stop offset="1" stop-color="#e33"/>'
        '</linearGradient><circle cx="60" cy="40" r="25" fill="none" stroke="url(#g)" stroke-width="14"/>',
        "stroke-closed": '<path d="M30 20 H90 V60 H30 Z" fill="none" stroke="#000" stroke-width="9"/>',
        "stroke-scaled": '<g transform="scale(4 1)"><circle cx="15" cy="40" r="10" fill="none" stroke="#000" '
        'stroke-width="4"/></g>',
        # colours
        "colour-names": '<rect width="60" height="80" fill="tomato"/><rect x="60" width="60" height="80" fill="navy"/>',
        "colour-functions": '<rect width="40" height="80" fill="rgb(10%,60%,20%)"/><rect x="40" width="40" height="80" '
        'fill="hsl(200,80%,30%)"/><rect x="80" width="40" height="80" fill="rgba(200,0,0,.4)"/>',
        "colour-hex": '<rect width="60" height="80" fill="#08f"/><rect x="60" width="60" height="80" fill="#ff000080"/>',
        "colour-current": '<g color="#840"><rect x="10" y="10" width="100" height="60" fill="currentColor"/></g>',
        "colour-inherited": '<g fill="#060" stroke="#c00" stroke-width="4"><rect x="20" y="20" width="80" height="40"/></g>',
        "colour-opacity": GROUND + DISC.format(' fill-opacity=".5"'),
        "colour-none": '<rect x="10" y="10" width="100" height="60" fill="none"/><rect x="40" y="30" width="40" '
        'height="20"/>',
        # transforms
        "transform-rotate": '<rect x="40" y="20" width="40" height="40" transform="rotate(30 60 40)"/>',
        "transform-scale": '<rect x="10" y="10" width="10" height="10" transform="scale(5 4)"/>',
        "transform-skew": '<rect x="30" y="20" width="40" height="40" transform="skewX(20)"/>',
        "transform-matrix": '<rect width="40" height="30" transform="matrix(1 .4 -.5 1.1 40 10)"/>',
        "transform-mirror": '<path d="M10 10 L50 10 L10 60 Z" transform="translate(120 0) scale(-1 1)"/>',
        "transform-nested": '<g transform="translate(60 40)"><g transform="rotate(45)"><g transform="scale(.5)">'
        '<rect x="-40" y="-20" width="80" height="40"/></g></g></g>',
        "transform-origin": '<rect x="40" y="20" width="40" height="40" transform="rotate(20)" '
        'transform-origin="60 40"/>',
        # gradients
        "gradient-linear": _gradient("linearGradient", ""),
        "gradient-vertical": _gradient("linearGradient", 'x2="0" y2="1"'),
        "gradient-user-space": _gradient("linearGradient", 'gradientUnits="userSpaceOnUse" x1="40" y1="10" x2="80" y2="60"'),
        "gradient-reflect": _gradient("linearGradient", 'x2=".3" spreadMethod="reflect"'),
        "gradient-repeat": _gradient("linearGradient", 'x2=".25" spreadMethod="repeat"'),
        "gradient-turned": _gradient("linearGradient", 'gradientTransform="rotate(30 .5 .5)"'),
        "gradient-radial": _gradient("radialGradient", ""),
        "gradient-focal": _gradient("radialGradient", 'cx=".5" cy=".5" r=".5" fx=".3" fy=".3"'),
        "gradient-radial-reflect": _gradient("radialGradient", 'r=".2" spreadMethod="reflect"'),
        "gradient-radial-user": _gradient("radialGradient", 'gradientUnits="userSpaceOnUse" cx="30" cy="40" r="60"'),
        "gradient-hard": _gradient("linearGradient", "", '<stop offset=".5" stop-color="#000"/>'
        '<stop offset=".5" stop-color="#fff"/><stop offset=".8" stop-color="#080"/>'),
        "gradient-clear": GROUND + _gradient("linearGradient", "", '<stop stop-color="#f00"/>'
        '<stop offset="1" stop-color="#f00" stop-opacity="0"/>'),
        "gradient-radial-clear": GROUND + _gradient("radialGradient", "", '<stop stop-color="#000"/>'
        '<stop offset="1" stop-color="#000" stop-opacity="0"/>'),
        "gradient-inherited": '<linearGradient id="a"><stop stop-color="#000"/><stop offset="1" stop-color="#0a0"/>'
        '</linearGradient><linearGradient id="g" xlink:href="#a" x2="0" y2="1"/>'
        '<rect x="10" y="10" width="100" height="60" fill="url(#g)"/>',
        "gradient-one-stop": _gradient("linearGradient", "", '<stop stop-color="#936"/>'),
        "gradient-many": _gradient("linearGradient", "", "".join(
            f'<stop offset="{n / 8}" stop-color="{"#000" if n % 2 else "#e80"}"/>' for n in range(9))),
        # opacity and blending
        "opacity-group": f'<g opacity=".5">{GROUND}{DISC.format("")}</g>',
        "opacity-nested": f'<g opacity=".7"><g opacity=".5">{GROUND}</g>{DISC.format(" opacity=%s.6%s" % (chr(34), chr(34)))}</g>',
        "opacity-zero": GROUND + DISC.format(' opacity="0"'),
        **{f"blend-{mode}": GROUND + DISC.format(f' style="mix-blend-mode:{mode}"')
           for mode in ("multiply", "screen", "darken", "difference", "overlay")},
        "blend-isolated": f'{GROUND}<g style="isolation:isolate">{DISC.format(" style=%smix-blend-mode:multiply%s" % (chr(34), chr(34)))}</g>',
        # clips
        "clip-circle": _with("clipPath", '<circle cx="60" cy="40" r="30"/>', 'clip-path="url(#c)"'),
        "clip-evenodd": _with("clipPath", f'<path d="{STAR}" clip-rule="evenodd"/>', 'clip-path="url(#c)"'),
        "clip-two": _with("clipPath", '<circle cx="45" cy="40" r="25"/><circle cx="80" cy="40" r="20"/>', 'clip-path="url(#c)"'),
        "clip-box-units": '<clipPath id="c" clipPathUnits="objectBoundingBox"><circle cx=".5" cy=".5" r=".4"/></clipPath>'
        '<rect x="10" y="10" width="100" height="60" clip-path="url(#c)"/>',
        "clip-clipped": '<clipPath id="d"><rect x="40" y="0" width="40" height="80"/></clipPath>'
        '<clipPath id="c" clip-path="url(#d)"><circle cx="60" cy="40" r="35"/></clipPath>'
        '<rect width="120" height="80" clip-path="url(#c)"/>',
        "clip-use": '<defs><circle id="o" cx="60" cy="40" r="30"/></defs>'
        + _with("clipPath", '<use href="#o"/>', 'clip-path="url(#c)"'),
        "clip-empty": _with("clipPath", "", 'clip-path="url(#c)"') + '<rect x="50" y="30" width="20" height="20"/>',
        "clip-text": _with("clipPath", f'<text x="4" y="60" font-size="52" font-weight="bold" {SANS}>Abg</text>',
                           'clip-path="url(#c)"'),
        # masks
        "mask-luminance": _with("mask", '<rect width="120" height="80" fill="#fff"/><circle cx="60" cy="40" r="25"/>',
                                'mask="url(#c)"'),
        "mask-alpha": '<mask id="c" mask-type="alpha"><circle cx="60" cy="40" r="30"/></mask>'
        '<rect width="120" height="80" mask="url(#c)"/>',
        "mask-gradient": '<linearGradient id="g"><stop stop-color="#fff"/><stop offset="1"/></linearGradient>'
        + _with("mask", '<rect width="120" height="80" fill="url(#g)"/>', 'mask="url(#c)"'),
        "mask-box": '<mask id="c" maskContentUnits="objectBoundingBox"><circle cx=".5" cy=".5" r=".4" fill="#fff"/>'
        '</mask><rect x="10" y="10" width="100" height="60" mask="url(#c)"/>',
        "mask-region": '<mask id="c" x="0" y="0" width=".5" height="1"><rect width="120" height="80" fill="#fff"/></mask>'
        '<rect x="10" y="10" width="100" height="60" mask="url(#c)"/>',
        "mask-masked": '<mask id="d"><rect x="30" width="60" height="80" fill="#fff"/></mask>'
        '<mask id="c" mask="url(#d)"><circle cx="60" cy="40" r="38" fill="#fff"/></mask>'
        '<rect width="120" height="80" mask="url(#c)"/>',
        "mask-half": _with("mask", '<rect width="120" height="80" fill="#808080"/>', 'mask="url(#c)"'),
        "mask-group": _with("mask", '<circle cx="60" cy="40" r="30" fill="#fff"/>', "")
        + f'<g mask="url(#c)">{GROUND}{DISC.format("")}</g>',
        # patterns
        "pattern-dots": _pattern('width="12" height="12" patternUnits="userSpaceOnUse"', '<circle cx="6" cy="6" r="4"/>'),
        "pattern-turned": _pattern('width="12" height="12" patternUnits="userSpaceOnUse" patternTransform="rotate(30)"',
                                   '<rect width="6" height="12"/>'),
        "pattern-box": _pattern('width=".25" height=".25"', '<rect width="12" height="8" fill="#a30"/>'),
        "pattern-view-box": _pattern('width="20" height="20" patternUnits="userSpaceOnUse" viewBox="0 0 10 10"',
                                     '<path d="M0 0 L10 10 L0 10 Z"/>'),
        "pattern-gradient": '<linearGradient id="g"><stop/><stop offset="1" stop-color="#fff"/></linearGradient>'
        + _pattern('width="20" height="20" patternUnits="userSpaceOnUse"', '<rect width="20" height="20" fill="url(#g)"/>'),
        "pattern-overflow": _pattern('width="16" height="16" patternUnits="userSpaceOnUse"', '<circle cx="0" cy="0" r="12"/>'),
        "pattern-stroke": '<pattern id="p" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="4" height="8"/>'
        '</pattern><circle cx="60" cy="40" r="26" fill="none" stroke="url(#p)" stroke-width="16"/>',
        # markers
        "marker-ends": _marker(""),
        "marker-auto": _marker('orient="auto"'),
        "marker-reverse": _marker('orient="auto-start-reverse"'),
        "marker-user-space": _marker('markerUnits="userSpaceOnUse" orient="45"'),
        # reuse and nesting
        "use-places": '<defs><rect id="o" width="20" height="20"/></defs><use href="#o" x="10" y="10"/>'
        '<use xlink:href="#o" x="50" y="30" fill="#c00"/><use href="#o" transform="translate(90 50) rotate(45)"/>',
        "use-symbol": '<symbol id="o" viewBox="0 0 10 10"><circle cx="5" cy="5" r="7"/></symbol>'
        '<use href="#o" x="10" y="10" width="40" height="40"/><use href="#o" x="60" y="30" width="50" height="30"/>',
        "use-of-use": '<defs><circle id="o" r="8"/><g id="p"><use href="#o" x="20" y="20"/><use href="#o" x="45" y="20"/>'
        '</g></defs><use href="#p"/><use href="#p" x="40" y="40"/>',
        "use-style": '<defs><g id="o"><rect width="40" height="40"/><rect x="50" width="20" height="40" fill="#0a0"/></g>'
        '</defs><use href="#o" x="20" y="20" fill="#a0a" opacity=".6"/>',
        "nested-clipped": '<svg x="20" y="10" width="60" height="50"><circle cx="60" cy="25" r="40"/></svg>',
        "nested-visible": '<svg x="20" y="10" width="60" height="50" overflow="visible"><circle cx="60" cy="25" r="24"/></svg>',
        "nested-view-box": '<svg x="10" y="10" width="100" height="30" viewBox="0 0 20 20"><rect width="20" height="20"/></svg>',
        "switch-language": '<switch><rect systemLanguage="xx" width="120" height="80"/><circle cx="60" cy="40" r="30"/></switch>',
        "link": '<a href="https://example.com/"><rect x="20" y="20" width="80" height="40"/></a>',
        "display-none": '<rect width="120" height="80" display="none"/><rect x="20" y="20" width="80" height="40" '
        'visibility="hidden"/><circle cx="60" cy="40" r="20"/>',
        # CSS
        "css-class": '<style>.a{fill:#0a5}.b,.c{fill:none;stroke:#a05;stroke-width:6}</style>'
        '<rect class="a" x="10" y="10" width="50" height="60"/><circle class="a b" cx="85" cy="40" r="22"/>',
        "css-id-and-tag": "<style><![CDATA[ #x { fill : red } circle { fill: green !important } ]]></style>"
        '<rect id="x" width="60" height="80"/><circle cx="90" cy="40" r="20" style="fill:#00f"/>',
        "css-nested": "<style>g.dark rect{fill:#222} g > circle{fill:#c80} rect[width='20']{fill:#08c}</style>"
        '<g class="dark"><rect x="10" y="10" width="40" height="40"/><rect x="10" y="55" width="20" height="20"/></g>'
        '<g><circle cx="90" cy="40" r="20"/></g>',
        "css-attribute": '<rect x="10" y="10" width="100" height="60" fill="red" '
        'style="fill:#00f;stroke:#000;stroke-width:8;opacity:.7"/>',
        "css-gradient": '<style>.g{fill:url(#g)}</style><linearGradient id="g"><stop style="stop-color:#000"/>'
        '<stop offset="1" style="stop-color:#fff;stop-opacity:.5"/></linearGradient><rect class="g" width="120" height="80"/>',
        # pictures
        "image-png": f'<image x="10" y="10" width="100" height="60" href="{_picture("RGB", "PNG")}"/>',
        "image-jpeg": f'<image x="10" y="10" width="100" height="60" xlink:href="{_picture("RGB", "JPEG")}"/>',
        "image-clear": f'{GROUND}<image x="10" y="10" width="100" height="60" href="{_picture("RGBA", "PNG")}"/>',
        "image-grey": f'<image x="10" y="10" width="100" height="60" href="{_picture("L", "PNG")}"/>',
        "image-stretched": f'<image x="10" y="10" width="100" height="60" preserveAspectRatio="none" '
        f'href="{_picture("RGB", "PNG")}"/>',
        "image-turned": f'<g opacity=".6"><image width="70" height="50" transform="translate(40 5) rotate(25)" '
        f'href="{_picture("RGB", "PNG")}"/></g>',
        "image-svg": '<image x="20" y="10" width="80" height="60" href="data:image/svg+xml;base64,'
        + base64.b64encode(f'<svg {NS} viewBox="0 0 40 30"><circle cx="20" cy="15" r="12"/></svg>'.encode()).decode()
        + '"/>',
        "image-clipped": '<clipPath id="c"><circle cx="60" cy="40" r="28"/></clipPath>'
        f'<image x="10" y="10" width="100" height="60" clip-path="url(#c)" href="{_picture("RGB", "PNG")}"/>',
        # filters
        **{f"filter-{name}": f'<filter id="f" x="-20%" y="-20%" width="140%" height="140%">{inside}</filter>'
           f'<g filter="url(#f)"><path d="{STAR}" fill="#225"/></g>'
           for name, inside in (
               ("blur", '<feGaussianBlur stdDeviation="3"/>'),
               ("shadow", '<feDropShadow dx="6" dy="4" stdDeviation="2" flood-color="#888"/>'),
               ("offset", '<feOffset dx="20" dy="6"/>'),
               ("matrix", '<feColorMatrix type="saturate" values="0"/>'),
               ("flood", '<feFlood flood-color="#c40" result="a"/><feComposite in="a" in2="SourceGraphic" operator="in"/>'),
               ("morphology", '<feMorphology operator="dilate" radius="2"/>'),
           )},
        # texts
        "text-plain": f'<text x="8" y="50" font-size="30" {SANS}>Volts 12</text>',
        "text-bold": f'<text x="8" y="50" font-size="30" font-weight="bold" {SANS}>Volts 12</text>',
        "text-mono": '<text x="8" y="50" font-size="24" font-family="Liberation Mono">0O 1lI</text>',
        "text-anchor": f'<text x="60" y="30" font-size="20" text-anchor="middle" {SANS}>middle</text>'
        f'<text x="115" y="60" font-size="20" text-anchor="end" {SANS}>end</text>',
        "text-spans": f'<text x="8" y="40" font-size="22" {SANS}>A<tspan dy="12" fill="#c00">B</tspan>'
        '<tspan x="60" y="30" font-weight="bold">C</tspan></text>',
        "text-path": '<path id="o" d="M15 60 Q60 0 105 60" fill="none"/>'
        f'<text font-size="18" {SANS}><textPath href="#o">along the arc</textPath></text>',
        "text-spaced": f'<text x="8" y="50" font-size="20" letter-spacing="4" {SANS}>spaced</text>',
        "text-gradient": '<linearGradient id="g"><stop stop-color="#000"/><stop offset="1" stop-color="#c00"/>'
        f'</linearGradient><text x="8" y="58" font-size="46" font-weight="bold" fill="url(#g)" {SANS}>Grad</text>',
        "text-turned": f'<text font-size="24" transform="translate(30 70) rotate(-35)" {SANS}>turned</text>',
        "text-outlined": f'<text x="6" y="60" font-size="54" font-weight="bold" fill="none" stroke="#000" {SANS}>Out</text>',
        "text-css": "<style>text{font-family:'Liberation Sans';font-size:28px;font-weight:700}</style>"
        '<text x="8" y="50">by CSS</text>',
    }  # fmt: skip
    whole = {
        "size-no-view-box": f'<svg {NS} width="120" height="80"><circle cx="60" cy="40" r="50"/></svg>',
        "size-only-view-box": f'<svg {NS} viewBox="0 0 30 20"><rect x="5" y="5" width="20" height="10"/></svg>',
        "size-mm": f'<svg {NS} width="30mm" height="20mm" viewBox="0 0 120 80">{GROUND}</svg>',
        "size-inches": f'<svg {NS} width="1.5in" height="1in"><rect x="10" y="10" width="100" height="70"/></svg>',
        "size-percent": f'<svg {NS} width="100%" height="100%" viewBox="0 0 120 80">{GROUND}</svg>',
        "view-box-moved": f'<svg {NS} width="120" height="80" viewBox="-60 -40 120 80"><circle r="30"/></svg>',
        "view-box-slice": f'<svg {NS} width="120" height="80" viewBox="0 0 40 40" preserveAspectRatio="xMidYMid slice">'
        '<circle cx="20" cy="20" r="18"/></svg>',
        "view-box-stretched": f'<svg {NS} width="120" height="80" viewBox="0 0 40 40" preserveAspectRatio="none">'
        '<circle cx="20" cy="20" r="18"/></svg>',
        "view-box-corner": f'<svg {NS} width="120" height="80" viewBox="0 0 40 40" preserveAspectRatio="xMaxYMin meet">'
        '<rect width="40" height="40" rx="10"/></svg>',
        "view-box-overflow": f'<svg {NS} width="120" height="80" viewBox="0 0 120 80" overflow="visible">'
        '<rect x="-200" y="20" width="600" height="20"/><rect x="40" y="-200" width="20" height="600" fill="#c00"/>'
        '<circle cx="120" cy="80" r="60" fill="#0a0" opacity=".5"/></svg>',
        "tall": f'<svg {NS} viewBox="0 0 20 80"><rect x="5" y="5" width="10" height="70"/></svg>',
        "utf-16": f'<svg {NS} viewBox="0 0 120 80"><!-- Größe --><rect x="20" y="20" width="80" height="40"/></svg>',
    }  # fmt: skip
    return {**{name: f"{BASE}{body}</svg>" for name, body in inside.items()}, **whole}


def refused() -> dict[str, tuple[str, str]]:
    """name -> (the SVG, what the refusal says)."""
    inside = {
        "script": ("<script>alert(1)</script>", "<script> in line 1: it holds a script"),
        "foreign-object": ("<foreignObject/>", "<foreignObject> in line 1"),
        "image-file": ('<image id="logo" href="logo.png" width="9" height="9"/>', '<image id="logo"> in line 1: it refers'),
        "image-address": ('<image href="https://example.com/x.png" width="9" height="9"/>', "refers to other files"),
        "image-unknown": ('<image href="data:image/png;base64,AAAA" width="9" height="9"/>', "<image> in line 1: it can't be read"),
        "use-file": ('<use href="other.svg#a"/>', "<use> in line 1: it refers to other files"),
        "css-import": ("<style>@import 'a.css';</style>", "<style> in line 1: it refers to other files"),
        "css-url": ('<rect width="9" height="9" style="fill:url(other.svg#a)"/>', "<rect> in line 1: it refers to other files"),
        "css-font-face": ("<style>@font-face{font-family:x;src:url(data:font/ttf;base64,AA)}</style>", "<style> in line 1"),
        "css-variable": ("<style>rect{fill:var(--ink)}</style>", "<style> in line 1: it uses CSS variables"),
        "css-clip": ('<rect width="9" height="9" style="clip-path:circle(4px)"/>', "it clips by a CSS shape"),
        "css-pseudo": ("<style>rect:nth-child(2){fill:red}</style>", "picks elements in a way"),
        "css-transform": ('<rect width="9" height="9" style="transform:rotate(20deg)"/>', "it is moved or turned by CSS"),
        "css-width": ("<style>rect{width:9px}</style>", "its width is given in CSS"),
        "css-colour": ('<rect width="9" height="9" fill="rgb(1 2 3 / 50%)"/>', "the colour 'rgb(1 2 3 / 50%)'"),
        "css-calc": ('<rect width="calc(1px + 2px)" height="9"/>', "<rect> in line 1: it calculates in CSS"),
        "css-nested": ("<style>g{rect{fill:red}}</style>", "rules in rules"),
        "css-media": ("<style>@media print{rect{fill:red}}</style>", "(@media)"),
        "css-attribute-start": ("<style>[id^='a']{fill:red}</style>", "picks elements in a way"),
        "css-background": ('<g style="background:red"/>', "a background by CSS"),
        "unit": ('<rect width="2rem" height="9"/>', "its width is given in rem"),
        "path-length": ('<path d="M0 0H9" stroke="#000" pathLength="3"/>', "pathLength"),
        "animated": ('<rect width="9" height="9"><animate attributeName="x" to="5"/></rect>', "<animate> in line 1: it moves"),
        "mesh": ('<meshgradient id="m"/>', '<meshgradient id="m"> in line 1'),
        "flowed-text": ("<flowRoot>text</flowRoot>", "<flowRoot> in line 1"),
        "stroke-not-scaled": ('<path id="k" d="M0 0H9" vector-effect="non-scaling-stroke"/>', '<path id="k"> in line 1'),
        "text-other-font": ('<text id="t" y="20" font-family="DejaVu Sans, sans-serif">A</text>',
                            '<text id="t"> in line 1: its font (DejaVu Sans, sans-serif)'),
        "text-no-font": ('<text y="20">A</text>', "<text> in line 1: its font (none is named)"),
        "text-no-character": (f'<text y="20" {SANS}>日本</text>', "U+65E5"),
        "use-itself": ('<g id="a"><use href="#a"/></g>', "it holds itself"),
        "use-bomb": ("<defs><g id='a0'><rect width='9' height='9'/></g>" + "".join(
            f"<g id='a{n}'>" + f"<use href='#a{n - 1}'/>" * 10 + "</g>" for n in range(1, 10)) + "</defs><use href='#a9'/>",
            "more than 100000 elements"),
    }  # fmt: skip
    whole = {
        "entity": ('<!DOCTYPE svg [<!ENTITY x "y">]>' + BASE + "<text>&x;</text></svg>", "it declares entities"),
        "entity-bomb": (
            "<!DOCTYPE svg [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
            + "]>" + BASE + "<text>&j;</text></svg>", "",
        ),
        "entity-file": ("<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + BASE + "<text>&x;</text></svg>", "entities"),
        "style-sheet": ("<?xml-stylesheet href='a.css'?>" + BASE + "</svg>", "a style sheet"),
        "no-size": (f'<svg {NS}><rect width="9" height="9"/></svg>', "it has no size"),
        "cut-off": (BASE + "<rect width='9'", "it isn't well-formed XML"),
        "no-svg": ("<html><body/></html>", "it isn't an SVG"),
        "empty": ("", "it isn't well-formed XML"),
        "zero": (f'<svg {NS} width="0" height="0" viewBox="0 0 0 0"/>', ""),
        "huge": (f'<svg {NS} width="120" height="90000" viewBox="0 0 120 80"><rect width="9" height="9"/></svg>', "one side is more than"),
        "too-large": (f'<svg {NS} width="1e38" height="80" viewBox="0 0 120 80"><rect width="9" height="9"/></svg>', "too large"),
        "deep": (BASE + "<g>" * 220 + "<rect width='9' height='9'/>" + "</g>" * 220 + "</svg>", "200 levels"),
    }  # fmt: skip
    return {**{name: (f"{BASE}{body}</svg>", says) for name, (body, says) in inside.items()}, **whole}


def _gradient(kind: str, attributes: str, stops: str = "") -> str:
    stops = stops or '<stop stop-color="#102040"/><stop offset="1" stop-color="#f0c020"/>'
    return f'<{kind} id="g" {attributes}>{stops}</{kind}><rect x="10" y="10" width="100" height="60" fill="url(#g)"/>'


def _with(kind: str, inside: str, attribute: str) -> str:
    ground = f'<rect width="120" height="80" fill="#253" {attribute}/>' if attribute else ""
    units = ' maskUnits="userSpaceOnUse" x="0" y="0" width="120" height="80"' if kind == "mask" else ""
    return f'<{kind} id="c"{units}>{inside}</{kind}>{ground}'


def _pattern(attributes: str, inside: str) -> str:
    return (
        f'<pattern id="p" {attributes}>{inside}</pattern><rect x="10" y="10" width="100" height="60" fill="url(#p)"/>'
    )


def _marker(attributes: str) -> str:
    marker = '<path d="M0 0 L10 5 L0 10 Z" fill="#c00"/>'
    place = 'markerWidth="5" markerHeight="5" refX="5" refY="5" viewBox="0 0 10 10"'
    ends = 'marker-start="url(#m)" marker-mid="url(#m)" marker-end="url(#m)"'
    return (
        f'<marker id="m" {place} {attributes}>{marker}</marker>'
        f'<path d="M20 60 L45 20 L75 55 L100 25" fill="none" stroke="#000" stroke-width="3" {ends}/>'
    )


def contents() -> dict[str, bytes]:
    """file name -> its bytes."""
    files = {f"{name}.svg": svg.encode("utf-16" if name == "utf-16" else "utf-8") for name, svg in drawings().items()}
    return files | {f"refused-{name}.svg": svg.encode() for name, (svg, _) in refused().items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, data in contents().items():
        (FOLDER / file).write_bytes(data)
