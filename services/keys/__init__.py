"""API keys: what each may do, rotation, and who a row belongs to."""
