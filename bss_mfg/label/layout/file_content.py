"""A label file to make, as plain data that travels to another process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.press import PLAIN, Press
from bss_mfg.model import SymbolStyle

ByteArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LabelFileContent:
    """A label file to make: plain data, fit for another process."""

    title: str
    layout: PageLayout
    rows: tuple[LabelRow, ...]
    start_at: int
    symbols: SymbolStyle
    press: Press = PLAIN
    """What is wanted of a PDF besides its labels."""
