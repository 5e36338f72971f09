"""Realistic invented traffic, to demonstrate the console and to measure it."""

from services.demo.filling import KEYS, fill

__all__ = ["KEYS", "fill"]
