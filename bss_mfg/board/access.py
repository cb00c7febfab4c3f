"""Who may see the board from another computer: whoever opened it once with the token, until a new one is made."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.core.files import read_text, write_atomically

FILE = "board-token"
_BYTES = 24
_SESSION = b"bss-mfg board session"


@dataclass(frozen=True, slots=True)
class BoardAccess:
    """The token, and the session that it opens: a digest of it, so that a server that starts again knows the screens
    that are in, and a new token shuts all of them out."""

    token: str

    @classmethod
    def of(cls, workspace: Path, *, renew: bool = False) -> BoardAccess:
        """The access of a workspace, in a file (0600) that is made where there is none, or anew."""
        path = workspace / FILE
        token = "" if renew or not path.is_file() else read_text(path, "the board's token").strip()
        if len(token) < _BYTES:
            token = secrets.token_urlsafe(_BYTES)
            write_atomically(path, [token.encode(), b"\n"], replace=True, private=True)
        return cls(token)

    @property
    def session(self) -> str:
        """What a browser that is in shows."""
        return hmac.new(self.token.encode(), _SESSION, hashlib.sha256).hexdigest()

    def is_token(self, text: str) -> bool:
        """Whether it is the token; how long that takes tells nothing."""
        return _same(text, self.token)

    def is_session(self, text: str) -> bool:
        """Whether it is the session, likewise."""
        return _same(text, self.session)


def _same(text: str, secret: str) -> bool:
    return hmac.compare_digest(text.encode("utf-8", "replace"), secret.encode())
