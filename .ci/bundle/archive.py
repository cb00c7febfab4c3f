"""Archives that hold no more than what was put into them: names in order, one time, no user of this machine."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path


def epoch(root: Path) -> int:
    """The time of all that is made, in seconds since 1970: SOURCE_DATE_EPOCH, else the last commit's."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    command = ["git", "-C", root, "log", "-1", "--format=%ct"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return int(told or 1_767_225_600)


def write_archive(folder: Path, seconds: int) -> Path:
    """A folder as FOLDER.tar.gz; on Windows as FOLDER.zip, which its Explorer unpacks."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    if sys.platform == "win32":
        return _write_zip(folder, paths, seconds)
    target = folder.with_name(f"{folder.name}.tar.gz")
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", 6, file, mtime=seconds) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in paths:
            entry = tar.gettarinfo(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
            if entry.islnk():  # of a hard link, its bytes
                entry.type, entry.size = tarfile.REGTYPE, path.stat().st_size
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = seconds, 0, 0, "root", "root"
            entry.mode = 0o755 if entry.mode & 0o100 else 0o644
            if entry.isreg():
                with path.open("rb") as data:
                    tar.addfile(entry, data)
            else:
                tar.addfile(entry)
    return target


def _write_zip(folder: Path, paths: list[Path], seconds: int) -> Path:
    target = folder.with_name(f"{folder.name}.zip")
    write_zip(target, [(path, f"{folder.name}/{path.relative_to(folder).as_posix()}") for path in paths], seconds)
    return target


def write_zip(target: Path, files: list[tuple[Path, str]], seconds: int, stored: bool = False) -> None:
    """A ZIP of files under names, in this order; `stored` for what is compressed already."""
    moment = time.gmtime(max(seconds, 315_532_800))[:6]  # 1980: the first that ZIP knows
    way = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w") as made:
        for path, name in files:
            entry = zipfile.ZipInfo(name, moment)
            entry.compress_type, entry.external_attr, entry.create_system = way, 0o644 << 16, 3
            made.writestr(entry, path.read_bytes())
