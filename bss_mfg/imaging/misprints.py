"""Symbols that read right and are printed otherwise than drawn: mirrored, inverted, scaled, of a wrong size, shifted.

Readers make up for all of these; a scanner on a packing line may not, and each says that a printer is set up wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import atan2, degrees, dist, hypot
from statistics import median
from typing import TYPE_CHECKING

from bss_mfg.core.languages import BOTH, joined, phrase
from bss_mfg.core.units import MM_PER_INCH
from bss_mfg.imaging.geometry import Quad, apply_homography, homography, sides_of
from bss_mfg.symbol import Matrix

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey
    from bss_mfg.imaging.page_frame import PageFrame

MAX_SHIFT_MM = 1.5
"""How far a symbol may lie from its place among the others of its sheet where the template doesn't say: what presses
and label printers keep to."""
MAX_TURN_DEGREES = 8.0
"""How far it may be turned against them."""
_TURN_OF_A_SHIFTED = 2.0
"""By how much one that lies beside its place is turned at least for that to be said: a reader's corners are off by a
degree."""
_TURNED_IN_A_PHOTOGRAPH = 30.0
"""The same in a photograph, where perspective and curled paper turn symbols, too."""
MAX_SCALE_SHARE = 0.02
"""By how much a flat page may be larger or smaller than drawn: printers and scanners together are off by less."""
MAX_SIZE_SHARE = 0.05
"""The same of one symbol against the sheet that it lies on."""
_LEAST_TOLD_MM = 0.1
_CORNER_PIXELS = 1.5
"""By how much a reader's corners may be off."""
_ENOUGH_FOR_A_SLOPE = 5
"""Symbols from which on a stretch or turn that all of them share is told from what one does."""
_LEAST_CORRELATION = 0.3
"""Of the modules that were printed with those that should be: with a fourth of them wrong it is a half."""
_MOST_FLAT_SHEAR = 0.012
"""By how much the two axes of a flat scan may differ in direction (radians); a camera held by hand is off by more."""
_MOST_FLAT_SLANT = 0.012
"""By how much the two ends of a flat page may differ in size; in a photograph they differ by more."""
_FLAT_SCALES = 0.8, 1.25
"""Scales that a printer's setting may have made. Beyond these the resolution that a file states is not a scanner's."""


class PrintFault(StrEnum):
    """In what a symbol that reads right is printed otherwise than it was drawn. The values are those of all reports."""

    MIRRORED = "mirrored"
    INVERTED = "inverted"
    SCALED = "scaled"
    WRONG_SIZE = "wrong size"
    SHIFTED = "shifted"


@dataclass(frozen=True, slots=True)
class Misprint:
    """What is wrong with the print of a symbol, and by how much, in words."""

    fault: PrintFault
    detail: str


MIRRORED = Misprint(PrintFault.MIRRORED, phrase("it is mirrored: turn off mirror printing"))


@dataclass(frozen=True, slots=True)
class PrintedSymbol:
    """A symbol that was read, with its corners as the upright symbol has them, and what is wrong with it whatever lies
    around it."""

    quad: Quad
    misprints: tuple[Misprint, ...] = ()


def printed_symbol(grey: Grey, quad: Quad, expected: Matrix) -> PrintedSymbol:
    """How a symbol with these corners lies there: whether it is mirrored (readers then take one of its corners for
    another: of a Data Matrix the ends of its L, of a QR Code those beside its first finder) or light on dark. Bars
    that are mirrored are turned bars: of them the second alone is told."""
    import numpy as np

    light = 1.0 - 2.0 * expected.bits()
    a, b, c, d = quad
    ways = (quad, (c, b, a, d), (a, d, c, b)) if expected.rows > 1 else (quad,)
    by_corners = {corners: _correlation(_module_centres(grey, corners, light.shape), light) for corners in ways}
    corners, strength = max(by_corners.items(), key=lambda item: abs(item[1]))
    if abs(strength) < _LEAST_CORRELATION or not np.isfinite(strength):
        return PrintedSymbol(quad)
    found = []
    if runs_backwards(corners):
        found.append(MIRRORED)
    if strength < 0:
        found.append(Misprint(PrintFault.INVERTED, phrase("it is inverted: light modules on a dark ground")))
    return PrintedSymbol(corners, tuple(found))


