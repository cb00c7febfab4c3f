"""Readers of what proves a history: records, checkpoints and their keys, envelopes, timestamps."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import Certificate

from bss_mfg.errors import InputError, ValueProblem
from tests.fuzz import record_corpus as corpus
from tests.fuzz.reader import FuzzedReader, file_of, require, told


def _checkpoint(data: bytes, folder: Path) -> None:
    from bss_mfg.records.witnesses import old_checkpoint

    checkpoint, note = old_checkpoint(file_of(folder, "checkpoint.txt", data))
    if note.is_signed_by(corpus.SITE.verifier_key()):
        require(checkpoint in (corpus.checkpoint(), corpus.checkpoint(corpus.EARLIER_EVENTS)), checkpoint)


def _verifier_key(data: bytes, folder: Path) -> None:
    from bss_mfg.records.witnesses import given_key
    from bss_mfg.transparency.signed_note import VerifierKey

    file = file_of(folder, "key.txt", data)
    key = given_key(f"@{file}", "--key")
    require(VerifierKey.parse(str(key)) == key, str(key))


def _envelope(data: bytes, folder: Path) -> None:
    from bss_mfg.records.record_file import PREDICATE
    from bss_mfg.transparency.envelope import Envelope, read_statement

    found = Envelope.parse(data)
    if found.is_signed_by(corpus.SITE.verifier_key()):
        require(found.payload == Envelope.parse(corpus.envelopes()[0]).payload, found.payload_type)
    read_statement(found.payload, PREDICATE)


def _record(data: bytes, folder: Path) -> None:
    """Read by both programs that read records: what holds for one of them holds for the other."""
    from bss_mfg.records import verify_record as other
    from bss_mfg.records.record_file import open_record
    from bss_mfg.records.verification import Asked, each_word, verify_record

    path = file_of(folder, "record.zip", data)
    key = corpus.SITE.verifier_key()
    options = argparse.Namespace(key=str(key), against=None, witness=[], files=None)
    try:
        wrong = {kind for kind, _ in other.verify(path, options)[0]}
    except other.UNREADABLE:
        wrong = {"unreadable"}
    try:
        with open_record(path) as record:
            found = verify_record(record, Asked(key=key))
    except InputError:
        require(wrong, "the other program finds nothing wrong")
        raise
    require(bool(found.findings) == bool(wrong), (found.findings, wrong))
    "".join((*each_word(found), *(one.what for one in found.findings))).encode()


def _timestamp(data: bytes, folder: Path) -> None:
    from bss_mfg.records.timestamps import verified

    checkpoints = (corpus.checkpoint(), corpus.checkpoint(corpus.EARLIER_EVENTS))
    found = verified(data, checkpoints, corpus.authorities())
    right = {verified(one, checkpoints, corpus.authorities()) for one in corpus.timestamps()}
    require(found in right, found)


def _key(certificate: Certificate) -> bytes:
    try:
        return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return b""


def _authority(data: bytes, folder: Path) -> None:
    from bss_mfg.records.timestamps import read_authorities, verified

    trusted = read_authorities(file_of(folder, "ca.pem", data))
    try:
        verified(corpus.timestamps()[0], (corpus.checkpoint(),), trusted)
    except ValueProblem:
        return
    # What else a root says of itself is its owner's word.
    require(set(map(_key, trusted)) & set(map(_key, corpus.authorities())), "trusted without its key")


RECORD_READERS: Mapping[str, FuzzedReader] = {
    "checkpoint": FuzzedReader(_checkpoint, corpus.notes, "text"),
    "verifier-key": FuzzedReader(_verifier_key, corpus.verifier_keys, "text"),
    "envelope": FuzzedReader(told(_envelope), corpus.envelopes, "text"),
    "record": FuzzedReader(_record, corpus.records, "zip"),
    "timestamp": FuzzedReader(told(_timestamp), corpus.timestamps),
    "authority": FuzzedReader(_authority, corpus.authority_files, "text"),
}
