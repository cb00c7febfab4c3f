"""What came with version 6 of the ledger: tables of a line of stations."""

PACKING = ""
"""Cartons and pallets, and which packages are in them."""

PRINT_QUEUE = ""
"""Labels that presses are to print."""

RESOURCES = ""
"""Templates, artwork, fonts, products and specs by digest, so that all stations draw the same bytes."""

CLAIMS = ""
"""Units that a flasher has taken."""

SINCE_6 = PACKING + PRINT_QUEUE + RESOURCES + CLAIMS
