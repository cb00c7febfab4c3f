"""People read and type days of their own time zone; what is stored and what programs read is UTC."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest

from bss_mfg.core import clock
from bss_mfg.core.clock import TimeZone
from tests.helpers.factory import Factory

LATE = "2026-11-28T20:30:00Z"
"""The 28th in Europe, the 29th in Japan."""


def set_zone(factory: Factory, name: str) -> None:
    path = factory.root / "bss-mfg.toml"
    text = "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("timezone"))
    path.write_text(f'{text}\ntimezone = "{name}"\n')


def texts(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        return str(document[0].get_textpage().get_text_range())
    finally:
        document.close()


@pytest.fixture
def tokyo(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> Factory:
    factory.add(oob_bytes=16)
    set_zone(factory, "Asia/Tokyo")
    monkeypatch.setattr(clock, "now", lambda: LATE)
    assert factory.cli("batch", "create", "bulb", "--units", 4, "--id", "B1").code == 0
    return factory


def test_a_label_has_the_day_of_the_batch_s_own_zone_for_ever(tokyo: Factory, tmp_path: Path) -> None:
    def made(name: str, batch: str = "B1") -> bytes:
        done = tokyo.cli(
            "labels", batch, "--template", "carton-105x74", "--again", "--out", tmp_path / name, "--json"
        )  # fmt: skip
        assert done.code == 0, done.err
        path = Path(done.json["files"][0])
        assert ("2026-11-29" if batch == "B1" else "2026-11-28") in texts(path)
        return path.read_bytes()

    before = made("tokyo")
    set_zone(tokyo, "Europe/Berlin")
    assert made("berlin") == before  # a reprint says what the label on the box says
    tokyo.cli("batch", "create", "bulb", "--units", 4, "--id", "B2")
    made("other", "B2")


def test_days_are_typed_and_read_in_the_zone_and_stored_in_utc(tokyo: Factory) -> None:
    def listed(*options: object) -> int:
        done = tokyo.cli("batch", "list", "--json", *options)
        assert done.code == 0, done.err
        return len(done.json)

    def tabled(*options: object) -> int:
        done = tokyo.cli("table", "B1", "--format", "jsonl", "--out", "-", *options)
        assert done.code == 0, done.err
        return len(done.out.splitlines())

    for ask, whole in ((listed, 1), (tabled, 4)):
        assert ask("--since", "2026-11-29") == whole
        assert ask("--until", "2026-11-28") == 0
        assert ask("--since", "2026-11-29T05:30:00", "--until", "2026-11-29 05:30") == whole
        assert ask("--since", "2026-11-29T05:31") == 0
        assert ask("--since", LATE, "--until", LATE) == whole
        assert ask("--since", "2026-11-28T21:30:00+01:00") == whole
    for wrong in ("29.11.2026", "2026-13-01", "2026-W48", "tomorrow", "9999-12-31T23:00:00-05:00"):
        assert tokyo.cli("batch", "list", "--until", wrong).code == 2, wrong
    assert "2026-11-29T05:30:00+09:00" in tokyo.cli("history", "B1").out
    assert tokyo.cli("history", "B1", "--json").json[-1]["at"] == LATE
    assert "2026-11-29T05:30:00+09:00" in tokyo.cli("batch", "list").out
    assert tokyo.cli("batch", "list", "--json").json[0]["created_at"] == LATE
    assert "2026-11-29T05:30:00+09:00" in tokyo.cli("batch", "show", "B1").out
    assert tokyo.rows("SELECT created_at FROM batch") == [(LATE,)]


def test_a_report_says_when_in_the_zone(tokyo: Factory, tmp_path: Path) -> None:
    made = tokyo.label()
    assert tokyo.cli("verify", "B1", *made.files, "--report", tmp_path / "r.html").code == 0
    assert "2026-11-29T05:30:00+09:00" in (tmp_path / "r.html").read_text()


def test_without_a_setting_all_is_utc(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATE)
    factory.add(oob_bytes=16)
    factory.issue(1)
    assert LATE in factory.cli("history", "B1").out
    assert len(factory.cli("batch", "list", "--json", "--until", "2026-11-28").json) == 1


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", " "])
def test_a_zone_that_is_not_there_is_named_by_its_line(factory: Factory, name: str) -> None:
    set_zone(factory, name)
    done = factory.cli("batch", "list")
    assert done.code == 3
    assert "bss-mfg.toml" in done.err
    assert "line" in done.err


def test_a_day_is_as_long_as_it_is() -> None:
    berlin = TimeZone("Europe/Berlin")
    assert berlin.utc("2026-03-29") == "2026-03-28T23:00:00Z"
    assert berlin.utc("2026-03-29", end=True) == "2026-03-29T21:59:59Z"  # 23 hours
    assert berlin.utc("2026-10-25", end=True) == "2026-10-25T22:59:59Z"  # 25 hours
    assert berlin.utc(berlin.shown(LATE)) == LATE
