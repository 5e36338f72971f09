"""Webhooks: the endpoints of programs, and posting events to them."""
