"""Serials that were issued before bss-mfg are never issued again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bss_mfg.errors import LedgerError
from tests.helpers.factory import Factory


def test_a_foreign_serial_is_refused_by_its_row(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    with factory.ledger() as ledger, ledger.transaction():
        number, _ = ledger.products.register("bulb", "ebK3", "0" * 64)
    with factory.ledger() as ledger, pytest.raises(LedgerError, match="contradicts"), ledger.transaction():
        from bss_mfg.ledger.identities import ImportSource
        from bss_mfg.model import ImportedIdentity

        listed = [ImportedIdentity(2, "A", None, b"k" * 32), ImportedIdentity(3, "B", None, None)]
        source = ImportSource("bulb", number, "f", "")
        assert ledger.identities.import_issued(listed, source).new == 2
        ledger.identities.import_issued([ImportedIdentity(2, "C", None, b"k" * 32)], source)
