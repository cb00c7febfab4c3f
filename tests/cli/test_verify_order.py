"""Findings in the order in which people look: page by page, row by row; what a whole page shares is told once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.amount import sized
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.scans import cell, sheet

ALL = "all 24 labels (ebK300000025 to ebK300000048)"


def saved(page: Grey | Image.Image, to: Path, dpi: int | None = 300) -> Path:
    Image.fromarray(np.asarray(page)).save(to, **({"dpi": (dpi, dpi)} if dpi else {}))
    return to


@pytest.fixture
def bad(printed: Factory) -> Grey:
    """Labels 3, 11 and 20 covered, label 2 once more over 5."""
    page = sheet(printed, "B")
    for label in (20, 3, 11):
        page[cell(label)] = 255
    (rows, columns), piece = cell(5), page[cell(2)].copy()
    page[rows.start : rows.start + piece.shape[0], columns.start : columns.start + piece.shape[1]] = piece
    return page


@pytest.mark.parametrize(
    ("options", "turn"),
    [
        *(((), turn) for turn in (0, 90, 180, 270)),
        *((("--grade",), turn) for turn in sized(full=(0, 90, 180, 270), usual=(90,))),
        *((("--second-reader",), turn) for turn in sized(full=(0, 90, 180, 270), usual=(270,))),
    ],
)
def test_findings_run_row_by_row_however_the_sheet_lies(
    printed: Factory, bad: Grey, tmp_path: Path, turn: int, options: tuple[str, ...]
) -> None:
    scan = saved(np.rot90(bad, turn // 90), tmp_path / "scan.png")
    findings = printed.cli("verify", "B", scan, "--json", "--jobs", 1, *options).json["findings"]
    places = [(round(item["y_mm"] / 33.9), round(item["x_mm"] / 66)) for item in findings]
    assert places == sorted(places) and len(places) == 25
    told = [line.split(": ")[0] for line in printed.cli("verify", "B", scan, "--jobs", 1).out.splitlines()]
    assert told[:5] == ["MISSING", "DUPLICATE", "MISSING", "MISSING", "MISSING"]


def test_single_labels_run_row_by_row_too(printed: Factory, tmp_path: Path) -> None:
    """Without a sheet and without a resolution there are pixels."""
    page = sheet(printed, "B")
    single = [np.pad(page[cell(label)], 60, constant_values=255) for label in (9, 2, 17)]
    scan = saved(np.hstack([np.vstack([single[0], single[1]]), np.vstack([single[2], 255 + 0 * single[1]])]),
                 tmp_path / "scan.png", None)  # fmt: skip
    findings = printed.cli("verify", "B", scan, "--json", "--partial", "--jobs", 1).json["findings"]
    assert [item["package"] for item in findings if not item["unseen"]] == [9, 17, 2]


def test_what_a_whole_page_shares_is_a_line_and_in_json_each_label(printed: Factory, tmp_path: Path) -> None:
    page = Image.fromarray(sheet(printed, "B"))
    small = Image.new("L", page.size, 255)
    small.paste(page.resize((int(page.width * 0.94), int(page.height * 0.94))), (40, 50))
    scan = saved(small, tmp_path / "scan.png")
    done = printed.cli("verify", "B", scan, "--jobs", 1, "--report", tmp_path / "r.html")
    assert [line for line in done.out.splitlines() if line.startswith("MISPRINTED")] == [
        f"MISPRINTED: {ALL}: the page is printed at 94.0%: turn off fit to page [scan.png, page 1]"
    ]
    assert (tmp_path / "r.html").read_text().count(f"<h3>{ALL}</h3>") == 1
    assert done.out.splitlines()[-1] == "0 matched, 24 misprinted"
    found = printed.cli("verify", "B", scan, "--json").json
    assert [item["print_faults"] for item in found["findings"]] == [["scaled"]] * 24


def test_faults_of_a_few_labels_are_told_by_name(printed: Factory, bad: Grey, tmp_path: Path) -> None:
    """They are to be printed again one by one."""
    done = printed.cli("verify", "B", saved(bad, tmp_path / "scan.png"), "--jobs", 1)
    missing = [line for line in done.out.splitlines() if line.startswith("MISSING: ebK3")]
    assert len(missing) == 4
    assert done.out.splitlines()[-1] == "20 matched, 4 missing, 1 duplicate"


def test_only_counts_that_say_something_are_told(printed: Factory, tmp_path: Path) -> None:
    scan = saved(sheet(printed, "B"), tmp_path / "scan.png")
    assert printed.cli("verify", "B", scan).out == "24 matched\n"
    graded = printed.cli("verify", "B", scan, "--min-grade", "C").out
    assert graded.splitlines()[-1] == "24 matched, 0 below-grade"
    nothing = saved(np.full((800, 800), 255, np.uint8), tmp_path / "blank.png")
    assert printed.cli("verify", "B", nothing).out.splitlines()[-1] == "0 matched, 24 missing"


def test_a_grade_that_is_too_low_says_what_to_do(printed: Factory, tmp_path: Path) -> None:
    page = sheet(printed, "B").astype(float)
    scan = saved((205 + page * 50 / 255).astype(np.uint8), tmp_path / "pale.png")
    (line,) = (row for row in printed.cli("verify", "B", scan, "--min-grade", "B").out.splitlines() if "BELOW" in row)
    assert line.startswith(f"BELOW-GRADE: {ALL}: grade ") and "symbol contrast (print darker" in line
