"""A spec is confirmed as it was compared: what is changed afterwards is not confirmed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.helpers.commands import Outcome, advised_in
from tests.helpers.factory import Factory
from tests.helpers.keys import good_pem

NAME = "amazon-bss-ob04"
CREATE = ("batch", "create", "prod", "--units", 2)


@pytest.fixture
def production(factory: Factory, tmp_path: Path) -> Factory:
    """A production product, and a copy of its spec that nobody has confirmed."""
    (tmp_path / "amazon.pem").write_bytes(good_pem())
    add = ("product", "add", "prod", "--pid", "ebK3", "--public-key", tmp_path / "amazon.pem", "--stage", "production")
    assert factory.cli(*add).code == 0
    assert factory.cli("spec", "copy", NAME).code == 0
    return factory


def spec_file(factory: Factory) -> Path:
    return factory.root / "specs" / f"{NAME}.toml"


def edit(factory: Factory, old: str, new: str) -> None:
    text = spec_file(factory).read_text()
    assert old in text
    spec_file(factory).write_text(text.replace(old, new, 1))


def confirm(factory: Factory, *options: object) -> Outcome:
    return factory.cli("spec", "confirm", NAME, "--operator", "Ann", *options)


def way_out(refused: Outcome) -> list[str]:
    """The last command that an error names."""
    return advised_in(refused.err)[-1]


def test_it_says_who_when_and_by_what_and_keeps_the_rest(production: Factory) -> None:
    before = tomllib.loads(spec_file(production).read_text())
    assert production.cli(*CREATE).code == 3
    done = confirm(production, "--document", 'Guide "3.2"')
    assert done.code == 0, done.err
    after = tomllib.loads(spec_file(production).read_text())
    signed = after.pop("confirmation")
    assert after == before
    assert (signed["by"], signed["document"]) == ("Ann", 'Guide "3.2"')
    assert re.fullmatch(r"[0-9a-f]{64}", signed["digest"])
    assert production.cli("spec", "check", NAME).code == 0
    assert {row["name"]: row["confirmed"] for row in production.cli("spec", "list", "--json").json}[NAME] is True
    assert production.cli(*CREATE).code == 0
    (event,) = production.rows("SELECT data FROM event WHERE kind = 'spec confirmed'")
    assert '"operator":"Ann"' in event[0]
    assert signed["digest"] in event[0]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('info = "amazon-bss-ob04"', 'info = "other"', ["BMD", "info", "other", "amazon-bss-ob04"]),
        ('status = "assumed"', 'status = "published"', ["BMU", "status"]),
        ('value = "2"', 'value = "3"', ["BMO", "value"]),
        ('terminator = ";"', 'terminator = ""', ["terminator"]),
        ('    { source = "unit.oob", format = "raw" },\n', "", ["BMD", "plaintext"]),
        ('key = "BMO"', 'key = "BMX"', ["BMO", "BMX"]),
    ],
)
def test_a_change_afterwards_is_refused_and_named(production: Factory, old: str, new: str, says: list[str]) -> None:
    assert confirm(production, "--document", "Guide 3.2").code == 0
    edit(production, old, new)
    for asked in (CREATE, ("run", "prod", "--units", 2)):
        refused = production.cli(*asked)
        assert refused.code == 3
        for word in says:
            assert word in refused.err, refused.err
    assert production.cli("spec", "check", NAME).code == 1
    assert {row["name"]: row["confirmed"] for row in production.cli("spec", "list", "--json").json}[NAME] is False
    mended = production.cli(*way_out(refused), "--operator", "Bert")
    assert mended.code == 0, mended.err
    assert tomllib.loads(spec_file(production).read_text())["confirmation"]["by"] == "Bert"
    assert production.cli(*CREATE).code == 0


def test_comments_and_blanks_are_no_change(production: Factory) -> None:
    assert confirm(production, "--document", "Guide 3.2").code == 0
    edit(production, '[[field]]\nkey = "UPC"', '# looked at again\n\n[[field]]\nkey    =   "UPC"')
    assert production.cli(*CREATE).code == 0


def test_without_the_text_that_was_confirmed_a_change_is_refused_all_the_same(production: Factory) -> None:
    assert confirm(production, "--document", "Guide 3.2").code == 0
    (production.root / "specs" / "confirmed" / f"{NAME}.toml").unlink()
    edit(production, 'value = "2"', 'value = "3"')
    assert production.cli(*CREATE).code == 3


@pytest.mark.parametrize("place", ["end", "middle"])
def test_a_confirmation_by_hand_is_tied_by_the_command_that_is_named(production: Factory, place: str) -> None:
    """Specs that were signed before say who and by what; what they looked like then, nobody knows."""
    by_hand = '\n[confirmation]\nby = "QA"\non = 2026-01-02\ndocument = "PMG 1.0"\n'
    if place == "end":
        spec_file(production).write_text(spec_file(production).read_text() + by_hand)
    else:
        edit(production, '\n[[field]]\nkey = "UPC"', f'{by_hand}\n# the code\n[[field]]\nkey = "UPC"')
    before = tomllib.loads(spec_file(production).read_text())
    refused = production.cli(*CREATE)
    assert refused.code == 3
    assert "QA" in refused.err
    mended = production.cli(*way_out(refused))
    assert mended.code == 0, mended.err
    after = tomllib.loads(spec_file(production).read_text())
    assert after["confirmation"]["document"] == "PMG 1.0"
    assert {**after, "confirmation": 0} == {**before, "confirmation": 0}
    assert place == "end" or "# the code\n" in spec_file(production).read_text()
    assert production.cli(*CREATE).code == 0


def test_a_packaged_spec_is_copied_first(factory: Factory) -> None:
    refused = confirm(factory, "--document", "Guide 3.2")
    assert refused.code == 4
    assert factory.cli(*way_out(refused)).code == 0
    assert confirm(factory, "--document", "Guide 3.2").code == 0


def test_what_was_not_said_is_asked_for(production: Factory) -> None:
    assert confirm(production).code == 2
    assert confirm(production, "--document", " ").code == 2
    assert production.cli("spec", "confirm", "nothing", "--document", "Guide").code == 3
    edit(production, 'key = "UPC"', 'key = "ABV"')
    assert confirm(production, "--document", "Guide 3.2").code == 3  # what is broken is not confirmed


def test_a_confirmation_in_another_form_is_left_to_people(production: Factory) -> None:
    edit(production, "format = 1\n", 'format = 1\nconfirmation = { by = "QA", on = 2026-01-02, document = "x" }\n')
    before = spec_file(production).read_text()
    done = confirm(production)
    assert done.code == 3
    assert spec_file(production).read_text() == before


def test_a_batch_that_was_issued_goes_on_whatever_becomes_of_the_spec(production: Factory) -> None:
    assert confirm(production, "--document", "Guide 3.2").code == 0
    assert production.cli(*CREATE, "--id", "P1").code == 0
    edit(production, 'value = "2"', 'value = "3"')
    assert production.cli("labels", "P1").code == 0
    assert production.cli("scrap", "P1", "ebK300000001", "--reason", "dropped").code == 0
    assert production.cli("replace", "P1", "ebK300000001", "--reason", "dropped").code == 0
