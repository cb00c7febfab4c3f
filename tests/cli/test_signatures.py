"""Signatures by name for fields of a spec hold until what they are for changes; lengths that nobody signed for are not
issued, as replacements either."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import Outcome, advised_in
from tests.helpers.factory import Factory
from tests.helpers.lumen import GUIDE, LUMEN

CONFIRM = ("spec", "confirm", "lumen")
FIRST = (*CONFIRM, "--document", "Lumen 2.0", "--operator", "Ann")


@pytest.fixture
def lumen(factory: Factory, tmp_path: Path) -> Factory:
    """A spec whose samples prove every field, and serials of 7 characters; products whose serials have 7 and 12."""
    for path in GUIDE.glob("guide*.*"):
        shutil.copy(path, factory.root / "specs")
    shutil.copy(GUIDE / "product-key.pem", tmp_path)
    listed = ", ".join(f'"guide-{name}.sample.toml"' for name in ("single", "pair"))
    spec_path(factory).write_text(LUMEN.replace("FILES", listed))
    add = ("product", "add", "--pid", "Lm2Q", "--public-key", tmp_path / "product-key.pem", "--spec", "lumen")
    for name, pattern in (("long", "{pid}{n:08}"), ("short", "LM{n:05}")):
        done = factory.cli(*add, name, "--stage", "production", "--serial", pattern)
        assert done.code == 0, done.err
    return factory


def spec_path(factory: Factory) -> Path:
    return factory.root / "specs" / "lumen.toml"


def edit(factory: Factory, old: str, new: str) -> None:
    text = spec_path(factory).read_text()
    assert old in text
    spec_path(factory).write_text(text.replace(old, new, 1))


def confirmation(factory: Factory) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(spec_path(factory).read_text())["confirmation"]
    return found


def events(factory: Factory) -> list[dict[str, Any]]:
    return [json.loads(data) for (data,) in factory.rows("SELECT data FROM event WHERE kind = 'spec confirmed'")]


def way_out(refused: Outcome) -> list[str]:
    return advised_in(refused.err)[-1]


def test_a_signature_holds_when_the_spec_is_confirmed_again(lumen: Factory) -> None:
    assert lumen.cli(*FIRST, "--sign", "SER").code == 0
    for again in (CONFIRM, (*CONFIRM, "--document", "Lumen 2.0")):
        done = lumen.cli(*again, "--operator", "Bob")
        assert done.code == 0, done.err
        assert "LAPSED" not in done.err
        signed = confirmation(lumen)
        assert (signed["by"], signed["signed"], signed["earlier"]["SER"]["by"]) == ("Bob", ["SER"], "Ann")
        assert isinstance(signed["earlier"]["SER"]["on"], datetime.date)
    assert lumen.cli("batch", "create", "long", "--units", 1).code == 0
    checked = lumen.cli("spec", "check", "lumen")
    assert checked.code == 0
    assert "SER (by Ann on " in checked.err
    told = [(one["signed"], one.get("kept")) for one in events(lumen)]
    assert told == [(["SER"], None), ([], ["SER"]), ([], ["SER"])]
    done = lumen.cli(*CONFIRM, "--operator", "Bob", "--sign", "SER")
    assert (done.code, confirmation(lumen).get("earlier"), confirmation(lumen)["signed"]) == (0, None, ["SER"])


@pytest.mark.parametrize(
    ("old", "new", "document", "holds"),
    [
        ("format = 1\n", 'format = 1\ntitle = "Lamps"\n', "Lumen 2.0", True),
        ('key = "CNT"\nstatus = "assumed"', 'key = "CNT"\nnote = "page 9"\nstatus = "assumed"', "Lumen 2.0", True),
        ('key = "SER"\n', 'key = "SER"\nnote = "page 9"\n', "Lumen 2.0", True),
        ("format = 1\n", "format = 1\nmax_units = 2\n", "Lumen 2.0", False),
        ("", "", "Lumen 3.0", False),
    ],
)
def test_a_signature_lapses_with_what_it_is_for(
    lumen: Factory, old: str, new: str, document: str, *, holds: bool
) -> None:
    assert lumen.cli(*FIRST, "--sign", "SER").code == 0
    edit(lumen, old, new)
    if old and not holds:
        assert "LAPSED: Ann signed for SER" in lumen.cli("spec", "check", "lumen").err
    done = lumen.cli(*CONFIRM, "--document", document, "--operator", "Bob")
    assert done.code == 0, done.err
    assert ("LAPSED: Ann signed for SER on " in done.err) is not holds
    assert confirmation(lumen)["signed"] == (["SER"] if holds else [])
    assert lumen.cli("batch", "create", "long", "--units", 1).code == (0 if holds else 3)
    if not holds:
        assert lumen.cli(*way_out(done), "--operator", "Bob").code == 0
        assert lumen.cli("batch", "create", "long", "--units", 1).code == 0


def test_a_signature_lapses_with_its_field(lumen: Factory) -> None:
    assert lumen.cli(*FIRST, "--sign", "SER", "--sign", "DID").code == 0
    edit(lumen, 'key = "SER"\n', 'key = "SER"\nmin_length = 2\n')
    refused = lumen.cli(*CONFIRM)
    assert refused.code == 3  # no sample proves the new length
    assert "min_length of SER is 2, it was left out" in refused.err
    assert "signed for DID" not in refused.err
    assert lumen.cli(*way_out(refused), "--operator", "Bob").code == 0
    signed = confirmation(lumen)
    assert (signed["signed"], signed["earlier"]["DID"]["by"], list(signed["earlier"])) == (
        ["SER", "DID"],
        "Ann",
        ["DID"],
    )


def test_a_signature_of_which_nobody_knows_what_it_was_for_lapses(lumen: Factory) -> None:
    assert lumen.cli(*FIRST, "--sign", "SER").code == 0
    (lumen.root / "specs" / "confirmed" / "lumen.toml").unlink()
    assert confirmation(lumen)["signed"] == ["SER"]
    assert "LAPSED" not in lumen.cli(*CONFIRM).err  # the spec says what it said
    (lumen.root / "specs" / "confirmed" / "lumen.toml").unlink()
    edit(lumen, "format = 1\n", 'format = 1\ntitle = "Lamps"\n')
    assert "LAPSED" in lumen.cli(*CONFIRM).err
    assert confirmation(lumen)["signed"] == []


def test_a_lapsed_signature_for_what_no_sample_proves_is_named_where_it_is_missing(lumen: Factory) -> None:
    edit(lumen, '"guide-single.sample.toml", ', "")
    edit(lumen, '"guide-pair.sample.toml"', '"guide-single.sample.toml"')
    refused = lumen.cli(*FIRST)
    assert refused.code == 3
    assert lumen.cli(*way_out(refused), "--operator", "Ann").code == 0
    names = confirmation(lumen)["signed"]
    assert len(names) > 2
    edit(lumen, 'key = "DID"\n', 'key = "DID"\nformat = "hex-upper"\n')
    edit(lumen, 'format = "hex-lower"\n', "")
    refused = lumen.cli(*CONFIRM)
    assert refused.code == 3  # contradicted
    edit(lumen, 'format = "hex-upper"\n', 'format = "hex-lower"\n')
    done = lumen.cli(*CONFIRM)
    assert done.code == 0, done.err
    assert confirmation(lumen)["signed"] == names
    edit(lumen, "format = 1\n", "format = 1\nmax_units = 2\n")
    refused = lumen.cli(*CONFIRM)
    assert refused.code == 3
    assert f"Ann signed for {names[0]} on " in refused.err
    assert lumen.cli(*way_out(refused)).code == 0


def test_what_is_proven_is_not_called_assumed(lumen: Factory) -> None:
    done = lumen.cli(*FIRST, "--sign", "SER")
    known = {line.split()[1]: line.split()[0] for line in done.out.splitlines()}
    assert known == {"PID": "published"} | dict.fromkeys(("ABV", "CNT", "SER", "DID", "SEC"), "proven")
    checked = lumen.cli("spec", "check", "lumen").out
    assert "assumed" not in checked
    assert re.search(r"^proven +SER ", checked, re.M)


def test_replacements_have_the_lengths_of_the_samples(lumen: Factory, tmp_path: Path) -> None:
    assert lumen.cli(*FIRST).code == 0
    assert lumen.cli("batch", "create", "short", "--units", 2, "--id", "B1").code == 0
    assert lumen.cli("scrap", "B1", "LM00001", "--reason", "dropped").code == 0
    (tmp_path / "new.csv").write_text("serial\nLM900001\n")
    asked = ("replace", "B1", "LM00001", "--reason", "dropped")
    refused = lumen.cli(*asked, "--identities", tmp_path / "new.csv")
    assert refused.code == 3
    assert "a serial of 8 characters" in refused.err
    assert lumen.rows("SELECT count(*) FROM unit") == [(2,)]
    product = lumen.root / "products" / "short.toml"
    text = product.read_text()
    product.write_text(text.replace("LM{n:05}", "LM{n:06}"))
    refused = lumen.cli(*asked)
    assert refused.code == 3
    product.write_text(text)
    # What is signed for since counts for the batch, as long as the spec makes the same strings.
    assert lumen.cli(*way_out(refused), "--operator", "Ann").code == 0
    edit(lumen, "format = 1\n", "format = 1\nmax_units = 3\n")
    refused = lumen.cli(*asked, "--identities", tmp_path / "new.csv")
    assert refused.code == 3
    assert "--sign" not in refused.err
    edit(lumen, "format = 1\nmax_units = 3\n", "format = 1\n")
    for _ in range(2):
        done = lumen.cli(*asked, "--identities", tmp_path / "new.csv")
        assert (done.code, done.out) == (0, "LM00001 LM900001\n"), done.err
