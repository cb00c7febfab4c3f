"""Sheets and rolls: the media library (media.toml, from the makers' published dimensions), and custom ones."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

from bss_mfg.core.inches import label_size_in_inches

PAGES = {
    "A3": (297.0, 420.0),
    "A4": (210.0, 297.0),
    "A5": (148.0, 210.0),
    "A6": (105.0, 148.0),
    "SRA3": (320.0, 450.0),
    "SRA4": (225.0, 320.0),
    "Letter": (215.9, 279.4),
    "Legal": (215.9, 355.6),
    "Tabloid": (279.4, 431.8),
}
"""Page sizes in mm (ISO 216; ISO 217; ANSI/ASME Y14.1)."""

GEOMETRY = (
    "kind",
    "page",
    "label_width",
    "label_height",
    "columns",
    "rows",
    "margin_left",
    "margin_top",
    "pitch_x",
    "pitch_y",
    "shape",
    "corner",
)
"""The fields of a medium that place its labels."""


@lru_cache(maxsize=1)
def media_library() -> dict[str, dict[str, Any]]:
    """All media by name: maker, parts, title, and the fields of `GEOMETRY` in mm."""
    return tomllib.loads((resources.files("bss_mfg.label.template") / "media.toml").read_text("utf-8"))


def find_medium(name: str) -> dict[str, Any] | None:
    """A medium by its name, or by the maker's part number (`L7159`)."""
    media = media_library()
    if name in media:
        return media[name]
    lower_name = name.lower()
    return next((item for item in media.values() if lower_name in (part.lower() for part in item["parts"])), None)


def same_size_hint(name: str) -> str:
    """For a name that is a size in inches, as `4x6`: the size in mm, and media of that size. Empty if it is none."""
    size = label_size_in_inches(name)
    if size is None:
        return ""
    width, height = size
    same = [
        known
        for known, item in media_library().items()
        if abs(item["label_width"] - width) < 1 and abs(item["label_height"] - height) < 1
    ]
    in_mm = f"in inches that is label_width = {width:.5g} and label_height = {height:.5g}"
    return f"{in_mm}; of that size: {', '.join(same[:4])}" if same else in_mm
