"""Control logs through the command line: which packages are in which file, what Amazon said of them, and what next."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.manifest.sidecar import read_sidecar
from bss_mfg.payload.spec import packaged_spec
from tests.helpers.commands import Outcome, advised_in
from tests.helpers.factory import Factory, give_serial
from tests.helpers.keys import good_pem


@pytest.fixture
def line(factory: Factory) -> Factory:
    """Six packages of two units."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(12)
    return factory


def serial(number: int) -> str:
    return f"ebK3{number:08d}"


def manifest(factory: Factory, *more: object) -> Outcome:
    done = factory.cli("manifest", "B1", "--out", f"{factory.root}/upload/", "--json", *more)
    assert done.code == 0, done.err
    return done


def feedback(path: Path, *entries: tuple[str, str, str]) -> Path:
    """A file of the shape that the packaged mapping assumes."""
    listed = [{"serialNumber": one, "status": word, "message": why} for one, word, why in entries]
    path.write_text(json.dumps({"feedback": listed}))
    return path


def status(factory: Factory) -> Any:
    return factory.cli("manifest", "status", "B1", "--json").json


def answers(factory: Factory) -> dict[str, str]:
    done = factory.cli("table", "B1", "--columns", "serial,answer", "--format", "csv", "--out", "-")
    assert done.code == 0, done.err
    return {row["serial"]: row["answer"] for row in csv.DictReader(done.out.splitlines())}


def test_files_are_cut_named_and_described(line: Factory) -> None:
    made = manifest(line, "--max-logs", 5).json
    paths = [Path(item["file"]) for item in made["files"]]
    assert len(paths) == 4  # 12 device logs and 6 bundle logs
    assert len({path.name for path in paths}) == 4
    for path in paths:
        described = read_sidecar(path)
        assert described.batch == "B1"
        with line.ledger() as ledger:
            seq, _, digest = described.ledger_head.partition(":")
            assert ledger.history.digest_of(int(seq)) == digest
    found = status(line)
    assert [one["units"] for one in found["manifests"]] == [5, 5, 2, 0]
    assert sum(one["bundle_logs"] for one in found["manifests"]) == 6
    assert found["missing"] == []
    against = line.cli("audit", "verify", "--against", read_sidecar(paths[0]).ledger_head)
    assert against.code == 0, against.err


def test_what_is_missing_is_said_and_written(line: Factory) -> None:
    assert status(line)["missing"] == [[1, 6]]
    manifest(line)
    assert line.cli("scrap", "B1", serial(3), "--reason", "x").code == 0
    assert line.cli("replace", "B1", serial(3), "--reason", "x").code == 0
    assert status(line)["missing"] == [[2, 2]]
    made = manifest(line, "--missing").json
    assert [item["packages"] for item in made["files"]] == [1]
    assert serial(13) in Path(made["files"][0]["file"]).read_text()
    assert status(line)["missing"] == []
    assert manifest(line, "--missing").json["files"] == []


def test_feedback_leads_to_the_right_states_and_a_second_run_changes_nothing(line: Factory, tmp_path: Path) -> None:
    manifest(line)
    answer = feedback(
        tmp_path / "feedback.json",
        *((serial(number), "ACCEPTED", "") for number in (1, 2, 3, 4)), (serial(1), "ACCEPTED", ""),
        (serial(5), "REJECTED", "\x1b[2Jbad <b>key"), ("stranger", "ACCEPTED", ""),
        (serial(6), "ACCEPTED", ""), (serial(6), "REJECTED", "changed my mind"), (serial(7), "MAYBE", ""),
    )  # fmt: skip
    done = line.cli("manifest", "acknowledge", answer, "--json")
    assert done.code == 1
    said = done.json
    names = ("accepted", "rejected", "repeated", "unknown", "contradictory", "unclear")
    assert {name: said[name] for name in names} == {
        "accepted": 4, "rejected": 1, "repeated": 2, "unknown": ["stranger"], "contradictory": [serial(6)],
        "unclear": [serial(7)],
    }  # fmt: skip
    states = answers(line)
    assert [states[serial(number)] for number in range(1, 9)] == [
        "accepted", "accepted", "accepted", "accepted", "rejected", "waiting", "waiting", "waiting"
    ]  # fmt: skip
    with line.ledger() as ledger:
        head = ledger.history.head()
    again = line.cli("manifest", "acknowledge", answer)
    assert (again.code, "was read before" in again.err) == (1, True)  # it still holds rejects
    with line.ledger() as ledger:
        assert ledger.history.head() == head
    assert answers(line) == states
    shown = line.cli("manifest", "status", "B1")
    assert "\x1b" not in shown.out + shown.err + done.err
    assert "rejected: " + serial(5) in shown.out


