"""Use cases: what the doors call; the only place that commits."""
