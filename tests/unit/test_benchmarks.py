"""The benchmarks' own logic, on a few units: counts, ratios, tables, numbers in files. No rate is judged here."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import choices, helps, line, run, steps
from benchmarks.bss_mfg_pipeline import Factory
from benchmarks.common import Others, Ran, Target, table
from tests.helpers import ROOT


def module(name: str) -> ModuleType:
    """A script of docs/."""
    found = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert found and found.loader
    made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    return made


def measured() -> line.Measured:
    """A run with round numbers."""
    ours = {"issue": 1e-4, "labels": 2e-4, "verify": 3e-4, "control log": 4e-5}
    return line.Measured(
        100_000, ours, {step: value / 2 for step, value in ours.items()},
        {"issue": 1e-4, "labels": 8e-3, "verify": 1e-2, "control log": 1e-5},
        {"encryption": 5e-5, "Data Matrix": 2e-5, "rasterising": 6e-5, "decoding": 4e-5}, 2, 12_000,
        {"issue": 1920, "labels": 240, "verify": 240, "control log": 1920}, {"one": 1.0, "two": 1.0},
        {"one": 100.0, "two": 200.0},
    )  # fmt: skip


def point(step: str, units: int, jobs: int, seconds: float, peak: float) -> steps.Point:
    made = steps.Point(step, units, jobs)
    made.add(Ran(seconds, peak), 0.5)
    return made


def whole() -> run.Found:
    """What a run could have found."""
    growth = [
        point("verify", units, 2, 0.5 + (units - 24) * 1e-4 * more, 100 * more)
        for units, more in ((1_000, 1.0), (10_000, 1.0), (100_000, 1.2))
    ]
    processes = [point("verify", 2_024, jobs, 0.5 + 2_000 * 1e-3 / (1.8 if jobs == 2 else 1), 100) for jobs in (1, 2)]
    made = [choices.Made("bss-mfg", 1920, 0.5, 9600, 1920), choices.Made("blabel", skipped="blabel can't be loaded")]
    help_ = [helps.Help("bss-mfg", 0.06, 0.04), helps.Help("bss-mfg batch", 0.09, 0.04)]
    return run.Found(help_, measured(), growth, processes, [], made)


def test_a_label_that_is_not_read_stops_the_line(tmp_path: Path) -> None:
    """No rate is told for work that was not done: here one label file of two is not there."""
    factory = Factory.build(tmp_path / "w", 16)
    factory.issue("b1", 1000)
    factory.labels("b1", tmp_path / "labels", "mask")
    (tmp_path / "labels" / "b1-labels-0002.pdf").unlink()
    with pytest.raises(RuntimeError, match="missing"):
        factory.verify("b1", tmp_path / "labels")


def test_ratios_of_the_line() -> None:
    asked = {target.what: target for target in measured().targets}
    assert asked["whole line: one process / reference"].value == pytest.approx(18.11e-3 / 0.64e-3)
    assert asked["whole line: two processes / reference"].value == pytest.approx(18.11e-3 / 0.32e-3)
    bare = asked["whole line: floor / two processes"]
    assert bare.value == pytest.approx(0.17 / 0.32) and bare.met is False
    assert measured().floor_of("verify") == pytest.approx(1e-4) and measured().floor_of("control log") == 0


def test_starting_is_not_counted_and_growth_is() -> None:
    found = whole()
    assert found.growth and found.processes
    assert [round(one.each * 1e6) for one in found.growth] == [100, 100, 120]
    targets = {target.what: target for target in found.targets}
    assert targets["verify: time a unit, 100,000 units / 10,000"].value == pytest.approx(1.2)
    assert targets["verify: peak memory, 100,000 units / 10,000"].met is False
    assert targets["verify: 2 processes / one"].value == pytest.approx(1.8)
    assert targets["verify: 2 processes / one"].met is True


def test_a_target_is_met_from_its_own_side() -> None:
    assert Target("rate", 2.0, 1.7).met is True and Target("rate", 1.6, 1.7).met is False
    assert Target("growth", 1.1, 1.15, at_most=True).met is True
    assert Target("growth", 1.2, 1.15, at_most=True).met is False
    assert Target("told", 1.0).met is None


def test_one_table_of_all_steps() -> None:
    text = run.steps_table(whole())
    head, *rows = [re.split(r"  +", row.strip()) for row in text.splitlines()]
    by_step = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(by_step) == [*steps.STEPS, "whole line"]
    assert by_step["verify"]["one/s"] == "3,333" and by_step["verify"]["x ref."] == "33.33"
    assert by_step["verify"]["time x"] == "1.20" and by_step["verify"]["two/one"] == "1.80"
    assert by_step["verify"]["of floor"] == "0.67" and by_step["verify"]["MiB"] == "120"
    assert by_step["grade"]["one/s"] == "-"
    assert by_step["whole line"]["two x ref."] == "56.59"


def test_other_work_is_seen() -> None:
    others = Others()
    end = time.perf_counter() + 0.5
    while time.perf_counter() < end:
        pass
    mine = others.share
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:  # not waited for: as if another's
        others = Others()
        time.sleep(0.5)
        assert others.share > mine or mine > 0.8
        other.kill()


def test_columns_line_up() -> None:
    assert table([("a", "bb"), ("ccc", "d")]) == "a    bb\nccc   d"


def test_steps_are_the_programs_own_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One step for real: its command runs, more often where it is soon done, after what must run before it."""
    monkeypatch.setattr(steps, "OFTEN", 3)
    monkeypatch.setattr(steps, "SOON", 1e6)  # whatever else the machine does
    bench = steps.Bench(tmp_path)
    found = bench.growth([48], [steps.STEPS["control log"]], 1, 0)
    assert [(one.step, one.units, len(one.seconds)) for one in found] == [("control log", 48, steps.OFTEN)]
    assert found[0].start > 0 and found[0].peak > 10
    assert len(list((tmp_path / "growth-48" / "batches" / "b1" / "logs-1").glob("*.txt"))) == 1


