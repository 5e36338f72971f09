"""Messages and broadcasts: make, stop, unsubscribe, suppress."""
