"""Measurements: `python3 dev.py bench`. Each figure is a ratio to a peer, or a bound, taken in one run."""
