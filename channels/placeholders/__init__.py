"""Texts of gateways.toml with placeholders: compiled at the start, filled in for each message."""
