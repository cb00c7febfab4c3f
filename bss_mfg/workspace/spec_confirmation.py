"""Somebody signs that a spec of the workspace is as Amazon's guide says."""

from __future__ import annotations

from bss_mfg.core import clock
from bss_mfg.core.files import make_folder, write_atomically
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.events import SpecConfirmed
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.payload.confirmation import NewConfirmation, content_digest, with_confirmation
from bss_mfg.payload.spec import SpecFile
from bss_mfg.workspace.workspace import Workspace


def confirm_spec(workspace: Workspace, ledger: Ledger, name: str, document: str = "") -> SpecFile:
    """Write into a spec who confirms it now, and its digest, and keep the text; the spec as it is then. Without a
    `document` it is the one that it was compared with before.

    `RefusedError` for a spec that comes with bss-mfg, `InputError` where no document is known.
    """
    file = workspace.spec(name)
    if file.origin != "workspace":
        raise RefusedError(
            "comes with bss-mfg: what is confirmed is a copy of your own",
            where=f"spec {name}",
            way_out=f"Make one with `bss-mfg spec copy {name}`, correct it, and confirm that.",
        )
    signed = file.spec.confirmation
    document = document or (signed.document if signed else "")
    if not document:
        raise InputError(
            "no document was named", where=f"spec {name}", way_out="Say --document TEXT: title and version."
        )
    new = NewConfirmation(ledger.actor.operator, workspace.zone.day(clock.now()), document)
    text, kept = with_confirmation(file, new).encode(), workspace.confirmed_spec_file(name)
    make_folder(kept.parent)
    write_atomically(kept, [text], replace=True)
    write_atomically(workspace.root / "specs" / f"{name}.toml", [text], replace=True)
    ledger.history.append(None, SpecConfirmed(spec=name, digest=content_digest(file), document=document))
    return workspace.spec(name)
