"""`make release KEY=FILE`: what a release has, in dist/release-VERSION, with SHA256SUMS and their signature.

FILE is a maintainer's SSH key, or the public half of one that an agent holds; only ssh-keygen reads it. The key must
stand in `release-signers`. The folder appears when everything in it is made, signed and verified, or not at all.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMESPACE = "bss-mfg-release"
"""What a signature is for; requests of two persons have another, so neither can be taken for the other."""
SIGNER = "bss-mfg"
"""As whom all maintainers' keys stand in `release-signers`."""
SIGNERS = "release-signers"
SUMS = "SHA256SUMS"
SIGNATURE = f"{SUMS}.sig"
_DEB_TOOLS = ("dpkg", "dpkg-deb", "lintian", "readelf")


class Kind(StrEnum):
    """Why there won't be a release."""

    TOOL = "tool"
    CHECKOUT = "checkout"
    CHANGED = "changed"
    CHANGES = "changes"
    TAG = "tag"
    EXISTS = "exists"
    KEY = "key"
    SIGNING = "signing"
    SIGNER = "signer"
    PART = "part"
    MOVED = "moved"


@dataclass(frozen=True)
class Problem:
    """What stands against it, and the way out."""

    kind: Kind
    text: str


class Refused(SystemExit):
    """All that stands against a release."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(["There is no release:", *(f"- {one.text}" for one in problems)]))


@dataclass(frozen=True)
class Part:
    """What one command makes. `{work}` in it is the folder it makes files in."""

    command: tuple[str, ...]
    files: dict[str, str]
    """Where in that folder each file lies, by the name that it has in the release."""


def version(root: Path) -> str:
    """The version of bss-mfg."""
    found = re.search(r'__version__ = "(.+)"', (root / "bss_mfg/version.py").read_text("utf-8"))
    assert found  # noqa: S101
    return found[1]


def plan(number: str, bundle: bool) -> tuple[list[Part], list[str]]:
    """The parts of a release on this machine, and what is left out, and why."""
    python, work, scripts = sys.executable, "{work}", ROOT / ".ci/bundle"
    package = [f"bss_mfg-{number}-py3-none-any.whl", f"bss_mfg-{number}.tar.gz"]
    build = (python, "-m", "uv", "build", "--quiet", "--out-dir", work, str(ROOT))
    parts, left_out = [Part(build, {name: name for name in package})], []
    if not bundle:
        return parts, ["bundle and Debian package: --no-bundle"]
    folder = f"bss-mfg-{number}-{platform.system()}-{platform.machine()}".lower()
    archive = f"{folder}.{'zip' if sys.platform == 'win32' else 'tar.gz'}"
    files = {archive: archive, f"{folder}.cdx.json": f"{folder}/sbom.cdx.json"}
    parts.append(Part((python, str(scripts / "bundle.py"), "--out", work), files))
    if lacking := [tool for tool in _DEB_TOOLS if shutil.which(tool) is None]:
        left_out.append(f"Debian package: {', '.join(lacking)} missing here")
    else:
        deb = f"bss-mfg_{number}-1_{_told('dpkg', '--print-architecture')}.deb"
        command = (python, str(scripts / "deb.py"), "--bundle", f"{work}/{folder}", "--out", work, "--lint")
        parts.append(Part(command, {deb: deb}))
    return parts, left_out


def make_release(root: Path, out: Path, key: Path, parts: Sequence[Part]) -> Path:
    """Make it; the new folder in `out`."""
    number = version(root)
    target = out / f"release-{number}"
    if found := [*_problems_of_tree(root, number), *_problems_of_place(target), *_problems_of_key(root, key)]:
        raise Refused(found)
    commit = _told("git", "-C", root, "rev-parse", "HEAD")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".release-", dir=out) as work:
        whole = Path(work) / "whole"
        whole.mkdir()
        for part in parts:
            _make_part(root, part, Path(work), whole)
        if _changed(root) or _told("git", "-C", root, "rev-parse", "HEAD") != commit:
            text = "The repository changed while the release was made. Look with `git status`, then make it anew."
            raise Refused([Problem(Kind.MOVED, text)])
        sums = "".join(f"{_sha256(path)}  {path.name}\n" for path in sorted(whole.iterdir())).encode()
        signature = _sign(key, sums)
        if signature is None or not _verifies(root, sums, signature):
            raise Refused(
                [Problem(Kind.SIGNING, f"{SUMS} could not be signed with {key} (above is what ssh-keygen says)")]
            )
        (whole / SUMS).write_bytes(sums)
        (whole / SIGNATURE).write_bytes(signature)
        whole.rename(target)
    return target


def _problems_of_tree(root: Path, number: str) -> Iterator[Problem]:
    """A release is a commit, with changes that are told, under a tag that isn't another's."""
    if lacking := [tool for tool in ("git", "ssh-keygen") if shutil.which(tool) is None]:
        yield Problem(Kind.TOOL, f"{' and '.join(lacking)} missing here: install git and OpenSSH's client")
        return
    if not (root / ".git").exists():
        yield Problem(Kind.CHECKOUT, f"{root} is not a checkout: clone the repository with git, and release from there")
        return
    if changed := _changed(root):
        listed = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        yield Problem(Kind.CHANGED, f"not committed: {listed}. Commit, or put aside with `git stash -u`")
    heading = re.compile(rf"^## \[?{re.escape(number)}\]?\W+\d{{4}}-\d\d-\d\d$", re.MULTILINE)
    if not heading.search((root / "CHANGELOG.md").read_text("utf-8")):
        today = datetime.now(UTC).date()
        text = f'CHANGELOG.md lacks {number}: turn "Unreleased" into a heading like `## {number} - {today}`, and commit'
        yield Problem(Kind.CHANGES, text)
    tagged = _told("git", "-C", root, "for-each-ref", "--format=%(*objectname)%(objectname)", f"refs/tags/v{number}")
    if tagged and tagged[:40] != _told("git", "-C", root, "rev-parse", "HEAD"):
        text = f"the tag v{number} is another commit: `git switch --detach v{number}`, or raise bss_mfg/version.py"
        yield Problem(Kind.TAG, text)


def _problems_of_place(target: Path) -> Iterator[Problem]:
    if target.exists():
        yield Problem(
            Kind.EXISTS, f"{target} is there: nothing is replaced. Raise bss_mfg/version.py, or delete the folder"
        )


def _problems_of_key(root: Path, key: Path) -> Iterator[Problem]:
    """The key signs, and is one that people know, before minutes are spent."""
    if not key.is_file():
        yield Problem(Kind.KEY, f"there is no key {key}: name its file, `make release KEY=~/.ssh/FILE`")
    elif shutil.which("ssh-keygen"):
        trial = b"A trial of the key, and not a release.\n"
        signature = _sign(key, trial)
        if signature is None:
            yield Problem(Kind.SIGNING, f"{key} could not sign (above is what ssh-keygen says)")
        elif not _verifies(root, trial, signature):
            line = f'{SIGNER} namespaces="{NAMESPACE}" ssh-ed25519 AAAA...'
            text = f"{SIGNERS} does not name {key}: put its public half there as `{line}`, and commit"
            yield Problem(Kind.SIGNER, text)


def _make_part(root: Path, part: Part, work: Path, whole: Path) -> None:
    moment = os.environ.get("SOURCE_DATE_EPOCH") or _told("git", "-C", root, "log", "-1", "--format=%ct")
    command = [word.replace("{work}", str(work)) for word in part.command]
    done = subprocess.run(command, check=False, cwd=root, env={**os.environ, "SOURCE_DATE_EPOCH": moment})
    lacking = [name for name, place in part.files.items() if not (work / place).is_file()]
    if done.returncode or lacking:
        ended = f"`{' '.join(command)}` ended with {done.returncode}"
        raise Refused([Problem(Kind.PART, f"{', '.join(lacking or part.files)} could not be made: {ended}")])
    for name, place in part.files.items():
        shutil.copyfile(work / place, whole / name)


def _changed(root: Path) -> list[str]:
    """What is not as the commit has it."""
    return [line[3:] for line in _told("git", "-C", root, "status", "--porcelain", strip=False).splitlines()]


def _sign(key: Path, content: bytes) -> bytes | None:
    """ssh-keygen's signature; what it has to ask and to say goes to the terminal."""
    command = ("ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", key)
    done = subprocess.run(command, input=content, stdout=subprocess.PIPE, check=False)
    return done.stdout if done.returncode == 0 else None