def test_which_commands_take_jobs() -> None:
    assert steps.takes_jobs(["verify", "b1"]) and not steps.takes_jobs(["batch", "list"])


def test_what_is_missing_is_skipped_with_the_way_out() -> None:
    lacking = choices.Choice("x", choices.ours, 24, ("no_such_module_here",), (), "Install it.")
    assert lacking.missing.endswith("Install it.") and "no_such_module_here" in lacking.missing
    assert choices.Choice("x", choices.ours, 24, (), ("no-such-program",), "Get it.").missing.startswith("no-such-prog")
    assert "skipped" in choices.report(whole().choices or [])


def test_results_fill_the_page(tmp_path: Path) -> None:
    document = {"version": "9.9.9", "date": "2026-01-01", "seconds": 1, "full": False,
                "machine": {"cores": 2, "architecture": "x", "system": "S", "python": "P", "sqlite": "3"},
                **whole().record()}  # fmt: skip
    document = json.loads(json.dumps(document))
    page = module("performance").filled((ROOT / "docs" / "performance.md").read_text("utf-8"), document)
    assert "Version 9.9.9" in page and "| **all** | 18,110.0 | 640.0 | 320.0 | 170.0 | 28.3 | 56.6 | 53% |" in page
    assert "| verify, us a unit | 100.0 | 100.0 | 120.0 | 1.20 |" in page
    assert "`bss-mfg batch --help` with 90 ms, 2.25 times" in page
    assert module("performance").filled(page, document) == page


def test_the_page_is_current() -> None:
    performance = module("performance")
    page = performance.PAGE.read_text("utf-8")
    assert performance.filled(page, json.loads(performance.release().read_text("utf-8"))) == page


def test_pictures_are_the_same_for_the_same_numbers(tmp_path: Path) -> None:
    drawn = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        document = json.loads(json.dumps(whole().record()))
        paths = module("performance_pictures").pictures(document, tmp_path / name)
        drawn.append([path.read_bytes() for path in paths])
    assert drawn[0] == drawn[1] and len(drawn[0]) == 5
