"""A print has the same grades however a camera saw it: thirty poses and lights of a modelled camera.

What a phone does in good practice: tilts up to 30 degrees each way, any turn, 5 pixels a module and more, in focus, not
overexposed. Grades of a picture out of focus or of fewer pixels are worse, and have to be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium
from tests.independent.grading.camera import INK, PAPER, Reflectance, Shot, curve, photograph

DPI = 600
PER_MM = DPI / 25.4
WIDE_MM, HIGH_MM = 140, 110
"""The upper left of the sheet: six labels wholly."""
SIZE = (2000, 1600)
WITHIN = 0.3 + 1e-6
FLAT = Shot(zoom=14)
LIGHTS = (
    {"light": 0.8},
    {"light": 0.35, "noise": 1.5},
    {"light": 0.7, "slope": 0.25, "slope_angle": 30, "balance": (1.1, 1.0, 0.7)},
    {"light": 0.55, "slope": 0.4, "slope_angle": 200, "gamma": 1.8},
    {"light": 0.85, "noise": 3.0, "balance": (0.75, 1.0, 1.15)},
    {"light": 0.7, "distortion": 0.01, "blur": 0.9, "glare": 0.02},
)
SHOTS = [
    Shot(
        tilt_x=-30 + 60 * (number * 7 % 30) / 29,
        tilt_y=-30 + 60 * (number * 11 % 30) / 29,
        turn=number * 12.0,
        zoom=15 + number % 5,
        **LIGHTS[number % len(LIGHTS)],  # type: ignore[arg-type]
    )
    for number in range(30)
]
DAMAGED, PALE = "ebK300000005", "ebK300000002"
"""Labels of the faulty sheet: modules of the L and of the data, printed the wrong way round; ink that is nearly
as light as paper."""


@dataclass(frozen=True)
class Sheet:
    """A print of batch A in a folder of its own, and how to look at it."""

    factory: Factory
    paper: Reflectance
    folder: Path

    def scanned(self) -> Mapping[str, dict]:
        """The grades of a flat scan, by serial."""
        folder = self.folder / "scan"
        folder.mkdir()
        grey = np.round(255 * curve(self.paper / 0.9)).astype(np.uint8)
        Image.fromarray(grey).save(folder / "scan.png", dpi=(DPI, DPI))
        [found] = self._grades(folder).values()
        return found

    def photographed(self, name: str, shots: Sequence[Shot]) -> list[Mapping[str, dict]]:
        """The grades of each photograph, by serial."""
        folder = self.folder / name
        folder.mkdir()
        for number, shot in enumerate(shots):
            photograph(self.paper, PER_MM, shot, SIZE, folder / f"{number:02}.png")
        found = self._grades(folder)
        return [found.get(f"{number:02}.png", {}) for number in range(len(shots))]

    def _grades(self, folder: Path) -> dict[str, dict[str, dict]]:
        outcome = self.factory.cli("verify", "A", folder, "--partial", "--grade", "--json")
        found: dict[str, dict[str, dict]] = {}
        for row in json.loads(outcome.out)["findings"]:
            if row["grade"] and row["grade"]["quiet_zone_shown"]:
                assert row["grade"]["gradable"]
                found.setdefault(row["file"], {})[row["serials"]] = row["grade"]
        return found


def paper_of(factory: Factory) -> Reflectance:
    drawn = pdfium(factory.root / "batches/A/labels/A-labels-0001.pdf", DPI)
    drawn = drawn[: int(HIGH_MM * PER_MM), : int(WIDE_MM * PER_MM)]
    return (INK + (PAPER - INK) * drawn / 255).astype(np.float32)


@pytest.fixture(scope="module")
def sheet(printed: Factory, tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    """A perfect print."""
    return Sheet(printed, paper_of(printed), tmp_path_factory.mktemp("perfect"))


@pytest.fixture(scope="module")
def faulty_sheet(printed: Factory, tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    """A print with two faulty labels."""
    paper = paper_of(printed)
    with printed.ledger() as ledger:
        [label_file] = ledger.prints.label_files("A")
    areas = {}
    for serial in (DAMAGED, PALE):
        place = label_file.place_of(int(serial[-2:]))
        areas[serial] = [round(mm * PER_MM) for mm in (place.x_mm, place.y_mm, place.width_mm)]
    left, top, side = areas[DAMAGED]
    modules, rng = label_file.modules, np.random.default_rng(3)
    edges = np.round(np.arange(modules + 1) * side / modules).astype(int)
    spots = [(int(row), 0) for row in (7, 8)] + [tuple(rng.integers(1, modules - 1, 2)) for _ in range(20)]
    for row, column in spots:
        here = np.s_[top + edges[row] : top + edges[row + 1], left + edges[column] : left + edges[column + 1]]
        paper[here] = PAPER + INK - paper[here]
    left, top, side = areas[PALE]
    here = np.s_[top - 9 : top + side + 9, left - 9 : left + side + 9]
    paper[here] = PAPER - (PAPER - paper[here]) * 0.28
    return Sheet(printed, paper, tmp_path_factory.mktemp("faulty"))


def apart(found: Mapping[str, dict], flat: Mapping[str, dict]) -> Iterator[str]:
    """Every grade in which a photograph differs from flat, in words."""
    for serial, grade in found.items():
        other = flat[serial]
        if abs(grade["overall"] - other["overall"]) > WITHIN:
            yield f"{serial}: overall {grade['overall']}, flat {other['overall']}"
        for name in grade["grades"].keys() & other["grades"].keys():
            if abs(grade["grades"][name] - other["grades"][name]) > WITHIN:
                yield f"{serial}: {name} {grade['grades'][name]}, flat {other['grades'][name]}"


def test_thirty_poses_and_lights_are_as_good_as_a_flat_scan(sheet: Sheet) -> None:
    scan = sheet.scanned()
    assert {grade["standard"] for grade in scan.values()} == {"ISO/IEC 15415"}
    assert {grade["overall"] for grade in scan.values()} == {4.0}
    found = sheet.photographed("poses", SHOTS)
    assert {grade["standard"] for one in found for grade in one.values()} == {"ISO/IEC 29158"}
    assert {f"{SHOTS[at]}": wrong for at, one in enumerate(found) if (wrong := list(apart(one, scan)))} == {}
    assert all(found) and sum(map(len, found)) >= 60


def test_faults_of_a_print_show_in_every_pose(faulty_sheet: Sheet) -> None:
    [flat, *found] = faulty_sheet.photographed("faults", [FLAT, *SHOTS[1::3]])
    assert 2.0 < flat[DAMAGED]["overall"] < 3.5 and 2.0 < flat[PALE]["overall"] < 3.5
    assert {f"{SHOTS[1 + 3 * at]}": wrong for at, one in enumerate(found) if (wrong := list(apart(one, flat)))} == {}
    assert sum(DAMAGED in one for one in found) >= 8 and sum(PALE in one for one in found) >= 5
