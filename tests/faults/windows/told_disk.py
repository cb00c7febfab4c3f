"""What Microsoft documents of NTFS and Win32, asked of the disk that stands for it (`disk.py`).

Pages: [names] learn.microsoft.com/windows/win32/fileio/naming-a-file
[length] learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation
[create] learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-createfilew
[delete] learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-deletefilew
[move] learn.microsoft.com/windows/win32/api/winbase/nf-winbase-movefileexw
[link] learn.microsoft.com/windows/win32/api/winbase/nf-winbase-createhardlinkw
[symlink] learn.microsoft.com/windows/win32/api/winbase/nf-winbase-createsymboliclinkw
[lock] learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-lockfile
[errors] learn.microsoft.com/windows/win32/debug/system-error-codes
[locking] learn.microsoft.com/cpp/c-runtime-library/reference/locking
"""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.windows import disk


def refused(number: int, act: object, *given: object) -> None:
    with pytest.raises(OSError) as found:
        act(*given)  # type: ignore[operator]
    assert getattr(found.value, "winerror", None) == number, found.value


def on_windows_an_open_file_is_neither_deleted_nor_moved_nor_replaced(folder: Path) -> None:
    """[create] without FILE_SHARE_DELETE "other processes can't open the file if they request delete access", and
    delete access is what deleting and renaming take; [errors] 32, and 5 for MoveFileEx onto an open target."""
    (folder / "a").write_bytes(b"a")
    (folder / "b").write_bytes(b"b")
    with open(folder / "a", "rb"):
        refused(32, os.unlink, folder / "a")
        refused(32, os.rename, folder / "a", folder / "c")
        refused(5, os.replace, folder / "b", folder / "a")
        refused(32, os.replace, folder / "a", folder / "b")
        assert (folder / "a").read_bytes() == b"a"  # reading and writing are shared
    os.replace(folder / "b", folder / "a")
    assert (folder / "a").read_bytes() == b"b"


def on_windows_who_has_a_file_open_may_be_a_library_or_another_process(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "x.db")) as database:
        database.execute("CREATE TABLE t (x)")
        refused(32, os.unlink, folder / "x.db")
    os.unlink(folder / "x.db")
    (folder / "a").write_bytes(b"a")
    code = "import sys; file = open(sys.argv[1]); print(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder / "a")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdout.readline()
        refused(32, os.unlink, folder / "a")
        other.communicate()
    os.unlink(folder / "a")


def on_windows_a_folder_with_an_open_file_is_not_moved(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "a").write_bytes(b"a")
    with open(folder / "in" / "a", "rb"):
        refused(5, os.rename, folder / "in", folder / "out")
    os.rename(folder / "in", folder / "out")


def on_windows_a_rename_never_replaces(folder: Path) -> None:
    """[move] without MOVEFILE_REPLACE_EXISTING; [errors] 183."""
    for name in "ab":
        (folder / name).write_bytes(b"")
    refused(183, os.rename, folder / "a", folder / "b")
    os.rename(folder / "a", folder / "A")  # its own name in another case
    assert sorted(os.listdir(folder)) == ["A", "b"]


def on_windows_case_is_kept_and_not_looked_at(folder: Path) -> None:
    """[names] "Do not assume case sensitivity"."""
    (folder / "Lamp.txt").write_bytes(b"x")
    assert (folder / "LAMP.TXT").read_bytes() == b"x" and os.listdir(folder) == ["Lamp.txt"]
    (folder / "lamp.TXT").write_bytes(b"y")
    assert os.listdir(folder) == ["Lamp.txt"]
    assert (folder / "lAMP.txt").resolve().name == "Lamp.txt"


def on_windows_reserved_names_are_devices(folder: Path) -> None:
    """[names] "NUL.txt and NUL.tar.gz are both equivalent to NUL"; superscript digits count."""
    for name in ("NUL", "nul.txt", "NUL.tar.gz", "aux.pdf", "COM1.txt", "con", "LPT9.x", "com¹"):
        (folder / name).write_bytes(b"lost")
        assert (folder / name).read_bytes() == b"", name
    assert os.listdir(folder) == []
    (folder / "COM10.txt").write_bytes(b"kept")
    assert os.listdir(folder) == ["COM10.txt"]


