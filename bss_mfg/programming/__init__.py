"""Programming files: what the line's flasher writes into each unit. The only way by which OOB keys leave bss-mfg.

`registry` lists the formats, pure functions from units to bytes and back; `age_encryption` encrypts a finished file to
a station; `readback` compares what was read back from devices; `release` writes files and records them in the ledger;
`retirement` destroys a batch's keys.
"""
