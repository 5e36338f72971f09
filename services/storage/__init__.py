"""How rows are read and written: transactions, shared commits, prepared statements, pages of a list, leases."""
