"""What a printer file sets at a ZPL printer (ZPL II Programming Guide, P1099958: ^MM, ^MN, ^PR, ~SD, ~TA)."""

from __future__ import annotations

from bss_mfg.label.template.printer import Printer

_MEDIA_TRACKING = {"gap": "Y", "mark": "M", "continuous": "N"}
"""^MN: Y and W are the web (gap) sensor, M the mark sensor, N continuous media of the length that ^LL says."""
_PRINT_MODE = {"tear": "T", "peel": "P", "cut": "C"}


def zpl_settings_before(printer: Printer) -> str:
    """The immediate commands, which stand before a format: darkness 00 to 30, and the tear-off position in dots."""
    settings = printer.settings
    text = "" if settings.darkness is None else f"~SD{settings.darkness:02d}\n"
    if settings.feed_mm is not None:
        dots = round(settings.feed_mm * printer.dots_per_mm_y)
        text += f"~TA{max(min(dots, 120), -120):+04d}\n".replace("+", "")
    return text


def zpl_settings_inside(printer: Printer) -> str:
    """The commands inside a format."""
    settings = printer.settings
    text = "" if settings.speed is None else f"^PR{settings.speed:g}"
    if settings.tracking:
        text += f"^MN{_MEDIA_TRACKING[settings.tracking]}"
    if settings.after:
        text += f"^MM{_PRINT_MODE[settings.after]}"
    return text
