"""Persons with SSH keys, who sign as people do: with `ssh-keygen`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.ledger.policies import Act
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory

ALL_ACTS = tuple(sorted(Act))


@dataclass(frozen=True)
class Person:
    """Somebody with a key: the private half lies in a file."""

    name: str
    key: Path

    @classmethod
    def new(cls, folder: Path, name: str, *kind: str) -> Person:
        """One with a new key; of which kind, as `ssh-keygen -t` takes it."""
        made = folder / f"key of {name}"
        run("ssh-keygen", "-q", "-t", *(kind or ("ed25519",)), "-N", "", "-C", f"{name}@bench", "-f", made)
        return cls(name, made)

    @property
    def public(self) -> str:
        """The public half, as its file has it."""
        return self.key.with_name(f"{self.key.name}.pub").read_text().strip()

    def sign(self, file: Path, namespace: str = "bss-mfg", *options: str) -> Path:
        """A file's signature, in a file beside it."""
        made = run("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, *options, "-f", self.key, stdin=file.read_bytes())
        signature = file.with_name(f"{file.name}.{self.name}.{namespace}.sig")
        signature.write_bytes(made)
        return signature


def run(*arguments: object, stdin: bytes = b"") -> bytes:
    """What a program prints; it has to end well."""
    return subprocess.run([str(one) for one in arguments], input=stdin, capture_output=True, check=True).stdout


def keygen_accepts(folder: Path, public: str, signature: bytes, content: bytes, namespace: str = "bss-mfg") -> bool:
    """Whether `ssh-keygen -Y verify` takes a signature of this key."""
    (folder / "allowed").write_text(f"somebody {public}\n")
    (folder / "signature").write_bytes(signature)
    command = ("ssh-keygen", "-q", "-Y", "verify", "-f", folder / "allowed", "-I", "somebody", "-n", namespace)
    done = subprocess.run([*command, "-s", folder / "signature"], input=content, capture_output=True, check=False)
    return done.returncode == 0


def policy_file(path: Path, persons: Mapping[str, str], acts: Sequence[str] = ALL_ACTS) -> Path:
    """A policy as people write it."""
    listed = ", ".join(f'"{act}"' for act in acts)
    lines = "\n".join(f'"{name}" = "{public}"' for name, public in persons.items())
    path.write_text(f"two_persons = [{listed}]\n\n[persons]\n{lines}\n")
    return path


def requested(factory: Factory, request: Path, *command: object) -> Path:
    """The request of a command."""
    asked = factory.cli(*command, "--request", request)
    assert asked.code == 0, asked.err
    return request


def with_signatures(request: Path, signatures: Sequence[Path]) -> list[object]:
    """The options by which a command brings what was signed."""
    return ["--approved", request, *(part for one in signatures for part in ("--signature", one))]


def approved(factory: Factory, request: Path, persons: Sequence[Person], *command: object) -> Outcome:
    """A command that these persons signed."""
    requested(factory, request, *command)
    return factory.cli(*command, *with_signatures(request, [one.sign(request) for one in persons]))


def set_policy(factory: Factory, folder: Path, persons: Sequence[Person], acts: Sequence[str] = ALL_ACTS) -> Path:
    """These persons' policy, set; its file."""
    file = policy_file(folder / "policy.toml", {one.name: one.public for one in persons}, acts)
    done = approved(factory, folder / "policy.txt", persons[:2], "policy", "set", file)
    assert done.code == 0, done.err
    return file
