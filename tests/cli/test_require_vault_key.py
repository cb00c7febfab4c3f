"""A product whose keys are only ever under a vault key in hardware: what is issued of it, and how that key may move."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import bss_mfg
from bss_mfg.core.toml_files import load_toml, validate
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.events import BatchIssued
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.vault import OfficerPrivateKey, Vault
from bss_mfg.model import Secret
from bss_mfg.workspace import vault_files, vault_key_storage
from bss_mfg.workspace.pkcs11_uri import EXAMPLE
from bss_mfg.workspace.product import Product, product_text
from bss_mfg.workspace.vault_key_lines import KINDS as ALL_KINDS
from bss_mfg.workspace.vault_key_lines import Keeping, vault_key_id
from bss_mfg.workspace.vault_key_storage import save_vault_key
from tests.helpers import tokens
from tests.helpers.commands import Outcome, advised
from tests.helpers.factory import Factory
from tests.helpers.tpms import running_tpm
from tests.helpers.vault_kinds import KINDS, Kept, make_kept
from tests.needs import needs

HARDWARE = [pytest.param("pkcs11", marks=needs("softhsm2")), pytest.param("tpm2", marks=needs("swtpm"))]
ELSEWHERE = [kind for kind in ALL_KINDS if kind not in ("pkcs11", "tpm2")]


@pytest.fixture
def kept(factory: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Product `bulb` takes any vault key, `strict` one in a token or TPM; with an officer, a token and a TPM."""
    factory.add()
    factory.add("strict", require_vault_key_in=["pkcs11", "tpm2"], serial="S{n:08}")
    with running_tpm(tmp_path / "tpm") as tpm:
        yield make_kept(factory, tmp_path, monkeypatch, token=True, tpm=tpm)


def issue(kept: Kept, batch: str, product: str = "strict", **more: str) -> Outcome:
    return kept.cli("batch", "create", product, "--units", 2, "--id", batch, **more)


def state(kept: Kept) -> tuple[list[str], str, list[str]]:
    """The batches, the vault key, and all events."""
    with kept.factory.ledger() as ledger:
        events = [str(event.kind) for event in ledger.history.events()]
        return [batch.id for batch in ledger.batches.all()], ledger.settings.vault_id(), events


def settings(kept: Kept, product: str, kinds: list[str] | None) -> None:
    """Write into a product's file what it demands."""
    path = kept.factory.root / "products" / f"{product}.toml"
    lines = [line for line in path.read_text().splitlines(keepends=True) if "require_vault_key_in" not in line]
    if kinds:
        lines.insert(2, f"require_vault_key_in = {json.dumps(kinds)}\n")
    path.write_text("".join(lines))


def retired(kept: Kept, batch: str) -> None:
    for command in (
        ("program", batch, "--format", "csv", "--out", kept.factory.root / f"{batch}.csv"),
        ("manifest", "make", batch, "--out", kept.factory.root / "logs.txt"),
        ("retire", batch, "--acknowledged", "by mail", "--delete-exports"),
    ):
        done = kept.cli(*command)
        assert done.code == 0, (command, done.err)


@pytest.mark.parametrize("kind", ELSEWHERE)
@needs("softhsm2", "swtpm")
def test_nothing_is_issued_while_the_vault_key_is_elsewhere(kept: Kept, kind: str) -> None:
    kept.rekeyed(kind)
    before = state(kept)
    for command in (
        ("batch", "create", "strict", "--units", 2),
        ("run", "strict", "--units", 2, "--id", "R1"),
    ):
        refused = kept.cli(*command)
        assert refused.code == 4, (command, refused.err)
        assert advised(refused) == [
            ["vault", "rekey", "--token-uri", EXAMPLE],
            ["vault", "rekey", "--to", "tpm2"],
        ], command
    assert state(kept) == before
    assert not (kept.factory.root / "batches" / "R1").exists()
    assert issue(kept, "B1", "bulb").code == 0  # which demands nothing


