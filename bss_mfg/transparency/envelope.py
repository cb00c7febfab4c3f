"""Envelopes: bytes and their type under a signature (DSSE, version 1), and statements in them (in-toto, version 1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.errors import ValueProblem
from bss_mfg.transparency.signed_note import SigningKey, VerifierKey, from_base64, to_base64

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """PAE: what is signed of an envelope."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, what it is, and signatures as (id of the key, signature). The id is a hint, and not signed."""

    payload_type: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def sealed(cls, payload: bytes, key: SigningKey) -> Envelope:
        """A statement under a key's signature."""
        signature = key.sign(pre_authentication_encoding(PAYLOAD_TYPE, payload))
        return cls(PAYLOAD_TYPE, payload, ((key_id(key.verifier_key()), signature),))

    @classmethod
    def parse(cls, content: bytes) -> Envelope:
        """An envelope as it is stored; `ValueProblem` where it is none."""
        try:
            found = json.loads(content)
            signatures = tuple((str(one.get("keyid", "")), from_base64(one["sig"])) for one in found["signatures"])
            made = cls(str(found["payloadType"]), from_base64(found["payload"]), signatures)
            pre_authentication_encoding(made.payload_type, b"")  # half a character can't be what was signed
            return made
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ValueProblem("isn't a DSSE envelope") from None

    def to_bytes(self) -> bytes:
        """The envelope as it is stored."""
        document = {
            "payload": to_base64(self.payload),
            "payloadType": self.payload_type,
            "signatures": [{"keyid": name, "sig": to_base64(value)} for name, value in self.signatures],
        }
        return json.dumps(document, indent=1).encode() + b"\n"

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Whether a key signed payload and type."""
        message = pre_authentication_encoding(self.payload_type, self.payload)
        return any(key.verifies(message, value) for _, value in self.signatures)


def key_id(key: VerifierKey) -> str:
    """How a key is named in an envelope: `NAME+HASH`."""
    return f"{key.name}+{key.hash.hex()}"


def statement(subjects: Sequence[tuple[str, str]], predicate_type: str, predicate: Mapping[str, Any]) -> bytes:
    """An in-toto statement of files, as (name, SHA-256 in hex), and what is said of them."""
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(document, indent=1, sort_keys=True).encode()


def read_statement(payload: bytes, predicate_type: str) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """The files, as (name, SHA-256 in hex), and the predicate of a statement; `ValueProblem` where it is none of this
    type."""
    try:
        found = json.loads(payload)
        subjects = [(str(one["name"]), str(one["digest"]["sha256"])) for one in found["subject"]]
        predicate = found["predicate"]
        right = (found["_type"], found["predicateType"]) == (STATEMENT_TYPE, predicate_type)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        right, subjects, predicate = False, [], None
    if not right or not isinstance(predicate, dict):
        raise ValueProblem(f"isn't an in-toto statement of the type {predicate_type}")
    return subjects, predicate