def _verifies(root: Path, content: bytes, signature: bytes) -> bool:
    """Whether it is one of a maintainer, as those who download will ask."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / SIGNATURE
        file.write_bytes(signature)
        command = ("ssh-keygen", "-q", "-Y", "verify", "-f", root / SIGNERS, "-I", SIGNER, "-n", NAMESPACE, "-s", file)
        return subprocess.run(command, input=content, capture_output=True, check=False).returncode == 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _told(*command: str | Path, strip: bool = True) -> str:
    said = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    return said.strip() if strip else said


def main() -> None:
    """Say what will be made, and make it."""
    parser = argparse.ArgumentParser(prog="make release", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--key", type=Path, required=True, help="the SSH key to sign with, or its public half")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where its folder goes (default: dist)")
    parser.add_argument("--no-bundle", action="store_true", help="wheel and sdist alone")
    given = parser.parse_args()
    if given.key == Path():  # make gives an empty one where KEY lacks
        parser.error("a key is missing: make release KEY=~/.ssh/FILE")
    number = version(ROOT)
    parts, left_out = plan(number, bundle=not given.no_bundle)
    print(
        f"bss-mfg {number} will have:",
        *sorted(name for part in parts for name in part.files),
        SUMS,
        SIGNATURE,
        sep="\n  ",
    )
    for text in left_out:
        print(f"It will not have: {text}")
    sys.stdout.flush()
    target = make_release(ROOT, given.out.absolute(), given.key.expanduser().absolute(), parts)
    print(f"OK: {target}. Verify it as docs/install.md says, and publish all of its files.")


if __name__ == "__main__":
    main()
