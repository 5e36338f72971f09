"""Statistics and metrics, and the roll-ups that they are read from."""
