"""A vault key that a PKCS#11 token makes and never gives away: it wraps and unwraps data keys with AES-GCM inside.

Its id is a digest of what it makes of a constant with a nonce kept for that: only this key computes it, it reveals
nothing, and it takes no mechanism and no permission beside those that wrapping takes.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from bss_mfg.core.text import count_words
from bss_mfg.errors import BssError, MissingError, RefusedError
from bss_mfg.ledger.vault import DataKey, bound_to, unopened_error
from bss_mfg.model import Secret
from bss_mfg.workspace.pkcs11_module import (
    Library,
    absent_error,
    find_library,
    in_our_words,
    locked_error,
    unfit_error,
    wrong_pin_error,
)
from bss_mfg.workspace.pkcs11_uri import TokenUri

AskPin = Callable[[str, bool], Secret]
"""Gets a PIN: called with the token's label, and whether one more wrong one locks it, so that only a person may try."""

_WRAPPED_BYTES = 12 + 32 + 16
_ID_NONCE = b"bss-mfg id 1"
"""The one nonce that is used more than once, and always with the same text. Wrapping draws its own at random: that one
of them is this has a chance of 1 in 2^96."""
_ID_TEXT, _ID_BOUND = bytes(32), b"bss-mfg vault key id 1|"


class _Session:
    """A session with a token, logged in."""

    def __init__(self, library: Library, opened: Any) -> None:
        self.opened = opened
        self._library: Library | None = library

    def close(self) -> None:
        import pkcs11

        library, self._library = self._library, None
        if library is None:
            return
        with contextlib.suppress(pkcs11.PKCS11Error):
            self.opened.close()
        library.leave()


class TokenKey:
    """An opened vault key in a token."""

    kept = "pkcs11"

    def __init__(self, session: _Session, key: Any, uri: TokenUri) -> None:
        self.uri = uri
        self._session = session
        self._key = key
        self._id = self._compute_id()

    @property
    def id(self) -> str:
        return self._id

    def wrap(self, data_key: DataKey) -> bytes:
        nonce = secrets.token_bytes(12)
        sealed = self._encrypt(nonce, data_key.to_bytes(), bound_to(data_key.batch))
        return nonce + sealed

    def unwrap(self, batch: str, wrapped: bytes) -> DataKey:
        import pkcs11

        if len(wrapped) != _WRAPPED_BYTES:
            raise unopened_error(batch)
        given = pkcs11.GCMParams(wrapped[:12], bound_to(batch))
        with in_our_words(self.uri):
            try:
                raw = self._key.decrypt(wrapped[12:], mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=given)
            except pkcs11.PKCS11Error:
                # Tokens say in different ways, some in none of their own, that a tag is wrong. Who still computes the
                # key's id is at work, and so the data key is what is wrong.
                if self._compute_id() != self._id:
                    raise
                raise unopened_error(batch) from None
        return DataKey(Secret(raw), batch)

    def random(self) -> bytes:
        with in_our_words(self.uri):
            drawn = bytes(self._session.opened.generate_random(256))
        if len(drawn) != 32:
            raise unfit_error(self.uri, "it gives another number of random bytes than was asked for")
        return drawn

    def close(self) -> None:
        self._session.close()

    def require_fit(self) -> None:
        """`MissingError` for a new key that doesn't do what a vault key has to."""
        if self._compute_id() != self._id:
            raise unfit_error(self.uri, "it draws nonces of its own")
        trial = DataKey.generate("TRIAL")
        if self.unwrap(trial.batch, self.wrap(trial)).key != trial.key:
            raise unfit_error(self.uri, "it doesn't open what it wrapped")

    def _compute_id(self) -> str:
        computed = self._encrypt(_ID_NONCE, _ID_TEXT, _ID_BOUND)
        return hashlib.sha256(b"bss-mfg vault pkcs11 id 1|" + computed).hexdigest()[:16]

    def _encrypt(self, nonce: bytes, text: bytes, bound: bytes) -> bytes:
        import pkcs11

        given = pkcs11.GCMParams(nonce, bound)
        with in_our_words(self.uri):
            sealed = bytes(self._key.encrypt(text, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=given))
        if len(sealed) != len(text) + 16:
            raise unfit_error(self.uri, "what it encrypts has another form than ciphertext and tag")
        return sealed


def open_token_key(uri: TokenUri, ask: AskPin) -> TokenKey:
    """The key that a URI names. `MissingError` where it, or its token, is not there; `RefusedError` for one that may
    leave its token."""
    with _logged_in(uri, ask) as session:
        found = _objects(session, uri)
        if not found:
            raise MissingError(
                f"token {uri.token} has no key {_label(uri)}",
                way_out="If the token was set up anew, the key is lost, and `bss-mfg vault recover --officer-key FILE` "
                "opens all batches without it.",
            )
        if len(found) > 1:
            raise RefusedError(
                f"token {uri.token} has more than one key {_label(uri)}",
                way_out="bss-mfg makes no two of one name and id. Look at them with the token's own tool, and delete "
                "what somebody copied.",
            )
        _refuse_extractable(found[0], uri)
        return TokenKey(session, found[0], uri)


