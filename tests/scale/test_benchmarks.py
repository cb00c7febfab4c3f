"""The benchmarks run whole on a few units, and every command's help is quick."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import choices, helps, line
from tests.helpers import ROOT
from tests.helpers.factory import Factory
from tests.needs import needs


def test_every_help_is_quick() -> None:
    """At most three times a bare import, for every command and group; what a busy moment spoils is measured again."""
    found = helps.measure_all(1)
    assert {"bss-mfg", "bss-mfg batch", "bss-mfg batch create"} <= {one.command for one in found} and len(found) > 60
    assert [one for one in found if one.ratio > helps.LIMIT] == []


def test_a_heavy_import_would_be_seen() -> None:
    """The control of the test above: the same measuring tells a command that imports too much."""
    heavy = median_of(["-c", "import click, pandas"])
    assert heavy > helps.LIMIT


def test_the_tab_key_is_quick(printed_factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody waits: a serial is completed in little more time than a command's help takes."""
    words = ["bss-mfg", "--workspace", str(printed_factory.root), "labels", "A", "--only", "eb"]
    monkeypatch.setenv("COMP_WORDS", "\n".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    monkeypatch.setenv("_BSS_MFG_COMPLETE", "bash_complete")
    assert median_of(["-m", "bss_mfg"]) < 1.5 * helps.LIMIT


def median_of(arguments: list[str]) -> float:
    runs = [
        (helps.seconds_of((sys.executable, *arguments)), helps.seconds_of(helps.BARE)) for _ in range(3)
    ]  # fmt: skip
    return sorted(own / bare for own, bare in runs)[1]


def test_the_line_runs_whole_and_counts_right(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.line", "--units", "48", "--reference-labels", "24",
         "--json", tmp_path / "j"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr  # so few units miss targets
    found = json.loads((tmp_path / "j").read_text("utf-8"))["line"]
    assert found["units"] == 48 and found["floor_units"] == 48
    assert found["reference_units"] == {"issue": 48, "labels": 24, "verify": 24, "control log": 48}
    for side in ("one", "two", "reference"):
        assert list(found[side]) == list(line.STEPS) and all(value > 0 for value in found[side].values())
    assert set(found["floor"]) == {"encryption", "Data Matrix", "rasterising", "decoding"}
    assert all(value > 20 for value in found["peak_mib"].values())
    assert "whole line" in done.stdout and "microseconds a unit" in done.stdout


@needs("postgresql")
def test_the_shared_ledger_is_measured_whole(tmp_path: Path) -> None:
    """On few units: all is counted, and a ledger that was moved there and back has the same head."""
    few = ("--units", "300", "--stations", "3", "--batches", "2", "--readers", "2", "--scans", "20")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.shared_ledger", *few, "--json", tmp_path / "j"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr  # so few units miss targets
    found = json.loads((tmp_path / "j").read_text("utf-8"))
    assert (found["units"], found["heads_equal"]) == (900, True)
    assert all(found[name] > 0 for name in ("sqlite_rate", "postgresql_rate", "batch_p99_s", "scan_p99_s"))
    assert 20 < found["there_mib"] < 200
    assert 20 < found["back_mib"] < 200


@needs("postgresql")
def test_the_capacity_of_a_line_is_simulated(tmp_path: Path) -> None:
    """On few boxes: all kinds of acts are measured, and a larger factory takes more stations and more of a ledger."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.capacity", "--boxes", "48", "--json", tmp_path / "j"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr  # a busy machine misses targets
    small, middle, large = json.loads((tmp_path / "j").read_text("utf-8"))["capacity"]["plans"]
    assert small["stations"]["packing table"] < middle["stations"]["packing table"] < large["stations"]["packing table"]
    assert 0 < small["busy"] < middle["busy"] < large["busy"]
    assert small["units"] == pytest.approx(small["rate"] * 3_600, rel=0.2)
    assert 0 < small["scan_p50_s"] <= small["scan_p99_s"]


def test_a_cluster_is_measured_next_to_processes(tmp_path: Path) -> None:
    few = ("--units", "96", "--rounds", "1")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.machines", *few, "--json", tmp_path / "j"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr  # so few units miss targets
    points = json.loads((tmp_path / "j").read_text("utf-8"))["machines"]["points"]
    assert [(point["step"], point["by"]) for point in points] == [
        ("labels", "own"), ("labels", "dask"), ("verify", "own"), ("verify", "dask"),
    ]  # fmt: skip
    assert all(len(point["seconds"]) == 1 and point["units"] == 96 for point in points)


@needs("libdmtx")
def test_labels_of_each_choice_are_read_back(tmp_path: Path) -> None:
    made = choices.measure(tmp_path, 0.01)
    assert [one.name for one in made] == [choice.name for choice in choices.CHOICES]
    done = [one for one in made if not one.skipped]
    assert {"bss-mfg", "reportlab, pictures of pylibdmtx"} <= {one.name for one in done}
    assert all(one.read == one.labels == 24 for one in done)
