"""What new operators ran into, trying the tool from its documents alone: each defect, once found, stays mended."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.factory import Factory
from tests.helpers.pictures import pdfium


@pytest.fixture
def sheet(factory: Factory) -> Factory:
    """A batch of 24 labels on one sheet."""
    factory.add(oob_bytes=16)
    factory.issue(24)
    factory.label()
    return factory


def page(factory: Factory) -> Image.Image:
    return Image.fromarray(pdfium(factory.root / "batches" / "B1" / "labels" / "B1-labels-0001.pdf", 300))


# --- specs ---------------------------------------------------------------------------------------------------------


def test_a_spec_is_copied_corrected_and_confirmed(factory: Factory) -> None:
    assert factory.cli("spec", "copy", "amazon-bss-ob04").code == 0
    assert factory.cli("spec", "copy", "amazon-bss-ob04").code == 4
    path = factory.root / "specs" / "amazon-bss-ob04.toml"
    assert (factory.root / "specs" / "amazon-bss-ob04.control-log.toml").is_file()
    origins = {row["name"]: row["origin"] for row in factory.cli("spec", "list", "--json").json}
    assert {name for name, origin in origins.items() if origin == "workspace"} == {"amazon-bss-ob04"}
    assert factory.cli("spec", "check", "amazon-bss-ob04").code == 1
    text = path.read_text()
    path.write_text(text + '\n[confirmation]\nby = "Ann"\non = 2026-01-31\ndocument = "Guide 3.2"\n')
    assert factory.cli("spec", "check", "amazon-bss-ob04").code == 1  # nothing says what it was like then
    assert factory.cli("spec", "confirm", "amazon-bss-ob04").code == 0
    assert factory.cli("spec", "check", "amazon-bss-ob04").code == 0
    tomorrow = datetime.date.today() + datetime.timedelta(days=9)
    for by, day in ((" ", "2026-01-31"), ("Ann", str(tomorrow))):
        path.write_text(f'{text}\n[confirmation]\nby = "{by}"\non = {day}\ndocument = "Guide 3.2"\n')
        assert factory.cli("spec", "check", "amazon-bss-ob04").code == 3


def test_an_empty_spec_says_how_to_mend_it(factory: Factory) -> None:
    (factory.root / "specs" / "amazon-bss-ob04.toml").write_text("")
    done = factory.cli("spec", "check", "amazon-bss-ob04")
    assert done.code == 3
    assert "is empty. Delete it" in done.err
    assert "BROKEN" in factory.cli("spec", "list").err


# --- reading parts of pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("box", "matched"),
    [((0, 0, 1, 0.5), 12), ((0, 0.5, 1, 1), 12), ((0.34, 0, 1, 1), 16), ((0, 0, 1, 0.93), 21)],
    ids=["upper half", "lower half", "right two columns", "the foot cut off"],
)
def test_a_scan_of_part_of_a_page_judges_only_what_it_shows(
    sheet: Factory, tmp_path: Path, box: tuple[float, float, float, float], matched: int
) -> None:
    whole = page(sheet)
    part = whole.crop(tuple(int(edge * whole.size[index % 2]) for index, edge in enumerate(box)))  # type: ignore[arg-type]
    part.save(tmp_path / "part.png", dpi=(300, 300))
    done = sheet.cli("verify", "B1", tmp_path / "part.png", "--partial", "--report", tmp_path / "r.html", "--json")
    assert done.code == 0, done.err
    assert done.json["counts"]["matched"] == matched
    assert done.json["counts"]["unreadable"] == 0
    assert sum(item["unseen"] for item in done.json["findings"]) == 24 - matched
    assert ("OK so far" in done.err) == (matched < 24)
    assert sheet.cli("verify", "B1", tmp_path / "part.png").code == (1 if matched < 24 else 0)


def test_a_covered_label_on_a_scanned_page_fails_a_partial_check_too(sheet: Factory, tmp_path: Path) -> None:
    picture = page(sheet)
    picture.paste(255, (90, 160, 460, 530))
    picture.save(tmp_path / "covered.png", dpi=(300, 300))
    done = sheet.cli("verify", "B1", tmp_path / "covered.png", "--partial")
    assert done.code == 1
    assert "MISSING: ebK300000001" in done.out


def test_the_same_page_twice_is_no_duplicate(sheet: Factory, tmp_path: Path) -> None:
    page(sheet).save(tmp_path / "a.png", dpi=(300, 300))
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    done = sheet.cli("verify", "B1", tmp_path / "a.png", tmp_path / "b.png", "--report", tmp_path / "r.html")
    assert done.code == 0, done.out
    again = sheet.cli("verify", "B1", tmp_path / "a.png", "--report", tmp_path / "r.html")
    assert again.code == 0, again.err
    (tmp_path / "mine.html").write_text("<p>not a report")
    assert sheet.cli("verify", "B1", tmp_path / "a.png", "--report", tmp_path / "mine.html").code == 4


def test_a_missing_label_is_placed_where_it_was_printed_last(sheet: Factory, tmp_path: Path) -> None:
    for number in range(3):
        sheet.label(template="roll-50x30", folder=tmp_path / f"try{number}", order=["rows", "columns", "snake"][number])
    sheet.label()
    page(sheet).crop((0, 0, 2480, 1000)).save(tmp_path / "top.png", dpi=(300, 300))
    missing = [
        row for row in sheet.cli("verify", "B1", tmp_path / "top.png", "--json").json["findings"] if row["unseen"]
    ]
    assert {row["page"] for row in missing} == {1}


# --- serials -------------------------------------------------------------------------------------------------------


def test_running_numbers_skip_serials_that_a_file_brought(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    (tmp_path / "ids.csv").write_text("serial\nebK300000003\n")
    assert factory.cli("batch", "create", "bulb", "--units", 1, "--identities", tmp_path / "ids.csv").code == 0
    assert factory.cli("batch", "create", "bulb", "--units", 2, "--id", "B2").code == 0
    assert factory.cli("batch", "create", "bulb", "--units", 2, "--id", "B3").code == 0
    with factory.ledger() as ledger:
        serials = [package.serials_text for batch in ("B2", "B3") for package in ledger.packages.stream(batch)]
    assert serials == ["ebK300000001", "ebK300000002", "ebK300000004", "ebK300000005"]


def test_what_was_issued_before_is_named_by_row_and_batch(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    (tmp_path / "ids.csv").write_text("serial,uuid\nA1,70CF7C9732A345B691494810D2E9CBF4\n")
    assert (
        factory.cli("batch", "create", "bulb", "--units", 1, "--id", "B1", "--identities", tmp_path / "ids.csv").code
        == 0
    )
    (tmp_path / "more.csv").write_text("serial,uuid\nA0,\nA1,\nA2,70cf7c97-32a3-45b6-9149-4810d2e9cbf4\n")
    done = factory.cli("batch", "create", "bulb", "--units", 3, "--id", "B2", "--identities", tmp_path / "more.csv")
    assert done.code == 5
    assert "row 3: serial A1 was issued in batch B1" in done.err
    assert "row 4: Device UUID 70CF7C97-32A3-45B6-9149-4810D2E9CBF4 was issued in batch B1" in done.err
    assert "Nothing was issued" in done.err


# --- the ledger ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE event SET data = replace(data, 'tester', 'nobody') WHERE seq = 2", "history was changed at event 2"),
        ("DELETE FROM event WHERE seq = 2", "history was changed at event 2"),
        ("UPDATE package SET payload = payload || 'X' WHERE number = 3", "barcode string of package 3"),
        ("DELETE FROM unit WHERE package = 3; DELETE FROM package WHERE number = 3", "units are not those issued"),
    ],
)
def test_the_doctor_finds_a_changed_ledger(factory: Factory, change: str, says: str) -> None:
    factory.add()
    factory.issue(5)
    assert factory.cli("doctor").code == 0
    with factory.database(unguarded=True) as database:
        for statement in change.split("; "):
            database.execute(statement)
    done = factory.cli("doctor")
    assert done.code == 6
    assert says in done.out


def test_a_lost_ledger_is_the_ledgers_own_error(factory: Factory) -> None:
    (factory.root / "ledger.db").unlink()
    assert factory.cli("batch", "list").code == 5


# --- small things --------------------------------------------------------------------------------------------------


def test_a_folder_that_ends_with_a_slash_is_made(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    factory.issue(1)
    done = factory.cli("manifest", "B1", "--format", "control-log", "--out", f"{tmp_path}/upload/")
    assert done.code == 0, done.err
    file, sidecar = sorted((tmp_path / "upload").iterdir())
    assert file.name.startswith("C_CONTROL_LOG_")
    assert sidecar.name == f"{file.name}.json"
    assert "are assumptions" in done.err


def test_a_workspace_inside_a_workspace_is_refused(factory: Factory) -> None:
    done = factory.cli("init", factory.root / "products" / "inner")
    assert done.code == 4
    assert "lies inside the workspace" in done.err


def test_inspect_names_scanner_marks_and_caps_lock(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    with factory.ledger() as ledger:
        text = next(ledger.packages.stream("B1")).payload
    marked = factory.cli("inspect", f"]d1{text}", "--json")
    assert (marked.code, marked.json[0]["notes"]) == (
        0, ["the scanner added its AIM prefix ]d1: not part of the string"]
    )  # fmt: skip
    swapped = factory.cli("inspect", text.swapcase(), "--json")
    assert (swapped.code, swapped.json[0]["problems"]) == (1, ["upper and lower case are swapped: caps lock is on"])


def test_a_product_that_no_barcode_can_hold_is_refused_when_added(factory: Factory) -> None:
    done = factory.cli(
        "product", "add", "crowd", "--pid", "ebK3", "--units-per-package", 64,
        "--public-key", factory.root / "dev-keys" / "amazon.public.pem",
    )  # fmt: skip
    assert done.code == 3
    assert "Put fewer units in a package" in done.err


def test_advice_for_a_symbol_that_no_dots_fit_is_true(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    text = factory.workspace.template_file("roll-50x30").read_text()
    narrow = text.replace("x_dimension = [0.25, 0.51]", "x_dimension = [0.1, 0.11]")
    assert narrow != text
    (factory.root / "templates" / "narrow.toml").write_text(narrow)
    done = factory.cli("labels", "B1", "--template", "narrow", "--dpi", "203")
    assert done.code == 3
    assert "widen x_dimension to 0.250 mm" in done.err
