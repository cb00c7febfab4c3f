"""What to do where the ledger itself is lost or damaged: commands as they are typed."""

from __future__ import annotations

RESTORE_COMMAND = "bss-mfg ledger restore COPY --skip-serials N --reason TEXT"
"""COPY is a backup, N at least how many units of a product were issued since it was made."""

MOVED_WAY_OUT = (
    "Nothing was changed. Run this command again; if it says the same, the move was interrupted: run `bss-mfg ledger "
    "move --to URL` once more."
)
"""Of a file whose ledger was moved into a database."""

MOVED_BACK_WAY_OUT = (
    "Nothing was changed. Work where the ledger is now: in the workspace where `bss-mfg ledger move --to ledger.db` "
    "was typed. If it was interrupted, type it there once more."
)
"""Of a database whose ledger was moved into a file."""

RESTORE_WAY_OUT = (
    f"Put the last good backup back: `{RESTORE_COMMAND}`, N at least as many units as were issued of a product since."
)
