"""The public face: what is exported and with which shape, that it costs no start, does its work, and shows no key."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import bss_mfg
from tests.cli.test_secrets import forms, leaks
from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory

PROMISED: dict[str, object] = {
    # A promise: names, order and defaults stay within a minor version; what is added has a default.
    "open_workspace": "(folder=None, *, operator='', station='', passphrase=None, jobs=0)",
    "OpenWorkspace": {
        "batch": "(self, batch_id)",
        "batches": "(self)",
        "close": "(self)",
        "create_batch": "(self, product, units, *, id=None, identities=None, fields=None)",
        "folder": None,
        "make_labels": "(self, batch_id, *, printer=None, template=None, folder=None, again=False, language=None)",
        "products": None,
        "reconcile": "(self, batch_id, *, folder=None)",
        "units": "(self, batch_id, states=())",
        "verify": "(self, batch_id, files, *, partial=False, second_reader=False, grade=False, reports=())",
    },
    "Batch": (
        "id product stage units packages units_per_package spec template created_at printed file_verified "
        "print_verified shipped scrapped replaced closed_at retired_at"
    ),
    "Unit": "package serial uuid mac state payload replaced_by",
    "LabelFiles": "batch_id files index labels pages unchanged left_out",
    "Finding": "verdict serials package file page x_mm y_mm detail of",
    "Verification": "batch_id passed counts unreadable",
    "Difference": "kind unit package file what",
    "Reconciliation": "batch_id agrees compared difference_count differences",
    "BssError": 3,
    "InputError": 3,
    "RefusedError": 4,
    "LedgerError": 5,
    "MissingError": 6,
}


def shape(name: str) -> object:
    """What is promised of an exported name: arguments, fields or exit code."""
    found = getattr(bss_mfg, name)
    if isinstance(found, type) and issubclass(found, Exception):
        return found.exit_code  # type: ignore[attr-defined]
    if dataclasses.is_dataclass(found):
        return " ".join(field.name for field in dataclasses.fields(found) if not field.name.startswith("_"))
    if isinstance(found, type):
        members = {name: member for name, member in vars(found).items() if not name.startswith("_")}
        return {name: arguments(member) if callable(member) else None for name, member in sorted(members.items())}
    return arguments(found)


def arguments(function: Any) -> str:
    parameters = inspect.signature(function).parameters.values()
    return str(inspect.Signature([value.replace(annotation=inspect.Parameter.empty) for value in parameters]))


def test_the_exported_names_keep_their_shape() -> None:
    assert {name: shape(name) for name in bss_mfg.__all__ if name != "__version__"} == PROMISED


def test_everything_exported_is_typed_and_explained() -> None:
    for name in bss_mfg.__all__:
        if name == "__version__":
            continue
        found = getattr(bss_mfg, name)
        assert inspect.getdoc(found), name
        members = vars(found).items() if name == "OpenWorkspace" else [(name, found)]
        for member, value in members:
            if callable(value) and not member.startswith("_") and not isinstance(value, type):
                assert inspect.getdoc(value), member
                assert "return" in get_type_hints(value), member
    for record in map(bss_mfg.__getattr__, ("Batch", "Unit", "LabelFiles", "Finding", "Difference", "Reconciliation")):
        assert record.__dataclass_params__.frozen, record


def test_what_is_not_exported_is_not_there() -> None:
    assert set(bss_mfg.__all__) <= set(dir(bss_mfg))
    with pytest.raises(AttributeError, match="no attribute 'Secret'"):
        bss_mfg.Secret  # noqa: B018


def test_importing_it_loads_nothing_until_a_name_is_used() -> None:
    script = (
        "import sys, bss_mfg\n"
        "print(sorted(name for name in sys.modules if name.startswith('bss_mfg')))\n"
        "bss_mfg.InputError\n"
        "print('numpy' in sys.modules, 'bss_mfg.errors' in sys.modules)\n"
        "bss_mfg.open_workspace\n"
        "print('bss_mfg.api' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=real_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["['bss_mfg', 'bss_mfg.version']", "False True", "True"]


@pytest.fixture
def line(factory: Factory) -> Iterator[bss_mfg.OpenWorkspace]:
    """An open workspace with a product of two units a package."""
    factory.add(units_per_package=2)
    with bss_mfg.open_workspace(factory.root, operator="ada", station="packing", jobs=1) as line:
        yield line


def test_a_shift_by_the_api_is_a_shift_by_the_commands(factory: Factory, line: bss_mfg.OpenWorkspace) -> None:
    batch = line.create_batch("bulb", 8, id="B1")
    made = line.make_labels("B1")
    result = line.verify("B1", made.files, reports=[factory.root / "report.html"])
    assert (batch.units, batch.packages, batch.printed) == (8, 4, 0)
    assert (made.labels, made.pages, made.unchanged) == (4, 1, 0)
    assert result.passed and result.counts["matched"] == 4 and not list(result.faults)
    assert [finding.verdict for finding in result.findings] == ["matched"] * 4
    assert [finding.verdict for finding in result.findings] == ["matched"] * 4  # as often as it is walked
    assert "B1" in (factory.root / "report.html").read_text("utf-8")
    agreement = line.reconcile("B1")
    assert agreement.agrees and agreement.compared["labels"] == 4 and agreement.differences == ()
    units = list(line.units("B1"))
    assert [unit.package for unit in units] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert {unit.state for unit in units} == {"printed"} and len({unit.uuid for unit in units}) == 8
    shown = factory.cli("batch", "show", "B1", "--history", "--json").json
    now = line.batch("B1")
    assert (now.file_verified, now.print_verified) == (4, 0) and {finding.of for finding in result.findings} == {"file"}
    for name in (
        "id", "product", "stage", "units", "packages", "printed", "file_verified", "print_verified", "created_at",
        "closed_at",
    ):  # fmt: skip
        assert getattr(now, name) == shown[name], name
    told = {(event["operator"], event["station"], event["version"]) for event in shown["history"]}
    assert told == {("ada", "packing", bss_mfg.__version__)}
    assert factory.cli("batch", "create", "bulb", "--units", 8, "--id", "B1", "--json").json["created"] is False
    assert factory.cli("labels", "B1").code == 4  # made before


def test_what_is_wrong_is_told_as_the_commands_tell_it(factory: Factory, line: bss_mfg.OpenWorkspace) -> None:
    line.create_batch("bulb", 4, id="B1")
    assert line.create_batch("bulb", 4, id="B1").id == "B1"
    with pytest.raises(bss_mfg.RefusedError, match="other arguments"):
        line.create_batch("bulb", 6, id="B1")
    with pytest.raises(bss_mfg.InputError, match="there is no product"):
        line.create_batch("lamp", 4)
    with pytest.raises(bss_mfg.InputError):
        line.batch("B2")
    made = line.make_labels("B1")
    with pytest.raises(bss_mfg.RefusedError):
        line.make_labels("B1", again=False)
    factory.cli("scrap", "B1", "ebK300000001", "--reason", "dropped")
    result = line.verify("B1", made.files)
    (fault,) = result.faults
    assert not result.passed and fault.verdict != "matched" and "ebK300000001" in fault.serials
    assert [unit.serial for unit in line.units("B1", ["scrapped"])] == ["ebK300000001"]
    with pytest.raises(bss_mfg.InputError, match="no state 'broken'"):
        line.units("B1", ["broken"])


def test_identities_come_in_by_a_file(factory: Factory, line: bss_mfg.OpenWorkspace, tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("serial\nA1\nA2\n")
    line.create_batch("bulb", 2, id="B1", identities=str(tmp_path / "ids.csv"))
    assert [unit.serial for unit in line.units("B1")] == ["A1", "A2"]
    assert [batch.id for batch in line.batches()] == ["B1"] and line.products == ["bulb"]


def test_a_vault_under_a_passphrase_opens_by_the_api(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    secret = tmp_path / "passphrase"
    secret.write_text("five random words are best")
    done = factory.cli("vault", "rekey", "--to", "passphrase", env={"BSS_MFG_PASSPHRASE_FILE": str(secret)})
    assert done.code == 0, done.err
    with bss_mfg.open_workspace(factory.root, passphrase=secret.read_text, jobs=1) as line:
        assert line.create_batch("bulb", 1).units == 1
    with bss_mfg.open_workspace(factory.root) as line, pytest.raises(bss_mfg.MissingError, match="passphrase"):
        line.create_batch("bulb", 1)


def test_a_folder_that_is_no_workspace_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(bss_mfg.InputError, match="is not a workspace"):
        bss_mfg.open_workspace(tmp_path)
    with pytest.raises(bss_mfg.InputError, match="processes"):
        bss_mfg.open_workspace(tmp_path, jobs=-1)


def test_no_result_shows_a_key(factory: Factory, line: bss_mfg.OpenWorkspace) -> None:
    line.create_batch("bulb", 4, id="B1")
    made = line.make_labels("B1")
    result = line.verify("B1", made.files)
    said = repr([line.batches(), list(line.units("B1")), made, result, list(result.findings), line.reconcile("B1")])
    done = factory.cli("program", "B1", "--format", "csv", "--out", factory.root / "keys.csv")
    assert done.code == 0, done.err
    keys = [bytes.fromhex(row.split(",")[2]) for row in (factory.root / "keys.csv").read_text().splitlines()[1:]]
    assert len(keys) == 4
    assert not leaks({form for key in keys for form in forms(key)}, said.encode())
