"""Hooks: addresses where identity servers hand over their codes, and alert senders their alerts."""
