"""`bss-mfg run` where something is in its way: refused early, gone on with, told calmly."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.cli.progress import RunDisplay
from bss_mfg.core.files import sha256_of
from bss_mfg.core.lock_files import immediate_lock
from bss_mfg.core.processes import ProcessExecutor
from bss_mfg.errors import MissingError
from bss_mfg.label.label_file import make_label_file
from bss_mfg.pipeline.estimate import refuse_full_disk
from bss_mfg.pipeline.pipeline import RunContext, run_pipeline
from bss_mfg.pipeline.plan import RunRequest, new_plan, write_plan
from bss_mfg.pipeline.preparation import PreparedRun, prepare_run
from bss_mfg.workspace.workspace import Workspace
from tests.helpers.commands import run_cli
from tests.helpers.copies import let_issue
from tests.helpers.factory import Factory
from tests.helpers.keys import good_pem


def prepared(factory: Factory, units: int) -> PreparedRun:
    product = factory.workspace.product("bulb")
    with factory.ledger() as ledger:
        plan = new_plan(factory.workspace, ledger, RunRequest(product, units, "B1"), "1")
    return prepare_run(factory.workspace, plan, product)


def test_what_would_stop_a_run_is_found_before_its_plan_is_written(factory: Factory, tmp_path: Path) -> None:
    """What is written is asked for: mended identities under the same id would be other arguments."""
    factory.add()
    batches = factory.root / "batches"
    rows = tmp_path / "units.csv"
    asked = ("run", "bulb", "--units", 2, "--id", "B1", "--identities", rows)
    for wrong, words in (("X1\nX1", "row 3"), ("X1", "1 row")):
        rows.write_text(f"serial\n{wrong}\n")
        for plan in ([], ["--plan"]):
            done = factory.cli(*asked, *plan)
            assert done.code == 3
            assert words in done.err
    assert not list(batches.iterdir())
    rows.write_text("serial\nX1\nX2\n")
    assert factory.cli(*asked).code == 0
    done = factory.cli("run", "bulb", "--units", 2, "--id", "B2", "--identities", rows)
    assert done.code == 5
    assert "row 2: serial X1 was issued" in done.err

    factory.issue(4, "B3")
    assert factory.cli("run", "bulb", "--units", 2, "--id", "B3").code == 4  # it was issued with other arguments
    labels = batches / "B4" / "labels"
    labels.mkdir(parents=True)
    (labels / "B4-labels-0001.pdf").write_bytes(b"somebody's")
    done = factory.cli("run", "bulb", "--units", 2, "--id", "B4")
    assert done.code == 4
    assert "B4-labels-0001.pdf" in done.err
    key = (factory.root / "vault.key").rename(tmp_path / "vault.key")
    assert factory.cli("run", "bulb", "--units", 2, "--id", "B5").code == 6
    key.rename(factory.root / "vault.key")
    assert sorted(path.parent.name for path in batches.rglob("run.json")) == ["B1"]
    with factory.ledger() as ledger:
        assert [batch.id for batch in ledger.batches.all()] == ["B1", "B3"]


def test_a_disk_without_room_is_told_before_anything_is_written(factory: Factory) -> None:
    factory.add()
    with pytest.raises(MissingError, match="free, the run needs about"):
        refuse_full_disk(factory.root, prepared(factory, 10**11))


def test_a_production_batch_needs_a_confirmed_spec_and_has_no_sample_marks(factory: Factory, tmp_path: Path) -> None:
    path = tmp_path / "amazon.pem"
    path.write_bytes(good_pem())
    add = ("product", "add", "prod", "--pid", "ebK3", "--public-key", path, "--stage", "production")
    assert factory.cli(*add).code == 0
    asked = ("run", "prod", "--units", 4, "--id", "B1", "--json")
    assert factory.cli(*asked).code == 3
    assert not list((factory.root / "batches").iterdir())
    assert factory.cli("spec", "copy", "amazon-bss-ob04").code == 0
    assert factory.cli("spec", "confirm", "amazon-bss-ob04", "--document", "PMG 1.0").code == 0
    done = factory.cli(*asked)
    assert done.code == 0, done.err
    assert (done.json["file_verified"], done.json["sample"]) == (4, False)


@pytest.mark.parametrize("happened", ["shipped", "one scrapped", "all scrapped", "closed"])
def test_a_finished_run_is_done_whatever_became_of_its_units(factory: Factory, happened: str) -> None:
    factory.add()
    assert factory.cli("run", "bulb", "--units", 30, "--id", "B1").code == 0
    with factory.ledger() as ledger:
        serials = [package.serials_text for package in ledger.packages.stream("B1")]
    if happened in ("shipped", "closed"):
        assert factory.cli("scan", "B1", "--plain", stdin="\n".join(factory.payloads())).code == 0
    act = {
        "shipped": ["ship", "B1", "--verified", "--for", "pallet 1"], "closed": ["close", "B1"],
        "one scrapped": ["scrap", "B1", serials[0], "--reason", "x"],
        "all scrapped": ["scrap", "B1", *serials, "--reason", "x"],
    }[happened]  # fmt: skip
    assert factory.cli(*act).code == 0

    def state() -> tuple[object, ...]:  # the index leaves out whatever is gone
        files = {path: path.read_bytes() for path in factory.root.glob("batches/B1/*/*") if path.suffix != ".csv"}
        with factory.ledger() as ledger:
            return ledger.history.head(), files

    before = state()
    done = factory.cli("run", "--resume", "B1", "--json")
    assert done.code == 0, done.err
    assert (done.json["right"], done.json["changed"], done.json["fault_count"]) == (True, False, 0)
    assert "nothing was changed" in done.err
    assert state() == before


def test_a_finished_run_reads_labels_that_were_made_again_in_their_new_file(factory: Factory) -> None:
    factory.add()
    assert factory.cli("run", "bulb", "--units", 30, "--id", "B1").code == 0
    with factory.ledger() as ledger:
        serials = [package.serials_text for package in ledger.packages.stream("B1")]
    assert factory.cli("labels", "B1", "--from", serials[20], "--again").code == 0
    done = factory.cli("run", "--resume", "B1", "--json")
    assert done.code == 0, done.err
    assert (done.json["right"], done.json["fault_count"], done.json["file_verified"]) == (True, 0, 30)
    index = (factory.root / "batches/B1/labels/B1-labels.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert sorted(line.rsplit(",", 1)[1] for line in index) == serials, "each label once, where it is in force"

    (rest,) = factory.root.glob("batches/B1/labels/*-from-*.pdf")
    rest.write_bytes(rest.read_bytes()[:-2000])
    done = factory.cli("run", "--resume", "B1", "--json")
    assert done.code == 1, done.err
    assert done.json["broken_files"], "control: what was made again is really read"


def test_a_traveller_that_the_ledger_never_heard_of_is_made_anew(factory: Factory, tmp_path: Path) -> None:
    """A kill between file and ledger; until the run goes on, others have worked, and the ledger's head is another."""
    factory.add()
    factory.issue(6)
    shutil.copytree(factory.root, tmp_path / "copy")
    let_issue(tmp_path)
    copy = Factory(Workspace.find(str(tmp_path / "copy"), tmp_path, {}))
    assert copy.cli("run", "bulb", "--units", 6, "--id", "B1").code == 0
    name = "batches/B1/labels/B1-batch-labels-0001.pdf"
    (factory.root / name).parent.mkdir(parents=True)
    shutil.copy(copy.root / name, factory.root / name)
    factory.issue(4, "B2")
    done = factory.cli("run", "bulb", "--units", 6, "--id", "B1", "--json")
    assert done.code == 0, done.err
    with factory.ledger() as ledger:
        (part,) = [part for part in ledger.prints.label_files("B1") if part.each == "batch"]
    assert sha256_of(Path(done.json["traveller"])) == part.sha256


