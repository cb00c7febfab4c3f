"""`make wheelhouse PLATFORM=win_amd64`: bss-mfg and all it needs as wheels, for computers without a network.

Made on any system for any other. Each wheel is one of those whose hashes are in requirements.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from archive import epoch, write_zip
from bundle import REQUIREMENTS, ROOT, UV, version
from packaging.requirements import Requirement


@dataclass(frozen=True)
class Target:
    """A system: what its wheels are tagged with, the best first, and what it calls itself (PEP 508)."""

    tags: tuple[str, ...]
    system: str
    machine: str

    def environment(self, python: str) -> dict[str, str]:
        """What markers ask for."""
        systems = {"win32": ("nt", "Windows"), "darwin": ("posix", "Darwin"), "linux": ("posix", "Linux")}
        os_name, platform_system = systems[self.system]
        return {
            "sys_platform": self.system, "os_name": os_name, "platform_system": platform_system,
            "platform_machine": self.machine, "python_version": python, "python_full_version": f"{python}.0",
            "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
        }  # fmt: skip


def _linux(machine: str) -> Target:
    """Systems with the C library of Debian 12, Ubuntu 22.04, or a newer one."""
    old = ("manylinux2014", "manylinux2010", "manylinux1")
    tags = (*(f"manylinux_2_{minor}_{machine}" for minor in range(35, 4, -1)), *(f"{name}_{machine}" for name in old))
    return Target(tags, "linux", machine)


TARGETS = {
    "win_amd64": Target(("win_amd64",), "win32", "AMD64"),
    "macosx_arm64": Target(("macosx_15_0_arm64",), "darwin", "arm64"),
    "macosx_x86_64": Target(("macosx_15_0_x86_64",), "darwin", "x86_64"),
    "linux_x86_64": _linux("x86_64"),
    "linux_aarch64": _linux("aarch64"),
}


def locked(target: Target, python: str) -> list[str]:
    """The lines of requirements.txt that hold for a system, without their markers, with their hashes."""
    environment, chosen = target.environment(python), []
    for line in REQUIREMENTS.read_text("utf-8").replace("\\\n", "").splitlines():
        text, *hashes = line.split(" --hash=")
        requirement = Requirement(text.strip())
        if requirement.marker is None or requirement.marker.evaluate(environment):
            pinned = f"{requirement.name}{requirement.specifier}"
            chosen.append(" \\\n    ".join((pinned, *(f"--hash={one.strip()}" for one in hashes))))
    return chosen


def make_wheelhouse(platform: str, python: str, out: Path) -> Path:
    """Fetch, check and pack the wheels."""
    target, tag = TARGETS[platform], python.replace(".", "")
    name = f"bss-mfg-{version()}-wheelhouse-{platform}-cp{tag}"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / name
        folder.mkdir()
        lines = locked(target, python)
        (folder / "requirements.txt").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
        platforms = [word for one in target.tags for word in ("--platform", one)]
        subprocess.run(
            [
                sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                "--require-hashes", "--implementation", "cp", "--python-version", python, *platforms,
                "--dest", folder, "-r", folder / "requirements.txt",
            ],
            check=True,
        )  # fmt: skip
        subprocess.run([*UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
        (folder / ".gitignore").unlink(missing_ok=True)
        (own,) = folder.glob("bss_mfg-*.whl")
        lines.append(f"bss-mfg=={version()} \\\n    --hash=sha256:{hashlib.sha256(own.read_bytes()).hexdigest()}")
        (folder / "requirements.txt").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
        shutil.copy(Path(__file__).parent / "launchers" / "wheelhouse.txt", folder / "README.txt")
        archive = out / f"{name}.zip"
        files = [(path, f"{name}/{path.name}") for path in sorted(folder.iterdir())]
        write_zip(archive, files, epoch(ROOT), stored=True)
        print(f"OK: {archive}, {len(files) - 2} wheels, {archive.stat().st_size / 1e6:.0f} MB")
    return archive


def main() -> None:
    """Make one."""
    parser = argparse.ArgumentParser(prog="make wheelhouse", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--platform", choices=TARGETS, required=True, help="the system that it is for")
    parser.add_argument("--python", default="3.13", help="the Python that is there (default: 3.13)")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where it goes (default: dist)")
    given = parser.parse_args()
    make_wheelhouse(given.platform, given.python, given.out)


if __name__ == "__main__":
    main()
