"""Where the settings name the stations that flash, keys leave sealed to them, unless somebody says why not."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest

from tests.helpers.commands import advised_in
from tests.helpers.cut_off import cut_off_releases
from tests.helpers.factory import Factory

STATION = pyrage.x25519.Identity.generate()
OTHER = pyrage.x25519.Identity.generate()


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add()
    factory.issue(4)
    with (factory.root / "bss-mfg.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'[program]\nseal_to = ["{STATION.to_public()}"]\n')
    return factory


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def last_event(line: Factory, kind: str) -> dict[str, object]:
    events: list[dict[str, object]] = line.cli("history", "B1", "--json").json
    return [event for event in events if event["kind"] == kind][-1]


@pytest.mark.parametrize("form", ["csv", "bin"])
def test_keys_leave_sealed_to_the_stations_of_the_settings(line: Factory, stick: Path, form: str) -> None:
    done = line.cli("program", "B1", "--format", form, "--out", f"{stick}/", "--json")
    assert done.code == 0, done.err
    assert done.json["sealed_to"] == [str(STATION.to_public())]
    files = [Path(name) for name in done.json["files"]]
    assert files and all(path.suffix == ".age" for path in files)
    assert all(pyrage.decrypt(path.read_bytes(), [STATION]) for path in files)
    assert not [path for path in stick.iterdir() if path.suffix not in (".age", ".json")]


def test_who_is_named_goes_before_the_settings(line: Factory, stick: Path) -> None:
    done = line.cli("program", "B1", "--format", "csv", "--out", f"{stick}/", "--to", str(OTHER.to_public()), "--json")
    (path,) = done.json["files"]
    assert pyrage.decrypt(Path(path).read_bytes(), [OTHER])
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(Path(path).read_bytes(), [STATION])


def test_in_clear_needs_a_reason_which_the_history_keeps(line: Factory, stick: Path) -> None:
    command = ("program", "B1", "--format", "csv", "--out", stick / "keys.csv", "--clear")
    refused = line.cli(*command)
    assert refused.code == 2 and "--clear needs --reason TEXT" in refused.err
    assert not list(stick.iterdir())
    done = line.cli(*command, "--reason", "the flasher has no age yet")
    assert done.code == 0, done.err
    assert b"oob_key" in (stick / "keys.csv").read_bytes()
    event = last_event(line, "keys releasing")
    assert event["clear_reason"] == "the flasher has no age yet"
    assert "reason" not in event  # they go out for the first time


@pytest.mark.parametrize("wrong", [("--to", str(OTHER.to_public())), ("--claim", "2", "--for", "flash-1")])
def test_clear_and_sealed_contradict(line: Factory, stick: Path, wrong: tuple[str, ...]) -> None:
    done = line.cli("program", "B1", "--format", "csv", "--out", f"{stick}/", "--clear", "--reason", "x", *wrong)
    assert done.code == 2
    assert not list(stick.iterdir())


@pytest.mark.parametrize("place", ["keys.csv", ""])
def test_what_was_begun_in_clear_is_completed_in_clear_as_advised(line: Factory, stick: Path, place: str) -> None:
    """The command that `doctor` names says nothing of sealing."""
    begun = ("program", "B1", "--format", "csv", "--out", f"{stick}/{place}", "--clear", "--reason", "no age here")
    with cut_off_releases():
        assert line.cli(*begun).code == 130
    (advice,) = [words for words in advised_in(line.cli("doctor").out) if words[0] == "program"]
    done = line.cli(*advice, "--json")
    assert done.code == 0, done.err
    assert done.json["resumed"] and done.json["sealed_to"] == []


@pytest.mark.parametrize("text", ["age1abc", "AGE-SECRET-KEY-1ABC", "ssh-ed25519 AAAA"])
def test_a_setting_that_is_no_public_key_stops_before_any_key_leaves(line: Factory, stick: Path, text: str) -> None:
    settings = line.root / "bss-mfg.toml"
    settings.write_text(settings.read_text().replace(str(STATION.to_public()), text))
    done = line.cli("program", "B1", "--format", "csv", "--out", f"{stick}/")
    assert done.code == 3 and "seal_to" in done.err
    assert "SECRET" not in done.err
    assert not list(stick.iterdir())
