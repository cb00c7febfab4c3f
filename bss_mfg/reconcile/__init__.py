"""Programming files, labels and control logs read back, and compared with the ledger unit by unit. Writes nothing.

`programming_files`, `control_logs` and `label_files` read what files say, each with its tasks beside it;
`batch_records` reads what the ledger says; `reconciliation` brings them together.
"""
