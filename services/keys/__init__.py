"""API keys: scopes, rotation, and the owner of a row."""
