"""Measurements: `python3 dev.py bench`. Each figure is a ratio to a peer, or has a bound, measured in one run."""
