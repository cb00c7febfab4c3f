"""Killed at any call that changes a file, and before and after any call that changes the token: a change of the vault
key into a token, within it, out of it. The same command typed again ends it, with no key lost and none left in the
token."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.workspace.vault_files import waiting_files
from bss_mfg.workspace.vault_key_storage import ask_passphrase_file
from bss_mfg.workspace.workspace import Workspace
from tests.faults.test_vault_kills import keys_of
from tests.helpers import strace, tokens
from tests.helpers.copies import let_issue
from tests.helpers.factory import Factory, make_factory
from tests.needs import needs

pytestmark = needs("softhsm2", "cc", "strace")

ACTS = {
    "into the token": ("file", ("vault", "rekey", "--token-uri", "{uri}")),
    "within the token": ("pkcs11", ("vault", "rekey")),
    "out of the token": ("pkcs11", ("vault", "rekey", "--to", "file")),
    "by the officer": ("lost", ("vault", "recover", "--officer-key", "{officer}", "--token-uri", "{uri}")),
}


class Line:
    """A workspace and its token, as they stood, and a copy of both that something happens to."""

    def __init__(self, memory: Path, module: Path, start: str) -> None:
        self.memory = memory
        self.token = tokens.make_token(memory / "hsm", module=module)
        self.factory = make_factory(memory / "start")
        self.factory.add(oob_bytes=16)
        self.factory.issue(2)
        private, public = new_development_key("p256")
        (memory / "officer.pem").write_bytes(private)
        (memory / "officer.pub").write_bytes(public)
        assert self.factory.cli("vault", "recipient", memory / "officer.pub").code == 0
        self.keys = keys_of(self.factory)
        if start != "file":
            done = self.factory.cli("vault", "rekey", "--token-uri", self.token.uri, env=self.token.env)
            assert done.code == 0, done.err
        if start == "lost":
            self.factory.workspace.vault_file.unlink()
            self.token.emptied()
        shutil.copytree(self.token.folder / "tokens", memory / "tokens")

    def copy(self) -> Factory:
        shutil.rmtree(self.memory / "w", ignore_errors=True)
        shutil.copytree(self.factory.root, self.memory / "w")
        let_issue(self.memory / "w")
        shutil.rmtree(self.token.folder / "tokens")
        shutil.copytree(self.memory / "tokens", self.token.folder / "tokens")
        return Factory(Workspace.find(str(self.memory / "w"), self.memory, {}))

    def arguments(self, act: tuple[str, ...]) -> list[str]:
        return [one.format(uri=self.token.uri, officer=self.memory / "officer.pem") for one in act]

    def check_ended(self, one: Factory, act: tuple[str, ...], point: object) -> None:
        """The same command again ends what was killed."""
        again = strace.run(one.root, self.arguments(act))
        assert again.code == 0, (point, again)
        found = one.cli("vault", "status", "--json")
        assert (found.code, found.json["keys_opened"], found.json["left_over"]) == (0, 1, []), (point, found)
        assert len(self.token.keys()) == ("file" not in act), point
        assert waiting_files(one.workspace.vault_file) == [], point
        with one.ledger() as ledger, one.workspace.open_vault(ledger, ask_passphrase_file):
            pass
        assert one.cli("ledger", "check").code == 0, point


@pytest.fixture
def environment(memory: Path) -> Iterator[None]:
    with tokens.using(tokens.Token(memory / "hsm").env):
        yield


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("name", ACTS)
def test_killed_before_and_after_what_changes_the_token(
    memory: Path, faulty_token: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, act = ACTS[name]
    line = Line(memory, faulty_token, start)
    for call in ("GenerateKey", "DestroyObject", "Login", "CloseSession"):
        monkeypatch.setenv("TOKEN_RUN", f"count {call}")
        monkeypatch.setenv("TOKEN_LOG", str(memory / f"{call}.log"))
        assert strace.run(line.copy().root, line.arguments(act)).code == 0
        monkeypatch.delenv("TOKEN_LOG")
        monkeypatch.setenv("TOKEN_CALL", call)
        count = (memory / f"{call}.log").read_text().split().count(call)
        assert count or call in ("GenerateKey" if name == "out of the token" else "DestroyObject")
        for at in range(1, count + 1):
            for moment in ("kill", "kill after"):
                one = line.copy()
                with tokens.using({"TOKEN_RUN": f"{moment} {at}", "TOKEN_AT": str(at), "TOKEN_ACT": moment}):
                    killed = strace.run(one.root, line.arguments(act))
                assert killed.code == -9, (call, at, killed)
                line.check_ended(one, act, (call, at, moment))
        monkeypatch.delenv("TOKEN_CALL")


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("name", ACTS)
def test_killed_at_any_change_of_a_file(memory: Path, faulty_token: Path, name: str) -> None:
    start, act = ACTS[name]
    line = Line(memory, faulty_token, start)
    arguments = line.arguments(act)
    strace.warm_up(line.copy().root, arguments)
    called = strace.calls(
        line.copy().root, arguments, spared=line.token.folder
    )  # SoftHSM is not killed halfway: no HSM is
    points = [one for one in called if one[0] in strace.CHANGING]
    assert len(points) > 10
    for point in points:
        one = line.copy()
        strace.run(one.root, arguments, strace=strace.fault(*point, "signal=KILL"))
        line.check_ended(one, act, point)