def test_rejected_units_make_the_next_file(line: Factory, tmp_path: Path) -> None:
    manifest(line)
    everyone = [(serial(number), "ACCEPTED", "") for number in range(1, 13)]
    bad = [*everyone[:4], (serial(5), "REJECTED", "no"), *everyone[5:]]
    assert line.cli("manifest", "acknowledge", feedback(tmp_path / "1.json", *bad)).code == 1
    made = manifest(line, "--rejected").json
    text = Path(made["files"][0]["file"]).read_text()
    assert serial(5) in text and serial(6) in text  # the package of both
    assert serial(7) not in text
    assert answers(line)[serial(5)] == "waiting"
    early = line.cli("retire", "B1")
    assert early.code == 4
    assert "2 of its units" in early.err
    good = feedback(tmp_path / "2.json", (serial(5), "ACCEPTED", ""), (serial(6), "ACCEPTED", ""))
    assert line.cli("manifest", "acknowledge", good).code == 0
    assert line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv").code == 0
    done = line.cli("retire", "B1")
    assert done.code == 0, done.err


def test_a_serial_of_two_products_is_ambiguous_until_one_is_named(factory: Factory, tmp_path: Path) -> None:
    for name in ("bulb", "plug"):
        factory.add(name, oob_bytes=16)
        factory.issue(1, name, product=name)
        out = f"{factory.root}/{name}/"
        assert factory.cli("manifest", name, "--out", out).code == 0
    give_serial(factory, serial(2), serial(1))
    answer = feedback(tmp_path / "f.json", (serial(1), "ACCEPTED", ""))
    done = factory.cli("manifest", "acknowledge", answer, "--json")
    assert (done.code, done.json["ambiguous"]) == (1, [serial(1)])
    named = factory.cli("manifest", "acknowledge", answer, "--product", "plug", "--json")
    assert (named.code, named.json["accepted"], named.json["batches"]) == (0, 1, ["plug"])


def test_uploaded_files_are_noted_and_altered_ones_refused(line: Factory, tmp_path: Path) -> None:
    (item,) = manifest(line).json["files"]
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    done = line.cli("manifest", "upload", line.root / "upload", "--to", bucket, "--json")
    assert done.code == 0, done.err
    assert [one["sent"] for one in done.json["files"]] == [True]
    assert (bucket / Path(item["file"]).name).read_bytes() == Path(item["file"]).read_bytes()
    again = line.cli("manifest", "upload", item["file"], "--to", bucket, "--json")
    assert [one["sent"] for one in again.json["files"]] == [False]
    assert len(status(line)["manifests"][0]["uploaded"]) == 1
    path = Path(item["file"])
    path.write_bytes(path.read_bytes().replace(b"ebK3", b"ebK4", 1))
    refused = line.cli("manifest", "upload", path, "--to", tmp_path)
    assert refused.code == 4
    assert "not the one that was written" in refused.err


def test_manifest_alone_and_with_make_are_the_same(line: Factory) -> None:
    for words in (("manifest",), ("manifest", "make")):
        done = line.cli(*words, "B1", "--format", "csv", "--out", line.root / f"{len(words)}.csv")
        assert done.code == 0, done.err
    assert (line.root / "1.csv").read_bytes() == (line.root / "2.csv").read_bytes()
    assert "acknowledge" in line.cli("manifest", "--help").out


def test_the_same_command_twice_makes_no_second_set(line: Factory) -> None:
    first = manifest(line, "--max-logs", 5).json
    with line.ledger() as ledger:
        head = ledger.history.head()
    again = manifest(line, "--max-logs", 5).json
    assert [(one["file"], one["before"]) for one in again["files"]] == [(one["file"], True) for one in first["files"]]
    assert len(list((line.root / "upload").glob("*.txt"))) == 4
    with line.ledger() as ledger:
        assert ledger.history.head() == head


def test_what_was_rejected_makes_a_new_file_also_where_its_logs_are_the_same(factory: Factory, tmp_path: Path) -> None:
    """All of a batch was rejected, the cause lay elsewhere: the same logs have to go up again, under a new name."""
    factory.add(oob_bytes=16)
    factory.issue(1)
    (first,) = manifest(factory).json["files"]
    refusal = feedback(tmp_path / "f.json", (serial(1), "REJECTED", "product not set up yet"))
    assert factory.cli("manifest", "acknowledge", refusal).code == 1
    (second,) = manifest(factory, "--rejected").json["files"]
    assert second["file"] != first["file"]
    assert Path(second["file"]).read_bytes() == Path(first["file"]).read_bytes()
    assert answers(factory) == {serial(1): "waiting"}
    assert manifest(factory, "--rejected").json["files"] == []


