"""Programming data: what the line's flasher writes into each unit. The only way by which OOB keys leave bss-mfg.

`formats.formats` lists the formats, pure functions from units to octets and back; `sealing` encrypts a finished export
to a station; `check` compares what was read back from devices; `release` writes files and notes it in the ledger.
"""
