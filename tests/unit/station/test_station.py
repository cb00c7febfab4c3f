"""The hand-scanner station: every read judged, named and recorded, and nothing repaired."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
import tty
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.station.station import Station
from bss_mfg.verify.keyboards import LAYOUTS, US, apply_caps_lock, apply_layout, detect_layout, undo_layout
from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    """A batch of five packages of two."""
    factory.add(units_per_package=2, oob_bytes=16)
    factory.issue(10)
    factory.issue(2, "B2")
    return factory


def payloads(factory: Factory, batch: str = "B1") -> list[str]:
    with factory.ledger() as ledger:
        return [package.payload for package in ledger.packages.stream(batch)]


def scan(factory: Factory, *lines: str, units: bool = False) -> list[tuple[str, str, str]]:
    """(tone, word, detail) of each line."""
    with factory.ledger() as ledger:
        station = Station(ledger, ledger.batches.get("B1"), with_units=units)
        found = [station.read(text) for text in lines]
    return [(item.tone, item.word, item.detail) for item in found if item]


def test_right_labels_are_counted_once(line: Factory) -> None:
    one, two = payloads(line)[:2]
    assert [item[:2] for item in scan(line, one, two, one)] == [("good", "OK"), ("good", "OK"), ("note", "ALREADY")]
    # Another run goes on where this one stopped.
    assert scan(line, one)[0][:2] == ("note", "ALREADY")
    with line.ledger() as ledger:
        assert ledger.batches.counts("B1")["verified"] == 2
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
        (lambda text: "ABV:IB01;SERNUM:G3A0PA01802300PE;PID:ebK3;", "no barcode of this family"),
        (lambda text: "4006381333931", "no barcode of this family"),
        (lambda text: "\x1b[2J\x07", "\\x1b[2J"),
        (lambda text: "A" * 100_000, "100,000 characters"),
        (lambda text: text.replace("PID:ebK3;", "", 1), "missing"),
    ],
)
def test_wrong_reads_are_named(line: Factory, change, says: str) -> None:  # type: ignore[no-untyped-def]
    ((tone, _, detail),) = scan(line, change(payloads(line)[0]))
    assert tone == "bad"
    assert says in detail, detail
    assert "\x1b" not in detail


def test_another_batchs_label_is_named(line: Factory) -> None:
    ((tone, word, detail),) = scan(line, payloads(line, "B2")[0])
    assert (tone, word) == ("bad", "OTHER LABEL")
    assert "belongs to batch B2" in detail


@pytest.mark.parametrize("short", sorted(set(LAYOUTS) - {"uk"}))
@pytest.mark.parametrize("caps_lock", [False, True])
def test_keyboard_layouts_are_named(line: Factory, short: str, caps_lock: bool) -> None:
    text = payloads(line)[0]
    read = apply_caps_lock(apply_layout(text, short)) if caps_lock else apply_layout(text, short)
    ((tone, _, detail),) = scan(line, read)
    assert tone == "bad"
    assert LAYOUTS[short][0] in detail, detail
    assert ("caps lock" in detail) is caps_lock


def test_a_british_layout_changes_nothing_in_a_barcode(line: Factory) -> None:
    text = payloads(line)[0]
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
        assert ledger.batches.counts("B1")["verified"] == 1


def test_a_burst_of_pasted_reads_is_taken_whole(line: Factory) -> None:
    text = "\n".join(payloads(line) * 20) + "\n"
    done = line.cli("scan", "B1", "--plain", stdin=text)
    assert done.code == 0, done.err
    assert done.out.count("\n") == 100
    assert "100 reads, 0 wrong; 5 of 5 packages verified, 0 missing" in done.err


def test_a_killed_station_loses_no_answered_read(line: Factory) -> None:
    texts = payloads(line)
    process = subprocess.Popen(
        line.command("scan", "B1", "--json"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin and process.stdout
    for text in texts[:3]:
        process.stdin.write(text + "\n")
        process.stdin.flush()
        assert '"word": "OK"' in process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    with line.ledger() as ledger:
        assert ledger.batches.counts("B1")["verified"] == 3
    assert run_cli("--workspace", line.root, "batch", "show", "B1", "--json").json["verified"] == 3


def test_the_full_screen_shows_verdict_and_counts(line: Factory, tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        line.command("scan", "B1"),
        stdin=terminal, stdout=terminal, stderr=terminal, env={**os.environ, "TERM": "xterm", "COLUMNS": "90"},
    )  # fmt: skip
    os.close(terminal)

    def shown(wanted: str) -> str:
        text, until = "", time.monotonic() + 30
        while wanted not in text and time.monotonic() < until:
            try:
                text += os.read(controller, 4096).decode("utf-8", "replace")
            except OSError:
                break
        assert wanted in text, text[-800:]
        return text

    shown("READY")
    os.write(controller, b"nonsense\n")
    screen = shown("no barcode of this family")
    assert "OTHER LABEL" in screen
    os.write(controller, b"\x04")
    shown("1 read, 1 wrong")
    assert process.wait(timeout=20) == 1
    os.close(controller)
    assert re.search(r"\x1b\[\d*;?\d*m", screen), "colours on a terminal"


def test_a_scanner_on_a_serial_port_is_read(line: Factory) -> None:
    controller, terminal = pty.openpty()
    tty.setraw(terminal)
    process = subprocess.Popen(
        line.command("scan", "B1", "--plain", "--port", os.ttyname(terminal)),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    texts = payloads(line)
    until = time.monotonic() + 60
    while not select.select([process.stdout], [], [], 0.5)[0] and time.monotonic() < until:
        os.write(controller, texts[0].encode() + b"\r")  # what comes before the port is open is lost
    assert process.stdout.readline().startswith("OK")
    os.write(controller, b"nonsense\r\n" + texts[1].encode() + b"\n")
    words = []
    while "OK" not in words:
        words.append(process.stdout.readline().split(":")[0])
    assert [word for word in words if word != "ALREADY"] == ["OTHER LABEL", "OK"]
    os.close(controller)
    os.close(terminal)
    process.send_signal(signal.SIGINT)
    process.wait(20)
    missing = line.cli("scan", "B1", "--port", "/dev/no-such-port", "--plain")
    assert missing.code == 3
    assert "can't be opened" in missing.err


@pytest.mark.slow
def test_2000_reads_at_20_a_second_with_five_kills_are_counted_exactly(new_factory: Callable[[], Factory]) -> None:
    """The driver does what an operator does: it scans on, and after a kill it goes on with the first label that was
    not recorded. Nothing recorded is lost, nothing is recorded twice."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(400)
    texts = payloads(factory)
    reads = [texts[number % 400] if number % 50 else f"nonsense {number}" for number in range(2000)]
    kills = {250, 611, 1000, 1301, 1777}
    screen = b""

    def start() -> tuple[subprocess.Popen[bytes], int]:
        controller, terminal = pty.openpty()
        process = subprocess.Popen(
            factory.command("scan", "B1"),
            stdin=terminal, stdout=terminal, stderr=terminal, env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
        os.close(terminal)
        return process, controller

    def drain(controller: int) -> bytes:
        nonlocal screen
        while select.select([controller], [], [], 0)[0]:
            try:
                screen = (screen + os.read(controller, 65536))[-20_000:]
            except OSError:
                break
        return screen

    def recorded() -> int:
        with factory.ledger() as ledger:
            return sum(ledger.reads.by_scanner("B1", 1)[0].values())

    process, controller = start()
    sent = 0
    due = time.monotonic()
    while sent < len(reads) or recorded() < len(reads):
        if sent in kills:
            kills.discard(sent)
            process.send_signal(signal.SIGKILL)
            process.wait()
            os.close(controller)
            screen = b""
            process, controller = start()
            sent, due = recorded(), time.monotonic()
        if sent == len(reads):
            time.sleep(0.1)
            drain(controller)
            continue
        due += 0.05
        time.sleep(max(due - time.monotonic(), 0))
        os.write(controller, reads[sent].encode() + b"\n")
        sent += 1
        drain(controller)
    until = time.monotonic() + 20
    while b"reads 2,000" not in drain(controller) and time.monotonic() < until:
        time.sleep(0.1)
    assert b"reads 2,000" in screen  # of all sessions
    os.write(controller, b"\x04")
    process.wait(20)
    os.close(controller)
    with factory.ledger() as ledger:
        texts_of = [event.data for event in ledger.history.events("B1") if event.kind == "read"]
        right = {number % 400 for number in range(2000) if number % 50}
        assert ledger.batches.counts("B1")["verified"] == len(right)
        assert all(ledger.reads.times_verified("B1", package + 1) == (package in right) for package in range(400))
    assert len(texts_of) == 2000
    bad = [number for number, data in enumerate(texts_of) if data["verdict"] == "other label"]
    assert bad == [number for number in range(2000) if number % 50 == 0]
    assert not kills


def test_a_session_is_judged_by_its_own_reads(factory: Factory) -> None:
    """A wrong label of yesterday stays in the counts, and does not fail today's session."""
    factory.add(oob_bytes=16)
    factory.issue(1)
    with factory.ledger() as ledger:
        payload = next(ledger.packages.stream("B1")).payload
    for text, code in (("nonsense", 1), (payload, 0)):
        done = factory.cli("scan", "B1", "--plain", stdin=text + "\n")
        assert done.code == code, done.err
    assert "2 reads, 1 wrong" in done.err
