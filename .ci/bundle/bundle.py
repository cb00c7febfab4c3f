"""`make bundle`: bss-mfg with its own Python as one folder and one archive, for this machine's system.

No installer, no rights and no network are needed where it goes. The same bytes come out each time (SOURCE_DATE_EPOCH).
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path

from archive import epoch, write_archive
from components import gather_licences, list_components
from runtime import Runtime, add_system_libraries, compile_all, copy_runtime
from sbom import write_sbom

from bss_mfg.installation import BUNDLE

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"

UV = (sys.executable, "-m", "uv")
"""Resolves, installs and builds; many times as quick as pip."""
_USELESS_FOLDERS = {"tests", "test", "testing", "include", "docs", "examples", "_pyinstaller"}
_NEEDED_FOLDERS = {"numpy/testing"}
_NEVER_USED = (
    "bin", "bumble/apps", "prompt_toolkit", "prompt_toolkit-*", "wcwidth", "wcwidth-*", "numpy/f2py",
    "numpy/_core/*_tests.*", "reportlab/fonts",
)  # fmt: skip
"""What only programs for terminals of bumble use, a compiler's companion, tests, and fonts: labels have their own."""
_USELESS_FILES = re.compile(r".*\.(pyi|pyx|pxd|h|c|cpp|a|lib|pth)|INSTALLER|REQUESTED|direct_url\.json|uv_cache\.json")


def system_name() -> str:
    """The system that a bundle is for: linux-x86_64, windows-amd64."""
    return f"{platform.system()}-{platform.machine()}".lower()


def version() -> str:
    """The version of bss-mfg."""
    return re.search(r'__version__ = "(.+)"', (ROOT / "bss_mfg/version.py").read_text("utf-8")).group(1)  # type: ignore[union-attr]


def make_bundle(out: Path, docs: bool = True) -> Path:
    """Make the bundle's folder in `out`, anew."""
    folder = out / f"bss-mfg-{version()}-{system_name()}"
    shutil.rmtree(folder, ignore_errors=True)
    runtime = copy_runtime(folder / "runtime")
    install_packages(runtime)
    drop_useless(runtime.packages)
    (own,) = runtime.packages.glob("bss_mfg-*.dist-info")
    (own / "INSTALLER").write_text(f"{BUNDLE}\n", "utf-8", newline="\n")
    named = [_library_file("dmtx")] if sys.platform == "linux" else []
    system_libraries = add_system_libraries(runtime, named)
    components = list_components(runtime, system_libraries)
    for record in runtime.packages.glob("*.dist-info/RECORD"):  # it has told which files are a package's
        record.unlink()
    gather_licences(components, folder / "licenses")
    for texts in runtime.packages.glob("*.dist-info/licenses"):  # they are gathered
        shutil.rmtree(texts)
    write_sbom(components, folder / "sbom.cdx.json")
    start = "bss-mfg.cmd" if sys.platform == "win32" else "bss-mfg"
    shutil.copy(HERE / "launchers" / start, folder / start)
    (folder / start).chmod(0o755)
    shutil.copy(HERE / "launchers" / "start.py", runtime.standard_library.parent / "start.py")
    shutil.copy(HERE / "launchers" / "README.txt", folder / "README.txt")
    if docs:
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder / "docs"]
        environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "SOURCE_DATE_EPOCH": str(epoch(ROOT))}
        subprocess.run(command, check=True, cwd=ROOT, env=environment)
        (folder / "docs" / "sitemap.xml.gz").unlink(missing_ok=True)  # it holds the time of its making
    compile_all(folder / "runtime")
    return folder


def install_packages(runtime: Runtime) -> None:
    """bss-mfg and what it needs, as wheels whose hashes are known."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch(ROOT))}
    into = [*UV, "pip", "install", "--quiet", "--no-deps", "--link-mode", "copy", "--target", runtime.packages]
    subprocess.run([*into, "--only-binary", ":all:", "--require-hashes", "-r", REQUIREMENTS], check=True)
    with tempfile.TemporaryDirectory() as built:
        make = [*UV, "build", "--quiet", "--wheel", "--out-dir", built, ROOT]
        subprocess.run(make, check=True, env=environment)
        subprocess.run([*into, *Path(built).glob("*.whl")], check=True)


def drop_useless(packages: Path) -> None:
    """Drop tests, headers, stubs, and what pip notes of this machine."""
    for pattern in _NEVER_USED:
        for path in packages.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    for path in sorted(packages.rglob("*")):
        name = path.relative_to(packages).as_posix()
        if path.is_dir() and path.name in _USELESS_FOLDERS and name not in _NEEDED_FOLDERS and "bss_mfg" not in name:
            shutil.rmtree(path)
        elif path.is_file() and (_USELESS_FILES.fullmatch(path.name)):
            path.unlink()


def _library_file(name: str) -> str:
    """Where a library of the system lies."""
    soname = find_library(name)
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    places: Iterator[str] = (
        line.split(" => ")[1] for line in listed.splitlines() if line.strip().startswith(f"{soname} ")
    )
    if soname is None or not (place := next(places, "")):
        raise SystemExit(f"lib{name} is missing here. Install it: sudo apt-get install lib{name}0b")
    return place


def main() -> None:
    """Make folder and archive."""
    parser = argparse.ArgumentParser(prog="make bundle", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the bundle goes (default: dist)")
    parser.add_argument("--no-docs", action="store_true", help="leave the documentation out")
    parser.add_argument("--no-archive", action="store_true", help="make the folder alone")
    given = parser.parse_args()
    folder = make_bundle(given.out, docs=not given.no_docs)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"OK: {folder}, {size / 1e6:.0f} MB")
    if not given.no_archive:
        archive = write_archive(folder, epoch(ROOT))
        print(f"OK: {archive}, {archive.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
