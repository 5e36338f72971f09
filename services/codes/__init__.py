"""Verifications: issue, check, and the limits of both."""
