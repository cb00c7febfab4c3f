"""A label file to make, as plain data that travels to another process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import Layout

Symbols = Literal["mask", "vector"]

Octets = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PartJob:
    """A label file to make: plain data, fit for another process."""

    title: str
    layout: Layout
    rows: tuple[LabelRow, ...]
    start_at: int
    symbols: Symbols
