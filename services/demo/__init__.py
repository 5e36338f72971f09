"""Believable traffic that never happened, to show and to measure a console; everything in it is invented."""

from services.demo.filling import KEYS, fill

__all__ = ["KEYS", "fill"]