class Deadly(ProcessExecutor):
    """Processes of which one dies whenever it is to make a certain file."""

    def submit_within(self, seconds: float, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if fn is make_label_file and args[0].name == "B1-labels-0002.pdf":
            fn, args = os._exit, (9,)
        return super().submit_within(seconds, fn, *args, **kwargs)


class Silent:
    """Nobody to be told."""

    def begin(self, step: str, total: int) -> Callable[[int, int], None]:
        return lambda done, total: None

    def failed(self, count: int) -> None: ...

    def end(self, done: int, what: str, fresh: int, more: str = "") -> None: ...

    def skip(self, step: str, words: str) -> None: ...


def test_a_file_whose_processes_die_is_named_and_made_by_the_next_run(factory: Factory) -> None:
    factory.add()
    labels = factory.root / "batches/B1/labels"
    with factory.ledger() as ledger, factory.workspace.open_vault(ledger) as vault:
        run = prepared(factory, 2_400)
        write_plan(factory.workspace, ledger, run.plan, batch_named=True)
        with Deadly(2) as executor, pytest.raises(MissingError, match=r"1 of 3 label files .*0002.pdf: .*crashed"):
            run_pipeline(RunContext(factory.workspace, ledger, vault, run, Silent(), executor))
    kept = {path.name: path.stat().st_mtime_ns for path in labels.glob("*.pdf")}
    assert sorted(kept) == ["B1-labels-0001.pdf", "B1-labels-0003.pdf"]  # the rest went on
    done = factory.cli("run", "--resume", "B1", "--json")
    assert done.code == 0, done.err
    assert done.json["file_verified"] == 2_400
    assert {name: (labels / name).stat().st_mtime_ns for name in kept} == kept


def test_a_second_run_of_a_batch_that_is_at_work_is_refused(factory: Factory) -> None:
    factory.add()
    assert factory.cli("run", "bulb", "--units", 4, "--id", "B1").code == 0
    with immediate_lock(factory.root / "batches/B1/run.json", "-"):
        done = factory.cli("run", "--resume", "B1")
    assert done.code == 5
    assert "at work" in done.err
    assert factory.cli("run", "--resume", "B1").code == 0


def test_two_runs_at_once_take_two_ids(factory: Factory) -> None:
    factory.add()
    both = [subprocess.Popen(factory.command("run", "bulb", "--units", 2), stderr=subprocess.PIPE) for _ in range(2)]
    told = [one.communicate(timeout=120)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    with factory.ledger() as ledger:
        assert sorted(batch.id for batch in ledger.batches.all()) == ["bulb-0001", "bulb-0002"]


def on_terminal(arguments: list[str]) -> str:
    """What a command writes to a terminal of 80 columns."""
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    running = subprocess.Popen(arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    told = b""
    while True:
        try:
            more = os.read(ours, 1 << 16)
        except OSError:  # Linux: all of the other side is closed
            break
        if not more:
            break
        told += more
    os.close(ours)
    assert running.wait() == 0, told
    return told.decode("utf-8").replace("\r\n", "\n")


def drawn(text: str) -> list[str]:
    """The states of its lines one after the other, without colours and movements."""
    return re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", text).replace("\r", "\n").split("\n")


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of Unix")
def test_the_display_fits_a_terminal_and_tells_no_rate_of_what_was_done_before(factory: Factory) -> None:
    factory.add("roll", template="roll-50x30")
    factory.add()
    first, again = (on_terminal(factory.command("run", "bulb", "--units", 3_000, "--id", "B1")) for _ in range(2))
    zpl = on_terminal(factory.command("run", "roll", "--units", 2, "--id", "B2", "--printer", "zpl-203"))
    for text in (first, again, zpl):
        steps = [
            line for line in drawn(text) if line.startswith(("issue ", "labels ", "verify ", "manifest ", "traveller "))
        ]
        assert len(steps) >= 5
        assert max(map(len, steps)) <= 80
    first, again = ("\n".join(drawn(text)) for text in (first, again))
    assert re.search(r"labels +━+ +\d,\d{3}/3,000", first)
    assert re.search(r"verify +done +3,000 labels read right +[\d.]+ s +[\d,]+/s", first)
    assert re.search(r"verify +done before 3,000 labels read right", again)
    assert not re.search(r"\d/s\b", again)


def test_large_numbers_and_failures_stay_on_their_line(capsys: pytest.CaptureFixture[str]) -> None:
    steps = RunDisplay(live=True)
    at = steps.begin("verify", 10_000_000)
    at(1_000_000, 10_000_000)
    steps.failed(12_345)
    time.sleep(0.6)
    at(1_000_500, 10_000_000)
    steps.end(10_000_000, "labels read right, 12,345 not", 9_000_000)
    steps.skip("manifest", "not all labels are right, " * 5)
    told = capsys.readouterr().err
    assert all(words in told for words in ("12,345 failed", " left ", "WRONG"))
    assert max(map(len, drawn(told))) <= 80


def test_the_way_out_of_a_run_can_be_typed_from_anywhere(factory: Factory, tmp_path: Path) -> None:
    """With --workspace, what is advised has it, too; what is typed then makes the way free."""
    factory.add()
    assert factory.cli("run", "bulb", "--units", 2, "--id", "B1", "--template", "roll-50x30").code == 0
    assert factory.cli("labels", "B1", "--again", "--template", "sheet-a4-24").code == 0
    for file in (factory.root / "batches/B1/labels").glob("*.pdf"):
        if "traveller" not in file.name:
            file.unlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    stopped = run_cli("--workspace", factory.root, "run", "--resume", "B1", cwd=elsewhere)
    assert stopped.code == 4, stopped.err
    commands = re.findall(r"`bss-mfg ([^`]+)`", stopped.err)
    assert len(commands) == 2
    for command in commands:
        done = run_cli(*shlex.split(command), cwd=elsewhere)
        assert done.code == 0, (command, done.err)


def test_identities_that_were_issued_before_are_told_with_their_file(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    rows = tmp_path / "units.csv"
    rows.write_text("serial\nA1\nA2\n")
    asked = ("bulb", "--units", 2, "--identities", rows)
    assert factory.cli("batch", "create", *asked, "--id", "B1").code == 0
    for command in (("batch", "create"), ("run",)):
        refused = factory.cli(*command, *asked, "--id", "B2")
        assert refused.code == 5
        assert f"{rows}: would be issued twice: row 2: serial A1" in refused.err
