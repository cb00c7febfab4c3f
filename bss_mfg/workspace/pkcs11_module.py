"""The library of a token: a program of others that runs in this process, so only one that root or this user put there
is loaded. And what it answers, in our words."""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from bss_mfg.errors import BssError, InputError, MissingError, WrongSecretError
from bss_mfg.installation import how_to_add
from bss_mfg.workspace.pkcs11_uri import TokenUri

MODULE_VARIABLE = "BSS_MFG_PKCS11_MODULE"
"""The environment variable that names the module; it comes before the URI's, which may be of another machine."""
OFFICER_OPENS = (
    "`bss-mfg vault recover --officer-key FILE --to file` opens all batches without it; where they must stay in "
    "hardware, `--token-uri URI` or `--to tpm2` stands for `--to file`"
)
_NAME_IT = f"Name the library of the token's maker in {MODULE_VARIABLE}, or in the URI as `module-path=/...`."


class Library:
    """A token's library as this process uses it: started for the first who needs it, ended after the last, so that
    nobody stays logged in to the token, and a forked process starts it anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._users = 0
        self._lock = threading.Lock()

    def enter(self) -> Any:
        """The library, started; `leave` as often."""
        import pkcs11

        with self._lock:
            try:
                started = pkcs11.lib(str(self._path))
            except (pkcs11.PKCS11Error, RuntimeError):
                raise MissingError(
                    "is not a PKCS#11 library, or can't be started",
                    where=self._path,
                    way_out=f"{_NAME_IT} Its maker says what else it needs.",
                ) from None
            self._users += 1
            return started

    def leave(self) -> None:
        """End the library where nobody else uses it: with it end all its sessions."""
        import pkcs11

        with self._lock:
            self._users -= 1
            if not self._users:
                with contextlib.suppress(pkcs11.PKCS11Error):
                    pkcs11.lib(str(self._path)).finalize()


def find_library(uri: TokenUri) -> Library:
    """The library of a token."""
    try:
        import pkcs11  # noqa: F401
    except ImportError:
        raise MissingError(
            "the vault key is in a token, and python-pkcs11, which reaches tokens, is not installed",
            way_out=how_to_add("pkcs11"),
        ) from None
    path = _module_path(uri)
    _refuse_foreign(path)
    return _library(path)


@functools.cache
def _library(path: Path) -> Library:
    """One for a process, as the library itself is."""
    return Library(path)


def _module_path(uri: TokenUri) -> Path:
    named = os.environ.get(MODULE_VARIABLE) or uri.module
    if not named:
        raise MissingError("nothing says which library reaches the token", way_out=_NAME_IT)
    path = Path(named)
    if not path.is_absolute():
        raise InputError("is not an absolute path", where=path, way_out=_NAME_IT)
    if not path.is_file():
        raise MissingError("the library that reaches the token is not there", where=path, way_out=_NAME_IT)
    return path.resolve()


def _refuse_foreign(path: Path) -> None:
    """`InputError` where somebody other than root and this user may have put the library there, or may change it."""
    if sys.platform == "win32":  # there the folders of programs are closed by the system
        return
    for each in (path, *path.parents):
        found = each.stat()
        of_others = stat.S_IWOTH | (stat.S_IWGRP if found.st_gid else 0)
        kept_apart = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        if found.st_uid not in (0, os.geteuid()) or (found.st_mode & of_others and not kept_apart):
            raise InputError(
                "others than root and you may change this library, or put another in its place"
                + ("" if each == path else f": {each} is theirs or open to them"),
                where=path,
                way_out="It would run in this command with your rights. Use the one that the system's packages "
                "install, or close it: `chown root` and `chmod go-w`.",
            )


@contextlib.contextmanager
def in_our_words(uri: TokenUri) -> Iterator[None]:
    """What the library refuses becomes an error of ours."""
    import pkcs11

    with _silent_clearing_up():
        try:
            yield
        except pkcs11.PKCS11Error as error:
            raise _translated(error, uri) from None


@contextlib.contextmanager
def _silent_clearing_up() -> Iterator[None]:
    """What python-pkcs11 meets while it clears up after a refused call, and can raise to nobody, is not printed: Cython
    hands it to both hooks, one after the other."""
    import pkcs11

    unraisable, printed = sys.unraisablehook, sys.excepthook

    def ignore_unraisable(args: sys.UnraisableHookArgs) -> None:
        if not issubclass(args.exc_type, pkcs11.PKCS11Error):
            unraisable(args)

    def ignore_printed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, pkcs11.PKCS11Error):
            printed(kind, error, trace)

    sys.unraisablehook, sys.excepthook = ignore_unraisable, ignore_printed
    try:
        yield
    finally:
        sys.unraisablehook, sys.excepthook = unraisable, printed


def _translated(error: Exception, uri: TokenUri) -> BssError:
    kind = type(error).__name__
    for kinds, make in _REFUSALS:
        if kind in kinds:
            return make(uri)
    said = kind if kind != "PKCS11Error" else "an error that PKCS#11 has no name for"
    return MissingError(
        f"{_named(uri)} refused: {said}",
        way_out="Look whether it works with its maker's own tools, then run the same command again. If it is broken: "
        f"{OFFICER_OPENS}.",
    )


def _named(uri: TokenUri) -> str:
    return f"token {uri.token}"


def absent_error(uri: TokenUri) -> MissingError:
    """Where no token of that name is to be found."""
    return MissingError(
        f"{_named(uri)} is not there",
        way_out=f"Plug it in, then run the same command again. If it is lost: {OFFICER_OPENS}.",
    )


def wrong_pin_error(uri: TokenUri, left: str = "") -> WrongSecretError:
    """A PIN that the token refused; `left` says what the token says of the tries that are left."""
    return WrongSecretError(
        f"the PIN of {_named(uri)} is wrong" + (f"; {left}" if left else ""),
        way_out="It was sent once, and is not sent again by itself: most tokens lock after a few wrong ones. Look it "
        "up before you type it again.",
    )


def locked_error(uri: TokenUri) -> MissingError:
    """A token that takes no PIN any more."""
    return MissingError(
        f"the PIN of {_named(uri)} is locked after too many wrong ones",
        way_out=f"Whoever has its SO PIN sets a new one with its maker's tool. Else: {OFFICER_OPENS}.",
    )


def unfit_error(uri: TokenUri, why: str) -> MissingError:
    """A token that can't keep a vault key."""
    return MissingError(
        f"{_named(uri)} can't keep a vault key: {why}",
        way_out="It takes a token with AES-GCM (CKM_AES_GCM, 256 bits) that uses the nonce it is given. Nothing was "
        "changed.",
    )


