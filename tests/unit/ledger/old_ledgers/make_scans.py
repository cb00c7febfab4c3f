"""`python -m tests.unit.ledger.old_ledgers.make_scans`: a ledger of version 4 with reads of every origin.

Version 4 counted them as one. It was run once, in a checkout of the last commit of that version:

    mkdir /tmp/old && git archive 2b54f43 | tar -x -C /tmp/old
    cp tests/unit/ledger/old_ledgers/make_scans.py /tmp/old/tests/unit/ledger/old_ledgers/
    cd /tmp/old && python -m tests.unit.ledger.old_ledgers.make_scans

What became of the packages of batch SCANS: all were read back from the label file, and

1, 2, 3  then in a picture of their sheet; 2 and 3 at the station before; 3 was shipped
4        in another picture; shipped, and came back
5        spoiled in that picture
6        right in that picture, and then reprinted
7        its unit was replaced; its new label was read at the station
8        no more

Batch DOTS has label files that are pictures (PNG), read back as such.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from bss_mfg.ledger.schema import APPLICATION_ID, VERSION
from tests.helpers.factory import Factory, make_factory
from tests.helpers.pictures import pdfium
from tests.helpers.scans import cell

HERE = Path(__file__).parent


def typed(factory: Factory, code: int, *arguments: object, stdin: str = "") -> None:
    """Type a command that ends with this code."""
    done = factory.cli(*arguments, stdin=stdin)
    assert done.code == code, (arguments, done.err)


def scan(factory: Factory, *packages: int) -> None:
    """Read labels at the station."""
    payloads = factory.payloads("SCANS")
    typed(factory, 0, "scan", "SCANS", "--plain", stdin="".join(f"{payloads[number - 1]}\n" for number in packages))


def pictures(file: Path, folder: Path) -> tuple[Path, Path]:
    """The first row of the sheet as a picture, and the second with its middle label spoiled."""
    page = np.array(pdfium(file, 300))
    rows, columns = cell(5)
    for row in range(rows.start, rows.stop, 12):
        page[row : row + 8, columns] = 255
    first, second = cell(1)[0], cell(4)[0]
    for name, part in (("first.png", page[: first.stop]), ("second.png", page[second.start : second.stop])):
        Image.fromarray(part).save(folder / name, dpi=(300, 300))
    return folder / "first.png", folder / "second.png"


def main() -> None:
    """Write v4_scans.sql and v4_scans.key."""
    assert VERSION == 4
    with tempfile.TemporaryDirectory() as folder:
        factory = make_factory(Path(folder) / "w")
        factory.add(oob_bytes=16)
        factory.issue(8, "SCANS")
        made = factory.label("SCANS")
        scan(factory, 2, 3)
        typed(factory, 0, "verify", "SCANS", made.files[0])
        first, second = pictures(made.files[0], Path(folder))
        typed(factory, 0, "verify", "SCANS", first, "--partial")
        typed(factory, 1, "verify", "SCANS", second, "--partial")
        typed(factory, 0, "ship", "SCANS", "ebK300000003", "ebK300000004", "--for", "pallet 1")
        typed(factory, 0, "ship", "SCANS", "ebK300000004", "--returned")
        typed(factory, 0, "reprint", "SCANS", "ebK300000006", "--reason", "torn")
        typed(factory, 0, "scrap", "SCANS", "ebK300000007", "--reason", "dropped")
        typed(factory, 0, "replace", "SCANS", "ebK300000007", "--reason", "dropped")
        typed(factory, 0, "reprint", "SCANS", "ebK300000009", "--reason", "replaced")
        scan(factory, 7)
        factory.issue(2, "DOTS")
        typed(factory, 0, "labels", "DOTS", "--template", "roll-50x30", "--printer", "png-300")
        typed(factory, 0, "verify", "DOTS", factory.root / "batches/DOTS/labels")
        database = sqlite3.connect(factory.root / "ledger.db")
        lines = [*database.iterdump()]
        head = [f"PRAGMA application_id = {APPLICATION_ID};", f"PRAGMA user_version = {VERSION};"]
        (HERE / "v4_scans.sql").write_text("\n".join([*head, *lines]) + "\n", "utf-8")
        (HERE / "v4_scans.key").write_bytes(factory.workspace.vault_file.read_bytes())


if __name__ == "__main__":
    main()
