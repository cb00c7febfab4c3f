"""A `~` that no shell put a home folder in the place of: in variables, arguments of programs, and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyrage.x25519 import Identity

from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory

NOBODY = "~nobody-of-this-name/factory"
WORDS = "names the home folder of a user who has none here"


@pytest.mark.parametrize(
    "variable", ["BSS_MFG_WORKSPACE", "BSS_MFG_VAULT_KEY_FILE", "BSS_MFG_PASSPHRASE_FILE", "BSS_MFG_AGE_IDENTITY_FILE"]
)
def test_a_variable_with_a_user_who_is_not_there(factory: Factory, variable: str) -> None:
    arguments: tuple[str, ...] = ("vault", "rekey", "--to", "passphrase")
    if variable == "BSS_MFG_AGE_IDENTITY_FILE":
        arguments = (*arguments[:3], "age", "--age-recipient", str(Identity.generate().to_public()))
    if variable == "BSS_MFG_WORKSPACE":
        done = run_cli("vault", "status", env={variable: NOBODY})
    else:
        done = factory.cli(*arguments, env={variable: NOBODY})
    assert done.code == 3, done
    assert WORDS in done.err
    assert NOBODY in done.err


def test_a_folder_with_a_user_who_is_not_there(tmp_path: Path) -> None:
    for arguments in (["init", NOBODY], ["--workspace", NOBODY, "vault", "status"]):
        done = run_cli(*arguments)
        assert (done.code, WORDS in done.err) == (3, True), done


def test_ones_own_home(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(factory.root.parent))
    monkeypatch.setenv("USERPROFILE", str(factory.root.parent))
    assert run_cli("vault", "status", env={"BSS_MFG_WORKSPACE": f"~/{factory.root.name}"}).code == 0