@needs("softhsm2", "swtpm")
def test_an_order_and_a_program_are_refused_as_well(kept: Kept, tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    (folder / "po.json").write_text(json.dumps({"order": "PO-1", "product": "strict", "units": 2}))
    os.utime(folder / "po.json", (1_700_000_000, 1_700_000_000))
    kept.cli("watch-orders", folder, "--once", "--seconds", 0.1, "--jobs", 1)
    (told,) = json.loads((folder / "errors" / "po.json.json").read_text())
    assert "vault rekey" in told["way_out"]
    with bss_mfg.open_workspace(kept.factory.root) as line, pytest.raises(RefusedError):
        line.create_batch("strict", 2)
    assert state(kept)[0] == []


@pytest.mark.parametrize("kind", HARDWARE)
@needs("softhsm2", "swtpm")
def test_the_way_out_works_as_it_is_typed(kept: Kept, kind: str) -> None:
    settings(kept, "strict", [kind])
    (way,) = advised(issue(kept, "B1"))
    if kind == "pkcs11":
        way = [str(kept.token.uri) if kept.token and word == EXAMPLE else word for word in way]
    assert kept.cli(*way).code == 0
    made = issue(kept, "B1")
    assert made.code == 0, made.err
    for command in (("vault", "status"), ("doctor",), ("ledger", "check")):
        assert kept.cli(*command).code == 0, command


@pytest.mark.parametrize("kind", KINDS)
@needs("softhsm2", "swtpm")
def test_the_history_says_how_the_vault_key_was_kept(kept: Kept, kind: str) -> None:
    kept.rekeyed(kind)
    assert issue(kept, "B1", "bulb").code == 0
    with kept.factory.ledger() as ledger:
        assert [record.vault_key for _, record in ledger.history.records(BatchIssued, "B1")] == [kind]


@pytest.mark.parametrize("kind", ELSEWHERE)
@needs("softhsm2", "swtpm")
def test_the_key_stays_in_hardware_as_long_as_batches_demand_it(kept: Kept, kind: str) -> None:
    kept.rekeyed("tpm2")
    assert issue(kept, "B1").code == 0
    before, line = state(kept), kept.factory.workspace.vault_file.read_bytes()
    refused = kept.cli("vault", "rekey", *kept.to(kind), BSS_MFG_PASSPHRASE_FILE="")
    assert refused.code == 4, refused.err  # asked for no PIN and no passphrase
    assert "B1" in refused.err
    kept.lose()
    lost = kept.cli("vault", "recover", "--officer-key", kept.officer, *kept.to(kind))
    assert lost.code == 4, lost.err
    assert state(kept) == before
    kept.factory.workspace.vault_file.write_bytes(line)


@needs("softhsm2", "swtpm")
def test_the_ledger_itself_lets_no_data_key_out_of_hardware(kept: Kept) -> None:
    """As where a batch is issued between what a command looks at and its transaction."""
    kept.rekeyed("tpm2")
    assert issue(kept, "B1").code == 0
    before = state(kept)
    with tokens.using(kept.env), kept.factory.workspace.open_vault(ask=_phrase) as old, Vault.generate() as new:
        with kept.factory.ledger() as ledger, pytest.raises(RefusedError):
            open_keys(ledger).rewrap(old, new, "file")
        officer = OfficerPrivateKey(kept.officer.read_bytes(), None)
        with kept.factory.ledger() as ledger, pytest.raises(RefusedError):
            open_keys(ledger).recover(officer, old.id, new, "file")
    assert state(kept) == before


@needs("softhsm2", "swtpm")
def test_the_key_moves_between_hardware_that_will_do(kept: Kept) -> None:
    kept.rekeyed("tpm2")
    assert issue(kept, "B1").code == 0
    kept.rekeyed("pkcs11")
    settings(kept, "strict", ["pkcs11"])
    assert issue(kept, "B2").code == 0
    refused = kept.cli("vault", "rekey", "--to", "tpm2")
    assert (refused.code, "B2" in refused.err, "B1" in refused.err) == (4, True, False)
    assert ("--token-uri" in refused.err, "--to tpm2" in refused.err) == (True, False)
    kept.rekeyed("pkcs11")
    kept.lose()
    to = kept.to("pkcs11")
    assert kept.cli("vault", "recover", "--officer-key", kept.officer, *to).code == 0
    assert issue(kept, "B3").code == 0


@needs("softhsm2", "swtpm")
def test_who_lost_a_token_is_told_what_leads_to_other_hardware(kept: Kept) -> None:
    kept.rekeyed("pkcs11")
    assert issue(kept, "B1").code == 0
    line = kept.factory.workspace.vault_file
    line.write_text(line.read_text().replace("token=factory", "token=elsewhere"))
    absent = issue(kept, "B2")
    assert (absent.code, "`--to tpm2`" in absent.err) == (6, True), absent.err
    (way,) = advised(absent)
    typed = [str(kept.officer) if word == "FILE" else word for word in way]
    kept.lose()
    assert kept.cli(*typed).code == 4
    done = kept.cli(*(word.replace("file", "tpm2") if word == "file" else word for word in typed))
    assert (done.code, "can't be copied" in done.err) == (0, True), done.err
    assert issue(kept, "B2").code == 0


@needs("softhsm2", "swtpm")
def test_a_refusal_names_hardware_that_will_do_and_none_else(kept: Kept, tmp_path: Path) -> None:
    settings(kept, "strict", ["tpm2"])
    kept.rekeyed("tpm2")
    assert issue(kept, "B1").code == 0
    for command in (("rekey", "--to", "file"), ("export-recovery", tmp_path / "copy.txt")):
        refused = kept.cli("vault", *command)
        assert (refused.code, "`--to tpm2`" in refused.err, "--token-uri" in refused.err) == (4, True, False)
    gone = issue(kept, "B2", BSS_MFG_TPM2=str(tmp_path / "none"))
    assert (gone.code, [way[-2:] for way in advised(gone)]) == (6, [["--to", "file"]])


@needs("softhsm2", "swtpm")
def test_doctor_says_what_becomes_of_a_key_whose_token_is_lost(kept: Kept) -> None:
    kept.rekeyed("pkcs11")
    line = kept.factory.workspace.vault_file
    left = line.with_name(f"{line.name}.new-0123456789abcdef")
    left.write_text(line.read_text().replace("token=factory", "token=elsewhere"))
    kept.rekeyed("pkcs11")
    (check,) = [one for one in kept.cli("doctor", "--json").json if one["name"] == "vault key change"]
    assert "opens token elsewhere" in check["fix"]
    assert "delete the file" in check["fix"]
    assert "delete the file" in kept.cli("vault", "status").err


@needs("softhsm2", "swtpm")
def test_what_was_issued_before_and_what_is_retired_demands_nothing(kept: Kept) -> None:
    settings(kept, "strict", None)
    assert issue(kept, "B1").code == 0
    settings(kept, "strict", ["tpm2"])
    kept.rekeyed("tpm2").rekeyed("file").rekeyed("tpm2")
    assert issue(kept, "B2").code == 0
    settings(kept, "strict", None)  # the batch keeps what was said when it was issued
    assert kept.cli("vault", "rekey", "--to", "file").code == 4
    retired(kept, "B2")
    kept.rekeyed("file")


@needs("softhsm2", "swtpm")
def test_no_copy_is_made_of_a_key_that_must_stay_in_the_tpm(kept: Kept, tmp_path: Path) -> None:
    kept.rekeyed("tpm2")
    assert kept.cli("vault", "export-recovery", tmp_path / "before.txt").code == 0
    copied = issue(kept, "B1")
    assert (copied.code, advised(copied)) == (4, [["vault", "rekey"]])
    assert kept.cli(*advised(copied)[0]).code == 0
    assert issue(kept, "B1").code == 0
    refused = kept.cli("vault", "export-recovery", tmp_path / "after.txt", BSS_MFG_PASSPHRASE_FILE="")
    assert (refused.code, [way[:2] for way in advised(refused)]) == (4, [["vault", "recover"]])
    assert not (tmp_path / "after.txt").exists()


@needs("softhsm2", "swtpm")
def test_a_key_that_lay_in_a_file_is_not_made_good_by_putting_it_into_the_tpm(kept: Kept, tmp_path: Path) -> None:
    shutil.move(kept.factory.workspace.vault_file, tmp_path / "copy.key")
    assert kept.cli("vault", "recover", tmp_path / "copy.key", "--to", "tpm2").code == 0
    copied = issue(kept, "B1")
    assert (copied.code, advised(copied)) == (4, [["vault", "rekey"]])


@needs("softhsm2", "swtpm")
def test_a_copy_of_the_key_at_another_station_issues_nothing(kept: Kept, tmp_path: Path) -> None:
    """The ledger only knows that the key is in a TPM."""
    kept.rekeyed("tpm2")
    with tokens.using(kept.env), kept.factory.workspace.open_vault(ask=_phrase) as vault:
        save_vault_key(vault, tmp_path / "copy.key", Keeping("file"), _phrase)
    issued = issue(kept, "B1", BSS_MFG_VAULT_KEY_FILE=str(tmp_path / "copy.key"))
    assert issued.code == 4, issued.err
    assert issue(kept, "B1").code == 0
    found = kept.cli("vault", "status", BSS_MFG_VAULT_KEY_FILE=str(tmp_path / "copy.key"))
    assert (found.code, advised(found)[-1]) == (1, ["vault", "rekey", "--to", "tpm2"])
    assert kept.cli("doctor", BSS_MFG_VAULT_KEY_FILE=str(tmp_path / "copy.key")).code == 6
    recovered = kept.cli("vault", "recover", tmp_path / "copy.key", "--to", "passphrase")
    assert recovered.code == 4


@needs("softhsm2", "swtpm")
def test_a_replacement_is_issued_as_a_batch_is(kept: Kept) -> None:
    assert issue(kept, "B1", "bulb").code == 0
    settings(kept, "bulb", ["pkcs11", "tpm2"])
    assert kept.cli("scrap", "B1", "ebK300000001", "--reason", "dropped").code == 0
    before = state(kept)
    replace = ("replace", "B1", "ebK300000001", "--reason", "dropped")
    refused = kept.cli(*replace)
    assert (refused.code, advised(refused)[-1]) == (4, ["vault", "rekey", "--to", "tpm2"])
    assert state(kept) == before
    kept.rekeyed("tpm2")
    assert kept.cli(*replace).code == 0


@needs("softhsm2", "swtpm")
def test_who_asks_is_told(kept: Kept) -> None:
    shown = kept.cli("product", "show", "strict", "--json").json
    assert shown["require_vault_key_in"] == ["pkcs11", "tpm2"]
    assert "pkcs11, tpm2" in kept.cli("product", "show", "strict").out
    assert kept.cli("product", "show", "bulb", "--json").json["require_vault_key_in"] is None
    found = kept.cli("doctor", "--json").json
    (gap,) = [check for check in found if check["name"] == "vault key in hardware"]
    assert (gap["level"], "strict" in gap["found"]) == ("gap", True)
    assert kept.cli("vault", "status", "--json").json["required_by"] == 0
    kept.rekeyed("tpm2")
    assert issue(kept, "B1").code == 0
    status = kept.cli("vault", "status", "--json").json
    assert (status["required_by"], status["required_in"]) == (1, ["pkcs11", "tpm2"])
    assert re.search(r"^required by: +1 batch$", kept.cli("vault", "status").out, re.MULTILINE)
    names = [check["name"] for check in kept.cli("doctor", "--json").json]
    assert "vault key in hardware" not in names


@needs("softhsm2", "swtpm")
def test_the_same_request_typed_again_finds_its_batch_and_another_demand_is_another_request(kept: Kept) -> None:
    kept.rekeyed("tpm2")
    assert issue(kept, "B1").code == 0
    settings(kept, "strict", ["tpm2"])
    other = issue(kept, "B1")
    assert (other.code, "require vault key in: tpm2, it was pkcs11,tpm2" in other.err) == (4, True)
    settings(kept, "strict", ["tpm2", "pkcs11"])
    assert issue(kept, "B1").code == 0


@pytest.mark.parametrize("value", ["[]", '["file"]', '"pkcs11"', "true", '["pkcs11", "age"]'])
def test_other_kinds_are_refused_in_the_file(factory: Factory, value: str) -> None:
    factory.add()
    path = factory.root / "products" / "bulb.toml"
    path.write_text(path.read_text().replace("format = 1", f"format = 1\nrequire_vault_key_in = {value}"))
    with pytest.raises(InputError, match="require_vault_key_in"):
        factory.workspace.product("bulb")


def test_the_file_is_written_as_it_is_read(factory: Factory, tmp_path: Path) -> None:
    factory.add(require_vault_key_in=["tpm2", "pkcs11", "tpm2"])
    product = factory.workspace.product("bulb").product
    assert product.require_vault_key_in == ["pkcs11", "tpm2"]
    (tmp_path / "again.toml").write_text(product_text(product))
    assert validate(load_toml(tmp_path / "again.toml", "product file"), Product) == product


def _phrase(what: str, new: bool) -> Secret:
    return Secret(tokens.PIN.encode())


class _KilledError(BaseException):
    """As a kill: nothing that a command would still do is done."""


@pytest.mark.parametrize(
    ("act", "moment"),
    [("export-recovery", "write_atomically"), ("recover", "write_atomically"), ("recover", "put_in_place")],
)
@needs("softhsm2", "swtpm")
def test_a_key_that_is_elsewhere_is_known_though_the_command_was_killed(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str, moment: str
) -> None:
    """What writes the key, or puts it in place, is the last thing that the command does."""
    if act == "recover":
        shutil.move(kept.factory.workspace.vault_file, tmp_path / "copy.key")
        command: tuple[object, ...] = ("vault", act, tmp_path / "copy.key", "--to", "tpm2")
    else:
        kept.rekeyed("tpm2")
        command = ("vault", act, tmp_path / "copy.txt")
    room = vault_key_storage if moment == "write_atomically" else vault_files
    real = getattr(room, moment)

    def die(*arguments: object, **settings: object) -> None:
        real(*arguments, **settings)
        raise _KilledError

    with monkeypatch.context() as killing:
        killing.setattr(room, moment, die)
        with contextlib.suppress(_KilledError):
            kept.cli(*command)
    assert kept.cli("vault", "status").code == 0
    copied = issue(kept, "B1")
    assert (copied.code, advised(copied)) == (4, [["vault", "rekey"]])


def test_a_rekey_goes_by_the_key_that_waits_of_one_that_was_cut_off(issued: Factory) -> None:
    place = issued.workspace.vault_file
    place.rename(place.with_name(f"{place.name}.new-{vault_key_id(place)}"))
    done = issued.cli("vault", "rekey")
    assert done.code == 0, done.err
