"""Gateways, one file each: they hand one message to one provider, without Flask, SQL or any layer above."""
