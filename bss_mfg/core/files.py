"""The only place that writes a file: atomic, private, never over something else by accident.

Exports are written to a temporary file beside their target, fsynced, put in place by one rename or link, and the
folder is fsynced: after a power cut the target is the old one or the new one, never a torn one.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO

from bss_mfg.core.busy_files import when_closed
from bss_mfg.core.files_to_read import open_to_read
from bss_mfg.core.group_modes import give_file_to_group, give_folder_to_group
from bss_mfg.core.system_locks import try_lock
from bss_mfg.core.windows_names import is_windows_device, trouble_on_windows
from bss_mfg.errors import InputError, LedgerError, Location, RefusedError, from_os_error

_log = logging.getLogger(__name__)

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def require_safe_name(name: str, what: str) -> str:
    """`name` if it is safe as a file name on every system, else an `InputError`.

    Letters, digits, `.`, `_` and `-`, at most 64, starting with a letter or digit; no `..`, no trailing dot, no
    Windows device name.
    """
    if not _NAME.fullmatch(name) or ".." in name or name.endswith(".") or is_windows_device(name):
        raise InputError(
            f"{name[:80]!r} can't be used as the {what}",
            way_out="Windows keeps that name for a device: take another."
            if is_windows_device(name)
            else "Use up to 64 of the letters A to Z and a to z, digits, '.', '_' and '-'; begin with a letter or "
            "digit, and neither end with '.' nor use '..'.",
        )
    return name


def read_bytes(path: Path, what: str, limit: int = 64 << 20) -> bytes:
    """The content of a file of at most `limit` bytes, or of a pipe that the shell has opened for us."""
    with open_to_read(path, what, pipes=True) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            _log.info("reading %s (%s, %d bytes)", path, what, size)
            # A file may grow while it is read, and those of /proc say that they are empty.
            data = file.read(limit + 1) if size <= limit else b""
        except OSError as error:
            raise from_os_error(error, f"reading the {what}", path) from error
    size = max(size, len(data))
    if size > limit:
        raise InputError(
            f"the {what} has {size:,} bytes, more than the {limit:,} allowed"
            if size > limit + 1
            else f"the {what} has more than the {limit:,} bytes allowed",
            where=path,
            way_out="Check that this is the right file.",
        )
    return data


def read_text(path: Path, what: str) -> str:
    """The content of a UTF-8 file; a byte order mark at the start is dropped."""
    data = read_bytes(path, what)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"the {what} is not UTF-8 text", where=Location(str(path), line), way_out="Save it as UTF-8."
        ) from error


LOG_MARK = b"# log of bss-mfg\n"
"""The first line of a log file: what has no such line is never added to."""


def open_log(path: Path) -> TextIO:
    """A log file (0600, a group's 0660) to add lines to, new or begun before. `RefusedError` where it is no log of
    bss-mfg."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    except OSError as error:
        raise from_os_error(error, "opening the log file", path) from error
    give_file_to_group(handle, path)
    begins = os.read(handle, len(LOG_MARK)) if stat.S_ISREG(os.fstat(handle).st_mode) else b"-"
    if not begins:
        os.write(handle, LOG_MARK)
    elif begins != LOG_MARK:
        os.close(handle)
        raise RefusedError(
            "is not a log file of bss-mfg, so nothing was added to it",
            where=path,
            way_out="Name a new file, or one that an earlier --log-file has made.",
        )
    return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace", newline="\n")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex, read in pieces."""
    digest = hashlib.sha256()
    _log.debug("reading %s for its digest", path)
    with open_to_read(path, "file") as file:
        try:
            while piece := file.read(1 << 20):
                digest.update(piece)
        except OSError as error:
            raise from_os_error(error, "reading", path) from error
    return digest.hexdigest()


def free_bytes(folder: Path) -> int:
    """Room that is left on the disk of a folder."""
    return shutil.disk_usage(folder).free


def iter_files(folder: Path) -> Iterator[Path]:
    """Every file in a folder, and deeper, in no order, without holding their names; what is still being written is
    left out."""
    with contextlib.suppress(PermissionError, FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from iter_files(folder / entry.name)
            elif entry.is_file() and not entry.name.endswith(".part"):
                yield folder / entry.name


def make_folder(path: Path) -> None:
    """Create a folder (0700; in a group's folder 2770) and its parents."""
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
                give_folder_to_group(folder)
    except OSError as error:
        raise from_os_error(error, "making the folder", path) from error


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut (Windows does this by itself)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(
    path: Path,
    chunks: Iterable[bytes],
    *,
    replace: bool = False,
    private: bool = False,
    begin: Callable[[], None] = lambda: None,
) -> str:
    """Write `chunks` to `path` in one stroke, and return the SHA-256 in hex. Its mode is 0600; in a folder of a group
    it is 0660, unless it is `private`.

    Without `replace` an existing file is refused (`RefusedError`), also when it appears while we write. A failure
    leaves no trace; a kill leaves a temporary file, which the next command that makes the same file takes away.
    `begin` is called when the file can be written, before its first byte is.
    """
    digest = hashlib.sha256()

    def write(file: BinaryIO) -> None:
        begin()
        for piece in chunks:
            digest.update(piece)
            file.write(piece)

    _through_temporary(path, write, replace=replace, private=private)
    return digest.hexdigest()


def build_atomically(path: Path, make: Callable[[Path], None]) -> None:
    """Let `make` fill a new file (0600, a group's 0660), and put it at `path` in one stroke. Never overwrites;
    a failure leaves no trace."""
    temporary = _temporary(path)

    def fill(_: BinaryIO) -> None:
        try:
            make(temporary)
        finally:
            for end in ("-journal", "-wal", "-shm", ".lock"):
                with contextlib.suppress(FileNotFoundError):
                    temporary.with_name(temporary.name + end).unlink()

    _through_temporary(path, fill, replace=False, private=False)


def _temporary(path: Path) -> Path:
    """Beside `path`, always of the same name, so that what a kill left is found."""
    return path.with_name(f".{path.name[:40]}.{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}.part")


def _through_temporary(path: Path, write: Callable[[BinaryIO], None], *, replace: bool, private: bool) -> None:
    temporary = _temporary(path)
    if os.name == "nt":
        _require_possible_name(path)
    try:
        if not replace and os.path.lexists(path):
            _delete_abandoned(temporary)  # of a command that was killed between its last two steps
            raise already_exists_error(path)
        with os.fdopen(_open_locked(temporary, path), "wb") as file:
            try:
                if not private:
                    give_file_to_group(file.fileno(), path)
                write(file)
                file.flush()
                os.fsync(file.fileno())
                if os.name == "nt":
                    file.close()  # an open file is not moved there
                _put_in_place(temporary, path, replace=replace)
            finally:
                if os.name == "nt":
                    file.close()
                with contextlib.suppress(FileNotFoundError):
                    when_closed(temporary.unlink, temporary)
        sync_folder(path.parent)
        _log.info("wrote %s", path)
    except OSError as error:
        raise from_os_error(error, "writing", path) from error


def _require_possible_name(path: Path) -> None:
    """`InputError` before any work is done for a file that Windows would not take, or would write somewhere else: into
    a device, into a stream of another file."""
    if trouble := trouble_on_windows(path.name):
        raise InputError(f"{trouble}, so no file can be called so", where=path, way_out="Choose another name.")


def _put_in_place(temporary: Path, path: Path, *, replace: bool) -> None:
    try:
        if replace:
            when_closed(partial(temporary.replace, path), path)
        else:
            _move_exclusively(temporary, path)
    except FileNotFoundError:
        if os.name != "nt" or not path.parent.is_dir():
            raise
        raise _being_written_error(path) from None  # closed for the move, and taken for a left-over


def _being_written_error(path: Path) -> LedgerError:
    return LedgerError(
        "another bss-mfg command is writing this file",
        where=path,
        way_out="Let it finish, then run this command again.",
    )


def _open_locked(temporary: Path, path: Path) -> int:
    """A new temporary file, locked as long as it is open: whoever finds it unlocked knows that its writer is dead."""
    while True:
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except FileExistsError:
            if not _delete_abandoned(temporary):
                raise _being_written_error(path) from None
            continue
        if os.name == "nt" or (try_lock(handle) and is_still(handle, temporary)):
            return handle
        os.close(handle)  # taken for a left-over at the moment it was made


def _delete_abandoned(temporary: Path) -> bool:
    """Delete a temporary file whose writer is dead, after overwriting it; False where it is alive."""
    if os.name == "nt":
        return _take_and_delete(temporary)
    try:
        handle = os.open(temporary, os.O_RDWR | _NO_LINK)
    except FileNotFoundError:
        return True
    try:
        if not try_lock(handle):
            return False
        if is_still(handle, temporary):
            if os.fstat(handle).st_nlink == 1:  # else it has its final name already, too
                _overwrite(handle)
            temporary.unlink()
    except FileNotFoundError:
        pass
    except PermissionError:
        return False
    finally:
        os.close(handle)
    return True


def _take_and_delete(temporary: Path) -> bool:
    """The same on Windows, where an open file can't be moved: who could move it has it alone, and its writer, should he
    live and be about to put it in place, finds it gone."""
    taken = temporary.with_name(f".{secrets.token_hex(4)}.{secrets.token_hex(4)}.part")
    try:
        temporary.rename(taken)
        with os.fdopen(os.open(taken, os.O_RDWR | _NO_LINK), "rb+") as file:
            if os.fstat(file.fileno()).st_nlink == 1:  # else it has its final name already, too
                _overwrite(file.fileno())
        when_closed(taken.unlink, taken)
    except FileNotFoundError:
        return not temporary.exists()
    except PermissionError:
        return False
    return True


def is_still(handle: int, path: Path) -> bool:
    """Whether an open file still has its name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def is_complete(path: Path) -> bool:
    """Whether a file is there, whole; what its writer left beside it, killed between its last two steps, is taken
    away."""
    if path.exists():
        remove_leftover(_temporary(path))
    return path.exists()


def leftover_of(path: Path) -> Path | None:
    """What a killed command left of a file, half-written, beside it."""
    return _temporary(path) if _temporary(path).is_file() else None


def leftover_files(folder: Path, *, deep: bool = True) -> list[Path]:
    """Temporary files of ours in a folder, and with `deep` anywhere below it, such as killed commands leave."""
    return sorted(folder.glob(("**/" if deep else "") + ".?*." + "[0-9a-f]" * 8 + ".part"))


def remove_leftover(path: Path) -> bool:
    """Delete a left-over temporary file; False where a command is writing it just now."""
    try:
        return _delete_abandoned(path)
    except OSError as error:
        raise from_os_error(error, "deleting", path) from error


def move_aside(path: Path, suffix: str) -> Path:
    """Give a file another name beside its own, `NAME` + `suffix` and a number where that is taken; the new path."""
    number = 0
    while (target := path.with_name(f"{path.name}{suffix}{f'-{number}' if number else ''}")).exists():
        number += 1
    try:
        when_closed(partial(path.rename, target), path)
        sync_folder(path.parent)
        _log.info("moved %s aside, to %s", path, target.name)
    except OSError as error:
        raise from_os_error(error, "moving a file aside", path) from error
    return target


def replace_file(source: Path, target: Path) -> None:
    """Put one file in another's place in one stroke, in the same folder."""
    try:
        when_closed(partial(source.replace, target), target)
        sync_folder(target.parent)
        _log.info("moved %s in place of %s", source.name, target)
    except OSError as error:
        raise from_os_error(error, "putting a file in place", target) from error


def remove_file(path: Path) -> None:
    """Delete a file, if it is there."""
    try:
        when_closed(partial(path.unlink, missing_ok=True), path)
    except OSError as error:
        raise from_os_error(error, "deleting", path) from error


def destroy(path: Path, sha256: str | None = None) -> bool:
    """Overwrite a file with zeros and delete it, if it is a regular file, no symbolic link, and has this SHA-256 (hex,
    if one is given); False where it is not. A solid-state disk may keep old blocks all the same."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        handle = os.open(path, os.O_RDWR | _NO_LINK)
        with os.fdopen(handle, "rb+") as file:
            if sha256 not in (None, hashlib.file_digest(file, "sha256").hexdigest()):
                return False
            _overwrite(handle)
        when_closed(path.unlink, path)
        sync_folder(path.parent)
        _log.info("destroyed %s", path)
    except OSError as error:
        raise from_os_error(error, "destroying", path) from error
    return True


def _overwrite(handle: int) -> None:
    left = os.lseek(handle, 0, os.SEEK_END)
    os.lseek(handle, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(handle, bytes(min(left, 1 << 20)))
    os.fsync(handle)


def _move_exclusively(source: Path, target: Path) -> None:
    """Rename that fails where `target` exists. A hard link does it in one step; some file systems have none."""
    try:
        os.link(source, target)
    except FileExistsError as error:
        raise already_exists_error(target) from error
    except OSError:
        if os.name == "nt":
            _rename_exclusively(source, target)
            return
        if target.exists():
            raise already_exists_error(target) from None
        source.rename(target)


def _rename_exclusively(source: Path, target: Path) -> None:
    """Windows' own rename refuses an existing target."""
    try:
        when_closed(partial(source.rename, target), source)
    except FileExistsError as error:
        raise already_exists_error(target) from error


def move_exclusively(source: Path, target: Path) -> None:
    """Give a file a name that no other has (`RefusedError`), in one step; it may keep its old name, too."""
    _move_exclusively(source, target)


def already_exists_error(path: Path) -> RefusedError:
    """The refusal to overwrite `path`."""
    return RefusedError(
        "is already there and would be overwritten",
        where=path,
        way_out="Choose another name or folder, or move the old file away first.",
    )
