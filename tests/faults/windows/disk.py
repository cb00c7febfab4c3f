"""A disk that behaves like one of Windows, on this computer: names, sharing and rights as NTFS and Win32 have them.

`mount` replaces the functions of `os` and `io` of this process. Paths are Windows' (`C:\\work\\x`; `C:\\` is `/`), and
below the folder that was mounted these hold, as Microsoft documents them:

- Names: reserved devices, forbidden characters, dots and spaces at the end, folded case, 259 characters at most
  (learn.microsoft.com/windows/win32/fileio/naming-a-file, .../maximum-file-path-limitation).
- Sharing: Python opens files without FILE_SHARE_DELETE, so an open file is neither deleted, nor moved, nor replaced
  (.../fileapi/nf-fileapi-createfilew, "dwShareMode"; .../nf-winbase-movefileexw). Who has a file open, the system
  is asked: so what SQLite or any other library has open counts, in each process of the run.
- Rights: `chmod` knows read-only alone, and what is read-only can't be deleted (.../fileapi/nf-fileapi-deletefilew);
  folders can't be opened (CreateFile without FILE_FLAG_BACKUP_SEMANTICS); no symbolic links without their right
  (.../nf-winbase-createsymboliclinkw).
- Locks are of bytes, and mandatory (.../fileapi/nf-fileapi-lockfile).
- Text without a named encoding is of the system's code page, its lines end with CR LF.

`test_disk.py` holds this against the pages.
"""

from __future__ import annotations

import builtins
import ctypes
import errno
import fcntl
import io
import ntpath
import os
import pathlib
import re
import shutil
import sqlite3
import stat
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

real = SimpleNamespace(**{name: getattr(os, name) for name in dir(os) if not name.startswith("__")}, io_open=io.open)
"""The functions of this computer's own system."""

ACCESS_DENIED, SHARING_VIOLATION, LOCK_VIOLATION = 5, 32, 33
FILE_NOT_FOUND, PATH_NOT_FOUND, NOT_SUPPORTED, ALREADY_EXISTS, INVALID_NAME = 2, 3, 50, 183, 123
PRIVILEGE_NOT_HELD, DIR_NOT_EMPTY = 1314, 145
MAX_PATH, MAX_FOLDER = 259, 247
"""Characters that a path may have, of a folder 12 less: MAX_PATH counts the zero at the end."""
_ERRNO = {
    ACCESS_DENIED: errno.EACCES,
    SHARING_VIOLATION: errno.EACCES,
    LOCK_VIOLATION: errno.EACCES,
    FILE_NOT_FOUND: errno.ENOENT,
    PATH_NOT_FOUND: errno.ENOENT,
    NOT_SUPPORTED: errno.EINVAL,
    ALREADY_EXISTS: errno.EEXIST,
    INVALID_NAME: errno.EINVAL,
    PRIVILEGE_NOT_HELD: errno.EINVAL,
    DIR_NOT_EMPTY: errno.ENOTEMPTY,
}
"""What Python makes of Windows' numbers (PC/errmap.h)."""
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ .]*(\..*)?")
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
_DRIVE = re.compile(r"[A-Za-z]:")
_OFD_GETLK, _OFD_SETLK = 36, 37  # fcntl.F_OFD_*, which Python 3.11 does not name
_FLOCK = "hhqqi4x"


@dataclass(frozen=True, slots=True)
class Disk:
    """What is mounted: where NTFS holds (a real path), and where no hard links are (a stick with FAT)."""

    root: str
    stick: str
    processes: str
    """A folder with a file for each process of the run, named by its number."""

    def holds(self, path: str) -> bool:
        return path == self.root or path.startswith(self.root + "/")


disk = Disk("/nowhere", "/nowhere", "/nowhere")


def refusal(number: int, path: Any = None, other: Any = None) -> OSError:
    """Windows' refusal as Python raises it."""
    kind = type(OSError(_ERRNO[number], ""))
    error = kind(_ERRNO[number], f"[WinError {number}]", path, None, other)
    error.winerror = number  # type: ignore[attr-defined]
    return error


def to_windows(path: str) -> str:
    """The Windows path of a real one."""
    return "C:" + path.replace("/", "\\") if path.startswith("/") else path.replace("/", "\\")


