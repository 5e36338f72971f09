"""Test numbers: destinations whose code is fixed."""
