"""A printer asked for its state now, whichever way leads to it."""

from __future__ import annotations

import http.client

from bss_mfg.errors import MissingError
from bss_mfg.label.printing.sending import GivenUp, error_words
from bss_mfg.label.printing.status import PrinterStatus
from bss_mfg.label.printing.ways import open_way


def printer_state(address: str, language: str) -> PrinterStatus | None:
    """What the printer at an address says of itself; None where it does not say. `MissingError` where it can't be
    reached, `InputError` where the address leads nowhere on this system."""
    way_out = "Is it on, and on the network? Check its address."
    try:
        return open_way(address, language).status()
    except GivenUp as given_up:
        raise MissingError(str(given_up), way_out=way_out) from None
    except (OSError, http.client.HTTPException) as error:
        words = error_words(error) if isinstance(error, OSError) else type(error).__name__
        raise MissingError(f"the printer at {address} broke the connection off ({words})", way_out=way_out) from None
