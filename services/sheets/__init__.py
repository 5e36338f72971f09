"""Broadcasts to lists of recipients from a file: read it, check it row by row, keep it as a draft, send it."""
