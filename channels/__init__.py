"""Gateways, a file each: hand one message to one provider; know no Flask, no SQL and nothing above them."""
