"""`make release`: a whole set of files with signed sums, or nothing; whoever downloads it sees what is wrong."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import pytest

from bss_mfg.transparency.ssh_signatures import NAMESPACE as OF_TWO_PERSONS
from tests.helpers import ROOT
from tests.helpers.persons import Person
from tests.needs import needs

pytestmark = [needs("git"), needs("ssh-keygen")]
VERSION = "1.2.3"
HELD = {"bss_mfg-1.2.3.tar.gz": b"the sdist", "bss_mfg-1.2.3-py3-none-any.whl": b"the wheel", "sbom.cdx.json": b"{}"}


def loaded() -> ModuleType:
    """The script; `release` is too common a name for sys.path."""
    spec = importlib.util.spec_from_file_location("release_script", ROOT / ".ci" / "release.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # records look for their module there
    spec.loader.exec_module(module)
    return module


SCRIPT = loaded()


@dataclass(frozen=True)
class Project:
    """A checkout that may be released, and what its release has."""

    root: Path
    person: Person
    parts: tuple[object, ...]

    @property
    def out(self) -> Path:
        return self.root / "dist"

    def git(self, *arguments: object) -> None:
        who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *map(str, arguments)], cwd=self.root, check=True, capture_output=True)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "a change")

    def make(self) -> Path:
        made = SCRIPT.make_release(self.root, self.out, self.person.key, self.parts)
        assert isinstance(made, Path)
        return made

    def refused(self) -> set[str]:
        """The kinds of what stands against it; nothing is left, whatever it was."""
        before = sorted(self.out.rglob("*"))
        with pytest.raises(SystemExit) as caught:
            self.make()
        assert sorted(self.out.rglob("*")) == before
        assert caught.value.code not in (0, None)
        problems = getattr(caught.value, "problems", ())
        assert all(one.text in str(caught.value) for one in problems)
        return {str(one.kind) for one in problems}


def part(files: dict[str, bytes], then: str = "") -> object:
    """A part of a release that is made at once."""
    lines = [f"open(sys.argv[1] + '/made-' + {name!r}, 'wb').write({content!r})" for name, content in files.items()]
    command = (sys.executable, "-c", "\n".join(["import os, sys", *lines, then]), "{work}")
    return SCRIPT.Part(command, {name: f"made-{name}" for name in files})


def signers(person: Person, namespace: str = "bss-mfg-release") -> str:
    return f'# a comment\n\nbss-mfg namespaces="{namespace}" {person.public}\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "the checkout"
    root.mkdir()
    made = Project(
        root, Person.new(tmp_path, "maintainer"), (part(dict(list(HELD.items())[:2])), part({"sbom.cdx.json": b"{}"}))
    )
    made.git("init", "--quiet")
    made.write("bss_mfg/version.py", f'__version__ = "{VERSION}"\n')
    made.write("CHANGELOG.md", f"# Changes\n\n## {VERSION} - 2026-12-01\n\nMuch.\n\n## 1.2.2 - 2026-11-01\n")
    made.write(".gitignore", "dist/\n")
    made.write("release-signers", signers(made.person))
    made.commit()
    return made


def test_it_has_all_that_was_planned_and_nothing_else(project: Project) -> None:
    folder = project.make()
    assert folder == project.out / f"release-{VERSION}"
    assert {path.name for path in folder.iterdir()} == {*HELD, "SHA256SUMS", "SHA256SUMS.sig"}
    assert list(project.out.iterdir()) == [folder]
    for name, content in HELD.items():
        assert (folder / name).read_bytes() == content


OPENING = """
import pathlib, runpy, sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
release = runpy.run_path(sys.argv[1])
root, key = map(pathlib.Path, sys.argv[2:])
release["make_release"](root, root / "dist", key, ())
print(*opened, sep="\\n")
"""
"""Makes a release, and tells each file that Python opened."""


def test_the_private_key_is_opened_by_ssh_keygen_alone_and_copied_nowhere(project: Project) -> None:
    command = (sys.executable, "-c", OPENING, ROOT / ".ci" / "release.py", project.root, project.person.key)
    opened = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert any(name.endswith("SHA256SUMS") for name in opened)  # the hook hears
    assert str(project.person.key) not in opened
    secret = project.person.key.read_bytes().splitlines()[2]
    assert not [path for path in project.root.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_a_public_half_alone_needs_an_agent(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    public = project.person.key.with_name("public half alone.pub")
    public.write_text(f"{project.person.public}\n")
    assert replace(project, person=Person("maintainer", public)).refused() == {SCRIPT.Kind.SIGNING}


def uncommitted(project: Project) -> None:
    project.write("CHANGELOG.md", (project.root / "CHANGELOG.md").read_text() + "more\n")


def untracked(project: Project) -> None:
    project.write("bss_mfg/extra.py", "")


def unreleased(project: Project) -> None:
    project.write("CHANGELOG.md", f"## Unreleased: {VERSION}\n\n{VERSION} has much.\n\n## 1.2.2 - 2026-11-01\n")
    project.commit()


def like_another_version(project: Project) -> None:
    project.write("CHANGELOG.md", "## 1.2.33 - 2026-12-01\n\n## 1x2.3 - 2026-11-01\n")
    project.commit()


def tagged_elsewhere(project: Project) -> None:
    project.git("tag", "-a", "-m", "", f"v{VERSION}")
    project.commit()


def released(project: Project) -> None:
    project.make()


def unlisted(project: Project) -> None:
    project.write("release-signers", signers(Person.new(project.root.parent, "other")))
    project.commit()


def listed_for_requests(project: Project) -> None:
    project.write("release-signers", signers(project.person, OF_TWO_PERSONS))
    project.commit()


def listed_as_somebody(project: Project) -> None:
    project.write("release-signers", signers(project.person).replace("bss-mfg namespaces", "somebody namespaces"))
    project.commit()


def nobody_listed(project: Project) -> None:
    shutil.copy(ROOT / "release-signers", project.root)
    project.commit()


def key_gone(project: Project) -> None:
    project.person.key.unlink()


def no_checkout(project: Project) -> None:
    shutil.rmtree(project.root / ".git")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (uncommitted, "changed"), (untracked, "changed"), (unreleased, "changes"), (like_another_version, "changes"),
        (tagged_elsewhere, "tag"), (released, "exists"), (unlisted, "signer"), (listed_for_requests, "signer"),
        (listed_as_somebody, "signer"), (key_gone, "key"), (no_checkout, "checkout"),
    ],
)  # fmt: skip
def test_what_stands_against_it_is_said_before_anything_is_made(
    project: Project, change: Callable[[Project], None], kind: str
) -> None:
    change(project)
    began = project.root.parent / "began"
    begun = replace(project, parts=(part({}, f"open({str(began)!r}, 'w')"), *project.parts))
    assert begun.refused() == {kind}
    assert not began.exists()


def test_the_repository_s_own_list_is_read_by_ssh_keygen_and_holds_no_key_of_ours(project: Project) -> None:
    nobody_listed(project)
    assert project.refused() == {"signer"}
    project.write("release-signers", (ROOT / "release-signers").read_text("utf-8") + signers(project.person))
    project.commit()
    project.make()


def test_all_that_stands_against_it_is_said_at_once(project: Project) -> None:
    unreleased(project)
    untracked(project)
    key_gone(project)
    assert project.refused() == {"changes", "changed", "key"}


def test_a_tag_of_this_commit_is_no_obstacle(project: Project) -> None:
    project.git("tag", "-a", "-m", "", f"v{VERSION}")
    project.make()


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (part({"a.deb": b""}, "sys.exit(3)"), "part"),  # it failed after it had written
        (SCRIPT.Part((sys.executable, "-c", ""), {"a.deb": "a.deb"}), "part"),  # it ended well, and made nothing
        (part({"a.deb": b""}, "open('CHANGELOG.md', 'a').write('x')"), "moved"),
        (part({"a.deb": b""}, "open('release-signers', 'w').close()"), "moved"),
    ],
)
def test_a_part_that_fails_and_a_tree_that_moves_leave_nothing(project: Project, last: object, kind: str) -> None:
    assert replace(project, parts=(*project.parts, last)).refused() == {kind}


def test_the_parts_of_this_machine_have_names_of_their_own() -> None:
    parts, left_out = SCRIPT.plan(VERSION, bundle=True)
    names = [name for one in parts for name in one.files]
    assert len(names) == len(set(names))
    assert all(VERSION in name for name in names)
    assert any(name.endswith(".deb") for name in names) != bool(left_out)
    fewer, told = SCRIPT.plan(VERSION, bundle=False)
    assert len(fewer) < len(parts) and told


def test_make_without_a_key_is_told_so_at_once() -> None:
    command = (sys.executable, ROOT / ".ci" / "release.py", "--key", "")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_bundle_s_files_are_called_as_make_bundle_calls_them(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cyclonedx")
    monkeypatch.syspath_prepend(str(ROOT / ".ci" / "bundle"))
    bundle = importlib.import_module("bundle")
    number = bundle.version()
    assert number == SCRIPT.version(ROOT)
    _, made, *_ = SCRIPT.plan(number, bundle=True)[0]
    folder = f"bss-mfg-{number}-{bundle.system_name()}"
    assert f"{folder}/sbom.cdx.json" in made.files.values()
    assert any(name in made.files.values() for name in (f"{folder}.tar.gz", f"{folder}.zip"))


# --- who downloads it: the commands that docs/install.md has, as they stand there -----------------------------------


def documented() -> list[str]:
    """The commands of docs/install.md for Linux."""
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    found = re.search(r"^## Verify a download\n.*?^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert found
    return found[1].splitlines()


@pytest.fixture
def download(project: Project) -> Iterator[Path]:
    folder = project.make()
    shutil.copy(project.root / "release-signers", project.out)  # `../release-signers`, as the page has it
    return folder


def verified(folder: Path) -> tuple[list[bool], str]:
    """Whether each command was content, and what they say."""
    done = [subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False)
            for line in documented()]  # fmt: skip
    assert len(done) == 3
    signature, sums, more = done
    return [signature.returncode == 0, sums.returncode == 0, more.stdout == ""], "".join(
        x.stdout + x.stderr for x in done
    )


needs_bash = pytest.mark.skipif(sys.platform != "linux", reason="the page has other commands there")


@needs_bash
def test_a_whole_download_is_right(download: Path) -> None:
    assert verified(download)[0] == [True, True, True]


@needs_bash
def test_an_artefact_that_is_changed_missing_or_added_is_named(download: Path) -> None:
    wheel = download / "bss_mfg-1.2.3-py3-none-any.whl"
    wheel.write_bytes(b"the Wheel")
    content, said = verified(download)
    assert content == [True, False, True] and wheel.name in said
    wheel.unlink()
    content, said = verified(download)
    assert content == [True, False, True] and wheel.name in said
    wheel.write_bytes(HELD[wheel.name])
    (download / "bss_mfg-1.2.3-1.whl").write_bytes(b"")
    content, said = verified(download)
    assert content == [True, True, False] and "bss_mfg-1.2.3-1.whl" in said
    (download / "bss_mfg-1.2.3-1.whl").rename(download / ".bss_mfg-1.2.3.tar.gz")
    assert verified(download)[0] == [True, True, False]


@needs_bash
def test_sums_that_were_changed_are_not_signed(download: Path) -> None:
    sums = download / "SHA256SUMS"
    sums.write_bytes(sums.read_bytes().splitlines(keepends=True)[0])
    assert verified(download)[0] == [False, True, False]


@needs_bash
@pytest.mark.parametrize(("whose", "namespace"), [("stranger", "bss-mfg-release"), ("maintainer", OF_TWO_PERSONS)])
def test_another_key_and_another_namespace_are_refused(
    project: Project, download: Path, whose: str, namespace: str
) -> None:
    person = project.person if whose == "maintainer" else Person.new(project.root.parent, whose)
    signed = person.sign(download / "SHA256SUMS", namespace)
    signed.replace(download / "SHA256SUMS.sig")
    assert verified(download)[0] == [False, True, True]


def test_a_release_s_signature_is_not_one_of_two_persons() -> None:
    assert SCRIPT.NAMESPACE != OF_TWO_PERSONS
