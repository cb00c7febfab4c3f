"""Drives on which a file lock can't be trusted are refused; and which drives number their files anew."""

from __future__ import annotations

import sys
from pathlib import Path

from bss_mfg.errors import InputError

_NETWORK = {
    "9p", "acfs", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs", "gfs2", "glusterfs", "gpfs",
    "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf",
    "vmhgfs", "webdav",
}  # fmt: skip
"""As `mount` names them; folders that a virtual machine's host shares are of them, too."""
_LOCAL_FUSE = {"fuse.bindfs", "fuse.encfs", "fuse.ext2", "fuse.ext4", "fuse.gocryptfs", "fuse.lxcfs", "fuse.mergerfs",
               "fuse.ntfs", "fuse.ntfs-3g", "fuse.portal", "fuse.veracrypt", "fuse.zfs"}  # fmt: skip
"""File systems in user space that lie on a disk of this machine; of any other nobody knows what its locks are worth
(gluster, ceph, rclone, sshfs, s3fs, gvfs and more)."""

_DRIVE_REMOTE = 4
"""What GetDriveTypeW says of a network's drive (fileapi.h)."""


def refuse_network(path: Path) -> None:
    """Refuse a network file system: its locks don't hold, and two stations could issue the same."""
    kind = _file_system(path)
    if is_network(kind):
        raise InputError(
            f"the ledger is on a network file system ({kind}), where locks can't be trusted",
            where=path,
            way_out="Keep the workspace on a local disk and copy backups to the network.",
        )


def is_network(kind: str) -> bool:
    """Whether a file system of this kind, as the system calls it, may lie on another machine."""
    return kind in _NETWORK or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)


def numbers_files(path: Path) -> bool:
    """Whether a file keeps its number (inode) there; those of FAT have none of their own."""
    return _file_system(path) not in {"vfat", "exfat", "msdos", "fat", "fat32"}


def _file_system(path: Path) -> str:
    folder = path.parent.resolve()
    if sys.platform == "win32":
        import ctypes

        kernel, name = ctypes.windll.kernel32, ctypes.create_unicode_buffer(32)
        if kernel.GetDriveTypeW(folder.anchor) == _DRIVE_REMOTE:
            return "cifs"
        known = kernel.GetVolumeInformationW(folder.anchor, None, 0, None, None, None, name, len(name))
        return name.value.lower() if known else ""
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
