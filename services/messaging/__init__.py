"""Messages and broadcasts: send, cancel, unsubscribe, suppress."""
