"""A workspace that a group of the system works in."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bss_mfg.core.group_modes import GROUP_FILE, is_group_folder, set_group
from bss_mfg.errors import InputError, MissingError


def prepare_group(root: Path, name: str) -> Callable[[], None]:
    """What makes `root`, once it is there, a folder of a group. `InputError` for a group that isn't there."""
    if sys.platform == "win32":
        raise MissingError(
            "this system has no groups of files as Linux and macOS have",
            where="--group",
            way_out="Leave --group out, and give the folder's rights to the users in Windows.",
        )
    import grp

    try:
        number = grp.getgrnam(name).gr_gid
    except KeyError:
        raise InputError(
            f"there is no group {name[:80]!a} on this computer",
            where="--group",
            way_out="`getent group` shows them; `sudo groupadd NAME` makes one. Nothing was made.",
        ) from None
    return partial(_share, root, name, number)


def _share(root: Path, name: str, number: int) -> None:
    try:
        set_group(root, number)
    except PermissionError:
        raise InputError(
            f"you aren't a member of the group {name}, or the folder is not yours",
            where=root,
            way_out=f"An administrator makes you one with `sudo usermod -aG {name} USER`; log in again after that.",
        ) from None


_SHARED_FILES = {"bss-mfg.toml", "ledger.db", "ledger.db.lock"}
_SHARED_FOLDERS = {"products", "specs", "templates", "printers"}
_SHARED_OUTPUTS = {"labels", "upload"}


def not_for_group(root: Path) -> Iterator[Path]:
    """What of a workspace its group can't write, and should: every folder, and the files that commands of others need.
    Key files are their owner's."""
    group = root.stat().st_gid
    for path in (root, *sorted(root.rglob("*"))):
        try:
            found = path.lstat()
        except OSError:  # it has gone since, or it is in a folder that was named just before
            continue
        if stat.S_ISDIR(found.st_mode):
            right = is_group_folder(path)
        else:
            is_shared = stat.S_ISREG(found.st_mode) and _is_shared(path.relative_to(root).parts)
            right = not is_shared or found.st_mode & GROUP_FILE == GROUP_FILE
        if not right or found.st_gid != group:
            yield path


def _is_shared(parts: tuple[str, ...]) -> bool:
    """Whether a file, by the names on its path, is one that all members write or read."""
    if parts[0] == "batches":
        return len(parts) > 3 and parts[2] in _SHARED_OUTPUTS
    return parts[0] in (_SHARED_FILES if len(parts) == 1 else _SHARED_FOLDERS)
