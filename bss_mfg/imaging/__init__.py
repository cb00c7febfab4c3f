"""Pictures to codes and grades. Knows no ledger, no label and no crypto."""