def runs_backwards(quad: Quad) -> bool:
    """Whether corners run counterclockwise in the picture: those of a printed symbol run clockwise."""
    (left, top), (right, over), (far, low), _ = quad
    return (right - left) * (low - over) - (over - top) * (far - right) < 0


def _module_centres(grey: Grey, quad: Quad, shape: tuple[int, ...]) -> Floats | None:
    """The grey at the centre of each module."""
    import numpy as np

    rows, columns = shape
    to_pixels = homography(((0, 0), (columns, 0), (columns, rows), (0, rows)), quad)
    if to_pixels is None:
        return None
    x, y = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    points = apply_homography(to_pixels, np.stack([x, y], axis=-1))
    column = np.clip(points[..., 0].astype(int), 0, grey.shape[1] - 1)
    row = np.clip(points[..., 1].astype(int), 0, grey.shape[0] - 1)
    seen: Floats = grey[row, column].astype(float)
    return seen


def _correlation(seen: Floats | None, light: Floats) -> float:
    import numpy as np

    if seen is None or not seen.std():
        return 0.0
    return float(np.corrcoef(seen.ravel(), light.ravel())[0, 1])


# --- against the sheet ------------------------------------------------------------------------------------------------


def page_scale(frame: PageFrame, dpi: float | None) -> tuple[float, float] | None:
    """How large a flat page was printed, across and down, as a share of what was drawn; None where it can't be told: in
    a photograph, or where a file does not say its resolution or says a nonsensical one."""
    import numpy as np

    if not dpi:
        return None
    width, height = frame.label_file.page_mm
    corners = apply_homography(frame.matrix, np.array([[0, 0], [width, 0], [width, height], [0, height]], float))
    top, right, bottom, left = (dist(corners[i], corners[(i + 1) % 4]) for i in range(4))
    across = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    shear = abs(float(across @ down)) / (hypot(*across) * hypot(*down))
    slant = max(abs(top / bottom - 1), abs(left / right - 1))
    if shear > _MOST_FLAT_SHEAR or slant > _MOST_FLAT_SLANT:
        return None
    scales = hypot(*across) / width * MM_PER_INCH / dpi, hypot(*down) / height * MM_PER_INCH / dpi
    if not all(_FLAT_SCALES[0] <= scale <= _FLAT_SCALES[1] for scale in scales):
        return None
    return scales


def scale_misprints(scale: tuple[float, float] | None) -> tuple[Misprint, ...]:
    """What is wrong with all labels of a page of that scale."""
    if scale is None or max(abs(share - 1) for share in scale) <= MAX_SCALE_SHARE:
        return ()
    across, down = scale
    if abs(across - down) < 0.01:
        words = phrase("the page is printed at {size:.1%}: turn off fit to page", size=across)
    else:
        both = {"across": across, "down": down}
        words = phrase("the page is printed at {across:.1%} across and {down:.1%} down: turn off fit to page", **both)
    return (Misprint(PrintFault.SCALED, words),)


def single_misprints(
    quad: Quad, size_mm: tuple[float, float], dpi: float | None, what: str = "symbol"
) -> tuple[Misprint, ...]:
    """What is wrong with the size of a matrix symbol (`what`, in words) of a flat scan without a sheet."""
    sides = sides_of(quad)
    if not dpi or max(sides) / min(sides) > 1 + _MOST_FLAT_SLANT + 2 * _CORNER_PIXELS / min(sides):
        return ()
    side, drawn = sum(sides) / 4, sum(size_mm) / 2 * dpi / MM_PER_INCH
    ratio = side / drawn
    if not _FLAT_SCALES[0] <= ratio <= _FLAT_SCALES[1] or abs(ratio - 1) <= MAX_SCALE_SHARE + _CORNER_PIXELS / drawn:
        return ()
    return (
        Misprint(
            PrintFault.WRONG_SIZE, phrase("the {what} has {ratio:.1%} of its size", what=phrase(what), ratio=ratio)
        ),
    )


