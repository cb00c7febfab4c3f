"""Stories of a whole line on Windows: real commands, one after the other, on a disk that behaves as theirs does.

Each is run in a process that lives on Windows (`teller.py`); the first makes the factory that the others work in.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bss_mfg.cli.main import main
from tests.faults.windows import disk

FACTORY = Path(disk.to_windows(disk.disk.root)) / "Plant 7" / "factory"


@dataclass(frozen=True)
class Done:
    """What a command did; its streams are bytes, as another program gets them."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def typed(*words: object, code: int | None = 0, stdin: bytes = b"", page: str = "cp437", here: bool = False) -> Done:
    """Run a command as a program of Windows does that reads its output; the standard streams are of a code page."""
    given = [str(word) for word in words]
    if not here:
        given = ["--workspace", str(FACTORY), *given]
    before = sys.stdin, sys.stdout, sys.stderr
    kept = [disk.real.dup(number) for number in range(3)]
    flags, streams = os.O_RDWR | os.O_CREAT | os.O_TRUNC, f"{disk.disk.processes}-stream"
    files = [disk.real.open(f"{streams}-{number}", flags, 0o600) for number in range(3)]
    disk.real.write(files[0], stdin)
    disk.real.lseek(files[0], 0, os.SEEK_SET)
    try:
        for number, file in enumerate(files):
            disk.real.dup2(file, number)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), page, "strict")  # type: ignore[type-var]
        sys.stdout, sys.stderr = (
            io.TextIOWrapper(io.BufferedWriter(io.FileIO(n, "w", closefd=False)), page, errors, newline="\r\n")
            for n, errors in ((1, "strict"), (2, "backslashreplace"))
        )
        try:
            main(given)
            ended: Any = 0
        except SystemExit as error:
            ended = error.code
        sys.stdout.flush()
        sys.stderr.flush()
        said = []
        for file in files[1:]:
            disk.real.lseek(file, 0, os.SEEK_SET)
            said.append(disk.real.read(file, 1 << 24))
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        for number, old in enumerate(kept):
            disk.real.dup2(old, number)
            disk.real.close(old)
        for number, file in enumerate(files):
            disk.real.close(file)
            disk.real.unlink(f"{disk.disk.processes}-stream-{number}")
    done = Done(ended, said[0], said[1].decode("utf-8"))
    assert code is None or done.code == code, (given, done)
    return done


def on_windows_a_line_from_init_to_the_backup(folder: Path) -> None:
    FACTORY.parent.mkdir()
    (folder / "units.csv").write_bytes(b"\xef\xbb\xbfserial\r\nL-0001\r\nL-0002\r\nL-0003\r\n")
    typed("init", FACTORY, here=True)
    typed("dev-key", "amazon")
    typed("product", "add", "bulb", "--pid", "ebK3", "--upc", "841667145075", "--title", "Lampe für Büros",
          "--public-key", FACTORY / "dev-keys" / "amazon.public.pem")  # fmt: skip
    typed("batch", "create", "bulb", "--identities", folder / "units.csv", "--id", "B1")
    typed("labels", "B1")
    labels = FACTORY / "batches" / "B1" / "labels"
    typed("verify", "B1", labels, "--report", folder / "Bericht.html")
    typed("manifest", "B1", "--out", f"{labels.parent}\\upload\\")
    typed("program", "B1", "--format", "csv", "--out", labels.parent / "keys.csv")
    typed("reconcile", "B1")
    typed("table", "B1", "--format", "xlsx", "--out", folder / "units.xlsx")
    typed("ledger", "backup", folder / "copy.db")
    typed("ledger", "check")
    typed("audit", "verify")
    left = [path.name for path in FACTORY.rglob("*") if path.name.endswith((".part", ".next"))]
    assert not left
    assert b"secret" not in typed("batch", "show", "B1", "--json").out


def on_windows_labels_and_checks_of_several_processes(folder: Path) -> None:
    typed("run", "bulb", "--units", 12, "--id", "R1", "--jobs", 2)
    assert typed("batch", "show", "R1", "--json").json["file_verified"] == 12


