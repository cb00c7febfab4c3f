"""Exports of a verifier that there isn't, as the example mappings describe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from bss_mfg.imaging.grade_scale import letter_of

SHORT = {
    "decode": "DEC",
    "symbol_contrast": "SC",
    "modulation": "MOD",
    "reflectance_margin": "RM",
    "axial_nonuniformity": "ANU",
    "grid_nonuniformity": "GNU",
    "unused_error_correction": "UEC",
    "fixed_pattern_damage": "FPD",
}
"""Columns of the example export, by the parameter."""


@dataclass(frozen=True)
class Symbol:
    """What the verifier measured of one."""

    data: str
    grade: float = 3.4
    grades: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(SHORT, 3.4))
    minute: int = 0

    @property
    def formal(self) -> str:
        return f"{self.grade:.1f}/10/660/45Q"


def csv_export(symbols: Sequence[Symbol], *, delimiter: str = ";", decimal: str = ",") -> str:
    """A table as `example-csv` reads it; also with another delimiter and decimal mark."""

    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f}".replace(".", decimal)

    heads = ["Date", "Time", "User", "Device", "Decoded Data", "Overall", "Formal Grade", *SHORT.values()]
    lines = [heads]
    for one in symbols:
        overall = f"{number(one.grade)} ({letter_of(one.grade)})"
        data = '"]d1' + one.data.replace('"', '""') + '"'
        cells = ["28.11.2026", f"14:{one.minute:02}:05", "M. Öz", "VX-1 4711", data, overall, one.formal]
        lines.append([*cells, *(number(one.grades.get(name)) for name in SHORT)])
    return "".join(delimiter.join(cells) + "\r\n" for cells in lines)


def xml_export(symbols: Sequence[Symbol]) -> str:
    """A document as `example-xml` reads it."""
    short = {**SHORT, "decode": "Decode"}
    parts = []
    for one in symbols:
        values = "".join(
            f'<p:Parameter name="{short[name]}" grade="{grade:.1f}"/>\n'
            for name, grade in one.grades.items()
            if name != "reflectance_margin"
        )
        data = escape(one.data).replace("\x1d", "&lt;GS&gt;")
        parts.append(
            f'<p:Symbol measured="2026-11-28T14:{one.minute:02}:05Z">\n<p:Data>{data}</p:Data>'
            f"<p:Formal>{one.formal}</p:Formal>\n{values}</p:Symbol>\n"
        )
    session = f"<p:Session operator={quoteattr('M. Öz & Co')} device='VX-1 4711'/>\n"
    body = f"{session}<p:Symbols>\n{''.join(parts)}</p:Symbols>\n"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<p:Report xmlns:p="urn:example:verifier">\n{body}</p:Report>\n'
