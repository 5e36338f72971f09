"""Signing in and out, passwords, own sessions and the history of sign-ins."""
