"""A spec with samples: what they prove needs no signature, the rest is signed for by name, and both are tied to what
was compared."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from bss_mfg.payload.spec import packaged_spec
from tests.helpers.commands import Outcome, advised_in
from tests.helpers.factory import Factory
from tests.helpers.guides import PRIVATE, write_sample
from tests.helpers.keys import good_pem
from tests.helpers.lumen import GUIDE, LUMEN

NAME = "amazon-bss-ob04"
SPEC = packaged_spec(NAME).spec
CREATE = ("batch", "create", "prod", "--units", 2)
CONFIRM = ("spec", "confirm", NAME, "--operator", "Ann", "--document", "Guide 3.2")


@pytest.fixture
def production(factory: Factory, tmp_path: Path) -> Factory:
    """A production product, and a copy of its spec that lists one sample of one device."""
    (tmp_path / "amazon.pem").write_bytes(good_pem())
    add = ("product", "add", "prod", "--pid", "ebK3", "--public-key", tmp_path / "amazon.pem", "--stage", "production")
    assert factory.cli(*add).code == 0
    assert factory.cli("spec", "copy", NAME).code == 0
    write_sample(specs(factory) / "guide" / "one.toml", SPEC)
    list_samples(factory, "guide/one.toml")
    return factory


def specs(factory: Factory) -> Path:
    return factory.root / "specs"


def list_samples(factory: Factory, *names: str) -> None:
    path = specs(factory) / f"{NAME}.toml"
    text = re.sub(r"\[samples\]\nfiles = .*\n\n", "", path.read_text())
    listed = ", ".join(f'"{name}"' for name in names)
    path.write_text(text.replace("[[field]]", f"[samples]\nfiles = [{listed}]\n\n[[field]]", 1))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def way_out(refused: Outcome) -> list[str]:
    """The last command that an error names, as it would be typed."""
    return advised_in(refused.err)[-1]


def test_what_no_sample_proves_is_signed_for_by_name(production: Factory) -> None:
    assert production.cli(*CREATE).code == 3
    refused = production.cli(*CONFIRM)
    assert refused.code == 3
    assert production.cli(*CONFIRM, "--sign", "BMU").code == 3
    done = production.cli(*way_out(refused), "--operator", "Ann")
    assert done.code == 0, done.err
    signed = tomllib.loads((specs(production) / f"{NAME}.toml").read_text())["confirmation"]
    assert (signed["proven"], signed["signed"], list(signed["samples"])) == (
        [],
        ["BMU", "BMO", "BMD"],
        ["guide/one.toml"],
    )
    (event,) = production.rows("SELECT data FROM event WHERE kind = 'spec confirmed'")
    assert '"signed":["BMU","BMO","BMD"]' in event[0]
    assert signed["samples"]["guide/one.toml"] in event[0]
    assert production.cli("spec", "check", NAME).code == 0
    assert production.cli(*CREATE).code == 0


def test_what_samples_prove_needs_no_name(production: Factory) -> None:
    write_sample(specs(production) / "two.sample.toml", SPEC, 2, 32)
    list_samples(production, "guide/one.toml", "two.sample.toml")
    assert [row["name"] for row in production.cli("spec", "list", "--json").json if "sample" in row["name"]] == []
    checked = production.cli("spec", "check", NAME, "--json")
    assert (checked.code, checked.json["unproven"]) == (1, [])
    assert production.cli(*CONFIRM).code == 0
    assert production.cli(*CREATE).code == 0


def test_a_changed_or_missing_sample_is_a_change_of_the_spec(production: Factory) -> None:
    names = [one for key in ("BMU", "BMO", "BMD") for one in ("--sign", key)]
    assert production.cli(*CONFIRM, *names).code == 0
    sample = specs(production) / "guide" / "one.toml"
    text = sample.read_text()
    sample.write_text(text + "# another page\n")
    for asked in (CREATE, ("run", "prod", "--units", 2)):
        refused = production.cli(*asked)
        assert refused.code == 3
        assert "guide/one.toml" in refused.err
    sample.unlink()
    assert production.cli(*CREATE).code == 3
    assert {row["name"]: row["confirmation"] for row in production.cli("spec", "list", "--json").json}[
        NAME
    ] == "changed"
    sample.write_text(text)
    assert production.cli(*CREATE).code == 0


def test_a_field_that_loses_its_signature_is_refused(production: Factory) -> None:
    """Whoever edits the names out of the confirmation by hand confirms nothing."""
    names = [one for key in ("BMU", "BMO", "BMD") for one in ("--sign", key)]
    assert production.cli(*CONFIRM, *names).code == 0
    edit(specs(production) / f"{NAME}.toml", '"BMO", ', "")
    refused = production.cli(*CREATE)
    assert refused.code == 3
    assert "BMO" in refused.err
    assert production.cli("spec", "check", NAME).code == 1
    mended = production.cli(*way_out(refused))
    assert mended.code == 0, mended.err
    assert production.cli(*CREATE).code == 0


def test_a_contradiction_is_named_and_not_signed_away(production: Factory) -> None:
    edit(specs(production) / f"{NAME}.toml", 'value = "2"', 'value = "3"')
    checked = production.cli("spec", "check", NAME, "--json")
    assert checked.code == 1
    (fault,) = checked.json["faults"]
    assert (fault["kind"], fault["key"], fault["expected"], fault["found"]) == ("value", "BMO", "3", "2")
    assert production.cli(*CONFIRM, "--sign", "BMU", "--sign", "BMO", "--sign", "BMD").code == 3
    assert "confirmation" not in tomllib.loads((specs(production) / f"{NAME}.toml").read_text())


def test_a_contradiction_is_exit_1_though_every_field_is_published(factory: Factory, tmp_path: Path) -> None:
    text = packaged_spec(NAME).text.replace('status = "assumed"', 'status = "published"')
    (tmp_path / "own.toml").write_text(text)
    units = write_sample(tmp_path / "guide.toml", SPEC)
    assert factory.cli("spec", "check", tmp_path / "own.toml", "--sample", tmp_path / "guide.toml").code == 0
    key = units[0].key
    assert key is not None
    edit(tmp_path / "guide.toml", key.reveal().hex(), "5a" * 16)
    checked = factory.cli("spec", "check", tmp_path / "own.toml", "--sample", tmp_path / "guide.toml")
    assert checked.code == 1
    assert "BMD" in checked.err
    shown = (checked.out + checked.err).lower()
    assert key.reveal().hex() not in shown
    assert "5a5a" not in shown


def test_a_failed_check_ends_with_that(production: Factory, tmp_path: Path) -> None:
    """Of a spec that is signed, too: what a sample contradicts fails, whoever confirmed it."""
    names = [one for key in ("BMU", "BMO", "BMD") for one in ("--sign", key)]
    assert production.cli(*CONFIRM, *names).code == 0
    write_sample(tmp_path / "bad.sample.toml", SPEC)
    sample = tmp_path / "bad.sample.toml"
    sample.write_text(re.sub(r'uuid = ".*"', 'uuid = "00000000000040008000000000000000"', sample.read_text()))
    checked = production.cli("spec", "check", NAME, "--sample", sample)
    assert checked.code == 1
    assert checked.err.splitlines()[-1].startswith("FAILED: ")
    assert "OK:" not in checked.err
    assert production.cli("spec", "check", NAME).err.splitlines()[-1].startswith("OK: ")


def test_a_key_can_be_given_for_samples_that_name_none(factory: Factory, tmp_path: Path) -> None:
    write_sample(tmp_path / "guide.toml", SPEC, with_key=False)
    (tmp_path / "k.pem").write_bytes(PRIVATE)
    asked = ("spec", "check", NAME, "--sample", tmp_path / "guide.toml", "--json")
    assert factory.cli(*asked).json["samples"][0]["opened"] is False
    assert factory.cli(*asked, "--private-key", tmp_path / "k.pem").json["samples"][0]["opened"] is True


@pytest.mark.parametrize("name", ["plain.toml", "../one.toml", "/tmp/one.toml", "one.sample.txt", "a b.sample.toml"])
def test_samples_lie_beside_the_spec(production: Factory, name: str) -> None:
    list_samples(production, name)
    refused = production.cli("spec", "check", NAME)
    assert refused.code == 3
    assert "samples.files" in refused.err


def test_names_are_signed_for_only_where_there_is_something_to_sign(production: Factory) -> None:
    assert production.cli(*CONFIRM, "--sign", "ABV").code == 3
    list_samples(production)
    assert production.cli(*CONFIRM, "--sign", "BMO").code == 3
    assert production.cli(*CONFIRM).code == 0


def test_a_length_that_no_sample_shows_is_signed_for_before_it_is_issued(factory: Factory, tmp_path: Path) -> None:
    """The samples' serials have 7 characters; the product's pattern makes 12, and nothing proves that these may be."""
    for path in GUIDE.glob("guide*.*"):
        shutil.copy(path, specs(factory))
    shutil.copy(GUIDE / "product-key.pem", tmp_path)
    listed = ", ".join(f'"guide-{name}.sample.toml"' for name in ("single", "pair"))
    (specs(factory) / "lumen.toml").write_text(LUMEN.replace("FILES", listed))
    confirm = ("spec", "confirm", "lumen", "--document", "Lumen 2.0", "--operator", "Ann")
    done = factory.cli(*confirm)
    assert done.code == 0, done.err
    assert "SER: the samples show unit.serial of 7 characters only" in done.err
    assert "SER: the samples show unit.serial of 7 characters only" in factory.cli("spec", "check", "lumen").err
    add = ("product", "add", "--pid", "Lm2Q", "--public-key", tmp_path / "product-key.pem", "--spec", "lumen")
    for name, pattern in (("long", "{pid}{n:08}"), ("short", "LM{n:05}")):
        assert factory.cli(*add, name, "--stage", "production", "--serial", pattern).code == 0
    assert factory.cli("batch", "create", "short", "--units", 1).code == 0
    for asked in (("batch", "create"), ("run",)):
        refused = factory.cli(*asked, "long", "--units", 1)
        assert refused.code == 3
        assert "a serial of 12 characters" in refused.err
    (tmp_path / "own.csv").write_text("serial\nLM90001\nLM900002\n")
    assert factory.cli("batch", "create", "short", "--identities", tmp_path / "own.csv").code == 3
    assert factory.rows("SELECT count(*) FROM batch") == [(1,)]
    assert factory.cli(*way_out(refused), "--operator", "Ann").code == 0
    assert factory.cli("batch", "create", "long", "--units", 1).code == 0
    # Who confirmed with an older version goes on: that did not keep lengths.
    assert factory.cli(*confirm).code == 0
    path = specs(factory) / "lumen.toml"
    path.write_text(re.sub("lengths = .*\n", "", path.read_text()))
    assert factory.cli("batch", "create", "long", "--units", 1).code == 0
