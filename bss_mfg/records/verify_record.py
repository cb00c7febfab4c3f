#!/usr/bin/env python3
"""Verifies a record of `bss-mfg ledger prove` with Python 3.11 and the package `cryptography` alone.

    python verify_record.py record.zip [--key KEY] [--against FILE] [--witness KEY] [--files DIR] [--json]

Prints a line `kind: words` for each thing that is wrong, and ends with 1; with 0 where nothing is, with 3 where the
file can't be read as a record. Without --key the key is the record's own, which proves less. The formats: RFC 6962
(tree, 2.1), RFC 9162 (verifying, 2.1.4.2), C2SP signed-note, tlog-checkpoint and tlog-cosignature, DSSE 1 and in-toto
Statement 1; and docs/formats/record.md of bss-mfg.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import sys
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PREDICATE = "urn:bss-mfg:batch-record:1"


class UnreadableError(Exception):
    """The file isn't a record."""


def sha256(*pieces: bytes) -> bytes:
    return hashlib.sha256(b"".join(pieces)).digest()


def base64_bytes(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise UnreadableError("wrong base64") from None
    if base64.b64encode(raw).decode() != text:
        raise UnreadableError("wrong base64")
    return raw


def hash_of(text: str) -> bytes:
    if len(raw := base64_bytes(text)) != 32:
        raise UnreadableError("a hash doesn't have 32 bytes")
    return raw


UNREADABLE = (
    UnreadableError, OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError,
    ValueError, KeyError, TypeError, AttributeError, RecursionError,
)  # fmt: skip
"""What reading a file that isn't a record can raise."""


class Key(NamedTuple):
    name: str
    mark: bytes
    kind: int
    public: bytes

    def verifies(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False


def read_key(text: str) -> Key:
    parts = text.strip().split("+", 2)
    raw = base64_bytes(parts[2]) if len(parts) == 3 else b""
    if len(raw) != 33 or raw[0] not in (1, 4):
        raise UnreadableError("a key isn't NAME+HASH+KEY")
    mark = sha256(parts[0].encode() + b"\n", raw)[:4]
    if mark.hex() != parts[1]:
        raise UnreadableError("a key wasn't copied whole")
    return Key(parts[0], mark, raw[0], raw[1:])


class Checkpoint(NamedTuple):
    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]
    origin: str
    size: int
    root: bytes

    def signed_by(self, key: Key) -> bool:
        mine = [value for name, mark, value in self.signatures if (name, mark) == (key.name, key.mark)]
        return bool(mine) and all(self._right(key, value) for value in mine)

    def _right(self, key: Key, value: bytes) -> bool:
        if key.kind == 1:
            return key.verifies(self.text.encode(), value)
        seconds = int.from_bytes(value[:8], "big")
        return key.verifies(f"cosignature/v1\ntime {seconds}\n{self.text}".encode(), value[8:])


def read_checkpoint(content: bytes) -> Checkpoint:
    try:
        whole = content.decode()
    except UnicodeDecodeError:
        raise UnreadableError("a checkpoint isn't text") from None
    text, gap, below = whole.rpartition("\n\n")
    if len(content) > 1_000_000 or below.count("\n") > 100 or re.search(r"[\x00-\x09\x0b-\x1f]", whole):
        raise UnreadableError("a checkpoint has another form")
    signatures = []
    for line in below.removesuffix("\n").split("\n"):
        found = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        if not found:
            raise UnreadableError("a checkpoint has no signatures")
        if len(raw := base64_bytes(found[2])) < 5:
            raise UnreadableError("a checkpoint has a signature without a value")
        signatures.append((found[1], raw[:4], raw[4:]))
    lines = text.split("\n")
    if not gap or len(lines) < 3 or not re.fullmatch(r"0|[1-9][0-9]{0,17}", lines[1]) or not below.endswith("\n"):
        raise UnreadableError("a checkpoint has another form")
    root = base64_bytes(lines[2])
    if len(root) != 32:
        raise UnreadableError("a checkpoint has no root")
    return Checkpoint(text + "\n", tuple(signatures), lines[0], int(lines[1]), root)


def half(size: int) -> int:
    """The largest power of two below."""
    return 1 << (size - 1).bit_length() - 1


class Tree:
    """The root over leaves, some of which are given; the subtrees without any come from the proof."""

    def __init__(self, numbers: list[int], leaves: list[bytes], proof: list[bytes]) -> None:
        self.numbers, self.leaves, self.proof = numbers, leaves, iter(proof)
        self.at = 0
        self.short = False

    def root(self, first: int, end: int) -> bytes:
        if self.at >= len(self.numbers) or self.numbers[self.at] > end:
            node = next(self.proof, None)
            if node is None:
                self.short = True
            return node or b""
        if end - first == 1:
            self.at += 1
            return self.leaves[self.at - 1]
        middle = first + half(end - first)
        left = self.root(first, middle)
        return sha256(b"\x01", left, self.root(middle, end))


def consistent(first: int, old: bytes, size: int, new: bytes, proof: list[bytes]) -> bool:
    """RFC 9162, 2.1.4.2."""
    if first & (first - 1) == 0:
        proof = [old, *proof]
    if not proof:
        return False
    f, s = first - 1, size - 1
    while f & 1:
        f, s = f >> 1, s >> 1
    made_old = made_new = proof[0]
    for node in proof[1:]:
        if s == 0:
            return False
        if f & 1 or f == s:
            made_old, made_new = sha256(b"\x01", node, made_old), sha256(b"\x01", node, made_new)
            while f and not f & 1:
                f, s = f >> 1, s >> 1
        else:
            made_new = sha256(b"\x01", made_new, node)
        f, s = f >> 1, s >> 1
    return s == 0 and (made_old, made_new) == (old, new)


class Events:
    """The events of a record: `DIGEST BEFORE [number,"at","kind","batch","data"]` a line."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.numbers: list[int] = []
        self.leaves: list[bytes] = []
        self.changed: list[int] = []
        self.restored: list[int] = []
        whole, last, last_digest = hashlib.sha256(), 0, b""
        with archive.open("events.txt") as member, io.BufferedReader(cast(io.RawIOBase, member), 1 << 20) as lines:
            for line in lines:
                whole.update(line)
                found = re.match(rb"([0-9a-f]{64}) ([0-9a-f]{64}) \[([1-9][0-9]{0,17}),", line)
                if not found or not line.endswith(b"\n"):
                    raise UnreadableError("an event has another form")
                digest, before, number = (
                    bytes.fromhex(found[1].decode()),
                    bytes.fromhex(found[2].decode()),
                    int(found[3]),
                )
                if number <= last:
                    raise UnreadableError("the events aren't in order")
                right = sha256(before, line[130:-1]) == digest
                if not right or (number == last + 1 and number > 1 and before != last_digest):
                    self.changed.append(number)
                if b'"ledger restored"' in line and json.loads(line[130:])[2] == "ledger restored":
                    self.restored.append(number)
                self.numbers.append(number)
                self.leaves.append(sha256(b"\x00", digest))
                last, last_digest = number, digest
        self.sha256 = whole.hexdigest()


def verify(path: Path, options: argparse.Namespace) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """What is wrong, as (kind, words), and what the statement says."""
    with zipfile.ZipFile(path) as archive:
        if any(one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for one in archive.infolist()):
            raise UnreadableError("it is packed otherwise than records are")
        checkpoint = read_checkpoint(archive.read("checkpoint.txt"))
        key = read_key(given(options.key) if options.key else archive.read("key.txt").decode())
        events = Events(archive)
        wrong: list[tuple[str, str]] = []
        if not checkpoint.signed_by(key) or checkpoint.origin != key.name:
            wrong.append(("unsigned", "the checkpoint isn't signed by the key"))
        statement, stated = verify_statement(archive, key, checkpoint, events, wrong)
        earlier = verify_tree(archive, key, checkpoint, events, stated, wrong)
    for text in options.witness:
        witness = read_key(given(text))
        if witness == key:
            wrong.append(("witness-missing", f"{text} is the site itself, not a witness"))
        elif not checkpoint.signed_by(witness):
            wrong.append(("witness-missing", f"{text} didn't sign"))
    if options.against:
        wrong += hold_against(read_old(options.against), key, checkpoint, earlier, events)
    if options.files:
        wrong += compare_files(options.files, statement["subject"])
    return wrong, statement["predicate"]


def verify_statement(
    archive: zipfile.ZipFile, key: Key, checkpoint: Checkpoint, events: Events, wrong: list[tuple[str, str]]
) -> tuple[Any, bool]:
    envelope = json.loads(archive.read("statement.json"))
    payload, kind = base64_bytes(envelope["payload"]), envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    statement = json.loads(payload)
    if (statement["_type"], statement["predicateType"]) != ("https://in-toto.io/Statement/v1", PREDICATE):
        raise UnreadableError("the statement is another")
    said = statement["predicate"]
    _ = [(one["name"], one["digest"]["sha256"]) for one in statement["subject"]]  # a statement without can't be read
    if not any(key.verifies(signed, base64_bytes(one["sig"])) for one in envelope["signatures"]):
        wrong.append(("statement-changed", "the statement isn't signed by the key"))
    elif said.get("checkpoint") != f"{checkpoint.origin}\n{checkpoint.size}\n{checkpoint.text.split(chr(10))[2]}\n":
        wrong.append(("statement-changed", "the statement is that of another checkpoint"))
    else:
        proofs = archive.read("proof.json") + archive.read("checkpoints.jsonl")
        stated, covered = True, said["events"]
        if covered["count"] != len(events.numbers):
            stated = False
            wrong.append(("event-missing", f"signed events: {covered['count']}, events here: {len(events.numbers)}"))
        elif covered["sha256"] != events.sha256:
            stated = False
            if not events.changed:
                wrong.append(("event-changed", "an event isn't the one that was signed"))
        if covered["proofs_sha256"] != hashlib.sha256(proofs).hexdigest():
            stated = False
            wrong.append(("proof-changed", "the proofs aren't those that were signed"))
        return statement, stated
    return statement, False


def verify_tree(
    archive: zipfile.ZipFile,
    key: Key,
    checkpoint: Checkpoint,
    events: Events,
    stated: bool,
    wrong: list[tuple[str, str]],
) -> list[Checkpoint]:
    wrong += [("event-changed", f"event {number} was changed") for number in events.changed[:20]]
    found = json.loads(archive.read("proof.json"))
    if found["format"] != "bss-mfg record 1":
        raise UnreadableError("it is a record of another form")
    if events.numbers and events.numbers[-1] > checkpoint.size:
        raise UnreadableError("it has events that its checkpoint doesn't cover")
    tree = Tree(events.numbers, events.leaves, [hash_of(one) for one in found["nodes"]])
    root = tree.root(0, checkpoint.size)
    if tree.short or next(tree.proof, None) is not None:
        root = b""
    earlier: list[Checkpoint] = []
    places = [(0, True)]
    for line in archive.read("checkpoints.jsonl").splitlines():
        one = json.loads(line)
        old = read_checkpoint(one["note"].encode())
        if not places[-1][0] < old.size < checkpoint.size or old.origin != checkpoint.origin:
            raise UnreadableError("its earlier checkpoints aren't in order")
        if not old.signed_by(key):
            wrong.append(("unsigned", f"the checkpoint of {old.size} events isn't signed by the key"))
        proof = [hash_of(node) for node in one["proof"]]
        places.append((old.size, consistent(old.size, old.root, checkpoint.size, root, proof)))
        earlier.append(old)
    places.append((checkpoint.size, root == checkpoint.root))
    for (before, _), (size, holds) in pairwise(places):
        if not holds:
            if stated:
                wrong.append(
                    ("rewritten", f"one of the events {before + 1} to {size} isn't what it was when it was signed")
                )
            elif not any(kind in ("event-changed", "event-missing", "proof-changed") for kind, _ in wrong):
                wrong.append(("event-changed", "the events aren't those of the checkpoint"))
            break
    return earlier


def hold_against(
    old: Checkpoint, key: Key, checkpoint: Checkpoint, earlier: list[Checkpoint], events: Events
) -> list[tuple[str, str]]:
    if old.origin != checkpoint.origin:
        return [("other-ledger", f"the older checkpoint is one of {old.origin}")]
    if not old.signed_by(key):
        return [("unsigned", "the older checkpoint isn't signed by the key")]
    if any((old.size, old.root) == (one.size, one.root) for one in (checkpoint, *earlier)):
        return []
    if any(number <= old.size for number in events.restored):
        return [("restored", "an older copy took the ledger's place")]
    if old.size > checkpoint.size:
        return [("cut", f"events signed before: {old.size}, events in this history: {checkpoint.size}")]
    return [("forked", "there are two histories, both signed")]


def compare_files(folder: Path, subjects: Any) -> list[tuple[str, str]]:
    there = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    found = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in there]
    wrong = []
    for subject in subjects:
        name, digest = subject["name"], subject["digest"]["sha256"]
        if (name, digest) in found:
            continue
        kind = "file-missing"
        if any(one == digest for _, one in found):
            kind = "file-moved"
        elif any(one == name for one, _ in found):
            kind = "file-changed"
        wrong.append((kind, name))
    return wrong


def read_old(path: Path) -> Checkpoint:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return read_checkpoint(archive.read("checkpoint.txt"))
    return read_checkpoint(path.read_bytes())


def given(text: str) -> str:
    return Path(text[1:]).read_text("utf-8") if text.startswith("@") else text


def main() -> int:
    parser = argparse.ArgumentParser(description="Verifies a record of `bss-mfg ledger prove`.")
    parser.add_argument("record", type=Path)
    parser.add_argument("--key", help="the site's key, NAME+HASH+KEY or @FILE, from elsewhere than the record")
    parser.add_argument("--against", type=Path, help="a checkpoint or a record from before")
    parser.add_argument("--witness", action="append", default=[], help="key of a witness who must have signed")
    parser.add_argument("--files", type=Path, help="the folder with the batch's files")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    try:
        wrong, said = verify(options.record, options)
    except UNREADABLE as error:
        print(f"Can't be read as a record: {type(error).__name__} {error}"[:300], file=sys.stderr)
        return 3
    if options.json:
        print(json.dumps({"findings": [{"kind": kind, "what": what} for kind, what in wrong], "summary": said}))
    else:
        for kind, what in wrong:
            print(f"{kind}: {what!a}")
    if not wrong:
        print(f"OK: the record of batch {said.get('batch')!a} holds", file=sys.stderr)
        if not options.key:
            print("The key was taken from the record: compare it with the one that the site gave you.", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
