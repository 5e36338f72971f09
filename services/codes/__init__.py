"""Verifications: issue a code, check what somebody typed."""
