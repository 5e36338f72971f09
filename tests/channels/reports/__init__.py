"""Tests of channels/reports."""
