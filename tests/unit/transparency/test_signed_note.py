"""Signed notes, checkpoints and envelopes: what is written is read, and nothing else is taken."""

from __future__ import annotations

import json

import pytest

from bss_mfg.errors import ValueProblem
from bss_mfg.model import Secret
from bss_mfg.transparency.checkpoint import Checkpoint, read_checkpoint
from bss_mfg.transparency.envelope import Envelope, read_statement, statement
from bss_mfg.transparency.signed_note import KeyType, NoteSignature, SignedNote, SigningKey, VerifierKey, to_base64

SITE = SigningKey("factory.example/line", Secret(bytes(range(32))))
WITNESS = SigningKey("customer.example/witness", Secret(bytes(32)))
TEXT = str(Checkpoint("factory.example/line", 20_852_163, bytes(range(32))))

# From the documentation of Go's golang.org/x/mod/sumdb/note: its key, its text, and its signature.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_gos_example_is_verified() -> None:
    key, note = VerifierKey.parse(PETER), SignedNote.parse(PETERS_NOTE.encode())
    assert (str(key), str(note)) == (PETER, PETERS_NOTE)
    assert note.is_signed_by(key)
    assert not SignedNote.parse(PETERS_NOTE.replace("problem,", "problem;").encode()).is_signed_by(key)


def test_a_note_says_who_signed_it() -> None:
    note = SignedNote(TEXT).signed(SITE).cosigned(WITNESS, 1_763_000_000)
    again = SignedNote.parse(str(note).encode())
    assert again == note
    assert again.is_signed_by(SITE.verifier_key())
    witness = WITNESS.verifier_key(KeyType.COSIGNATURE)
    assert again.is_signed_by(witness)
    assert [again.signed_at(witness, one) for one in again.of(witness)] == [1_763_000_000]
    assert not again.is_signed_by(WITNESS.verifier_key())
    assert not again.is_signed_by(SITE.verifier_key(KeyType.COSIGNATURE))
    assert again.with_signatures(note.signatures) == note


def test_no_changed_bit_of_a_note_is_verified() -> None:
    key, witness = SITE.verifier_key(), WITNESS.verifier_key(KeyType.COSIGNATURE)
    whole = str(SignedNote(TEXT).signed(SITE).cosigned(WITNESS, 7)).encode()
    tried = 0
    for at in range(len(whole)):
        for bit in range(8):
            changed = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
            try:
                note = SignedNote.parse(changed)
            except ValueProblem:
                continue
            assert not (note.is_signed_by(key) and note.is_signed_by(witness))
            tried += 1
    assert tried > 500


def test_a_wrong_signature_beside_a_right_one_counts() -> None:
    note = SignedNote(TEXT).signed(SITE)
    wrong = NoteSignature(SITE.name, SITE.verifier_key().hash, bytes(64))
    assert not note.with_signatures([wrong]).is_signed_by(SITE.verifier_key())


@pytest.mark.parametrize(
    "text",
    ["", "x", "a+b", "a+00000000+AA==", PETER.replace("c74f", "c74e"), PETER.replace("+AR", "+BR"), PETER[:-4],
     PETER.replace("Peter", "Peter "), f"cosignature/v1+{PETER.partition('+')[2]}"],
)  # fmt: skip
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueProblem):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"x\n", b"x\n\n", b"x\n\n\xe2\x80\x94 a AAAA\n", PETERS_NOTE.encode()[:-1],
     b"x\r" + PETERS_NOTE.encode(), b"\xff" + PETERS_NOTE.encode(), PETERS_NOTE.replace("— ", "- ").encode(),
     b"x" * 1_000_001,
     PETERS_NOTE.encode() + PETERS_NOTE.splitlines(True)[-1].encode() * 100],
)  # fmt: skip
def test_what_is_no_note_is_refused(content: bytes) -> None:
    with pytest.raises(ValueProblem):
        SignedNote.parse(content)


@pytest.mark.parametrize(
    "text",
    ["", "o\n", "o\n-1\nAA==\n", f"o\n01\n{to_base64(bytes(32))}\n", f"o\n1\n{to_base64(bytes(31))}\n", "o\n1\nx\n",
     f"o o\n1\n{to_base64(bytes(32))}\n", f"o\n٣\n{to_base64(bytes(32))}\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueProblem):
        Checkpoint.parse(text)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    checkpoint, note = read_checkpoint(str(SignedNote(TEXT).signed(SITE)).encode())
    assert (str(checkpoint), note.text) == (TEXT, TEXT)
    assert Checkpoint.parse(f"{TEXT}more of another log\n") == checkpoint


def test_an_envelope_is_its_payload_and_its_type() -> None:
    payload = statement([("a.pdf", "ab" * 32)], "urn:x", {"batch": "B1"})
    sealed = Envelope.sealed(payload, SITE)
    again = Envelope.parse(sealed.to_bytes())
    assert again == sealed
    assert again.is_signed_by(SITE.verifier_key())
    assert not again.is_signed_by(WITNESS.verifier_key())
    assert read_statement(again.payload, "urn:x") == ([("a.pdf", "ab" * 32)], {"batch": "B1"})
    for changed in (
        Envelope("text/plain", payload, sealed.signatures),
        Envelope(sealed.payload_type, payload + b" ", sealed.signatures),
    ):
        assert not changed.is_signed_by(SITE.verifier_key())


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"payload":"x","payloadType":"","signatures":[]}', b"[" * 100_000]
)
def test_what_is_no_envelope_is_refused(content: bytes) -> None:
    with pytest.raises(ValueProblem):
        Envelope.parse(content)
    with pytest.raises(ValueProblem):
        read_statement(content, "urn:x")


def test_an_envelope_is_verified_by_securesystemslib() -> None:
    from securesystemslib.dsse import Envelope as Judge
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    sealed = Envelope.sealed(statement([], "urn:x", {}), SITE)
    (keyid, _), document = sealed.signatures[0], sealed.to_bytes()
    public = SSlibKey(keyid, "ed25519", "ed25519", {"public": SITE.verifier_key().public.hex()})
    assert Judge.from_dict(json.loads(document)).verify([public], 1)
    other = SSlibKey(public.keyid, "ed25519", "ed25519", {"public": WITNESS.verifier_key().public.hex()})
    with pytest.raises(VerificationError):
        Judge.from_dict(json.loads(document)).verify([other], 1)
