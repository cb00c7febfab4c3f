"""Stories of files on Windows: what writes, moves and deletes them, on a disk that behaves as theirs does.

Each is run in a process that lives on Windows (`teller.py`), in an empty folder.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path, PureWindowsPath

import pytest

from bss_mfg.cli.streams import patient_streams
from bss_mfg.core import shared_lock, waiting_locks
from bss_mfg.core.csv_tables import CsvRows
from bss_mfg.core.files import (
    build_atomically,
    destroy,
    leftover_files,
    leftover_of,
    move_aside,
    move_exclusively,
    read_bytes,
    read_text,
    remove_file,
    remove_leftover,
    write_atomically,
)
from bss_mfg.core.folders import move_into, require_free_name
from bss_mfg.core.named_paths import is_plain_name, path_inside
from bss_mfg.core.spool import Spool
from bss_mfg.core.temporary_files import temporary_files
from bss_mfg.core.windows_names import is_windows_device
from bss_mfg.errors import BssError, InputError, LedgerError, RefusedError
from tests.faults.windows import disk


def stick(folder: Path) -> Path:
    """A folder on a stick with FAT, which has no hard links."""
    made = Path(disk.to_windows(disk.disk.stick)) / folder.name
    made.mkdir()
    return made


def on_windows_paths_are_those_of_windows(folder: Path) -> None:
    assert isinstance(folder, PureWindowsPath) and folder.drive == "C:" and "\\" in str(folder)
    assert os.name == "nt" and sys.platform == "win32"
    with pytest.raises(ImportError):
        import fcntl  # noqa: F401


def on_windows_a_file_is_written_once_and_replaced(folder: Path) -> None:
    write_atomically(folder / "sheet.pdf", [b"one"])
    with pytest.raises(RefusedError):
        write_atomically(folder / "SHEET.PDF", [b"two"])
    write_atomically(folder / "sheet.pdf", [b"two"], replace=True)
    assert read_bytes(folder / "Sheet.pdf", "sheet") == b"two"
    assert [path.name for path in folder.iterdir()] == ["sheet.pdf"]


def on_windows_a_file_that_somebody_looks_at_for_a_moment_is_replaced(folder: Path) -> None:
    """A virus scanner, an indexer, another command that reads: they close it soon."""
    path = folder / "ledger.issued"
    write_atomically(path, [b"1"])
    scanner = open(path, "rb")  # noqa: SIM115
    threading.Timer(0.3, scanner.close).start()
    write_atomically(path, [b"2"], replace=True)
    assert read_bytes(path, "note") == b"2"


def on_windows_a_file_that_somebody_looks_at_for_a_moment_is_deleted(folder: Path) -> None:
    for end in (
        remove_file,
        destroy,
        lambda path: move_aside(path, ".old"),
        lambda path: move_into(path, folder / "in"),
    ):
        path = folder / "order.csv"
        write_atomically(path, [b"1"])
        scanner = open(path, "rb")  # noqa: SIM115
        threading.Timer(0.3, scanner.close).start()
        end(path)
        assert not path.exists()


def on_windows_a_report_that_is_open_is_told_as_open(folder: Path) -> None:
    path = folder / "report.html"
    write_atomically(path, [b"old"])
    with open(path, "rb"), pytest.raises(BssError, match="another program"):
        write_atomically(path, [b"new"], replace=True)
    assert read_bytes(path, "report") == b"old"
    assert [entry.name for entry in folder.iterdir()] == ["report.html"]
    with open(path, "rb"), pytest.raises(BssError, match="another program"):
        remove_file(path)


def on_windows_what_a_killed_command_left_is_zeros_before_it_is_deleted(folder: Path) -> None:
    path = folder / "keys.csv"
    code = """
import os, sys
from pathlib import Path
from bss_mfg.core.files import write_atomically
def pieces():
    yield b"secret" * 4096
    os._exit(9)
