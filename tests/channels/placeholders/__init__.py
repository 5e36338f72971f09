"""Tests of channels/placeholders."""
