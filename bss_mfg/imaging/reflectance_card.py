"""A reflectance card as a file: what its patches send back, and where they lie in a picture of the card.

The picture is to be taken as those of the labels are: with the same scanner and settings, or the card beside them.
From the patches follows reflectance = gain * light + offset (ISO/IEC 15416, 5.2.2: calibration of a verifier).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from bss_mfg.core.models import FileModel
from bss_mfg.core.toml_files import TomlDocument, load_toml, validate
from bss_mfg.errors import InputError
from bss_mfg.imaging.reflectance import SRGB, Calibration, Light
from bss_mfg.imaging.sources import pages_of

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey

MOST_OFF = 4.0
"""Percent of reflectance by which a patch may be off the line through all of them."""
_MOST_SPREAD = 12.0
"""Standard deviation of the grey within a patch, beyond which it is no patch."""
_LEAST_PIXELS = 16
"""Pixels that a patch has at least."""


class Patch(FileModel):
    """One patch of the card."""

    reflectance: Annotated[float, Field(ge=0, le=100, description="What it sends back at 660 nm, in percent.")]
    box: (
        Annotated[
            tuple[int, int, int, int], Field(description="Left, top, width and height in pixels of the card's picture.")
        ]
        | None
    ) = None
    grey: Annotated[float, Field(ge=0, le=255, description="Its grey value (of colours the red), instead.")] | None = (
        None
    )

    @model_validator(mode="after")
    def _one_place(self) -> Patch:
        if (self.box is None) == (self.grey is None):
            raise ValueError("a patch has either a box in the picture or a grey value")
        return self


class ReflectanceCard(FileModel):
    """A card's file."""

    format: Literal[1] = Field(description="Version of this file format.")
    title: str = Field("", description="For people: the grades name it.")
    picture: str | None = Field(None, description="The picture of the card, beside this file.")
    patch: Annotated[tuple[Patch, ...], Field(min_length=1, max_length=64)]


def load_calibration(path: Path) -> Calibration:
    """What a card's file says of the light; `InputError` where its patches are no straight line of light."""
    document = load_toml(path, "reflectance card")
    card = validate(document, ReflectanceCard)
    grey, light = _picture(card, document, path)
    seen: list[float] = []
    for index, patch in enumerate(card.patch):
        where = document.locate(("patch", index))
        if patch.grey is not None:
            seen.append(_light_of_grey(patch.grey, light))
        elif patch.box is None or grey is None:
            raise InputError(
                "has a box, and the card names no picture", where=where, way_out="Add picture, or give its grey value."
            )
        else:
            left, top, width, height = patch.box
            crop = grey[max(top, 0) : top + height, max(left, 0) : left + width]
            if crop.size < _LEAST_PIXELS or crop.shape != (height, width):
                raise InputError(
                    "its box lies outside the picture, or is smaller than 4 x 4 pixels",
                    where=where,
                    way_out="Left, top, width and height are pixels of the card's picture.",
                )
            if float(crop.std()) > _MOST_SPREAD:
                raise InputError(
                    "is not even: its box reaches beyond the patch, or the patch is soiled",
                    where=where,
                    way_out="Draw the box well inside the patch.",
                )
            seen.append(sum(_light_of_grey(float(value), light) for value in crop.reshape(-1)) / crop.size)
    return _fitted(card, document, seen, card.title or path.name)


def _picture(card: ReflectanceCard, document: TomlDocument, path: Path) -> tuple[Grey | None, Light]:
    if card.picture is None:
        return None, SRGB
    if Path(card.picture).name != card.picture:
        raise InputError(
            "the card's picture must lie beside its file",
            where=document.locate(("picture",)),
            way_out="Copy it there and give its file name only.",
        )
    page = next(pages_of(path.parent / card.picture))
    return page.grey, page.light


def _light_of_grey(grey: float, light: Light) -> float:
    below = min(int(grey), 254)
    return light.percent[below] + (grey - below) * (light.percent[below + 1] - light.percent[below])


def _fitted(card: ReflectanceCard, document: TomlDocument, seen: list[float], name: str) -> Calibration:
    """The line through all patches; with one patch, black is taken to be black."""
    import numpy as np

    light, known = np.array(seen), np.array([patch.reflectance for patch in card.patch])
    if len(seen) == 1 or float(np.ptp(light)) < 1:
        gain, offset = (float(known.mean() / light.mean()) if light.mean() > 0 else 0.0), 0.0
    else:
        gain, offset = (float(value) for value in np.polyfit(light, known, 1))
    off = np.abs(gain * light + offset - known)
    worst = int(off.argmax())
    if gain <= 0 or float(off.max()) > MOST_OFF:
        raise InputError(
            f"sends back {known[worst]:.0f} %, and by the other patches would {gain * light[worst] + offset:.0f} %",
            where=document.locate(("patch", worst)),
            way_out="Switch off the scanner's automatic tone and colour corrections, and light the card evenly.",
        )
    return Calibration(gain, offset, name)
