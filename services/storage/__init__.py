"""How rows are read and written: transactions, group commit, prepared statements, keyset pagination, leases."""
