"""The hand-scanner station: every read judged, named and recorded, and nothing repaired."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.station.station import Station
from bss_mfg.verify.keyboards import LAYOUTS, US, apply_caps_lock, apply_layout, detect_layout, undo_layout
from tests.helpers.factory import Factory


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


@pytest.mark.parametrize("short", sorted(set(LAYOUTS) - {"uk"}))
@pytest.mark.parametrize("caps_lock", [False, True])
def test_keyboard_layouts_are_named(line: Factory, short: str, caps_lock: bool) -> None:
    text = line.payloads()[0]
    read = apply_caps_lock(apply_layout(text, short)) if caps_lock else apply_layout(text, short)
    ((tone, _, detail),) = scan(line, read)
    assert tone == "bad"
    assert LAYOUTS[short][0] in detail, detail
    assert ("caps lock" in detail) is caps_lock


def test_a_british_layout_changes_nothing_in_a_barcode(line: Factory) -> None:
    text = line.payloads()[0]
    assert apply_layout(text, "uk") == text


@given(st.text(alphabet="".join(US), max_size=60), st.sampled_from(sorted(LAYOUTS)))
def test_what_a_layout_types_can_be_understood(text: str, short: str) -> None:
    read = apply_layout(text, short)
    if "\x00" not in read:
        assert undo_layout(read, short) == text


def test_swapped_letters_alone_are_told_and_never_repaired() -> None:
    """Y and Z swap on a German keyboard and leave a valid string: only the ledger can tell."""
    read = apply_layout("ABV:OB04;BDC:yZ+/=;", "de")
    found = detect_layout(read, lambda text: text == "ABV:OB04;BDC:yZ+/=;")
    assert found is not None
    assert found.short == "de"
    assert detect_layout(read, lambda text: False) is None


def test_dead_keys_that_joined_a_letter_are_taken_apart() -> None:
    assert undo_layout("\u00e1", "de") == "=a"  # dead acute, then a
    assert undo_layout("\u00e1\u20ac", "de") is None  # no key types a euro sign without AltGr


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
