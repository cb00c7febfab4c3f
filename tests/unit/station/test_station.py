"""The hand-scanner station: every read judged, named and recorded, and nothing repaired."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg import gs1
from bss_mfg.core.clock import TimeZone
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.station.answers import ScanAnswer
from bss_mfg.station.check_codes import CHECK_TEXTS
from bss_mfg.station.station import Station
from tests.helpers.factory import Factory
from tests.helpers.prints import scan_of
from tests.helpers.windows_keyboards import type_on
from tests.independent.test_unit_labels import CARTON


@pytest.fixture
def line(factory: Factory) -> Factory:
    """A batch of five packages of two."""
    factory.add(units_per_package=2, oob_bytes=16)
    factory.issue(10)
    factory.issue(2, "B2")
    return factory


def scan(factory: Factory, *lines: str, units: bool = False) -> list[tuple[str, str, str]]:
    """(tone, word, detail) of each line."""
    with factory.ledger() as ledger:
        station = Station(ledger, ledger.batches.get("B1"), with_units=units)
        found = [station.read(text) for text in lines]
    return [(item.tone, item.word, item.detail) for item in found if item]


def test_right_labels_are_counted_once(line: Factory) -> None:
    one, two = line.payloads()[:2]
    assert [item[:2] for item in scan(line, one, two, one)] == [("good", "OK"), ("good", "OK"), ("note", "ALREADY")]
    # Another run goes on where this one stopped.
    assert scan(line, one)[0][:2] == ("note", "ALREADY")
    with line.ledger() as ledger:
        assert ledger.batches.counts("B1")["print_verified"] == 2
        assert [event.data["verdict"] for event in ledger.history.events("B1") if event.kind == "read"] == [
            "ok", "ok", "already", "already"
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.swapcase(), "caps lock is on"),
        (lambda text: text[:60], "cut off after 60 of"),
        (lambda text: f"]d2{text}", "GS1"),
        (lambda text: text.replace("PID:", "PID:ebK3;PID:", 1), "2 times"),
        (lambda text: "ABV:IB01;SERNUM:G3A0PA01802300PE;PID:ebK3;", "a barcode of this family"),
        (lambda text: "4006381333931", "a barcode of this family"),
        (lambda text: "\x1b[2J\x07", "\\x1b[2J"),
        (lambda text: "A" * 100_000, "100,000 characters"),
        (lambda text: text.replace("PID:ebK3;", "", 1), "missing"),
    ],
)
def test_wrong_reads_are_named(line: Factory, change, says: str) -> None:  # type: ignore[no-untyped-def]
    ((tone, _, detail),) = scan(line, change(line.payloads()[0]))
    assert tone == "bad"
    assert says in detail, detail
    assert "\x1b" not in detail


def test_another_batchs_label_is_named(line: Factory) -> None:
    ((tone, word, detail),) = scan(line, line.payloads("B2")[0])
    assert (tone, word) == ("bad", "OTHER LABEL")
    assert "belongs to batch B2" in detail


def test_devices_must_be_in_their_package(line: Factory) -> None:
    with line.ledger() as ledger:
        packages = list(ledger.packages.stream("B1"))
    one, two = packages[:2]
    label = "SN:{0.serial};UUID:{1}".format
    inside = [label(unit, unit.uuid.hex.upper()) for unit in one.units]
    foreign = label(two.units[0], two.units[0].uuid.hex.upper())
    words = [
        item[1]
        for item in scan(
            line, one.payload, inside[0], inside[0], foreign, inside[1], two.payload, one.payload, units=True
        )
    ]
    assert words == ["NOW THE UNITS", "UNIT OK", "TWICE", "NOT IN THIS BOX", "COMPLETE", "NOW THE UNITS", "INCOMPLETE"]
    with line.ledger() as ledger:
        assert ledger.batches.counts("B1")["print_verified"] == 1


def test_already_says_when_and_where_it_was_read_first(line: Factory, tmp_path: Path) -> None:
    one, two = line.payloads()[:2]
    with line.ledger() as ledger:
        station = Station(ledger, ledger.batches.get("B1"), zone=TimeZone("Asia/Kolkata"))
        first = station.read(one)
        assert first and first.first_read is None
        station.read(two)
        for _ in range(2):  # the first of all, however often it is read
            answer = station.read(one)
            assert answer and answer.first_read
            assert (answer.first_read.operator, answer.first_read.station) == ("tester", "bench")
            assert answer.first_read.file == "scanner"
            assert "+05:30 by tester at bench): the same label twice" in answer.detail
        line.label()
        line.cli("reprint", "B1", ledger.packages.get("B1", 1).serials_text.split(",")[0], "--reason", "torn")
        again = station.read(one)
        assert again and again.word == "OK"  # the new label


def test_already_names_the_picture_that_showed_the_label(line: Factory, tmp_path: Path) -> None:
    line.label()
    scan = scan_of(line.root / "batches/B1/labels/B1-labels-0001.pdf", tmp_path / "scan.png")
    for _ in range(2):  # verified twice, and read first the first time
        assert line.cli("verify", "B1", scan, "--operator", "Ann").code == 0
    with line.ledger() as ledger:
        answer = Station(ledger, ledger.batches.get("B1")).read(line.payloads()[0])
    assert answer and answer.word == "ALREADY" and answer.first_read
    assert answer.first_read.operator == "Ann"
    assert "in scan.png, page 1)" in answer.detail


def test_verifying_pictures_makes_no_station_count_anew(line: Factory, tmp_path: Path) -> None:
    line.label()
    scan = scan_of(line.root / "batches/B1/labels/B1-labels-0001.pdf", tmp_path / "scan.png")
    with line.ledger() as ledger:
        station = Station(ledger, ledger.batches.get("B1"))
        line.cli("verify", "B1", scan)
        assert (station.counts.verified, station.counts.reads) == (5, 0)


def test_a_scrapped_package_is_not_missing(line: Factory) -> None:
    payloads = line.payloads()
    with line.ledger() as ledger:
        batch = ledger.batches.get("B1")
        ledger.units.scrap("B1", [ledger.packages.get("B1", 1).units[0].serial], "dropped")
        station = Station(ledger, batch)
        for payload in payloads[1:]:
            station.read(payload)
        assert (station.counts.packages, station.counts.missing) == (batch.packages - 1, 0)
        assert station.missing(5) == []


def test_two_stations_show_one_total(line: Factory) -> None:
    one, two, three = line.payloads()[:3]
    with line.ledger() as ledger, line.ledger() as other:
        here, there = Station(ledger, ledger.batches.get("B1")), Station(other, other.batches.get("B1"))
        for station, text in ((here, one), (there, two), (there, "nonsense"), (here, two), (there, three)):
            station.read(text)
        for station in (here, there):
            counts = station.counts
            assert (counts.verified, counts.reads, counts.wrong, counts.repeated) == (3, 5, 1, 1)
        other.units.scrap("B1", [other.packages.get("B1", 1).units[0].serial], "dropped")
        assert (here.counts.packages, here.counts.verified) == (4, 2)


def test_a_label_that_both_stations_read_at_once_is_counted_once(
    line: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = line.payloads()[0]
    with line.ledger() as ledger, line.ledger() as other:
        here, there = Station(ledger, ledger.batches.get("B1")), Station(other, other.batches.get("B1"))
        record = Station._record

        def meanwhile(station: Station, answer: ScanAnswer) -> ScanAnswer:
            monkeypatch.setattr(Station, "_record", record)
            there.read(text)
            return record(station, answer)

        monkeypatch.setattr(Station, "_record", meanwhile)
        answer = here.read(text)
    assert answer is not None
    assert answer.word == "ALREADY"


def test_a_label_in_several_lines_is_named_as_a_scanners_setting(line: Factory) -> None:
    text = line.payloads()[0]
    found = scan(line, text[:60], text[60:90], text[90:], text)
    assert [word for _, word, _ in found[2:]] == ["WRONG LABEL", "OK"]
    assert "this and the 2 lines before are one label" in found[2][2]


@pytest.mark.parametrize("known", CHECK_TEXTS)
def test_check_symbols_tell_what_is_set_wrongly_and_are_no_reads(line: Factory, known: str) -> None:
    for read, says in (
        (known, "set right"),
        (f"]d1{known}", "]d1"),
        (known.swapcase(), "caps lock"),
        (known.upper(), "one case"),
        (f"{known}{known}", "2 labels in one line"),
        (f"#{known}", "a prefix"),
        (type_on(known, "de"), "German"),
        (type_on(known, "fr"), "French"),
        (known.translate(str.maketrans("BSMFGCHEK:;", "SMFGCHEKB;:")), "not US English"),
    ):
        ((_, word, detail),) = scan(line, read)
        assert (word == "SCANNER OK") == (known in read and len(read) <= len(known) + 3 and "#" not in read)
        assert says in detail, (read, detail)
    with line.ledger() as ledger:
        assert not [event for event in ledger.history.events("B1") if event.kind == "read"]


SERIAL = "ebK300000002"


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (SERIAL, f"a code with the serial {SERIAL}, of package 1"),
        (f"]C0{SERIAL}", SERIAL),
        (f"https://id.example.com/01/00841667145075/21/{SERIAL}", SERIAL),
        (f"]C1010084166714507521{SERIAL}", SERIAL),
        (f"]d2010084166714507521{SERIAL}", SERIAL),
        (f"(01)00841667145075(21){SERIAL}", SERIAL),
        ("841667145075", "the UPC of the product"),
        ("]E00841667145075", "the UPC of the product"),
        (gs1.carton_gtin("841667145075", 1), "the number of a carton of the product"),
    ],
)
def test_another_code_of_the_label_is_named_and_no_fault(line: Factory, read: str, says: str) -> None:
    """It is read by mistake: nothing is wrong with the label, and nothing is counted."""
    ((tone, word, detail),) = scan(line, read)
    assert (tone, word) == ("note", "OTHER CODE")
    assert says in detail
    assert "not the one to scan" in detail
    with line.ledger() as ledger:
        assert [event for event in ledger.history.events("B1") if event.kind == "read"] == []
    # The package is as unread as before.
    assert scan(line, line.payloads()[1])[0][1] == "OK"


def test_a_device_uuid_on_a_device_is_named(line: Factory) -> None:
    with line.ledger() as ledger:
        unit = ledger.packages.get("B1", 2).units[1]
    ((_, word, detail),) = scan(line, f"SN:{unit.serial};UUID:{unit.uuid.hex.upper()}")
    assert word == "OTHER CODE"
    assert unit.serial in detail


def test_a_code_of_another_batch_or_of_a_unit_that_is_gone_is_wrong_by_name(line: Factory) -> None:
    with line.ledger() as ledger:
        stranger = ledger.packages.get("B2", 1).units[0].serial
        gone = ledger.packages.get("B1", 5).units[0].serial
    assert line.cli("scrap", "B1", gone, "--reason", "broken").code == 0
    other, scrapped = scan(line, stranger, gone)
    assert other[:2] == ("bad", "OTHER LABEL") and f"{stranger} of batch B2" in other[2]
    assert scrapped[0] == "bad" and "take it off the line" in scrapped[2]


def test_another_product_s_number_is_wrong_by_name(line: Factory) -> None:
    line.add("lamp", upc="036000291452", oob_bytes=16)
    line.issue(2, "L1", product="lamp")
    for read in ("036000291452", "0036000291452", gs1.carton_gtin("036000291452", 2)):
        ((tone, word, detail),) = scan(line, read)
        assert (tone, word) == ("bad", "OTHER LABEL") and "of another product, lamp" in detail


@pytest.mark.parametrize("read", ["{}", "]C1{}"])
def test_a_carton_s_sscc_is_named(line: Factory, read: str) -> None:
    """Its label alone says it: no unit and no product is named."""
    (line.root / "templates" / "carton.toml").write_text(CARTON)
    line.label(template="carton")
    sscc = gs1.sscc("35012345000000002")
    with line.ledger() as ledger:
        labels = WorkspaceLabels(line.root).open(ledger)
        station = Station(ledger, ledger.batches.get("B1"), labels=labels)
        answer = station.read(read.format(f"00{sscc}"))
        stranger = station.read(read.format(f"00{gs1.sscc('35012345000000999')}"))
    assert answer and (answer.tone, answer.word) == ("note", "OTHER CODE")
    assert "the SSCC of carton 2 of the batch" in answer.detail
    assert stranger and stranger.tone == "bad"
    assert line.cli("scan", "B1", "--plain", stdin=f"00{sscc}\n").out.startswith("OTHER CODE: ")


def test_a_carton_of_another_batch_is_wrong_by_name(line: Factory) -> None:
    """Its SSCC names no unit and no product."""
    (line.root / "templates" / "carton.toml").write_text(CARTON.replace("(00)35012345", "(00)35012346"))
    line.label("B2", template="carton")
    sscc = gs1.sscc("35012346000000001")
    with line.ledger() as ledger:
        station = Station(ledger, ledger.batches.get("B1"), labels=WorkspaceLabels(line.root).open(ledger))
        answer = station.read(f"00{sscc}")
    assert answer and (answer.tone, answer.word) == ("bad", "OTHER LABEL")
    assert "the SSCC of carton 1 of batch B2" in answer.detail


@pytest.mark.parametrize("read", ["4006381333931", "ebK399999999", "(21)", "841667145076", "20841667145072"])
def test_codes_of_nothing_here_are_wrong_as_before(line: Factory, read: str) -> None:
    assert scan(line, read)[0][:2] == ("bad", "OTHER LABEL")


def test_a_device_that_is_scanned_before_its_package_is_told_what_to_scan(line: Factory) -> None:
    first, *_ = scan(line, SERIAL, units=True)
    assert first[:2] == ("note", "OTHER CODE")
