"""What was sent, for people: lists, details, search, exports, and acts on whole lists."""
