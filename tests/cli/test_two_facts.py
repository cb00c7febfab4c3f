"""That our label file was read back right is one fact, that the printed label was read right another: boxes are shipped
and batches closed by the second."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.factory import Factory
from tests.helpers.prints import scan_of, spoiled_scan

SERIALS = [f"ebK3{number:08d}" for number in range(1, 7)]


@pytest.fixture(scope="module")
def made_line(new_factory: Callable[[], Factory]) -> Factory:
    """A batch of six, issued, printed as a file and read back in one run."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    done = factory.cli("run", "bulb", "--units", 6, "--id", "B1")
    assert done.code == 0, done.err
    return factory


@pytest.fixture
def line(made_line: Factory, tmp_path: Path) -> Factory:
    return made_line.copied(tmp_path / "line")


def sheet(line: Factory) -> Path:
    return line.root / "batches/B1/labels/B1-labels-0001.pdf"


def words(line: Factory, *packages: int) -> list[str]:
    """What the station answers to the labels of some packages."""
    payloads = line.payloads()
    text = "".join(f"{payloads[package - 1]}\n" for package in packages)
    return [row.split(":")[0] for row in line.cli("scan", "B1", "--plain", stdin=text).out.splitlines()]


def shown(line: Factory) -> tuple[int, int]:
    """(packages whose label file was read back right, whose printed label was) of the batch."""
    found = line.cli("batch", "show", "B1", "--json").json
    return found["file_verified"], found["print_verified"]


def test_a_run_proves_the_files_and_no_print(line: Factory) -> None:
    assert shown(line) == (6, 0)
    done = line.cli("run", "--resume", "B1", "--json")
    assert (done.json["file_verified"], done.json["print_verified"]) == (6, 0)
    assert "6 labels read back right from the label files" in done.err
    assert " scan B1" in done.err


def test_the_station_says_ok_at_the_first_scan_after_a_run(line: Factory) -> None:
    assert words(line, 1, 2, 1) == ["OK", "OK", "ALREADY"]
    done = line.cli("scan", "B1", "--plain", stdin=line.payloads()[2] + "\n")
    assert "3 of 6 packages verified, 3 missing" in done.err
    assert shown(line) == (6, 3)


def test_what_was_never_scanned_is_neither_shipped_nor_closed(line: Factory) -> None:
    assert "0 packages shipped" in line.cli("ship", "B1", "--verified", "--for", "pallet 17").err
    refused = line.cli("ship", "B1", SERIALS[0], "--for", "pallet 17")
    assert refused.code == 4
    assert "printed can't be shipped" in refused.err
    refused = line.cli("close", "B1")
    assert refused.code == 4
    assert "6 are missing" in refused.err
    words(line, *range(1, 7))
    assert line.cli("ship", "B1", SERIALS[0], "--for", "pallet 17").code == 0
    assert line.cli("close", "B1").code == 0


def test_reading_our_own_pdf_again_is_no_scan(line: Factory, tmp_path: Path) -> None:
    done = line.cli("verify", "B1", sheet(line), "--json")
    assert done.code == 0, done.err
    assert {row["of"] for row in done.json["findings"]} == {"file"}
    assert " scan B1" in done.err
    shutil.copy(sheet(line), tmp_path / "scan.pdf")
    assert line.cli("verify", "B1", tmp_path / "scan.pdf").code == 0
    with line.ledger() as ledger:
        assert [ledger.reads.times_verified("B1", 1, of) for of in ("file", "print")] == [3, 0]


def picture_png(file: Path, folder: Path) -> Path:
    return scan_of(file, folder / "scan.png")


def picture_tiff(file: Path, folder: Path) -> Path:
    return scan_of(file, folder / "scan.tiff")


def picture_jpeg(file: Path, folder: Path) -> Path:
    return scan_of(file, folder / "scan.jpg")


def scanner_pdf(file: Path, folder: Path) -> Path:
    with Image.open(scan_of(file, folder / "x.png")) as page:
        page.save(folder / "scan.pdf", resolution=300)
    return folder / "scan.pdf"


