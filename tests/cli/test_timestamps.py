"""`checkpoint timestamp` and `record verify --authority`: when a history was there, by an authority's word.

The authority is the openssl command, which knows nothing of bss-mfg, and verifies what is kept, too.
"""

from __future__ import annotations

import random
import re
import sys
import zipfile
from pathlib import Path

import pytest

from bss_mfg.errors import ValueProblem
from bss_mfg.records.timestamps import read_authorities, verified
from bss_mfg.transparency.checkpoint import read_checkpoint
from tests.helpers.amount import sized
from tests.helpers.commands import advised, run_cli
from tests.helpers.factory import Factory, opened_file
from tests.helpers.time_authority import TimeAuthority, make_time_authority
from tests.needs import needs

pytestmark = needs("openssl")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimeAuthority:
    return make_time_authority(tmp_path_factory.mktemp("time") / "authority")


@pytest.fixture
def signing(issued: Factory) -> Factory:
    """One whose history is signed."""
    assert issued.cli("checkpoint", "key", "--name", "factory.example/line").code == 0
    return issued


def stamped_bytes(factory: Factory) -> bytes:
    """The checkpoint's first three lines."""
    return b"".join(factory.cli("checkpoint", "show").out.encode().splitlines(keepends=True)[:3])


def answered(factory: Factory, authority: TimeAuthority, folder: Path) -> Path:
    """An authority's answer to a request of ours."""
    folder.mkdir(exist_ok=True)
    done = factory.cli("checkpoint", "timestamp", "--request", folder / "c.tsq")
    assert done.code == 0, done.err
    return authority.answer(folder / "c.tsq", folder / "c.tsr")


def kept(factory: Factory, authority: TimeAuthority, answer: Path) -> None:
    done = factory.cli("checkpoint", "timestamp", "--answer", answer, "--authority", authority.certificate)
    assert done.code == 0, done.err
    assert re.fullmatch(
        r"OK: the checkpoint of \d+ events was there at 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, says CN=Time authority\n",
        done.err,
    )


def prove(factory: Factory, out: Path) -> Path:
    done = factory.cli("ledger", "prove", "B1", "--out", out)
    assert done.code == 0, done.err
    return out


def test_a_record_carries_it(signing: Factory, authority: TimeAuthority, tmp_path: Path) -> None:
    answer = answered(signing, authority, tmp_path / "a")
    assert authority.accepts(answer, stamped_bytes(signing))
    kept(signing, authority, answer)
    kept(signing, authority, answer)
    assert signing.rows("SELECT count(*) FROM event WHERE kind = 'checkpoint timestamped'") == [(1,)]
    record = prove(signing, tmp_path / "record.zip")
    verified = run_cli("record", "verify", record, "--authority", authority.certificate)
    assert verified.code == 0, verified.err
    assert re.search(r"its first \d+ events were there at \S+Z, says CN=Time authority\n", verified.out)
    shown = run_cli("record", "verify", record, "--authority", authority.certificate, "--json").json
    size, at = shown["timestamp"]["size"], shown["timestamp"]["at"]
    assert (size, shown["timestamp"]["authority"]) == (shown["size"], "CN=Time authority")
    assert at.startswith("20")
    with zipfile.ZipFile(record) as archive:
        inside, note = archive.read("timestamp.tsr"), archive.read("checkpoint.txt")
    (tmp_path / "inside.tsr").write_bytes(inside)
    checkpoint, _ = read_checkpoint(note)
    assert authority.accepts(tmp_path / "inside.tsr", str(checkpoint).encode())
    assert signing.cli("ledger", "check").code == 0


