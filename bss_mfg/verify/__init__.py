"""Codes that were read become findings and verdicts, held against the ledger. Does not know how labels are drawn."""
