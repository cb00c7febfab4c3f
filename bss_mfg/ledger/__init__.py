"""The ledger: the one place that knows what was issued, printed, scanned and exported. Only this room speaks SQL."""
