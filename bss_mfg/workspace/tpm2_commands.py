"""The commands of a TPM 2.0 that sealing a secret takes (TCG's TPM 2.0 Library, Parts 1 to 3), on its own wire.

Secrets never cross the bus in clear: they go in a session that is salted with the storage root key's public part, whose
HMACs prove both sides, and whose first parameters are encrypted (AES-128-CFB).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from bss_mfg.errors import MissingError
from bss_mfg.workspace.tpm2_device import Channel, gone_error, open_channel
from bss_mfg.workspace.tpm2_words import (
    AUTH_FAIL,
    BAD_AUTH,
    TpmRefusedError,
    base_code,
    owner_password_error,
    refused_error,
)

PERSISTENT_ROOT = 0x81000001
"""Where a storage root key lies that an owner made to stay (TCG's registry of reserved handles)."""
_OWNER, _NULL, _NO_PASSWORD = 0x40000001, 0x40000007, 0x40000009
_CREATE_PRIMARY, _CREATE, _LOAD, _UNSEAL = 0x131, 0x153, 0x157, 0x15E
_FLUSH, _READ_PUBLIC, _START_SESSION, _GET_CAPABILITY = 0x165, 0x173, 0x176, 0x17A
_CONTINUE, _ENCRYPTED_TO_TPM, _ENCRYPTED_FROM_TPM = 0x01, 0x20, 0x40
_BUSY = frozenset({0x908, 0x90A, 0x922})
"""YIELDED, TESTING and RETRY: the same command is to be sent again."""
_TRIES, _PAUSE = 250, 0.02
_ROOT_BEFORE_POINT = bytes.fromhex("0023 000b 00030472 0000 0006 0080 0043 0010 0003 0010")
"""The public area of a storage root key on P-256, as TCG's guidance on provisioning has it, up to its point."""
_SEALED = {pin: struct.pack(">HHIHH", 8, 0xB, 0x52 if pin else 0x452, 0, 0x10) for pin in (True, False)}
"""The public area of a sealed secret, with a PIN or without, up to its digest: fixed to this TPM and its parent, opened
by its authorization value, with no policy. With a PIN the TPM counts wrong ones; without, its lockout is no matter."""
_PERMANENT, _COUNTER, _MOST_FAILURES, _INTERVAL = 0x200, 0x20E, 0x20F, 0x210


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret that only the TPM with this root key opens: the root's name (a digest of its public part), and the two
    parts that the TPM made of it."""

    root: bytes
    public: bytes
    private: bytes

    @property
    def pin(self) -> bool:
        """Whether it opens only with a PIN."""
        return self.public.startswith(_SEALED[True])

    def is_ours(self) -> bool:
        """Whether its public part is one that we make, but for its digest."""
        return len(self.public) == 46 and self.public.startswith(tuple(_SEALED.values()))


@dataclass(frozen=True, slots=True)
class Lockout:
    """What the TPM says of wrong PINs: whether it takes none now, how many may still be tried (None: it was told not to
    count), and in how many seconds it gives one back."""

    locked: bool
    left: int | None
    interval: int


@dataclass(frozen=True, slots=True)
class _Handle:
    """An object in the TPM, its name, and its public area."""

    number: int
    name: bytes
    public: bytes


class Tpm:
    """An open TPM, to be closed; what was loaded into it goes with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._channel: Channel = open_channel(path)
        self._loaded: list[int] = []
        self._opened: _Session | None = None

    def __enter__(self) -> Tpm:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for number in reversed(self._loaded):
                with contextlib.suppress(MissingError):
                    self._run(_FLUSH, struct.pack(">I", number))
        finally:
            self._channel.close()

    def root(self, name: bytes = b"") -> _Handle | None:
        """The storage root key: the one that an owner made to stay, else the one that TCG's template makes of the
        owner's seed, the same each time. With a `name` only the one of that name, or None."""
        kept = self._kept_root()
        if kept and name in (b"", kept.name):
            return kept
        made = self._made_root()
        return made if name in (b"", made.name) else None

    def lockout(self) -> Lockout:
        """What the TPM says of wrong PINs."""
        values = self._properties(_PERMANENT, _INTERVAL - _PERMANENT + 1)
        most, counted = values.get(_MOST_FAILURES, 0), values.get(_COUNTER, 0)
        interval = values.get(_INTERVAL, 0)
        if not interval:
            return Lockout(False, None, 0)
        return Lockout(bool(values.get(_PERMANENT, 0) & 1 << 9) or counted >= most, max(0, most - counted), interval)

    def seal(self, root: _Handle, secret: bytes, auth: bytes) -> Sealed:
        """Seal a secret, under an authorization value unless that is empty."""
        sensitive = _sized(auth) + _sized(secret)
        parameters = _sized(sensitive) + _sized(_SEALED[bool(auth)] + _sized(b"")) + _sized(b"") + bytes(4)
        answer = _Reader(self._authorized(_CREATE, root, root, b"", parameters, _ENCRYPTED_TO_TPM)[1], self.path)
        private, public = answer.sized(), answer.sized()
        return Sealed(root.name, public, private)

    def load(self, root: _Handle, sealed: Sealed) -> _Handle:
        """Load what was sealed; `TpmRefusedError` where any of it was changed, or the root is another one."""
        parameters = _sized(sealed.private) + _sized(sealed.public)
        number, _ = self._authorized(_LOAD, root, root, b"", parameters, 0, made=True)
        return _Handle(number, _name(sealed.public), sealed.public)

    def unseal(self, root: _Handle, loaded: _Handle, auth: bytes) -> bytes:
        """The secret. `TpmRefusedError` with AUTH_FAIL or BAD_AUTH for a wrong value."""
        _, answer = self._authorized(_UNSEAL, root, loaded, auth, b"", _ENCRYPTED_FROM_TPM)
        return _Reader(answer, self.path).sized()

    # --- keys and sessions ----------------------------------------------------------------------------------------

    def _kept_root(self) -> _Handle | None:
        try:
            public = _Reader(self._run(_READ_PUBLIC, struct.pack(">I", PERSISTENT_ROOT)), self.path).sized()
        except TpmRefusedError:
            return None
        # One of another kind is somebody's key, of which nothing is known.
        return _Handle(PERSISTENT_ROOT, _name(public), public) if public.startswith(_ROOT_BEFORE_POINT) else None

    def _made_root(self) -> _Handle:
        template = _ROOT_BEFORE_POINT + _sized(b"") * 2
        body = struct.pack(">I", _OWNER) + _password_area() + _sized(_sized(b"") * 2) + _sized(template)
        try:
            answer = self._run(_CREATE_PRIMARY, body + _sized(b"") + bytes(4), sessions=True)
        except TpmRefusedError as error:
            if error.code in (AUTH_FAIL, BAD_AUTH):
                raise owner_password_error() from None
            raise
        read = _Reader(answer, self.path)
        number = read.number()
        self._loaded.append(number)
        read.number()  # the length of the parameters
        public = read.sized()
        return _Handle(number, _name(public), public)

    def _session(self, root: _Handle) -> _Session:
        """The session of this run, whose secret only this root key reads: small TPMs have room for three."""
        if self._opened:
            return self._opened
        read = _Reader(root.public[len(_ROOT_BEFORE_POINT) :], self.path)
        x, y = (int.from_bytes(read.sized(), "big") for _ in range(2))
        try:
            theirs = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        except ValueError:
            raise gone_error(self.path) from None
        ours = ec.generate_private_key(ec.SECP256R1())
        point = ours.public_key().public_numbers()
        ours_x, ours_y = (value.to_bytes(32, "big") for value in (point.x, point.y))
        shared = ours.exchange(ec.ECDH(), theirs)
        salt = hashlib.sha256(struct.pack(">I", 1) + shared + b"SECRET\0" + ours_x + x.to_bytes(32, "big")).digest()
        nonce = secrets.token_bytes(32)
        body = struct.pack(">II", root.number, _NULL) + _sized(nonce) + _sized(_sized(ours_x) + _sized(ours_y))
        answer = _Reader(self._run(_START_SESSION, body + bytes.fromhex("00 0006 0080 0043 000b")), self.path)
        number = answer.number()
        self._loaded.append(number)
        theirs_nonce = answer.sized()
        self._opened = _Session(number, _kdf(salt, b"ATH", theirs_nonce, nonce), theirs_nonce)
        return self._opened

    # --- the wire -------------------------------------------------------------------------------------------------

    def _authorized(
        self,
        command: int,
        root: _Handle,
        on: _Handle,
        auth: bytes,
        parameters: bytes,
        encrypted: int,
        *,
        made: bool = False,
    ) -> tuple[int, bytes]:
        """Run a command on an object in the session with the root key: the handle that it made, and the parameters of
        its answer, whose HMAC was checked. The first parameter is encrypted where it is said, in one direction."""
        session = self._session(root)
        nonce, attributes = secrets.token_bytes(32), _CONTINUE | encrypted
        key = session.key + auth.rstrip(b"\0")  # as the TPM strips them
        if encrypted & _ENCRYPTED_TO_TPM:
            parameters = _first_changed(parameters, key, nonce, session.nonce, encrypt=True)
        digest = hashlib.sha256(struct.pack(">I", command) + on.name + parameters).digest()
        proof = hmac.digest(key, digest + nonce + session.nonce + bytes([attributes]), "sha256")
        area = struct.pack(">I", session.number) + _sized(nonce) + bytes([attributes]) + _sized(proof)
        body = struct.pack(">II", on.number, len(area)) + area + parameters
        answer = _Reader(self._run(command, body, sessions=True), self.path)
        number = answer.number() if made else 0
        if made:
            self._loaded.append(number)
        said = answer.take(answer.number())
        session.nonce = answer.sized()
        theirs, proof = answer.take(1), answer.sized()
        digest = hashlib.sha256(struct.pack(">II", 0, command) + said).digest()
        if not hmac.compare_digest(proof, hmac.digest(key, digest + session.nonce + nonce + theirs, "sha256")):
            raise MissingError(
                "what answers as the TPM doesn't prove to be it",
                where=self.path,
                way_out="Somebody may sit between this machine and its TPM. Nothing was changed; let the machine be "
                "looked at.",
            )
        if encrypted & _ENCRYPTED_FROM_TPM:
            said = _first_changed(said, key, session.nonce, nonce, encrypt=False)
        return number, said

    def _properties(self, first: int, count: int) -> dict[int, int]:
        read = _Reader(self._run(_GET_CAPABILITY, struct.pack(">III", 6, first, count)), self.path)
        read.take(1)
        read.number()
        return {read.number(): read.number() for _ in range(min(count, read.number()))}

    def _run(self, command: int, body: bytes, *, sessions: bool = False) -> bytes:
        """Send one command, and what its answer says after its head; `TpmRefusedError` where it was refused."""
        sent = struct.pack(">HII", 0x8002 if sessions else 0x8001, 10 + len(body), command) + body
        for _ in range(_TRIES):
            answer = self._channel.exchange(sent)
            code = int.from_bytes(answer[6:10], "big")
            if code == 0:
                return answer[10:]
            if code not in _BUSY:
                break
            time.sleep(_PAUSE)
        raise refused_error(base_code(code))


@dataclass(slots=True)
class _Session:
    """A session: its key, and the nonce that the TPM said last."""

    number: int
    key: bytes = field(repr=False)
    nonce: bytes


class _Reader:
    """Takes what an answer says, part by part; `MissingError` where it is cut."""

    def __init__(self, data: bytes, path: Path) -> None:
        self._data, self._path = data, path

    def take(self, count: int) -> bytes:
        found, self._data = self._data[:count], self._data[count:]
        if len(found) != count:
            raise gone_error(self._path)
        return found

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def sized(self) -> bytes:
        return self.take(int.from_bytes(self.take(2), "big"))


def _sized(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data


def _name(public: bytes) -> bytes:
    return b"\x00\x0b" + hashlib.sha256(public).digest()


def _password_area() -> bytes:
    """The authorization of who needs none."""
    area = struct.pack(">I", _NO_PASSWORD) + _sized(b"") + bytes([_CONTINUE]) + _sized(b"")
    return struct.pack(">I", len(area)) + area


def _kdf(key: bytes, label: bytes, first: bytes, second: bytes) -> bytes:
    """KDFa of Part 1, 11.4.10.2, for 256 bits."""
    return hmac.digest(key, struct.pack(">I", 1) + label + b"\0" + first + second + struct.pack(">I", 256), "sha256")


def _first_changed(parameters: bytes, key: bytes, newer: bytes, older: bytes, *, encrypt: bool) -> bytes:
    """Parameters with the content of the first encrypted, or decrypted."""
    size = int.from_bytes(parameters[:2], "big")
    made = _kdf(key, b"CFB", newer, older)
    cipher = Cipher(AES(made[:16]), CFB(made[16:]))
    worker = cipher.encryptor() if encrypt else cipher.decryptor()
    return parameters[:2] + worker.update(parameters[2 : 2 + size]) + worker.finalize() + parameters[2 + size :]
