"""Signing in to the console: password, second step, sessions, and the history of all three."""
