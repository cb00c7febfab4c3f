"""Tables that LibreOffice opened and saved: read back as they were, or refused."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from bss_mfg.errors import InputError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.identity_files import read_identities
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.model import Identity
from bss_mfg.tables import csv_rows
from tests.helpers.factory import Factory
from tests.helpers.office import soffice
from tests.needs import needs

pytestmark = needs("soffice")

IDENTITY = ("serial", "uuid", "mac")


def issue_known(factory: Factory, identities: Sequence[Identity], batch_id: str = "B1") -> None:
    """Issue a batch with identities of one's own."""
    loaded = factory.workspace.product("bulb")
    with factory.ledger() as ledger:
        spec = factory.workspace.spec(loaded.product.spec)
        request = BatchRequest(loaded, spec, len(identities), batch_id, identities)
        create_batch(ledger, factory.workspace.open_vault(), request)


HARD = (
    Identity("000000000017", uuid.UUID("12345678901234567890123456789012"), "001122334455"),
    Identity("00000000001700", uuid.UUID("00000000000000000000000000000012"), "0000000000E0"),
    Identity("12345678901234567890", uuid.UUID("1234567890123456789012345678E012"), "123456E12345"),
    Identity("99999999999999999999999999999999999999999999999999", uuid.UUID(int=2**128 - 1), "FEFFFFFFFFFF"),
    Identity("1-2", uuid.UUID(int=7), "000000000001"),
    Identity("TRUE", uuid.UUID(int=8), "100000000000"),
)
"""Leading zeros, long digits, what looks like a power of ten, a date or a truth value."""


def test_what_libreoffice_saves_is_read_exactly(factory: Factory, tmp_path: Path) -> None:
    factory.add(oob_bytes=16)
    issue_known(factory, HARD)
    quoted_is_text = "--infilter=CSV:44,34,76,1,,0,true"
    for kind, options in (("csv", [quoted_is_text]), ("xlsx", [])):
        out = tmp_path / f"units.{kind}"
        done = factory.cli("table", "B1", "--format", kind, "--columns", ",".join(IDENTITY), "--out", out)
        assert done.code == 0, done.err
        assert read_identities(out) == HARD
        for saved_as in ("csv", "xlsx"):
            saved = soffice(out, saved_as, tmp_path / f"{kind}-{saved_as}", *options)
            assert saved.read_bytes() != out.read_bytes()
            assert read_identities(saved) == HARD, (kind, saved_as)


def test_a_csv_opened_without_care_is_damaged_and_mostly_refused(factory: Factory, tmp_path: Path) -> None:
    """What docs/formats/tables.md warns of: LibreOffice makes numbers of quoted cells unless it is told not to."""
    (tmp_path / "units.csv").write_bytes(
        b"".join(csv_rows(IDENTITY, [[("12345678901234567890", None, "00112233445F")]]))
    )
    saved = soffice(tmp_path / "units.csv", "csv", tmp_path / "saved")
    with pytest.raises(InputError, match="a number that a spreadsheet has rounded"):
        read_identities(saved)
