"""Messages and broadcasts: made, listed, stopped, sent again."""