def test_one_of_a_checkpoint_before_says_how_far(signing: Factory, authority: TimeAuthority, tmp_path: Path) -> None:
    """The answer comes on another day: meanwhile more was signed."""
    answer = answered(signing, authority, tmp_path / "a")
    before = read_checkpoint(signing.cli("checkpoint", "show").out.encode())[0].size
    assert signing.cli("scrap", "B1", "ebK300000001", "--reason", "dropped").code == 0
    assert signing.cli("checkpoint", "sign").code == 0
    kept(signing, authority, answer)
    record = prove(signing, tmp_path / "record.zip")
    shown = run_cli("record", "verify", record, "--authority", authority.certificate, "--json").json
    assert shown["findings"] == []
    assert shown["timestamp"]["size"] == before < shown["size"]


def test_the_newest_checkpoint_s_goes_along(signing: Factory, authority: TimeAuthority, tmp_path: Path) -> None:
    """Whichever answer came in last."""
    older = answered(signing, authority, tmp_path / "a")
    assert signing.cli("scrap", "B1", "ebK300000001", "--reason", "dropped").code == 0
    assert signing.cli("checkpoint", "sign").code == 0
    newer = answered(signing, authority, tmp_path / "b")
    kept(signing, authority, newer)
    kept(signing, authority, older)
    with zipfile.ZipFile(prove(signing, tmp_path / "record.zip")) as archive:
        assert archive.read("timestamp.tsr") == newer.read_bytes()


def test_a_timestamp_is_no_news(signing: Factory, authority: TimeAuthority, tmp_path: Path) -> None:
    kept(signing, authority, answered(signing, authority, tmp_path / "a"))
    before = signing.cli("checkpoint", "show").out
    assert signing.cli("checkpoint", "sign").out == before


@pytest.mark.parametrize("digest", ["-sha384", "-sha512"])
def test_what_other_programs_asked_for(signing: Factory, authority: TimeAuthority, tmp_path: Path, digest: str) -> None:
    request = authority.request_of(stamped_bytes(signing), tmp_path / "own.tsq", digest)
    kept(signing, authority, authority.answer(request, tmp_path / "own.tsr"))


