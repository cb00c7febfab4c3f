"""The Debian package where it goes: installed by dpkg on a machine without Python and network, used, removed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.helpers.amount import FULL
from tests.helpers.bare_system import chroot_works, make_bare_system, run_in
from tests.helpers.label_reading import read_page
from tests.needs import needs

pytestmark = pytest.mark.xdist_group("bundle")
MAKE = (sys.executable, str(ROOT / ".ci/bundle/deb.py"))
OURS = re.compile(r"root/bss-mfg-demo\b.*")
"""What a user made."""
OF_DPKG = re.compile(r"(var/lib/dpkg|var/log|proc|dev|tmp)\b.*")


def told(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system that knows dpkg's database and has a C library; BSS_MFG_TEST_DEBIAN names one that debootstrap made."""
    if not chroot_works():
        pytest.skip("this user may not enter a root folder of its own (unshare --map-root-user, chroot)")
    if given := os.environ.get("BSS_MFG_TEST_DEBIAN"):
        return Path(given)
    root = make_bare_system(tmp_path_factory.mktemp("debian") / "root")
    database = root / "var/lib/dpkg"
    for name in ("info", "updates", "triggers"):
        (database / name).mkdir(parents=True)
    (database / "status").write_text(told("dpkg", "--status", "libc6"))
    return root


def dpkg(root: Path, *arguments: str | Path) -> None:
    """As root: the system's own, or this machine's where it has none."""
    command = ("unshare", "--map-root-user", "dpkg", f"--root={root}", "--force-unsafe-io", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def files_of(root: Path) -> dict[str, tuple[int, int, str]]:
    """Each path with its kind and rights, size, and where a link leads."""
    found = {}
    for path in root.rglob("*"):
        name, seen = path.relative_to(root).as_posix(), path.lstat()
        if not OF_DPKG.fullmatch(name):
            size = 0 if path.is_dir() else seen.st_size
            found[name] = (seen.st_mode, size, os.readlink(path) if path.is_symlink() else "")
    return found


@needs("unshare", "libdmtx", "strip", "dpkg", "dmtxread", "pdftoppm")
def test_installed_used_and_removed_it_leaves_nothing_but_the_users_work(
    bundle: Path, debian: Path, tmp_path: Path
) -> None:
    subprocess.run([*MAKE, "--bundle", bundle, "--out", tmp_path, "--compression", "none"], check=True)
    (package,) = tmp_path.glob("*.deb")
    before = files_of(debian)
    dpkg(debian, "--install", package)
    assert (debian / "usr/bin/bss-mfg").is_symlink()
    doctor = run_in(debian, "bss-mfg", "doctor", "--json")
    assert {check["level"] for check in json.loads(doctor.stdout)} == {"ok"}, doctor.stdout
    installed = files_of(debian)
    demo = run_in(debian, "bss-mfg", "demo")
    assert demo.returncode == 0, demo.stderr
    work = debian / "root/bss-mfg-demo"
    (labels,) = (work / "batches/mesh-bulb-0001/labels").glob("*.pdf")
    table = ("table", "mesh-bulb-0001", "--format", "jsonl", "--columns", "payload", "--out", "-")
    issued = run_in(debian, "bss-mfg", "--workspace", "bss-mfg-demo", *table)
    strings = {json.loads(line)["payload"] for line in issued.stdout.splitlines()}
    read = read_page(labels, 1, tmp_path)
    assert len(read) == 24
    assert read <= strings
    used = {name: value for name, value in files_of(debian).items() if not OURS.fullmatch(name)}
    assert used == installed, "what was run has written below /usr"
    dpkg(debian, "--purge", "bss-mfg")
    after = files_of(debian)
    assert {name: value for name, value in after.items() if not OURS.fullmatch(name)} == before
    assert any(OURS.fullmatch(name) for name in after), "the user's work is gone"
    shutil.rmtree(work)


@pytest.fixture
def small_bundle(tmp_path: Path) -> Path:
    """A bundle in which Python is a program that does nothing."""
    home = tmp_path / "small"
    (home / "runtime/bin").mkdir(parents=True)
    (home / "runtime/lib").mkdir()
    shutil.copy(shutil.which("true") or "", home / "runtime/bin/python3")
    (home / "runtime/lib/start.py").write_text("# starts\n")
    (home / "runtime/lib/start.py").chmod(0o600)
    (home / "bss-mfg").write_text('#!/bin/sh\necho "# completes for $2"\n')
    (home / "bss-mfg").chmod(0o755)
    (home / "licenses/bss-mfg").mkdir(parents=True)
    shutil.copy(ROOT / "LICENSE", home / "licenses/bss-mfg/LICENSE")
    part = {"name": "bss-mfg", "version": "0", "licenses": [{"license": {"id": "Apache-2.0"}}]}
    (home / "sbom.cdx.json").write_text(json.dumps({"components": [], "metadata": {"component": part}}))
    return home


@needs("dpkg", "strip", "lintian")
def test_a_package_is_as_debian_wants_it_and_has_the_same_bytes_each_time(small_bundle: Path, tmp_path: Path) -> None:
    digests = set()
    for number in (1, 2):
        home = small_bundle.rename(tmp_path / f"elsewhere {number}")
        for path in home.rglob("*"):
            os.utime(path, (number * 1e8, number * 1e8))
        small_bundle = home
        out = tmp_path / f"out{number}"
        subprocess.run([*MAKE, "--bundle", home, "--out", out], check=True, env={**os.environ, "TZ": f"UTC-{number}"})
        (package,) = out.glob("*.deb")
        digests.add(hashlib.sha256(package.read_bytes()).hexdigest())
    assert len(digests) == 1
    listed = [line.split() for line in told("dpkg-deb", "--contents", package).splitlines()]
    assert {line[1] for line in listed} == {"root/root"}
    runnable = {line[5] for line in listed if line[0].startswith("-rwx")}
    assert runnable == {"./usr/lib/bss-mfg/bss-mfg", "./usr/lib/bss-mfg/runtime/bin/python3"}
    assert {line[0] for line in listed} == {"drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x", "lrwxrwxrwx"}
    for shell, place in {
        "bash": "bash-completion/completions/bss-mfg", "zsh": "zsh/vendor-completions/_bss-mfg",
        "fish": "fish/vendor_completions.d/bss-mfg.fish",
    }.items():  # fmt: skip
        packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
        script = subprocess.run(
            ["tar", "-xO", f"./usr/share/{place}"], input=packed, capture_output=True, check=True
        ).stdout
        assert script == f"# completes for {shell}\n".encode()
    lint(package)


def lint(package: Path) -> None:
    """By lintian, which must find nothing: neither errors nor warnings."""
    command = ["lintian", "--allow-root", "--fail-on", "error,warning", package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@needs("dpkg", "strip", "lintian")
@pytest.mark.skipif(not FULL, reason="lintian takes minutes for the whole package: `make deb` asks it, and test-full")
def test_the_whole_package_is_as_debian_wants_it(bundle: Path, tmp_path: Path) -> None:
    subprocess.run([*MAKE, "--bundle", bundle, "--out", tmp_path], check=True)
    (package,) = tmp_path.glob("*.deb")
    lint(package)
