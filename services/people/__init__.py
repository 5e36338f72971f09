"""Administrators and API keys: who they are, what they may, what they changed."""
