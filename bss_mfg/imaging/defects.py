"""What is wrong with a symbol, in words a printer's operator can act on, from its modules and the right ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from bss_mfg.core.languages import BOTH, SEMICOLON, counted, joined, phrase
from bss_mfg.imaging import grid
from bss_mfg.imaging.ecc200 import symbol_geometry
from bss_mfg.imaging.geometry import Quad
from bss_mfg.imaging.grid import SampledGrid
from bss_mfg.imaging.places import SIDES, place_in
from bss_mfg.imaging.sampling import box_mean
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bss_mfg.imaging.geometry import Grey

_LINE_SHARE = 0.8
"""Share of a row's or column's modules of one kind that are wrong where a line runs through it."""
_BLUR_CONTRAST = 0.4
"""Contrast of lone modules, as a share of that of modules in company, below which a picture is blurred."""
_PATCH_SHARE = 0.2
"""Share of its modules that are wrong in a patch: a half, or less where its corners are round."""
_FAINT_CONTRAST = 30.0
"""Contrast in percent below which print is faint (ISO/IEC 15415 grade 1 ends at 20)."""


class DefectKind(Enum):
    """What may be wrong with a symbol."""

    FAINT = auto()
    CUT_OFF = auto()
    BLURRED = auto()
    WHITE_LINE = auto()
    BLACK_LINE = auto()
    LIGHT_PATCH = auto()
    DARK_PATCH = auto()
    QUIET_ZONE = auto()
    FINDER = auto()
    SCATTERED = auto()
    UNEXPLAINED = auto()
    """The modules are right, and yet no reader reads it."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong, and the words for it."""

    kind: DefectKind
    text: str


@dataclass(frozen=True, slots=True)
class Defects:
    """What is wrong with a symbol: `found`, faint print first; `wrong_modules` (row, column, whether it should be
    dark) look other than they should, of a symbol of `size` modules whose corners in the picture are `quad`. `other`
    is the serial of the label it is, where another one was expected there."""

    found: tuple[Defect, ...]
    wrong_modules: tuple[tuple[int, int, bool], ...]
    size: int
    quad: Quad
    other: str = ""

    @property
    def description(self) -> str:
        """All of it in words."""
        words = joined(SEMICOLON, (defect.text for defect in self.found))
        if not self.other:
            return words
        return joined(SEMICOLON, (phrase("the label of {serials} is in this place", serials=self.other), words))


@dataclass(frozen=True, slots=True)
class _Symbol:
    """A symbol as it was printed and as it is seen, and its modules that are wrong."""

    grey: Grey
    sampled: SampledGrid
    bits: NDArray[np.bool_]
    dark: NDArray[np.bool_]
    dark_level: float
    light_level: float

    @property
    def size(self) -> int:
        return len(self.bits)


def find_defects(grey: Grey, sampled: SampledGrid, expected: Matrix) -> Defects:
    """Name what is wrong with a symbol whose grid was found. Each fault explains some of its wrong modules; the next
    one is looked for among the rest."""
    import numpy as np

    bits, seen = expected.bits(), sampled.grey
    levels = float(np.median(seen[bits])), float(np.median(seen[~bits]))
    symbol = _Symbol(grey, sampled, bits, grid.dark_modules(seen), *levels)
    wrong = symbol.dark != bits
    unexplained = wrong.copy()
    found: list[Defect] = []
    for step in (_whole_symbol_defects, _line_defects, _patch_defects, _quiet_zone_defects, _remaining_defects):
        found += step(symbol, unexplained)
    contrast = (symbol.light_level - symbol.dark_level) / 2.55
    if contrast < _FAINT_CONTRAST:
        found.insert(
            0, Defect(DefectKind.FAINT, phrase("faint: contrast {contrast:.0f} %", contrast=max(float(contrast), 0.0)))
        )
    elif not found:
        found.append(Defect(DefectKind.UNEXPLAINED, phrase("too weak for a reader, though the modules are right")))
    wrong_modules = tuple((int(row), int(column), bool(bits[row, column])) for row, column in np.argwhere(wrong))
    return Defects(tuple(found), wrong_modules, symbol.size, sampled.warp.quad())


def _whole_symbol_defects(symbol: _Symbol, unexplained: NDArray[np.bool_]) -> Iterator[Defect]:
    """A missing side, else blur: either explains all that is wrong. What blur does to single modules is no fault of
    its own."""
    if cut := _missing_side(symbol.grey, symbol.sampled, unexplained):
        unexplained[:] = False
        yield Defect(DefectKind.CUT_OFF, cut)
    elif _is_blurred(symbol.sampled.grey, symbol.bits):
        unexplained[:] = False
        yield Defect(
            DefectKind.BLURRED,
            phrase(
                "blurred, or too coarse a picture ({pixels:.1f} pixels per module): scan it sharper",
                pixels=float(symbol.sampled.warp.pixels_per_module),
            ),
        )