def place_misprints(frame: PageFrame, quads: Mapping[int, Quad], dpi: float | None) -> dict[int, tuple[Misprint, ...]]:
    """What is wrong with the size and place of symbols that were read, by package, against the sheet on which all of
    them lie. With fewer than three of them nothing can be told; nor in a photograph, whose paper curls and whose
    camera leans, but that one is turned against the others."""
    flat = _lie_flat([quads[package] for package in quads if package in frame.quads], frame, dpi)
    drawn = {package: frame.quads[package] for package in quads if package in frame.quads}
    if len(drawn) < 3:
        return {}
    offsets = _offsets_mm(frame, [(quads[package], planned) for package, planned in drawn.items()])
    by_package = dict(zip(drawn, offsets, strict=True))
    # What the paper's curl does to all of them is no fault of one.
    usual = median(hypot(*offset) for offset in offsets)
    found: dict[int, tuple[Misprint, ...]] = {}
    for package, planned in drawn.items():
        faults = []
        away = hypot(*by_package[package])
        turn = _turn(quads[package], planned)
        if not flat:
            if abs(turn) > _TURNED_IN_A_PHOTOGRAPH:
                found[package] = (_turned(turn),)
            continue
        if away > _most_shift_mm(frame) + 3 * usual:
            way = _shift_words(*by_package[package])
            # A label that is turned on its stock lies beside its place because of that.
            if abs(turn) > _TURN_OF_A_SHIFTED:
                words = phrase("{turned} and lies {way} its place", turned=_turned(turn).detail, way=way)
            else:
                words = phrase("it lies {way} its place", way=way)
            faults.append(Misprint(PrintFault.SHIFTED, words))
        elif abs(turn) > MAX_TURN_DEGREES:
            faults.append(_turned(turn))
        seen_side, side = (sum(sides_of(quad)) / 4 for quad in (quads[package], planned))
        if abs(seen_side / side - 1) > MAX_SIZE_SHARE + _CORNER_PIXELS / side:
            faults.append(
                Misprint(
                    PrintFault.WRONG_SIZE, phrase("the symbol has {share:.0%} of its size", share=seen_side / side)
                )
            )
        if faults:
            found[package] = tuple(faults)
    return found


def _most_shift_mm(frame: PageFrame) -> float:
    """How far a symbol of a sheet may lie from its place."""
    stated = frame.label_file.registration_tolerance
    return MAX_SHIFT_MM if stated is None else stated


def _lie_flat(quads: Sequence[Quad], frame: PageFrame, dpi: float | None) -> bool:
    """Whether symbols were scanned flat: where the resolution is known, and they are equally large but for one. By
    themselves: one that lies elsewhere bends the frame."""
    if not dpi or len(quads) < 3:
        return False
    sides = sorted(sum(sides_of(quad)) / 4 for quad in quads)[len(quads) > 3 : -1]
    scale = median(sides) / (frame.label_file.symbol_boxes[0][2] * dpi / MM_PER_INCH)
    even = sides[-1] / sides[0] - 1 <= 2 * _MOST_FLAT_SLANT + _CORNER_PIXELS / sides[0]
    return even and _FLAT_SCALES[0] <= scale <= _FLAT_SCALES[1]


def _turned(turn: float) -> Misprint:
    return Misprint(PrintFault.SHIFTED, phrase("it is turned by {turn:.0f} degrees", turn=turn))


