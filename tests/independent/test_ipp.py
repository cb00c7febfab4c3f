"""Labels through IPP to printers that nobody here wrote: CUPS' virtual printer, and CUPS itself with a raw queue. Bytes
arrive unchanged, jobs are followed to their end, and one that does not end well leaves a true count and nothing that
prints later unasked."""

from __future__ import annotations

import re
import signal
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from bss_mfg.label.printing.sending import Patience, PrintJob, SendOutcome, SendResult
from bss_mfg.label.printing.ways import open_way
from tests.helpers.commands import advised, run_cli
from tests.helpers.factory import Factory
from tests.helpers.ipp_printers import Cups, VirtualPrinter
from tests.helpers.pace import is_soon
from tests.needs import needs

pytestmark = [needs("ippeveprinter"), needs("cupsd")]

LABELS = 30
FORMATS = [b"^XA^FO1,1^GB2,2,2^FS^XZ\n" for _ in range(5)]
QUICK = Patience(silence_s=1.0, poll_s=0.1)
PDF_WAYS = ("--template", "sheet-a4-24", "--printer", "pdf-300")
ZPL_WAYS = ("--template", "roll-50x30", "--printer", "zpl-203")
NO_PAPER = "STATE: +media-empty"


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """A batch of thirty: two sheets of 24."""
    factory.add(oob_bytes=16)
    factory.issue(LABELS)
    return factory


def send(address: str, language: str = "zpl", patience: Patience = QUICK) -> SendResult:
    return open_way(address, language).send(PrintJob(FORMATS, "five labels"), patience=patience)


