"""Timestamps (RFC 3161): an authority's word that a checkpoint was there at a time.

Stamped are the three lines of the checkpoint, the first of the file, so other programs can check a timestamp, too.
Nothing here asks a network: the request and the answer are files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from bss_mfg.core.files import read_bytes
from bss_mfg.core.untrusted import LIMITS, Reader, guarded
from bss_mfg.errors import InputError, MissingError, ValueProblem
from bss_mfg.installation import how_to_add
from bss_mfg.transparency.checkpoint import Checkpoint

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

    from bss_mfg.ledger.ledger import Ledger

_HASHES = {32: hashlib.sha256, 48: hashlib.sha384, 64: hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Timestamp:
    """What an authority signed: of how many events the checkpoint is, and the time (UTC, to the second). With the
    subject of its certificate (RFC 4514)."""

    size: int
    at: str
    authority: str


def request(checkpoint: Checkpoint) -> bytes:
    """A TimeStampReq for a checkpoint (RFC 3161, 2.4.1), with SHA-256; the authority is to send its certificate.

    It has no nonce: the answer may come on another day, on another disk, and is held to the checkpoint itself.
    """
    try:
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
    except ImportError as error:
        raise _missing() from error
    return TimestampRequestBuilder(str(checkpoint).encode(), HashAlgorithm.SHA256, nonce=False).build().as_bytes()


def read_authorities(path: Path) -> tuple[Certificate, ...]:
    """The certificates in a PEM file, which are trusted; `InputError` where it holds none."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return tuple(load_pem_x509_certificates(read_bytes(path, "certificate", LIMITS[Reader.AUTHORITY].size)))
    except ValueError:
        raise InputError(
            "holds no certificate", where=path, way_out="Name a PEM file with the authority's root certificate."
        ) from None


def verified(answer: bytes, checkpoints: Iterable[Checkpoint], authorities: Sequence[Certificate]) -> Timestamp:
    """What a TimeStampResp says of one of these checkpoints, once it is verified (RFC 3161, 2.4.2): `ValueProblem`
    where it isn't granted, is of something else, or isn't by one of the authorities. Their certificates have to be
    valid at the time that is signed, not now."""
    try:
        from rfc3161_client import PKIStatus, VerifierBuilder
    except ImportError as error:
        raise _missing() from error
    from cryptography.x509 import load_der_x509_certificate

    with guarded(lambda kind: ValueProblem("isn't an answer of a time-stamping authority"), ours=(ValueProblem,)):
        found = _decoded(answer)
        if found.status != PKIStatus.GRANTED:
            raise ValueProblem("says that none was granted as it was asked for")
        imprint, at = found.tst_info.message_imprint.message, found.tst_info.gen_time
    make = _HASHES.get(len(imprint), hashlib.sha256)
    stamped = next((one for one in checkpoints if make(str(one).encode()).digest() == imprint), None)
    if stamped is None:
        raise ValueProblem("is the timestamp of something else than these checkpoints")
    with guarded(lambda kind: ValueProblem("isn't signed by the authority that was named")):
        VerifierBuilder(roots=list(dict.fromkeys(authorities))).build().verify_message(found, str(stamped).encode())
        (signer,) = [(one.issuer, one.serial_number) for one in found.signed_data.signer_infos]
        (certificate,) = [
            one
            for one in map(load_der_x509_certificate, found.signed_data.certificates)
            if (one.issuer, one.serial_number) == signer
        ]
        subject = certificate.subject.rfc4514_string()
    when = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Timestamp(stamped.size, when, subject)


def _decoded(answer: bytes) -> TimeStampResponse:
    """An answer; whatever libraries raise where it is none. rfc3161-client demands its certificates in DER's order,
    which openssl's authority doesn't keep: they are put in order then, and are no part of what is signed."""
    from asn1crypto.cms import CertificateSet
    from asn1crypto.tsp import TimeStampResp
    from rfc3161_client import decode_timestamp_response

    try:
        return decode_timestamp_response(answer)
    except ValueError:
        parsed = TimeStampResp.load(answer, strict=True)
        signed = parsed["time_stamp_token"]["content"]
        signed["certificates"] = CertificateSet(sorted(signed["certificates"], key=lambda one: one.dump()))
        return decode_timestamp_response(parsed.dump())


def add_timestamp(ledger: Ledger, path: Path, authority: Path) -> Timestamp:
    """Verify an authority's answer, and keep it with the checkpoint that it is of, once. `InputError` where it doesn't
    hold, or is of none of this ledger's."""
    answer, trusted = read_bytes(path, "timestamp", LIMITS[Reader.TIMESTAMP].size), read_authorities(authority)
    try:
        found = verified(answer, (one.checkpoint for one in ledger.checkpoints.all()), trusted)
    except ValueProblem as problem:
        raise InputError(
            str(problem),
            where=path,
            way_out="Nothing was kept. Ask the authority again with a new request: "
            "`bss-mfg checkpoint timestamp --request FILE`.",
        ) from None
    if answer not in ledger.checkpoints.timestamps():
        ledger.checkpoints.add_timestamp(found.size, found.at, found.authority, answer)
    return found


def _missing() -> MissingError:
    return MissingError("the package rfc3161-client is missing", way_out=how_to_add("timestamp"))
