"""What is said where a TPM refuses: in our words, by the code of its answer."""

from __future__ import annotations

from bss_mfg.core.text import count_words
from bss_mfg.errors import MissingError, WrongSecretError

OFFICER_OPENS = "`bss-mfg vault recover --officer-key FILE` opens all batches without it"
OFFICER_OPENS_ELSEWHERE = (
    "`bss-mfg vault recover --officer-key FILE --to file` opens all batches without it; where they must stay in "
    "hardware, type it without `--to file` on a machine with a TPM"
)
"""Where no TPM answers, into which the key could go."""

AUTH_FAIL, BAD_AUTH, LOCKOUT = 0x8E, 0xA2, 0x921
_FULL = frozenset({0x902, 0x903, 0x904, 0x905, 0x906, 0x14B})
"""TPM_RC_OBJECT_MEMORY and those beside it, and that of its storage that outlasts a restart."""
_UNFIT = frozenset({0x82, 0x83, 0x84, 0x8A, 0x92, 0x96, 0xA6, 0x143})
"""Of a key's attributes, hash, value, type, scheme, cipher, curve, and a command that it lacks."""
_OFF = frozenset({0x85, 0x120})
"""TPM_RC_HIERARCHY, TPM_RC_DISABLED."""


class TpmRefusedError(MissingError):
    """A command that a TPM refused, with the code of its answer, without what it says of which handle or parameter."""

    code = 0


def refused_error(code: int) -> TpmRefusedError:
    """What a command raises that was refused with this code."""
    what, way_out = _words(code)
    error = TpmRefusedError(what, way_out=way_out)
    error.code = code
    return error


def base_code(code: int) -> int:
    """A response code (TPM 2.0 Part 2, 6.6) without the number of the handle, session or parameter that it is about."""
    return 0x80 | code & 0x3F if code & 0x80 else code


def _words(code: int) -> tuple[str, str]:
    if code in _FULL:
        return (
            "the TPM has no room left",
            "Nothing was changed. Programs that use it without the kernel's resource manager (/dev/tpm0) leave keys in "
            "it: restart the machine, or `tpm2_flushcontext --transient-object`, then run the same command again.",
        )
    if code in _UNFIT:
        return (
            f"the TPM can't keep a vault key: it lacks what that takes (0x{code:x})",
            "It takes a TPM 2.0 with P-256, AES-128 and SHA-256. Nothing was changed.",
        )
    if code in _OFF:
        return "the TPM's owner hierarchy is switched off", "Switch it on in the machine's firmware."
    if code == LOCKOUT:
        return "the TPM is locked after too many wrong PINs", "Wait until it takes one again."
    return (
        f"the TPM refused (0x{code:x})",
        f"Run the same command again. If it stays so, restart the machine; at last: {OFFICER_OPENS}.",
    )


def other_tpm_error() -> MissingError:
    """A vault key that was sealed elsewhere, or before the TPM was cleared."""
    return MissingError(
        "the vault key was sealed in another TPM, or this one was cleared since",
        way_out=f"Use it on the machine that sealed it. If that is gone, or was cleared: {OFFICER_OPENS}.",
    )


def owner_password_error() -> MissingError:
    """A TPM whose storage root key takes its owner's password."""
    return MissingError(
        "the TPM's owner has a password, and no storage root key lies at 0x81000001",
        way_out="Who has it puts one there: `tpm2_createprimary -C o -P PASSWORD -G ecc -c srk.ctx -a "
        '"fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"`, then '
        "`tpm2_evictcontrol -C o -P PASSWORD -c srk.ctx 0x81000001`.",
    )


def wrong_pin_error(left: int | None, until: str) -> WrongSecretError:
    """A PIN that the TPM refused, and how many more may be tried before it locks (None: it doesn't count), or until
    when it is locked now."""
    if until:
        then = f"now it is locked out, until {until} at the latest"
    else:
        then = "it doesn't count" if left is None else f"{count_words(left, 'try', 'tries')} left before it locks"
    return WrongSecretError(
        f"the TPM's PIN is wrong; {then}",
        way_out="It was sent once, and is not sent again by itself. Look it up before you type it again.",
    )


def locked_error(until: str, interval: int) -> MissingError:
    """A TPM that takes no PIN until a moment."""
    return MissingError(
        f"the TPM is locked out after too many wrong PINs, until {until} at the latest",
        way_out=f"No PIN was sent. Wait: it gives back one try every {count_words(interval, 'second')}. Whoever has "
        "its lockout password gives all tries back: `tpm2_dictionarylockout --clear-lockout`. Else: "
        f"{OFFICER_OPENS}.",
    )
