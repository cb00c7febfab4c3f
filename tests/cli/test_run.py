"""`bss-mfg run`: a shift's work as one job, planned first, gone on with after whatever happened."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pypdfium2
import pytest

from bss_mfg.ledger.ledger import Ledger
from tests.helpers import ROOT
from tests.helpers.factory import WHO, Factory, make_factory
from tests.helpers.specs import PUKS


def outputs(factory: Factory, batch: str = "B1") -> dict[str, bytes]:
    """All files of a run but its plan and the traveller, which shows the ledger's head of its day."""
    folder = factory.root / "batches" / batch
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run.json" and "batch-labels" not in path.name
    }


def test_a_run_makes_what_the_single_commands_make(new_factory, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    factory = new_factory()
    factory.add()
    done = factory.cli("run", "bulb", "--units", 50, "--id", "B1", "--json")
    assert done.code == 0, done.err
    found = done.json
    assert (found["right"], found["issued"], found["labels"], found["file_verified"]) == (True, True, 50, 50)
    assert (found["faults"], found["left_out"]) == ([], {})
    made = outputs(factory)
    out = tmp_path / "single"
    assert factory.cli("labels", "B1", "--again", "--out", out).code == 0
    for path in out.iterdir():
        assert made[f"labels/{path.name}"] == path.read_bytes()
    upload = tmp_path / "upload"
    assert factory.cli("manifest", "B1", "--out", f"{upload}/").code == 0
    (log,) = upload.glob("*.txt")
    (ours,) = [data for name, data in made.items() if name.endswith(".txt")]
    assert ours == log.read_bytes()
    traveller = pypdfium2.PdfDocument(found["traveller"])[0].get_textpage().get_text_range()
    assert "B1" in traveller
    assert "50" in traveller


def test_a_second_run_changes_nothing(factory: Factory) -> None:
    factory.add()
    assert factory.cli("run", "bulb", "--units", 30, "--id", "B1").code == 0
    before, plan = outputs(factory), (factory.root / "batches/B1/run.json").read_bytes()
    with factory.ledger() as ledger:
        head = ledger.history.head()
    for again in (["bulb", "--units", 30, "--id", "B1"], ["--resume", "B1"]):
        done = factory.cli("run", *again)
        assert done.code == 0, done.err
        assert done.err.count("done before ") == 5
        assert "nothing was changed" in done.err
    assert outputs(factory) == before
    assert (factory.root / "batches/B1/run.json").read_bytes() == plan
    with factory.ledger() as ledger:
        assert ledger.history.head() == head


@pytest.mark.parametrize(
    ("change", "words"),
    [(["--units", 31], "units"), (["--symbols", "vector"], "symbols"), (["--printer", "pdf-600"], "printer"),
     (["--template", "roll-50x30"], "template")],
)  # fmt: skip
def test_other_arguments_for_the_same_id_are_refused(factory: Factory, change: list[object], words: str) -> None:
    factory.add()
    assert factory.cli("run", "bulb", "--units", 30, "--id", "B1").code == 0
    done = factory.cli("run", "bulb", "--id", "B1", *([] if "--units" in change else ["--units", 30]), *change)
    assert done.code == 4
    assert words in done.err
    assert "--resume B1" in done.err


def test_without_an_id_the_next_one_is_taken_and_told(factory: Factory) -> None:
    factory.add()
    names = [factory.cli("run", "bulb", "--units", 5, "--json").json["batch"] for _ in range(2)]
    assert names == ["bulb-0001", "bulb-0002"]


def test_a_plan_issues_nothing_and_counts_right(factory: Factory) -> None:
    factory.add()
    done = factory.cli("run", "bulb", "--units", 20_000, "--plan", "--json")
    assert done.code == 0, done.err
    plan = done.json
    assert plan["steps"] == ["issue", "labels", "verify", "manifest", "traveller"]
    assert (plan["packages"], plan["pages"], plan["label_files"]) == (20_000, 834, 21)
    assert set(plan["seconds"]) == {"issue", "labels", "verify", "manifest"}
    with factory.ledger() as ledger:
        assert list(ledger.batches.all()) == []
    assert list((factory.root / "batches").iterdir()) == []
    # It is an estimate of what a run takes on the disk: right within a fifth, or a batch fills the disk at night.
    assert factory.cli("run", "bulb", "--units", 2_000, "--id", "B1").code == 0
    small = factory.cli("run", "bulb", "--units", 2_000, "--plan", "--json").json["octets"]
    labels = sum(path.stat().st_size for path in (factory.root / "batches/B1/labels").glob("B1-labels*"))
    logs = sum(path.stat().st_size for path in (factory.root / "batches/B1/upload").glob("*.txt"))
    assert small["labels"] == pytest.approx(labels, rel=0.2)
    assert small["control logs"] == pytest.approx(logs, rel=0.05)
    ledger_octets = (factory.root / "ledger.db").stat().st_size  # an empty one has 0.2 MB
    assert small["ledger"] + small["reads"] == pytest.approx(ledger_octets, rel=0.2)
    text = factory.cli("run", "bulb", "--units", 20_000, "--plan")
    assert "20,000 labels on 834 pages in 21 files" in text.out
    assert "20,000 control logs in 1 file" in text.out
    assert max(map(len, text.out.splitlines())) < 80
    assert "Nothing was issued" in text.err


def test_labels_that_cannot_print_are_found_before_anything_is_issued(factory: Factory) -> None:
    factory.add(units_per_package=12)
    done = factory.cli("run", "bulb", "--units", 24, "--id", "B1", "--template", "device-30x20")
    assert done.code == 3, done.err
    with factory.ledger() as ledger:
        assert list(ledger.batches.all()) == []
    assert not (factory.root / "batches/B1").exists()


def test_a_run_that_was_never_begun_is_not_resumed(factory: Factory) -> None:
    done = factory.cli("run", "--resume", "B9")
    assert done.code == 3
    assert "no run of batch" in done.err
    assert factory.cli("run").code == 2
    for more in (["bulb", "--units", 4], ["--template", "minimal"], ["--printer", "pdf-300"], ["--id", "B1"]):
        assert factory.cli("run", *more, "--resume", "B1").code == 2, more


def test_zpl_is_left_to_the_scanner(factory: Factory) -> None:
    factory.add()
    done = factory.cli("run", "bulb", "--units", 6, "--id", "B1", "--template", "roll-50x30", "--printer", "zpl-203",
                       "--json")  # fmt: skip
    assert done.code == 0, done.err
    assert set(done.json["left_out"]) == {"verify"}
    assert "bss-mfg scan" in done.json["left_out"]["verify"]
    assert done.json["label_files"][0].endswith(".zpl")
    assert done.json["traveller"].endswith(".pdf")


def test_multi_packs_and_passphrases(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    factory = make_factory(tmp_path / "w")
    factory.add(units_per_package=4, template="multipack-100x70")
    assert factory.cli("vault", "rekey", "--to", "passphrase", env={"BSS_MFG_PASSPHRASE_FILE": str(secret)}).code == 0
    done = factory.cli("run", "bulb", "--units", 24, "--id", "B1", "--json",
                       env={"BSS_MFG_PASSPHRASE_FILE": str(secret)})  # fmt: skip
    assert done.code == 0, done.err
    assert (done.json["packages"], done.json["file_verified"]) == (6, 6)


def test_a_kind_without_published_control_logs_has_no_manifest(factory: Factory, tmp_path: Path) -> None:
    factory.add(spec="amazon-wss-ib01", template="roll-50x30")
    rows = tmp_path / "units.csv"
    units = [f"G3A0PA0180230{number:04},{PUKS[number]},95AD96{number:02}" for number in range(4)]
    rows.write_text("\n".join(["serial,puk,pin", *units]) + "\n")
    done = factory.cli("run", "bulb", "--units", 4, "--id", "B1", "--identities", rows, "--json")
    assert done.code == 0, done.err
    assert set(done.json["left_out"]) == {"manifest"}
    assert done.json["file_verified"] == 4
    assert done.json["traveller"]


def test_identities_come_along_and_must_stay_the_same(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    rows = tmp_path / "units.csv"
    rows.write_text("serial\n" + "".join(f"X{number}\n" for number in range(6)))
    done = factory.cli("run", "bulb", "--units", 6, "--id", "B1", "--identities", rows, "--json")
    assert done.code == 0, done.err
    rows.write_text("serial\n" + "".join(f"Y{number}\n" for number in range(6)))
    again = factory.cli("run", "--resume", "B1")
    assert again.code == 3
    assert "not the file" in again.err


def test_a_wrong_label_stops_before_the_upload(factory: Factory) -> None:
    factory.add()
    assert factory.cli("run", "bulb", "--units", 30, "--id", "B1").code == 0
    folder = factory.root / "batches/B1"
    # Begin the run of a second batch, and let its label file be another's before it is verified.
    assert factory.cli("batch", "create", "bulb", "--units", 30, "--id", "B2").code == 0
    assert factory.cli("labels", "B2").code == 0
    other = factory.root / "batches/B2/labels/B2-labels-0001.pdf"
    other.write_bytes((folder / "labels/B1-labels-0001.pdf").read_bytes())
    done = factory.cli("run", "bulb", "--units", 30, "--id", "B2", "--json")
    assert done.code == 1, done.err
    assert not done.json["right"]
    assert done.json["fault_count"] >= 30
    assert set(done.json["left_out"]) == {"manifest", "traveller"}
    assert not (factory.root / "batches/B2/upload").exists()


def test_the_plan_is_private_and_documented(factory: Factory) -> None:
    factory.add()
    assert factory.cli("run", "bulb", "--units", 4, "--id", "B1").code == 0
    path = factory.root / "batches/B1/run.json"
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600
    documented = (ROOT / "docs/formats/run.md").read_text()
    asked = json.loads(path.read_text())
    assert all(f"`{name}`" in documented for name in asked)
    path.write_text("{")
    done = factory.cli("run", "--resume", "B1")
    assert done.code == 3
    assert "damaged" in done.err
    (path.parent.parent / "B2").mkdir()
    (path.parent.parent / "B2" / "run.json").write_text(json.dumps({**asked, "units": "4"}))
    (path.parent.parent / "B3").mkdir()
    (path.parent.parent / "B3" / "run.json").write_text(json.dumps(asked))  # a folder that was copied
    for name in ("B2", "B3"):
        assert factory.cli("run", "--resume", name).code == 3


def test_the_history_says_which_files_were_verified(factory: Factory) -> None:
    factory.add()
    assert factory.cli("run", "bulb", "--units", 30, "--id", "B1").code == 0
    with Ledger.open(factory.root / "ledger.db", WHO) as ledger:
        (event,) = ledger.history.events_of(("file verified",), "B1")
        (part,) = [part for part in ledger.prints.label_files("B1") if part.each == "package"]
    assert event.data["labels"] == 30
    assert (event.data["file"], event.data["sha256"]) == (part.file, part.sha256)


def test_the_json_of_a_run_and_of_a_plan_is_documented(factory: Factory) -> None:
    factory.add()
    text = (ROOT / "docs/formats/json.md").read_text().partition("\n## run\n")[2]
    documented = text.partition("\n## ")[0]
    for more in (["--plan"], []):
        found = factory.cli("run", "bulb", "--units", 4, "--id", "B1", "--json", *more).json
        assert [name for name in found if f"`{name}`" not in documented] == []
