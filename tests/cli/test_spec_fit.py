"""spec fit: samples of a guide become a spec, and nothing secret is shown."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from bss_mfg.cli.spec_fit_progress import watched_fit
from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.fitting.fit import FitRequest
from bss_mfg.payload.fitting.known import known_sample
from bss_mfg.payload.product_keys import PrivateKey, load_private_key, load_public_key, new_development_key
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.payload.spec_samples import SpecSample
from bss_mfg.workspace.spec_samples import read_sample
from tests.helpers import ROOT
from tests.helpers.commands import command_line, interrupted, real_environment, run_cli

NAME = "amazon-bss-ob04"
WORKBENCH = ROOT / "docs" / "spec-workbench"
INFO = ("--info", "Lumen Simple Setup 2", "--usual")
OOB = bytes(range(0x40, 0x50))


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a test key and samples of one and of two units."""
    folder = tmp_path_factory.mktemp("guide")
    private, public = new_development_key("p256")
    (folder / "test.pem").write_bytes(private)
    builder = PayloadBuilder(packaged_spec(NAME).spec, {"pid": "ebK3"}, load_public_key(public, "test"))
    for count in (1, 2):
        units = [Unit(n, f"SN{n}", uuid.uuid4(), key=Secret(OOB[n:] + OOB[:n])) for n in range(1, count + 1)]
        string = builder.build(units)
        while "+" not in string and "/" not in string:  # without them base64 and base64url are one
            string = builder.build(units)
        text = f'format = 1\nstring = "{string}"\nproduct = {{ pid = "ebK3" }}\n'
        for unit in units:
            text += f'[[unit]]\nuuid = "{unit.uuid}"\noob = "{unit.key.reveal().hex() if unit.key else ""}"\n'
        (folder / f"{count}.sample.toml").write_text(text)
    return folder


def test_two_samples_have_one_explanation_which_is_written_as_a_spec(guide: Path) -> None:
    out = guide / "mine.toml"
    samples = [str(guide / f"{count}.sample.toml") for count in (1, 2)]
    done = run_cli("spec", "fit", *samples, "--private-key", str(guide / "test.pem"), "--expect", "--out", str(out))
    assert done.code == 0, done.err
    assert OOB[1:].hex() not in done.out + done.err + out.read_text()
    checked = run_cli("spec", "check", str(out), "--private-key", str(guide / "test.pem"), "--json")
    fields = {field["key"]: field["evidence"] for field in checked.json["fields"]}
    assert checked.json["faults"] == []
    assert [Path(one["file"]).name for one in checked.json["samples"]] == ["1.sample.toml", "2.sample.toml"]
    assert fields["BMU"] == "proven"
    again = run_cli("spec", "fit", *samples, "--private-key", str(guide / "test.pem"), "--out", str(out))
    assert again.code == 4


def test_one_unit_leaves_the_order_open(guide: Path) -> None:
    arguments = ("spec", "fit", str(guide / "1.sample.toml"), "--private-key", str(guide / "test.pem"))
    found = run_cli(*arguments, "--expect", "--json")
    assert found.code == 1
    assert "units" in [one["vary"] for one in found.json["questions"]]
    alone = run_cli(*arguments, "--max-units", "1", "--json")
    assert alone.code == 0
    assert found.json["explanations"] == 2 * alone.json["explanations"]
    assert "units" not in [one["vary"] for one in alone.json["questions"]]


