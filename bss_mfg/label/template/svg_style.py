"""Styles of an SVG that resvg leaves out or reads otherwise than browsers do: refused, because nobody would notice."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_AT_RULES = re.compile(r"@(charset|namespace)\b[^;{}]*;", re.IGNORECASE)
_SIMPLE = r"(?:[\w*-]+|[.#][\w-]+|\[[\w:-]+(?:~?=\s*(?:\"[^\"]*\"|'[^']*'|[\w-]+))?\]|:first-child)"
_SELECTOR = re.compile(rf"\s*{_SIMPLE}+(?:\s*[>+]\s*{_SIMPLE}+|\s+{_SIMPLE}+)*\s*")
"""What resvg's style sheets can pick elements by."""

_GEOMETRY = ("x", "y", "cx", "cy", "r", "rx", "ry", "width", "height", "d")
_COLOURS = ("fill", "stroke", "color", "stop-color", "flood-color", "lighting-color")
_COLOUR = re.compile(
    r"#[0-9a-f]{3,8}|[a-z-]+|(?:rgb|hsl)a?\(\s*[-+.\d]+%?\s*(?:,\s*[-+.\d]+%?\s*){2,3}\)|url\([^)]*\)(?:\s+\S.*)?"
    r"|\S+\s+icc-color\(.*\)",
    re.IGNORECASE,
)
_UNITS = re.compile(r"(?<![#\w])[-+.\d]+(rem|vw|vh|vmin|vmax|ch|q|lh|cap|ic)\b", re.IGNORECASE)
_LENGTHS = (*_GEOMETRY[:-1], "x1", "x2", "y1", "y2", "dx", "dy", "stroke-width", "font-size", "stroke-dasharray")

_VALUES = (
    (r"url\(\s*(?![\"']?\s*#|[\"']?\s*data:)", "it refers to other files (url)"),
    (r"\bvar\s*\(|\benv\s*\(", "it uses CSS variables (var)"),
    (r"\b(calc|min|max|clamp)\s*\(", "it calculates in CSS (calc)"),
)
"""In values of all properties: pattern, and why it is refused."""
_PROPERTIES: dict[str, tuple[str, str]] = {
    "clip-path": (r"(?!url|none|inherit)", "it clips by a CSS shape (clip-path)"),
    "vector-effect": (r"(?!none|inherit)", "it has strokes that don't scale (vector-effect)"),
    "color-interpolation": (r"linearRGB", "it mixes gradients in linear RGB (color-interpolation)"),
    "white-space": (r"pre|break", "its text is wrapped by CSS (white-space); turn texts into paths"),
    "background": (r"(?!none|transparent|initial|white|#fff)", "it has a background by CSS; draw a rectangle"),
    "background-color": (r"(?!none|transparent|initial|white|#fff)", "it has a background by CSS; draw a rectangle"),
    **dict.fromkeys(("shape-inside", "inline-size", "shape-subtract"), (
        r"(?!auto|none|0)", "its text is wrapped by the viewer; turn texts into paths")),
    **dict.fromkeys((
        "text-transform", "font-feature-settings", "font-variation-settings", "text-shadow", "text-indent"), (
        r"(?!none|normal|0)", "its text is set by CSS that isn't drawn; turn texts into paths")),
    **dict.fromkeys(("animation", "animation-name"), (r"(?!none)", "it moves (animation)")),
    **dict.fromkeys(("backdrop-filter", "mask-image", "mask-mode", "offset-path"), (
        r"(?!none|match-source)", "it needs a part of CSS that only browsers draw")),
}  # fmt: skip
"""By property: the start of a value that is refused, and why."""


def refused_declaration(name: str, value: str, *, in_css: bool) -> str:
    """Why a property, or a presentation attribute of this name, is refused; nothing if it isn't. `in_css` is true for
    what stands in `style` and in style sheets."""
    name, value = name.strip().lower(), re.sub(r"\s*!important\s*$", "", value.strip())
    for pattern, why in _VALUES:
        if re.search(pattern, value, re.IGNORECASE):
            return why
    if name in _PROPERTIES:
        pattern, why = _PROPERTIES[name]
        if re.match(pattern, value, re.IGNORECASE):
            return why
    if in_css and name in _GEOMETRY:
        return f"its {name} is given in CSS; give it as an attribute"
    if in_css and name in ("transform", "translate", "rotate", "scale") and value != "none":
        return f"it is moved or turned by CSS ({name}); give transform as an attribute"
    if name in _COLOURS and not _COLOUR.fullmatch(value):
        return (
            f"the colour {value[:40]!r} is written in a way that isn't drawn: give #rrggbb, or rgb(r, g, b) with commas"
        )
    if name in _LENGTHS and (unit := _UNITS.search(value)):
        return f"its {name} is given in {unit[1]}, which depends on the page"
    if name == "pathlength":
        return "its dashes are counted by pathLength"
    return ""


def refused_sheet(text: str) -> str:
    """Why a style sheet is refused, or nothing."""
    text = _AT_RULES.sub("", re.sub(r"/\*.*?\*/|<!--|-->", "", text, flags=re.DOTALL))
    if found := re.search(r"@([\w-]+)", text):
        return {
            "import": "it refers to other files (@import)",
            "font-face": "it brings fonts (@font-face); name the font under [fonts] in the template",
        }.get(found[1].lower(), f"its style depends on the medium or on time (@{found[1]})")
    if _RULE.sub("", text).strip():
        return "its style sheet has rules in rules, or is cut off"
    for selectors, body in _RULE.findall(text):
        for selector in selectors.split(","):
            if not _SELECTOR.fullmatch(selector):
                return f"its style sheet picks elements in a way that isn't drawn ({selector.strip()[:40]})"
        for name, value in declarations(body):
            if why := refused_declaration(name, value, in_css=True):
                return why
    return ""


def declarations(body: str) -> Iterator[tuple[str, str]]:
    """The properties and values of a rule, or of a `style` attribute."""
    for part in re.split(r";(?![^(]*\))", re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)):
        name, colon, value = part.partition(":")
        if colon and value.strip():
            yield name.strip(), value.strip()
