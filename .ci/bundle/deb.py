"""`make deb`: the bundle as a package for Debian and Ubuntu, on this machine's architecture.

It needs nothing of the system but its C library, runs no script when it comes or goes, and leaves nothing behind. The
same bundle gives the same bytes (SOURCE_DATE_EPOCH).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from email.utils import formatdate
from pathlib import Path

from archive import epoch
from bundle import HERE, ROOT, make_bundle, version
from manpage import man_page
from runtime import is_elf

HOME = Path("usr/lib/bss-mfg")
"""Where the bundle lies; /usr/bin has a link to it."""
DOCS = Path("usr/share/doc/bss-mfg")
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/bss-mfg",
    "zsh": "usr/share/zsh/vendor-completions/_bss-mfg",
    "fish": "usr/share/fish/vendor_completions.d/bss-mfg.fish",
}
_PROGRAMS = (HOME / "bss-mfg", HOME / "runtime/bin/python3")
_REVISION = "1"


def make_deb(bundle: Path, out: Path, compression: str) -> Path:
    """Make the package of a bundle's folder in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as temporary:
        tree = Path(temporary) / "tree"
        _lay_out(bundle, tree)
        _set_modes(tree)
        architecture = _told("dpkg", "--print-architecture")
        _write_control(tree, architecture)
        _set_times(tree)
        target = out / f"bss-mfg_{version()}-{_REVISION}_{architecture}.deb"
        command = ["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build", tree, target]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch(ROOT))}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return target


def _told(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _lay_out(bundle: Path, tree: Path) -> None:
    """All files where Debian's policy has them."""
    home, docs = tree / HOME, tree / DOCS
    shutil.copytree(bundle / "runtime", home / "runtime")
    shutil.copyfile(bundle / "bss-mfg", home / "bss-mfg")
    shutil.copytree(bundle / "licenses", docs / "licenses")
    shutil.copyfile(bundle / "sbom.cdx.json", docs / "sbom.cdx.json")
    if (bundle / "docs").is_dir():
        shutil.copytree(bundle / "docs", docs / "html")
        _write(tree / "usr/share/doc-base/bss-mfg", (HERE / "debian/doc-base").read_text("utf-8"))
    link = tree / "usr/bin/bss-mfg"
    link.parent.mkdir(parents=True)
    link.symlink_to(os.path.relpath(home / "bss-mfg", link.parent))
    for shell, place in COMPLETIONS.items():
        _write(tree / place, _told(bundle / "bss-mfg", "completion", shell) + "\n")
    _write_packed(tree / "usr/share/man/man1/bss-mfg.1.gz", man_page(version(), epoch(ROOT)))
    _write_packed(docs / "changelog.gz", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    _write_packed(docs / "changelog.Debian.gz", _changelog())
    _write(docs / "copyright", _copyright(bundle))
    _write(tree / "usr/share/lintian/overrides/bss-mfg", (HERE / "debian/lintian-overrides").read_text("utf-8"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def _write_packed(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _maintainer() -> str:
    """Who makes the package, as Debian's tools ask for it."""
    name = os.environ.get("DEBFULLNAME", "bss-mfg maintainers")
    return f"{name} <{os.environ.get('DEBEMAIL', 'bss-mfg@users.noreply.github.com')}>"


def _changelog() -> str:
    """The package's own history: which version of bss-mfg it holds."""
    return (
        f"bss-mfg ({version()}-{_REVISION}) unstable; urgency=medium\n\n"
        f"  * bss-mfg {version()} as a bundle with its own Python.\n\n"
        f" -- {_maintainer()}  {formatdate(epoch(ROOT))}\n"
    )


def _copyright(bundle: Path) -> str:
    """Licence by licence, from the bill of materials; the texts themselves are beside it."""
    bom = json.loads((bundle / "sbom.cdx.json").read_text("utf-8"))
    lines = []
    for part in sorted((*bom["components"], bom["metadata"]["component"]), key=lambda one: str(one["name"])):
        (licence,) = part["licenses"]
        said = licence.get("expression") or licence["license"]["id"]
        lines.append(f"  {part['name']} {part['version']}: {said}\n")
        if inside := part.get("components", ()):
            lines.append(
                f"    with {len(inside)} Rust crates: /usr/share/doc/bss-mfg/licenses/{part['name']}/rust-crates.txt\n"
            )
    text = (HERE / "debian/copyright").read_text("utf-8")
    return text.replace("SOURCE\n", _homepage() + "\n").replace("  PARTS\n", "".join(lines))


def _homepage() -> str:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    return str(urls["Documentation"])


def _write_control(tree: Path, architecture: str) -> None:
    paths = [path for path in sorted(tree.rglob("*")) if not path.is_symlink()]
    files = [path for path in paths if path.is_file()]
    size = sum(-(-path.stat().st_size // 1024) for path in files) + len(paths) - len(files)
    text = (HERE / "debian/control").read_text("utf-8")
    given = {
        "VERSION": f"{version()}-{_REVISION}", "ARCHITECTURE": architecture, "MAINTAINER": _maintainer(),
        "SIZE": str(size), "LIBC": _needed_libc(files), "HOMEPAGE": _homepage(),
    }  # fmt: skip
    for name, value in given.items():
        text = text.replace(f"@{name}@", value)
    _write(tree / "DEBIAN/control", text)
    sums = (f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files)  # noqa: S324
    _write(tree / "DEBIAN/md5sums", "".join(sums))
    _set_modes(tree / "DEBIAN")


def _needed_libc(files: list[Path]) -> str:
    """The oldest C library that has all that programs and libraries ask of it."""
    programs = [path for path in files if is_elf(path)]
    found = re.findall(r"\bName: GLIBC_(\d+)\.(\d+)", _told("readelf", "--version-info", "--wide", *programs))
    return ".".join(map(str, max((int(major), int(minor)) for major, minor in found)))


def _set_modes(tree: Path) -> None:
    programs = {tree / program for program in _PROGRAMS}
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path in programs else 0o644)


def _set_times(tree: Path) -> None:
    moment = epoch(ROOT)
    for path in (tree, *tree.rglob("*")):
        os.utime(path, (moment, moment), follow_symlinks=False)


def main() -> None:
    """Make it, of a bundle that is there or of a new one."""
    parser = argparse.ArgumentParser(prog="make deb", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--bundle", type=Path, help="the folder of a bundle that is there (default: a new one)")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the package goes (default: dist)")
    parser.add_argument("--compression", choices=("xz", "none"), default="xz", help="none is quick (default: xz)")
    parser.add_argument("--lint", action="store_true", help="ask lintian about it; any error or warning is one here")
    given = parser.parse_args()
    if sys.platform != "linux" or shutil.which("dpkg-deb") is None:
        raise SystemExit("A Debian package is made on Debian or Ubuntu: it needs dpkg-deb.")
    package = make_deb(given.bundle or make_bundle(given.out), given.out, given.compression)
    if given.lint:
        if shutil.which("lintian") is None:
            raise SystemExit("lintian is missing here. Install it: sudo apt-get install lintian")
        subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", package], check=True)
    print(f"OK: {package}, {package.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
