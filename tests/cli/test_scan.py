"""`scan`: reads from a pipe, a terminal and a serial port."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import tty
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from bss_mfg.station.check_codes import CHECK_TEXTS
from tests.helpers.factory import Factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    """A batch of five packages of two."""
    factory.add(units_per_package=2, oob_bytes=16)
    factory.issue(10)
    factory.issue(2, "B2")
    return factory


def test_a_burst_of_pasted_reads_is_taken_whole(line: Factory) -> None:
    text = "\n".join(line.payloads() * 20) + "\n"
    done = line.cli("scan", "B1", "--plain", stdin=text)
    assert done.code == 1, done.err
    assert done.out.count("\n") == 100
    assert "100 reads, 0 wrong, 95 of a label that was read before; 5 of 5 packages verified, 0 missing" in done.err


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
    screen = shown("barcode of this family")
    assert "OTHER LABEL" in screen
    os.write(controller, b"nonsense too\x03\r\x03")  # what a scanner may end its reads with
    shown("reads 2 ")
    time.sleep(0.3)
    os.write(controller, b"\x04")
    shown("2 reads, 2 wrong")
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
    texts = line.payloads()
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


def test_ctrl_c_ends_a_station_where_a_scanners_etx_does_not(line: Factory) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        line.command("scan", "B1", "--plain"), stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stderr
    text = line.payloads()[0].encode()
    wait_until_raw(terminal)
    os.write(controller, b"\x02" + text + b"\x03")
    assert process.stdout.readline().startswith("OK")
    os.write(controller, text + b"\r\x04")
    assert process.stdout.readline().startswith("ALREADY")
    time.sleep(0.3)
    os.write(controller, b"\x03")
    assert process.wait(20) == 130
    assert tty.tcgetattr(terminal)[3] & tty.ISIG, "the terminal is as it was"
    os.close(controller)
    os.close(terminal)


def wait_until_raw(terminal: int) -> None:
    """Until the station reads the terminal character by character."""
    until = time.monotonic() + 60
    while tty.tcgetattr(terminal)[3] & tty.ISIG and time.monotonic() < until:
        time.sleep(0.02)


def test_a_serial_scanner_without_line_ends_that_is_unplugged(line: Factory, tmp_path: Path) -> None:
    port = tmp_path / "scanner"
    texts = line.payloads()

    def plug_in() -> int:
        controller, terminal = pty.openpty()
        tty.setraw(terminal)
        port.unlink(missing_ok=True)
        port.symlink_to(os.ttyname(terminal))
        os.close(terminal)
        return controller

    controller = plug_in()
    process = subprocess.Popen(
        line.command("scan", "B1", "--plain", "--port", port),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout and process.stderr
    until = time.monotonic() + 60
    while not select.select([process.stdout], [], [], 0.5)[0] and time.monotonic() < until:
        os.write(controller, texts[0].encode())  # no line end; what comes before the port is open is lost
    assert process.stdout.readline().startswith("OK")
    port.unlink()
    os.close(controller)
    assert "is unplugged" in process.stderr.readline()
    controller = plug_in()
    assert "is back" in process.stderr.readline()
    os.write(controller, texts[1].encode())
    words = [process.stdout.readline().split(":")[0]]
    while words[-1] == "ALREADY":
        words.append(process.stdout.readline().split(":")[0])
    assert words[-1] == "OK"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    os.close(controller)


def test_a_label_that_was_read_before_fails_the_session(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(2)
    text = factory.payloads()[0]
    done = factory.cli("scan", "B1", "--json", stdin=f"{text}\n{text}\n")
    assert done.code == 1
    first, second = map(json.loads, done.out.splitlines())
    assert (first["word"], first["repeated"]) == ("OK", 0)
    assert (second["word"], second["tone"], second["repeated"], second["wrong"]) == ("ALREADY", "note", 1, 0)
    assert "\a" in done.err


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


def test_the_setup_sheets_symbols_are_the_stations_check_symbols(line: Factory, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.pdf"
    done = line.cli("scan", "--setup-sheet", sheet)
    assert done.code == 0, done.err
    page = pypdfium2.PdfDocument(sheet)[0].render(scale=200 / 72).to_pil()
    read = {found.text for found in zxingcpp.read_barcodes(page)}
    assert read == set(CHECK_TEXTS)
    scanned = line.cli("scan", "B1", "--plain", stdin="".join(f"{text}\n" for text in sorted(read)))
    assert scanned.code == 0, scanned.err
    assert scanned.out.count("SCANNER OK") == 2
    assert "0 reads" in scanned.err
    assert line.cli("scan", "--setup-sheet", sheet).code == 4
    assert line.cli("scan").code == 2
