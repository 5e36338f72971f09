"""Signing in and out, passwords, one's own sessions and the history of sign-ins."""
