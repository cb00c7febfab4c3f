"""A root folder with the C library and a shell in it: no Python, no other libraries, no time zones, no network."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

PROGRAMS = ("/bin/sh", "/usr/bin/readlink")
_ENTER = ("unshare", "--net", "--map-root-user", "--mount", "--pid", "--fork")
_FOLDERS = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}


def chroot_works() -> bool:
    """Whether this user may go into a root folder of its own, without a network."""
    tried = subprocess.run([*_ENTER, "--mount-proc", "chroot", "/", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def make_bare_system(root: Path) -> Path:
    """Make it. The C library is this machine's."""
    for name in ("bin", "dev", "etc", "proc", "tmp", "root", "usr/bin", "lib", "lib64"):
        (root / name).mkdir(parents=True)
    needed = {Path(program) for program in PROGRAMS}
    for program in PROGRAMS:
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        needed |= {Path(path) for path in re.findall(r"(/\S+) \(0x", listed)}
    libc = next(path for path in needed if path.name == "libc.so.6")
    needed |= {
        libc.with_name(f"lib{name}")
        for name in ("m.so.6", "dl.so.2", "pthread.so.0", "resolv.so.2", "rt.so.1", "util.so.1")
    }
    for path in needed:
        target = root / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path.resolve(), target)
    (root / "dev" / "null").touch()  # what is written to it stays there; without rights none can be made
    (root / "dev" / "null").chmod(0o666)
    return root


def run_in(root: Path, *command: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """Run a command in it, with an environment as bare as the rest; its folder is /root."""
    enter = [*_ENTER, f"--mount-proc={root / 'proc'}", "chroot", root]  # the loader asks /proc where a program lies
    inside = ["/bin/sh", "-c", 'cd /root && exec "$@"', "sh", *command]
    return subprocess.run([*enter, *inside], capture_output=True, text=True, env=_FOLDERS, check=False, timeout=seconds)
