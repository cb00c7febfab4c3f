"""A product and a count become units with credentials and barcode strings, committed to the ledger as one batch."""
