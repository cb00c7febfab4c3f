"""Printers: dots per mm in x and y, language, offset, scale. Each has values of its own: some 300-dpi heads have 11.8
dots/mm, some 12, and x and y may differ. What is set at the printer itself (darkness, speed, how it finds the next
label) is said by its file only where it should be; else the printer's own settings hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bss_mfg.core.folders import is_named_so
from bss_mfg.core.models import FileModel
from bss_mfg.core.named_paths import path_inside
from bss_mfg.core.text import did_you_mean
from bss_mfg.core.toml_files import load_toml, parse_toml, quote, validate
from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.errors import InputError
from bss_mfg.label.template.fields import FileName
from bss_mfg.label.template.print_settings import (
    PRINTER_DEFAULTS,
    PrintSettings,
    check_gap,
    check_setting,
    check_together,
    setting_lines,
)
from bss_mfg.label.template.printer_address import ADDRESS_PATTERN, parse_address
from bss_mfg.printer_languages import LANGUAGES, AfterLabel, Language, LanguageFacts, Tracking

PdfStandard = Literal["", "PDF/X-4", "PDF/A-2b"]
"""ISO 15930-7 and ISO 19005-2; empty: PDF as it is."""


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer as the layout sees it.

    `dots_per_mm_x`, `_y`: its dot grid. `offset_*_mm` moves all that is printed; `scale_*` stretches it, for a printer
    that prints 100 mm as 99.7. `margins_mm`: left, top, right, bottom strips that it can't print. `media`: what it is
    loaded with, by library name; empty means anything. `patience_s`: how long it is waited for while it takes nothing;
    None: without end. `ask_status`: whether it is asked for its state before and after labels are sent to it.
    `head_pins`: of a Brother printer's head. `settings`: what is set at the printer.
    """

    name: str
    dots_per_mm_x: float
    dots_per_mm_y: float
    offset_x_mm: float = 0.0
    offset_y_mm: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    language: Language = "pdf"
    margins_mm: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    max_width_mm: float | None = None
    media: tuple[str, ...] = ()
    address: str = ""
    patience_s: float | None = None

    rotate: Literal[0, 90, 180, 270] = 0
    """How pages are turned before they are sent, in degrees clockwise."""
    standard: PdfStandard = ""
    """What its PDFs are made to, unless a command says otherwise; `icc` is the path of the profile for that."""
    icc: str = ""
    ask_status: bool = True
    head_pins: int = 0
    settings: PrintSettings = PRINTER_DEFAULTS

    @property
    def language_facts(self) -> LanguageFacts:
        """What the printer's language can do."""
        return LANGUAGES[self.language]

    def in_label_frame(self) -> Printer:
        """The printer as a page sees it that is turned by `rotate` only when it is finished: its axes, offset and
        margins are those of the label."""
        quarter = self.rotate // 90
        left, top, right, bottom = self.margins_mm
        x, y = self.offset_x_mm, self.offset_y_mm
        offset = ((x, y), (y, -x), (-x, -y), (-y, x))[quarter]
        margins = ((left, top, right, bottom), (top, right, bottom, left))[quarter % 2]
        if quarter > 1:
            margins = (*margins[2:], *margins[:2])
        axes = (self.dots_per_mm_x, self.dots_per_mm_y, self.scale_x, self.scale_y)
        if quarter % 2:
            axes = (axes[1], axes[0], axes[3], axes[2])
        return replace(
            self,
            dots_per_mm_x=axes[0],
            dots_per_mm_y=axes[1],
            scale_x=axes[2],
            scale_y=axes[3],
            offset_x_mm=offset[0],
            offset_y_mm=offset[1],
            margins_mm=margins,
        )

    def as_printed(self) -> Printer:
        """From the label's frame back to the printer's own."""
        back: Literal[0, 90, 180, 270] = {0: 0, 90: 270, 180: 180, 270: 90}[self.rotate]  # type: ignore[assignment]
        return replace(replace(self, rotate=back).in_label_frame(), rotate=self.rotate)

    @property
    def dpi(self) -> float:
        """Dots per inch in x."""
        return self.dots_per_mm_x * MM_PER_INCH

    @property
    def scaled_dots_per_mm_x(self) -> float:
        """Dots for a millimetre of the template in x: the dot grid times the scale."""
        return self.dots_per_mm_x * self.scale_x

    @property
    def scaled_dots_per_mm_y(self) -> float:
        """Dots for a millimetre of the template in y."""
        return self.dots_per_mm_y * self.scale_y


_LIMITS = {"dots_per_mm": (2.0, 200.0), "offset": (-100.0, 100.0), "scale": (0.9, 1.1), "margins": (0.0, 100.0)}
"""The smallest and largest value of a printer file's fields."""


