"""Administrators and invitations."""