def _shift_words(right: float, down: float) -> str:
    """`2.2 mm right of and 1.0 mm below`: what is less than a tenth of a millimetre is left out."""
    ways: list[str] = []
    if abs(right) >= _LEAST_TOLD_MM:
        across = {"mm": abs(right)}
        ways.append(phrase("{mm:.1f} mm right of", **across) if right > 0 else phrase("{mm:.1f} mm left of", **across))
    if abs(down) >= _LEAST_TOLD_MM:
        along = {"mm": abs(down)}
        ways.append(phrase("{mm:.1f} mm below", **along) if down > 0 else phrase("{mm:.1f} mm above", **along))
    return joined(BOTH, ways)


def _offsets_mm(frame: PageFrame, labels: Sequence[tuple[Quad, Quad]]) -> list[tuple[float, float]]:
    """How far the centres of symbols lie from where they should, in mm on the printed page: to the right, and down.
    Each is (where it lies, where it should). The frame was fitted to all of them, so that one that is off bends it
    towards itself: the map is drawn anew from those that agree."""
    import numpy as np

    here = np.array([_centre(quad) for quad, _ in labels])
    there = frame.millimetres(np.array([_centre(planned) for _, planned in labels]))
    if len(labels) < _ENOUGH_FOR_A_SLOPE:
        offsets = frame.millimetres(here) - there
        offsets = offsets - np.median(offsets, axis=0)
    else:
        pixels_per_mm = sum(sides_of(labels[0][1])) / 4 / frame.label_file.symbol_boxes[0][2]
        enough = min(_most_shift_mm(frame), MAX_SHIFT_MM) / 4 * pixels_per_mm
        best: tuple[float, Floats] | None = None
        for model in (_affine, _projective) if len(labels) > _ENOUGH_FOR_A_SLOPE else (_affine,):
            worst, mapped = _agreed_map(model, there, here, enough)
            if best is None or worst < 0.8 * best[0]:
                best = worst, mapped
            if worst < enough:
                break
        offsets = frame.millimetres(here) - frame.millimetres(best[1] if best else here)
    return [(right, down) for right, down in offsets.tolist()]


def _agreed_map(
    model: Callable[[Floats, Floats], Floats | None], there: Floats, here: Floats, enough: float
) -> tuple[float, Floats]:
    """Where points should lie by the map upon which most agree, and how far the worst of these is off, in pixels: those
    without which the others agree best are left out."""
    import numpy as np

    def fit(kept: list[int]) -> tuple[float, Floats]:
        matrix = model(there[kept], here[kept])
        if matrix is None:
            return np.inf, here
        mapped = apply_homography(matrix, there)
        return float(np.hypot(*(mapped - here)[kept].T).max()), mapped

    kept = list(range(len(here)))
    best = fit(kept)
    while best[0] > enough and len(kept) > max(_ENOUGH_FOR_A_SLOPE - 1, len(here) / 2):
        without = [[one for one in kept if one != out] for out in kept]
        found, kept = min(((fit(rest), rest) for rest in without), key=lambda item: item[0][0])
        if found[0] > 0.8 * best[0]:
            break
        best = found
    return best


def _projective(there: Floats, here: Floats) -> Floats | None:
    return homography([(x, y) for x, y in there.tolist()], [(x, y) for x, y in here.tolist()])


def _affine(there: Floats, here: Floats) -> Floats:
    import numpy as np

    found, *_ = np.linalg.lstsq(np.column_stack([there, np.ones(len(there))]), here, rcond=None)
    return np.column_stack([found, [0.0, 0.0, 1.0]])


def _centre(quad: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Where the diagonals meet, but for the slant within one symbol."""
    return sum(x for x, _ in quad) / 4, sum(y for _, y in quad) / 4


def _turn(quad: Quad, planned: Quad) -> float:
    """Degrees by which a symbol is turned against its place, -180 to 180."""
    angles = [
        degrees(atan2(corners[1][1] - corners[0][1], corners[1][0] - corners[0][0])) for corners in (quad, planned)
    ]
    return (angles[0] - angles[1] + 180) % 360 - 180
