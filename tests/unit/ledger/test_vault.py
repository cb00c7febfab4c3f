"""The vault: what is wiped, and what it says of a data key that is gone."""

from __future__ import annotations

import pytest

from bss_mfg.errors import LedgerError
from bss_mfg.ledger.keys import open_keys
from bss_mfg.model import Secret
from tests.helpers.factory import Factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add(oob_bytes=16)
    factory.issue(5)
    return factory


def test_a_secret_can_be_wiped() -> None:
    secret = Secret(b"0123456789abcdef")
    secret.wipe()
    assert secret.reveal() == bytes(16)


def test_a_data_key_that_vanished_without_retirement_is_said(line: Factory) -> None:
    with line.database() as db:
        db.execute("UPDATE batch SET wrapped_key = NULL")
    with line.ledger() as ledger, pytest.raises(LedgerError, match="history knows of no retirement"):
        open_keys(ledger).data_key("B1", line.workspace.open_vault(ledger))
