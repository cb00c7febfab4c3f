"""A page while it is read: what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from bss_mfg.imaging.budget import AttemptBudget
from bss_mfg.imaging.defects import Defects
from bss_mfg.imaging.geometry import PixelBox, Quad, overlap_share, sides_of
from bss_mfg.imaging.grid import SampledGrid
from bss_mfg.imaging.misprints import Misprint
from bss_mfg.imaging.page_frame import PageFrame
from bss_mfg.imaging.page_symbols import covers
from bss_mfg.imaging.sources import Page
from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.model import LabelFile
from bss_mfg.verify.diagnosis import Diagnosis


@dataclass(slots=True)
class PageReading:
    """A page while it is read."""

    page: Page
    budget: AttemptBudget
    reads: list[Read] = field(default_factory=list)
    diagnoses: dict[tuple[bytes, str], Diagnosis] = field(default_factory=dict)
    """What the strings that were read are."""
    frame: PageFrame | None = None
    identified: list[tuple[SampledGrid, int]] = field(default_factory=list)
    """Grids and packages of symbols without a known place that no reader reads."""
    defects: dict[int, Defects] = field(default_factory=dict)
    """What is wrong with symbols in a known place that no reader reads, by package."""
    searched: list[PixelBox] = field(default_factory=list)
    """Places that were found without a sheet, and where the second reader need not be asked again."""
    enhanced: list[PixelBox] = field(default_factory=list)
    """Places that were read in enhanced pictures, in vain."""
    given_up: list[PixelBox] = field(default_factory=list)
    """Places whose attempts the budget cut short, and where nothing was read."""

    misprints: dict[tuple[tuple[bytes, str], PixelBox], tuple[Misprint, ...]] = field(default_factory=dict)
    """What is wrong with matches whatever lies around them, by what they say and where."""
    unread: list[Quad] = field(default_factory=list)
    """Patches that look like a symbol, and where nothing was read or identified."""

    @property
    def decoded(self) -> list[tuple[Read, Diagnosis]]:
        return [(read, self.diagnoses[read.content]) for read in self.reads if read.data]

    def module_px(self, label_file: LabelFile) -> float | None:
        """X-dimension in pixels of labels of a file: by those that were read, else as they are in a flat scan."""
        sides = [sum(sides_of(read.quad)) / 4 for read, found in self.decoded if found.matches and read.quad]
        if not sides and self.page.dpi:
            sides = [label_file.symbol_boxes[0][2] / 25.4 * self.page.dpi]
        return median(sides) / label_file.modules if sides else None

    def names(self, package: int) -> bool:
        """Whether a string that was read names a package of this number."""
        return any(diagnosis.package == package for _, diagnosis in self.decoded)

    def is_enhanced(self, place: PixelBox) -> bool:
        """Whether a place was read in enhanced pictures before: two crops that are nearly the same say the same."""
        return any(min(overlap_share(box, place), overlap_share(place, box)) > 0.85 for box in self.enhanced)

    def is_read_at(self, spot: Read) -> bool:
        """Whether a symbol was read where a spot lies."""
        return any(read.data and covers(read.box, spot) for read in self.reads)
