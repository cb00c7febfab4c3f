"""Programming files, labels and control logs read back, and held against the ledger unit by unit. Writes nothing.

`programming`, `controllogs` and `labels` say what files say, `books` what the ledger says; `job` brings them together.
"""
