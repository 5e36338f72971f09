"""Error texts and error pages."""