def make_token_key(uri: TokenUri, ask: AskPin) -> TokenKey:
    """A new key in a token, of the label and id that the URI names. Whatever is wrong with it, it is not kept."""
    with _logged_in(uri, ask) as session, in_our_words(uri):
        import pkcs11

        attribute = pkcs11.Attribute
        forbidden = (attribute.EXTRACTABLE, attribute.MODIFIABLE, attribute.SIGN, attribute.VERIFY)
        made = session.opened.generate_key(
            pkcs11.KeyType.AES,
            256,
            id=uri.id,
            label=uri.object,
            store=True,
            capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
            template={attribute.SENSITIVE: True, attribute.PRIVATE: True, **dict.fromkeys(forbidden, False)},
        )
        try:
            _refuse_extractable(made, uri)
            key = TokenKey(session, made, uri)
            key.require_fit()
        except BssError:
            with contextlib.suppress(pkcs11.PKCS11Error):
                made.destroy()
            raise
        return key


def destroy_token_key(uri: TokenUri, ask: AskPin, *, in_force: str) -> None:
    """Destroy the key that a URI names by its id, if it is there; never the one whose id is `in_force`, whatever named
    it."""
    if not uri.id:
        return
    with _logged_in(uri, ask) as session, contextlib.closing(session):
        for found in _objects(session, uri):
            if TokenKey(session, found, uri).id != in_force:
                with in_our_words(uri):
                    found.destroy()


def try_token(uri: TokenUri, ask: AskPin) -> None:
    """Find out now whether a token is there, takes the PIN and has what a vault key needs."""
    with _logged_in(uri, ask) as session:
        session.close()


def new_key_uri(uri: TokenUri) -> TokenUri:
    """The name of a new key in a token: of that label, with an id of its own."""
    return replace(uri, id=secrets.token_bytes(16))


@contextlib.contextmanager
def _logged_in(uri: TokenUri, ask: AskPin) -> Iterator[_Session]:
    """A session of a token, to be closed by whom it is handed to; closed here where anything fails."""
    library = find_library(uri)
    import pkcs11

    module = library.enter()
    try:
        with in_our_words(uri):
            token = _find_token(module, uri)
            if pkcs11.Mechanism.AES_GCM not in token.slot.get_mechanisms():
                raise unfit_error(uri, "it lacks AES-GCM")
            session = _Session(library, _open_session(module, token, uri, ask))
    except BaseException:
        library.leave()
        raise
    try:
        with in_our_words(uri):
            yield session
    except BaseException:
        session.close()
        raise


def _open_session(module: Any, token: Any, uri: TokenUri, ask: AskPin) -> Any:
    import pkcs11

    flags = pkcs11.TokenFlag
    if token.flags & flags.USER_PIN_LOCKED:
        raise locked_error(uri)
    pin = ask(uri.token, bool(token.flags & flags.USER_PIN_FINAL_TRY))
    try:
        return token.open(rw=True, user_pin=_pin_text(pin, uri))
    except pkcs11.UserAlreadyLoggedIn:  # another vault of this process is open in the same token
        return token.open(rw=True)
    except pkcs11.PinIncorrect:
        raise _wrong_pin(module, uri) from None


def _pin_text(pin: Secret, uri: TokenUri) -> str:
    if not len(pin):
        raise wrong_pin_error(uri, "it is empty, and was not sent")
    try:
        return pin.reveal().decode("utf-8")
    except UnicodeDecodeError:
        raise wrong_pin_error(uri, "it is not text, and was not sent") from None


def _wrong_pin(module: Any, uri: TokenUri) -> BssError:
    """A PIN that was refused, with what the token says now of the tries that are left."""
    import pkcs11

    flags = pkcs11.TokenFlag
    try:
        now = _find_token(module, uri).flags
    except (pkcs11.PKCS11Error, BssError):
        return wrong_pin_error(uri)
    if now & flags.USER_PIN_LOCKED:
        return locked_error(uri)
    if now & flags.USER_PIN_FINAL_TRY:
        return wrong_pin_error(uri, "one more wrong one locks it")
    return wrong_pin_error(uri, "the token counts wrong ones" if now & flags.USER_PIN_COUNT_LOW else "")


def _find_token(module: Any, uri: TokenUri) -> Any:
    wanted = (uri.token, uri.serial, uri.manufacturer, uri.model)
    found = []
    for token in module.get_tokens():
        serial = token.serial.decode("latin-1") if isinstance(token.serial, bytes) else str(token.serial)
        has = (token.label, serial, token.manufacturer_id, token.model)
        if all(not one or one == other.strip() for one, other in zip(wanted, has, strict=True)):
            found.append(token)
    if not found:
        raise absent_error(uri)
    if len(found) > 1:
        raise RefusedError(
            f"{count_words(len(found), 'token')} are called {uri.token}",
            way_out="Name the right one's serial number, too: `pkcs11:token=...;serial=...`.",
        )
    return found[0]


def _objects(session: _Session, uri: TokenUri) -> list[Any]:
    import pkcs11

    attribute = pkcs11.Attribute
    wanted = {attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY, attribute.LABEL: uri.object}
    with in_our_words(uri):
        return list(session.opened.get_objects({**wanted, attribute.ID: uri.id} if uri.id else wanted))


def _refuse_extractable(key: Any, uri: TokenUri) -> None:
    import pkcs11

    attribute = pkcs11.Attribute
    with in_our_words(uri):
        closed = key[attribute.SENSITIVE] and not key[attribute.EXTRACTABLE]
    if not closed:
        raise RefusedError(
            f"the key {_label(uri)} of token {uri.token} may leave the token (it is not sensitive, or extractable)",
            way_out="Such a key is as safe as one in a file. `bss-mfg vault recover --officer-key FILE` opens "
            "all batches without it, and makes a new one.",
        )


def _label(uri: TokenUri) -> str:
    return uri.object + (f" with the id {uri.id.hex()}" if uri.id else "")
