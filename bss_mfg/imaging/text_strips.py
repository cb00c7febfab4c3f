"""Texts cut out of a picture, each as a straight strip, and laid over what is to be there."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, cos, hypot, radians, sin
from typing import TYPE_CHECKING, Any

from bss_mfg.imaging.expected_content import PHASES, ExpectedText
from bss_mfg.imaging.geometry import apply_homography
from bss_mfg.imaging.glyph_lens import phases, slopes

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey

FARTHEST_MM = 0.8
"""How far a text may lie from where its label's symbol says: beyond, it is not looked for."""
_ROUNDS = 4
_STILL = 0.35
"""Pixels of a shift that need not be made up for: characters are judged as if they could lie so far off."""
_LONGEST_STEP = 1.5
_ALIKE = 0.6
"""Correlation with what is to be there from which on a strip need not be searched for."""


class Picture:
    """A picture that strips are cut out of, and the same in half its resolution and less."""

    def __init__(self, grey: Grey) -> None:
        from PIL import Image

        self.grey = grey
        self._reduced: dict[int, Any] = {1: Image.fromarray(grey)}

    def cut(self, size: tuple[int, int], corner: Floats, right: Floats, down: Floats) -> Floats | None:
        """Ink (255 - grey) of an area of `size` (width, height): from the `corner` of its first pixel, a pixel is
        `right` and `down` long in pixels of the picture. None where it is not all in the picture."""
        import numpy as np
        from PIL import Image

        width, height = size
        ends = np.array(
            [corner, corner + right * width, corner + down * height, corner + right * width + down * height]
        )
        rows, columns = self.grey.shape
        if ends.min() < 0 or ends[:, 0].max() > columns or ends[:, 1].max() > rows:
            return None
        factor = max(int(hypot(*right) + 0.4), 1)
        if factor not in self._reduced:
            self._reduced[factor] = self._reduced[1].reduce(factor)
        a, d = right / factor
        b, e = down / factor
        c, f = corner / factor
        cut = self._reduced[factor].transform(
            size, Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
        )
        ink: Floats = 255 - np.asarray(cut, np.float32)
        return ink


@dataclass(frozen=True, slots=True, eq=False)
class StripPlace:
    """Where the strip of a text lies in a picture: the corner of its first pixel, and a pixel's sides."""

    size: tuple[int, int]
    corner: Floats
    right: Floats
    down: Floats

    @property
    def pixels(self) -> float:
        """Pixels of the picture along one of the strip."""
        return hypot(*self.right)

    def moved(self, columns: float, rows: float) -> StripPlace:
        """The same, so many of its pixels further."""
        return StripPlace(self.size, self.corner + self.right * columns + self.down * rows, self.right, self.down)

    def grown(self, pixels: int) -> StripPlace:
        """The same with more pixels on every side."""
        width, height = self.size
        larger = (width + 2 * pixels, height + 2 * pixels)
        return StripPlace(larger, self.corner - (self.right + self.down) * pixels, self.right, self.down)


