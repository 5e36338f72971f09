"""Tests of the search in the header."""