def to_real(path: Any, *, folder: bool = False) -> Any:
    """The real path of what a program names; handles stay as they are. Refuses names that Windows refuses."""
    if path is None or isinstance(path, int):
        return path
    named = os.fspath(path)
    text = os.fsdecode(named)
    if text.startswith("\\\\?\\"):
        text = text[4:]
    text = text.replace("\\", "/")
    if _DRIVE.match(text):
        if text[0] not in "Cc":
            raise refusal(PATH_NOT_FOUND, named)
        text = text[2:]
    whole = text if text.startswith("/") else f"{real.getcwd()}/{text}"
    # Python's and the system's own files have the names that they have.
    if not disk.holds(_plain(whole)):
        return text
    whole = _plain(whole)
    if len(to_windows(whole)) > (MAX_FOLDER if folder else MAX_PATH):
        raise refusal(PATH_NOT_FOUND, named)
    here = disk.root
    for part in whole[len(disk.root) :].split("/")[1:]:
        if _DEVICE.fullmatch(part):
            return "/dev/null"
        if _FORBIDDEN.search(part):
            raise refusal(INVALID_NAME, named)
        here = f"{here}/{_as_stored(here, part.rstrip('. '))}"
    return here


def _plain(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _as_stored(folder: str, name: str) -> str:
    """The entry that is this name but for its case."""
    try:
        real.lstat(f"{folder}/{name}")
        return name
    except OSError:
        pass
    try:
        entries = real.listdir(folder)
    except OSError:
        return name
    folded = name.upper()
    return next((entry for entry in entries if entry.upper() == folded), name)


def _mode(path: str) -> int:
    """The real mode of a path; 0 where nothing is."""
    try:
        return real.stat(path).st_mode
    except OSError:
        return 0


def _is_there(path: str) -> bool:
    try:
        real.lstat(path)
    except OSError:
        return False
    return True


def is_open(path: str) -> bool:
    """Whether a process of the run has a file open, or as memory."""
    try:
        wanted = real.stat(path)
    except OSError:
        return False
    for number in real.listdir(disk.processes):
        try:
            handles = real.listdir(f"/proc/{number}/fd")
            maps = real.io_open(f"/proc/{number}/maps", encoding="utf-8", errors="replace").read()
        except OSError:
            continue  # it has ended
        if any(line.endswith(" " + path) for line in maps.splitlines()):
            return True
        for handle in handles:
            with suppress(OSError):
                found = real.stat(f"/proc/{number}/fd/{handle}")
                if (found.st_ino, found.st_dev) == (wanted.st_ino, wanted.st_dev):
                    return True
    return False


def _require_closed(path: str, named: Any, number: int = SHARING_VIOLATION) -> None:
    """Neither a file, nor one in a folder, is open."""
    if not disk.holds(path):
        return
    if stat.S_ISDIR(_mode(path)):
        for name in real.listdir(path):
            _require_closed(f"{path}/{name}", named, ACCESS_DENIED)
    elif is_open(path) or path in kept_to_itself:
        raise refusal(number, named)


def _require_writable(path: str, named: Any) -> None:
    if disk.holds(path) and stat.S_ISREG(_mode(path)) and not _mode(path) & stat.S_IWUSR:
        raise refusal(ACCESS_DENIED, named)


def _shown(found: os.stat_result) -> os.stat_result:
    """Windows' mode: read-only or not; everybody is owner 0."""
    kind, (values, more) = found.__reduce__()  # type: ignore[misc]
    mode = stat.S_IFMT(found.st_mode)
    rights = 0o666 if found.st_mode & stat.S_IWUSR else 0o444
    if mode == stat.S_IFDIR:
        rights = 0o777
    return kind((mode | rights, *values[1:4], 0, 0, *values[6:]), more)


def _stat(path: Any, *, dir_fd: Any = None, follow_symlinks: bool = True) -> os.stat_result:
    where = to_real(path)
    try:
        found = real.stat(where, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
    except FileNotFoundError as error:
        raise _not_found(error, path) from None
    return _shown(found) if isinstance(where, int) or disk.holds(_absolute(where)) else found


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"{real.getcwd()}/{path}"


def _not_found(error: OSError, named: Any) -> OSError:
    found = FileNotFoundError(errno.ENOENT, "[WinError 2]", os.fspath(named))
    found.winerror = FILE_NOT_FOUND  # type: ignore[attr-defined]
    return found


def _lstat(path: Any, *, dir_fd: Any = None) -> os.stat_result:
    return _stat(path, dir_fd=dir_fd, follow_symlinks=False)


kept_to_itself: set[str] = set()
"""Files that a program has open for itself alone, as Excel does (dwShareMode 0); real paths."""


def _to_open(path: Any) -> Any:
    """As `to_real`. What opens a file is the C library: its refusals have no number of Windows'."""
    try:
        where = to_real(path)
    except OSError as error:
        raise type(error)(error.errno, os.strerror(error.errno or 0), os.fspath(path)) from None
    if where in kept_to_itself:
        raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
    return where


def _open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: Any = None) -> int:
    where = _to_open(path)
    if flags & real.O_TMPFILE == real.O_TMPFILE:  # stands for O_TEMPORARY, which Python takes there
        return real.open(where, flags, mode)
    if isinstance(where, str) and disk.holds(_absolute(where)):
        if stat.S_ISDIR(_mode(where)):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        if flags & real.O_ACCMODE != os.O_RDONLY or flags & (os.O_TRUNC | os.O_CREAT):
            if flags & real.O_ACCMODE != os.O_RDONLY:
                _require_writable(where, path)
            mode = 0o600 if mode & stat.S_IWUSR else 0o400
    return real.open(where, flags, mode, dir_fd=dir_fd)


def _mkdir(path: Any, mode: int = 0o777, *, dir_fd: Any = None) -> None:
    where = to_real(path, folder=True)
    if disk.holds(_absolute(where)) and _is_there(where):
        raise refusal(ALREADY_EXISTS, path)
    real.mkdir(where, mode, dir_fd=dir_fd)


def _unlink(path: Any, *, dir_fd: Any = None) -> None:
    where = to_real(path)
    if disk.holds(_absolute(where)):
        if stat.S_ISDIR(_mode(where)):
            raise refusal(ACCESS_DENIED, path)
        _require_writable(where, path)
        _require_closed(where, path)
    real.unlink(where, dir_fd=dir_fd)


def _rmdir(path: Any, *, dir_fd: Any = None) -> None:
    real.rmdir(to_real(path), dir_fd=dir_fd)


def _rename(source: Any, target: Any, **_: Any) -> None:
    """MoveFileEx without MOVEFILE_REPLACE_EXISTING."""
    old, new = to_real(source), to_real(target)
    if not disk.holds(_absolute(new)):
        return real.rename(old, new)
    if _is_there(new) and not _same(old, new):
        raise refusal(ALREADY_EXISTS, source, target)
    _require_closed(old, source)
    return real.rename(old, _with_case(new, target))


def _replace(source: Any, target: Any, **_: Any) -> None:
    """MoveFileEx with MOVEFILE_REPLACE_EXISTING."""
    old, new = to_real(source), to_real(target)
    if not disk.holds(_absolute(new)):
        return real.replace(old, new)
    _require_closed(old, source)
    if stat.S_ISDIR(_mode(new)):
        raise refusal(ACCESS_DENIED, source, target)
    if not _same(old, new):
        _require_writable(new, target)
        _require_closed(new, target, ACCESS_DENIED)
    return real.replace(old, _with_case(new, target))


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samestat(real.lstat(one), real.lstat(other))
    except OSError:
        return False


def _with_case(found: str, named: Any) -> str:
    """A file that is moved gets the name in the case that was asked for."""
    last = ntpath.basename(os.fspath(named)).rstrip(". ")
    folder = found.rsplit("/", 1)[0]
    return f"{folder}/{last}" if found.rsplit("/", 1)[1].upper() == last.upper() else found


def _link(source: Any, target: Any, **_: Any) -> None:
    """CreateHardLink, which NTFS has and FAT has not."""
    old, new = to_real(source), to_real(target)
    if _absolute(new).startswith(disk.stick + "/"):
        raise refusal(NOT_SUPPORTED, source, target)
    if disk.holds(_absolute(new)) and _is_there(new):
        raise refusal(ALREADY_EXISTS, source, target)
    real.link(old, new)


def _symlink(source: Any, target: Any, *_: Any, **__: Any) -> None:
    raise refusal(PRIVILEGE_NOT_HELD, source, target)


def _chmod(path: Any, mode: int, **_: Any) -> None:
    where = to_real(path)
    if isinstance(where, str) and disk.holds(_absolute(where)):
        if not stat.S_ISDIR(_mode(where)):
            real.chmod(where, 0o600 if mode & stat.S_IWUSR else 0o400)
        return
    real.chmod(where, mode)


class _Entry:
    """An entry of a folder, with its path as the folder was named."""

    def __init__(self, entry: os.DirEntry[str], path: str) -> None:
        self._entry, self.name, self.path = entry, entry.name, path
        self.is_dir, self.is_file, self.is_symlink = entry.is_dir, entry.is_file, entry.is_symlink
        self.inode = entry.inode

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return _shown(self._entry.stat(follow_symlinks=follow_symlinks))

    def __fspath__(self) -> str:
        return self.path


class _Entries:
    """What `os.scandir` gives."""

    def __init__(self, path: Any) -> None:
        self._named = os.fspath(path)
        self._all = real.scandir(to_real(path))

    def __iter__(self) -> Iterator[Any]:
        for entry in self._all:
            yield _Entry(entry, ntpath.join(self._named, entry.name))

    def __next__(self) -> Any:
        entry = next(self._all)
        return _Entry(entry, ntpath.join(self._named, entry.name))

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *_: object) -> None:
        self._all.close()

    close = __exit__


