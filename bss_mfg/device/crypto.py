"""The arithmetic of the proof: both provisioning algorithms of Bluetooth Mesh Protocol 1.1.

The functions s1, s2, k1 and k5 are those of the mesh security toolbox (3.9.2), the confirmations those of 5.4.2.4. The
primitives are the cryptography library's. An AuthValue is fed to them without a copy, so that wiping it is its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from bss_mfg.device.pdu import COORDINATE_SIZE, Algorithm, Capabilities, Invite, MalformedPduError, Start
from bss_mfg.model import Secret

_UNCOMPRESSED = b"\x04"
"""What a point's X and Y follow in SEC 1, 2.3.3."""
_CMAC_LABEL = b"prck"
_HMAC_LABEL = b"prck256"


class BadPointError(MalformedPduError):
    """A public key that isn't a point of P-256."""


def new_private_key() -> ec.EllipticCurvePrivateKey:
    """A key pair for one exchange."""
    return ec.generate_private_key(ec.SECP256R1())


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """X and Y of its public key, 32 bytes each."""
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(COORDINATE_SIZE, "big") + numbers.y.to_bytes(COORDINATE_SIZE, "big")


def shared_secret(key: ec.EllipticCurvePrivateKey, peer: bytes) -> Secret:
    """ECDHSecret (5.4.2.3): X of the shared point, 32 bytes. `BadPointError` where the peer's isn't on the curve, which
    would tell it our private key piece by piece (CVE-2018-5383)."""
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _UNCOMPRESSED + peer)
    except ValueError:
        raise BadPointError("a public key that is not on the curve P-256") from None
    return Secret(key.exchange(ec.ECDH(), public))


def confirmation_inputs(
    invite: Invite, capabilities: Capabilities, start: Start, provisioner: bytes, device: bytes
) -> bytes:
    """ConfirmationInputs (5.4.2.4): the PDUs without their types, and both public keys; 145 bytes."""
    return invite.parameters + capabilities.parameters + start.parameters + provisioner + device


Piece = bytes | Secret


def _cmac(key: Piece, pieces: Iterable[Piece]) -> bytes:
    digest = CMAC(AES(key.reveal() if isinstance(key, Secret) else key))
    for piece in pieces:
        _feed(digest, piece)
    return digest.finalize()


def _hmac(key: Piece, pieces: Iterable[Piece]) -> bytes:
    digest = HMAC(key.reveal() if isinstance(key, Secret) else key, SHA256())
    for piece in pieces:
        _feed(digest, piece)
    return digest.finalize()


def _feed(digest: CMAC | HMAC, piece: Piece) -> None:
    if isinstance(piece, Secret):
        piece.feed(digest.update)
    else:
        digest.update(piece)


def s1(data: bytes) -> bytes:
    """AES-CMAC under a key of zeros (3.9.2)."""
    return _cmac(bytes(16), [data])


def s2(data: bytes) -> bytes:
    """HMAC-SHA-256 under a key of zeros (3.9.2)."""
    return _hmac(bytes(32), [data])


def k1(pieces: Iterable[Piece], salt: bytes, label: bytes) -> Secret:
    """A key of 16 bytes (3.9.2). N is given in pieces, so that a secret among them is not copied."""
    return Secret(_cmac(_cmac(salt, pieces), [label]))


def k5(pieces: Iterable[Piece], salt: bytes, label: bytes) -> Secret:
    """A key of 32 bytes (3.9.2), of N in pieces likewise."""
    return Secret(_hmac(_hmac(salt, pieces), [label]))


@dataclass(frozen=True, slots=True)
class ConfirmationKey:
    """What an exchange has agreed on, from which both confirmations are made. `salt` and `key` are ConfirmationSalt and
    ConfirmationKey of 5.4.2.4; with the HMAC algorithm the AuthValue went into the key."""

    algorithm: Algorithm
    salt: bytes
    key: Secret

    @classmethod
    def derive(cls, algorithm: Algorithm, inputs: bytes, ecdh_secret: Secret, auth_value: Secret) -> ConfirmationKey:
        """From the ConfirmationInputs, the ECDHSecret and the AuthValue, which must have the algorithm's size."""
        if len(auth_value) != algorithm.size:
            raise ValueError(f"an AuthValue has {algorithm.size} bytes with {algorithm.name}")
        if algorithm is Algorithm.CMAC:
            salt = s1(inputs)
            return cls(algorithm, salt, k1([ecdh_secret], salt, _CMAC_LABEL))
        salt = s2(inputs)
        return cls(algorithm, salt, k5([ecdh_secret, auth_value], salt, _HMAC_LABEL))

    def confirmation(self, random: bytes, auth_value: Secret) -> bytes:
        """The confirmation that commits to a random."""
        if self.algorithm is Algorithm.CMAC:
            return _cmac(self.key, [random, auth_value])
        return _hmac(self.key, [random])

    def wipe(self) -> None:
        """Overwrite the key."""
        self.key.wipe()
