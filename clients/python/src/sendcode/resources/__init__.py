"""What can be called, a file a subject. Each method describes one call; the client runs it."""
