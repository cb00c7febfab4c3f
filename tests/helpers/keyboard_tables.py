"""Writes bss_mfg/verify/keyboards/layouts.json from xkeyboard-config: `python -m tests.helpers.keyboard_tables`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.helpers import ROOT
from tests.helpers.xkb import US, Keyboard, LayoutName, accent, layout_names

FILE = ROOT / "bss_mfg" / "verify" / "keyboards" / "layouts.json"
NOTHING = "\x00"
FIRST = (
    "de", "fr", "es", "it", "gb", "pt", "se", "no", "dk", "ch", "be", "cz", "pl", "hu", "tr", "ru", "jp", "br", "latam",
    "nl", "fi", "at", "us",
)  # fmt: skip
"""Layouts that most factories have: where two explain a read, these are named."""


def cells(keyboard: Keyboard) -> tuple[str, list[int]]:
    """One character for each key of `US`, unshifted and shifted; a dead key is its accent, and is listed."""
    found, dead = "", []
    for place, character in enumerate(US[0] + US[1]):
        symbol, text = keyboard.key(character)
        if symbol.startswith("dead_"):
            dead.append(place)
            text = accent(symbol)
        found += text if len(text) == 1 and text >= " " else NOTHING
    return found, dead


def table(name: LayoutName) -> dict[str, Any]:
    """A layout's line of the file."""
    plain, locked = Keyboard(name.layout, name.variant), Keyboard(name.layout, name.variant, caps_lock=True)
    keys, dead = cells(plain)
    caps, _ = cells(locked)
    plain.close()
    locked.close()
    ident = f"{name.layout}({name.variant})" if name.variant else name.layout
    return {"id": ident, "name": name.title, "keys": keys, "caps": caps, **({"dead": dead} if dead else {})}


def tables() -> list[dict[str, Any]]:
    """All countries' layouts, those of `FIRST` first, and their variants where they differ from all before."""
    order = {layout: number for number, layout in enumerate(FIRST)}
    names = sorted(layout_names(), key=lambda item: (bool(item.variant), order.get(item.layout, len(order))))
    found: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    us = US[0] + US[1]
    for one in map(table, names):
        keys = one["keys"], one["caps"]
        if one["keys"] != us and one["keys"].count(NOTHING) < 40 and ("(" not in one["id"] or keys not in seen):
            found.append(one)
        seen.add(keys)
    return found


def version() -> str:
    """The version of the layouts that are installed."""
    command = ["dpkg-query", "--show", "--showformat=${Version}", "xkb-data"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.partition("-")[0]


def document() -> dict[str, Any]:
    """The whole file."""
    return {
        "source": f"xkeyboard-config {version()} (layouts.license.txt), by tests/helpers/keyboard_tables.py",
        "us": US[0] + US[1],
        "layouts": tables(),
    }


def write(file: Path = FILE) -> None:
    """Write the file, one layout a line."""
    whole = document()
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in whole.pop("layouts"))
    head = json.dumps(whole, ensure_ascii=False)[:-1]
    file.write_text(f'{head}, "layouts": [\n{lines}\n]}}\n', "utf-8")


if __name__ == "__main__":
    write()
