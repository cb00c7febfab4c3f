"""A share of the hunt in every run: some cases of each reader, and all cases that were ever found."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from bss_mfg.errors import BssError
from tests.fuzz.hunt import Wrong, distinct, hunt, seeds_of
from tests.fuzz.mutate import mutated
from tests.fuzz.reader import FuzzedReader
from tests.fuzz.readers import READERS
from tests.helpers.amount import sized

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the children are forked, and have limits of POSIX")
CASES = Path(__file__).with_name("cases")
SLOW = {"svg", "pdf-artwork", "font", "template"}
"""They draw, a tenth of a second and more each."""


@pytest.mark.parametrize("reader", READERS)
def test_a_share_of_the_cases_is_read_or_refused(reader: str) -> None:
    if not seeds_of(reader):
        pytest.skip("the library of this kind of file is missing")
    until = time.monotonic() + sized(full=600.0, usual=20.0)
    found = hunt(reader, range(sized(full=20_000, usual=2 if reader in SLOW else 60)), until=until)
    assert found.cases > 0
    assert not list(distinct(found.findings))


@pytest.mark.parametrize("file", sorted(CASES.glob("*/*")), ids=lambda file: f"{file.parent.name} {file.name}")
def test_what_was_found_stays_mended(file: Path, tmp_path: Path) -> None:
    with contextlib.suppress(BssError):
        READERS[file.parent.name].read(file.read_bytes(), tmp_path)


def test_the_mutators_repeat_and_change() -> None:
    for name in ("identities-xlsx", "png-scan", "config", "vault-key"):
        seeds, structure = seeds_of(name), READERS[name].structure
        cases = [mutated(seeds, number, structure) for number in range(40)]
        assert cases == [mutated(seeds, number, structure) for number in range(40)]
        assert len(set(cases)) > 30


def _crash(data: bytes, folder: Path) -> None:
    raise KeyError(data[:1])


def _hang(data: bytes, folder: Path) -> None:
    while True:
        pass


def _die(data: bytes, folder: Path) -> None:
    os._exit(3)


def _devour(data: bytes, folder: Path) -> None:
    bytearray(8 << 30)


def _stray(data: bytes, folder: Path) -> None:
    Path("/tmp/stray-of-fuzz").open("a").close()


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        (_crash, Wrong.TRACEBACK),
        (_hang, Wrong.HANG),
        (_die, Wrong.DIED),
        (_devour, Wrong.MEMORY),
        (_stray, Wrong.WRITE),
    ],
)
def test_the_hunt_finds_each_kind_of_wrong(read: object, wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    assert multiprocessing.get_context("fork")
    control = FuzzedReader(read, lambda: (b"a", b"b"))  # type: ignore[arg-type]
    monkeypatch.setattr("tests.fuzz.hunt.READERS", {**READERS, "control": control})
    monkeypatch.setattr("tests.fuzz.hunt.SECONDS", 0.5)
    monkeypatch.setattr("tests.fuzz.hunt._warm_up", lambda *_: None)
    found = hunt("control", range(1))
    assert [one.wrong for one in found.findings] == [wrong]
    Path("/tmp/stray-of-fuzz").unlink(missing_ok=True)