write_atomically(Path(sys.argv[1]), pieces())
"""
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 9
    left = leftover_of(path)
    assert left is not None and b"secret" in left.read_bytes()
    witness = disk.real.open(disk.to_real(left), os.O_RDONLY | os.O_EXCL)
    was_open, disk.is_open = disk.is_open, lambda path: False  # nobody but this test sees its witness
    try:
        assert remove_leftover(left)
    finally:
        disk.is_open = was_open
    assert set(disk.real.read(witness, 1 << 20)) == {0}
    disk.real.close(witness)
    assert not leftover_files(folder)


def on_windows_a_file_that_is_being_written_is_left_alone(folder: Path) -> None:
    path = folder / "keys.csv"

    def pieces():  # type: ignore[no-untyped-def]
        yield b"mine" * 4096
        with pytest.raises(LedgerError):
            write_atomically(path, [b"other's"])
        left = leftover_of(path)
        assert left is not None and not remove_leftover(left)

    write_atomically(path, pieces())
    assert read_bytes(path, "keys") == b"mine" * 4096


def on_windows_a_stick_without_hard_links_takes_a_file_once(folder: Path) -> None:
    there = stick(folder)
    write_atomically(there / "keys.csv", [b"one"])
    with pytest.raises(RefusedError):
        write_atomically(there / "keys.csv", [b"two"])
    (there / "other.csv").write_bytes(b"two")
    with pytest.raises(RefusedError):
        move_exclusively(there / "other.csv", there / "keys.csv")
    (there / "in").mkdir()
    (there / "in" / "other.csv").write_bytes(b"not two")
    assert move_into(there / "other.csv", there / "in").name == "other-1.csv"


def on_windows_names_of_devices_are_known(folder: Path) -> None:
    for name in (
        "NUL",
        "aux.pdf",
        "COM1.txt",
        "con .txt",
        "LPT1 ",
        "com¹",
        "LPT³.csv",
        "CONIN$",
        "conout$.txt",
        "nul..x",
    ):
        assert is_windows_device(name), name
    for name in ("NULL", "COM10", "auxiliary.pdf", "A.nul", "COM"):
        assert not is_windows_device(name), name


def on_windows_no_file_is_written_into_a_device(folder: Path) -> None:
    made = []

    def pieces():  # type: ignore[no-untyped-def]
        made.append(1)
        yield b"x"

    for name in ("aux.pdf", "NUL", "COM1.txt", "con .csv"):
        with pytest.raises(InputError, match="device"):
            write_atomically(folder / name, pieces(), replace=True)
        with pytest.raises(InputError, match="device"):
            build_atomically(folder / name, lambda path: made.append(1))
    assert not made and not list(folder.iterdir())


def on_windows_a_name_that_cannot_be_is_told_before_anything_is_made(folder: Path) -> None:
    for name in ("report:1.pdf", "what?.csv", "a*b", "<x>", 'say "hi".txt', "a|b", "end.", "end ", "tab\t.csv"):
        with pytest.raises(InputError, match="Windows"):
            write_atomically(folder / name, [b"x"])
        assert not list(folder.iterdir()), name


def on_windows_a_path_that_is_too_long_is_called_so(folder: Path) -> None:
    long = folder / ("x" * (disk.MAX_PATH - len(str(folder)) - 6))
    with pytest.raises(InputError, match="too long"):
        write_atomically(long / "report.html", [b"x"])
    # One that fits is written, though its temporary file has a longer name.
    near = folder / ("n" * (disk.MAX_PATH - len(str(folder)) - 1))
    write_atomically(near, [b"fits"])
    assert read_bytes(near, "file") == b"fits"


def on_windows_a_folder_in_the_place_of_a_file_is_called_a_folder(folder: Path) -> None:
    (folder / "scans").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        read_bytes(folder / "scans", "picture")


def on_windows_names_out_of_files_of_others_are_names_everywhere(folder: Path) -> None:
    odd = ["aux.pdf", "NUL", "com1.svg", "logo.svg.", "logo.svg ", "a:b", "C:x", "\\\\server\\x", "..\\x", "x\\y"]
    for name in [*odd, *(f"a{character}b" for character in '?*|<>"')]:
        assert not is_plain_name(name), name
        with pytest.raises(InputError):
            path_inside(folder, name, "artwork", folder / "t.toml")
    path_inside(folder, "logo.svg", "artwork", folder / "t.toml")
    path_inside(folder, "art/logo.svg", "artwork", folder / "t.toml")


def on_windows_two_names_that_differ_in_case_are_one(folder: Path) -> None:
    (folder / "Lamp.toml").write_bytes(b"")
    with pytest.raises(RefusedError):
        require_free_name(folder / "lamp.toml")


def on_windows_locks_of_bytes_keep_others_out(folder: Path) -> None:
    lock = folder / "x.lock"
    with waiting_locks.waiting_lock(lock), pytest.raises(LedgerError), waiting_locks.waiting_lock(lock, 0.05):
        pass
    with waiting_locks.waiting_lock(lock, 0.05):
        pass
    brief = shared_lock.Patience(limit=0.05)
    with shared_lock.shared_lock(lock, "keys", alone=False, patience=brief):
        with shared_lock.shared_lock(lock, "keys", alone=False, patience=brief):
            pass
        with pytest.raises(LedgerError), shared_lock.shared_lock(lock, "keys", alone=True, patience=brief):
            pass
    name = folder / "B1.labels"
    with waiting_locks.name_lock(name, "busy", 0.05), pytest.raises(LedgerError):
        waiting_locks.name_lock(name, "busy", 0.05).__enter__()
    assert [path.name for path in folder.iterdir()] == ["x.lock"]


def on_windows_what_is_set_aside_and_what_libraries_read_is_gone_afterwards(folder: Path) -> None:
    with Spool[int](folder) as spool:
        for number in range(1000):
            spool.add(number)
        assert list(spool) == list(range(1000))
    with temporary_files({"a.ttf": b"x"}) as there:
        assert (there / "a.ttf").read_bytes() == b"x"
    assert not list(folder.iterdir()) and not there.exists()


def on_windows_a_library_that_keeps_a_temporary_file_open_breaks_nothing(folder: Path) -> None:
    with temporary_files({"a.ttf": b"x"}) as there:
        kept = open(there / "a.ttf", "rb")  # noqa: SIM115
    kept.close()


def on_windows_text_with_cr_lf_is_read(folder: Path) -> None:
    (folder / "units.csv").write_bytes(b"\xef\xbb\xbfserial,mac\r\nA1,001122334455\r\n")
    assert read_text(folder / "units.csv", "table").splitlines() == ["serial,mac", "A1,001122334455"]
    assert list(CsvRows(folder / "units.csv", "table of units")) == [
        (1, ["serial", "mac"]),
        (2, ["A1", "001122334455"]),
    ]


def on_windows_what_is_printed_into_a_file_is_utf_8(folder: Path) -> None:
    for page in ("cp437", "cp1252"):
        with open(folder / page, "wb") as file:
            before = sys.stdout
            sys.stdout = io.TextIOWrapper(file, encoding=page, errors="strict", newline="\r\n")
            try:
                with patient_streams():
                    sys.stdout.write("title = 'Ж é 灯'\n")
            finally:
                sys.stdout = before
        assert (folder / page).read_bytes().decode("utf-8").split() == ["title", "=", "'Ж", "é", "灯'"], page


def on_windows_time_is_not_lost_on_what_cannot_be(folder: Path) -> None:
    """What isn't there, or is a folder's right, is refused at once: only what is open is waited for."""
    begun = time.monotonic()
    with pytest.raises(BssError):
        move_aside(folder / "none", ".old")
    remove_file(folder / "none")
    assert time.monotonic() - begun < 0.2
