"""One job for a shift: issue, labels, verify, manifest, traveller. Planned whole, done in steps, gone on with after a
kill."""
