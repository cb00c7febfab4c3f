"""`make deb`: the bundle as a Debian package, which lintian finds nothing wrong with."""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from archive import epoch
from bundle import HERE, ROOT, make_bundle, version
from runtime import is_elf

_REASONS = (HERE / "deb" / "overrides").read_text("utf-8")


def make_deb(bundle: Path, out: Path) -> Path:
    """Pack a bundle's folder."""
    with tempfile.TemporaryDirectory() as temporary:
        tree = Path(temporary)
        tree.chmod(0o755)
        home, documents = tree / "usr/lib/bss-mfg", tree / "usr/share/doc/bss-mfg"
        shutil.copytree(bundle, home)
        documents.mkdir(parents=True)
        if (home / "docs").exists():
            (home / "docs").rename(documents / "html")
        (home / "licenses").rename(documents / "licenses")
        (home / "sbom.cdx.json").rename(documents / "sbom.cdx.json")
        (home / "README.txt").unlink()
        (tree / "usr/bin").mkdir()
        (tree / "usr/bin/bss-mfg").symlink_to("../lib/bss-mfg/bss-mfg")
        shutil.copy(HERE / "deb" / "copyright", documents / "copyright")
        _write_gz(documents / "changelog.gz", (ROOT / "CHANGELOG.md").read_bytes())
        _write_gz(tree / "usr/share/man/man1/bss-mfg.1.gz", (HERE / "deb" / "bss-mfg.1").read_bytes())
        overrides = tree / "usr/share/lintian/overrides/bss-mfg"
        overrides.parent.mkdir(parents=True)
        overrides.write_text(_REASONS, "utf-8")
        for path in tree.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or _is_program(path) else 0o644)
        control = tree / "DEBIAN" / "control"
        control.parent.mkdir()
        control.write_text(_control(tree), "utf-8")
        target = out / f"bss-mfg_{version()}_{_architecture()}.deb"
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch(ROOT))}
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", tree, target]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return target


def _is_program(path: Path) -> bool:
    return (
        path.name in ("bss-mfg", "python3") and path.parent.name in ("bss-mfg", "bin") and "lintian" not in path.parts
    )


def _write_gz(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, 9, mtime=0))


def _architecture() -> str:
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


def _control(tree: Path) -> str:
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink()) // 1024
    fields = {"VERSION": version(), "ARCHITECTURE": _architecture(), "SIZE": str(size), "LIBC": _libc(tree)}
    text = (HERE / "deb" / "control").read_text("utf-8")
    return re.sub(r"@([A-Z]+)@", lambda found: fields[found.group(1)], text)


def _libc(tree: Path) -> str:
    """The oldest C library that has all that is asked of it."""
    asked = {0}
    for path in tree.rglob("*"):
        if is_elf(path):
            asked |= {int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)\0", path.read_bytes())}
    return f"2.{max(asked)}"


def main() -> None:
    """Make the bundle and pack it."""
    parser = argparse.ArgumentParser(prog="make deb", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where it goes (default: dist)")
    parser.add_argument("--bundle", type=Path, help="a bundle's folder that is there already")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    made = make_deb(given.bundle or make_bundle(given.out), given.out)
    print(f"OK: {made}, {made.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
