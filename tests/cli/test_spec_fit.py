"""spec fit: samples of a guide become a spec, and nothing secret is shown."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.product_keys import load_public_key, new_development_key
from bss_mfg.payload.spec import packaged_spec
from tests.helpers.commands import run_cli

NAME = "amazon-bss-ob04"
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
