"""A vault key that is sealed in this machine's TPM 2.0, with a PIN or without: a copy of the disk has no key, and wrong
PINs are counted by the TPM, whose lockout is respected.

It is bound to the storage root key alone, to no measurement of the boot (PCR): an update of the firmware, which changes
those, would lose all batches. What is unsealed is in this process's memory, as a key from a file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable

from bss_mfg.core import clock
from bss_mfg.errors import BssError, InputError, MissingError
from bss_mfg.ledger.vault import MemoryKey
from bss_mfg.model import Secret
from bss_mfg.workspace.tpm2_commands import Sealed, Tpm
from bss_mfg.workspace.tpm2_device import device_path
from bss_mfg.workspace.tpm2_words import (
    AUTH_FAIL,
    BAD_AUTH,
    LOCKOUT,
    TpmRefusedError,
    locked_error,
    other_tpm_error,
    wrong_pin_error,
)

AskPin = Callable[[bool], Secret]
"""Gets the PIN: called with whether one more wrong one locks the TPM, so that only a person may try."""

MIN_PIN_LENGTH = 6
"""Characters of a new PIN: few are enough where the TPM counts wrong ones."""
_ROOT_BYTES, _PUBLIC_BYTES = 34, 46


class TpmKey(MemoryKey):
    """A vault key unsealed by the TPM, and whether that took a PIN."""

    def __init__(self, key: Secret, *, pin: bool) -> None:
        super().__init__(key, "tpm2")
        self.pin = pin


def asks_pin(field: str) -> bool:
    """Whether what a vault key file holds opens only with a PIN."""
    sealed = _parsed(field)
    return sealed is not None and sealed.pin


def require_long(pin: Secret) -> None:
    """`InputError` for a new PIN that is too short."""
    if len(pin) < MIN_PIN_LENGTH:
        raise InputError(
            f"the PIN has fewer than {MIN_PIN_LENGTH} characters",
            way_out="It may have letters; the TPM locks after some wrong ones.",
        )


def try_tpm(pin: Secret | None) -> None:
    """Find out now whether this machine has a TPM that keeps a vault key and gives it back."""
    seal_key(Secret(secrets.token_bytes(32)), pin)


def seal_key(key: Secret, pin: Secret | None) -> str:
    """A vault key as this machine's TPM seals it, under a PIN or none: a field of a vault key file. It was unsealed
    once, to see that it opens."""
    auth = _auth(pin) if pin is not None else b""
    with Tpm(device_path()) as tpm:
        if auth:
            _require_unlocked(tpm)
        root = tpm.root()
        if root is None:
            raise other_tpm_error()
        sealed = tpm.seal(root, key.reveal(), auth)
        if not sealed.is_ours():
            raise MissingError("the TPM sealed otherwise than it was told", way_out="Nothing was changed.")
        loaded = tpm.load(root, sealed)
        if not hmac.compare_digest(tpm.unseal(root, loaded, auth), key.reveal()):
            raise MissingError("the TPM doesn't give back what it sealed", way_out="Nothing was changed.")
    return base64.b64encode(sealed.root + sealed.public + sealed.private).decode("ascii")


def unseal_key(field: str, ask: AskPin) -> TpmKey | None:
    """The vault key; None where the field is damaged. The PIN is asked for when all else is known to be right, and sent
    once."""
    sealed = _parsed(field)
    if sealed is None:
        return None
    with Tpm(device_path()) as tpm:
        root = tpm.root(sealed.root)
        if root is None:
            raise other_tpm_error()
        try:
            loaded = tpm.load(root, sealed)
        except TpmRefusedError as error:
            if error.code & 0x80:  # of a parameter: it was changed
                return None
            raise
        auth = b""
        if sealed.pin:
            auth = _auth(ask(_require_unlocked(tpm) == 1))
        try:
            return TpmKey(Secret(tpm.unseal(root, loaded, auth)), pin=sealed.pin)
        except TpmRefusedError as error:
            if error.code == LOCKOUT:
                raise _locked(tpm) from None
            if error.code in (AUTH_FAIL, BAD_AUTH):
                raise _wrong_pin(tpm) from None
            raise


def _require_unlocked(tpm: Tpm) -> int | None:
    """How many wrong PINs the TPM takes before it locks (None: any number); an error of ours where it is locked."""
    found = tpm.lockout()
    if found.locked:
        raise _locked(tpm)
    return found.left


def _locked(tpm: Tpm) -> BssError:
    interval = tpm.lockout().interval
    return locked_error(_until(interval), interval)


def _until(interval: int) -> str:
    """By when a locked TPM takes a PIN again."""
    return clock.later(clock.now(), minutes=interval / 60)


def _wrong_pin(tpm: Tpm) -> BssError:
    found = tpm.lockout()
    return wrong_pin_error(found.left, _until(found.interval) if found.locked else "")


def _auth(pin: Secret) -> bytes:
    """A PIN of any length as an authorization value, which has 32 bytes at most."""
    if not len(pin):
        raise InputError("the TPM's PIN is empty, and was not sent", way_out="Type it again.")
    return hashlib.sha256(b"bss-mfg vault tpm2 pin 1|" + pin.reveal()).digest()


def _parsed(field: str) -> Sealed | None:
    try:
        data = base64.b64decode(field, validate=True)
    except ValueError:
        return None
    public_end = _ROOT_BYTES + _PUBLIC_BYTES
    sealed = Sealed(data[:_ROOT_BYTES], data[_ROOT_BYTES:public_end], data[public_end:])
    return sealed if sealed.is_ours() and sealed.private else None
