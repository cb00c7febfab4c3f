"""A release that `make release` makes of a real sdist and a real wheel: one commit gives the same files anywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from bss_mfg.version import __version__
from tests.helpers import ROOT
from tests.helpers.persons import Person
from tests.needs import needs

pytestmark = [needs("git"), needs("ssh-keygen")]
NEEDED = (
    "bss_mfg", "templates", "sample_batches", ".ci", ".gitignore", "pyproject.toml", "LICENSE", "README.md",
    "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "mkdocs.yml", "release-signers",
)  # fmt: skip
"""What an sdist and the script are made of; without tests and docs, which are many."""
NAMES = {f"bss_mfg-{__version__}.tar.gz", f"bss_mfg-{__version__}-py3-none-any.whl", "SHA256SUMS", "SHA256SUMS.sig"}


def git(root: Path, *arguments: str | Path) -> None:
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def maintainer(tmp_path: Path) -> Person:
    return Person.new(tmp_path, "maintainer")


@pytest.fixture
def checkout(tmp_path: Path, maintainer: Person) -> Path:
    """This tree as a commit that may be released."""
    root = tmp_path / "checkout"
    for name in NEEDED:
        source, target = ROOT / name, root / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (root / "CHANGELOG.md").write_text(f"# Changes\n\n## {__version__} - 2026-12-01\n", "utf-8")
    with (root / "release-signers").open("a") as file:
        file.write(f'bss-mfg namespaces="bss-mfg-release" {maintainer.public}\n')
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", "a release")
    return root


def released(checkout: Path, key: Path, out: Path) -> Path:
    """The folder of its release."""
    command = [sys.executable, checkout / ".ci/release.py", "--no-bundle", "--key", key, "--out", out]
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=checkout.parent, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = out.iterdir()
    return folder


def test_a_commit_gives_one_release_wherever_it_is_made(tmp_path: Path, checkout: Path, maintainer: Person) -> None:
    first = released(checkout, maintainer.key, tmp_path / "here")
    assert {path.name for path in first.iterdir()} == NAMES
    elsewhere = tmp_path / "another place"
    git(tmp_path, "clone", "--quiet", checkout, elsewhere)
    second = released(elsewhere, maintainer.key, tmp_path / "there")
    assert (first / "SHA256SUMS").read_bytes() == (second / "SHA256SUMS").read_bytes()
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=second, check=False)
    assert checked.returncode == 0
    wheel = zipfile.ZipFile(first / f"bss_mfg-{__version__}-py3-none-any.whl").namelist()
    with tarfile.open(first / f"bss_mfg-{__version__}.tar.gz") as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    code = {name for name in inside if name.startswith("bss_mfg/")}
    assert code and code <= set(wheel)
    assert not [name for name in (*wheel, *inside) if "__pycache__" in name or name.endswith(".pyc")]
