"""Records that others made: archives and proofs of other forms are unreadable, never a defect, by both verifiers."""

from __future__ import annotations

import re
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.errors import InputError
from bss_mfg.records.record_file import open_record
from tests.cli.test_records import changed, checkpoint, prove, scrap, verified
from tests.helpers.factory import Factory


@pytest.fixture
def signing(issued: Factory) -> Factory:
    """One whose history is signed."""
    assert issued.cli("checkpoint", "key", "--name", "factory.example/line").code == 0
    return issued


def repacked(record: Path, method: int, change: Callable[[bytes], bytes] = bytes) -> Path:
    """A copy whose members are packed in another way; the archive's bytes as `change` makes them."""
    made = record.with_name("repacked.zip")
    with zipfile.ZipFile(record) as old, zipfile.ZipFile(made, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    made.write_bytes(change(made.read_bytes()))
    return made


def test_archives_that_others_made(signing: Factory, tmp_path: Path) -> None:
    """Packed by other methods, whose damages have errors of their own, and with names in no encoding."""
    record = prove(signing, tmp_path / "record.zip")

    def damaged(content: bytes) -> bytes:
        at = content.find(b"events.txt") + len("events.txt") + 12
        return content[:at] + b"\xff" * 40 + content[at + 40 :]

    def misnamed(content: bytes) -> bytes:
        """The first name of the directory isn't the UTF-8 that it says to be."""
        at = content.find(b"PK\x01\x02")
        return content[: at + 8] + b"\x00\x08" + content[at + 10 : at + 46] + b"\xff" + content[at + 47 :]

    assert verified(repacked(record, zipfile.ZIP_STORED)).kinds == []
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        for change in (bytes, damaged):
            assert verified(repacked(record, method, change)).kinds == ["unreadable"], (method, change)
    assert verified(repacked(record, zipfile.ZIP_DEFLATED, misnamed)).kinds == ["unreadable"]


_NODES = ["[{}]", "[1]", "[null]", "[[]]", "{}", '{"a": 1}', "1", '"AAAA"', '[""]', "[true]"]


@pytest.mark.parametrize("nodes", _NODES)
@pytest.mark.parametrize("name", ["proof.json", "checkpoints.jsonl"])
def test_proofs_of_other_types(signing: Factory, tmp_path: Path, nodes: str, name: str) -> None:
    scrap(signing, 1)
    checkpoint(signing, tmp_path / "c.txt")
    record = prove(signing, tmp_path / "record.zip")

    def otherwise(text: bytes) -> bytes:
        key = b'"nodes": ' if name == "proof.json" else b'"proof": '
        found = re.sub(re.escape(key) + rb"\[[^]]*\]", key + nodes.encode(), text)
        assert found != text
        return found

    kinds = verified(changed(record, name, otherwise)).kinds
    assert kinds == (["proof-changed"] if nodes == "{}" else ["unreadable"])


def test_a_proof_of_more_values_than_hashes_have_room_for_is_not_parsed(signing: Factory, tmp_path: Path) -> None:
    """Of 96 KB in the archive it would take gigabytes."""
    record = prove(signing, tmp_path / "record.zip")
    start = b'{"format": "bss-mfg record 1", "nodes": ['
    made = changed(record, "proof.json", lambda _: start + b"{}," * 1_000_000 + b"{}]}")
    tracemalloc.start()
    with pytest.raises(InputError), open_record(made) as found:
        found.proof()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20_000_000