def _scandir(path: Any = ".") -> Any:
    if isinstance(path, int | bytes):
        return real.scandir(path)
    return _Entries(path)


def _read(handle: int, count: int) -> bytes:
    require_unlocked(handle, count)
    return real.read(handle, count)


def _write(handle: int, data: Any) -> int:
    require_unlocked(handle, memoryview(data).nbytes)
    return real.write(handle, data)


def require_unlocked(handle: int, count: int) -> None:
    """A read or write of bytes that another handle has locked is refused, not only another's lock."""
    try:
        at = real.lseek(handle, 0, os.SEEK_CUR)
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, at, max(count, 1), 0)
        kind = struct.unpack(_FLOCK, fcntl.fcntl(handle, _OFD_GETLK, asked))[0]
    except OSError:
        return  # a pipe, or opened for reading only
    if kind != fcntl.F_UNLCK:
        raise refusal(LOCK_VIOLATION)


def lock_bytes(handle: int, count: int, *, kind: int = fcntl.F_WRLCK) -> None:
    """Lock or free bytes from where the handle stands, as `msvcrt.locking` does; of this handle, and gone with it."""
    at = real.lseek(handle, 0, os.SEEK_CUR)
    try:
        fcntl.fcntl(handle, _OFD_SETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, at, count, 0))
    except OSError as error:
        raise PermissionError(errno.EACCES, "Permission denied") from error


