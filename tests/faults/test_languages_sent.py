"""Label printers of all languages that are switched off in the midst of a file: a true count, and a way on."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest

from tests.helpers.commands import advised, run_cli
from tests.helpers.factory import Factory
from tests.helpers.raw_port import RawPort
from tests.independent.languages.readers import READERS, NotUnderstoodError, Page

LABELS = 40


def printed(language: str, data: bytes) -> list[Page]:
    """The labels that came out of a printer before its bytes ended."""
    pages: list[Page] = []
    with suppress(NotUnderstoodError):
        for page in READERS[language](data):
            pages.append(page)
    return pages


@pytest.mark.parametrize("language", READERS)
def test_a_printer_that_is_switched_off_has_printed_at_most_what_is_said(factory: Factory, language: str) -> None:
    factory.add(oob_bytes=16)
    factory.issue(LABELS)
    assert factory.cli("printer", "add", "line", "--like", f"{language}-203").code == 0
    with (factory.root / "printers" / "line.toml").open("a", encoding="utf-8") as file:
        file.write("ask_status = false\n")  # a question would stand between the labels here
    ways = ("--template", "roll-50x30", "--printer", "line")
    with RawPort(cut_after=60_000) as port:
        broken = factory.cli("labels", "B1", *ways, "--send", port.address)
        assert broken.code == 6, broken.err
        found = re.search(rf"at most (\d+) of {LABELS} labels were printed; (\d+) are left, from (\w+) on", broken.err)
        assert found, broken.err
        most = int(found[1])
        came_out = len(printed(language, port.received[0]))
        assert 0 < came_out <= most < LABELS
        assert most + int(found[2]) == LABELS
        # The rest by the line that is said; what was handed over then is all of it, and whole.
        (command,) = advised(broken, whole=True)
        assert run_cli(*command).code == 0
        rest = b"".join(port.taken(2)[1:])
        assert len(list(READERS[language](rest))) == LABELS - most
        assert factory.cli("labels", "B1", "--send", port.address).code == 4, "nothing is left"