class PrinterFile(FileModel):
    """A printer's file, printers/NAME.toml."""

    format: Literal[1] = Field(description="Version of this file format.")
    title: str = Field("", description="For people: model, place.")
    language: Language = Field(
        "pdf", description="; ".join(f"{name}: {facts.title}" for name, facts in LANGUAGES.items()) + "."
    )
    dots_per_mm: Annotated[tuple[float, float], Field(description="In x (across) and y (feed).")]
    offset: tuple[float, float] = Field((0.0, 0.0), description="Moves everything, in mm: right and down.")
    scale: tuple[float, float] = Field((1.0, 1.0), description="Wanted length / measured length, in x and y.")
    margins: tuple[float, float, float, float] = Field(
        (0.0, 0.0, 0.0, 0.0), description="Strips that can't be printed: left, top, right, bottom, in mm."
    )
    max_width: Annotated[float, Field(gt=0, le=2000)] | None = Field(None, description="Widest media, in mm.")
    media: tuple[str, ...] = Field((), description="Media it is loaded with, by library name; empty: any.")
    address: Annotated[str, Field(pattern=ADDRESS_PATTERN)] = Field(
        "",
        description="Where --send sends to: tcp://HOST:9100 (raw port), ipp://HOST/ipp/print, ipps://, cups://QUEUE, "
        "usb:/dev/usb/lp0 (device file), winspool:NAME (Windows).",
    )
    patience_s: Annotated[float, Field(gt=0, le=86_400)] | None = Field(
        None, description="Seconds to wait while it takes nothing; none: until Ctrl-C, through every roll change."
    )
    rotate: Literal[0, 90, 180, 270] = Field(
        0, description="Turn whole pages clockwise, for a printer that feeds its media another way."
    )
    standard: PdfStandard = Field("", description="PDF/X-4 for a print shop, or PDF/A-2b; empty: PDF as it is.")
    icc: FileName | None = Field(None, description="ICC profile of the printing condition, beside this file.")
    ask_status: bool = Field(
        True, description="Ask it for its state before and after: nothing is sent to one without paper."
    )

    darkness: int | None = Field(None, description="How dark it prints, in the language's numbers; none: its own.")
    speed: float | None = Field(None, description="How fast, in the language's numbers; none: its own.")
    tracking: Tracking | None = Field(None, description="How it finds the next label: gap, mark or continuous.")
    gap: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="Height of the gap, or thickness of the mark, in mm; some languages need it with tracking."
    )
    after: AfterLabel | None = Field(None, description="After each label: tear, peel or cut.")
    feed: float | None = Field(None, description="Fed after each label beyond the printer's own, in mm.")
    head_pins: int | None = Field(
        None, description="Pins of a Brother head: 720 (QL), 1296 (wide QL), 128 (180-dpi P-touch), 560 (360-dpi)."
    )

    @field_validator("address")
    @classmethod
    def _check_address(cls, value: str) -> str:
        if value:
            try:
                parse_address(value)
            except InputError as error:
                raise ValueError(f"{error.what}. {error.way_out}") from None
        return value

    @field_validator("darkness", "speed", "tracking", "gap", "after", "feed", "head_pins")
    @classmethod
    def _check_setting(cls, value: Any, info: ValidationInfo) -> Any:
        """A setting that the language can't express is refused, never dropped."""
        if value is not None and (language := info.data.get("language")):
            check_setting(language, info.field_name or "", value)
        return value

    @field_validator("gap")
    @classmethod
    def _check_gap(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and (dots := info.data.get("dots_per_mm")):
            check_gap(value, dots[1])
        return value

    @model_validator(mode="after")
    def _check_standard(self) -> Self:
        if self.standard and self.language != "pdf":
            raise ValueError(f"standard is for PDF, and this printer's language is {self.language}")
        if self.icc and not self.standard:
            raise ValueError('icc goes with standard = "PDF/X-4" or "PDF/A-2b"')
        if self.standard == "PDF/X-4" and not self.icc:
            raise ValueError('PDF/X-4 needs the profile of the printing condition: icc = "FILE.icc"')
        return self

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        check_together(self.language, self.tracking, self.gap, self.head_pins)
        return self

    @field_validator(*_LIMITS)
    @classmethod
    def _check_range(cls, values: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        low, high = _LIMITS[info.field_name or ""]
        for value in values:
            if not low <= value <= high:
                raise ValueError(f"{value:g} is outside {low:g} to {high:g}")
        return values

    def printer(self, name: str) -> Printer:
        """The record that the layout works with."""
        return Printer(
            name,
            *self.dots_per_mm,
            *self.offset,
            *self.scale,
            self.language,
            self.margins,
            self.max_width,
            self.media,
            self.address,
            self.patience_s,
            ask_status=self.ask_status,
            head_pins=self.head_pins or 0,
            settings=PrintSettings(self.darkness, self.speed, self.tracking, self.gap, self.after, self.feed),
            rotate=self.rotate,
            standard=self.standard,
            icc=self.icc or "",
        )


def load_printer(path: Path) -> Printer:
    """Read and check a printer file; `InputError` names the fields that are wrong."""
    printer = validate(load_toml(path, "printer file"), PrinterFile, way_out="Correct the file.").printer(path.stem)
    return (
        replace(printer, icc=str(path_inside(path.parent, printer.icc, "ICC profile", path)))
        if printer.icc
        else printer
    )


def check_printer_text(text: str, name: str) -> None:
    """`InputError` where a printer file of this text would be wrong."""
    validate(parse_toml(text, name), PrinterFile)


def printer_text(title: str, printer: Printer) -> str:
    """The file of a printer, for people to edit."""
    lines = [
        "# A printer of bss-mfg. Fields: docs/formats/printer.md",
        "format = 1",
        f"title = {quote(title)}",
        f'language = "{printer.language}"',
        f"dots_per_mm = [{printer.dots_per_mm_x:.6g}, {printer.dots_per_mm_y:.6g}]",
        f"offset = [{printer.offset_x_mm:g}, {printer.offset_y_mm:g}]      # mm right and down, from the test page",
        f"scale = [{printer.scale_x:g}, {printer.scale_y:g}]       # wanted length / measured length",
        f"margins = [{', '.join(f'{value:g}' for value in printer.margins_mm)}]",
        f"media = [{', '.join(quote(name) for name in printer.media)}]",
        f"address = {quote(printer.address)}",
    ]
    if printer.max_width_mm:
        lines.insert(-2, f"max_width = {printer.max_width_mm:g}")
    if printer.patience_s:
        lines.append(f"patience_s = {printer.patience_s:g}")
    if printer.head_pins:
        lines.append(f"head_pins = {printer.head_pins}")
    lines += setting_lines(printer.settings)
    if printer.rotate:
        lines.append(f"rotate = {printer.rotate}      # degrees clockwise")
    if printer.standard:
        lines.append(f"standard = {quote(printer.standard)}")
    if printer.icc:
        lines.append(f"icc = {quote(Path(printer.icc).name)}")
    if not printer.ask_status:
        lines.append("ask_status = false")
    return "\n".join(lines) + "\n"


_DOTS_PER_MM = {
    # Thermal heads sold as 203 dpi have 8 dots/mm; some of those sold as 300 and 600 have 12 and 24.
    **{dpi: dpi / MM_PER_INCH for dpi in (180, 300, 360, 600)},
    **{203: 8.0, 304: 12.0, 305: 12.0, 609: 24.0},
}
"""Dots per mm by the name of a resolution."""


def _at(dpi: int, language: Language, name: str = "") -> Printer:
    return Printer(name or f"{language}-{dpi}", _DOTS_PER_MM[dpi], _DOTS_PER_MM[dpi], language=language)


PDF_PRINTER_BY_DPI = {dpi: _at(dpi, "pdf") for dpi in (203, 300, 600)}
"""PDF printers by the name of their resolution."""

_QL = replace(_at(300, "brother"), margins_mm=(1.5, 0.0, 1.5, 0.0), max_width_mm=62.0, head_pins=720)
_PT = replace(_at(180, "brother"), margins_mm=(1.1, 0.0, 1.1, 0.0), max_width_mm=24.0, head_pins=128)
_PRINTERS = (
    *(_at(dpi, "pdf") for dpi in (203, 300, 304, 600)),
    Printer("pdf-300x600", _DOTS_PER_MM[300], _DOTS_PER_MM[600]),
    *(_at(dpi, "zpl") for dpi in (203, 300, 304)),
    _at(609, "zpl", "zpl-600"),
    *(_at(dpi, "zpl-hex") for dpi in (203, 300, 600)),
    *(_at(dpi, "tspl") for dpi in (203, 300, 600)),
    *(_at(dpi, "epl2") for dpi in (203, 300)),
    *(_at(dpi, "cpcl") for dpi in (203, 300)),
    *(_at(dpi, "sbpl") for dpi in (203, 305, 609)),
    *(_at(dpi, "dpl") for dpi in (203, 300, 600)),
    replace(_QL, name="brother-ql"),
    replace(_QL, name="brother-ql-wide", max_width_mm=104.0, head_pins=1296),
    replace(_PT, name="brother-pt-180"),
    replace(_at(360, "brother", "brother-pt-360"), margins_mm=_PT.margins_mm, max_width_mm=36.0, head_pins=560),
    *(replace(_at(dpi, "escpos"), max_width_mm=72.0) for dpi in (180, 203)),
    *(_at(dpi, "png") for dpi in (203, 300, 600)),
    Printer("png-300x600", _DOTS_PER_MM[300], _DOTS_PER_MM[600], language="png"),
)

BUILT_IN: dict[str, Printer] = {printer.name: printer for printer in _PRINTERS}
"""Printers that need no file, to begin with."""


def find_printer(name: str, file: Path | None, own_printers: list[str]) -> Printer:
    """A printer by name: of the workspace (`file`, if there is one), or built in; an error names those like it."""
    if file and is_named_so(file):
        return load_printer(file)
    if name in BUILT_IN:
        return replace(BUILT_IN[name], name=name)
    own = f"This workspace has {', '.join(own_printers)}. " if own_printers else ""
    meant = did_you_mean(name, [*own_printers, *BUILT_IN]) or own
    raise InputError(
        f"there is no printer {name[:60]!r}",
        way_out=f"{meant}`bss-mfg printer list` shows all, `bss-mfg printer add` makes one.",
    )
