"""A file a preset, named after it; each defines `CASE`."""
