"""A flasher's own key pair: the private half stays in its folder, the public one is registered in the ledger."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.core.files import read_text, write_atomically
from bss_mfg.errors import InputError, MissingError
from bss_mfg.installation import how_to_add
from bss_mfg.ledger.ledger import Ledger

FILE = "flasher.key"
"""In the station's folder, 0600: an identity file of age (`age --decrypt -i flasher.key`)."""


def register_flasher(root: Path, ledger: Ledger, name: str) -> str:
    """Make the key pair of the station in a folder, or take the one that is there, and register it by the station's
    name; its public key."""
    try:
        from pyrage import IdentityError, x25519
    except ImportError:
        raise MissingError(
            "a flasher's key needs the package pyrage, which is not installed",
            way_out=how_to_add("age"),
        ) from None
    file = root / FILE
    if file.exists():
        lines = [line for line in read_text(file, "flasher's key").splitlines() if line and not line.startswith("#")]
        try:
            identity = x25519.Identity.from_str(lines[0] if lines else "")
        except IdentityError:
            raise InputError(
                "isn't an identity file of age", where=file, way_out="Move it away; a new one is made."
            ) from None
    else:
        identity = x25519.Identity.generate()
        text = f"# public key: {identity.to_public()}\n{identity}\n"
        write_atomically(file, [text.encode()], private=True)
    recipient = str(identity.to_public())
    ledger.flash.register(name, recipient)
    return recipient
