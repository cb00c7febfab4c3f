"""What `verify` says of a fault is its cause, told once, in words by which somebody finds the label."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bss_mfg.report.wording import place_words
from bss_mfg.verify.fault_groups import fault_groups
from bss_mfg.verify.findings import Finding, FindingKind
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.scans import PX, cell, sheet


def saved(page: Grey, to: Path) -> Path:
    Image.fromarray(page).save(to, dpi=(300, 300))
    return to


def told(factory: Factory, batch: str, *files: Path) -> list[str]:
    """The lines of a verification, without the counts."""
    return factory.cli("verify", batch, *files, "--jobs", 1).out.splitlines()[:-1]


def symbol_of(factory: Factory, package: int) -> tuple[slice, slice]:
    with factory.ledger() as ledger:
        place = ledger.prints.label_files("B")[-1].place_of(package)
    rows = slice(round(place.y_mm * PX), round((place.y_mm + place.height_mm) * PX))
    return rows, slice(round(place.x_mm * PX), round((place.x_mm + place.width_mm) * PX))


def test_a_symbol_of_which_a_part_is_covered_is_called_so(printed: Factory, tmp_path: Path) -> None:
    """By white paper, a grey tape, a dark finger; also where no module says any more which label it is."""
    page = sheet(printed, "B").copy()
    covers = {2: (255, "left"), 11: (120, "left"), 18: (30, "bottom"), 21: (210, "top")}
    for package, (grey, side) in covers.items():
        rows, columns = symbol_of(printed, package)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if side == "left":
            columns = slice(columns.start - 9, columns.start + round(0.55 * width))
        elif side == "top":
            rows = slice(rows.start - 9, rows.start + round(0.4 * height))
        else:
            rows = slice(rows.start + round(0.4 * height), rows.stop + 9)
        page[rows, columns] = grey
    found = printed.cli("verify", "B", saved(page, tmp_path / "scan.png"), "--json", "--jobs", 1).json["findings"]
    wrong = {item["package"]: item for item in found if item["verdict"] != "matched"}
    assert {package: item["verdict"] for package, item in wrong.items()} == dict.fromkeys(covers, "unreadable")
    for package, (_, side) in covers.items():
        assert "covered" in wrong[package]["detail"] and side in wrong[package]["detail"], wrong[package]["detail"]


def test_a_second_picture_of_a_sheet_is_told_once_with_the_first(printed: Factory, tmp_path: Path) -> None:
    first = sheet(printed, "B").copy()
    second = first.copy()
    second[:9, :9] = 200
    files = [saved(first, tmp_path / "one.png"), saved(second, tmp_path / "two.png")]
    (line,) = told(printed, "B", *files)
    assert line.startswith("DUPLICATE: all 24 labels (ebK300000025 to ebK300000048): read before, on page 1 of one.png")
    assert "leave one out" in line and "destroy one" in line


def test_the_sheets_of_another_batch_are_no_missing_labels_too(printed: Factory, tmp_path: Path) -> None:
    scan = saved(sheet(printed, "A").copy(), tmp_path / "scan.png")
    done = printed.cli("verify", "B", scan, "--jobs", 1, "--report", tmp_path / "r.html")
    assert done.out.splitlines()[:-1] == ["WRONG BATCH: all 24 belong to A"]
    page = (tmp_path / "r.html").read_text()
    assert "<h3>all 24 labels</h3>" in page and "<h3>ebK3" not in page


def test_a_label_that_is_paler_than_the_others_is_told_as_pale_and_once(printed: Factory, tmp_path: Path) -> None:
    """Its symbol reads; its texts seem to be missing."""
    page = sheet(printed, "B").copy()
    for package, levels in ((4, 100), (13, 40)):
        page[cell(package)] = 255 - levels + page[cell(package)].astype(float) * levels / 255
    found = printed.cli("verify", "B", saved(page, tmp_path / "scan.png"), "--json", "--jobs", 1).json["findings"]
    faults = {item["package"]: [one["fault"] for one in item["content"]] for item in found if item["content"]}
    assert faults == {4: ["pale texts"], 13: ["pale texts"]}
    (_, line) = told(printed, "B", tmp_path / "scan.png")
    assert line.startswith("CONTENT: ebK300000037: printed too pale for its texts to be made out (")


def test_a_mirrored_label_in_a_sheet_is_mirrored_and_nothing_else(printed: Factory, tmp_path: Path) -> None:
    page = sheet(printed, "B").copy()
    page[cell(7)] = np.fliplr(page[cell(7)])
    found = printed.cli("verify", "B", saved(page, tmp_path / "scan.png"), "--json", "--jobs", 1).json["findings"]
    faults = {item["package"]: item["print_faults"] for item in found if item["verdict"] != "matched"}
    assert faults == {7: ["mirrored"]}


def test_half_a_sheet_of_another_batch_is_two_lines(printed: Factory, tmp_path: Path) -> None:
    page, other = sheet(printed, "B").copy(), sheet(printed, "A")
    page[: cell(13)[0].start] = other[: cell(13)[0].start]
    lines = sorted(told(printed, "B", saved(page, tmp_path / "scan.png")))
    assert [line.split(":")[0] for line in lines] == ["FOREIGN", "MISSING"]
    assert "12 of 24 labels: belongs to batch A, package 1; it is in the place of ebK300000025" in lines[0]
    assert "12 of 24 labels (ebK300000025 to ebK300000036): a foreign label is in its place" in lines[1]


@pytest.fixture
def a_finding() -> Callable[..., Finding]:
    """Makes findings of a page's labels."""

    def make(package: int | None, kind: FindingKind, detail: str, serials: str = "") -> Finding:
        named = serials or (f"S{package:02}" if package else "")
        return Finding(kind, package, "scan.png", 1, 10.0, 10.0, named, detail, picture=1)

    return make


