"""How far a label may be printed from its place is the template's to say: from its file to the verdict on a scan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.factory import Factory
from tests.helpers.prints import DPI, scan_of

SHIFTED = 5
"""The package whose label is moved."""


def moved_label(factory: Factory, file: Path, to: Path, shift_mm: float) -> Path:
    """A scan of a sheet on which all of one label is printed so far to the right: what reaches from above its symbol to
    below its SAMPLE mark."""
    with factory.ledger() as ledger:
        (label_file,) = ledger.prints.label_files("B1")
    place, edge, below = label_file.place_of(SHIFTED), 1.5, 5.0
    page = np.array(Image.open(scan_of(file, to)))
    dots = DPI / 25.4
    top, bottom = (round(value * dots) for value in (place.y_mm - edge, place.y_mm + place.height_mm + below))
    left, right = (round(value * dots) for value in (place.x_mm - edge, place.x_mm + 60))
    shift, label = round(shift_mm * dots), page[top:bottom, left:right].copy()
    page[top:bottom, left:right] = 255
    page[top:bottom, left + shift : right + shift] = label
    Image.fromarray(page).save(to, dpi=(DPI, DPI))
    return to


@pytest.mark.parametrize(
    ("tolerance", "shift_mm", "is_named"), [("", 1.0, False), ("0.5", 1.0, True), ("", 2.2, True), ("3", 2.2, False)]
)
def test_the_template_says_how_far(
    factory: Factory, tmp_path: Path, tolerance: str, shift_mm: float, is_named: bool
) -> None:
    factory.add(oob_bytes=16)
    assert factory.cli("template", "copy", "sheet-a4-24", "mine").code == 0
    template = factory.root / "templates" / "mine.toml"
    if tolerance:
        template.write_text(f"registration_tolerance = {tolerance}\n{template.read_text('utf-8')}", "utf-8")
    assert factory.cli("batch", "create", "bulb", "--units", "24", "--id", "B1").code == 0
    assert factory.cli("labels", "B1", "--template", "mine").code == 0
    (file,) = (factory.root / "batches" / "B1" / "labels").glob("*.pdf")
    scan = moved_label(factory, file, tmp_path / "scan.png", shift_mm)
    done = factory.cli("verify", "B1", scan)
    assert done.code == (1 if is_named else 0), done.out + done.err
    assert ("MISPRINTED" in done.out + done.err) is is_named
    if is_named:
        assert f"ebK3{SHIFTED:08d}: it lies {shift_mm} mm right of its place [scan.png, page 1" in done.out