@pytest.mark.parametrize("picture", [picture_png, picture_tiff, picture_jpeg, scanner_pdf])
def test_a_picture_of_the_print_proves_the_print(
    line: Factory, tmp_path: Path, picture: Callable[[Path, Path], Path]
) -> None:
    done = line.cli("verify", "B1", picture(sheet(line), tmp_path), "--json")
    assert done.code == 0, done.err
    assert {row["of"] for row in done.json["findings"]} == {"print"}
    assert shown(line) == (6, 6)
    assert words(line, 1) == ["ALREADY"]


def test_a_png_label_file_is_a_file(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(2)
    assert factory.cli("printer", "add", "dots", "--like", "png-300").code in (0, 2)
    made = factory.cli("labels", "B1", "--template", "roll-50x30", "--printer", "png-300", "--json")
    assert made.code == 0, made.err
    done = factory.cli("verify", "B1", *made.json["files"], "--json")
    assert done.code == 0, done.err
    assert shown(factory) == (2, 0)


def test_a_drawn_page_that_is_not_ours_counts_as_a_file(line: Factory, tmp_path: Path) -> None:
    """Saved anew by another program it is drawn all the same."""
    import pikepdf

    with pikepdf.open(sheet(line)) as document:
        document.save(tmp_path / "again.pdf", linearize=True)
    assert line.cli("verify", "B1", tmp_path / "again.pdf").code == 0
    assert shown(line) == (6, 0)
    said = line.cli("verify", "B1", tmp_path / "again.pdf", "--of", "print")
    assert said.code == 0, said.err
    assert shown(line) == (6, 6)
    with line.ledger() as ledger:
        *_, read = ledger.history.events_of(("read",), "B1")
    assert (read.data["of"], read.data["told"]) == ("print", True)


def test_our_own_file_can_not_be_passed_off_as_a_print(line: Factory) -> None:
    refused = line.cli("verify", "B1", sheet(line), "--of", "print")
    assert refused.code == 3
    assert "is a label file as bss-mfg drew it" in refused.err
    assert shown(line) == (6, 0)


def test_a_label_that_a_scan_shows_unreadable_does_not_ship(line: Factory, tmp_path: Path) -> None:
    words(line, *range(1, 7))
    bad = line.cli("verify", "B1", spoiled_scan(line, "B1", [3], tmp_path / "bad.png"), "--json")
    assert bad.code == 1
    assert [(row["verdict"], row["package"]) for row in bad.json["findings"] if row["verdict"] != "matched"] == [
        ("unreadable", 3)
    ]
    assert shown(line) == (6, 5)
    assert line.cli("ship", "B1", SERIALS[2], "--for", "pallet 17").code == 4
    assert "5 packages shipped" in line.cli("ship", "B1", "--verified", "--for", "pallet 17").err


def test_a_wrong_read_at_the_station_takes_the_proof_back(line: Factory) -> None:
    words(line, 1, 2)
    cut = line.payloads()[0][:120]
    done = line.cli("scan", "B1", "--plain", stdin=cut + "\n")
    assert "1 of 6 packages verified" in done.err
    assert words(line, 1) == ["OK"]


def test_a_bad_read_of_the_file_leaves_the_print(line: Factory) -> None:
    words(line, 1, 2)
    assert line.cli("scrap", "B1", SERIALS[1], "--reason", "dropped").code == 0
    assert line.cli("verify", "B1", sheet(line)).code == 1  # its label is on the sheet
    assert shown(line) == (5, 1)
    with line.ledger() as ledger:
        assert ledger.reads.times_verified("B1", 2) == 1


@pytest.mark.parametrize(
    "again",
    [
        ["reprint", "B1", SERIALS[0], "--reason", "torn"],
        ["labels", "B1", "--again"],
        ["ship", "B1", SERIALS[0], "--returned"],
    ],
    ids=["reprint", "again", "return"],
)
def test_a_new_label_or_a_return_has_to_be_read_anew(line: Factory, again: list[str]) -> None:
    words(line, *range(1, 7))
    if again[0] == "ship":
        assert line.cli("ship", "B1", SERIALS[0], "--for", "pallet 17").code == 0
    done = line.cli(*again)
    assert done.code == 0, done.err
    assert line.cli("ship", "B1", SERIALS[0], "--for", "pallet 18").code == 4
    assert words(line, 1) == ["OK"]
    assert line.cli("ship", "B1", SERIALS[0], "--for", "pallet 18").code == 0


def test_a_replaced_unit_has_to_be_printed_and_read(line: Factory) -> None:
    words(line, *range(1, 7))
    assert line.cli("scrap", "B1", SERIALS[0], "--reason", "dropped").code == 0
    new = line.cli("replace", "B1", SERIALS[0], "--reason", "dropped", "--json").json["replaced"][0]["by"]
    assert shown(line) == (5, 5)
    refused = line.cli("close", "B1")
    assert refused.code == 4
    assert f"1 of its 6 packages has no printed label: {new}" in refused.err
    assert line.cli("reprint", "B1", new, "--reason", "replaced").code == 0
    assert line.cli("close", "B1").code == 4
    assert words(line, 1) == ["OK"]
    assert line.cli("close", "B1").code == 0


def test_three_commands_tell_one_number(line: Factory) -> None:
    """A scrapped package that was verified was counted by two of them, and not by the third."""
    words(line, *range(1, 7))
    assert line.cli("scrap", "B1", SERIALS[0], "--reason", "dropped").code == 0
    assert shown(line)[1] == 5
    station = line.cli("scan", "B1", "--plain", stdin="\n")
    assert "5 of 5 packages verified, 0 missing" in station.err
    assert line.cli("close", "B1", "--json").json["verified"] == 5


def test_a_sample_is_not_decided_by_our_own_files(line: Factory, tmp_path: Path) -> None:
    assert line.cli("sample", "B1", "--plan", "aql-1.0").code == 0
    done = line.cli("verify", "B1", sheet(line), "--sample", "--json")
    assert (done.code, done.json["sample"]["verdict"]) == (1, "incomplete")
    done = line.cli("verify", "B1", scan_of(sheet(line), tmp_path / "scan.png"), "--sample", "--json")
    assert (done.code, done.json["sample"]["verdict"]) == (0, "accept")


def test_resuming_reads_a_file_again_whose_barcode_was_replaced(line: Factory) -> None:
    """It holds a label that is wrong by now."""
    assert line.cli("scrap", "B1", SERIALS[0], "--reason", "dropped").code == 0
    assert line.cli("replace", "B1", SERIALS[0], "--reason", "dropped").code == 0
    done = line.cli("verify", "B1", sheet(line), "--resume", "--json")
    assert (done.code, done.json["resumed"], done.json["counts"]["mismatched"]) == (1, 0, 1)
    assert line.cli("run", "--resume", "B1").code == 0  # the run is done all the same


def test_another_batchs_barcode_is_no_read_of_this_batch(line: Factory) -> None:
    """An older barcode of batch B2's first package was written down as a read of this batch's first."""
    words(line, 1)
    assert line.cli("batch", "create", "bulb", "--units", 1, "--id", "B2").code == 0
    old, serial = line.payloads("B2")[0], "ebK300000007"
    assert line.cli("scrap", "B2", serial, "--reason", "dropped").code == 0
    assert line.cli("replace", "B2", serial, "--reason", "dropped").code == 0
    assert line.cli("scan", "B1", "--plain", stdin=f"{old}\n{line.payloads('B2')[0].swapcase()}\n").code == 1
    with line.ledger() as ledger:
        reads = [event.data["package"] for event in ledger.history.events_of(("read",), "B1")][-2:]
    assert reads == [None, None]
    assert shown(line)[1] == 1


# --- shipping -------------------------------------------------------------------------------------------------------


def test_shipping_again_says_where_it_is(line: Factory) -> None:
    words(line, 1, 2)
    ship = ("ship", "B1", SERIALS[0], "--for", "pallet 17")
    assert line.cli(*ship).code == 0
    again = line.cli(*ship)
    assert again.code == 0
    assert re.search(rf"{SERIALS[0]} was shipped with pallet 17 on \d{{4}}-", again.err)
    other = line.cli("ship", "B1", *SERIALS[:2], "--for", "pallet 18")
    assert other.code == 4
    assert "was shipped with pallet 17 on" in other.err
    (typed,) = re.findall(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(ship .*?)`", other.err)
    assert line.cli(*shlex.split(typed)).code == 0  # the way out works
    assert words(line, 1) == ["OK"]
    assert "2 packages shipped" in line.cli("ship", "B1", *SERIALS[:2], "--for", "pallet 18").err


def test_what_left_together_is_told_once(line: Factory) -> None:
    words(line, *range(1, 6))
    for first, last, pallet in ((0, 2, "pallet 17"), (2, 5, "pallet 18")):
        assert line.cli("ship", "B1", *SERIALS[first:last], "--for", pallet).code == 0
    other = line.cli("ship", "B1", *SERIALS[:5], "--for", "pallet 19")
    assert (other.code, other.err.count("was shipped with")) == (4, 2), other.err
    assert re.search(rf"{SERIALS[0]} was shipped with pallet 17 on \S+Z, and 1 more package with it;", other.err)
    assert re.search(rf"{SERIALS[2]} was shipped with pallet 18 on \S+Z, and 2 more packages with it\.", other.err)
    again = line.cli("ship", "B1", *SERIALS[2:5], "--for", "pallet 18")
    assert (again.code, again.err.count("Nothing to do")) == (0, 1), again.err


def test_a_return_that_was_told_before_is_named(line: Factory) -> None:
    never = line.cli("ship", "B1", SERIALS[0], "--returned")
    assert never.code == 4
    assert "Only what was shipped comes back" in never.err
    words(line, 1)
    assert line.cli("ship", "B1", SERIALS[0], "--for", "pallet 17").code == 0
    back = line.cli("ship", "B1", SERIALS[0], "--returned", "--for", "wet")
    assert back.code == 0
    assert "1 package returned; scan" in back.err
    again = line.cli("ship", "B1", SERIALS[0], "--returned")
    assert again.code == 0
    assert re.search(rf"{SERIALS[0]} came back on \S+ \(wet\)", again.err)


def test_shipping_all_that_were_read_says_how_many_stay(line: Factory) -> None:
    """ "0 packages shipped" alone reads like a pallet that is on its way."""
    none = line.cli("ship", "B1", "--verified", "--for", "pallet 17")
    assert "Not shipped: 6 packages whose printed label was not read right" in none.err
    words(line, 1, 2)
    assert line.cli("scrap", "B1", SERIALS[5], "--reason", "dropped").code == 0
    some = line.cli("ship", "B1", "--verified", "--for", "pallet 17")
    assert "Not shipped: 3 packages" in some.err
    (typed,) = re.findall(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(scan .*?)`", some.err)
    assert line.cli(*shlex.split(typed), "--plain", stdin="\n".join(line.payloads()[2:5])).code == 0
    rest = line.cli("ship", "B1", "--verified", "--for", "pallet 17")
    assert "3 packages shipped" in rest.err
    assert "Not shipped" not in rest.err


@pytest.mark.parametrize("command", ["reprint", "scrap"])
def test_the_way_out_of_a_shipped_package_can_be_typed(line: Factory, tmp_path: Path, command: str) -> None:
    assert line.cli("verify", "B1", scan_of(sheet(line), tmp_path / "scan.png")).code == 0
    assert line.cli("ship", "B1", SERIALS[1], "--for", "pallet 17").code == 0
    refused = line.cli(command, "B1", SERIALS[0], SERIALS[1], "--reason", "smeared")
    assert refused.code == 4
    advised = re.search(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(ship [^`]*--returned)`", refused.err)
    assert advised
    assert line.cli(*shlex.split(advised[1])).code == 0
    assert line.cli(command, "B1", SERIALS[0], SERIALS[1], "--reason", "smeared").code == 0