def _io_open(file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
             newline: Any = None, closefd: bool = True, opener: Any = None) -> Any:  # fmt: skip
    where = _to_open(file)
    ours = isinstance(where, int) or disk.holds(_absolute(where))
    if ours and "b" not in mode:
        if encoding in (None, "locale"):
            encoding = code_page
        if newline is None and set(mode) & set("wax+"):
            newline = "\r\n"
    if isinstance(where, str) and ours and opener is None:
        if stat.S_ISDIR(_mode(where)):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(file))
        if set(mode) & set("wa+"):
            _require_writable(where, file)
        if "w" in mode and _is_there(where) and where in real.io_open("/proc/self/maps").read():
            raise OSError(errno.EINVAL, "Invalid argument", os.fspath(file))  # ERROR_USER_MAPPED_FILE
    return real.io_open(where, mode, buffering, encoding, errors, newline, closefd, opener)


code_page = "cp1252"
volumes: dict[str, str] = {}
"""Drives that have another file system than NTFS."""


def _realpath(path: Any, *, strict: bool = False) -> str:
    """GetFinalPathName: absolute, and each part in the case in which it is stored."""
    text = ntpath.abspath(path)
    try:
        found = to_real(text)
    except OSError:
        if strict:
            raise
        return text
    if found == "/dev/null":
        return "\\\\.\\" + ntpath.basename(text)
    if strict:
        real.stat(found)
    return to_windows(found) if disk.holds(found) else text


def _sqlite_connect(database: Any, *arguments: Any, **options: Any) -> Any:
    text = os.fspath(database)
    if isinstance(text, str) and text.startswith("file:"):
        path, mark, rest = text.partition("?")
        database = f"file:{to_real(path.removeprefix('file:///'))}{mark}{rest}"
    elif text != ":memory:":
        database = to_real(database)
    return _real_connect(database, *arguments, **options)


_real_connect, _real_dlopen = sqlite3.connect, ctypes._dlopen  # type: ignore[attr-defined]

