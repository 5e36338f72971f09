"""Administrators: who they are, invitations, passwords."""
