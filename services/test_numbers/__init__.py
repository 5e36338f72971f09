"""Test numbers: destinations whose code is always the same, and to which nothing is sent."""