def test_answers_that_are_refused(signing: Factory, authority: TimeAuthority, tmp_path: Path) -> None:
    right = answered(signing, authority, tmp_path / "a")
    other = make_time_authority(tmp_path / "other")
    request = tmp_path / "a" / "c.tsq"
    elsewhere = authority.answer(authority.request_of(b"else", tmp_path / "e.tsq", "-sha256"), tmp_path / "e.tsr")
    refused = authority.answer(authority.request_of(b"x", tmp_path / "m.tsq", "-md5"), tmp_path / "m.tsr")
    whole = right.read_bytes()
    changed = {
        "cut.tsr": whole[: len(whole) // 2],
        "empty.tsr": b"",
        "note.tsr": b"<html>404</html>",
        "more.tsr": whole + b"\x00",
        "signature.tsr": whole[:-1] + bytes([whole[-1] ^ 1]),
    }
    for name, content in changed.items():
        (tmp_path / name).write_bytes(content)
    wrong = [
        (other.answer(request, tmp_path / "o.tsr"), authority, "isn't signed by the authority"),
        (right, other, "isn't signed by the authority"),
        (elsewhere, authority, "something else"),
        (refused, authority, "none was granted"),
        *((tmp_path / name, authority, "isn't") for name in changed),
    ]
    for answer, trusted, words in wrong:
        done = signing.cli("checkpoint", "timestamp", "--answer", answer, "--authority", trusted.certificate)
        assert (done.code, words in done.err) == (3, True), (answer, done.err)
        assert not re.search(r"\bASN|Error\b.*Error\b", done.err)
    assert signing.rows("SELECT count(*) FROM event WHERE kind = 'checkpoint timestamped'") == [(0,)]


def test_no_change_of_an_answer_is_taken(signing: Factory, authority: TimeAuthority, tmp_path: Path) -> None:
    """A byte more, less or another, anywhere: refused, or it says the same and openssl takes it, too."""
    right, stamped = answered(signing, authority, tmp_path / "a").read_bytes(), stamped_bytes(signing)
    checkpoint = read_checkpoint(signing.cli("checkpoint", "show").out.encode())[0]
    trusted = read_authorities(authority.certificate)
    said = verified(right, [checkpoint], trusted)
    draw, refused, taken = random.Random(20261201), 0, 0
    for place in sorted(draw.sample(range(len(right)), sized(usual=200, full=len(right)))):
        byte = bytes([draw.randrange(256)])
        for changed in (right[:place] + byte + right[place + 1 :], right[:place] + right[place + 1 :],
                        right[:place] + byte + right[place:], right[:place]):  # fmt: skip
            try:
                found = verified(changed, [checkpoint], trusted)
            except ValueProblem:
                refused += 1
                continue
            (tmp_path / "changed.tsr").write_bytes(changed)
            assert found == said
            assert authority.accepts(tmp_path / "changed.tsr", stamped), place
            taken += 1
    assert refused > 9 * taken  # some bytes are in no signature, as those of a certificate that isn't needed


def test_files_that_are_none(signing: Factory, authority: TimeAuthority, tmp_path: Path) -> None:
    right = answered(signing, authority, tmp_path / "a")
    (tmp_path / "text").write_text("no certificate")
    again = signing.cli("checkpoint", "timestamp", "--request", tmp_path / "a" / "c.tsq")
    assert again.code == 4
    for answer, trusted in ((right, tmp_path / "text"), (right, tmp_path / "none"), (tmp_path / "none", right)):
        assert signing.cli("checkpoint", "timestamp", "--answer", answer, "--authority", trusted).code == 3
    assert signing.cli("checkpoint", "timestamp").code == 2
    assert signing.cli("checkpoint", "timestamp", "--answer", right).code == 2
    both = ("--request", tmp_path / "b", "--answer", right, "--authority", authority.certificate)
    assert signing.cli("checkpoint", "timestamp", *both).code == 2


def test_without_a_checkpoint(issued: Factory, tmp_path: Path) -> None:
    refused = issued.cli("checkpoint", "timestamp", "--request", tmp_path / "c.tsq")
    assert refused.code == 6
    (typed,) = advised(refused)
    assert issued.cli(*typed).code == 0
    assert issued.cli("checkpoint", "timestamp", "--request", tmp_path / "c.tsq").code == 0


def test_records_whose_timestamp_is_missing_or_another(
    signing: Factory, authority: TimeAuthority, tmp_path: Path
) -> None:
    without = prove(signing, tmp_path / "without.zip")
    done = run_cli("record", "verify", without, "--authority", authority.certificate)
    assert (done.code, done.out) == (1, "timestamp-missing: the record holds no timestamp\n")
    kept(signing, authority, answered(signing, authority, tmp_path / "a"))
    record = prove(signing, tmp_path / "record.zip")
    other = make_time_authority(tmp_path / "other")
    done = run_cli("record", "verify", record, "--authority", other.certificate)
    assert done.code == 1
    assert done.out.startswith("timestamp-missing: the record's timestamp isn't signed by the authority")
    assert run_cli("record", "verify", record).code == 0


def test_without_the_package(
    signing: Factory, authority: TimeAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = answered(signing, authority, tmp_path / "a")
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    for words in (("--request", tmp_path / "c"), ("--answer", right, "--authority", authority.certificate)):
        refused = signing.cli("checkpoint", "timestamp", *words)
        assert refused.code == 6
        assert '`pip install "bss-mfg[timestamp]"`' in refused.err


@pytest.mark.sqlite
def test_one_that_was_changed_in_the_ledger_is_named(
    signing: Factory, authority: TimeAuthority, tmp_path: Path
) -> None:
    kept(signing, authority, answered(signing, authority, tmp_path / "a"))
    change = "UPDATE event SET data = replace(data, 'CN=Time', 'CN=Tide') WHERE kind = 'checkpoint timestamped'"
    with opened_file(signing.workspace.ledger_file) as database:
        database.execute(change)
    assert signing.cli("ledger", "check").code == 5