def on_windows_documents_name_files_as_other_systems_do(folder: Path) -> None:
    """What is read on another computer has / between its names."""
    looked = [path for kind in ("*.json", "*.csv", "*.toml", "*.html") for path in FACTORY.rglob(kind)]
    assert len(looked) > 5
    for path in looked:
        text = path.read_text("utf-8")
        assert "Plant 7\\" not in text and "labels\\" not in text and "batches\\" not in text, path


def on_windows_a_name_in_another_case_is_another_name(folder: Path) -> None:
    """BULB finds bulb.toml on NTFS; units issued to it would be of a second product."""
    assert "Did you mean 'bulb'" in typed("batch", "create", "BULB", "--units", 1, "--id", "B2", code=3).err
    typed("spec", "show", "AMAZON-BSS-OB04", code=3)
    typed("template", "copy", "sheet-a4-24", "mine")
    assert "Did you mean 'mine'" in typed("labels", "B1", "--template", "MINE", "--out", folder / "again", code=3).err
    typed("labels", "b1", code=3)
    typed("product", "add", "BULB", "--pid", "ebK3", "--upc", "841667145075",
          "--public-key", FACTORY / "dev-keys" / "amazon.public.pem", code=4)  # fmt: skip
    assert {path.name for path in (FACTORY / "batches").iterdir()} == {"B1", "R1"}


def on_windows_what_is_printed_is_read_again(folder: Path) -> None:
    """A document that is printed into a file is UTF-8 with any code page of the console."""
    for page in ("cp437", "cp1252"):
        shown = typed("product", "show", "bulb", "--json", page=page).json
        assert shown["title"] == "Lampe für Büros"
        assert "Lampe für Büros" in typed("batch", "show", "B1", page=page).out.decode("utf-8")


def on_windows_a_table_has_no_empty_lines(folder: Path) -> None:
    typed("table", "B1", "--format", "csv", "--out", folder / "t.csv")
    assert b"\r\r\n" not in (folder / "t.csv").read_bytes()


def on_windows_a_report_that_is_open_in_a_program_is_told_as_open(folder: Path) -> None:
    labels = FACTORY / "batches" / "B1" / "labels"
    typed("verify", "B1", labels, "--report", folder / "report.html")
    with open(folder / "report.html", "rb"):
        done = typed("verify", "B1", labels, "--report", folder / "report.html", code=3)
    assert "another program" in done.err
    typed("verify", "B1", labels, "--report", folder / "report.html")


def on_windows_a_ledger_that_is_open_elsewhere_is_not_replaced(folder: Path) -> None:
    """A restore changes nothing while another program has the ledger open, and works when that has ended."""
    copy, ledger = folder / "copy.db", FACTORY / "ledger.db"
    typed("ledger", "backup", copy)
    intact = ledger.read_bytes()
    ledger.write_bytes(b"damaged" * 1000)
    restore = ("ledger", "restore", copy, "--skip-serials", 10, "--reason", "test")
    try:
        with open(ledger, "rb"):
            assert "another program" in typed(*restore, code=3).err
            assert ledger.read_bytes() == b"damaged" * 1000
        typed(*restore)
        typed("ledger", "check")
        intact = b""
    finally:
        if intact:  # the other stories go on
            ledger.write_bytes(intact)


def on_windows_an_order_that_its_sender_still_has_open_waits(folder: Path) -> None:
    inbox = folder / "orders"
    inbox.mkdir()
    order = inbox / "o1.csv"
    order.write_bytes(b"order,product,units\r\nPO-1,bulb,2\r\n")
    old = 1_600_000_000
    os.utime(order, (old, old))
    with open(order, "rb"):
        typed("watch-orders", inbox, "--once")
        assert order.exists() and not list(inbox.glob("*/*.json"))
    disk.kept_to_itself.add(disk.to_real(order))  # as Excel does
    typed("watch-orders", inbox, "--once")
    disk.kept_to_itself.clear()
    assert order.exists() and not list(inbox.glob("*/*.json"))
    typed("watch-orders", inbox, "--once")
    assert [path.name for path in (inbox / "results").iterdir()] == ["PO-1.json"] and not order.exists()


