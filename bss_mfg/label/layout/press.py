"""What a print shop or an archive asks of PDFs: the standard, and the printing condition by its ICC profile."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from bss_mfg.core.files import read_bytes
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError
from bss_mfg.label.template.printer import PdfStandard, Printer

ProfileSpace = Literal["GRAY", "RGB", "CMYK"]

MAX_PROFILE = LIMITS[Reader.PROFILE].size
_SPACES: dict[bytes, ProfileSpace] = {b"GRAY": "GRAY", b"RGB ": "RGB", b"CMYK": "CMYK"}
_WHERE = "The print shop names its profile; ICC profiles of printing conditions are at color.org and eci.org."


@dataclass(frozen=True)
class Press:
    """A standard and the ICC profile of its output intent; without a profile PDF/A takes sRGB. `condition` is the
    profile's own name."""

    standard: PdfStandard = ""
    profile: bytes = b""
    condition: str = ""

    @property
    def space(self) -> ProfileSpace:
        """The colours of the output intent."""
        return _SPACES[self.profile[16:20]] if self.profile else "RGB"

    @cached_property
    def digest(self) -> str:
        """What decides a file's bytes; empty for plain PDFs."""
        return f"{self.standard} {hashlib.sha256(self.profile).hexdigest()}" if self.standard else ""


PLAIN = Press()


def open_press(standard: PdfStandard, profile: Path | None) -> Press:
    """A standard with the profile of a file; `InputError` where that is none, or PDF/X-4 has none."""
    if profile is None:
        if standard == "PDF/X-4":
            raise InputError(
                "PDF/X-4 needs the ICC profile of the printing condition", way_out=f"Give --icc FILE.icc. {_WHERE}"
            )
        return Press(standard)
    if not standard:
        raise InputError("an ICC profile alone says nothing", way_out="Give --pdfx or --pdfa with --icc.")
    data = read_bytes(profile, "ICC profile", MAX_PROFILE)
    if len(data) < 132 or data[36:40] != b"acsp" or data[16:20] not in _SPACES:
        raise InputError("is not an ICC profile of grey, RGB or CMYK", where=profile, way_out=_WHERE)
    if standard == "PDF/X-4" and data[12:16] != b"prtr":
        raise InputError(
            f"is the profile of a {_DEVICES.get(data[12:16], 'device')}; PDF/X-4 needs that of a printing condition",
            where=profile,
            way_out=_WHERE,
        )
    return Press(standard, data, _description(data, profile))


def press_of(printer: Printer) -> Press:
    """What a printer's own file asks of its PDFs."""
    return open_press(printer.standard, Path(printer.icc) if printer.icc else None) if printer.standard else PLAIN


_DEVICES = {b"mntr": "screen", b"scnr": "scanner or camera", b"spac": "colour space"}


def _description(data: bytes, path: Path) -> str:
    from io import BytesIO

    from PIL import ImageCms

    try:
        profile = ImageCms.getOpenProfile(BytesIO(data))
        return ImageCms.getProfileDescription(profile).strip() or path.stem
    except (OSError, ImageCms.PyCMSError):
        raise InputError("is a damaged ICC profile", where=path, way_out=_WHERE) from None