def test_what_a_run_killed_in_another_second_left_is_taken_away(factory: Factory) -> None:
    """Its temporary file has that second's name, and nobody asked for it again."""
    factory.add()
    factory.issue(3)
    folder = factory.root / "up"
    folder.mkdir()
    left = folder / ".C_CONTROL_LOG_20261125070000.txt.0a1b2c3d.part"
    left.write_bytes(b'{"controlLogs":[\n')
    done = factory.cli("manifest", "B1", "--out", f"{folder}/")
    assert done.code == 0, done.err
    assert not left.exists()
    assert len(list(folder.iterdir())) == 2


NAME = "amazon-bss-ob04"


def way_out(factory: Factory) -> Outcome:
    """What the note of a new control log says that may be typed is typed; the note."""
    done = factory.cli("manifest", "B1", "--out", f"{factory.root}/upload/")
    commands = advised_in(done.err.partition("are assumptions")[2])
    return factory.cli(*commands[0]) if commands else done


def test_the_names_of_a_packaged_mapping_are_corrected_in_a_copy(line: Factory) -> None:
    assert way_out(line).code == 0
    mapping = line.root / "specs" / f"{NAME}.control-log.toml"
    assert mapping.is_file()
    again = way_out(line)
    assert f"specs/{NAME}.control-log.toml" in again.err
    assert "spec copy" not in again.err
    mapping.write_text(mapping.read_text().replace('status = "assumed"', 'status = "confirmed"'))
    assert "assum" not in way_out(line).err


def test_a_spec_of_ones_own_is_not_copied(factory: Factory, tmp_path: Path) -> None:
    """The mapping of its control logs is fitted from a sample, or written: `spec copy` knows packaged specs only."""
    own = factory.root / "specs" / "own.toml"
    own.parent.mkdir(exist_ok=True)
    own.write_text(packaged_spec(NAME).text.replace(f'name = "{NAME}"', 'name = "own"', 1))
    factory.add(oob_bytes=16, spec="own")
    factory.issue(2)
    done = factory.cli("manifest", "B1", "--out", f"{factory.root}/upload/")
    assert done.code == 0, done.err
    assert "spec copy" not in done.err
    assert " mapping fit own --sample LOG.json --units FILE --out specs/`" in done.err
    refused = factory.cli("spec", "copy", "own")
    assert refused.code == 3
    assert "is the workspace's own" in refused.err
    create = ("product", "add", "lamp", "--pid", "ebK3", "--spec", "own", "--stage", "production")
    (tmp_path / "amazon.pem").write_bytes(good_pem())
    assert factory.cli(*create, "--public-key", tmp_path / "amazon.pem").code == 0
    unsigned = factory.cli("batch", "create", "lamp", "--units", 1)
    assert unsigned.code == 3
    assert "spec confirm own" in unsigned.err
    assert "spec copy" not in unsigned.err


def test_a_mistyped_spec_names_those_of_the_workspace_too(factory: Factory) -> None:
    own = factory.root / "specs" / "lumen.toml"
    own.parent.mkdir(exist_ok=True)
    own.write_text(packaged_spec(NAME).text.replace(f'name = "{NAME}"', 'name = "lumen"', 1))
    for command in ("check", "copy", "explain"):
        refused = factory.cli("spec", command, "lumem")
        assert refused.code == 3
        assert "there is no spec named 'lumem'; did you mean 'lumen'?" in refused.err
        assert "lumen, " in refused.err or ", lumen" in refused.err


def test_control_logs_of_a_trial_are_called_so_where_they_are_made_and_sent(line: Factory, tmp_path: Path) -> None:
    """A key whose private half is known stands in for Amazon's, which can do nothing with them."""
    (tmp_path / "target").mkdir()
    upload = ("manifest", "upload", tmp_path / "logs", "--to", tmp_path / "target")
    done = line.cli("manifest", "B1", "--out", f"{tmp_path}/logs/")
    assert done.code == 0 and "TRIAL: B1" in done.err
    sent = line.cli(*upload)
    assert sent.code == 0 and "TRIAL: B1" in sent.err
    shutil.rmtree(line.root / "dev-keys")
    assert "TRIAL" not in line.cli(*upload).err


def test_a_control_log_of_a_batch_that_is_not_here_is_not_sent(line: Factory, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    assert line.cli("manifest", "B1", "--out", f"{tmp_path}/logs/").code == 0
    (sidecar,) = (tmp_path / "logs").glob("*.json")
    sidecar.write_text(sidecar.read_text().replace('"B1"', '"B9"'))
    done = line.cli("manifest", "upload", tmp_path / "logs", "--to", target)
    assert done.code == 3 and "B9" in done.err
    assert list(target.iterdir()) == []