def folder_of(factory: Factory) -> Path:
    return factory.root / "batches" / "B1" / "labels"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a printer keeps its things."""
    made = tmp_path / "printer"
    made.mkdir()
    return made


def test_a_pdf_printer_gets_the_file_and_counts_its_pages(batch: Factory, folder: Path) -> None:
    with VirtualPrinter(folder) as printer:
        done = batch.cli("labels", "B1", *PDF_WAYS, "--send", printer.address, "--json")
        assert done.code == 0, done.err
        assert done.json["sent"] == {
            "to": printer.address, "labels": LABELS, "printed": LABELS, "printer": "ready",
        }  # fmt: skip
        assert printer.out == (folder_of(batch) / "B1-labels-0001.pdf").read_bytes()
        assert batch.cli("labels", "B1", *PDF_WAYS, "--send", printer.address).code == 4, "never twice unasked"


@pytest.mark.parametrize("kind", [VirtualPrinter, Cups])
def test_a_raw_queue_gets_zpl_byte_for_byte(
    batch: Factory, folder: Path, kind: type[VirtualPrinter] | type[Cups]
) -> None:
    with kind(folder) as printer:
        done = batch.cli("labels", "B1", *ZPL_WAYS, "--labels-per-file", 10, "--send", printer.address)
        assert done.code == 0, done.err
        files = sorted(folder_of(batch).glob("*.zpl"))
        assert len(files) == 3
        assert printer.out == b"".join(file.read_bytes() for file in files)
        assert f"{LABELS} labels handed over to {printer.address}" in done.err


def test_the_state_of_a_queue(batch: Factory, folder: Path) -> None:
    with Cups(folder) as cups:
        assert batch.cli("printer", "add", "q", "--like", "zpl-203", "--address", cups.address).code == 0
        ready = batch.cli("printer", "status", "q")
        assert (ready.code, ready.out) == (0, f"q at {cups.address}: ready\n")
        cups.admin("cupsdisable", cups.queue)
        assert batch.cli("printer", "status", "q").code == 1
        paused = batch.cli("labels", "B1", "--template", "roll-50x30", "--printer", "q", "--send")
        assert paused.code == 6
        assert "says: paused: 0 of 30 labels were printed" in paused.err
        cups.admin("cupsreject", cups.queue)
        cups.admin("cupsenable", cups.queue)
        rejected = batch.cli("printer", "status", "q", "--json")
        assert rejected.json["problems"] == ["its queue takes no jobs"]
        cups.admin("cupsaccept", cups.queue)
        assert cups.out == b""
        (command,) = advised(paused, whole=True)
        done = run_cli(*command)
        assert done.code == 0, done.err
        assert cups.out == (folder_of(batch) / "B1-labels-0001.zpl").read_bytes()
    gone = batch.cli("printer", "status", "q")
    assert gone.code == 6
    assert "no connection" in gone.err


def test_a_queue_that_is_not_there(folder: Path) -> None:
    with Cups(folder) as cups:
        result = send(cups.address.replace("labels", "lables"))
    assert (result.outcome, result.bytes_sent) == (SendOutcome.NOT_SENT, 0)
    assert "0x0406" in result.reason  # client-error-not-found


def test_tls_only_with_a_certificate_that_is_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with VirtualPrinter(folder) as printer:
        address = printer.address.replace("ipp://127.0.0.1", "ipps://localhost")
        result = send(address)
        assert (result.outcome, result.bytes_sent) == (SendOutcome.NOT_SENT, 0)
        assert "its certificate is not trusted: self-signed certificate; name a file with it" in result.reason
        assert printer.out == b""
        certificate = folder / "printer.pem"
        certificate.write_text(ssl.get_server_certificate(("localhost", printer.port)))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert send(address).outcome is SendOutcome.SENT
        assert printer.out == b"".join(FORMATS)


def test_what_a_printer_does_not_take_is_not_sent(folder: Path) -> None:
    with VirtualPrinter(folder, formats="application/pdf,image/jpeg") as printer:
        result = send(printer.address)
        assert (result.outcome, result.bytes_sent) == (SendOutcome.NOT_SENT, 0)
        assert "refused the job (status 0x040b Unsupported document-format" in result.reason
        assert printer.out == b""


def test_a_printer_without_paper_gets_nothing(batch: Factory, folder: Path) -> None:
    """The first job went through and took the last sheet; the next one is not begun."""
    with Cups(folder, f'cat "$6" >> "$OUT"; echo \'{NO_PAPER}-error\' >&2') as printer:
        first = batch.cli("labels", "B1", *ZPL_WAYS, "--send", printer.address)
        assert first.code == 0, first.err
        assert "; the printer says: paper out. Put in a new roll." in first.err
        refused = batch.cli("labels", "B1", *ZPL_WAYS, "--send", printer.address, "--again")
        assert refused.code == 6
        assert "says: paper out" in refused.err
        assert "Put in a new roll. Then run the command again" in refused.err
        assert printer.out == (folder_of(batch) / "B1-labels-0001.zpl").read_bytes()


def test_an_aborted_job_has_a_true_count(batch: Factory, folder: Path) -> None:
    """One of two pages came out before the printer gave up: at most one more is under way."""
    with VirtualPrinter(folder, 'echo "ATTR: job-impressions-completed=1" >&2; exit 1') as printer:
        broken = batch.cli("labels", "B1", *PDF_WAYS, "--send", printer.address)
        assert broken.code == 6, broken.err
        found = re.search(r"aborted the job 1 .*: at most (\d+) of 30 labels were printed; (\d+) are left", broken.err)
        assert found, broken.err
        assert (found[1], found[2]) == ("24", "6")
        (command,) = advised(broken, whole=True)
        assert command[command.index("--from") + 1] == f"ebK3{25:08}"


def test_an_aborted_raw_job_may_have_printed_all(folder: Path) -> None:
    with Cups(folder, "exit 4") as cups:  # CUPS_BACKEND_STOP: the queue is stopped, the job held
        result = send(cups.address)
    assert result.outcome is SendOutcome.CUT_OFF
    assert result.labels == len(FORMATS)


@pytest.mark.parametrize("kind", [VirtualPrinter, Cups])
def test_a_printer_that_stalls_is_given_up_and_its_job_cancelled(
    folder: Path, kind: type[VirtualPrinter] | type[Cups]
) -> None:
    heard: list[str] = []
    patience = Patience(silence_s=4.0, poll_s=0.1, hear=heard.append)
    with kind(folder, f"echo '{NO_PAPER}' >&2; exec sleep 30") as printer:
        begun = time.monotonic()
        result = send(printer.address, patience=patience)
        assert is_soon(time.monotonic() - begun, 15)
        assert result.outcome is SendOutcome.CUT_OFF
        assert "took nothing for" in result.reason
        assert "paper out" in heard
        assert printer.out == b""


def test_ctrl_c_cancels_the_job(batch: Factory, folder: Path) -> None:
    with Cups(folder, "exec sleep 60") as cups:
        running = subprocess.Popen(
            batch.command("labels", "B1", *ZPL_WAYS, "--send", cups.address), stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 60
        log = folder / "errors"
        while "Started backend" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        assert running.returncode == 130
        assert "stopped: at most 30 of 30 labels were printed" in err
        while "Canceled by" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "Canceled by" in log.read_text()


def test_a_job_that_never_began_was_not_sent(folder: Path) -> None:
    """It waits behind another one, is cancelled, and nothing of it can have come out."""
    with Cups(folder, "exec sleep 60") as cups:
        first = subprocess.Popen(
            ["/usr/bin/lp", "-h", f"127.0.0.1:{cups.port}", "-d", cups.queue, "-o", "raw", __file__],
            stdout=subprocess.DEVNULL,
        )
        assert first.wait(30) == 0
        result = send(cups.address)
    assert (result.outcome, result.labels, result.bytes_sent) == (SendOutcome.NOT_SENT, 0, 0)
