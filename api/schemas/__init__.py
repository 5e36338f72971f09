"""What goes in and out, a file a subject."""
