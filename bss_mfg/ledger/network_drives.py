"""Drives on which a file lock can't be trusted are refused; and which drives number their files anew."""

from __future__ import annotations

import sys
from pathlib import Path

from bss_mfg.errors import InputError

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "9p", "fuse.sshfs", "ceph", "glusterfs"}


def refuse_network(path: Path) -> None:
    """Refuse a network file system: its locks don't hold, and two stations could issue the same."""
    kind = _file_system(path)
    if kind in _NETWORK:
        raise InputError(
            f"the ledger is on a network file system ({kind}), where locks can't be trusted",
            where=path,
            way_out="Keep the workspace on a local disk and copy backups to the network.",
        )


def numbers_files(path: Path) -> bool:
    """Whether a file keeps its number (inode) there; those of FAT have none of their own."""
    return _file_system(path) not in {"vfat", "exfat", "msdos"}


def _file_system(path: Path) -> str:
    folder = path.parent.resolve()
    if sys.platform == "win32":
        import ctypes

        return "cifs" if ctypes.windll.kernel32.GetDriveTypeW(folder.anchor) == 4 else ""
    try:
        lines = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    here = {str(folder), *map(str, folder.parents)}
    best, kind = "", ""
    for line in lines:
        fields = line.split()
        point = fields[1].replace("\\040", " ")
        if point in here and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
