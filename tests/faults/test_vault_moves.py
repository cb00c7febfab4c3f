"""Killed at any call that changes a file: a vault key that moves between two ways of keeping it. The same command typed
again ends it, with no key lost and nothing left. (Into, in and out of PKCS#11 tokens: test_token_kills.)"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from bss_mfg.workspace.vault_files import waiting_files
from bss_mfg.workspace.vault_key_storage import ask_passphrase_file
from bss_mfg.workspace.workspace import Workspace
from tests.faults.test_vault_kills import keys_of
from tests.helpers import strace, tokens
from tests.helpers.copies import let_issue
from tests.helpers.factory import Factory, make_factory
from tests.helpers.tpms import running_tpm
from tests.helpers.vault_kinds import ALL_KINDS, NEEDS, Kept, make_kept
from tests.needs import needs

pytestmark = needs("strace")

KINDS = [kind for kind in ALL_KINDS if kind != "pkcs11"]
MOVES = [
    pytest.param(old, new, marks=[NEEDS[kind] for kind in {old, new} & set(NEEDS)], id=f"{old} to {new}")
    for old in (*KINDS, "lost")
    for new in KINDS
    if not {old, new} <= {"file", "lost"}  # test_vault_kills
]


@pytest.mark.parametrize(("old", "new"), MOVES)
def test_killed_anywhere_no_key_is_lost(memory: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    factory = make_factory(memory / "start")
    factory.add(oob_bytes=16)
    factory.issue(2)
    with running_tpm(memory / "tpm") if "tpm2" in (old, new) else contextlib.nullcontext() as tpm:
        kept = make_kept(factory, memory, monkeypatch, token=False, tpm=tpm)
        kill_everywhere(kept, memory, old, new)


def kill_everywhere(kept: Kept, memory: Path, old: str, new: str) -> None:
    factory, keys = kept.factory, keys_of(kept.factory)
    arguments: tuple[object, ...] = ("vault", "rekey", *kept.to(new))
    if old == "lost":
        kept.factory.workspace.vault_file.unlink()
        arguments = ("vault", "recover", "--officer-key", kept.officer, *kept.to(new))
    else:
        kept.rekeyed(old)
    ring = kept.keyring_file.read_bytes() if kept.keyring_file.exists() else b"{}"

    def copy() -> Factory:
        shutil.rmtree(memory / "w", ignore_errors=True)
        shutil.copytree(factory.root, memory / "w")
        let_issue(memory / "w")
        kept.keyring_file.write_bytes(ring)
        return Factory(Workspace.find(str(memory / "w"), memory, {}))

    with tokens.using(kept.env):
        strace.warm_up(copy().root, arguments)
        points = [one for one in strace.calls(copy().root, arguments) if one[0] in strace.CHANGING]
        assert len(points) > 10
        for point in points:
            one = copy()
            strace.run(one.root, arguments, strace=strace.fault(*point, "signal=KILL"))
            check_ended(kept, one, arguments, point, keys)


def check_ended(
    kept: Kept, one: Factory, arguments: tuple[object, ...], point: object, keys: dict[tuple[str, str], bytes]
) -> None:
    """The same command again ends what was killed."""
    if kept.tpm:
        kept.tpm.flush()
    again = strace.run(one.root, arguments)
    assert again.code == 0, (point, again)
    found = one.cli("vault", "status", "--json", env=kept.env)
    assert (found.code, found.json["keys_opened"], found.json["left_over"]) == (0, 1, []), (point, found)
    assert found.json["kept"] == arguments[arguments.index("--to") + 1], point
    assert waiting_files(one.workspace.vault_file) == [], point
    assert keys_of(one, ask_passphrase_file) == keys, point
    assert one.cli("ledger", "check").code == 0, point
