"""Go's own implementation of notes and transparency logs takes ours, and ours takes its."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.model import Secret
from bss_mfg.transparency import merkle
from bss_mfg.transparency.checkpoint import Checkpoint
from bss_mfg.transparency.signed_note import SignedNote, SigningKey, VerifierKey
from bss_mfg.transparency.tree import LeafTree
from tests.needs import GO_SOURCES, needs

pytestmark = needs("go-note")
SEED = bytes(range(32))
KEY = SigningKey("factory.example/line", Secret(SEED))


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("go") / "judge"
    environment = {**os.environ, "GOPATH": str(GO_SOURCES), "GO111MODULE": "off", "GOFLAGS": "-p=1"}
    environment.setdefault("GOCACHE", str(built.parent / "cache"))
    source = Path(__file__).with_name("judge.go")
    subprocess.run(["go", "build", "-o", built, source], check=True, env=environment)
    return built


def text(raw: bytes) -> str:
    return b64encode(raw).decode()


def ask(judge: Path, **questions: Any) -> Any:
    done = subprocess.run([judge], input=json.dumps(questions), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_it_verifies_our_notes_and_no_changed_ones(judge: Path) -> None:
    note = str(SignedNote(str(Checkpoint(KEY.name, 7, SEED))).signed(KEY).cosigned(KEY, 3))
    vkey = str(KEY.verifier_key())
    notes = [note, note.replace("\n7\n", "\n8\n"), note.replace("line\n", "lime\n", 1)]
    said = ask(judge, notes=[{"key": vkey, "note": one} for one in notes])
    assert said["Notes"] == [True, False, False]


def test_we_verify_its_notes(judge: Path) -> None:
    public = KEY.verifier_key()
    private = f"PRIVATE+KEY+{public.name}+{public.hash.hex()}+{text(bytes([1]) + SEED)}"
    (made,) = ask(judge, sign=[{"key": private, "text": "a\nb\n"}])["Signed"]
    assert SignedNote.parse(made.encode()).is_signed_by(VerifierKey.parse(str(public)))
    assert made == str(SignedNote("a\nb\n").signed(KEY))


def test_it_takes_our_proofs_and_no_wrong_ones(judge: Path) -> None:
    inclusion, consistency = [], []
    for size in (1, 2, 3, 7, 64, 65, 300, 1_000):
        leaves = [merkle.leaf_hash(str(number).encode()) for number in range(size)]
        tree = LeafTree(leaves, lambda first, end, leaves=leaves: leaves[first:end])  # type: ignore[misc]
        for at in sorted({0, size // 3, size // 2, size - 1}):
            path = merkle.inclusion_proof(at, size, tree.subtree)
            asked = {"size": size, "index": at, "root": text(tree.root), "leaf": text(leaves[at])}
            inclusion.append({**asked, "proof": [text(one) for one in path]})
            proof = merkle.consistency_proof(at + 1, size, tree.subtree)
            before = merkle.root_of(leaves[: at + 1])
            asked = {"size": size, "first": at + 1, "root": text(tree.root), "firstRoot": text(before)}
            consistency.append({**asked, "proof": [text(one) for one in proof]})
    other = text(hashlib.sha256(b"other").digest())
    wrong_leaves = [{**one, "leaf": other} for one in inclusion]
    wrong_roots = [{**one, "firstRoot": other} for one in consistency]
    said = ask(judge, inclusion=[*inclusion, *wrong_leaves], consistency=[*consistency, *wrong_roots])
    assert said["Inclusion"] == [True] * len(inclusion) + [False] * len(inclusion)
    assert said["Consistency"] == [True] * len(consistency) + [False] * len(consistency)
