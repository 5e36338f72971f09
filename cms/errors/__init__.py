"""What goes wrong, as people read it."""
