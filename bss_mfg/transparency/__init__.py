"""What transparency logs are made of: Merkle trees, signed notes, checkpoints, envelopes. Knows no ledger, no file."""
