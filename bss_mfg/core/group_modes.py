"""What is made in a folder of a group belongs to the group: the folder itself says so, by its mode 2770.

Files are 0660 there and folders 2770 again, whatever the umask of who makes them. Everywhere else, and where a file is
private, it is 0600, and a folder 0700.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

GROUP_FOLDER = 0o2770
GROUP_FILE = 0o660


def is_group_folder(folder: Path) -> bool:
    """Whether what is made in a folder is for its group: exactly mode 2770. Windows has no such folders."""
    try:
        return sys.platform != "win32" and stat.S_IMODE(folder.stat().st_mode) == GROUP_FOLDER
    except OSError:
        return False


def give_file_to_group(handle: int, path: Path) -> None:
    """Let the group write an open file that lies in a folder of a group, where it is ours."""
    if sys.platform == "win32" or not is_group_folder(path.parent):
        return
    found = os.fstat(handle)
    if found.st_uid == os.geteuid() and stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) != GROUP_FILE:
        os.fchmod(handle, GROUP_FILE)


def give_folder_to_group(folder: Path) -> None:
    """Let the group write a folder that was just made in a folder of a group."""
    if sys.platform != "win32" and is_group_folder(folder.parent) and folder.stat().st_uid == os.geteuid():
        folder.chmod(GROUP_FOLDER)


def set_group(folder: Path, group: int) -> None:
    """Make a folder one of a group, by its number; `PermissionError` for whoever is no member."""
    if sys.platform != "win32":
        os.chown(folder, -1, group)
        folder.chmod(GROUP_FOLDER)
        if not is_group_folder(folder):  # the system takes the mark off where one is no member
            raise PermissionError