def on_windows_dots_and_blanks_at_the_end_are_dropped(folder: Path) -> None:
    """[names] "Do not end a file or directory name with a space or a period"; Win32 takes them off."""
    (folder / "a. ").write_bytes(b"x")
    assert os.listdir(folder) == ["a"] and (folder / "a").read_bytes() == b"x"


def on_windows_some_characters_are_in_no_name(folder: Path) -> None:
    """[names] < > : " / \\ | ? * and 0 to 31; [errors] 123."""
    for name in ("a<b", "a>b", 'a"b', "a|b", "a?b", "a*b", "a\x07b", "a:b"):
        refused(123, os.mkdir, f"{folder}\\{name}")
        with pytest.raises(OSError):
            Path(f"{folder}\\{name}").write_bytes(b"")
    assert os.listdir(folder) == []


def on_windows_a_path_has_259_characters(folder: Path) -> None:
    """[length] MAX_PATH is 260 with the zero at the end, and 12 less for a folder."""
    room = disk.MAX_PATH - len(str(folder)) - 1
    (folder / ("a" * room)).write_bytes(b"")
    with pytest.raises(FileNotFoundError):
        (folder / ("b" * (room + 1))).write_bytes(b"")
    refused(3, os.mkdir, folder / ("c" * (room - 11)))
    os.mkdir(folder / ("d" * (room - 12)))


def on_windows_chmod_knows_read_only_alone(folder: Path) -> None:
    """[delete] "If an application attempts to delete a file that is read-only ... ERROR_ACCESS_DENIED"; Python's
    `os.chmod`: "you can only set the file's read-only flag"."""
    (folder / "a").write_bytes(b"")
    os.chmod(folder / "a", 0o600)
    assert stat.S_IMODE(os.stat(folder / "a").st_mode) == 0o666
    os.chmod(folder / "a", 0o400)
    assert stat.S_IMODE(os.stat(folder / "a").st_mode) == 0o444
    refused(5, os.unlink, folder / "a")
    os.chmod(folder / "a", 0o600)
    os.unlink(folder / "a")


def on_windows_a_folder_is_not_opened(folder: Path) -> None:
    """[create] "You must set FILE_FLAG_BACKUP_SEMANTICS to obtain a handle to a directory", which Python doesn't."""
    for act in (lambda: os.open(folder, os.O_RDONLY), lambda: folder.read_bytes()):
        with pytest.raises(PermissionError):
            act()


def on_windows_links_take_what_not_everybody_has(folder: Path) -> None:
    """[symlink] ERROR_PRIVILEGE_NOT_HELD; [link] hard links are of NTFS, "not supported" on FAT."""
    (folder / "a").write_bytes(b"x")
    refused(1314, os.symlink, folder / "a", folder / "b")
    os.link(folder / "a", folder / "b")
    refused(183, os.link, folder / "a", folder / "b")
    there = Path(disk.to_windows(disk.disk.stick))
    (there / "a").write_bytes(b"x")
    refused(50, os.link, there / "a", there / "b")


def on_windows_locks_are_of_bytes_and_keep_reading_out(folder: Path) -> None:
    """[lock] "denies all other processes both read and write access" to these bytes; [locking] of a handle,
    past the end too, and gone when it is closed."""
    first = os.open(folder / "a", os.O_RDWR | os.O_CREAT)
    os.write(first, b"0123456789")
    other = os.open(folder / "a", os.O_RDWR)
    os.lseek(first, 2, os.SEEK_SET)
    disk.lock_bytes(first, 3)
    with pytest.raises(PermissionError):
        disk.lock_bytes(other, 3)
    assert os.read(other, 2) == b"01"
    refused(33, os.read, other, 1)
    os.lseek(other, 1 << 30, os.SEEK_SET)
    disk.lock_bytes(other, 1)
    os.close(first)
    os.lseek(other, 2, os.SEEK_SET)
    assert os.read(other, 3) == b"234"
    os.close(other)


def on_windows_text_is_of_the_code_page_and_lines_end_with_cr_lf(folder: Path) -> None:
    with open(folder / "a", "w") as file:
        file.write("é\n")
    assert (folder / "a").read_bytes() == b"\xe9\r\n"
    with pytest.raises(UnicodeEncodeError), open(folder / "b", "w") as file:
        file.write("Ж")
