"""What the line's flasher gets."""

from __future__ import annotations

import csv
import io

from tests.helpers.factory import Factory


def program(factory: Factory, env: dict[str, str] | None = None, batch: str = "B1") -> list[dict[str, str]]:
    """What the line gets, and not the file: that is taken away again."""
    out = factory.root / "out.csv"
    run = factory.process if "KEYRING_FILE" in (env or {}) else factory.cli  # Python chooses its keyring once
    done = run("program", batch, "--format", "csv", "--out", out, "--again", "--reason", "to look", env=env)
    assert done.code == 0, done.err
    text = out.read_text()
    out.unlink()
    return list(csv.DictReader(io.StringIO(text)))
