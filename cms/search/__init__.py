"""The search over everything, in the header of every page."""
