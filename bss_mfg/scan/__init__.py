"""Reading what was printed and comparing it with the ledger. Does not know how labels are drawn."""
