"""What a hand scanner adds to its lines is taken off; what a symbol in a picture encodes is compared byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bss_mfg.imaging.second_reader import SecondReader
from bss_mfg.imaging.sources import open_source
from bss_mfg.symbol import data_matrix
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisCause, diagnose, known_specs
from bss_mfg.verify.page import PageReader
from bss_mfg.verify.page_findings import ScannedPage
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.scanned import Scanned, SymbolContent, WedgeLine
from tests.helpers.factory import WHO, Factory
from tests.helpers.scans import picture

ADDED: dict[str, Callable[[str], str]] = {
    "CR": lambda text: text + "\r",
    "LF": lambda text: text + "\n",
    "CR LF": lambda text: text + "\r\n",
    "tab": lambda text: text + "\t",
    "]d1": lambda text: "]d1" + text,
    "]C1": lambda text: "]C1" + text,
    "]Q3": lambda text: "]Q3" + text,
    "]d1 and CR": lambda text: "]d1" + text + "\r",
}


def said_of(factory: Factory, said: Scanned) -> Diagnosis:
    with factory.ledger() as ledger:
        return diagnose(said, "A", ledger, known_specs(ledger))


def payload(factory: Factory, batch: str, number: int) -> str:
    with factory.ledger() as ledger:
        return ledger.packages.get(batch, number).payload


@pytest.mark.parametrize("added", ADDED)
def test_what_a_scanner_adds_is_wrong_in_a_symbol(printed: Factory, added: str) -> None:
    text = ADDED[added](payload(printed, "A", 3))
    assert said_of(printed, WedgeLine(text)).matches
    found = said_of(printed, SymbolContent(text.encode()))
    assert (found.cause, found.kind, found.package) == (DiagnosisCause.EXTRA_CONTENT, "mismatched", 3)
    foreign = said_of(printed, SymbolContent(ADDED[added](payload(printed, "B", 3)).encode()))
    assert (foreign.kind, foreign.package, foreign.batch) == ("foreign", None, "B")


@pytest.mark.parametrize("symbology", ["]d2", "]d4", "]C1", "]Q1", "]z0"])
def test_the_right_string_in_another_symbol_is_wrong(printed: Factory, symbology: str) -> None:
    data = payload(printed, "A", 3).encode()
    assert said_of(printed, SymbolContent(data, "]d1")).matches
    assert said_of(printed, SymbolContent(data, symbology)).kind == "mismatched"


@pytest.mark.parametrize("added", ADDED)
def test_a_symbol_with_more_in_it_does_not_match_in_a_picture(printed: Factory, tmp_path: Path, added: str) -> None:
    data = ADDED[added](payload(printed, "A", 3)).encode()
    page = read_picture(printed, Image.fromarray(picture(data_matrix(data))), tmp_path / "more.png")
    [symbol] = page.symbols
    assert symbol.diagnosis is not None
    assert symbol.read.data == data
    assert (symbol.diagnosis.kind, symbol.diagnosis.package) == ("mismatched", 3)


def read_picture(factory: Factory, image: Image.Image, path: Path) -> ScannedPage:
    """A picture as a verification of batch A reads it."""
    image.save(path)
    with factory.ledger() as ledger, SecondReader.on_demand() as second, open_source(path) as source:
        page = PageReader(ledger, ReadRequest(factory.root / "ledger.db", WHO, "A"), None, second).read(source, 1)
    assert isinstance(page, ScannedPage)
    return page
