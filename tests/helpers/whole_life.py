"""A ledger with something in every table: what was issued in every way, and all that became of it."""

from __future__ import annotations

import json
from pathlib import Path

from bss_mfg.payload.product_keys import new_development_key
from tests.helpers.factory import Factory
from tests.helpers.line_life import live_at_flashers, live_at_presses, live_at_tables
from tests.helpers.packing import hall

INSTALL_CODES = ("83FED3407A939723A5C639B26916D505C3B5", "00FED3407A939723A5C639B26916D505F70B")


def live_whole(factory: Factory) -> Factory:
    """A, B, C: a hall's boxes at presses, packing tables and flashers. D: packages of two with labels, a unit that was
    replaced, keys that were released, control logs and Amazon's answers. Z: MACs and install codes. R: retired. An
    officer, a site key, published files, and identities from before."""
    folder = factory.root / "life"
    folder.mkdir()
    officer = folder / "officer.pub"
    officer.write_bytes(new_development_key("p256")[1])
    does(factory, "vault", "recipient", officer)
    does(factory, "checkpoint", "key", "--name", "factory.example/line")
    hall(factory)
    with factory.ledger() as ledger:
        live_at_presses(ledger)
        live_at_tables(ledger)
        live_at_flashers(factory, ledger)
        ledger.prints.supersede([ledger.prints.made_files("B")[0].file])
    does(factory, "close", "C")
    does(factory, "ship", "C", "--verified", "--for", "order 7")
    live_as_duo(factory, folder)
    live_as_sensor(factory, folder)
    factory.issue(3, "R", "duo3")
    does(factory, "program", "R", "--format", "csv", "--out", folder / "retired.csv")
    does(factory, "manifest", "R", "--out", f"{folder}/upload/")
    does(factory, "retire", "R", "--acknowledged", "letter", "--delete-exports")
    does(factory, "ledger", "publish")
    does(factory, "checkpoint", "sign")
    return factory


def live_as_duo(factory: Factory, folder: Path) -> None:
    """Twenty packages of two: one was replaced, one unit scrapped after it stood in a control log, and withdrawn."""
    factory.add("duo", pid="dU0o", units_per_package=2, oob_bytes=16)
    factory.add("duo3", pid="dU3o", oob_bytes=16)
    factory.issue(40, "D", "duo")
    factory.label("D", template="minimal", labels_per_file=5)
    does(factory, "scrap", "D", "dU0o00000003", "--reason", "dropped")
    does(factory, "replace", "D", "dU0o00000003", "--reason", "dropped")
    does(factory, "program", "D", "--format", "csv", "--out", folder / "keys.csv")
    does(factory, "manifest", "D", "--out", f"{folder}/upload/")
    said = [(1, "ACCEPTED", ""), (2, "REJECTED", "no such product"), (7, "ACCEPTED", ""), (8, "ACCEPTED", "late")]
    answer = folder / "feedback.json"
    listed = [{"serialNumber": f"dU0o{n:08d}", "status": word, "message": why} for n, word, why in said]
    answer.write_text(json.dumps({"feedback": listed}))
    assert factory.cli("manifest", "acknowledge", answer).code in (0, 1)
    does(factory, "scrap", "D", "dU0o00000008", "--reason", "dropped")
    does(factory, "manifest", "acknowledge", "--withdrawn", "dU0o00000008", "--reference", "case 7")


def live_as_sensor(factory: Factory, folder: Path) -> None:
    """Two Zigbee sensors, and a bulb from before."""
    factory.add("sensor", spec="amazon-zss-ob02", template="roll-50x30")
    brought = folder / "sensors.csv"
    rows = [f"Z{n},BE91A2B05327F4D{n},{INSTALL_CODES[n]}" for n in range(2)]
    brought.write_text("\n".join(["serial,mac,install_code", *rows]) + "\n")
    does(factory, "batch", "create", "sensor", "--units", 2, "--id", "Z", "--identities", brought)
    before = folder / "before.csv"
    before.write_text("serial,mac\nOLD-1,C47C8D6A1025\nOLD-2,C47C8D6A1027\n")
    does(factory, "import-issued", "bulb", before)


def does(factory: Factory, *arguments: object) -> None:
    """A command that works."""
    done = factory.cli(*arguments)
    assert done.code == 0, (arguments, done.err)
