"""The officer's key, made and read by openssl: it opens every batch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.helpers.factory import Factory
from tests.helpers.programmed import program
from tests.needs import needs

pytestmark = needs("openssl")


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add(oob_bytes=16)
    factory.issue(5)
    return factory


@pytest.mark.parametrize("encrypted", [False, True])
def test_the_officer_opens_every_batch(line: Factory, tmp_path: Path, phrase: dict[str, str], encrypted: bool) -> None:
    private, public = tmp_path / "officer.pem", tmp_path / "officer.public.pem"
    hide = ["-aes256", "-pass", f"file:{phrase['BSS_MFG_PASSPHRASE_FILE']}"] if encrypted else []
    make = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", *hide, "-out", private]
    subprocess.run(make, check=True, capture_output=True)
    read = ["-passin", f"file:{phrase['BSS_MFG_PASSPHRASE_FILE']}"] if encrypted else []
    subprocess.run(["openssl", "pkey", "-in", private, *read, "-pubout", "-out", public], check=True)
    sealed = line.cli("vault", "recipient", public)
    assert sealed.code == 0, sealed.err
    line.issue(2, "B2")  # issued after
    keys, more = program(line), program(line, batch="B2")
    line.workspace.vault_file.unlink()
    done = line.cli("vault", "recover", "--officer-key", private, env=phrase)
    assert done.code == 0, done.err
    assert (program(line), program(line, batch="B2")) == (keys, more)
    assert line.cli("vault", "status").code == 0
    with line.ledger() as ledger:
        (event,) = ledger.history.events_of(("vault recovered",))
        assert event.data["officer"] == sealed.out.strip()
    wrong = line.cli("vault", "recipient", private)
    assert wrong.code == 3
    assert "is not a P-256 public key" in wrong.err