def test_a_fault_whose_words_name_labels_is_told_once(a_finding: Callable[..., Finding]) -> None:
    """A sheet that was printed one label further on; the last place is empty."""
    found = [a_finding(n, FindingKind.MISMATCHED, f"it is in the place of S{n + 1:02}") for n in range(1, 24)]
    shifted, blank = fault_groups([*found, a_finding(24, FindingKind.MISSING, "its place is blank or covered")])
    assert shifted.name == "23 of 24 labels (S01 to S23)"
    assert shifted.detail == "it is in the place of S02 (S01; the 22 others likewise)"
    assert (blank.name, blank.count) == ("S24", 1)


def test_labels_that_share_a_fault_are_named_in_ranges(a_finding: Callable[..., Finding]) -> None:
    blank = {*range(1, 4), 7, *range(10, 20)}
    found = [
        a_finding(n, FindingKind.MISSING, "its place is blank or covered") if n in blank
        else a_finding(n, FindingKind.MATCHED, "") for n in range(1, 25)
    ]  # fmt: skip
    (group,) = fault_groups(found)
    assert group.name == "14 of 24 labels (S01 to S03, S07, S10 to S19)"


def test_different_faults_stay_apart(a_finding: Callable[..., Finding]) -> None:
    found = [a_finding(n, FindingKind.MISMATCHED, f"it is in the place of S{n + 1:02}") for n in (1, 2)]
    found += [a_finding(n, FindingKind.MISMATCHED, f"cut off after {n} characters") for n in range(3, 9)]
    assert [group.count for group in fault_groups(found)] == [1] * 8


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (10.5, 3.0, "10.5 mm from the left, 3.0 mm from the top"),
        (-2.5, 3.0, "2.5 mm beyond the left edge, 3.0 mm from the top"),
        (10.5, -0.4, "10.5 mm from the left, 0.4 mm beyond the top edge"),
        (None, None, ""),
    ],
)
def test_a_place_beyond_an_edge_is_told_as_such(x: float | None, y: float | None, words: str) -> None:
    where = place_words({"file": "scan.png", "page": 1, "x_mm": x, "y_mm": y})
    assert where == ", ".join(filter(None, ("scan.png, page 1", words)))


def test_half_a_blank_page_is_a_line_and_in_json_each_label(printed: Factory, tmp_path: Path) -> None:
    """A page of which half is blank: each place is still in `--json`."""
    page = sheet(printed, "B").copy()
    for package in range(13, 25):
        page[cell(package)] = 255
    scan = saved(np.ascontiguousarray(page), tmp_path / "scan.png")
    (line,) = told(printed, "B", scan)
    assert line.startswith("MISSING: 12 of 24 labels (ebK300000037 to ebK300000048): its place is blank or covered")
    found = printed.cli("verify", "B", scan, "--json", "--jobs", 1).json["findings"]
    assert sum(item["verdict"] == "missing" and item["x_mm"] is not None for item in found) == 12
