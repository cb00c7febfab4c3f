"""The symbols of one page together: which reads are the same label, which places are still unread, and how dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from statistics import median
from typing import TYPE_CHECKING

from bss_mfg.imaging.geometry import PixelBox, overlap_share, sides_of
from bss_mfg.imaging.zxing_reader import Read, darkness, is_in_picture

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey
    from bss_mfg.imaging.page_frame import PageFrame
    from bss_mfg.imaging.sources import Page

BLANK_DARKNESS = 0.03
"""A place with a smaller share of dark pixels counts as blank: a symbol has about a half."""
_BLANK_CONTRAST = 8.0
"""Standard deviation of the grey up to which a place is blank paper, however dark."""


def covers(box: PixelBox, read: Read) -> bool:
    """Whether a box holds the centre of a read, but for a pixel."""
    x, y = read.center
    return abs(x - box[0] - box[2] / 2) < box[2] / 2 + 1 and abs(y - box[1] - box[3] / 2) < box[3] / 2 + 1


def merge_reads(reads: Sequence[Read], new_reads: Sequence[Read]) -> list[Read]:
    """Add reads at places where there is none yet; a decoded one replaces a found-but-undecoded one."""
    merged = list(reads)
    for read in new_reads:
        same = [other for other in merged if covers(other.box, read)]
        if not same:
            merged.append(read)
        elif read.data and not any(other.data for other in same):
            merged = [other for other in merged if other not in same] + [read]
    return merged


def without_false_finds(reads: Sequence[Read], identified: Sequence[Read], frame: PageFrame | None) -> list[Read]:
    """Without the undecoded finds that can be no label: of another size than this page's labels, or over one. Labels
    are those that were read, and those `identified` by their grid."""
    if all(read.data for read in reads):
        return list(reads)
    labels = [read for read in reads if read.data] + list(identified)
    known = [read.quad for read in labels if read.quad] + (list(frame.quads.values()) if frame else [])
    if not known:
        return list(reads)
    usual = median(side for quad in known for side in sides_of(quad))

    def is_label(read: Read) -> bool:
        if read.data or read.quad is None:
            return True
        sides = sides_of(read.quad)
        return (
            0.6 * usual < min(sides)
            and max(sides) < 1.7 * usual
            and not any(overlap_share(read.box, other.box) > 0.2 for other in labels)
        )

    return [read for read in reads if is_label(read)]


def unread_places(
    page: Page, reads: Sequence[Read], frame: PageFrame, by_package: Mapping[int, Read] | None = None
) -> list[int]:
    """Packages whose place is in the picture and not blank, and where nothing was read. `by_package` are the reads by
    the package that they name: nearly always its own label lies in a place, and the others need no look. Where all
    is read, the page is not put together from its crops."""
    decoded = [read for read in reads if read.data]

    def is_read(package: int, box: PixelBox) -> bool:
        own = by_package.get(package) if by_package else None
        return bool(own and covers(box, own)) or any(covers(box, read) for read in decoded)

    return [
        package
        for package, box in frame.boxes.items()
        if not is_read(package, box) and is_in_picture(page.grey, box) and contrast_of(page.grey, box) > _BLANK_CONTRAST
    ]


def place_darkness(page: Page, frame: PageFrame, matched_packages: Set[int | None]) -> dict[int, float]:
    """How dark the places in the picture are whose own label was not matched; a place without contrast counts as blank.
    What lies outside the picture was not looked at, and is no finding of this page."""
    return {
        package: darkness(page.grey, box)
        if contrast_of(page.grey, box) > _BLANK_CONTRAST
        else min(darkness(page.grey, box), BLANK_DARKNESS / 2)
        for package, box in frame.boxes.items()
        if package not in matched_packages and is_in_picture(page.grey, box)
    }


def ink_share(grey: Grey) -> float:
    """The share of a page that is printed (0 to 1): clearly darker than the paper around it, dust and its edges
    apart."""
    import numpy as np

    rows, columns = grey.shape
    edge = max(min(rows, columns) // 50, 1)
    inner = grey[edge : rows - edge : 2, edge : columns - edge : 2]
    if not inner.size:
        return 0.0
    paper = float(np.quantile(inner, 0.8))
    return float((inner < 0.6 * paper).mean())


def contrast_of(grey: Grey, box: PixelBox) -> float:
    """The standard deviation of the grey in a box: near 0 for blank paper."""
    left, top = max(int(box[0]), 0), max(int(box[1]), 0)
    crop = grey[top : int(box[1] + box[3]) + 1 : 2, left : int(box[0] + box[2]) + 1 : 2]
    return float(crop.std()) if crop.size else 0.0