def on_windows_a_scanner_that_sends_noise_ends_no_station(folder: Path) -> None:
    for noise in (b"\x81\x8d\r\n", b"\xff\xfe\r\n"):
        done = typed("scan", "B1", "--json", stdin=noise, page="cp1252", code=1)
        assert done.code == 1 and json.loads(done.out.splitlines()[0])["word"] == "OTHER LABEL", done


def on_windows_names_of_devices_and_forbidden_ones_are_refused(folder: Path) -> None:
    for name in ("aux.csv", "COM1.csv", "con .csv"):
        done = typed("table", "B1", "--format", "csv", "--out", folder / name, code=3)
        assert "device" in done.err
    typed("table", "B1", "--format", "csv", "--out", f"{folder}\\units:2.csv", code=3)
    typed("batch", "create", "bulb", "--units", 1, "--id", "NUL", code=3)
    typed("product", "add", "aux", "--pid", "ebK3", "--upc", "841667145075",
          "--public-key", FACTORY / "dev-keys" / "amazon.public.pem", code=3)  # fmt: skip
    assert not list(folder.iterdir())


def on_windows_a_path_is_shown_as_it_is_typed(folder: Path) -> None:
    done = typed("inspect", folder / "none.pdf", code=3)
    assert str(folder / "none.pdf") in done.err, done.err
    done = typed("verify", "B1", folder / "no scans", code=3)
    assert f"{folder}\\no scans: " in done.err


def on_windows_advice_is_quoted_for_its_shell(folder: Path) -> None:
    """Single quotes are letters to cmd.exe."""
    done = typed("batch", "create", "lamp", "--units", 1, "--id", "Q1", code=3)
    assert f'--workspace "{FACTORY}" product add' in done.err and f"'{FACTORY}'" not in done.err


def on_windows_a_new_vault_key_takes_the_place_of_the_old(folder: Path) -> None:
    typed("vault", "rekey")
    assert typed("vault", "status").out
    typed("ledger", "check")
    typed("program", "R1", "--format", "csv", "--out", folder / "keys.csv")


def on_windows_the_log_and_the_doctor_work(folder: Path) -> None:
    typed("--log-file", folder / "log.txt", "batch", "list")
    typed("--log-file", folder / "log.txt", "batch", "list")
    assert (folder / "log.txt").read_bytes().count(b"ended") == 2
    assert b"cryptography" in typed("doctor").out


def on_windows_a_stick_numbers_its_files_anew(folder: Path) -> None:
    """A ledger on a stick with FAT is known by its machine alone: the number of its file isn't one."""
    from bss_mfg.ledger.network_drives import numbers_files, refuse_network

    assert numbers_files(folder / "ledger.db")
    disk.volumes["C:\\"] = "exFAT"
    try:
        assert not numbers_files(folder / "ledger.db")
    finally:
        disk.volumes.clear()
    refuse_network(folder / "ledger.db")


def on_windows_the_demo_is_right(folder: Path) -> None:
    typed("demo", "--out", folder / "demo", here=True)


def on_windows_a_virus_scanner_that_opens_every_new_file_delays_only(folder: Path) -> None:
    """It opens each file of the factory for a moment, all the time."""
    stop = threading.Event()

    def scan() -> None:
        while not stop.wait(0.02):
            for path in [*FACTORY.glob("*"), *FACTORY.glob("batches/*/*/*")]:
                try:
                    with open(path, "rb") as file:
                        file.read(1)
                        stop.wait(0.002)
                except OSError:
                    pass

    scanner = threading.Thread(target=scan)
    scanner.start()
    try:
        typed("batch", "create", "bulb", "--units", 2, "--id", "V1")
        typed("labels", "V1")
        typed("manifest", "V1", "--out", f"{FACTORY}\\batches\\V1\\upload\\")
    finally:
        stop.set()
        scanner.join()