_PATCHED: dict[str, Any] = {
    "stat": _stat, "lstat": _lstat, "open": _open, "mkdir": _mkdir, "unlink": _unlink, "remove": _unlink,
    "rmdir": _rmdir, "rename": _rename, "replace": _replace, "link": _link, "symlink": _symlink, "chmod": _chmod,
    "scandir": _scandir, "read": _read, "write": _write,
    "listdir": lambda path=".": real.listdir(to_real(path)),
    "access": lambda path, mode, **_: real.access(to_real(path), mode),
    "utime": lambda path, *given, **more: real.utime(to_real(path), *given, **more),
    "truncate": lambda path, length: real.truncate(to_real(path), length),
    "chdir": lambda path: real.chdir(to_real(path)),
    "statvfs": lambda path: real.statvfs(to_real(path)),
    "getcwd": lambda: to_windows(real.getcwd()),
}  # fmt: skip


class WindowsOs(ModuleType):
    """`os` as a program sees it on Windows: what is POSIX's alone is missing."""

    name, sep, altsep, linesep, pathsep, devnull = "nt", "\\", "/", "\r\n", ";", "nul"
    path = ntpath
    O_BINARY, O_NOINHERIT, O_TEXT = 0, 0, 0
    _MISSING = frozenset(
        [
            "fork",
            "forkpty",
            "getuid",
            "geteuid",
            "getgid",
            "getegid",
            "getgroups",
            "chown",
            "lchown",
            "fchown",
            "fchmod",
            "fchdir",
            "setsid",
            "setuid",
            "setgid",
            "getpgid",
            "setpgid",
            "getpgrp",
            "killpg",
            "nice",
            "mkfifo",
            "mknod",
            "uname",
            "sync",
            "statvfs",
            "fstatvfs",
            "sched_getaffinity",
            "sysconf",
            "pread",
            "pwrite",
            "register_at_fork",
            "set_blocking",
            "initgroups",
            "chroot",
            "ttyname",
            "ctermid",
            "wait",
            "wait3",
            "wait4",
            "WNOHANG",
            "getxattr",
            "setxattr",
            "openpty",
            "O_NOFOLLOW",
            "O_NONBLOCK",
            "O_CLOEXEC",
            "O_DIRECTORY",
            "O_NOCTTY",
            "O_SYNC",
            "O_DSYNC",
            "O_TMPFILE",
            "O_PATH",
            "O_ACCMODE",
            "fdatasync",
            "posix_fadvise",
            "posix_fallocate",
            "copy_file_range",
            "sendfile",
            "memfd_create",
            "pipe2",
            "lchmod",
            "confstr",
            "getloadavg",
        ]
    )

    def __getattr__(self, name: str) -> Any:
        if name in self._MISSING:
            raise AttributeError(f"module 'os' has no attribute {name!r} on Windows")
        return getattr(os, name)


windows_os = WindowsOs("os")


def mount(root: str, processes: str) -> None:
    """From now on this process lives on Windows, for all that lies below `root`."""
    global disk
    real.makedirs(f"{root}/stick", exist_ok=True)
    real.makedirs(f"{root}/temp", exist_ok=True)
    disk = Disk(root, f"{root}/stick", processes)
    real.io_open(f"{processes}/{real.getpid()}", "w").close()
    tempfile.tempdir = f"{root}/temp"
    for name, function in _PATCHED.items():
        setattr(os, name, function)
    os.supports_fd = set()
    io.open = builtins.open = _io_open  # type: ignore[assignment]
    sqlite3.connect = _sqlite_connect
    ctypes._dlopen = lambda name, mode: _real_dlopen(name and to_real(name), mode)  # type: ignore[attr-defined]
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    shutil.rmtree.avoids_symlink_attacks = False  # type: ignore[attr-defined]
    ntpath.realpath, ntpath.os = _realpath, windows_os  # type: ignore[assignment, attr-defined]
    ntpath.samefile = lambda one, other: os.path.samestat(_stat(one), _stat(other))
    _windows_paths()


def _windows_paths() -> None:
    """`pathlib.Path` makes paths of Windows."""
    home: Any = sys.modules[pathlib.Path.__module__]
    home.os = windows_os
    if hasattr(home, "_windows_flavour"):  # Python 3.11
        home._windows_flavour.is_supported = True
    for kind in (pathlib.WindowsPath,):
        if "__new__" in vars(kind):  # refuses to be made elsewhere than on Windows
            del kind.__new__
