"""`report shift` and `report yield`: the numbers of a time, as text, JSON and files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.helpers.factory import Factory
from tests.helpers.shift import acting, at, live_a_shift, scan, serials

NOON = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
DAY = ("--from", "2026-11-24", "--to", "2026-11-24")


@pytest.fixture(scope="module")
def lived(new_factory: Callable[[], Factory]) -> Factory:
    """A shift until noon of the 24th."""
    factory = new_factory()
    live_a_shift(factory, NOON)
    return factory


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_shift_hour_by_hour(lived: Factory, tmp_path: Path) -> None:
    file = tmp_path / "shift.csv"
    done = lived.cli("report", "shift", *DAY, "--csv", file, "--json")
    assert done.code == 0, done.err
    assert done.json["counts"]["scrapped"] == 3
    assert done.json["faults"] == {"unreadable": 2, "wrong label": 3} or done.json["faults"] == {
        "wrong label": 3, "unreadable": 2,
    }  # fmt: skip
    found = {(row["hour"], row["station"]): row for row in rows(file.read_text())}
    eight = found["2026-11-24T08:00:00Z", "scan-2"]
    assert (eight["right"], eight["wrong"], eight["repeated"], eight["first_pass_yield"]) == ("2", "2", "1", "")
    six = found["2026-11-24T06:00:00Z", "scan-1"]
    assert (six["first_right"], six["first_pass_yield"]) == ("6", "1.0")
    assert len(found) == len(done.json["by_hour"])


def test_yields_batch_by_batch(lived: Factory, tmp_path: Path) -> None:
    file = tmp_path / "yield.csv"
    done = lived.cli("report", "yield", *DAY, "--csv", file)
    assert done.code == 0, done.err
    found = {row["batch"]: row for row in rows(file.read_text())}
    assert list(found) == ["BULB-07", "BULB-08", "DUO-03"]
    assert (found["BULB-07"]["first_pass_yield"], found["BULB-08"]["first_pass_yield"]) == ("1.0", "0.875")
    assert found["BULB-07"]["scrap_reasons"] == "dropped 2; radio test failed 1"
    assert found["BULB-08"]["faults"] == "unreadable 2; wrong label 1"
    assert found["DUO-03"]["first_pass_yield"] == ""


def test_only_what_is_between(lived: Factory) -> None:
    """Both ends are in; a day ends with its last second, in the workspace's time zone."""

    def right(*options: str) -> int:
        done = lived.cli("report", "shift", *options, "--json")
        assert done.code == 0, done.err
        return int(done.json["counts"]["right"])

    assert right("--from", "2026-11-24T06:30:00", "--to", "2026-11-24T06:30:00") == 6
    assert right("--from", "2026-11-24T06:30:01", "--to", "2026-11-24T07:29:59") == 0
    assert right("--from", "2026-11-23", "--to", "2026-11-23") == 0
    assert right("--from", "2026-11-24T07:30:00+01:00", "--to", "2026-11-24T07:30:00+01:00") == 6


def test_today_is_the_default(lived: Factory) -> None:
    with at(NOON):
        shown = lived.cli("report", "shift", "--json").json
    assert (shown["from"], shown["to"]) == ("2026-11-24T00:00:00Z", "2026-11-24T12:30:00Z")
    assert shown["counts"]["right"] == 24 + 2 + 12 + 22


def test_hours_and_days_are_the_workspaces(lived: Factory, tmp_path: Path) -> None:
    here = lived.copied(tmp_path / "w")
    settings = here.root / "bss-mfg.toml"
    settings.write_text('timezone = "Asia/Kathmandu"\n' + settings.read_text())
    shown = here.cli("report", "shift", *DAY, "--json").json
    assert (shown["from"], shown["to"]) == ("2026-11-24T00:00:00+05:45", "2026-11-24T23:59:59+05:45")
    assert "2026-11-24T12:00:00+05:45" in {row["hour"] for row in shown["by_hour"]}


@pytest.mark.parametrize("kind", ["shift", "yield"])
def test_each_kind_of_file(lived: Factory, tmp_path: Path, kind: str) -> None:
    files = {end: tmp_path / f"report.{end}" for end in ("csv", "html", "pdf")}
    options = [part for end, file in files.items() for part in (f"--{end}", file)]
    done = lived.cli("report", kind, *DAY, *options)
    assert (done.code, done.out) == (0, "")
    page = files["html"].read_text()
    assert "BULB-07" in page or "scan-1" in page
    assert "<script" not in page and "default-src 'none'" in page and "http" not in page.partition("<body>")[2]
    assert files["pdf"].read_bytes().startswith(b"%PDF-")
    again = lived.cli("report", kind, *DAY, "--html", files["html"])
    assert again.code == 0, "an earlier page of this kind is replaced"
    before = files["csv"].read_bytes()
    refused = lived.cli("report", kind, *DAY, "--csv", files["csv"])
    assert (refused.code, files["csv"].read_bytes()) == (4, before)
    assert lived.cli("report", kind, *DAY, "--pdf", tmp_path / "none" / "x.pdf").code == 3


def test_text_where_no_file_is_named(lived: Factory) -> None:
    done = lived.cli("report", "yield", *DAY)
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines() if line.startswith(("BULB", "DUO"))] == [
        "BULB-07", "BULB-08", "DUO-03",
    ]  # fmt: skip


def test_what_somebody_typed_runs_nowhere(lived: Factory, tmp_path: Path) -> None:
    """A reason is a text of a person: no markup in a page, no formula in a table."""
    here = lived.copied(tmp_path / "w")
    with acting(here, "=1+1", NOON) as ledger:
        ledger.units.scrap("BULB-08", serials(here, "BULB-08", [20]), "<img src=x onerror=alert(1)>")
    page, table = tmp_path / "page.html", tmp_path / "table.csv"
    assert here.cli("report", "shift", *DAY, "--html", page, "--csv", table).code == 0
    assert "<img" not in page.read_text() and "&lt;img" in page.read_text()
    assert "'=1+1" in {row["station"] for row in rows(table.read_text())}


def test_an_empty_time(lived: Factory, tmp_path: Path) -> None:
    files = {end: tmp_path / f"report.{end}" for end in ("csv", "html", "pdf")}
    options = [part for end, file in files.items() for part in (f"--{end}", file)]
    done = lived.cli("report", "shift", "--from", "2020-01-01", "--to", "2020-01-02", *options)
    assert done.code == 0, done.err
    assert rows(files["csv"].read_text()) == []


@pytest.mark.parametrize(
    "options", [["--from", "2026-11-25", "--to", "2026-11-24"], ["--from", "yesterday"], ["--to", "2026-13-01"]]
)
def test_dates_that_are_none(lived: Factory, options: list[str]) -> None:
    assert lived.cli("report", "shift", *options).code == 2


def test_the_station_with_the_scanner_is_told_apart(lived: Factory, tmp_path: Path) -> None:
    """A package that two stations read is one package of the line, and counts where it was read first."""
    here = lived.copied(tmp_path / "w")
    scan(here, "scan-7", "DUO-03", NOON, [1, 2])
    scan(here, "scan-8", "DUO-03", NOON, [2, 3], "wrong label")
    found = {(one["station"]): one for one in here.cli("report", "shift", *DAY, "--json").json["by_hour"][-9:]}
    assert (found["scan-7"]["first_right"], found["scan-7"]["first_wrong"]) == (2, 0)
    assert (found["scan-8"]["first_right"], found["scan-8"]["first_wrong"], found["scan-8"]["wrong"]) == (0, 1, 2)