def test_samples_that_the_spec_can_t_list_are_told(guide: Path, tmp_path: Path) -> None:
    """They lie in another folder: nothing is copied, since they hold keys, but nobody has to find it out."""
    samples = [guide / f"{count}.sample.toml" for count in (1, 2)]
    key = ("--private-key", guide / "test.pem")
    done = run_cli("spec", "fit", *samples, *key, "--out", "specs.toml", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "[samples]" not in (tmp_path / "specs.toml").read_text()
    (note,) = re.findall("NOTE: .*", done.err)
    assert "1.sample.toml, 2.sample.toml" in note
    assert "[samples]" in note
    proposed = re.findall("Prove it: `bss-mfg (.*)`", done.err)[0].split()
    assert proposed[:3] == ["spec", "check", "specs.toml"]
    checked = run_cli(*proposed, *key, cwd=tmp_path)
    assert "proven" in checked.out
    assert "NOTE: no sample" not in checked.err
    alone = run_cli("spec", "check", "specs.toml", cwd=tmp_path)
    assert alone.code == 1
    assert "NOTE: no sample is listed or given, so nothing is proven" in alone.err


def test_a_spec_and_its_file_have_one_name(guide: Path) -> None:
    arguments = ("spec", "fit", guide / "1.sample.toml", "--private-key", guide / "test.pem", "--out")
    refused = run_cli(*arguments, "lumen2.toml", "--name", "lumen", cwd=guide)
    assert refused.code == 2
    assert "lumen.toml" in refused.err
    assert not (guide / "lumen2.toml").exists()
    named = run_cli(*arguments, "lumen3.toml", "--name", "lumen3", cwd=guide)
    assert named.code == 0, named.err


def test_without_a_key_the_forms_are_told(guide: Path) -> None:
    done = run_cli("spec", "fit", str(guide / "1.sample.toml"), "--json")
    assert done.code == 1
    forms = {form["formats"][0]: form for form in done.json["forms"]}
    assert any("compressed key on P-256 in front" in one for one in forms["base64"]["possible"])
    assert "RSA of the plaintext itself" in forms["base64"]["excluded"]


def test_a_wrong_key_value_is_named_and_not_shown(guide: Path, tmp_path: Path) -> None:
    text = (guide / "1.sample.toml").read_text()
    wrong = text.replace((OOB[1:] + OOB[:1]).hex(), "5a" * 16)
    (tmp_path / "wrong.toml").write_text(wrong)
    done = run_cli("spec", "fit", str(tmp_path / "wrong.toml"), "--private-key", str(guide / "test.pem"), "--json")
    assert done.code == 1
    assert done.json["nearest"][0]["stage"] == "values-found"
    assert "unit.oob" in done.json["not_found"]
    assert "5a5a" not in done.out + done.err


@pytest.fixture
def workbench(tmp_path: Path) -> Path:
    """The samples of the made-up guide, of one and of two units with serials."""
    for path in WORKBENCH.glob("guide*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_the_mistyped_value_of_several_units_is_named(workbench: Path) -> None:
    pair = workbench / "guide-pair.sample.toml"
    oob = re.findall('oob = "(.*)"', pair.read_text())[1]
    change(pair, f'oob = "{oob}"', f'oob = "{"0" if oob[0] != "0" else "1"}{oob[1:]}"')
    arguments = ("spec", "fit", "guide-single.sample.toml", pair.name, *INFO)
    done = run_cli(*arguments, "--json", cwd=workbench)
    assert done.code == 1
    (nearest,) = done.json["nearest"]
    assert nearest["detail"].endswith("without unit.oob of unit 2 (guide-pair.sample.toml)")
    assert "unit.serial" not in nearest["detail"]
    assert done.json["not_found"] == ["unit.oob"]
    assert done.json["wrong_values"] == [{"sample": pair.name, "unit": 2, "source": "unit.oob"}]
    told = run_cli(*arguments, cwd=workbench)
    assert "NOT FOUND: unit.oob of unit 2 of guide-pair.sample.toml. Correct it" in told.err
    assert oob[1:] not in done.out + done.err + told.out + told.err


def test_samples_with_each_others_units_are_told(workbench: Path) -> None:
    single, pair = workbench / "guide-single.sample.toml", workbench / "guide-pair.sample.toml"
    (head, *one), (other, *two) = (path.read_text().split("[[unit]]") for path in (single, pair))
    single.write_text("[[unit]]".join([head, *two]))
    pair.write_text("[[unit]]".join([other, *one]))
    done = run_cli("spec", "fit", single.name, pair.name, *INFO, cwd=workbench)
    assert done.code == 1
    assert "NEAREST: SEC: its MAC is right, and no value of the sample's units stands in the plaintext" in done.err
    assert "NEAREST: DID: in the string of guide-single.sample.toml stand units of guide-pair.sample.toml" in done.err


def test_units_in_another_order_are_explained(workbench: Path) -> None:
    pair = workbench / "guide-pair.sample.toml"
    head, *units = pair.read_text().split("[[unit]]")
    pair.write_text("[[unit]]".join([head, units[1] + "\n", units[0]]))
    done = run_cli("spec", "fit", pair.name, *INFO, "--out", "made.toml", cwd=workbench)
    assert done.code == 0
    assert "OPEN: order of the units: " in done.err
    assert 'unit_order = "reversed"' in (workbench / "made.toml").read_text()
    checked = run_cli("spec", "check", "made.toml", cwd=workbench)
    assert "only consistent: unit_order (also fits: " in checked.out
    assert "CONTRADICTED" not in checked.err


def test_a_wrong_private_key_is_suspected_early_and_the_search_can_be_stopped(guide: Path, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(new_development_key("p256")[0])
    arguments = ("spec", "fit", guide / "1.sample.toml", "--private-key", "other.pem")
    running = subprocess.Popen(
        command_line(*arguments), cwd=tmp_path, env=real_environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stderr is not None
    suspected = running.stderr.readline()
    assert "BMD: nothing usual opens it. Most often the test key is another sample's" in suspected
    told = interrupted(running)
    assert "NEAREST: BMD: a P-256 key, compressed, stands in front. Look up whether the test key is the one" in told
    assert re.search(r"stopped after [\d,]{6,} combinations", told)


def test_how_far_a_search_is_is_drawn_on_a_terminal(
    guide: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = known_sample(*_with_key(guide / "1.sample.toml", new_development_key("p256")[0]))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    report = watched_fit(FitRequest((known,), rare=False))
    drawn = capsys.readouterr().err.split("\r")
    assert not report.specs
    assert any(re.match(r"BMD: usual: [\d,]+ combinations, 0:0\d", line) for line in drawn)
    assert drawn[-1].endswith("\n")


def _with_key(path: Path, private: bytes) -> tuple[SpecSample, PrivateKey]:
    return read_sample(path).sample, load_private_key(private, "test")
