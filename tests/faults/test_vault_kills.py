"""Killed at any call that changes a file, who makes, changes or puts back keys and ledgers loses none: the same command
typed again ends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bss_mfg.ledger.keys import open_keys
from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.workspace.vault_files import waiting_files
from bss_mfg.workspace.vault_key_storage import AskPassphrase
from bss_mfg.workspace.workspace import Workspace
from tests.helpers import strace
from tests.helpers.copies import let_issue
from tests.helpers.factory import Factory, make_factory
from tests.needs import needs

pytestmark = needs("strace")


@dataclass(frozen=True)
class Act:
    """A command on a workspace that something was done to; `{0}` stands for the folder beside it. The exit codes of the
    same command after a kill: 4 where the work was done already."""

    arguments: tuple[str, ...]
    spoil: Callable[[Path], None]
    again: tuple[int, ...] = (0, 4)


def nothing(root: Path) -> None:
    """All is well."""


def lose_key(root: Path) -> None:
    (root / "vault.key").unlink()


def lose_ledger(root: Path) -> None:
    (root / "ledger.db").write_bytes(b"gone")


ACTS = {
    "rekey": Act(("vault", "rekey"), nothing, (0,)),
    "recover": Act(("vault", "recover", "{0}/copy.key"), lose_key),
    "recover by the officer": Act(("vault", "recover", "--officer-key", "{0}/officer.pem"), lose_key),
    "recipient": Act(("vault", "recipient", "{0}/officer.pub"), nothing, (0,)),
    "restore": Act(("ledger", "restore", "{0}/copy.db", "--skip-serials", "5", "--reason", "x"), lose_ledger),
}


@pytest.mark.parametrize("name", ACTS)
def test_killed_anywhere_no_key_is_lost(memory: Path, name: str) -> None:
    act, factory = ACTS[name], make_factory(memory / "start")
    factory.add(oob_bytes=16)
    factory.issue(2)
    private, public = new_development_key("p256")
    (memory / "officer.pem").write_bytes(private)
    (memory / "officer.pub").write_bytes(public)
    assert factory.cli("vault", "recipient", memory / "officer.pub").code == 0
    assert factory.cli("ledger", "backup", memory / "copy.db").code == 0
    shutil.copy(factory.workspace.vault_file, memory / "copy.key")
    factory.issue(3, "LATER")
    if name == "restore":
        given = {serial for (serial,) in factory.rows("SELECT serial FROM unit")}
    keys = keys_of(factory)
    arguments = [one.replace("{0}", str(memory)) for one in act.arguments]

    def copy() -> Factory:
        shutil.rmtree(memory / "w", ignore_errors=True)
        shutil.copytree(factory.root, memory / "w")
        let_issue(memory / "w")
        act.spoil(memory / "w")
        return Factory(Workspace.find(str(memory / "w"), memory, {}))

    strace.warm_up(copy().root, arguments)
    points = [one for one in strace.calls(copy().root, arguments) if one[0] in strace.CHANGING]
    assert len(points) > 10
    for point in points:
        one = copy()
        strace.run(one.root, arguments, strace=strace.fault(*point, "signal=KILL"))
        again = strace.run(one.root, arguments)
        assert again.code in act.again, (point, again)
        assert one.cli("vault", "status").code == 0, point
        assert waiting_files(one.workspace.vault_file) == [], point
        found = keys_of(one)
        if name == "restore":
            assert found.items() <= keys.items(), point
            one.issue(1, "NEW")
            assert not given & {serial for (serial,) in one.rows(
                "SELECT serial FROM unit WHERE batch = (SELECT no FROM batch WHERE id = 'NEW')"
            )}, point  # fmt: skip
        else:
            assert found == keys, point


def test_a_killed_init_is_typed_again(memory: Path) -> None:
    def make() -> None:
        shutil.rmtree(memory / "w", ignore_errors=True)

    command = ("init", str(memory / "w"))
    make()
    strace.warm_up(memory, command)
    make()
    points = [one for one in strace.calls(memory, command) if one[0] in strace.CHANGING]
    for point in points:
        make()
        strace.run(memory, command, strace=strace.fault(*point, "signal=KILL"))
        done = (memory / "w" / "bss-mfg.toml").exists()
        again = strace.run(memory, command)
        assert again.code == (4 if done else 0), (point, again)
        one = Factory(Workspace.find(str(memory / "w"), memory, {}))
        assert one.cli("vault", "status").code == 0, point
        assert one.cli("ledger", "check").code == 0, point
        assert waiting_files(one.workspace.vault_file) == [], point


def keys_of(factory: Factory, ask: AskPassphrase | None = None) -> dict[tuple[str, str], bytes]:
    """(batch, serial) and key of all units."""
    with factory.ledger() as ledger, factory.workspace.open_vault(ledger, ask) as vault:
        return {
            (batch.id, unit.serial): unit.key.reveal()
            for batch in ledger.batches.all()
            for unit in open_keys(ledger).units(batch.id, vault)
            if unit.key
        }