def _saying(what: str, way_out: str, error: type[BssError] = MissingError) -> Callable[[TokenUri], BssError]:
    """What makes an error that says this of a token."""
    return lambda uri: error(what.format(token=_named(uri)), way_out=way_out)


_REFUSALS: tuple[tuple[frozenset[str], Callable[[TokenUri], BssError]], ...] = (
    (frozenset({"PinIncorrect"}), wrong_pin_error),
    (
        frozenset({"PinLenRange", "PinInvalid"}),
        _saying(
            "the PIN of {token} has another length, or other characters",
            "Look it up before you type it again.",
            InputError,
        ),
    ),
    (frozenset({"PinLocked"}), locked_error),
    (
        frozenset({"PinExpired", "UserPinNotInitialized"}),
        _saying(
            "{token} has no PIN of a user yet, or it has expired",
            "Set one with its maker's tool, then run the same command again.",
        ),
    ),
    (frozenset({"NoSuchToken", "TokenNotPresent", "SlotIDInvalid"}), absent_error),
    (
        frozenset({
            "DeviceRemoved", "TokenNotRecognised", "SessionHandleInvalid", "SessionClosed", "KeyHandleInvalid",
            "ObjectHandleInvalid", "UserNotLoggedIn",
        }),
        _saying(
            "{token} was taken away while it was needed",
            f"Plug it in again, then run the same command again. If it is lost: {OFFICER_OPENS}.",
        ),
    ),
    (
        frozenset({"DeviceMemory"}),
        _saying(
            "{token} is full",
            "Nothing was changed. Delete what is not needed in it with its maker's tool, or use another token.",
        ),
    ),
    (
        frozenset({"TokenWriteProtected", "SessionReadOnly"}),
        _saying(
            "{token} can't be written to",
            "Nothing was changed. Take its write protection off with its maker's tool, or use another token.",
        ),
    ),
    (
        frozenset({"MechanismInvalid", "MechanismParamInvalid", "FunctionNotSupported", "KeySizeRange"}),
        lambda uri: unfit_error(uri, "it lacks AES-GCM"),
    ),
)  # fmt: skip
"""What each refusal of the library means, by the names of python-pkcs11, which is not imported before it is needed."""
