"""Tests of channels/answers."""