def _line_defects(symbol: _Symbol, unexplained: NDArray[np.bool_]) -> Iterator[Defect]:
    """White and black lines through columns and rows."""
    for axis in (0, 1):
        for ink in (False, True):
            hit = _wrong_lines(symbol.dark, symbol.bits, axis, ink)
            if not len(hit) or not unexplained.any():
                continue
            unexplained[(slice(None), hit) if axis == 0 else hit] = False
            kind = DefectKind.BLACK_LINE if ink else DefectKind.WHITE_LINE
            yield Defect(kind, _line_words(hit, symbol.size, axis, ink))


def _patch_defects(symbol: _Symbol, unexplained: NDArray[np.bool_]) -> Iterator[Defect]:
    patch = _wrong_patch(unexplained)
    if not patch:
        return
    rows, columns = patch
    ink = bool(symbol.dark[unexplained].mean() > 0.5)
    where = _position_words(rows, columns, symbol.size)
    unexplained[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = False
    yield Defect(
        DefectKind.DARK_PATCH if ink else DefectKind.LIGHT_PATCH,
        _patch_words(f"{_span(columns)} x {_span(rows)}", where, ink),
    )


def _quiet_zone_defects(symbol: _Symbol, unexplained: NDArray[np.bool_]) -> Iterator[Defect]:
    if sides := _inked_sides(symbol.grey, symbol.sampled, symbol.dark_level, symbol.light_level):
        yield Defect(DefectKind.QUIET_ZONE, phrase("ink in the quiet zone at {sides}", sides=sides))


def _remaining_defects(symbol: _Symbol, unexplained: NDArray[np.bool_]) -> Iterator[Defect]:
    """Single modules, in the finder pattern and elsewhere."""
    fixed = symbol_geometry(symbol.size).fixed
    if finder := int((unexplained & fixed).sum()):
        yield Defect(
            DefectKind.FINDER,
            counted(
                "{count:,} module of the finder pattern wrong", "{count:,} modules of the finder pattern wrong", finder
            ),
        )
    if rest := int((unexplained & ~fixed).sum()):
        yield Defect(
            DefectKind.SCATTERED,
            counted("{count:,} module wrong here and there", "{count:,} modules wrong here and there", rest),
        )


def _is_blurred(seen: NDArray[np.floating[Any]], bits: NDArray[np.bool_]) -> bool:
    """Whether modules among others of the other kind have lost most of the contrast that those among their own have:
    what blur does, and no damage of the print."""
    import numpy as np

    wide = np.pad(bits, 1)
    alike = sum(
        (near == bits).astype(int) for near in (wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:])
    )

    def contrast(where: NDArray[np.bool_]) -> float:
        light, dark = seen[where & ~bits], seen[where & bits]
        return float(np.median(light) - np.median(dark)) if len(light) > 5 and len(dark) > 5 else 0.0

    among = contrast(alike >= 3)
    return among > 0 and contrast(alike <= 1) < _BLUR_CONTRAST * among


