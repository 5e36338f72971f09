"""Which gateway gets a message, how each is doing, and what carriers report."""
