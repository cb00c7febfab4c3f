"""`inspect` and `scan` judge one string alike: what the station refuses is not explained as right."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.payload.spec import packaged_spec
from bss_mfg.payload.spec_names import packaged_names
from bss_mfg.verify.diagnosis import DiagnosisCause, diagnose, known_specs
from bss_mfg.verify.inspect import explain
from bss_mfg.verify.scanned import WedgeLine
from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory

SPECS = [packaged_spec(name).spec for name in packaged_names()]


@pytest.fixture(scope="module")
def line(new_factory: Callable[[], Factory]) -> Factory:
    """A batch of single devices, and one of packages of three."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(2, "B1")
    factory.add("trio", units_per_package=3, pid="TRI1")
    factory.issue(3, "T1", product="trio")
    return factory


CHANGES: dict[str, Callable[[str], str]] = {
    "whole": lambda text: text,
    "without its last character": lambda text: text[:-1],
    "cut in the encrypted field": lambda text: text[:-30],
    "cut between two base64 groups": lambda text: text[:-8],
    "cut in the middle": lambda text: text[:90],
    "without UPC": lambda text: text.replace("UPC:841667145075;", ""),
    "another UPC": lambda text: text.replace("841667145075", "036000291452"),
    "a letter in the UPC": lambda text: text.replace("841667145075", "84166714507O"),
    "another PID": lambda text: text.replace("PID:ebK3", "PID:ebK4").replace("PID:TRI1", "PID:TRI2"),
    "small letters": str.lower,
    "capitals": str.upper,
    "caps lock": str.swapcase,
    "a character more": lambda text: text + "x",
    "after an AIM prefix": lambda text: f"]d1{text}",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("batch", ["B1", "T1"])
def test_scan_and_inspect_agree(line: Factory, batch: str, change: str) -> None:
    with line.ledger() as ledger:
        text = CHANGES[change](ledger.packages.get(batch, 1).payload)
    scanned = line.cli("scan", batch, "--json", stdin=text + "\n")
    explained = line.cli("inspect", text, "--json")
    right = scanned.json["word"] in ("OK", "ALREADY")
    assert right == (change in ("whole", "after an AIM prefix"))
    assert (scanned.code, explained.code) == (int(scanned.json["word"] != "OK"), int(not right)), explained.out
    if not right and scanned.json["detail"]:
        assert bool(explained.json[0]["problems"])


@pytest.mark.parametrize("change", ["without its last character", "cut between two base64 groups", "small letters",
                                    "caps lock", "a letter in the UPC", "a character more"])  # fmt: skip
def test_what_the_spec_alone_shows_is_shown_without_a_workspace(line: Factory, tmp_path: Path, change: str) -> None:
    for batch in ("B1", "T1"):
        with line.ledger() as ledger:
            text = CHANGES[change](ledger.packages.get(batch, 1).payload)
        assert run_cli("inspect", text, cwd=tmp_path).code == 1


def test_no_beginning_of_a_string_is_right(line: Factory) -> None:
    for batch in ("B1", "T1"):
        with line.ledger() as ledger:
            text = ledger.packages.get(batch, 1).payload
        assert explain(WedgeLine(text), SPECS).problems == []
        assert [end for end in range(len(text)) if not explain(WedgeLine(text[:end]), SPECS).problems] == []


def test_a_string_in_the_wrong_case_is_known_by_its_package(line: Factory) -> None:
    with line.ledger() as ledger:
        text, specs = ledger.packages.get("B1", 2).payload, known_specs(ledger)
        for change, cause in ((str.lower, DiagnosisCause.CHANGED_CASE), (str.upper, DiagnosisCause.CHANGED_CASE),
                              (str.swapcase, DiagnosisCause.CAPS_LOCK)):  # fmt: skip
            found = diagnose(WedgeLine(change(text)), "B1", ledger, specs)
            assert (found.cause, found.batch, found.package) == (cause, "B1", 2)
        mixed = "".join(random.Random(1).choice((one.lower(), one.upper())) for one in text)
        assert not diagnose(WedgeLine(mixed), "B1", ledger, specs).matches


def test_a_label_of_another_factory_is_right_by_its_spec_and_not_ours(line: Factory, tmp_path: Path) -> None:
    with line.ledger() as ledger:
        text = ledger.packages.get("B1", 1).payload
    here = line.cli("inspect", text, "--json").json[0]
    assert here["issued"] == {"batch": "B1", "package": 1, "serials": "ebK300000001"}
    other = run_cli("inspect", text, "--json", cwd=tmp_path)
    assert other.code == 0 and other.json[0]["issued"] is None
    without = run_cli("inspect", text.replace("UPC:841667145075;", ""), "--json", cwd=tmp_path)
    assert without.code == 0 and len(without.json[0]["notes"]) == 1  # a package may show no code at all