def _wrong_lines(dark: NDArray[np.bool_], bits: NDArray[np.bool_], axis: int, ink: bool) -> NDArray[np.intp]:
    """Columns (axis 0) or rows (axis 1) all but wholly dark (`ink`) or light that should not be."""
    import numpy as np

    asked = bits != ink  # modules that should be the other way
    turned = (dark == ink) & asked
    total = asked.sum(axis=axis)
    share = turned.sum(axis=axis) / np.maximum(total, 1)
    kept: NDArray[np.intp] = np.flatnonzero((share >= _LINE_SHARE) & (total >= 6))
    return kept if len(kept) <= max(4, len(bits) // 8) else kept[:0]


def _line_words(indexes: NDArray[np.intp], size: int, axis: int, ink: bool) -> str:
    """A line through columns (axis 0) or rows (axis 1)."""
    edges = _EDGES[axis]
    at_edges = [edges[end] for end, index in enumerate((0, size - 1)) if index in indexes]
    numbers = ", ".join(str(int(index) + 1) for index in indexes[:4])
    for edge in at_edges:
        numbers = phrase("{numbers} ({edge})", numbers=numbers, edge=edge)
    if axis == 0 and ink:
        return counted(
            "a black line through column {numbers} from the left: a scratch or a smear",
            "a black line through columns {numbers} from the left: a scratch or a smear",
            len(indexes),
            numbers=numbers,
        )
    if axis == 0:
        return counted(
            "a white line through column {numbers} from the left: a dead print-head element, or a scratch",
            "a white line through columns {numbers} from the left: a dead print-head element, or a scratch",
            len(indexes),
            numbers=numbers,
        )
    if ink:
        return counted(
            "a black line through row {numbers} from the top: a scratch or a smear",
            "a black line through rows {numbers} from the top: a scratch or a smear",
            len(indexes),
            numbers=numbers,
        )
    return counted(
        "a white line through row {numbers} from the top: a dead print-head element, or a scratch",
        "a white line through rows {numbers} from the top: a dead print-head element, or a scratch",
        len(indexes),
        numbers=numbers,
    )


_EDGES = (
    (phrase("the left edge"), phrase("the right edge")),
    (phrase("the top edge"), phrase("the bottom edge")),
)


def _patch_words(size: str, where: str, ink: bool) -> str:
    if ink:
        return phrase("a dark patch of {size} modules {where}: a smear, a stain or covered", size=size, where=where)
    return phrase("a light patch of {size} modules {where}: scuffed, covered or not printed", size=size, where=where)


def _wrong_patch(wrong: NDArray[np.bool_]) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Rows and columns of a patch that holds 40 % of the wrong modules or more, and far more than lie around it, or
    None: errors scattered all over are no patch."""
    import numpy as np

    total = int(wrong.sum())
    if total < 12:
        return None
    dense = box_mean(wrong.astype(float), 2)
    rows, columns = np.nonzero((dense > 0.28) & dilate(wrong))
    if len(rows) < 12:
        return None
    top, bottom = np.quantile(rows, (0.02, 0.98)).astype(int).tolist()
    left, right = np.quantile(columns, (0.02, 0.98)).astype(int).tolist()
    inside = int(wrong[top : bottom + 1, left : right + 1].sum())
    area = (bottom + 1 - top) * (right + 1 - left)
    around = (total - inside) / max(wrong.size - area, 1)
    dense_inside = inside / area
    found = inside > total * 0.4 and dense_inside > max(_PATCH_SHARE, 3 * around)
    return ((top, bottom), (left, right)) if found else None


def dilate(modules: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The modules that are marked or touch a marked one."""
    import numpy as np

    wide = np.pad(modules, 1)
    return np.asarray(wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:] | modules)


def _missing_side(grey: Grey, sampled: SampledGrid, wrong: NDArray[np.bool_]) -> str:
    """Words for a side of the symbol that is not there: outside the picture, or off the label."""
    import numpy as np

    rows, columns = grey.shape
    centres = sampled.warp.centres()
    outside = (centres[..., 0] < 0) | (centres[..., 1] < 0) | (centres[..., 0] > columns) | (centres[..., 1] > rows)
    if outside.mean() > 0.01:
        return phrase("{share:.0%} of it lies outside the picture", share=float(outside.mean()))
    size = len(wrong)
    for axis, names in ((1, ("top", "bottom")), (0, ("left", "right"))):
        lines = wrong.mean(axis=axis) > 0.35
        for name, line in zip(names, (lines, lines[::-1]), strict=True):
            missing = int(np.argmin(line)) if not line.all() else size
            if missing > max(4, size // 10):
                where = place_in(name, "") if axis == 1 else place_in("", name)
                return phrase("cut off or covered: {share:.0%} {where} is missing", share=missing / size, where=where)
    return ""


def _inked_sides(grey: Grey, sampled: SampledGrid, dark: float, light: float) -> str:
    """The sides of the symbol whose quiet zone of one module is no longer light."""
    import numpy as np

    wide = grid.sample_modules(grey, sampled.warp, 1) < (dark + light) / 2
    sides = {"left": wide[1:-1, 0], "top": wide[0, 1:-1], "right": wide[1:-1, -1], "bottom": wide[-1, 1:-1]}
    hit = [name for name, line in sides.items() if float(np.mean(line)) > 0.12]
    return joined(BOTH, (SIDES[name] for name in hit))


def _position_words(rows: tuple[int, int], columns: tuple[int, int], size: int) -> str:
    down = ("top", "", "bottom")[min(sum(rows) * 3 // (2 * size), 2)]
    across = ("left", "", "right")[min(sum(columns) * 3 // (2 * size), 2)]
    return place_in(down, across)


def _span(ends: tuple[int, int]) -> int:
    return ends[1] - ends[0] + 1