def strip_place(text: ExpectedText, to_pixels: Floats) -> StripPlace:
    """Where a text's strip should lie; `to_pixels` takes mm of the printed page there."""
    import numpy as np

    glyph_set, step = text.glyph_set, text.glyph_set.step
    rows, columns = (side // PHASES for side in glyph_set.pictures.shape[1:])
    last = max(pen for _, pen in text.glyphs) / step
    size = (ceil(last) + columns, rows)
    angle = radians(text.turn)
    along, down = np.array([cos(angle), sin(angle)]), np.array([-sin(angle), cos(angle)])
    # What a projective map does along a text is linear enough.
    middle = np.array([text.x, text.y]) + along * text.width / 2
    half = max(text.width / 2, step)
    points = np.stack(
        [middle, middle - along * half, middle + along * half, middle - down * half, middle + down * half]
    )
    pixels = apply_homography(to_pixels, points)
    right, under = (pixels[2] - pixels[1]) / (2 * half) * step, (pixels[4] - pixels[3]) / (2 * half) * step
    pen = pixels[0] - right * (text.width / 2 / step)
    return StripPlace(size, pen - right * glyph_set.pen_column - under * glyph_set.baseline_row, right, under)


def compose(text: ExpectedText, sigma: float, size: tuple[int, int]) -> Floats:
    """A text's ink from 0 to 1 as a lens of so much blur shows it."""
    import numpy as np

    pictures = phases(text.glyph_set, sigma)
    rows, columns = pictures.shape[2:]
    strip = np.zeros((size[1], size[0] + 1), np.float32)
    for index, pen in text.glyphs:
        column, phase = pen_pixels(text, pen)
        strip[:rows, column : column + columns] += pictures[phase, index]
    return strip[:, : size[0]]


def pen_pixels(text: ExpectedText, pen: float) -> tuple[int, int]:
    """The pixel of a strip at which a character's picture begins, and its phase."""
    return divmod(round(pen / text.glyph_set.step * PHASES), PHASES)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A strip as it was seen and laid over its model: seen is paper + gain * model + what is `left`. `shift` in mm,
    along the text and down; `alike` is their correlation."""

    seen: Floats
    model: Floats
    paper: float
    gain: float
    shift: tuple[float, float]
    alike: float

    @property
    def left(self) -> Floats:
        """What the model does not explain."""
        return self.seen - self.paper - self.gain * self.model


def lay_over(
    picture: Picture, place: StripPlace, model: Floats, step: float, near: tuple[float, float] = (0.0, 0.0)
) -> Fit | None:
    """A strip of a picture, laid over its model as well as it goes; None where it reaches out of the picture. `near`:
    where it may be looked for first, in mm off its place."""
    first = (near[0] / step, near[1] / step)
    moved = place.moved(*first)
    seen = picture.cut(place.size, moved.corner, moved.right, moved.down)
    if seen is None:
        return None
    found = _follow(picture, place, model, seen, first, step)
    if found.alike < _ALIKE and (start := _search(picture, place, model, step)):
        moved = place.moved(*start)
        seen = picture.cut(place.size, moved.corner, moved.right, moved.down)
        if seen is not None:
            again = _follow(picture, place, model, seen, start, step)
            found = max(found, again, key=lambda fit: fit.alike)
    return found


def _follow(
    picture: Picture, place: StripPlace, model: Floats, seen: Floats, start: tuple[float, float], step: float
) -> Fit:
    """The shift that explains a strip best, from a start in pixels: steps of Gauss and Newton."""
    import numpy as np

    right, down = slopes(model)
    terms = np.stack([np.ones_like(model), model, right, down]).reshape(4, -1)
    gram = (terms @ terms.T).astype(np.float64)
    gram[np.diag_indices(4)] += 1e-6 * np.trace(gram) + 1e-9
    limit = FARTHEST_MM / step
    along, under = start
    for _ in range(_ROUNDS):
        _, gain, a, b = np.linalg.solve(gram, (terms @ seen.ravel()).astype(np.float64)).tolist()
        if abs(gain) < 1.0:
            break
        # seen(x) = model(x - shift): its slope comes with the shift's opposite sign.
        move = tuple(max(min(-part / gain, _LONGEST_STEP), -_LONGEST_STEP) for part in (a, b))
        if max(map(abs, move)) < _STILL:
            break
        new = (along + move[0], under + move[1])
        if max(map(abs, new)) > limit:
            break
        moved = place.moved(*new)
        again = picture.cut(place.size, moved.corner, moved.right, moved.down)
        if again is None:
            break
        (along, under), seen = new, again
    return _fit(seen, model, (along * step, under * step))


def _fit(seen: Floats, model: Floats, shift: tuple[float, float]) -> Fit:
    seen_mean, model_mean = float(seen.mean()), float(model.mean())
    centred, shape = seen - seen_mean, model - model_mean
    both, own = float((centred * shape).sum()), float((shape * shape).sum()) + 1e-9
    gain = both / own
    alike = both / ((own * float((centred * centred).sum())) ** 0.5 + 1e-9)
    return Fit(seen, model, seen_mean - gain * model_mean, gain, shift, alike)


def _search(picture: Picture, place: StripPlace, model: Floats, step: float) -> tuple[float, float] | None:
    """Where in the neighbourhood of its place a strip is most like its model, in pixels off; None outside."""
    import numpy as np

    reach = ceil(FARTHEST_MM / step)
    larger = place.grown(reach)
    area = picture.cut(larger.size, larger.corner, larger.right, larger.down)
    if area is None:
        return None
    shape = area.shape
    kernel = np.zeros(shape, np.float32)
    kernel[: model.shape[0], : model.shape[1]] = model - model.mean()
    spectrum = np.fft.rfft2(area - area.mean()) * np.conj(np.fft.rfft2(kernel))
    likeness = np.fft.irfft2(spectrum, shape)[: 2 * reach + 1, : 2 * reach + 1]
    row, column = np.unravel_index(int(np.abs(likeness).argmax()), likeness.shape)
    return float(column) - reach, float(row) - reach
