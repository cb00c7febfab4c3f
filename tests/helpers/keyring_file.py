"""A keyring backend that keeps its passwords in the JSON file KEYRING_FILE."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class Keyring(KeyringBackend):
    """Chosen with PYTHON_KEYRING_BACKEND=tests.helpers.keyring_file.Keyring."""

    priority = -1  # type: ignore[assignment]  # below the one that refuses: it is taken where it is chosen alone

    def _kept(self) -> dict[str, str]:
        path = Path(os.environ["KEYRING_FILE"])
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _keep(self, kept: dict[str, str]) -> None:
        path = Path(os.environ["KEYRING_FILE"])
        path.with_suffix(".new").write_text(json.dumps(kept))
        path.with_suffix(".new").replace(path)  # no keyring is half-written where a command that speaks to it is killed

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept().get(f"{service}|{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._keep({**self._kept(), f"{service}|{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        kept = self._kept()
        if kept.pop(f"{service}|{username}", None) is None:
            raise PasswordDeleteError(username)
        self._keep(kept)
