"""Limits and the pumping guard."""
